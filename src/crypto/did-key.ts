/**
 * DIDs that are a public key and nothing else: `did:jwk` and `did:key`. Both spell the same key, so both are known by its
 * thumbprint (protocols CR-20). Sources: the did:jwk and did:key method specifications; multicodec table for the prefixes.
 */
import { ECDH } from 'node:crypto'
import { decodeBase64url, encodeBase64url } from './base64url.ts'
import { type PublicJwk, thumbprint, validatePublicJwk } from './thumbprint.ts'

const LARGEST = 1024
const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
/** Unsigned varints of the multicodec: Ed25519 0xed, P-256 0x1200, P-384 0x1201. */
const ED25519 = 'ed01'
const CURVES = {
  '8024': { crv: 'P-256', node: 'prime256v1', bytes: 32 },
  '8124': { crv: 'P-384', node: 'secp384r1', bytes: 48 },
} as const

/** RFC 7638 thumbprint of the key that a DID is; undefined for other methods and for what is no key of ours. */
export function thumbprintOfDid(did: string): string | undefined {
  if (did.length > LARGEST) return undefined
  const jwk = did.startsWith('did:jwk:') ? readDidJwk(did.slice(8)) : readDidKey(did)
  try {
    return jwk === undefined ? undefined : thumbprint(validatePublicJwk(jwk))
  } catch {
    // Not a key, or not on its curve: then it is a DID like any other, compared by its text.
    return undefined
  }
}

function readDidJwk(encoded: string): unknown {
  const bytes = decodeBase64url(encoded)
  if (bytes === undefined) return undefined
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined // as above
  }
}

function readDidKey(did: string): PublicJwk | undefined {
  if (!did.startsWith('did:key:z')) return undefined
  const bytes = decodeBase58(did.slice('did:key:z'.length))
  if (bytes === undefined || bytes.length < 3) return undefined
  const prefix = bytes.subarray(0, 2).toString('hex')
  const key = bytes.subarray(2)
  if (prefix === ED25519) return { kty: 'OKP', crv: 'Ed25519', x: encodeBase64url(key) }
  const curve = prefix === '8024' || prefix === '8124' ? CURVES[prefix] : undefined
  return curve === undefined ? undefined : readPoint(key, curve)
}

function readPoint(
  compressed: Buffer,
  { crv, node, bytes }: (typeof CURVES)[keyof typeof CURVES],
): PublicJwk | undefined {
  if (compressed.length !== bytes + 1) return undefined
  try {
    const point = ECDH.convertKey(compressed, node, undefined, undefined, 'uncompressed')
    const coordinates = Buffer.from(point as Uint8Array).subarray(1)
    const [x, y] = [coordinates.subarray(0, bytes), coordinates.subarray(bytes)]
    return { kty: 'EC', crv, x: encodeBase64url(x), y: encodeBase64url(y) }
  } catch {
    return undefined // not on the curve
  }
}

function decodeBase58(text: string): Buffer | undefined {
  if (text === '' || text.length > 256) return undefined
  let number = 0n
  for (const letter of text) {
    const digit = BASE58.indexOf(letter)
    if (digit < 0) return undefined
    number = number * 58n + BigInt(digit)
  }
  const hex = number.toString(16)
  const zeros = /^1*/.exec(text)?.[0].length ?? 0
  return Buffer.concat([Buffer.alloc(zeros), Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex')])
}
