/** Erasing a person: why it may be asked for, what is counted, and what the receipt says. */
import type { IdentityId } from './ids.ts'
import type { JsonObject } from './text.ts'
import { fromInstant, type IsoInstant, toSeconds } from './time.ts'

/** The grounds of Art. 17(1) GDPR, from (a) to (e). */
export const ERASURE_GROUNDS = [
  'not_needed',
  'consent_withdrawn',
  'objection',
  'unlawful',
  'legal_duty',
] as const
export type ErasureGround = (typeof ERASURE_GROUNDS)[number]

/** How many rows of each kind went; of `persons` more than one after a merge. */
export interface Erased {
  persons: number
  matches: number
  bindings: number
  attributes: number
  subjects: number
  journeys: number
  sessions: number
  grants: number
  tokens: number
  messages: number
}

/** `typ` of a receipt: no ID token and no access token is one, and no receipt is one of them (RFC 8725 section 3.11). */
export const RECEIPT_TYPE = 'erasure-receipt+jwt'

/**
 * What a receipt says: the tenant, which random ids were erased, when, on what ground, and how many rows of each kind. No
 * identifier and no attribute, so that it may be kept after there is nothing else left.
 */
export function receiptClaims(said: {
  issuer: string
  id: string
  persons: readonly IdentityId[]
  ground: ErasureGround
  erasedAt: IsoInstant
  erased: Erased
}): JsonObject {
  return {
    iss: said.issuer,
    jti: said.id,
    iat: toSeconds(fromInstant(said.erasedAt)),
    erased_at: said.erasedAt,
    ground: said.ground,
    persons: [...said.persons],
    erased: { ...said.erased },
  }
}
