/** Publishes one policy document as the next version of its kind. Journeys under way end with the one they began with. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { PolicyKind } from '../domain/policy.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { type Published, publishDocuments } from './publish-documents.ts'

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
  const choose = async () => ({ documents: { [kind]: document } })
  const [published] = await publishDocuments(deps, actor, tenant, choose, 'publish')
  return published ?? fail({ kind: 'policy_refused', problems: ['document: missing'] })
}
