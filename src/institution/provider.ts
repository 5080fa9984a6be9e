/**
 * What we keep of a provider's discovery document. It is judged once, at registration and at each refresh; a login uses
 * the stored copy and never asks again (protocols UP-01 to UP-04, UP-10, UP-63).
 */
import { BridgeError, fail, type ProviderReason } from '../domain/failure.ts'
import type { Json, JsonObject } from '../domain/text.ts'
import { type Clock, DAY, fromInstant, type IsoInstant, toInstant } from '../domain/time.ts'
import type { Outbound } from '../outbound/guard.ts'

export type ClientAuthMethod = 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'

/** Signatures that an ID token may carry; the first one that a provider offers is taken when none was registered. */
const ID_TOKEN_ALGORITHMS = [
  ...['RS256', 'ES256', 'PS256', 'EdDSA', 'Ed25519'],
  ...['ES384', 'ES512', 'PS384', 'PS512', 'RS384', 'RS512'],
] as const

/** What an administrator says of a provider. */
export interface ProviderRegistration {
  readonly issuer: string
  readonly clientAuthMethod: ClientAuthMethod
  /** The algorithm our client is registered with there; RS256 if the provider offers it (OpenID Registration 2). */
  readonly idTokenAlg?: string | undefined
  /** `host` or `host:port` besides the issuer's own that endpoints may be on (UP-02). */
  readonly confirmedHosts?: readonly string[] | undefined
  /** What `sub` is for our client. A transient one cannot link anybody (UP-63). */
  readonly subjectType?: 'public' | 'pairwise' | 'transient' | undefined
}

/** Plain JSON, in the wire's spelling, as it is stored. */
export interface ProviderMetadata {
  readonly issuer: string
  readonly authorization_endpoint: string
  readonly token_endpoint: string
  readonly userinfo_endpoint?: string
  readonly jwks_uri: string
  /** The one algorithm accepted from now on. */
  readonly id_token_signing_alg: string
  readonly token_endpoint_auth_method: ClientAuthMethod
  readonly authorization_response_iss_parameter_supported: boolean
  readonly fetched_at: IsoInstant
}

const MAX_DOCUMENT_BYTES = 64 * 1024

/**
 * Asks the provider for its discovery document and returns what we keep of it (OpenID Connect Discovery 1.0, 4).
 * Throws `provider_refused` with the reason; nothing that was read is repeated in it (UP-55).
 */
export async function discoverProvider(
  means: { outbound: Outbound; clock: Clock },
  registration: ProviderRegistration,
): Promise<ProviderMetadata> {
  if (registration.subjectType === 'transient') refuse('subject_type_unsupported')
  checkIssuer(means.outbound, registration.issuer)
  const document = await fetchDocument(means.outbound, registration.issuer)
  if (document.issuer !== registration.issuer) refuse('issuer_mismatch')
  const endpoints = readEndpoints(means.outbound, registration, document)
  checkCapabilities(registration, document)
  return {
    issuer: registration.issuer,
    ...endpoints,
    id_token_signing_alg: chooseAlgorithm(registration, document),
    token_endpoint_auth_method: registration.clientAuthMethod,
    authorization_response_iss_parameter_supported:
      document.authorization_response_iss_parameter_supported === true,
    fetched_at: toInstant(means.clock()),
  }
}

/**
 * Hosts the browser and we are sent to. Given as `confirmedHosts` at a refresh, a later move of an endpoint ends in
 * `endpoint_refused`, upon which the provider is to be quarantined (UP-02).
 */
export function hostsOf(metadata: ProviderMetadata): string[] {
  const endpoints = [
    ...[metadata.issuer, metadata.authorization_endpoint, metadata.token_endpoint],
    ...[metadata.jwks_uri, metadata.userinfo_endpoint ?? metadata.issuer],
  ]
  return [...new Set(endpoints.map((endpoint) => new URL(endpoint).host))]
}

/** Whether the stored copy is older than a day, `now` in milliseconds (UP-04). */
export function isStale(metadata: ProviderMetadata, now: number): boolean {
  return now - fromInstant(metadata.fetched_at) >= DAY
}

/** An issuer has no query (Discovery 3); everything else is the guard's rule for any URL. */
function checkIssuer(outbound: Outbound, issuer: string): void {
  if (issuer.includes('?')) refuse('issuer_url_refused')
  try {
    outbound.checkUrl(issuer)
  } catch (error) {
    refuseOutbound(error, 'issuer_url_refused')
  }
}

async function fetchDocument(outbound: Outbound, issuer: string): Promise<JsonObject> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  try {
    const limits = { maxBytes: MAX_DOCUMENT_BYTES, contentTypes: ['application/json'] }
    const document = await outbound.fetchJson(url, limits)
    if (isObject(document)) return document
  } catch (error) {
    refuseOutbound(error, 'discovery_failed')
  }
  refuse('discovery_failed')
}

function readEndpoints(
  outbound: Outbound,
  registration: ProviderRegistration,
  document: JsonObject,
): Pick<
  ProviderMetadata,
  'authorization_endpoint' | 'token_endpoint' | 'userinfo_endpoint' | 'jwks_uri'
> {
  const hosts = [new URL(registration.issuer).host, ...(registration.confirmedHosts ?? [])]
  const read = (name: string): string => {
    const endpoint = document[name]
    if (typeof endpoint !== 'string') refuse('endpoint_refused')
    try {
      if (hosts.includes(outbound.checkUrl(endpoint).host)) return endpoint
    } catch (error) {
      refuseOutbound(error, 'endpoint_refused')
    }
    refuse('endpoint_refused')
  }
  return {
    authorization_endpoint: read('authorization_endpoint'),
    token_endpoint: read('token_endpoint'),
    ...(document.userinfo_endpoint === undefined
      ? {}
      : { userinfo_endpoint: read('userinfo_endpoint') }),
    jwks_uri: read('jwks_uri'),
  }
}

/** Where the document is silent, its specification says what that means. */
function checkCapabilities(registration: ProviderRegistration, document: JsonObject): void {
  const offers = (name: string, value: string, whenSilent: boolean) => {
    const list = document[name]
    return list === undefined ? whenSilent : Array.isArray(list) && list.includes(value)
  }
  const codeFlow =
    offers('response_types_supported', 'code', false) &&
    offers('grant_types_supported', 'authorization_code', true) &&
    document.require_pushed_authorization_requests !== true
  if (!codeFlow) refuse('code_flow_unsupported')
  if (!offers('code_challenge_methods_supported', 'S256', false)) refuse('pkce_unsupported')
  const method = registration.clientAuthMethod
  const silentMeans = method === 'client_secret_basic'
  if (!offers('token_endpoint_auth_methods_supported', method, silentMeans)) {
    refuse('client_authentication_unsupported')
  }
  const subjectType = registration.subjectType
  if (subjectType !== undefined && !offers('subject_types_supported', subjectType, true)) {
    refuse('subject_type_unsupported')
  }
}

/** `none` and shared-secret algorithms are not on our list, so a provider that offers them offers nothing by it. */
function chooseAlgorithm(registration: ProviderRegistration, document: JsonObject): string {
  const offered = document.id_token_signing_alg_values_supported
  if (!Array.isArray(offered)) refuse('signing_algorithm_unsupported')
  const usable = ID_TOKEN_ALGORITHMS.filter((name) => offered.includes(name))
  const chosen = usable.find((name) => name === (registration.idTokenAlg ?? name))
  return chosen ?? refuse('signing_algorithm_unsupported')
}

function isObject(value: Json): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

function refuse(reason: ProviderReason, cause?: unknown): never {
  fail({ kind: 'provider_refused', reason }, cause)
}

/** What the guard refused becomes a refusal of the provider; anything else is a fault of ours and stays one. */
function refuseOutbound(error: unknown, reason: ProviderReason): never {
  if (!(error instanceof BridgeError) || error.failure.kind !== 'outbound_refused') throw error
  refuse(reason, error)
}
