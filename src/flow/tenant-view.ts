/** A tenant with everything its administrators may see. */
import type { Deps } from '../deps.ts'
import type { PolicyKind } from '../domain/policy.ts'
import { issuerOf, type Tenant } from '../domain/tenant.ts'
import { read } from '../store/database.ts'
import { findCurrentPolicies } from '../store/policy.ts'
import { listSigningKeys } from '../store/signing-key.ts'
import { type RequestCertificate, readRequestCertificate } from './request-key.ts'

export interface TenantView {
  tenant: Tenant
  issuer: string
  requestCertificate: RequestCertificate | undefined
  /** The version that new journeys begin with; a kind that was never published is absent. */
  policyVersions: { readonly [Kind in PolicyKind]?: number }
}

/** Returns the tenant with its request certificate and policy versions. One round trip. */
export async function viewTenant(
  deps: Pick<Deps, 'db' | 'config' | 'clock'>,
  tenant: Tenant,
): Promise<TenantView> {
  const tenantId = tenant.id
  const [policies, keys] = await read(deps.db, tenantId, [
    findCurrentPolicies({ tenantId }),
    listSigningKeys({ tenantId }),
  ])
  const active = keys.find(
    (key) => key.purpose === 'request' && key.client_id === '' && key.state === 'active',
  )
  const host = new URL(deps.config.publicUrl).hostname
  return {
    tenant,
    issuer: issuerOf(deps.config.publicUrl, tenant.slug),
    requestCertificate:
      active === undefined
        ? undefined
        : readRequestCertificate(active, tenant.clientIdPrefix, host, deps.clock()),
    policyVersions: Object.fromEntries(policies.map(({ kind, version }) => [kind, version])),
  }
}
