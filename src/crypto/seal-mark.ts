/**
 * Marks of a person's sealed texts for the audit trail, by which an older text that was put back into its own row is seen:
 * there it opens as well as the newer one (protocols 11, row 41).
 *
 * name  = base64url of HKDF-Expand(data key, LP(`identity-bridge/seal-name/v1`, tenant, table, column, row), 8 bytes)
 * print = base64url of HKDF-Expand(data key, LP(`identity-bridge/seal-print/v1`, the sealed text), 8 bytes)
 *
 * Wrapping the data key anew changes no mark; and once an erasure has destroyed it, no mark leads to anybody.
 */

import type { SealMark } from '../domain/seal-mark.ts'
import type { Sealed } from '../domain/text.ts'
import { encodeBase64url } from './base64url.ts'
import type { DataKey } from './data-key.ts'
import { prefixLengths } from './length-prefixed.ts'
import type { SealContext } from './sealed-message.ts'

const NAME_LABEL = 'identity-bridge/seal-name/v1'
const PRINT_LABEL = 'identity-bridge/seal-print/v1'
/** Enough to tell a person's few texts, and a tenant's few millions of places, from one another. */
const MARK_BYTES = 8

/**
 * The mark of the text that lies at this place, under the data key that seals it; null for a place that is empty now.
 * 23 characters, or 12.
 */
export function markSeal(key: DataKey, place: SealContext, sealed: Sealed | null): SealMark {
  const { tenant, table, column, row } = place
  const name = short(key, [NAME_LABEL, tenant, table, column, row])
  const print = sealed === null ? '' : short(key, [PRINT_LABEL, sealed])
  return `${name}.${print}` as SealMark
}

function short(key: DataKey, parts: readonly string[]): string {
  return encodeBase64url(key.expand(prefixLengths(parts), MARK_BYTES))
}
