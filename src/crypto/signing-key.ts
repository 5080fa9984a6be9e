/** Signing keys of our own: made here, stored sealed by the caller, imported once and kept as KeyObjects. */

import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { TokenAlgorithm } from '../domain/token-algorithm.ts'
import { type EcPublicJwk, type RsaPublicJwk, thumbprint } from './thumbprint.ts'

/** A new signing key. `privatePkcs8` is DER and secret; the rest may be published. */
export interface NewSigningKey {
  readonly kid: string
  readonly publicJwk: EcPublicJwk | RsaPublicJwk
  readonly privatePkcs8: Uint8Array
}

/** 3072 bits are good beyond 2030 (BSI TR-02102-1, NIST SP 800-57 part 1); 4096 would double the cost of each token. */
const RSA_BITS = 3072

const generate = promisify(generateKeyPair)

/**
 * A new key pair, made outside the event loop: a second of computing for RSA must not hold up logins. `kid` is the RFC 7638
 * thumbprint of the public key. P-256 for ES256, 3072 bits with exponent 65537 for RSA.
 */
export async function generateSigningKey(algorithm: TokenAlgorithm): Promise<NewSigningKey> {
  const pair =
    algorithm === 'ES256'
      ? await generate('ec', { namedCurve: 'P-256' })
      : await generate('rsa', { modulusLength: RSA_BITS, publicExponent: 65537 })
  const publicJwk = exportPublicJwk(pair.publicKey)
  const privatePkcs8 = new Uint8Array(pair.privateKey.export({ type: 'pkcs8', format: 'der' }))
  return { kid: thumbprint(publicJwk), publicJwk, privatePkcs8 }
}

/** The private key of PKCS#8 DER bytes. Import once and keep: this is no work for a request. Throws on other bytes. */
export function importSigningKey(pkcs8: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
}

/** A public key that is ready to verify. */
export type PublicKey = KeyObject

/** The public key of a JWK that we stored ourselves. Import once and keep. */
export function importVerifyingKey(jwk: EcPublicJwk | RsaPublicJwk): PublicKey {
  return createPublicKey({ key: { ...jwk }, format: 'jwk' })
}

/** The public JWK of a P-256 or RSA key, required members only. Throws TypeError for another key. */
export function exportPublicJwk(key: KeyObject): EcPublicJwk | RsaPublicJwk {
  const { kty, crv, x, y, n, e } = key.export({ format: 'jwk' })
  if (kty === 'EC' && crv === 'P-256' && x !== undefined && y !== undefined) {
    return { kty, crv, x, y }
  }
  if (kty === 'RSA' && n !== undefined && e !== undefined) return { kty, n, e }
  throw new TypeError('neither a P-256 nor an RSA key')
}
