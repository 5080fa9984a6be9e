/**
 * Decentralized identifiers that are a public key themselves: `did:jwk` and `did:key`. Nothing is resolved, only read.
 * What is fetched is in `did-web.ts`.
 */
import type { KeyObject } from 'node:crypto'
import { decodeBase64url } from '../crypto/base64url.ts'
import { JwkError, type PublicJwk, readPublicKey } from '../crypto/thumbprint.ts'
import type { Json } from '../domain/text.ts'
import { readCompressedPoint } from './compressed-point.ts'
import { isJsonObject, readJson } from './json.ts'

export interface DidKey {
  jwk: PublicJwk
  key: KeyObject
}

/** Longer ones hold no key that we verify with. */
const LONGEST_KEY_TEXT = 1024

/** Kinds of keys by the bytes in front of them (multicodec): what they are and how many bytes follow. */
const CODECS: readonly { prefix: readonly number[]; crv: 'Ed25519' | 'P-256' | 'P-384' }[] = [
  { prefix: [0xed, 0x01], crv: 'Ed25519' },
  { prefix: [0x80, 0x24], crv: 'P-256' },
  { prefix: [0x81, 0x24], crv: 'P-384' },
]
/** `jwk_jcs-pub`: a JWK in its canonical form, as EBSI names natural persons. */
const CANONICAL_JWK = [0xd1, 0xd6, 0x03]

/**
 * Returns the key that a `did:jwk` or `did:key` is; undefined for any other text, and for keys that are none of ours or
 * not on their curve. A fragment is no part of a DID and makes it another text.
 */
export function readDid(did: string): DidKey | undefined {
  if (did.startsWith('did:jwk:')) return readJwkText(did.slice('did:jwk:'.length))
  if (did.startsWith('did:key:')) return readMultikey(did.slice('did:key:'.length))
  return undefined
}

function readJwkText(text: string): DidKey | undefined {
  if (text.length > LONGEST_KEY_TEXT) return undefined
  const bytes = decodeBase64url(text)
  return bytes === undefined ? undefined : readKey(readJson(bytes, 4))
}

/** Returns the key of a multibase text in base58btc (Multikey, as in `did:key`), or undefined. */
export function readMultikey(text: string): DidKey | undefined {
  if (!text.startsWith('z') || text.length > LONGEST_KEY_TEXT) return undefined
  const bytes = decodeBase58(text.slice(1))
  if (bytes === undefined) return undefined
  if (startsWith(bytes, CANONICAL_JWK)) return readCanonicalJwk(bytes.subarray(3))
  const codec = CODECS.find(({ prefix }) => startsWith(bytes, prefix))
  if (codec === undefined) return undefined
  const raw = bytes.subarray(codec.prefix.length)
  if (codec.crv === 'Ed25519') {
    return readKey({ kty: 'OKP', crv: codec.crv, x: Buffer.from(raw).toString('base64url') })
  }
  return readCompressedPoint(codec.crv, raw)
}

/** One spelling for each key, or one holder would have several names. */
function readCanonicalJwk(bytes: Uint8Array): DidKey | undefined {
  const read = readKey(readJson(bytes, 2))
  const { kty, crv, ...point } = read?.jwk ?? { kty: '', crv: '' }
  const canonical = JSON.stringify({ crv, kty, ...point })
  return canonical === Buffer.from(bytes).toString('utf8') ? read : undefined
}

function readKey(jwk: Json | undefined): DidKey | undefined {
  if (!isJsonObject(jwk)) return undefined
  try {
    return readPublicKey(jwk)
  } catch (error) {
    if (error instanceof JwkError) return undefined
    throw error
  }
}

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** Quadratic in the length, which is bounded above. */
function decodeBase58(text: string): Uint8Array | undefined {
  let number = 0n
  for (const digit of text) {
    const value = BASE58.indexOf(digit)
    if (value < 0) return undefined
    number = number * 58n + BigInt(value)
  }
  const zeros = /^1*/.exec(text)?.[0].length ?? 0
  const digits = number === 0n ? '' : number.toString(16)
  const body = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex')
  return Buffer.concat([Buffer.alloc(zeros), body])
}

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((octet, index) => bytes[index] === octet)
}
