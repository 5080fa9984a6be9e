/**
 * Entity statements (OpenID Federation 1.0 section 3): what somebody of a federation says of themselves (an entity
 * configuration), or of somebody right below them. Reading one believes nothing.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { JwsError, readCompact, readPayload, verifyCompact } from '../crypto/jws.ts'
import { JwkError, readPublicKey } from '../crypto/thumbprint.ts'
import type { Json, JsonObject } from '../domain/text.ts'
import { MINUTE, SECOND } from '../domain/time.ts'
import { isJsonObject } from './json.ts'
import type { IssuerKey } from './published-keys.ts'

/** Characters of one statement at most. */
export const LARGEST_STATEMENT = 128 * 1024
const ALGORITHMS = ['ES256', 'ES384', 'EdDSA', 'Ed25519', 'RS256', 'PS256'] as const
const CLOCK_SKEW = MINUTE
const MOST_HINTS = 10
const MOST_KEYS = 20
/** Characters of base64url: 8192 bits. */
const LONGEST_MODULUS = 1366

export interface EntityStatement {
  jwt: string
  issuer: string
  subject: string
  /** Milliseconds since the epoch. */
  expiresAt: number
  /** The subject's keys for statements. */
  keys: readonly IssuerKey[]
  /** Superiors that the subject names of itself. */
  hints: readonly string[]
  claims: JsonObject
}

/** Thrown where a statement, or a chain of them, is not to be believed. */
export class FederationError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'FederationError'
  }
}

/** Returns what a statement says, at a time in milliseconds. Throws {@link FederationError} where it is none, or not of now. */
export function readStatement(jwt: string, now: number): EntityStatement {
  const { header, claims } = readParts(jwt)
  if (header.typ !== 'entity-statement+jwt') refuse('another type')
  const { iss, sub, iat, exp, crit, authority_hints: hints } = claims
  if (typeof iss !== 'string' || typeof sub !== 'string') return refuse('nobody says it')
  if (typeof iat !== 'number' || typeof exp !== 'number') return refuse('no time')
  if (iat * SECOND > now + CLOCK_SKEW || now >= exp * SECOND) refuse('of another time')
  // Claims that must be understood: what has a meaning here is in no such list (section 3.1.1).
  if (crit !== undefined) refuse('a claim that must be understood')
  return {
    ...{ jwt, issuer: iss, subject: sub, claims, expiresAt: exp * SECOND },
    keys: keysIn(claims.jwks),
    hints: hintsIn(hints),
  }
}

/** Throws {@link FederationError} unless one of the keys signed the statement, the one that its header names. */
export function verifyStatement(jwt: string, keys: readonly IssuerKey[]): void {
  try {
    const jws = readCompact(jwt, { maxBytes: LARGEST_STATEMENT })
    verifyCompact(jws, keyFor(jws.header.kid, keys), ALGORITHMS)
  } catch (error) {
    if (!(error instanceof JwsError)) throw error
    refuse('not signed', error)
  }
}

/** Returns header and claims of any token of a federation, unverified. Throws {@link FederationError}. */
export function readParts(jwt: string): { header: JsonObject; claims: JsonObject } {
  try {
    const jws = readCompact(jwt, { maxBytes: LARGEST_STATEMENT })
    return { header: jws.header, claims: readPayload(jws) }
  } catch (error) {
    if (!(error instanceof JwsError)) throw error
    return refuse('no statement', error)
  }
}

/**
 * Returns the keys of a set, by which a statement may be signed. Throws {@link FederationError} where it is none, empty, or
 * names one key twice; keys of kinds that we do not verify with are passed over.
 */
export function keysIn(jwks: Json | undefined): readonly IssuerKey[] {
  const list = isJsonObject(jwks) ? jwks.keys : undefined
  if (!Array.isArray(list) || list.length > MOST_KEYS) return refuse('no keys')
  const keys = list.flatMap((jwk) => {
    const kid = isJsonObject(jwk) ? jwk.kid : undefined
    const key = typeof kid === 'string' ? readStatementKey(jwk as JsonObject) : undefined
    return key === undefined || typeof kid !== 'string' ? [] : [{ kid, key }]
  })
  const isClear = new Set(keys.map(({ kid }) => kid)).size === keys.length
  return keys.length > 0 && isClear ? keys : refuse('no keys')
}

/** Federations sign with RSA too, unlike holders and issuers of credentials; how large a key must be is said where it is used. */
function readStatementKey(jwk: JsonObject): KeyObject | undefined {
  try {
    return readPublicKey(jwk).key
  } catch (error) {
    if (!(error instanceof JwkError)) throw error
    const { kty, n, e, use } = jwk
    if (error.reason !== 'unsupported' || kty !== 'RSA' || (use ?? 'sig') !== 'sig')
      return undefined
    if (typeof n !== 'string' || typeof e !== 'string') return undefined
    if (n.length > LONGEST_MODULUS || e.length > LONGEST_MODULUS) return undefined
    return readRsaKey({ kty, n, e })
  }
}

function readRsaKey(jwk: { kty: string; n: string; e: string }): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    // No numbers that make a key, as OpenSSL sees it: one of those that are passed over.
    return undefined
  }
}

/** Returns an object among the claims; an empty one where there is none. Throws {@link FederationError} where it is another thing. */
export function objectIn(claims: JsonObject, name: string): JsonObject {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined
  if (value === undefined) return {}
  return isJsonObject(value) ? value : refuse(`${name} is no object`)
}

/** Throws {@link FederationError}. */
export function refuse(message: string, cause?: unknown): never {
  throw new FederationError(message, { cause })
}

function keyFor(kid: Json | undefined, keys: readonly IssuerKey[]): KeyObject {
  if (typeof kid !== 'string') return refuse('no key is named')
  return keys.find((one) => one.kid === kid)?.key ?? refuse('another key')
}

function hintsIn(value: Json | undefined): readonly string[] {
  if (value === undefined) return []
  const isList = Array.isArray(value) && value.length > 0 && value.length <= MOST_HINTS
  if (!isList || !value.every((one) => typeof one === 'string'))
    return refuse('hints that are none')
  return value as readonly string[]
}
