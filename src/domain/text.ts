/**
 * Text whose meaning the compiler knows. Hashes and sealed texts are made in `crypto/` only; a stored value gets its
 * type back in `store/`.
 */

declare const meaning: unique symbol
type Text<Name extends string> = string & { readonly [meaning]: Name }

/** HMAC of a wallet-side identifier under Key A, as multibase multihash: `uEi` and 44 more characters. */
export type HolderHash = Text<'HolderHash'>
/** HMAC of an institution-side identifier under Key B, in the same form. */
export type InstitutionHash = Text<'InstitutionHash'>
/**
 * What stands for the holder in a binding that no wallet was part of. It can never be a hash: hashes begin with `uEi` and
 * know no colon. Each binding has its own, so that two of them never look like one holder's.
 */
export type NoHolder = `no-wallet:${string}`
export function noHolder(bindingId: string): NoHolder {
  return `no-wallet:${bindingId}`
}
/** SHA-256 of a random secret of at least 128 bits, base64url without padding (43 characters). */
export type SecretHash = Text<'SecretHash'>
/** AES-256-GCM with bound context: `v1.<key id>.<iv>.<ciphertext and tag>.<commitment>`. */
export type Sealed = Text<'Sealed'>
/** JSON text of a `T`. */
export type JsonText<T> = Text<'JsonText'> & { readonly [content]?: T }
declare const content: unique symbol

/** What the five identifier types of the seed are called on the row, where a CHECK names them too. */
export const IDENTIFIER_TYPES = ['KEY', 'SUBJECT_ID', 'EMAIL', 'DID', 'CLAIM_TUPLE'] as const
export type IdentifierType = (typeof IDENTIFIER_TYPES)[number]

/** A value that JSON can carry. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json }
/** A JSON object. */
export type JsonObject = { readonly [name: string]: Json }
