/** The providers of a tenant as its administrators see them. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import { issuerOf } from '../domain/tenant.ts'
import { read } from '../store/database.ts'
import { findProviderBySlug, listProviders, readProvider } from '../store/provider.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { type ProviderView, viewProvider } from './provider-view.ts'

/** Returns one, enabled or not. Throws `admin_forbidden`, `not_found`. */
export async function readOneProvider(
  deps: Pick<Deps, 'db' | 'config'>,
  actor: AdminActor,
  tenantSlug: string,
  slug: string,
): Promise<ProviderView> {
  const tenant = await findAdminTenant(deps.db, actor, 'providers:manage', tenantSlug)
  const [[row]] = await read(deps.db, tenant.id, [
    findProviderBySlug({ tenantId: tenant.id, slug }),
  ])
  if (row === undefined) return fail({ kind: 'not_found' })
  return viewProvider(issuerOf(deps.config.publicUrl, tenant.slug), readProvider(row))
}

/** Returns all of a tenant, by slug. Throws `admin_forbidden`, `not_found`. */
export async function readAllProviders(
  deps: Pick<Deps, 'db' | 'config'>,
  actor: AdminActor,
  tenantSlug: string,
): Promise<readonly ProviderView[]> {
  const tenant = await findAdminTenant(deps.db, actor, 'providers:manage', tenantSlug)
  const [rows] = await read(deps.db, tenant.id, [listProviders({ tenantId: tenant.id })])
  const issuer = issuerOf(deps.config.publicUrl, tenant.slug)
  return rows.map((row) => viewProvider(issuer, readProvider(row)))
}
