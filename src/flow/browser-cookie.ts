/** The name of a tenant's browser cookie: it tells which tenant to us alone. */
import { hashSecret } from '../crypto/random.ts'
import type { TenantId } from '../domain/ids.ts'

/** `__Host-bridge-` and the first half of the SHA-256 of the tenant's id. */
export function cookieNameOf(tenant: TenantId): string {
  return `__Host-bridge-${hashSecret(tenant).slice(0, 22)}`
}

/** `__Host-bridge-sso-` and the same: another cookie, replaced at every login. */
export function sessionCookieNameOf(tenant: TenantId): string {
  return `__Host-bridge-sso-${hashSecret(tenant).slice(0, 22)}`
}
