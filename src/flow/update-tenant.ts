/** Changes a tenant's settings; logins that begin afterwards follow them. */
import { openSigningKey } from '../crypto/sealed-signing-key.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import type { Tenant } from '../domain/tenant.ts'
import { read } from '../store/database.ts'
import { listSigningKeys } from '../store/signing-key.ts'
import { checkSigningCertificate } from '../wallet/request-signer.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { changeSettings, type TenantSettings } from './tenant-settings.ts'
import { type TenantView, viewTenant } from './tenant-view.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'config' | 'tenants'>

/**
 * Sets what `change` names and leaves the rest. Throws `admin_forbidden`, `not_found`, `invalid_request`, and
 * `policy_refused` where the request certificate does not fit a new client identifier prefix.
 */
export async function updateTenant(
  deps: Means,
  actor: AdminActor,
  slug: string,
  change: Partial<TenantSettings>,
): Promise<TenantView> {
  const tenant = await findAdminTenant(deps.db, actor, 'tenants:manage', slug)
  if (change.clientIdPrefix !== undefined) {
    await judgePrefix(deps, tenant, change.clientIdPrefix)
  }
  const changed = await changeSettings(deps, actor, tenant, change)
  deps.tenants.forget(slug)
  return await viewTenant(deps, changed)
}

async function judgePrefix(deps: Means, tenant: Tenant, prefix: Tenant['clientIdPrefix']) {
  const [keys] = await read(deps.db, tenant.id, [listSigningKeys({ tenantId: tenant.id })])
  const host = new URL(deps.config.publicUrl).hostname
  // The tenant's own, and those of its relying parties.
  for (const key of keys) {
    if (key.purpose !== 'request' || key.state !== 'active') continue
    const chain = (JSON.parse(key.certificate_chain ?? '[]') as string[]).map((der) =>
      Buffer.from(der, 'base64'),
    )
    const place = { tenant: tenant.id, kid: key.kid }
    const privateKey = openSigningKey(deps.keyring, place, key.sealed_private_key)
    checkSigningCertificate({ prefix, host, chain, privateKey }, deps.clock())
  }
}
