/**
 * A registered provider, ready to be spoken to: openid-client's configuration from the stored metadata, with our guard
 * as its only way out. Building one asks nothing; keep it for as long as the provider's row does not change.
 */
import { importJWK, type JWK } from 'jose'
import * as oidc from 'openid-client'
import { fail } from '../domain/failure.ts'
import { type Clock, toSeconds } from '../domain/time.ts'
import type { Outbound, OutboundRequest } from '../outbound/guard.ts'
import { createKeySet, type KeySet } from './key-set.ts'
import type { ProviderMetadata } from './provider.ts'

/** A provider's row with its secret opened. */
export interface ProviderConnection {
  readonly metadata: ProviderMetadata
  readonly clientId: string
  /** The client secret; for `private_key_jwt` the JSON text of the private JWK with `alg` and `kid`. */
  readonly clientSecret: string
  /** Must hold `openid`. */
  readonly scopes: readonly string[]
  /**
   * Only for an old provider that still wants its token endpoint as audience of a client assertion (UP-32); the issuer
   * otherwise, as draft-ietf-oauth-rfc7523bis asks.
   */
  readonly assertionAudience?: 'token_endpoint' | undefined
}

export interface ConnectedProvider {
  readonly metadata: ProviderMetadata
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly configuration: oidc.Configuration
  readonly keys: KeySet
}

type Means = { outbound: Outbound; clock: Clock }

const REQUEST_SECONDS = 5
const MAX_ANSWER_BYTES = 256 * 1024
const ASSERTION_SECONDS = 60
/** Not `EdDSA`: the library writes `Ed25519` (RFC 9864), and a provider compares the two as texts. */
const ASSERTION_ALGORITHMS = ['ES256', 'RS256', 'PS256', 'Ed25519', 'ES384', 'ES512']

/**
 * Returns the provider with openid-client set up for it; no discovery (protocols UP-04, UP-31 to UP-33). Throws
 * `provider_refused` / `client_authentication_unsupported` if the key for `private_key_jwt` cannot be read.
 */
export async function connectProvider(
  means: Means,
  provider: ProviderConnection,
): Promise<ConnectedProvider> {
  const { metadata, clientId, scopes } = provider
  const configuration = new oidc.Configuration(
    serverMetadata(metadata),
    clientId,
    {
      id_token_signed_response_alg: metadata.id_token_signing_alg,
      // The library reads the system's clock. All times in an ID token are judged by `readIdentity` with ours, so that
      // there is one judge; here the library's own is given a tolerance that never refuses.
      [oidc.clockTolerance]: Number.MAX_SAFE_INTEGER,
    },
    await clientAuthentication(means.clock, provider),
  )
  configuration.timeout = REQUEST_SECONDS
  configuration[oidc.customFetch] = (url, options) => askProvider(means.outbound, url, options)
  // The guard decides about http: it says yes to loopback alone, under the development switch.
  if (metadata.issuer.startsWith('http:')) oidc.allowInsecureRequests(configuration)
  return { metadata, clientId, scopes, configuration, keys: createKeySet(means, metadata.jwks_uri) }
}

/** `response_types` and the like were judged at registration; what is left out here cannot be negotiated. */
function serverMetadata(metadata: ProviderMetadata): oidc.ServerMetadata {
  return {
    issuer: metadata.issuer,
    authorization_endpoint: metadata.authorization_endpoint,
    token_endpoint: metadata.token_endpoint,
    jwks_uri: metadata.jwks_uri,
    authorization_response_iss_parameter_supported:
      metadata.authorization_response_iss_parameter_supported,
    ...(metadata.userinfo_endpoint === undefined
      ? {}
      : { userinfo_endpoint: metadata.userinfo_endpoint }),
  }
}

function askProvider(
  outbound: Outbound,
  url: string,
  options: oidc.CustomFetchOptions,
): Promise<Response> {
  const request: OutboundRequest = {
    method: options.method,
    headers: options.headers,
    body: formOf(options.body),
    signal: options.signal,
  }
  const limits = {
    maxBytes: MAX_ANSWER_BYTES,
    contentTypes: ['application/json'],
    strictJson: true,
  }
  return outbound.fetch(url, request, limits)
}

function formOf(body: oidc.FetchBody): URLSearchParams | null {
  if (body === undefined || body === null) return null
  if (body instanceof URLSearchParams) return body
  throw new TypeError('a provider is sent forms only')
}

/** One method only, as registered (UP-30); `client_secret_basic` is form-encoded first (RFC 6749 section 2.3.1). */
async function clientAuthentication(
  clock: Clock,
  provider: ProviderConnection,
): Promise<oidc.ClientAuth> {
  switch (provider.metadata.token_endpoint_auth_method) {
    case 'client_secret_basic':
      return oidc.ClientSecretBasic(provider.clientSecret)
    case 'client_secret_post':
      return oidc.ClientSecretPost(provider.clientSecret)
    case 'private_key_jwt':
      return clientAssertion(clock, provider)
  }
}

/** The library chooses a random `jti` and the issuer as audience; times come from our clock (UP-32). */
async function clientAssertion(
  clock: Clock,
  provider: ProviderConnection,
): Promise<oidc.ClientAuth> {
  const { metadata, assertionAudience } = provider
  return oidc.PrivateKeyJwt(await importClientKey(provider.clientSecret), {
    [oidc.modifyAssertion](header, payload) {
      const now = toSeconds(clock())
      header.typ = 'client-authentication+jwt'
      payload.iat = now
      payload.exp = now + ASSERTION_SECONDS
      delete payload.nbf
      if (assertionAudience === 'token_endpoint') payload.aud = metadata.token_endpoint
    },
  })
}

async function importClientKey(text: string): Promise<oidc.PrivateKey> {
  try {
    const jwk = JSON.parse(text) as JWK
    const known = ASSERTION_ALGORITHMS.includes(jwk.alg ?? '')
    const key = known && jwk.d !== undefined ? await importJWK(jwk) : undefined
    if (key !== undefined && !(key instanceof Uint8Array)) {
      return jwk.kid === undefined ? { key } : { key, kid: jwk.kid }
    }
  } catch {
    // The parser's and the importer's words may quote the key: they go no further.
  }
  fail({ kind: 'provider_refused', reason: 'client_authentication_unsupported' })
}
