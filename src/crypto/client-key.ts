/** Keys that a relying party registers for `private_key_jwt`: public ones, of kinds that `client-assertion.ts` verifies. */
import { createPublicKey } from 'node:crypto'
import type { JsonObject } from '../domain/text.ts'
import { decodeBase64url } from './base64url.ts'
import { JwkError, validatePublicJwk } from './thumbprint.ts'

/** What each kind of key may sign with (RFC 7518 section 3.1, RFC 8037, RFC 9864). */
const ALGORITHMS: Readonly<Record<string, readonly string[]>> = {
  'P-256': ['ES256'],
  'P-384': ['ES384'],
  Ed25519: ['EdDSA', 'Ed25519'],
  RSA: ['RS256', 'PS256'],
}
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']
const MOST_KEYS = 8
const RSA_BITS = { least: 2048, most: 8192 }

/**
 * Returns the keys as they are kept: public members, `kid`, `alg` and `use`; or undefined when one of them is private,
 * broken, too small, meant for something else, or when several share or lack a `kid` (the right one could not be found).
 */
export function readClientKeys(keys: readonly unknown[]): readonly JsonObject[] | undefined {
  const read = keys.map(readClientKey)
  const usable = read.filter((key) => key !== undefined)
  if (usable.length !== keys.length || usable.length === 0 || usable.length > MOST_KEYS)
    return undefined
  const names = usable.map(({ kid }) => kid)
  const named = new Set(names).size === names.length && !names.includes(undefined as never)
  return usable.length === 1 || named ? usable : undefined
}

function readClientKey(key: unknown): JsonObject | undefined {
  if (typeof key !== 'object' || key === null) return undefined
  const { kid, alg, use } = key as Readonly<Record<string, unknown>>
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > 256))
    return undefined
  if (use !== undefined && use !== 'sig') return undefined
  const required = readRequired(key as Readonly<Record<string, unknown>>)
  if (required === undefined) return undefined
  const algorithms = ALGORITHMS[required.kty === 'RSA' ? 'RSA' : String(required.crv)] ?? []
  if (alg !== undefined && !algorithms.includes(String(alg))) return undefined
  return {
    ...required,
    ...(kid === undefined ? {} : { kid }),
    ...(alg === undefined ? {} : { alg: String(alg) }),
    use: 'sig',
  }
}

function readRequired(
  key: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> | undefined {
  if (key.kty === 'RSA') return readRsa(key)
  try {
    return { ...validatePublicJwk(key) }
  } catch (error) {
    if (error instanceof JwkError) return undefined
    throw error
  }
}

function readRsa(
  key: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> | undefined {
  const { n, e, key_ops: operations } = key
  if (PRIVATE.some((name) => name in key)) return undefined
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return undefined
  }
  if (typeof n !== 'string' || typeof e !== 'string' || n.length > 2048 || e.length > 16)
    return undefined
  if (decodeBase64url(n) === undefined || decodeBase64url(e) === undefined) return undefined
  try {
    const jwk = { kty: 'RSA', n, e }
    const { modulusLength, publicExponent } =
      createPublicKey({ key: jwk, format: 'jwk' }).asymmetricKeyDetails ?? {}
    const bits = modulusLength ?? 0
    // An even exponent or 1 verifies whatever one likes.
    if (publicExponent === undefined || publicExponent < 3n || publicExponent % 2n === 0n)
      return undefined
    return bits >= RSA_BITS.least && bits <= RSA_BITS.most ? jwk : undefined
  } catch {
    // OpenSSL could not read it: no key, whatever its reason.
    return undefined
  }
}
