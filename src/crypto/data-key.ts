/**
 * One random data key per person. Everything sealed of a person is under it, and it lies in the person's row wrapped under
 * Key C: migrating C re-wraps one short text a person, and erasing a person destroys the one thing that opens the rest
 * (protocols CR-50; design section 4). A data key lives as long as the request that unwrapped it: there is no cache.
 */

import { randomBytes } from 'node:crypto'
import { fail } from '../domain/failure.ts'
import type { IdentityId, TenantId } from '../domain/ids.ts'
import type { Sealed } from '../domain/text.ts'
import { KEY_BYTES } from './aes-gcm.ts'
import { readEnvelope } from './envelope.ts'
import { currentVersion, type Keyring } from './keyring.ts'
import { openUnder, type SealContext, sealUnder } from './seal.ts'
import { openMessage, sealMessage } from './sealed-message.ts'
import { makeSecretKey, type SecretKey } from './secret-key.ts'

declare const dataKey: unique symbol
/** A person's data key. Its bytes cannot be read, printed or serialised. */
export interface DataKey extends SecretKey {
  readonly [dataKey]: true
}

/** The key id of everything under a data key. */
const DATA_KEY_ID = 'd1'

/**
 * A new data key for this person: ready for use, and wrapped for the person's row under `version` of Key C.
 * Source: protocols CR-50.
 */
export function createDataKey(
  keyring: Keyring,
  tenant: TenantId,
  identity: IdentityId,
): { wrapped: Sealed; version: number; key: DataKey } {
  const bytes = new Uint8Array(randomBytes(KEY_BYTES))
  const version = currentVersion(keyring, 'C')
  const wrapped = sealUnder(keyring, 'person-wrap', wrapContext(tenant, identity), bytes)
  return { wrapped, version, key: takeDataKey(bytes) }
}

/** The data key in its wrapping. Throws `sealed_unreadable` for another tenant or person, or a key that is not there. */
export function unwrapDataKey(
  keyring: Keyring,
  tenant: TenantId,
  identity: IdentityId,
  wrapped: Sealed,
): DataKey {
  return takeDataKey(openUnder(keyring, 'person-wrap', wrapContext(tenant, identity), wrapped))
}

/**
 * The same data key wrapped under the current version of Key C; what is sealed under it stays as it is.
 * Throws `sealed_unreadable` as {@link unwrapDataKey} does. Source: protocols CR-51.
 */
export function rewrapDataKey(
  keyring: Keyring,
  tenant: TenantId,
  identity: IdentityId,
  wrapped: Sealed,
): { wrapped: Sealed; version: number } {
  const context = wrapContext(tenant, identity)
  const version = currentVersion(keyring, 'C')
  const bytes = openUnder(keyring, 'person-wrap', context, wrapped)
  const rewrapped = sealUnder(keyring, 'person-wrap', context, bytes)
  bytes.fill(0)
  return { wrapped: rewrapped, version }
}

/** The sealed text of `plaintext` (at most 64 KiB) under a person's data key. Throws `payload_too_large` above that. */
export function sealWithDataKey(
  key: DataKey,
  context: SealContext,
  plaintext: Uint8Array | string,
): Sealed {
  return sealMessage(key, DATA_KEY_ID, context, plaintext)
}

/** The plaintext of a text sealed under this data key for this context. Throws `sealed_unreadable` otherwise. */
export function openWithDataKey(key: DataKey, context: SealContext, sealed: Sealed): Uint8Array {
  const envelope = readEnvelope(sealed)
  if (envelope?.keyId !== DATA_KEY_ID) return fail({ kind: 'sealed_unreadable' })
  return openMessage(key, context, envelope)
}

/** Where a wrapped data key belongs, whatever the table is called one day: these words are under the tag of stored texts. */
function wrapContext(tenant: TenantId, identity: IdentityId): SealContext {
  return { tenant, table: 'identity', column: 'wrapped_data_key', row: identity }
}

function takeDataKey(bytes: Uint8Array): DataKey {
  if (bytes.length !== KEY_BYTES) return fail({ kind: 'sealed_unreadable' })
  const key = makeSecretKey(bytes)
  bytes.fill(0)
  return key as DataKey
}
