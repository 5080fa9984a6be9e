/** Client assertions: `private_key_jwt` of OpenID Connect Core section 9, and as draft-ietf-oauth-rfc7523bis tightens it. */
import {
  createLocalJWKSet,
  decodeJwt,
  type JWK,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose'
import type { ClientProfile } from '../domain/client-profile.ts'
import { BridgeError } from '../domain/failure.ts'
import { HOUR, MINUTE, SECOND, toSeconds } from '../domain/time.ts'

const ALGORITHMS = ['ES256', 'ES384', 'PS256', 'RS256', 'EdDSA', 'Ed25519']
const MAX_ASSERTION = 16 * 1024
const SKEW_SECONDS = 60
const FUTURE_SECONDS = 30

/** The client an assertion says it is from; nothing is proved. Undefined when it cannot be read. */
export function readAssertionClient(assertion: string): string | undefined {
  if (assertion.length > MAX_ASSERTION) return undefined
  try {
    const { sub }: { sub?: unknown } = decodeJwt(assertion)
    return typeof sub === 'string' ? sub : undefined
  } catch {
    // Not a JWT: the caller answers as for an unknown client.
    return undefined
  }
}

/** Whom an assertion is for, and how long it may last. */
export interface AssertionRules {
  /** Names of this authorization server: the issuer, and where wanted its endpoints. */
  audiences: readonly string[]
  /** Whether a list that holds nothing but one of them will do. */
  listed: boolean
  /** How far ahead its end may be, milliseconds. */
  longest: number
  algorithms: readonly string[]
}

/** The rules of each profile at an issuer. `endpoints`: where it takes assertions. */
export function assertionRules(
  profile: ClientProfile,
  issuer: string,
  endpoints: readonly string[],
): AssertionRules {
  const strict = { audiences: [issuer], listed: false, longest: 5 * MINUTE, algorithms: ALGORITHMS }
  switch (profile) {
    // draft-ietf-oauth-rfc7523bis: the issuer as a string, so that no other server can pass on what was signed for it.
    case 'standard':
      return strict
    // What Core section 9 and RFC 9126 section 2 left to clients, many of which name the endpoint they talk to.
    case 'classic':
      return { ...strict, audiences: [issuer, ...endpoints], listed: true, longest: HOUR }
    // FAPI 2.0 Security Profile 5.4.1: no PKCS#1 v1.5.
    case 'fapi2':
      return { ...strict, algorithms: ALGORITHMS.filter((name) => name !== 'RS256') }
    default:
      return profile satisfies never
  }
}

/** A client's keys: registered, or found where it publishes them by the algorithm and key id of an assertion. */
export type ClientKeys =
  | readonly Record<string, unknown>[]
  | ((choice: { alg: string; kid: string | undefined }) => Promise<CryptoKey>)

/**
 * Its `jti` and end (milliseconds), or undefined when anything is wrong: signature by a key of the client, `iss` = `sub` =
 * client id, `aud` and `exp` within the rules, `jti` there. Throws `unavailable` when published keys cannot be had.
 */
export async function judgeClientAssertion(
  assertion: string,
  rules: AssertionRules,
  expected: {
    clientId: string
    keys: ClientKeys
    /** Milliseconds. */
    now: number
  },
): Promise<{ jti: string; expiresAt: number } | undefined> {
  if (assertion.length > MAX_ASSERTION) return undefined
  try {
    const { payload } = await jwtVerify(assertion, findKey(expected.keys), {
      algorithms: [...rules.algorithms],
      issuer: expected.clientId,
      subject: expected.clientId,
      audience: [...rules.audiences],
      requiredClaims: ['exp', 'jti'],
      clockTolerance: SKEW_SECONDS,
      currentDate: new Date(expected.now),
    })
    return judgeClaims(payload, rules, toSeconds(expected.now))
  } catch (error) {
    if (error instanceof BridgeError && error.failure.kind === 'unavailable') throw error
    // Whatever is wrong with it: the client is not authenticated, and hears no reason.
    return undefined
  }
}

function findKey(keys: ClientKeys): JWTVerifyGetKey {
  if (typeof keys !== 'function') return createLocalJWKSet({ keys: keys as JWK[] })
  // The algorithm was looked at before: only those of the rules come this far.
  return ({ alg, kid }) => keys({ alg, kid })
}

function judgeClaims({ aud, exp, jti, iat, nbf }: JWTPayload, rules: AssertionRules, now: number) {
  const sole = typeof aud === 'string' || (rules.listed && aud?.length === 1)
  if (!sole || exp === undefined) return undefined
  if (typeof jti !== 'string' || jti === '' || jti.length > 512) return undefined
  // Clocks differ by seconds; a time of a minute ahead is no accident (FAPI 2.0, protocols OP-94).
  if ((iat ?? 0) > now + FUTURE_SECONDS || (nbf ?? 0) > now + FUTURE_SECONDS) return undefined
  if (exp > now + rules.longest / SECOND + SKEW_SECONDS) return undefined
  return { jti, expiresAt: (exp + SKEW_SECONDS) * SECOND }
}
