/** The authorization servers whose machine tokens a tenant accepts. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import {
  type AuthorizationServer,
  listAuthorizationServers,
  readAuthorizationServer,
} from '../store/authorization-server.ts'
import { read } from '../store/database.ts'
import { findAdminTenant } from './admin-tenant.ts'

/** Returns them by issuer, twenty at most. Throws `admin_forbidden`, `not_found`. */
export async function readAuthorizationServers(
  deps: Pick<Deps, 'db'>,
  actor: AdminActor,
  slug: string,
): Promise<readonly AuthorizationServer[]> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'clients:manage', slug)
  const [rows] = await read(deps.db, tenantId, [listAuthorizationServers({ tenantId })])
  return rows.map(readAuthorizationServer)
}
