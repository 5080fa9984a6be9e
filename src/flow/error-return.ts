/** The way back to the relying party for a login that did not come to a code (RFC 6749 section 4.1.2.1, RFC 9207). */
import type { Keyring } from '../crypto/keyring.ts'
import type { Journey } from '../domain/journey.ts'
import { openRequest } from './journey-secrets.ts'
import type { PreparedTenant } from './tenants.ts'

export interface ErrorReturn {
  url: string
}

/** A URL with parameters added to whatever query it has. */
export function withParameters(
  uri: string,
  parameters: { readonly [name: string]: string | undefined },
): string {
  const url = new URL(uri)
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) url.searchParams.append(name, value)
  return url.href
}

/** `redirect_uri` with `error=access_denied`, the request's `state`, and our `iss`. Opens the sealed request. */
export function errorReturn(
  keyring: Keyring,
  prepared: PreparedTenant,
  journey: Journey,
): ErrorReturn {
  const request = openRequest(
    keyring,
    { tenant: prepared.tenant.id, journey: journey.id },
    journey.request,
  )
  const parameters = { error: 'access_denied', state: request.state, iss: prepared.issuer }
  return { url: withParameters(request.redirectUri, parameters) }
}
