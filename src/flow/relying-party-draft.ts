/** What a relying party's registration may say, judged (OP-01, OP-04, OpenID Connect Registration 1.0). */
import { readClientKeys } from '../crypto/client-key.ts'
import { hashSecret, randomText } from '../crypto/random.ts'
import { capabilitiesRow } from '../domain/client-capabilities.ts'
import { fail } from '../domain/failure.ts'
import {
  type ClientAuthentication,
  holderOf,
  isRegistrableRedirectUri,
  type RelyingParty,
} from '../domain/relying-party.ts'
import type { JsonObject, SecretHash } from '../domain/text.ts'
import { isUniqueViolation } from '../store/database.ts'

/** A registration, new or changed. */
export interface Registered {
  relyingParty: RelyingParty
  /** Said this once. Undefined for methods without a secret. */
  clientSecret: string | undefined
}

/** Throws `invalid_request` unless every URI may be registered, and none stands there twice. */
export function judgeRedirectUris(uris: readonly string[]): void {
  uris.forEach((uri, index) => {
    if (!isRegistrableRedirectUri(uri))
      refuse(`redirect_uris.${index}: not an https URL, or an app's own, without fragment and user`)
    if (uris.indexOf(uri) !== index) refuse(`redirect_uris.${index}: occurs twice`)
  })
}

/**
 * The sector that decides which subject identifiers the relying party sees (OpenID Connect Core 8.1): the one given, else
 * the host of its redirect URIs, or the scheme of an app. Throws `invalid_request` where they have several hosts and no sector is given.
 */
export function chooseSector(uris: readonly string[], given: string | undefined): string {
  if (given !== undefined) return given
  const hosts = new Set(uris.map(holderOf))
  const [host] = hosts
  if (host === undefined || hosts.size > 1) {
    return refuse('sector: needed where the redirect URIs have several hosts')
  }
  return host
}

/** The keys as they are stored, JSON text, or null where there are none to be, or they are `elsewhere`. Throws `invalid_request`. */
export function judgeKeys(
  authentication: ClientAuthentication,
  jwks: { keys: readonly JsonObject[] } | undefined,
  elsewhere: boolean,
): string | null {
  if (authentication !== 'private_key_jwt') {
    return jwks === undefined ? null : refuse('jwks: only with private_key_jwt')
  }
  if (jwks === undefined && elsewhere) return null
  const keys = readClientKeys(jwks?.keys ?? [])
  if (keys === undefined) {
    return refuse(
      'jwks: needs one to eight public signing keys (EC, Ed25519, RSA), several with different kid',
    )
  }
  return JSON.stringify({ keys })
}

/** Rethrows what a write met: `conflict` where another client has the id or stands for the resource. */
export function failOnConflict(error: unknown): never {
  if (isUniqueViolation(error, 'relying_party_pkey'))
    fail({ kind: 'conflict', detail: 'client_id: there is a relying party of this id' }, error)
  if (isUniqueViolation(error, 'idx_relying_party_resource'))
    fail({ kind: 'conflict', detail: 'resource: another client stands for it' }, error)
  throw error
}

/** A new secret of 256 bits for the methods that have one: shown once, kept as a hash. */
export function makeSecret(
  authentication: ClientAuthentication,
): { secret: string; hash: SecretHash } | undefined {
  if (authentication !== 'client_secret_basic' && authentication !== 'client_secret_post')
    return undefined
  const secret = randomText(32)
  return { secret, hash: hashSecret(secret) }
}

/** Everything but the sector, which never changes, as the statements take it. */
export function registrationRow(relyingParty: RelyingParty) {
  const { jwks, purpose } = relyingParty
  return {
    clientId: relyingParty.clientId,
    name: relyingParty.name,
    redirectUris: JSON.stringify(relyingParty.redirectUris),
    authentication: relyingParty.authentication,
    secretHashes: JSON.stringify(relyingParty.secretHashes),
    jwks: jwks === undefined ? null : JSON.stringify(jwks),
    idTokenAlgorithm: relyingParty.idTokenAlgorithm,
    requirePkce: relyingParty.requirePkce ? 1 : 0,
    claimsInIdToken: relyingParty.claimsInIdToken ? 1 : 0,
    purposeEn: purpose?.en ?? null,
    purposeNl: purpose?.nl ?? null,
    enabled: relyingParty.enabled ? 1 : 0,
    ...capabilitiesRow(relyingParty),
  } as const
}

function refuse(detail: string): never {
  return fail({ kind: 'invalid_request', detail })
}
