/**
 * Public keys written as one coordinate and the parity of the other (SEC 1 section 2.3.3), as in `did:key` and, if the
 * issuer likes it short, in COSE. They become the same JWK as the key in full, or one holder would have two names.
 */
import { ECDH, type KeyObject } from 'node:crypto'
import { JwkError, type PublicJwk, readPublicKey } from '../crypto/thumbprint.ts'

const CURVES = {
  'P-256': { name: 'prime256v1', bytes: 32 },
  'P-384': { name: 'secp384r1', bytes: 48 },
} as const

/** Returns the key of a compressed point, its first octet 2 or 3; undefined where it is no point of the curve. */
export function readCompressedPoint(
  crv: keyof typeof CURVES,
  raw: Uint8Array,
): { jwk: PublicJwk; key: KeyObject } | undefined {
  const { name, bytes } = CURVES[crv]
  if (raw.length !== bytes + 1 || (raw[0] !== 2 && raw[0] !== 3)) return undefined
  const point = uncompress(raw, name)
  if (point === undefined) return undefined
  const part = (from: number) => point.subarray(from, from + bytes).toString('base64url')
  try {
    return readPublicKey({ kty: 'EC', crv, x: part(1), y: part(1 + bytes) })
  } catch (error) {
    if (error instanceof JwkError) return undefined
    throw error
  }
}

function uncompress(raw: Uint8Array, curve: string): Buffer | undefined {
  try {
    return ECDH.convertKey(raw, curve, undefined, undefined, 'uncompressed') as Buffer
  } catch {
    // No point of the curve has this abscissa.
    return undefined
  }
}
