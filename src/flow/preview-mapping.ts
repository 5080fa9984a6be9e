/** What sample claims of a provider would become, tried before anybody logs in with them. Nothing is stored or logged. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import { readPolicy } from '../domain/policy.ts'
import { mapClaims, type ProviderMapping } from '../domain/provider-mapping.ts'
import type { JsonObject } from '../domain/text.ts'
import { read } from '../store/database.ts'
import { findCurrentPolicies } from '../store/policy.ts'
import { findProviderBySlug } from '../store/provider.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { ownProvider } from './provider-view.ts'

/**
 * Maps the claims by the tenant's attribute rules and the provider's mappings, or by `mappings` in their place. Throws
 * `admin_forbidden`, `not_found`, and `conflict` before the tenant has attribute rules.
 */
export async function previewMapping(
  deps: Pick<Deps, 'db'>,
  actor: AdminActor,
  tenantSlug: string,
  slug: string,
  claims: JsonObject,
  mappings: { readonly [canonicalName: string]: string } | undefined,
): Promise<ProviderMapping> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'providers:manage', tenantSlug)
  const [[row], policies] = await read(deps.db, tenantId, [
    findProviderBySlug({ tenantId, slug }),
    findCurrentPolicies({ tenantId }),
  ])
  const provider = ownProvider(actor, row)
  const rules = policies.find(({ kind }) => kind === 'attributes')
  if (rules === undefined) {
    return fail({ kind: 'conflict', detail: 'policies: there are no attribute rules yet' })
  }
  const { identifierAttribute, attributeMappings } = provider
  return mapClaims(
    readPolicy('attributes', JSON.parse(rules.document)),
    { identifierAttribute, attributeMappings: mappings ?? attributeMappings },
    claims,
  )
}
