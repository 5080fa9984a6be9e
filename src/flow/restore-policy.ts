/** Back to an older version: its document is published again, as the next version. History is never rewritten. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { PolicyKind } from '../domain/policy.ts'
import { findPolicy } from '../store/policy.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { type Published, publishDocuments } from './publish-documents.ts'

/**
 * Publishes the document of `version` as the next one, judged beside the others as they are today. Throws
 * `admin_forbidden`, `not_found`, and `policy_refused` where it no longer fits them.
 */
export async function restorePolicy(
  deps: Pick<Deps, 'db' | 'clock'> & { tenants: Pick<Deps['tenants'], 'forget'> },
  actor: AdminActor,
  slug: string,
  kind: PolicyKind,
  version: number,
): Promise<Published> {
  const tenant = await findAdminTenant(deps.db, actor, 'policies:manage', slug)
  const [published] = await publishDocuments(
    deps,
    actor,
    tenant,
    async (tx) => {
      const [row] = await tx.run(findPolicy({ tenantId: tenant.id, kind, version }))
      if (row === undefined) return fail({ kind: 'not_found' })
      return { documents: { [kind]: JSON.parse(row.document) as unknown }, restored: version }
    },
    'publish',
  )
  return published ?? fail({ kind: 'not_found' })
}
