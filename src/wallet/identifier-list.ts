/**
 * An identifier list: whoever is on it was revoked (ISO/IEC 18013-5, second edition, section 12.3.6.4). The other way in which
 * an mdoc says where it is told what became of it; a status list has a number for everybody instead.
 */
import { fail } from '../domain/failure.ts'
import { byteKey, type CborMap, isCborMap } from './cbor.ts'

/** The claim that holds the list. */
export const IDENTIFIER_LIST_CLAIM = 65530

/** The identifiers of what was revoked, as `byteKey` writes them. */
export interface IdentifierList {
  revoked: ReadonlySet<string | number>
  /** What it takes while it is kept, roughly: more than it came as. */
  octets: number
}

/** An entry with its text, in a Set. */
const OCTETS_EACH = 100

/** Returns the list of a CWT's claims. Throws `presentation_refused` `status_list_invalid` where there is none of that form. */
export function openIdentifierList(claims: CborMap): IdentifierList {
  const list = claims.get(IDENTIFIER_LIST_CLAIM)
  const identifiers = isCborMap(list) ? list.get('identifiers') : undefined
  if (!isCborMap(identifiers))
    return fail({ kind: 'presentation_refused', reason: 'status_list_invalid' })
  return { revoked: new Set(identifiers.keys()), octets: identifiers.size * OCTETS_EACH }
}

/** Whether somebody with this identifier (base64url) is on the list. */
export function isOnList({ revoked }: IdentifierList, identifier: string): boolean {
  return revoked.has(byteKey(Buffer.from(identifier, 'base64url')))
}
