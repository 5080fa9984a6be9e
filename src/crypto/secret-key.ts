/**
 * A key as the two things it may do. Its bytes live in a closure: neither JSON.stringify nor an inspector's print of the
 * object shows them, and no property leads to them (protocols CR-35). HMAC and HKDF run on @noble/hashes.
 */

import { expand, hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'

/** A 256-bit key. */
export interface SecretKey {
  /** HMAC-SHA-256 of the message, 32 bytes, never truncated (RFC 2104). */
  readonly mac: (message: Uint8Array) => Uint8Array
  /** HKDF-Expand with SHA-256 from this key, `length` bytes (RFC 5869 section 2.3). */
  readonly expand: (info: Uint8Array, length: number) => Uint8Array
}

/**
 * A key of these bytes; a copy is taken. The HMAC state behind the key is prepared once, at its first HMAC: a login uses it
 * again, and a person's data key, of which there is one a person, never does.
 */
export function makeSecretKey(bytes: Uint8Array): SecretKey {
  const secret = Uint8Array.from(bytes)
  let prepared: ReturnType<typeof hmac.create> | undefined
  return Object.freeze({
    mac: (message: Uint8Array) => {
      prepared ??= hmac.create(sha256, secret)
      return prepared.clone().update(message).digest()
    },
    expand: (info: Uint8Array, length: number) => expand(sha256, secret, info, length),
  })
}

/** HKDF-SHA-256, extract and expand (RFC 5869 section 2). An empty salt stands for 32 zero bytes. */
export function deriveBytes(
  secret: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  return hkdf(sha256, secret, salt, info, length)
}
