/** The way back to the relying party for a login that did not come to a code (RFC 6749 section 4.1.2.1, RFC 9207). */
import type { Keyring } from '../crypto/keyring.ts'
import type { OAuthError } from '../domain/failure.ts'
import type { Journey, SealedRequest } from '../domain/journey.ts'
import { withParameters } from '../domain/return-address.ts'
import { openRequest } from './journey-secrets.ts'
import type { PreparedTenant } from './tenants.ts'

/** What a browser posts to the relying party, for clients that asked for `response_mode=form_post`. */
export interface ReturnForm {
  action: string
  fields: readonly (readonly [name: string, value: string])[]
}

/** Where the browser goes; with `form` by POST, and then `url` is the bare address. */
export interface ErrorReturn {
  url: string
  form?: ReturnForm
}

/** A return with a code, and the secret of the session that began with it, for the browser's cookie. */
export interface SignedOn extends ErrorReturn {
  session?: string
}

/** The way back in the response mode that the request asked for. */
export function returnTo(
  request: Pick<SealedRequest, 'redirectUri' | 'formPost'>,
  parameters: { readonly [name: string]: string | undefined },
): ErrorReturn {
  const { redirectUri } = request
  if (request.formPost !== true) return { url: withParameters(redirectUri, parameters) }
  const fields = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return { url: redirectUri, form: { action: redirectUri, fields } }
}

const WORDS: { readonly [failure: string]: OAuthError } = {
  ...{ acr_unmet: 'unmet_authentication_requirements', hint_unmet: 'login_required' },
  session_over: 'login_required',
}

/** The redirect URI with an error for how the login ended (`failure` where the row does not say yet), the request's `state`, and our `iss`. Opens the sealed request. */
export function errorReturn(
  keyring: Keyring,
  prepared: PreparedTenant,
  journey: Journey,
  failure = 'failure' in journey ? journey.failure : undefined,
): ErrorReturn {
  const request = openRequest(
    keyring,
    { tenant: prepared.tenant.id, journey: journey.id },
    journey.request,
  )
  // Some ends have a word of their own (OpenID Connect Core Unmet Authentication Requirements, Core 3.1.2.6).
  const error = WORDS[failure ?? ''] ?? 'access_denied'
  return returnTo(request, { error, state: request.state, iss: prepared.issuer })
}
