/**
 * What the issuer of an mdoc signed (ISO/IEC 18013-5 section 9.1.2.4): not the elements but their digests, the device's
 * key, the type, and when it is valid.
 */
import { createHash } from 'node:crypto'
import { fail, type PresentationReason } from '../domain/failure.ts'
import type { Json, JsonObject } from '../domain/text.ts'
import type { MdocTrustEntry } from '../domain/trust-policy.ts'
import {
  type CborMap,
  type CborValue,
  embeddedBytes,
  isCborArray,
  isCborMap,
  isTagged,
  TAG,
} from './cbor.ts'
import { encodeCbor, encodeEmbedded } from './cbor-writer.ts'
import type { VerifiedChain } from './certificate-path.ts'
import { type CoseSign1, decodeOrRefuse } from './cose.ts'
import { jsonOf } from './mdoc-values.ts'
import { CLOCK_SKEW } from './token-rules.ts'

const DIGESTS: ReadonlyMap<CborValue | undefined, string> = new Map([
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
])
/** Octets of an item's salt at least (ISO/IEC 18013-5 section 9.1.2.5). */
const SHORTEST_SALT = 16

export interface MobileSecurityObject {
  docType: string
  digest: string
  /** By namespace, then by digest id. */
  valueDigests: CborMap
  /** A COSE_Key. */
  deviceKey: CborValue | undefined
  /** What the device may say on its own. */
  keyAuthorizations: CborValue | undefined
  /** Milliseconds since the epoch. */
  signed: number
  validFrom: number
  validUntil: number
  /** As JSON, in the form that every format shares; undefined where there is none (MD-11). */
  status: Json | undefined
}

/**
 * Returns the object inside a verified issuerAuth. Throws `presentation_refused`: `algorithm_refused` for another digest
 * than SHA-2, else `malformed_presentation` (MD-05). Members we do not know were signed by the issuer and are left alone.
 */
export function readMobileSecurityObject(issuerAuth: CoseSign1): MobileSecurityObject {
  const { payload } = issuerAuth
  const bytes = payload === undefined ? undefined : embeddedBytes(decodeOrRefuse(payload))
  const mso = mapOf(bytes === undefined ? undefined : decodeOrRefuse(bytes))
  const docType = mso.get('docType')
  if (mso.get('version') !== '1.0' || typeof docType !== 'string') refuse('malformed_presentation')
  const validity = mapOf(mso.get('validityInfo'))
  const deviceKeyInfo = mapOf(mso.get('deviceKeyInfo'))
  return {
    docType,
    digest: DIGESTS.get(mso.get('digestAlgorithm')) ?? refuse('algorithm_refused'),
    valueDigests: mapOf(mso.get('valueDigests')),
    deviceKey: deviceKeyInfo.get('deviceKey'),
    keyAuthorizations: deviceKeyInfo.get('keyAuthorizations'),
    signed: instantOf(validity.get('signed')),
    validFrom: instantOf(validity.get('validFrom')),
    validUntil: instantOf(validity.get('validUntil')),
    status: statusOf(mso.get('status')),
  }
}

/** Of all kinds of status the two lists are carried over; others stay an object that names neither (MD-11). */
function statusOf(status: CborValue | undefined): Json | undefined {
  if (status === undefined) return undefined
  if (!isCborMap(status)) return {}
  const text = (value: CborValue | undefined) => (typeof value === 'string' ? value : null)
  const carried: Record<string, Json> = {}
  const list = status.get('status_list')
  if (isCborMap(list)) {
    const idx = list.get('idx')
    carried.status_list = { uri: text(list.get('uri')), idx: typeof idx === 'number' ? idx : null }
  }
  const identifiers = status.get('identifier_list')
  if (isCborMap(identifiers)) {
    const id = identifiers.get('id')
    const octets = id instanceof Uint8Array ? Buffer.from(id).toString('base64url') : null
    carried.identifier_list = { uri: text(identifiers.get('uri')), id: octets }
  }
  return carried
}

/** RFC 3339 in UTC; ISO/IEC 18013-5 leaves fractions out, and some issuers do not. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/

function instantOf(value: CborValue | undefined): number {
  const text = isTagged(value) && value.tag === TAG.dateTime ? value.value : undefined
  const instant = typeof text === 'string' && INSTANT.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(instant) ? refuse('malformed_presentation') : instant
}

/**
 * Returns if the object is valid now and was signed while its signer's certificate was. `now` in milliseconds. Throws
 * `presentation_refused` (MD-07).
 */
export function checkMdocValidity(
  mso: MobileSecurityObject,
  issuer: { entry: MdocTrustEntry; chain: VerifiedChain },
  now: number,
): void {
  const { leaf } = issuer.chain
  if (now >= mso.validUntil + CLOCK_SKEW) refuse('credential_expired')
  if (now < mso.validFrom - CLOCK_SKEW || now < mso.signed - CLOCK_SKEW) {
    refuse('credential_not_yet_valid')
  }
  if (mso.signed < leaf.notBefore || mso.signed > leaf.notAfter) refuse('certificate_invalid')
}

/**
 * Returns what the presented items say, by namespace and element, on null-prototype objects. Throws
 * `presentation_refused` with `disclosure_invalid` where an item is not the one that was signed, or stands there twice
 * (MD-06), and `malformed_presentation`.
 */
export function revealElements(
  nameSpaces: ReadonlyMap<string, readonly Uint8Array[]>,
  mso: MobileSecurityObject,
): JsonObject {
  const claims: Record<string, Json> = Object.create(null)
  for (const [name, items] of nameSpaces) {
    const digests = mso.valueDigests.get(name)
    if (!isCborMap(digests)) return refuse('disclosure_invalid')
    claims[name] = revealNameSpace(items, digests, mso.digest)
  }
  return claims
}

function revealNameSpace(
  items: readonly Uint8Array[],
  digests: CborMap,
  algorithm: string,
): JsonObject {
  const elements: Record<string, Json> = Object.create(null)
  const seen = new Set<number>()
  for (const bytes of items) {
    const item = mapOf(decodeOrRefuse(bytes))
    const [id, salt] = [item.get('digestID'), item.get('random')]
    const [name, value] = [item.get('elementIdentifier'), item.get('elementValue')]
    if (typeof id !== 'number' || typeof name !== 'string' || value === undefined) {
      return refuse('malformed_presentation')
    }
    if (!(salt instanceof Uint8Array) || salt.length < SHORTEST_SALT) {
      return refuse('disclosure_invalid')
    }
    // The digest is over the bytes as they came; a length can be written in one way only, so this is those bytes.
    const found = createHash(algorithm)
      .update(encodeCbor(encodeEmbedded(bytes)))
      .digest()
    const wanted = digests.get(id)
    if (!(wanted instanceof Uint8Array) || !found.equals(wanted)) refuse('disclosure_invalid')
    if (seen.has(id) || Object.hasOwn(elements, name)) refuse('disclosure_invalid')
    seen.add(id)
    elements[name] = jsonOf(value)
  }
  return elements
}

/**
 * Returns if the issuer allowed the device to say what it says on its own; most say nothing. Nothing of it is ever used
 * (MD-10). Throws `presentation_refused` with `disclosure_invalid`.
 */
export function checkDeviceElements(deviceNameSpaces: Uint8Array, mso: MobileSecurityObject): void {
  const said = mapOf(decodeOrRefuse(deviceNameSpaces))
  if (said.size === 0) return
  const allowed: CborMap = isCborMap(mso.keyAuthorizations) ? mso.keyAuthorizations : new Map()
  const nameSpaces = allowed.get('nameSpaces')
  const elements = allowed.get('dataElements')
  for (const [name, items] of said) {
    if (isCborArray(nameSpaces) && nameSpaces.includes(name)) continue
    const some = isCborMap(elements) ? elements.get(name) : undefined
    const isAllowed = [...mapOf(items).keys()].every(
      (item) => isCborArray(some) && some.includes(item),
    )
    if (!isAllowed) refuse('disclosure_invalid')
  }
}

function mapOf(value: CborValue | undefined): CborMap {
  return isCborMap(value) ? value : refuse('malformed_presentation')
}

function refuse(reason: PresentationReason): never {
  return fail({ kind: 'presentation_refused', reason })
}
