/**
 * AES-256-GCM with a 96-bit IV and a 128-bit tag, and no other sizes (NIST SP 800-38D; protocols CR-03, CR-09).
 * Runs on @noble/ciphers, which checks the tag before it decrypts: there are no unverified bytes to hand out (CR-04).
 */

import { gcm } from '@noble/ciphers/aes.js'

export const KEY_BYTES = 32
export const IV_BYTES = 12
export const TAG_BYTES = 16

/** Ciphertext with the tag behind it. Throws RangeError where key or IV have another size. */
export function encryptGcm(
  key: Uint8Array,
  iv: Uint8Array,
  additional: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  requireSizes(key, iv)
  return gcm(key, iv, additional).encrypt(plaintext)
}

/**
 * The plaintext, or undefined where the tag does not fit or is not whole. The tag is taken to be the last 16 bytes.
 * Throws RangeError where key or IV have another size.
 */
export function decryptGcm(
  key: Uint8Array,
  iv: Uint8Array,
  additional: Uint8Array,
  ciphertextAndTag: Uint8Array,
): Uint8Array | undefined {
  requireSizes(key, iv)
  if (ciphertextAndTag.length < TAG_BYTES) return undefined
  try {
    return gcm(key, iv, additional).decrypt(ciphertextAndTag)
  } catch {
    // The sizes are right, so the tag is what was refused; the library's error tells nothing more.
    return undefined
  }
}

function requireSizes(key: Uint8Array, iv: Uint8Array): void {
  if (key.length !== KEY_BYTES) throw new RangeError('AES-256 key must have 32 bytes')
  if (iv.length !== IV_BYTES) throw new RangeError('GCM IV must have 12 bytes')
}
