/** Everything that looks random, from one seed: the same seed gives the same keys, salts, certificates and signatures. */
import { createHmac } from 'node:crypto'
import { p256 } from '@noble/curves/nist.js'

/** A P-256 key with its deterministic ECDSA (RFC 6979). */
export interface SigningKey {
  /** Signature over SHA-256 of the data: r and s, 64 bytes. */
  sign(data: Uint8Array | string): Uint8Array
  /** The same in DER, as X.509 wants it. */
  signDer(data: Uint8Array): Uint8Array
  /** Shared secret with another's public point (ECDH). */
  agree(point: Uint8Array): Uint8Array
  jwk: { kty: 'EC'; crv: 'P-256'; x: string; y: string }
  x: Uint8Array
  y: Uint8Array
}

export interface Seed {
  /** `length` bytes that belong to the label. */
  bytes(label: string, length?: number): Uint8Array
  key(label: string): SigningKey
}

/** A seed from any text. */
export function createSeed(text: string): Seed {
  const bytes = (label: string, length = 32): Uint8Array => {
    const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, index) =>
      createHmac('sha256', text).update(`${index} ${label}`).digest(),
    )
    return new Uint8Array(Buffer.concat(blocks).subarray(0, length))
  }
  return { bytes, key: (label) => keyOf(p256.utils.randomSecretKey(bytes(`key ${label}`, 48))) }
}

function keyOf(secret: Uint8Array): SigningKey {
  const point = p256.getPublicKey(secret, false)
  const [x, y] = [point.slice(1, 33), point.slice(33)]
  const text = (part: Uint8Array) => Buffer.from(part).toString('base64url')
  const octets = (data: Uint8Array | string) =>
    typeof data === 'string' ? Buffer.from(data) : data
  return {
    sign: (data) => p256.sign(octets(data), secret, { lowS: false }),
    signDer: (data) => p256.sign(data, secret, { lowS: false, format: 'der' }),
    agree: (other) => p256.getSharedSecret(secret, other).slice(1),
    jwk: { kty: 'EC', crv: 'P-256', x: text(x), y: text(y) },
    ...{ x, y },
  }
}
