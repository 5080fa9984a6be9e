/**
 * The ID token, as far as openid-client leaves it to us: in the code flow the library trusts TLS for the signature and
 * does not look at `at_hash`. Here both are judged, with the stricter rules of the protocols (UP-34, UP-35).
 */
import { createHash } from 'node:crypto'
import { type CryptoKey, compactVerify } from 'jose'
import { decodeBase64url } from '../crypto/base64url.ts'
import { equalText } from '../crypto/random.ts'
import { fail } from '../domain/failure.ts'
import { parseStrictJson } from '../domain/strict-json.ts'
import type { Json, JsonObject } from '../domain/text.ts'
import type { KeyChoice } from './key-set.ts'

/** Headers that would let the token choose its own key, or demand what we do not know. */
const REFUSED_HEADERS = ['jku', 'x5u', 'jwk', 'crit']
const MAX_SUBJECT_LENGTH = 255

/**
 * The part of the header that chooses the key, `alg` being the one we registered for. Throws `institution_refused` /
 * `id_token_invalid`.
 */
export function readKeyChoice(idToken: string, alg: string): KeyChoice {
  const header = decodePart(idToken, 0)
  if (header.alg !== alg || REFUSED_HEADERS.some((name) => name in header)) refuse()
  const kid = header.kid
  if (kid !== undefined && typeof kid !== 'string') refuse()
  return { alg, kid }
}

/**
 * The claims and their `sub`, once the signature is right and they are for us alone: sole audience or authorised party, `azp` ours if
 * there is one, `sub` 1 to 255 characters, `at_hash` right if there is one (OpenID Connect Core 3.1.3.7, 3.1.3.8).
 * Issuer and nonce are openid-client's part, times are `readIdentity`'s. Throws `id_token_invalid`.
 */
export async function verifyIdToken(
  idToken: string,
  signed: { key: CryptoKey; alg: string },
  expected: { clientId: string; accessToken: string },
): Promise<{ claims: JsonObject; subject: string }> {
  try {
    await compactVerify(idToken, signed.key, { algorithms: [signed.alg] })
  } catch {
    // jose's error may carry the claims: it is not passed on.
    refuse()
  }
  const claims = decodePart(idToken, 1)
  if (!isForUs(claims, expected.clientId)) refuse()
  const subject = claims.sub
  if (typeof subject !== 'string' || subject === '' || subject.length > MAX_SUBJECT_LENGTH) refuse()
  const hash = claims.at_hash
  if (hash !== undefined && !isHashOf(hash, expected.accessToken, signed.alg)) refuse()
  return { claims, subject }
}

function isForUs(claims: JsonObject, clientId: string): boolean {
  const { aud, azp } = claims
  if (azp !== undefined && azp !== clientId) return false
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  return audiences.includes(clientId) && (audiences.length === 1 || azp === clientId)
}

/** The left half of the hash that belongs to the signature's algorithm (Core 3.1.3.6); SHA-512 for Ed25519. */
function isHashOf(hash: Json, accessToken: string, alg: string): boolean {
  if (typeof hash !== 'string') return false
  const digest = createHash(`sha${/(256|384)$/.exec(alg)?.[1] ?? 512}`)
    .update(accessToken)
    .digest()
  return equalText(hash, digest.subarray(0, digest.length / 2).toString('base64url'))
}

function decodePart(idToken: string, index: 0 | 1): JsonObject {
  const parts = idToken.split('.')
  const bytes = parts.length === 3 ? decodeBase64url(parts[index] ?? '') : undefined
  if (bytes === undefined) refuse()
  try {
    const value = parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      return value as JsonObject
    }
  } catch {
    // Whatever was wrong with it, the words may quote the token.
  }
  refuse()
}

function refuse(): never {
  fail({ kind: 'institution_refused', reason: 'id_token_invalid' })
}
