/**
 * What authorities sign besides certificates: revocation lists and answers. Both name an algorithm and carry a BIT STRING.
 */
import { type KeyObject, verify } from 'node:crypto'
import {
  DER,
  type DerElement,
  DerError,
  expectTag,
  readChildren,
  readObjectIdentifier,
} from './der.ts'

/** The digest of each signature algorithm that TR-14 permits; null where the algorithm has its own. */
const DIGESTS: ReadonlyMap<string, string | null> = new Map([
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.3.101.112', null],
])

/** Returns the dotted identifier of an AlgorithmIdentifier. Throws {@link DerError}. */
export function algorithmOf(element: DerElement | undefined): string {
  const [id] = readChildren(expectTag(element, DER.sequence))
  return readObjectIdentifier(expectTag(id, DER.objectIdentifier))
}

/** Returns whether `key` signed the element, octets and all, with an algorithm we take. Throws {@link DerError}. */
export function isSignedBy(
  key: KeyObject,
  signed: DerElement,
  algorithm: DerElement | undefined,
  signature: DerElement | undefined,
): boolean {
  const digest = DIGESTS.get(algorithmOf(algorithm))
  const [unused, ...octets] = expectTag(signature, DER.bitString).content
  if (digest === undefined || unused !== 0) return false
  try {
    return verify(digest, signed.whole, key, Uint8Array.from(octets))
  } catch {
    // OpenSSL throws where the algorithm does not fit the key: not signed by this one.
    return false
  }
}

/**
 * Returns a UTCTime or GeneralizedTime in the forms of RFC 5280 section 4.1.2.5, milliseconds since the epoch. Throws
 * {@link DerError}.
 */
export function readTime(element: DerElement | undefined): number {
  const text = Buffer.from(element?.content ?? []).toString('latin1')
  const long =
    element?.tag === UTC_TIME ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : text
  const isTime = element?.tag === UTC_TIME || element?.tag === GENERALIZED_TIME
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(long)
  if (!isTime || parts === null) throw new DerError('not a time')
  const [, year, month, day, hour, minute, second] = parts
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  if (Number.isNaN(at)) throw new DerError('not a time')
  return at
}

const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18
