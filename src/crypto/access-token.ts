/** Access tokens that are JWTs (RFC 9068): made here for machine clients, and believed only with `typ` `at+jwt`. */
import type { JsonObject } from '../domain/text.ts'
import { SECOND, toSeconds } from '../domain/time.ts'
import type { TokenAlgorithm } from '../domain/token-algorithm.ts'
import { JwsError, readCompact, readPayload, signCompact, verifyCompact } from './jws.ts'
import type { PrivateKey } from './sealed-signing-key.ts'
import type { PublicKey } from './signing-key.ts'

/** A key of a tenant's published set. */
export interface VerifyingKey {
  algorithm: TokenAlgorithm
  publicKey: PublicKey
}

/** What of a token counts, whoever made it. Times in milliseconds. */
export interface MachineTokenClaims {
  clientId: string
  audiences: readonly string[]
  scope: string
  jti: string
  expiresAt: number
  issuedAt: number
  /** Thumbprint of the key it is bound to (RFC 9449 section 6.1); undefined for a bearer token. */
  jkt: string | undefined
}

const MAX_TOKEN = 8 * 1024
const SKEW = 10 * SECOND

/** The signed token; `kid` names the key in the tenant's published set. */
export function signAccessToken(
  key: { kid: string; privateKey: PrivateKey },
  claims: JsonObject,
): string {
  return signCompact({
    header: { typ: 'at+jwt', kid: key.kid },
    payload: claims,
    key: key.privateKey,
    algorithm: 'ES256',
  })
}

/** An introspection answer as a JWT (RFC 9701 section 5), which its type keeps from ever being taken for a token. */
export function signIntrospection(
  key: { kid: string; privateKey: PrivateKey },
  claims: JsonObject,
): string {
  return signCompact({
    header: { typ: 'token-introspection+jwt', kid: key.kid },
    payload: claims,
    key: key.privateKey,
    algorithm: 'ES256',
  })
}

/** The `iss` that a token claims, which says whose keys to look at and proves nothing. Undefined for what is no JWT. */
export function readTokenIssuer(token: string): string | undefined {
  try {
    const { iss } = readPayload(readCompact(token, { maxBytes: MAX_TOKEN }))
    return typeof iss === 'string' ? iss : undefined
  } catch (error) {
    if (error instanceof JwsError) return undefined
    throw error
  }
}

/**
 * The claims of a token of our own, or undefined: signature by a key of the set, `typ`, `iss`, times. Whom it is meant for
 * and what it allows is the caller's to judge. `now` in milliseconds (RFC 9068 section 4).
 */
export function readAccessToken(
  token: string,
  expected: { issuer: string; keys: ReadonlyMap<string, VerifyingKey>; now: number },
): MachineTokenClaims | undefined {
  try {
    const jws = readCompact(token, { maxBytes: MAX_TOKEN })
    const { typ, kid } = jws.header
    const key = typeof kid === 'string' ? expected.keys.get(kid) : undefined
    if (key === undefined || !isTokenType(typ, 'at+jwt')) return undefined
    verifyCompact(jws, key.publicKey, [key.algorithm])
    return judgeTokenClaims(readPayload(jws), expected)
  } catch (error) {
    if (error instanceof JwsError) return undefined
    throw error
  }
}

/** Media types compare without case, and `application/` may be left out (RFC 7515 section 4.1.9). */
export function isTokenType(typ: unknown, wanted: 'at+jwt' | 'JWT'): boolean {
  return (
    typeof typ === 'string' &&
    typ.toLowerCase().replace(/^application\//, '') === wanted.toLowerCase()
  )
}

/** The claims of a payload whose signature is believed, or undefined where one is missing, malformed or out of time. */
export function judgeTokenClaims(
  payload: JsonObject,
  expected: { issuer: string; now: number; tokenType?: 'at+jwt' | 'JWT' },
): MachineTokenClaims | undefined {
  const { iss, sub, aud, exp, iat, nbf, jti, scope, client_id: clientId, cnf } = payload
  // Of a token that is none of RFC 9068 the subject may be all there is; of one that is, it may be a user (section 2.2).
  const client = clientId === undefined && expected.tokenType === 'JWT' ? sub : clientId
  const audiences = (Array.isArray(aud) ? aud : [aud]).filter((one) => typeof one === 'string')
  const latest = toSeconds(expected.now + SKEW)
  const inTime =
    typeof exp === 'number' &&
    exp * SECOND > expected.now &&
    typeof iat === 'number' &&
    iat <= latest &&
    (nbf === undefined || (typeof nbf === 'number' && nbf <= latest))
  if (iss !== expected.issuer || !inTime || audiences.length === 0) return undefined
  if (typeof client !== 'string' || client === '' || client.length > 255) return undefined
  if (typeof jti !== 'string' || jti === '' || jti.length > 512) return undefined
  const bound = readConfirmation(cnf)
  if (bound === 'unknown') return undefined
  return {
    ...{ clientId: client, audiences, scope: typeof scope === 'string' ? scope : '', jti },
    ...{ expiresAt: exp * SECOND, issuedAt: iat * SECOND, jkt: bound },
  }
}

/** A token bound in a way we cannot check must not be taken for one that is not bound. */
function readConfirmation(cnf: unknown): string | undefined | 'unknown' {
  if (cnf === undefined) return undefined
  if (typeof cnf !== 'object' || cnf === null || !('jkt' in cnf)) return 'unknown'
  return typeof cnf.jkt === 'string' && /^[A-Za-z0-9_-]{43}$/.test(cnf.jkt) ? cnf.jkt : 'unknown'
}
