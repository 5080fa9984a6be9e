/** A draft is given up; what is published stays as it is. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { PolicyKind } from '../domain/policy.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction } from '../store/database.ts'
import { dropPolicyDrafts } from '../store/policy-draft.ts'
import { findAdminTenant } from './admin-tenant.ts'

/** Takes the draft away. Returns when it is gone. Throws `admin_forbidden`, `not_found`. */
export async function dropPolicyDraft(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: AdminActor,
  slug: string,
  kind: PolicyKind,
): Promise<void> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'policies:manage', slug)
  await inTransaction(deps.db, tenantId, async (tx) => {
    const [gone] = await tx.run(dropPolicyDrafts({ tenantId, kinds: [kind] }))
    if (gone === undefined) return fail({ kind: 'not_found' })
    const now = toInstant(deps.clock())
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'policy_draft_dropped', actor: actor.id, kind },
      }),
    ])
  })
}
