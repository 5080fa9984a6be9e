/** The initial access tokens of a tenant; never the tokens themselves. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import type { IsoInstant } from '../domain/time.ts'
import { read } from '../store/database.ts'
import { listRegistrationTokens } from '../store/registration-token.ts'
import { findAdminTenant } from './admin-tenant.ts'

export interface RegistrationTokenEntry {
  id: string
  name: string
  usesLeft: number
  createdAt: IsoInstant
  expiresAt: IsoInstant
}

/** Returns them newest first, 200 at most. Throws `admin_forbidden`, `not_found`. */
export async function readRegistrationTokens(
  deps: Pick<Deps, 'db'>,
  actor: AdminActor,
  slug: string,
): Promise<readonly RegistrationTokenEntry[]> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'clients:manage', slug)
  const [rows] = await read(deps.db, tenantId, [listRegistrationTokens({ tenantId })])
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    usesLeft: row.uses_left,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }))
}
