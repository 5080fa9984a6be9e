/**
 * A wallet that wants nobody on the way to read what it is asked posts a key when it fetches the request (OpenID4VP 1.0
 * section 5.10); the signed request then comes inside a JWE (RFC 9101 section 4): ECDH-ES on P-256 with A128GCM or A256GCM,
 * as answers come to us. The key is used for this and for nothing else (VP-036).
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { CompactEncrypt } from 'jose'
import type { Json, JsonObject } from '../domain/text.ts'
import { isJsonObject } from './json.ts'
import { CONTENT_ENCRYPTIONS } from './response-encryption.ts'

const MOST_KEYS = 16
const LONGEST_KEY_ID = 256

export interface RequestEncryptionKey {
  key: KeyObject
  kid: string | undefined
  enc: string
}

/**
 * Returns the key that a wallet's metadata offers for the request object; undefined where there is none that we can encrypt
 * to: the request is then signed alone, and whether that will do is the wallet's to say.
 */
export function readRequestEncryptionKey(metadata: JsonObject): RequestEncryptionKey | undefined {
  const algorithms = metadata.request_object_encryption_alg_values_supported
  if (Array.isArray(algorithms) && !algorithms.includes('ECDH-ES')) return undefined
  const listed = metadata.request_object_encryption_enc_values_supported
  const enc = Array.isArray(listed)
    ? CONTENT_ENCRYPTIONS.find((known) => listed.includes(known))
    : 'A128GCM'
  const keys = isJsonObject(metadata.jwks) ? metadata.jwks.keys : undefined
  if (enc === undefined || !Array.isArray(keys)) return undefined
  const [usable] = keys.slice(0, MOST_KEYS).flatMap((jwk) => readKey(jwk) ?? [])
  return usable && { ...usable, enc }
}

function readKey(jwk: Json): Omit<RequestEncryptionKey, 'enc'> | undefined {
  if (!isJsonObject(jwk) || jwk.kty !== 'EC' || jwk.crv !== 'P-256') return undefined
  const { x, y, kid, use = 'enc', alg = 'ECDH-ES' } = jwk
  if (use !== 'enc' || alg !== 'ECDH-ES') return undefined
  if (typeof x !== 'string' || typeof y !== 'string') return undefined
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > LONGEST_KEY_ID))
    return undefined
  try {
    const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })
    return { key, kid }
  } catch {
    // No point of the curve: no key.
    return undefined
  }
}

/** Returns the compact JWE around a signed request object, under the wallet's `kid` if it has one. */
export function encryptRequestObject(
  signed: string,
  { key, kid, enc }: RequestEncryptionKey,
): Promise<string> {
  const named = kid === undefined ? {} : { kid }
  return new CompactEncrypt(new TextEncoder().encode(signed))
    .setProtectedHeader({ alg: 'ECDH-ES', enc, cty: 'JWT', ...named })
    .encrypt(key)
}
