/**
 * Compact JWS (RFC 7515), strictly, on node:crypto. Reading, judging and believing are three steps: `readCompact` takes a
 * text apart and believes nothing, `verifyCompact` checks a signature with a key and algorithms that the *caller* names,
 * `readPayload` reads the payload as strict JSON (protocols CR-60, CR-62, CR-63).
 */

import { constants, type KeyObject, sign, verify } from 'node:crypto'
import { promisify } from 'node:util'
import { type JsonLimits, parseStrictJson, StrictJsonError } from '../domain/strict-json.ts'
import type { JsonObject } from '../domain/text.ts'
import { decodeBase64url, encodeBase64url } from './base64url.ts'
import { utf8 } from './length-prefixed.ts'

/** The algorithms there are. `none` and the HMACs are not among them and cannot be named. */
export type JwsAlgorithm = 'ES256' | 'ES384' | 'EdDSA' | 'Ed25519' | 'RS256' | 'PS256'

/** Why a JWS was refused. */
export type JwsReason =
  | 'malformed' // not three canonical base64url parts with a JSON object in the first
  | 'too_large'
  | 'header_refused' // `crit` or `b64`: extensions that we do not know
  | 'algorithm_refused' // not one that the caller allows
  | 'key_mismatch' // the key is of another type, curve or size than the algorithm asks for
  | 'signature_invalid'
  | 'payload_invalid' // not a strict JSON object

/** A JWS that was not believed. Carries the reason and nothing of the text. */
export class JwsError extends Error {
  readonly reason: JwsReason
  constructor(reason: JwsReason, options?: ErrorOptions) {
    super(`JWS refused: ${reason}`, options)
    this.name = 'JwsError'
    this.reason = reason
  }
}

/** A compact JWS taken apart; nothing in it is verified. */
export interface CompactJws {
  readonly header: JsonObject
  readonly payloadBytes: Uint8Array
  /** What the signature covers: the first two parts with the dot between them. */
  readonly signingInput: string
  readonly signature: Uint8Array
}

interface AlgorithmRule {
  readonly digest: 'sha256' | 'sha384' | null
  readonly keyType: 'ec' | 'ed25519' | 'rsa'
  readonly curve?: string
  /** Bytes of r‖s, or of an Ed25519 signature; an RSA signature is as long as the modulus, which verifying checks. */
  readonly signatureBytes?: number
}

/** RFC 7518 sections 3.3 to 3.5, RFC 8037 section 3.1, RFC 9864 section 2. */
const RULES: Readonly<Record<JwsAlgorithm, AlgorithmRule>> = {
  ES256: { digest: 'sha256', keyType: 'ec', curve: 'prime256v1', signatureBytes: 64 },
  ES384: { digest: 'sha384', keyType: 'ec', curve: 'secp384r1', signatureBytes: 96 },
  EdDSA: { digest: null, keyType: 'ed25519', signatureBytes: 64 },
  Ed25519: { digest: null, keyType: 'ed25519', signatureBytes: 64 },
  RS256: { digest: 'sha256', keyType: 'rsa' },
  PS256: { digest: 'sha256', keyType: 'rsa' },
}

const MAX_HEADER_BYTES = 16 * 1024
const MIN_RSA_BITS = 2048

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What is to be signed, by which key. A payload of bytes is taken as it is. */
export interface JwsInput {
  header: JsonObject
  payload: JsonObject | Uint8Array
  key: KeyObject
  algorithm: JwsAlgorithm
}

/**
 * A signed compact JWS; `alg` is set in the header. Computes in line: some 30 µs for ES256, milliseconds for RSA, which is
 * for {@link signCompactAside}. Throws TypeError where key and algorithm do not fit. Source: RFC 7515 section 5.1.
 */
export function signCompact(input: JwsInput): string {
  const signingInput = signingInputOf(input)
  const { key, algorithm } = input
  const bytes = Buffer.from(signingInput)
  const signature = sign(RULES[algorithm].digest, bytes, withOptions(key, algorithm))
  return `${signingInput}.${encodeBase64url(signature)}`
}

/** The same for whatever algorithm somebody chose: RSA in the thread pool, so that nobody else waits for its milliseconds. */
export async function signCompactAside(input: JwsInput): Promise<string> {
  const { key, algorithm } = input
  if (RULES[algorithm].keyType !== 'rsa') return signCompact(input)
  const signingInput = signingInputOf(input)
  const bytes = Buffer.from(signingInput)
  const signature = await signAside(RULES[algorithm].digest, bytes, withOptions(key, algorithm))
  return `${signingInput}.${encodeBase64url(signature)}`
}

const signAside = promisify(sign)

function signingInputOf({ header, payload, key, algorithm }: JwsInput): string {
  if (key.type !== 'private' || !fits(key, algorithm))
    throw new TypeError('key and algorithm differ')
  const headerText = encodeJson({ ...header, alg: algorithm })
  const payloadText = payload instanceof Uint8Array ? encodeBase64url(payload) : encodeJson(payload)
  return `${headerText}.${payloadText}`
}

/**
 * The parts of a compact JWS of at most `maxBytes` characters. Throws {@link JwsError}: `too_large`, `malformed` (also for
 * the JSON serialisation, a header above 16 KiB, members named twice), `header_refused` for `crit` and `b64` whatever they
 * say; but for critical members that the caller says it understands. Source: RFC 7515 sections 3.1, 4.1.11 and 5.2, RFC
 * 7797; protocols CR-62.
 */
export function readCompact(
  text: string,
  limits: { maxBytes: number; understood?: readonly string[] },
): CompactJws {
  if (text.length > limits.maxBytes) throw new JwsError('too_large')
  const parts = text.split('.')
  const [headerText = '', payloadText = '', signatureText = ''] = parts
  const headerBytes = decodeBase64url(headerText)
  const payloadBytes = decodeBase64url(payloadText)
  const signature = decodeBase64url(signatureText)
  if (parts.length !== 3 || !headerBytes || !payloadBytes || !signature?.length) {
    throw new JwsError('malformed')
  }
  if (headerBytes.length > MAX_HEADER_BYTES) throw new JwsError('malformed')
  const header = parseObject(headerBytes, 'malformed')
  if ('b64' in header || !isUnderstood(header, limits.understood ?? [])) {
    throw new JwsError('header_refused')
  }
  return { header, payloadBytes, signingInput: `${headerText}.${payloadText}`, signature }
}

function isUnderstood(header: JsonObject, understood: readonly string[]): boolean {
  if (!('crit' in header)) return true
  const { crit } = header
  return (
    Array.isArray(crit) &&
    crit.length > 0 &&
    crit.every((name) => typeof name === 'string' && understood.includes(name) && name in header)
  )
}

/**
 * Returns if the signature is right under `key`, by the algorithm of the header, which must be one of `allowed` and fit the
 * key. Nothing of the header chooses a key. Throws {@link JwsError} otherwise: `algorithm_refused`, `key_mismatch`,
 * `signature_invalid`. ECDSA signatures are r‖s of exact length; a high s is accepted, as signatures identify nothing.
 * Source: RFC 8725 sections 3.1 and 3.2; protocols CR-60, CR-63.
 */
export function verifyCompact(
  jws: CompactJws,
  key: KeyObject,
  allowed: readonly JwsAlgorithm[],
): void {
  const algorithm = allowed.find((name) => name === jws.header.alg)
  if (algorithm === undefined || !Object.hasOwn(RULES, algorithm)) {
    throw new JwsError('algorithm_refused')
  }
  if (key.type !== 'public' || !fits(key, algorithm)) throw new JwsError('key_mismatch')
  const { digest, signatureBytes } = RULES[algorithm]
  if (signatureBytes !== undefined && jws.signature.length !== signatureBytes) {
    throw new JwsError('signature_invalid')
  }
  const signed = Buffer.from(jws.signingInput)
  if (!verify(digest, signed, withOptions(key, algorithm), jws.signature)) {
    throw new JwsError('signature_invalid')
  }
}

/** The payload as a strict JSON object with null prototypes. Throws {@link JwsError} `payload_invalid` (SD-17). */
export function readPayload(jws: CompactJws, limits?: JsonLimits): JsonObject {
  return parseObject(jws.payloadBytes, 'payload_invalid', limits)
}

function fits(key: KeyObject, algorithm: JwsAlgorithm): boolean {
  const { keyType, curve } = RULES[algorithm]
  if (key.asymmetricKeyType !== keyType) return false
  if (keyType === 'rsa') return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS
  return curve === undefined || key.asymmetricKeyDetails?.namedCurve === curve
}

function withOptions(key: KeyObject, algorithm: JwsAlgorithm) {
  if (algorithm === 'PS256') {
    // RFC 7518 section 3.5: the salt is as long as the digest.
    const saltLength = constants.RSA_PSS_SALTLEN_DIGEST
    return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
  }
  return { key, dsaEncoding: 'ieee-p1363' as const }
}

function encodeJson(value: JsonObject): string {
  return encodeBase64url(utf8(JSON.stringify(value)))
}

function parseObject(bytes: Uint8Array, reason: JwsReason, limits?: JsonLimits): JsonObject {
  const value = parseBytes(bytes, reason, limits)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new JwsError(reason)
  return value as JsonObject
}

function parseBytes(bytes: Uint8Array, reason: JwsReason, limits?: JsonLimits) {
  try {
    return parseStrictJson(strictUtf8.decode(bytes), limits)
  } catch (error) {
    // Only these two may come up: bytes that are not UTF-8 (TypeError), and text that is not strict JSON.
    if (error instanceof StrictJsonError || error instanceof TypeError) throw new JwsError(reason)
    throw error
  }
}
