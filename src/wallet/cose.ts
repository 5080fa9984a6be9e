/**
 * COSE as far as mdocs need it (RFC 9052, RFC 9053): one signer or one MAC, and public keys. As with JWS, the key comes from the
 * caller, and the algorithm must be one of ours and fit that key.
 */
import { createHmac, type KeyObject, timingSafeEqual, verify } from 'node:crypto'
import { JwkError, type PublicJwk, readPublicKey } from '../crypto/thumbprint.ts'
import { fail, type PresentationReason } from '../domain/failure.ts'
import {
  CborError,
  type CborMap,
  type CborValue,
  decodeCbor,
  isCborArray,
  isCborMap,
} from './cbor.ts'
import { encodeCbor } from './cbor-writer.ts'
import { readCompressedPoint } from './compressed-point.ts'

const HEADER = { algorithm: 1, critical: 2 } as const

interface AlgorithmRule {
  digest: 'sha256' | 'sha384' | null
  keyType: 'ec' | 'ed25519'
  curve?: string
  signatureBytes: number
}

const ES256: AlgorithmRule = {
  ...{ digest: 'sha256', keyType: 'ec', curve: 'prime256v1', signatureBytes: 64 },
}
const ES384: AlgorithmRule = {
  ...{ digest: 'sha384', keyType: 'ec', curve: 'secp384r1', signatureBytes: 96 },
}
const ED25519: AlgorithmRule = { digest: null, keyType: 'ed25519', signatureBytes: 64 }

/** Algorithms by number: the general names of RFC 9053 and the fully specified ones of RFC 9864. */
const ALGORITHMS: ReadonlyMap<number, AlgorithmRule> = new Map([
  [-7, ES256],
  [-9, ES256],
  [-35, ES384],
  [-51, ES384],
  [-8, ED25519],
  [-19, ED25519],
])

/** The numbers of the signature algorithms that we verify (SD-03, HA-18). */
export const COSE_ALGORITHM_NUMBERS: readonly number[] = [...ALGORITHMS.keys()]

/** What a COSE_Sign1 and a COSE_Mac0 have in common, taken apart; nothing in it is verified. */
interface CoseMessage {
  /** As it came: it is signed in this form. */
  protectedBytes: Uint8Array
  protectedHeader: CborMap
  unprotectedHeader: CborMap
  /** Undefined where it is detached. */
  payload: Uint8Array | undefined
}

export interface CoseSign1 extends CoseMessage {
  signature: Uint8Array
}

export interface CoseMac0 extends CoseMessage {
  tag: Uint8Array
}

/**
 * Returns the parts of an untagged COSE_Sign1 (RFC 9052 section 4.2). Throws `presentation_refused` with
 * `malformed_presentation`, also for `crit`, for an algorithm that nobody signed for, and for a label in both headers
 * (section 3).
 */
export function readCoseSign1(value: CborValue | undefined): CoseSign1 {
  const { proof: signature, ...message } = readMessage(value)
  return { ...message, signature }
}

/** Returns the parts of an untagged COSE_Mac0 (RFC 9052 section 6.2). Throws as {@link readCoseSign1}. */
export function readCoseMac0(value: CborValue | undefined): CoseMac0 {
  const { proof: tag, ...message } = readMessage(value)
  return { ...message, tag }
}

function readMessage(value: CborValue | undefined): CoseMessage & { proof: Uint8Array } {
  if (!isCborArray(value) || value.length !== 4) return refuse('malformed_presentation')
  const [protectedBytes, unprotectedHeader, payload, proof] = value
  if (!(protectedBytes instanceof Uint8Array) || !isCborMap(unprotectedHeader)) {
    return refuse('malformed_presentation')
  }
  if (payload !== null && !(payload instanceof Uint8Array)) return refuse('malformed_presentation')
  if (!(proof instanceof Uint8Array)) return refuse('malformed_presentation')
  const protectedHeader = decodeOrRefuse(protectedBytes)
  if (!isCborMap(protectedHeader)) return refuse('malformed_presentation')
  const isOdd = (header: CborMap) => header.has(HEADER.critical)
  if (isOdd(protectedHeader) || isOdd(unprotectedHeader)) refuse('malformed_presentation')
  const isTwice = [...unprotectedHeader.keys()].some((label) => protectedHeader.has(label))
  if (isTwice || unprotectedHeader.has(HEADER.algorithm)) refuse('malformed_presentation')
  return {
    protectedBytes,
    protectedHeader,
    unprotectedHeader,
    payload: payload ?? undefined,
    proof,
  }
}

/**
 * Returns if `payload` is signed under `key` by the algorithm of the protected header. Throws `presentation_refused`:
 * `algorithm_refused` where it is none of ours or does not fit the key, else `badSignature` (RFC 9052 section 4.4).
 */
export function verifyCoseSign1(
  sign1: CoseSign1,
  payload: Uint8Array,
  key: KeyObject,
  badSignature: PresentationReason,
): void {
  const algorithm = sign1.protectedHeader.get(HEADER.algorithm)
  const rule = typeof algorithm === 'number' ? ALGORITHMS.get(algorithm) : undefined
  if (rule === undefined || !fits(key, rule)) refuse('algorithm_refused')
  if (sign1.signature.length !== rule.signatureBytes) refuse(badSignature)
  const signed = encodeCbor(['Signature1', sign1.protectedBytes, new Uint8Array(), payload])
  const isGood = verify(rule.digest, signed, { key, dsaEncoding: 'ieee-p1363' }, sign1.signature)
  if (!isGood) refuse(badSignature)
}

/** HMAC 256/256 (RFC 9053 section 3.1), the one that ISO/IEC 18013-5 has. */
const HMAC_256 = 5

/**
 * Returns if the tag over `payload` is made with `key` (32 octets). Throws `presentation_refused`: `algorithm_refused` for
 * another algorithm than HMAC 256/256, else `badTag` (RFC 9052 section 6.3).
 */
export function verifyCoseMac0(
  mac0: CoseMac0,
  payload: Uint8Array,
  key: Uint8Array,
  badTag: PresentationReason,
): void {
  if (mac0.protectedHeader.get(HEADER.algorithm) !== HMAC_256) refuse('algorithm_refused')
  const said = encodeCbor(['MAC0', mac0.protectedBytes, new Uint8Array(), payload])
  const tag = createHmac('sha256', key).update(said).digest()
  if (mac0.tag.length !== tag.length || !timingSafeEqual(mac0.tag, tag)) refuse(badTag)
}

function fits(key: KeyObject, rule: AlgorithmRule): boolean {
  if (key.asymmetricKeyType !== rule.keyType) return false
  return rule.curve === undefined || key.asymmetricKeyDetails?.namedCurve === rule.curve
}

/** Labels and values of a COSE_Key (RFC 9053 section 7). */
const KEY = { kty: 1, crv: -1, x: -2, y: -3, d: -4 } as const
type Curve = { kty: 'EC'; crv: 'P-256' | 'P-384' } | { kty: 'OKP'; crv: 'Ed25519' }
const CURVES: ReadonlyMap<CborValue | undefined, Curve> = new Map<number, Curve>([
  [1, { kty: 'EC', crv: 'P-256' }],
  [2, { kty: 'EC', crv: 'P-384' }],
  [6, { kty: 'OKP', crv: 'Ed25519' }],
])
const KEY_TYPES: Readonly<Record<Curve['kty'], number>> = { OKP: 1, EC: 2 }

/**
 * Returns the public key of a COSE_Key as a JWK, so that its thumbprint names the holder whatever the format, and ready
 * to verify with. Throws `presentation_refused` with `holder_key_missing` for anything but a key of ours on its curve.
 */
export function readCoseKey(value: CborValue | undefined): { jwk: PublicJwk; key: KeyObject } {
  if (!isCborMap(value) || value.has(KEY.d)) return refuse('holder_key_missing')
  const curve = CURVES.get(value.get(KEY.crv))
  if (curve === undefined || value.get(KEY.kty) !== KEY_TYPES[curve.kty]) {
    return refuse('holder_key_missing')
  }
  const [x, y] = [value.get(KEY.x), value.get(KEY.y)]
  if (!(x instanceof Uint8Array)) return refuse('holder_key_missing')
  if (curve.kty === 'EC' && typeof y === 'boolean') {
    const point = Buffer.concat([Buffer.of(y ? 3 : 2), x])
    return readCompressedPoint(curve.crv, point) ?? refuse('holder_key_missing')
  }
  return readPlainKey(curve, x, y)
}

function readPlainKey(
  curve: Curve,
  x: Uint8Array,
  y: CborValue | undefined,
): { jwk: PublicJwk; key: KeyObject } {
  const second = y instanceof Uint8Array ? { y: Buffer.from(y).toString('base64url') } : {}
  try {
    return readPublicKey({ ...curve, x: Buffer.from(x).toString('base64url'), ...second })
  } catch (error) {
    if (!(error instanceof JwkError)) throw error
    return fail({ kind: 'presentation_refused', reason: 'holder_key_missing' }, error)
  }
}

/** Returns the value of CBOR. Throws `presentation_refused`: `too_large` or `malformed_presentation`. */
export function decodeOrRefuse(bytes: Uint8Array): CborValue {
  try {
    return decodeCbor(bytes)
  } catch (error) {
    if (!(error instanceof CborError)) throw error
    const reason = error.reason === 'too_large' ? 'too_large' : 'malformed_presentation'
    return fail({ kind: 'presentation_refused', reason }, error)
  }
}

function refuse(reason: PresentationReason): never {
  return fail({ kind: 'presentation_refused', reason })
}
