/** Known answers at start: a service whose HMAC, HKDF or AES computes something else must not touch a row (CR-33). */

import { decryptGcm, encryptGcm } from './aes-gcm.ts'
import { utf8 } from './length-prefixed.ts'
import { equalBytes } from './random.ts'
import { deriveBytes, makeSecretKey } from './secret-key.ts'

/** RFC 4231 section 4.3, RFC 5869 appendix A.1, and test case 14 of the GCM specification (McGrew and Viega). */
const HMAC_ANSWER = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'
const HKDF_ANSWER =
  '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865'
const GCM_ANSWER = 'cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919'

/** Computes three published values and returns if all are right. Throws Error that names the primitive otherwise. */
export function checkKnownAnswers(): void {
  const mac = makeSecretKey(utf8('Jefe')).mac(utf8('what do ya want for nothing?'))
  requireAnswer('HMAC-SHA-256', mac, HMAC_ANSWER)

  const salt = Uint8Array.from({ length: 13 }, (_, index) => index)
  const info = Uint8Array.from({ length: 10 }, (_, index) => 0xf0 + index)
  requireAnswer(
    'HKDF-SHA-256',
    deriveBytes(new Uint8Array(22).fill(0x0b), salt, info, 42),
    HKDF_ANSWER,
  )

  const key = new Uint8Array(32)
  const iv = new Uint8Array(12)
  const none = new Uint8Array(0)
  const ciphertext = encryptGcm(key, iv, none, new Uint8Array(16))
  requireAnswer('AES-256-GCM', ciphertext, GCM_ANSWER)
  requireAnswer('AES-256-GCM', decryptGcm(key, iv, none, ciphertext) ?? none, '00'.repeat(16))
}

function requireAnswer(primitive: string, computed: Uint8Array, answer: string): void {
  if (!equalBytes(computed, Buffer.from(answer, 'hex'))) {
    throw new Error(`${primitive} does not give its published answer`)
  }
}
