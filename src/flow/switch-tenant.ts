/** Turns a tenant's switches, for the operator at the command line: without keys, and without a running service. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import type { Tenant } from '../domain/tenant.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { changeSettings } from './tenant-settings.ts'

export type Switches = Pick<
  Tenant,
  | 'enabled'
  | 'crossDevice'
  | 'digitalCredentials'
  | 'haip'
  | 'directLogin'
  | 'pushedRequestsOnly'
  | 'lastUsed'
  | 'consent'
  | 'trustFourEyes'
>

/** Sets what `change` names; instances see it within a second. Throws `admin_forbidden`, `not_found`. */
export async function switchTenant(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: AdminActor,
  slug: string,
  change: Partial<Switches>,
): Promise<Tenant> {
  const tenant = await findAdminTenant(deps.db, actor, 'tenants:manage', slug)
  return await changeSettings(deps, actor, tenant, change)
}
