/** The providers of a tenant as its administrators see them. */
import type { Deps } from '../deps.ts'
import { type AdminActor, managesInstitution } from '../domain/admin.ts'
import { issuerOf } from '../domain/tenant.ts'
import { read } from '../store/database.ts'
import { findProviderBySlug, listProviders, readProvider } from '../store/provider.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { ownProvider, type ProviderView, viewProvider } from './provider-view.ts'

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
  return viewProvider(issuerOf(deps.config.publicUrl, tenant.slug), ownProvider(actor, row))
}

/** Returns all of a tenant, or of the actor's institution there, by slug. Throws `admin_forbidden`, `not_found`. */
export async function readAllProviders(
  deps: Pick<Deps, 'db' | 'config'>,
  actor: AdminActor,
  tenantSlug: string,
): Promise<readonly ProviderView[]> {
  const tenant = await findAdminTenant(deps.db, actor, 'providers:manage', tenantSlug)
  const [rows] = await read(deps.db, tenant.id, [listProviders({ tenantId: tenant.id })])
  const issuer = issuerOf(deps.config.publicUrl, tenant.slug)
  return rows
    .map(readProvider)
    .filter(({ institution }) => managesInstitution(actor, institution))
    .map((provider) => viewProvider(issuer, provider))
}
