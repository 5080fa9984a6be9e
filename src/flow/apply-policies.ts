/** A folder of policy documents becomes what a tenant works with: what differs is published, in one transaction. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { findAdminTenant } from './admin-tenant.ts'
import type { PolicyInput } from './policy-draft.ts'
import { type Published, publishDocuments } from './publish-documents.ts'

/**
 * Publishes each document that differs from its kind's current version, all of them or none; applying the same again
 * publishes nothing. Throws `admin_forbidden`, `not_found`, `policy_refused`.
 */
export async function applyPolicies(
  deps: Pick<Deps, 'db' | 'clock'> & { tenants: Pick<Deps['tenants'], 'forget'> },
  actor: AdminActor,
  slug: string,
  documents: PolicyInput,
): Promise<readonly Published[]> {
  const tenant = await findAdminTenant(deps.db, actor, 'policies:manage', slug)
  return await publishDocuments(deps, actor, tenant, async () => ({ documents }), 'leave')
}
