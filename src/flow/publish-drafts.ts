/** Validated drafts become the next versions of their kinds, all of them in one transaction or none. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import { lockPolicyDrafts } from '../store/policy-draft.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { documentsIn } from './policy-draft.ts'
import { type Published, publishDocuments } from './publish-documents.ts'

/**
 * Publishes the tenant's drafts and takes them away. Throws `admin_forbidden`; `not_found`; `conflict` where there is no
 * draft, one was not validated since it was saved, or one began from a version that is no longer current; and
 * `policy_refused` where they no longer fit what was published meanwhile. `trustDigest` is that of the draft of the trust policy
 * as its publisher read it; where two must agree on it, a `conflict` unless it is still that one (TR-03).
 */
export async function publishDrafts(
  deps: Pick<Deps, 'db' | 'clock' | 'tenants'>,
  actor: AdminActor,
  slug: string,
  trustDigest?: string,
): Promise<readonly Published[]> {
  const tenant = await findAdminTenant(deps.db, actor, 'policies:manage', slug)
  return await publishDocuments(
    deps,
    actor,
    tenant,
    async (tx, current) => {
      const rows = await tx.run(lockPolicyDrafts({ tenantId: tenant.id }))
      if (rows.length === 0) refuse('drafts: there are none')
      for (const row of rows) {
        if (row.state !== 'validated') refuse(`${row.kind}: the draft has not been validated`)
        if (row.based_on !== (current[row.kind] ?? 0)) {
          refuse(`${row.kind}: another version was published since the draft was begun`)
        }
      }
      const trust = rows.find(({ kind }) => kind === 'trust')
      return {
        documents: documentsIn(rows),
        drop: rows.map((row) => row.kind),
        trustDraft: trust && {
          writtenBy: trust.saved_by,
          isNamed: trust.digest === trustDigest,
        },
      }
    },
    'publish',
  )
}

function refuse(detail: string): never {
  return fail({ kind: 'conflict', detail })
}
