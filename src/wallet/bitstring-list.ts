/**
 * Where W3C credentials say what became of them (Bitstring Status List 1.0, a W3C Recommendation): a bit each in a list that is
 * itself a credential, one list for what was revoked and one for what is suspended. Signed as JWT; other proofs are not read.
 */
import { gunzipSync } from 'node:zlib'
import { decodeBase64url } from '../crypto/base64url.ts'
import { verifyCompact } from '../crypto/jws.ts'
import { fail, type PresentationReason } from '../domain/failure.ts'
import type { Standing } from '../domain/standing.ts'
import type { Json, JsonObject } from '../domain/text.ts'
import { SECOND } from '../domain/time.ts'
import { isJsonObject } from './json.ts'
import { unpackList } from './packed-list.ts'
import type { StatusReference } from './status-list.ts'
import type { UnverifiedToken } from './status-list-token.ts'
import { ALGORITHMS } from './token-rules.ts'
import { readW3cCredential } from './w3c-credential.ts'

/** Media types that such a credential comes as: of VC-JOSE-COSE, of its drafts, and in general. */
export const BITSTRING_TYPES = ['application/vc+jwt', 'application/vc-ld+jwt', 'application/jwt']

const LONGEST_URI = 2048
/** Entries in one credential: one list for each purpose, and some that are about other things. */
const MOST_ENTRIES = 8
/** Section 3.3: shorter lists tell too much of whom they are about. */
const LEAST_BITS = 131_072

/** What a set bit means. */
export type Purpose = NonNullable<Standing['purpose']>

/** A list, open; its bits stand for one purpose. */
export interface BitstringList {
  purpose: Purpose
  bytes: Uint8Array
}

/**
 * Returns the places that a credential's `credentialStatus` names, of revocation and suspension. An entry that tells of a
 * newer credential (`refresh`) says nothing against this one. Throws `presentation_refused`: `status_not_supported` for other
 * kinds, `malformed_presentation` (section 2.1).
 */
export function readBitstringReferences(status: Json): readonly StatusReference[] {
  const entries: readonly Json[] = Array.isArray(status) ? status : [status]
  if (entries.length === 0 || entries.length > MOST_ENTRIES) refuse('malformed_presentation')
  return entries.flatMap((entry) => {
    if (!isJsonObject(entry) || entry.type !== 'BitstringStatusListEntry')
      return refuse('status_not_supported')
    return entry.statusPurpose === 'refresh' ? [] : [readEntry(entry)]
  })
}

function readEntry(entry: JsonObject): StatusReference {
  const { statusPurpose: purpose, statusListIndex: index, statusListCredential: uri } = entry
  // Messages of an issuer's own, in several bits, have no meaning that we know (TS-06).
  if (purpose !== 'revocation' && purpose !== 'suspension') return refuse('status_not_supported')
  if (entry.statusSize !== undefined && entry.statusSize !== 1) refuse('status_not_supported')
  if (typeof index !== 'string' || !/^\d{1,15}$/.test(index))
    return refuse('malformed_presentation')
  if (typeof uri !== 'string' || uri.length > LONGEST_URI) return refuse('malformed_presentation')
  return { uri, index: Number(index), purpose }
}

/**
 * Returns the parts of a status list credential of at most `maxBytes` octets, taken apart as a token of any other kind. Throws `presentation_refused`
 * where it is no credential, or not about such a list.
 */
export function readBitstringToken(
  body: Uint8Array,
  purpose: Purpose,
  maxBytes: number,
): UnverifiedToken {
  const made = readW3cCredential(Buffer.from(body).toString('latin1').trim(), maxBytes)
  const { jws, credential, begins, ends } = made
  const { kid, x5c } = jws.header
  if (!made.types.includes('BitstringStatusListCredential')) refuse('status_list_invalid')
  const list = isJsonObject(credential.credentialSubject) ? credential.credentialSubject : {}
  return {
    signer: {
      x5c: x5c === undefined ? undefined : textsOf(x5c),
      kid: kid === undefined || typeof kid === 'string' ? kid : refuse('status_list_invalid'),
      iss: made.issuer,
    },
    verify: (key) => verifyCompact(jws, key, ALGORITHMS),
    subject: made.id,
    isNamedByAddress: true,
    // Any list with a time is newer than one without; of two without, nobody can tell (both are optional: section 2.2).
    issuedAt: begins.length === 0 ? 0 : Math.max(...begins) / SECOND,
    expiresAt: ends.length === 0 ? undefined : Math.min(...ends) / SECOND,
    // In milliseconds, unlike everybody's; five minutes where it says nothing (section 2.2).
    timeToLive: typeof list.ttl === 'number' ? list.ttl / SECOND : (list.ttl ?? 300),
    open: () => openBitstringList(list, purpose),
  }
}

/**
 * Returns the list that a status list credential is about. Throws `presentation_refused` `status_list_invalid` for another
 * purpose, anything but one whole gzip stream, and fewer bits than there must be (section 3.2).
 */
export function openBitstringList(list: JsonObject, purpose: Purpose): BitstringList {
  const { type, statusPurpose, encodedList } = list
  const purposes = Array.isArray(statusPurpose) ? statusPurpose : [statusPurpose]
  if (type !== 'BitstringStatusList' || !purposes.includes(purpose)) refuse('status_list_invalid')
  // Multibase: `u` is base64url without padding.
  if (typeof encodedList !== 'string' || !encodedList.startsWith('u'))
    return refuse('status_list_invalid')
  const packed = decodeBase64url(encodedList.slice(1)) ?? refuse('status_list_invalid')
  const bytes = unpackList(gunzipSync, packed)
  return bytes.length * 8 < LEAST_BITS ? refuse('status_list_invalid') : { purpose, bytes }
}

/** Returns what the bit of an index says: the first is the most significant of its octet, unlike in other status lists. */
export function bitAt(
  { bytes, purpose }: BitstringList,
  index: number,
): 'valid' | 'invalid' | 'suspended' {
  const octet = bytes[Math.floor(index / 8)] ?? refuse('status_list_invalid')
  if (((octet >> (7 - (index % 8))) & 1) === 0) return 'valid'
  return purpose === 'revocation' ? 'invalid' : 'suspended'
}

function textsOf(value: Json): readonly string[] {
  const isList = Array.isArray(value) && value.every((item) => typeof item === 'string')
  return isList ? (value as readonly string[]) : refuse('status_list_invalid')
}

function refuse(reason: PresentationReason): never {
  return fail({ kind: 'presentation_refused', reason })
}
