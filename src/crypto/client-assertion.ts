/** Client assertions: `private_key_jwt` of OpenID Connect Core section 9, as draft-ietf-oauth-rfc7523bis tightens it. */
import { createLocalJWKSet, decodeJwt, type JWK, jwtVerify } from 'jose'
import { MINUTE, SECOND, toSeconds } from '../domain/time.ts'

const ALGORITHMS = ['ES256', 'ES384', 'PS256', 'RS256', 'EdDSA', 'Ed25519']
const MAX_ASSERTION = 16 * 1024
const MAX_LIFETIME_SECONDS = (5 * MINUTE) / SECOND
const SKEW_SECONDS = 60
const FUTURE_SECONDS = 30

/** The client an assertion says it is from; nothing is proved. Undefined when it cannot be read. */
export function readAssertionClient(assertion: string): string | undefined {
  if (assertion.length > MAX_ASSERTION) return undefined
  try {
    const { sub } = decodeJwt(assertion)
    return sub
  } catch {
    // Not a JWT: the caller answers as for an unknown client.
    return undefined
  }
}

/**
 * Its `jti` and end (milliseconds), or undefined when anything is wrong: signature by a registered key, `iss` = `sub` =
 * client id, `aud` the issuer as sole value (not an array, not an endpoint), `exp` at most five minutes ahead, `jti` there.
 */
export async function judgeClientAssertion(
  assertion: string,
  expected: {
    clientId: string
    audience: string
    keys: readonly Record<string, unknown>[]
    /** Algorithms this client may not use. */
    refused?: readonly string[]
    /** Milliseconds. */
    now: number
  },
): Promise<{ jti: string; expiresAt: number } | undefined> {
  if (assertion.length > MAX_ASSERTION) return undefined
  try {
    const keys = createLocalJWKSet({ keys: expected.keys as JWK[] })
    const { payload } = await jwtVerify(assertion, keys, {
      algorithms: ALGORITHMS.filter((name) => expected.refused?.includes(name) !== true),
      issuer: expected.clientId,
      subject: expected.clientId,
      audience: expected.audience,
      requiredClaims: ['exp', 'jti'],
      clockTolerance: SKEW_SECONDS,
      currentDate: new Date(expected.now),
    })
    const { aud, exp, jti, iat, nbf } = payload
    // Clocks differ by seconds; a time of a minute ahead is no accident (FAPI 2.0, protocols OP-94).
    const latest = toSeconds(expected.now) + FUTURE_SECONDS
    if ((iat ?? 0) > latest || (nbf ?? 0) > latest) return undefined
    if (
      typeof aud !== 'string' ||
      exp === undefined ||
      typeof jti !== 'string' ||
      jti === '' ||
      jti.length > 512
    )
      return undefined
    if (exp > toSeconds(expected.now) + MAX_LIFETIME_SECONDS + SKEW_SECONDS) return undefined
    return { jti, expiresAt: (exp + SKEW_SECONDS) * SECOND }
  } catch {
    // Whatever is wrong with it: the client is not authenticated, and hears no reason.
    return undefined
  }
}
