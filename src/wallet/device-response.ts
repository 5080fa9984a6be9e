/**
 * The form of what a wallet sends for an mdoc (ISO/IEC 18013-5 section 8.3.2.1.2.2), and nothing of its truth. One
 * document in each response, as HAIP 1.0 section 5.3.1 has it (HA-13); members that nobody defined are refused, so that
 * nothing rides along unsigned.
 */
import { decodeBase64url } from '../crypto/base64url.ts'
import { fail, type PresentationReason } from '../domain/failure.ts'
import { type CborMap, type CborValue, embeddedBytes, isCborArray, isCborMap } from './cbor.ts'
import {
  type CoseMac0,
  type CoseSign1,
  decodeOrRefuse,
  readCoseMac0,
  readCoseSign1,
} from './cose.ts'

/** base64url characters of a response of 256 KiB. */
const LONGEST = Math.ceil((256 * 1024 * 4) / 3)
const MOST_ITEMS = 200
const MOST_NAMESPACES = 32
/** Label of the unprotected header that carries the signer's certificates (RFC 9360 section 2, MD-03). */
const X5CHAIN = 33

/** One document as it came; nothing in it is verified. */
export interface PresentedDocument {
  docType: string
  issuerAuth: CoseSign1
  /** DER, the document signer's first. */
  x5chain: readonly Uint8Array[]
  /** The encoded items inside their tags, by namespace. */
  nameSpaces: ReadonlyMap<string, readonly Uint8Array[]>
  /** What the device says on its own: encoded, inside its tag. */
  deviceNameSpaces: Uint8Array
  deviceAuth: DeviceAuth
}

/** How the device proves that it was there; what it says is never sent along. */
export type DeviceAuth =
  | { kind: 'signature'; signature: CoseSign1 }
  | { kind: 'mac'; mac: CoseMac0 }

/**
 * Returns the one document of a DeviceResponse. Throws `presentation_refused`: `too_large`, else `malformed_presentation`
 * (MD-01, VP-099).
 */
export function readDeviceResponse(text: string): PresentedDocument {
  if (text.length > LONGEST) refuse('too_large')
  const bytes = decodeBase64url(text)
  if (bytes === undefined || bytes.length === 0) return refuse('malformed_presentation')
  const response = membersOf(
    decodeOrRefuse(bytes),
    ['version', 'status', 'documents'],
    ['documentErrors'],
  )
  if (response.get('version') !== '1.0' || response.get('status') !== 0) {
    refuse('malformed_presentation')
  }
  const documents = response.get('documents')
  if (!isCborArray(documents) || documents.length !== 1) refuse('malformed_presentation')
  return readDocument(documents[0])
}

function readDocument(value: CborValue | undefined): PresentedDocument {
  const document = membersOf(value, ['docType', 'issuerSigned', 'deviceSigned'], ['errors'])
  const docType = document.get('docType')
  if (typeof docType !== 'string') refuse('malformed_presentation')
  const issuerSigned = membersOf(document.get('issuerSigned'), ['issuerAuth'], ['nameSpaces'])
  const issuerAuth = readCoseSign1(issuerSigned.get('issuerAuth'))
  return {
    docType,
    issuerAuth,
    x5chain: readX5chain(issuerAuth),
    nameSpaces: readNameSpaces(issuerSigned.get('nameSpaces')),
    ...readDeviceSigned(document.get('deviceSigned')),
  }
}

/** A single certificate may stand alone (RFC 9360 section 2). */
function readX5chain(issuerAuth: CoseSign1): readonly Uint8Array[] {
  const chain = issuerAuth.unprotectedHeader.get(X5CHAIN)
  const list = isCborArray(chain) ? chain : [chain]
  return list.map((one) => (one instanceof Uint8Array ? one : refuse('malformed_presentation')))
}

function readNameSpaces(value: CborValue | undefined): ReadonlyMap<string, readonly Uint8Array[]> {
  if (value === undefined) return new Map()
  if (!isCborMap(value) || value.size > MOST_NAMESPACES) return refuse('malformed_presentation')
  const read = new Map<string, readonly Uint8Array[]>()
  let total = 0
  for (const [name, items] of value) {
    if (typeof name !== 'string' || !isCborArray(items)) return refuse('malformed_presentation')
    total += items.length
    if (total > MOST_ITEMS) refuse('too_large')
    read.set(
      name,
      items.map((item) => embeddedBytes(item) ?? refuse('malformed_presentation')),
    )
  }
  return read
}

function readDeviceSigned(
  value: CborValue | undefined,
): Pick<PresentedDocument, 'deviceNameSpaces' | 'deviceAuth'> {
  const signed = membersOf(value, ['nameSpaces', 'deviceAuth'])
  const deviceAuth = readDeviceAuth(signed.get('deviceAuth'))
  const deviceNameSpaces = embeddedBytes(signed.get('nameSpaces'))
  return { deviceAuth, deviceNameSpaces: deviceNameSpaces ?? refuse('malformed_presentation') }
}

/** One of the two (ISO/IEC 18013-5 section 8.3.2.1.2.2), detached: nobody can be told something else than what was asked. */
function readDeviceAuth(value: CborValue | undefined): DeviceAuth {
  const auth: DeviceAuth =
    isCborMap(value) && value.has('deviceMac')
      ? { kind: 'mac', mac: readCoseMac0(membersOf(value, ['deviceMac']).get('deviceMac')) }
      : {
          kind: 'signature',
          signature: readCoseSign1(membersOf(value, ['deviceSignature']).get('deviceSignature')),
        }
  const { payload } = auth.kind === 'mac' ? auth.mac : auth.signature
  return payload === undefined ? auth : refuse('malformed_presentation')
}

/** A map with all of `required`, perhaps some of `optional`, and nothing else. */
function membersOf(
  value: CborValue | undefined,
  required: readonly string[],
  optional: readonly string[] = [],
): CborMap {
  if (!isCborMap(value)) return refuse('malformed_presentation')
  const known = new Set<string | number>([...required, ...optional])
  if (required.some((name) => !value.has(name))) refuse('malformed_presentation')
  if ([...value.keys()].some((name) => !known.has(name))) refuse('malformed_presentation')
  return value
}

function refuse(reason: PresentationReason): never {
  return fail({ kind: 'presentation_refused', reason })
}
