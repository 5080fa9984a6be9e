/** Machine tokens of the tenant's own authorization server (RFC 9068), judged with the keys it publishes. */
import { decodeProtectedHeader, jwtVerify } from 'jose'
import { isTokenType, judgeTokenClaims, type MachineTokenClaims } from '../crypto/access-token.ts'
import { BridgeError, fail } from '../domain/failure.ts'
import type { JsonObject } from '../domain/text.ts'
import type { KeyChoice, KeySet } from './key-set.ts'

const ALGORITHMS = ['ES256', 'ES384', 'PS256', 'RS256', 'EdDSA', 'Ed25519']

/**
 * The claims, or undefined when anything is wrong with the token. `now` in milliseconds. Throws `unavailable` when the keys
 * cannot be had: then nobody knows.
 */
export async function readForeignToken(
  token: string,
  expected: { issuer: string; tokenType: 'at+jwt' | 'JWT'; keys: KeySet; now: number },
): Promise<MachineTokenClaims | undefined> {
  const choice = readChoice(token, expected.tokenType)
  if (choice === undefined) return undefined
  try {
    const key = await expected.keys.keyFor(choice)
    const { payload } = await jwtVerify(token, key, {
      algorithms: [choice.alg],
      currentDate: new Date(expected.now),
      clockTolerance: 10,
    })
    return judgeTokenClaims(payload as JsonObject, expected)
  } catch (error) {
    if (error instanceof BridgeError && isUnavailable(error)) fail({ kind: 'unavailable' }, error)
    // No such key, a wrong signature, out of time: the caller hears no reason.
    return undefined
  }
}

function readChoice(token: string, tokenType: 'at+jwt' | 'JWT'): KeyChoice | undefined {
  try {
    const { alg, kid, typ } = decodeProtectedHeader(token)
    if (alg === undefined || !ALGORITHMS.includes(alg) || !isTokenType(typ, tokenType))
      return undefined
    return { alg, kid }
  } catch {
    // Not a JWT.
    return undefined
  }
}

function isUnavailable({ failure }: BridgeError): boolean {
  return failure.kind === 'institution_refused' && failure.reason === 'unavailable'
}
