/**
 * The one kind of encrypted response that we ask for (OpenID4VP 1.0 section 8.3, HAIP 1.0 section 5): a compact JWE
 * (RFC 7516), ECDH-ES in direct mode on P-256 (RFC 7518 section 4.6), A128GCM or A256GCM. Nothing else is there to be
 * switched on: no other algorithm, no compression, no JSON serialisation, no password.
 *
 * Encryption proves nothing about the sender (section 14.5): anyone may encrypt anything to our key.
 */
import { createDecipheriv, createECDH, createHash } from 'node:crypto'
import { decodeBase64url, encodeBase64url } from '../crypto/base64url.ts'
import { fail } from '../domain/failure.ts'
import type { Json, JsonObject } from '../domain/text.ts'
import { isJsonObject, readJson } from './json.ts'

/** Characters of a whole response, and of its header. */
const LARGEST_RESPONSE = 1024 * 1024
const LARGEST_HEADER = 16 * 1024
const LARGEST_PARTY_INFO = 1024

const KEY_LENGTH = { A128GCM: 16, A256GCM: 32 } as const
type ContentEncryption = keyof typeof KEY_LENGTH
/** What the request object lists, the better one first. */
export const CONTENT_ENCRYPTIONS: readonly ContentEncryption[] = ['A256GCM', 'A128GCM']

/** The public half of a response key. */
export interface ResponseJwk {
  kty: 'EC'
  crv: 'P-256'
  x: string
  y: string
}

/** Returns a fresh P-256 key: the private scalar as 32 octets, the public point as a JWK. */
export function createResponseKey(): { privateKey: Uint8Array; publicJwk: ResponseJwk } {
  const ecdh = createECDH('prime256v1')
  const point = ecdh.generateKeys()
  const privateKey = new Uint8Array(32)
  const scalar = ecdh.getPrivateKey()
  // OpenSSL writes the scalar without its leading zeros.
  privateKey.set(scalar, 32 - scalar.length)
  return { privateKey, publicJwk: jwkOf(point) }
}

/** Returns the public JWK of a private scalar of 32 octets. Throws RangeError if it is none. */
export function publicJwkOf(privateKey: Uint8Array): ResponseJwk {
  return jwkOf(ecdhOf(privateKey).getPublicKey())
}

/**
 * Returns the `kid` of a compact JWE, without any cryptography, so that the journey can be found first (VP-079). Throws
 * `presentation_refused`: `too_large`, `unencrypted_response` for a signed JWT, else `malformed_response`.
 */
export function readKeyId(jwe: string): string {
  const { header } = readCompactJwe(jwe)
  return typeof header.kid === 'string' ? header.kid : refuse('malformed_response')
}

/**
 * Returns the plaintext of a compact JWE that names `kid`. Throws `presentation_refused`: `malformed_response` where the
 * form is not the one above, `algorithm_refused` where the header asks for anything that we did not list,
 * `decryption_failed` where the point is not on the curve or the tag does not fit (VP-072, CR-61, CR-62).
 */
export function decryptResponse(
  jwe: string,
  key: { privateKey: Uint8Array; kid: string },
): Uint8Array {
  const { header, parts } = readCompactJwe(jwe)
  const enc = checkHeader(header, key.kid)
  const [protectedHeader, encryptedKey, iv, ciphertext, tag] = parts
  if (encryptedKey !== '') refuse('malformed_response')
  const contentKey = deriveContentKey(agree(key.privateKey, header.epk), {
    algorithm: enc,
    bits: KEY_LENGTH[enc] * 8,
    partyU: partyInfo(header.apu),
    partyV: partyInfo(header.apv),
  })
  return openGcm(enc, contentKey, {
    additional: Buffer.from(protectedHeader, 'latin1'),
    iv: octets(iv, 12),
    ciphertext: decodeBase64url(ciphertext) ?? refuse('malformed_response'),
    tag: octets(tag, 16),
  })
}

type Parts = readonly [string, string, string, string, string]

function readCompactJwe(jwe: string): { header: JsonObject; parts: Parts } {
  if (jwe.length > LARGEST_RESPONSE) refuse('too_large')
  const parts = jwe.split('.', 6)
  // Three parts are a signed JWT: what older drafts took for a response without encryption (VP-071).
  if (parts.length === 3) refuse('unencrypted_response')
  const [header, encryptedKey, iv, ciphertext, tag] = parts
  if (
    parts.length !== 5 ||
    header === undefined ||
    encryptedKey === undefined ||
    iv === undefined ||
    ciphertext === undefined ||
    tag === undefined
  ) {
    refuse('malformed_response')
  }
  if (header.length > LARGEST_HEADER) refuse('too_large')
  return { header: readHeader(header), parts: [header, encryptedKey, iv, ciphertext, tag] }
}

function readHeader(text: string): JsonObject {
  const bytes = decodeBase64url(text) ?? refuse('malformed_response')
  const value = readJson(bytes)
  return isJsonObject(value) ? value : refuse('malformed_response')
}

function checkHeader(header: JsonObject, kid: string): ContentEncryption {
  const { alg, enc } = header
  if (alg !== 'ECDH-ES' || (enc !== 'A128GCM' && enc !== 'A256GCM')) refuse('algorithm_refused')
  if (Object.hasOwn(header, 'zip') || Object.hasOwn(header, 'crit')) refuse('algorithm_refused')
  if (header.kid !== kid) refuse('malformed_response')
  return enc
}

/** ECDH with the sender's one-time key. OpenSSL refuses points that are not on the curve. */
export function agree(privateKey: Uint8Array, epk: Json | undefined): Uint8Array {
  if (!isJsonObject(epk) || epk.kty !== 'EC' || epk.crv !== 'P-256') {
    refuse('malformed_response')
  }
  const { x, y } = epk
  if (typeof x !== 'string' || typeof y !== 'string' || Object.hasOwn(epk, 'd')) {
    refuse('malformed_response')
  }
  const point = Buffer.concat([Buffer.of(4), octets(x, 32), octets(y, 32)])
  const ecdh = ecdhOf(privateKey)
  try {
    return ecdh.computeSecret(point)
  } catch (cause) {
    return fail({ kind: 'presentation_refused', reason: 'decryption_failed' }, cause)
  }
}

/** What goes into the Concat KDF beside the shared secret (RFC 7518 section 4.6.2). */
export interface Derivation {
  /** `enc`, because the key is used directly. */
  algorithm: string
  bits: number
  partyU: Uint8Array
  partyV: Uint8Array
}

/** Returns the content key: one round of the Concat KDF with SHA-256, so at most 256 bits (RFC 7518 section 4.6.2). */
export function deriveContentKey(secret: Uint8Array, derivation: Derivation): Uint8Array {
  const hash = createHash('sha256').update(uint32(1)).update(secret)
  for (const field of [Buffer.from(derivation.algorithm), derivation.partyU, derivation.partyV]) {
    hash.update(uint32(field.length)).update(field)
  }
  return hash
    .update(uint32(derivation.bits))
    .digest()
    .subarray(0, derivation.bits / 8)
}

interface Encrypted {
  additional: Uint8Array
  iv: Uint8Array
  ciphertext: Uint8Array
  tag: Uint8Array
}

function openGcm(enc: ContentEncryption, key: Uint8Array, encrypted: Encrypted): Uint8Array {
  const cipher = enc === 'A128GCM' ? 'aes-128-gcm' : 'aes-256-gcm'
  const decipher = createDecipheriv(cipher, key, encrypted.iv, { authTagLength: 16 })
  decipher.setAAD(encrypted.additional).setAuthTag(encrypted.tag)
  try {
    const opened = decipher.update(encrypted.ciphertext)
    decipher.final()
    return opened
  } catch (cause) {
    return fail({ kind: 'presentation_refused', reason: 'decryption_failed' }, cause)
  }
}

function ecdhOf(privateKey: Uint8Array): ReturnType<typeof createECDH> {
  if (privateKey.length !== 32) throw new RangeError('a response key has 32 octets')
  const ecdh = createECDH('prime256v1')
  try {
    ecdh.setPrivateKey(privateKey)
  } catch {
    throw new RangeError('a response key is a scalar of P-256')
  }
  return ecdh
}

function jwkOf(point: Uint8Array): ResponseJwk {
  return {
    kty: 'EC',
    crv: 'P-256',
    x: encodeBase64url(point.subarray(1, 33)),
    y: encodeBase64url(point.subarray(33, 65)),
  }
}

function partyInfo(text: Json | undefined): Uint8Array {
  if (text === undefined) return new Uint8Array(0)
  if (typeof text !== 'string' || text.length > LARGEST_PARTY_INFO) refuse('malformed_response')
  return decodeBase64url(text) ?? refuse('malformed_response')
}

function octets(text: string, length: number): Uint8Array {
  const bytes = decodeBase64url(text)
  return bytes?.length === length ? bytes : refuse('malformed_response')
}

function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function refuse(
  reason: 'too_large' | 'unencrypted_response' | 'malformed_response' | 'algorithm_refused',
): never {
  return fail({ kind: 'presentation_refused', reason })
}
