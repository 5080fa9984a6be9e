/** Tenants as their administrators see them. */
import type { Deps } from '../deps.ts'
import { type AdminActor, requireScope } from '../domain/admin.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import { issuerOf, type Tenant } from '../domain/tenant.ts'
import { read } from '../store/database.ts'
import { findTenantById, listTenants, readTenant } from '../store/tenant.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { type TenantView, viewTenant } from './tenant-view.ts'

/** Returns one tenant. Throws `admin_forbidden`, `not_found`. */
export async function readOneTenant(
  deps: Pick<Deps, 'db' | 'config' | 'clock'>,
  actor: AdminActor,
  slug: string,
): Promise<TenantView> {
  const tenant = await findAdminTenant(deps.db, actor, 'tenants:manage', slug)
  return await viewTenant(deps, tenant)
}

export interface TenantPage {
  tenants: readonly { tenant: Tenant; issuer: string }[]
  /** Where the next page begins; undefined at the end. */
  next: string | undefined
}

/**
 * Returns the actor's tenants by slug, `limit` at most, after the slug `after` (empty for the first). Throws
 * `admin_forbidden`.
 */
export async function readAllTenants(
  deps: Pick<Deps, 'db' | 'config'>,
  actor: AdminActor,
  page: { after: string; limit: number },
): Promise<TenantPage> {
  requireScope(actor, 'tenants:manage')
  const { forTenant } = actor
  const [rows] = await read(deps.db, SYSTEM_TENANT, [
    forTenant === undefined
      ? listTenants({ afterSlug: page.after, limit: page.limit + 1 })
      : findTenantById({ id: forTenant }),
  ])
  const shown = rows.slice(0, page.limit).map(readTenant)
  return {
    tenants: shown.map((tenant) => ({
      tenant,
      issuer: issuerOf(deps.config.publicUrl, tenant.slug),
    })),
    next: rows.length > page.limit ? shown.at(-1)?.slug : undefined,
  }
}
