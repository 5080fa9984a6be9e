/** Looks at one person, for an administrator who knows the id. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import type { IdentityId } from '../domain/ids.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { type IdentityView, viewIdentity } from './identity-view.ts'

/** The person. Throws `admin_forbidden`, `not_found`. */
export async function readIdentity(
  means: Pick<Deps, 'db'>,
  actor: AdminActor,
  slug: string,
  id: IdentityId,
): Promise<IdentityView> {
  const tenant = await findAdminTenant(means.db, actor, 'identities:manage', slug)
  return await viewIdentity(means.db, tenant.id, id)
}
