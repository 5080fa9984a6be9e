/**
 * A status list: as many small numbers as an issuer has credentials, in one compressed byte string
 * (draft-ietf-oauth-status-list-21 sections 4 to 7). Nothing is fetched and no signature checked here.
 */
import { inflateSync } from 'node:zlib'
import { decodeBase64url } from '../crypto/base64url.ts'
import { fail, type PresentationReason } from '../domain/failure.ts'
import type { Standing } from '../domain/standing.ts'
import type { Json } from '../domain/text.ts'
import { type BitstringList, bitAt } from './bitstring-list.ts'
import { type IdentifierList, isOnList } from './identifier-list.ts'
import { isJsonObject } from './json.ts'
import { unpackList } from './packed-list.ts'

const LONGEST_URI = 2048

/** Octets of an mdoc's identifier: more than any needs that is unique. */
const LONGEST_IDENTIFIER = 64

/** Where a credential's status stands: its number in a list, or its identifier in an identifier list, base64url. */
export type StatusReference = Pick<Standing, 'uri' | 'index' | 'purpose'>

export type AnyStatusList = StatusList | IdentifierList | BitstringList

/** A status list, open. */
export interface StatusList {
  bits: 1 | 2 | 4 | 8
  bytes: Uint8Array
}

/** What an entry means; values without a meaning that we know are `other`, which is not valid (TS-06). */
export type StatusValue = 'valid' | 'invalid' | 'suspended' | 'other'

/**
 * Returns the place that a credential's `status` names. Throws `presentation_refused`: `status_not_supported` where it
 * speaks of no status list, `malformed_presentation` where it speaks wrongly (TS-05).
 */
export function readStatusReference(status: Json): StatusReference {
  const named = isJsonObject(status) ? status.status_list : undefined
  if (!isJsonObject(named)) return refuse('status_not_supported')
  const { uri, idx: index } = named
  if (typeof uri !== 'string' || uri.length > LONGEST_URI) return refuse('malformed_presentation')
  if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0) {
    return refuse('malformed_presentation')
  }
  return { uri, index }
}

/** The same for an mdoc, which may name an identifier list instead; never both. Throws as {@link readStatusReference}. */
export function readMdocStatusReference(status: Json): StatusReference {
  const named = isJsonObject(status) ? status.identifier_list : undefined
  if (!isJsonObject(status) || !isJsonObject(named)) return readStatusReference(status)
  const { uri, id: index } = named
  if (Object.hasOwn(status, 'status_list')) return refuse('malformed_presentation')
  if (typeof uri !== 'string' || uri.length > LONGEST_URI) return refuse('malformed_presentation')
  const octets = typeof index === 'string' ? decodeBase64url(index)?.length : undefined
  if (typeof index !== 'string' || octets === undefined) return refuse('malformed_presentation')
  if (octets === 0 || octets > LONGEST_IDENTIFIER) return refuse('malformed_presentation')
  return { uri, index }
}

/**
 * Returns the list of a token's `status_list`; `lst` is text in a JWT and bytes in a CWT. Throws `presentation_refused`
 * `status_list_invalid` for another width than 1, 2, 4 or 8 bits, for anything but one whole zlib stream (RFC 1950), and
 * beyond 4 MiB (TS-04, TS-09).
 */
export function openStatusList(bits: unknown, lst: unknown): StatusList {
  const packed = typeof lst === 'string' ? decodeBase64url(lst) : lst
  if (!(packed instanceof Uint8Array) || !isWidth(bits)) return refuse('status_list_invalid')
  return { bits, bytes: unpackList(inflateSync, packed) }
}

function isWidth(bits: unknown): bits is StatusList['bits'] {
  return bits === 1 || bits === 2 || bits === 4 || bits === 8
}

/**
 * Returns what a list says of a place in it. Throws `presentation_refused` `status_list_invalid` for a place that it does not
 * have (TS-05), or cannot have, being a list of the other kind.
 */
export function statusAt(list: AnyStatusList, index: StatusReference['index']): StatusValue {
  if ('purpose' in list)
    return typeof index === 'number' ? bitAt(list, index) : refuse('status_list_invalid')
  if ('revoked' in list) {
    if (typeof index === 'number') return refuse('status_list_invalid')
    return isOnList(list, index) ? 'invalid' : 'valid'
  }
  return typeof index === 'number' ? numberAt(list, index) : refuse('status_list_invalid')
}

/** The first entry of a byte is in its least significant bits. */
function numberAt({ bits, bytes }: StatusList, index: number): StatusValue {
  const perByte = 8 / bits
  const byte = bytes[Math.floor(index / perByte)]
  if (byte === undefined) return refuse('status_list_invalid')
  const value = (byte >> ((index % perByte) * bits)) & (2 ** bits - 1)
  return MEANINGS[value] ?? 'other'
}

const MEANINGS: readonly StatusValue[] = ['valid', 'invalid', 'suspended']

function refuse(reason: PresentationReason): never {
  return fail({ kind: 'presentation_refused', reason })
}
