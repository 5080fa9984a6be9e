/** Publishes one policy document as the next version of its kind. Journeys under way end with the one they began with. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { PolicyKind } from '../domain/policy.ts'
import { type IsoInstant, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction } from '../store/database.ts'
import { findCurrentPolicies, insertPolicy } from '../store/policy.ts'
import { raiseRevision } from '../store/tenant.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { draftPolicies, judgeTogether } from './policy-draft.ts'

export interface Published {
  kind: PolicyKind
  version: number
  /** SHA-256 of the stored document, base64url. */
  digest: string
  publishedAt: IsoInstant
}

/**
 * Reads the document strictly, judges it beside the tenant's others and publishes it. Throws `admin_forbidden`,
 * `not_found`, and `policy_refused` naming the paths that are wrong, never a value.
 */
export async function publishPolicy(
  deps: Pick<Deps, 'db' | 'clock' | 'tenants'>,
  actor: AdminActor,
  slug: string,
  kind: PolicyKind,
  document: unknown,
): Promise<Published> {
  const tenant = await findAdminTenant(deps.db, actor, 'policies:manage', slug)
  const [draft] = draftPolicies({ [kind]: document })
  if (draft === undefined) return fail({ kind: 'policy_refused', problems: ['document: missing'] })
  const tenantId = tenant.id
  const now = toInstant(deps.clock())
  const version = await inTransaction(deps.db, tenantId, async (tx) => {
    // Raising the revision locks the tenant's row, so publishers take turns and the number below is the next one.
    const [, current] = await tx.runAll([
      raiseRevision({ id: tenantId, now }),
      findCurrentPolicies({ tenantId }),
    ])
    const texts = Object.fromEntries(current.map((row) => [row.kind, row.document]))
    judgeTogether({ ...texts, [kind]: draft.text })
    const next = (current.find((row) => row.kind === kind)?.version ?? 0) + 1
    await tx.runLast([
      insertPolicy({
        tenantId,
        kind,
        document: draft.text,
        digest: draft.digest,
        publishedBy: actor.id,
        now,
      }),
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'policy_published', actor: actor.id, kind, version: next },
      }),
    ])
    return next
  })
  deps.tenants.forget(slug)
  return { kind, version, digest: draft.digest, publishedAt: now }
}
