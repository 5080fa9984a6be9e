/** Where the browser is sent to be recognised by the institution (OpenID Connect Core 3.1.2.1, RFC 7636). */
import { createHash } from 'node:crypto'
import * as oidc from 'openid-client'
import type { ConnectedProvider } from './connection.ts'

/** Made for one attempt, except what configuration says; nothing of it comes from the user (protocols UP-12). */
export interface AuthorizationAttempt {
  /** Ours, different for each provider (UP-22); without a query. */
  readonly redirectUri: string
  /** At least 128 random bits each, as text. */
  readonly state: string
  readonly nonce: string
  /** 43 to 128 unreserved characters, 256 random bits (RFC 7636 section 4.1). */
  readonly codeVerifier: string
  /** Any of these will do, and one is demanded (UP-45). */
  readonly acr?: readonly string[] | undefined
  readonly maxAgeSeconds?: number | undefined
  readonly prompt?: 'login' | 'consent' | 'select_account' | undefined
}

export interface AuthorizationAddress {
  readonly url: string
  /** What may be stored: it says where, not with what. */
  readonly urlWithoutQuery: string
}

const RANDOM_TEXT = /^[A-Za-z0-9_-]{22,256}$/
const CODE_VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/

/**
 * The provider's authorization endpoint with our request. Throws RangeError when state, nonce or verifier are shorter
 * than the protocols ask (UP-10, UP-11): that is a fault of the caller, not of the provider.
 */
export function buildAuthorizationUrl(
  connected: ConnectedProvider,
  attempt: AuthorizationAttempt,
): AuthorizationAddress {
  if (!RANDOM_TEXT.test(attempt.state)) throw new RangeError('state has under 128 bits')
  if (!RANDOM_TEXT.test(attempt.nonce)) throw new RangeError('nonce has under 128 bits')
  if (!CODE_VERIFIER.test(attempt.codeVerifier)) throw new RangeError('not a code verifier')
  const url = oidc.buildAuthorizationUrl(connected.configuration, {
    redirect_uri: new URL(attempt.redirectUri).href,
    scope: connected.scopes.join(' '),
    state: attempt.state,
    nonce: attempt.nonce,
    code_challenge: createHash('sha256').update(attempt.codeVerifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...acrParameters(attempt.acr ?? []),
    ...(attempt.maxAgeSeconds === undefined ? {} : { max_age: String(attempt.maxAgeSeconds) }),
    ...(attempt.prompt === undefined ? {} : { prompt: attempt.prompt }),
  })
  return { url: url.href, urlWithoutQuery: `${url.origin}${url.pathname}` }
}

/**
 * `acr_values` is a wish that any provider understands; the essential claim beside it is the demand (Core 5.5.1.1). The
 * answer is checked all the same.
 */
function acrParameters(acr: readonly string[]): Record<string, string> {
  const [first, ...others] = acr
  if (first === undefined) return {}
  const wanted = others.length === 0 ? { value: first } : { values: acr }
  const claims = { id_token: { acr: { essential: true, ...wanted } } }
  return { acr_values: acr.join(' '), claims: JSON.stringify(claims) }
}
