/** Tokens of an authorization server no longer count. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { deleteAuthorizationServer } from '../store/authorization-server.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { removeRegistered } from './remove-registered.ts'

/** Here at once, on other instances within a second. Throws `admin_forbidden`, `not_found`. */
export async function distrustAuthorizationServer(
  deps: Pick<Deps, 'db' | 'clock' | 'tenants'>,
  actor: AdminActor,
  slug: string,
  id: string,
): Promise<void> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'clients:manage', slug)
  const removal = deleteAuthorizationServer({ tenantId, id })
  await removeRegistered(deps, { id: tenantId, slug }, removal, {
    type: 'authorization_server_distrusted',
    actor: actor.id,
    server: id,
  })
}
