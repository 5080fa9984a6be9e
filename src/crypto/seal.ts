/**
 * Sealing under Key C: secrets of the service itself (session verifiers, provider secrets, signing keys, webhooks) and the
 * wrapping of data keys. What belongs to a person is sealed under that person's data key: see `data-key.ts`.
 */

import { fail } from '../domain/failure.ts'
import type { Sealed } from '../domain/text.ts'
import { readEnvelope } from './envelope.ts'
import { countSeal, currentVersion, type Keyring, subKey } from './keyring.ts'
import { openMessage, type SealContext, sealMessage } from './sealed-message.ts'
import type { SealPurpose } from './sub-key.ts'

export type { SealContext } from './sealed-message.ts'
export type { SealPurpose } from './sub-key.ts'

/**
 * The sealed text of `plaintext` under the tenant's sub-key of Key C's current version; it opens for this purpose and
 * context alone. At most 64 KiB, empty is fine. Throws `payload_too_large` above that.
 * Source: design section 4, Sealing; protocols CR-02, CR-05 to CR-08.
 */
export function sealUnder(
  keyring: Keyring,
  purpose: SealPurpose,
  context: SealContext,
  plaintext: Uint8Array | string,
): Sealed {
  const version = currentVersion(keyring, 'C')
  const key = subKey(keyring, purpose, context.tenant, version)
  if (key === undefined) return fail({ kind: 'sealed_unreadable' })
  const sealed = sealMessage(key, `c${version}`, context, plaintext)
  countSeal(keyring, purpose, version)
  return sealed
}

/**
 * The plaintext of a sealed text, under the very version its key id names; no other key is tried. Throws
 * `sealed_unreadable` where the text is not an envelope, the version is unknown or retired, or purpose or context differ.
 */
export function openUnder(
  keyring: Keyring,
  purpose: SealPurpose,
  context: SealContext,
  sealed: Sealed,
): Uint8Array {
  const envelope = readEnvelope(sealed)
  const version = sealedVersion(sealed)
  if (envelope === undefined || version === undefined) return fail({ kind: 'sealed_unreadable' })
  const key = subKey(keyring, purpose, context.tenant, version)
  if (key === undefined) return fail({ kind: 'sealed_unreadable' })
  return openMessage(key, context, envelope)
}

/**
 * The same plaintext sealed anew under the current version of Key C, for the same purpose and context: what a migration of
 * C writes in place of the old text. Throws `sealed_unreadable` as {@link openUnder} does.
 */
export function resealUnder(
  keyring: Keyring,
  purpose: SealPurpose,
  context: SealContext,
  sealed: Sealed,
): Sealed {
  const bytes = openUnder(keyring, purpose, context, sealed)
  const resealed = sealUnder(keyring, purpose, context, bytes)
  bytes.fill(0)
  return resealed
}

/**
 * The version of Key C that a text says it is sealed under, or undefined for other texts and for those under a data key.
 * Reads the key id only: enough to find what a migration of C has still to do, no proof of anything.
 */
export function sealedVersion(sealed: Sealed): number | undefined {
  const digits = /^v1\.c([1-9][0-9]{0,5})\./.exec(sealed)?.[1]
  return digits === undefined ? undefined : Number(digits)
}
