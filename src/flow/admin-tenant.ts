/** The tenant an administrator names, if it is one of theirs. */
import type { Deps } from '../deps.ts'
import { type AdminActor, type AdminScope, requireScope } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import type { Tenant } from '../domain/tenant.ts'
import { read } from '../store/database.ts'
import { findTenantBySlug, readTenant } from '../store/tenant.ts'

/**
 * Returns the tenant, enabled or not. Throws `admin_forbidden` without the scope, and `not_found` alike where there is no
 * such tenant, where it is another's or has ended (its trail may still be read), and for the reserved one.
 */
export async function findAdminTenant(
  db: Deps['db'],
  actor: AdminActor,
  scope: AdminScope,
  slug: string,
): Promise<Tenant> {
  requireScope(actor, scope)
  const [[row]] = await read(db, SYSTEM_TENANT, [findTenantBySlug({ slug })])
  if (row === undefined || row.id === SYSTEM_TENANT) return fail({ kind: 'not_found' })
  requireScope(actor, scope, row.id)
  if (row.ended_at !== null && scope !== 'audit:read') return fail({ kind: 'not_found' })
  return readTenant(row)
}
