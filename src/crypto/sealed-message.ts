/**
 * Sealing one message under one 256-bit key; `seal.ts` and `data-key.ts` choose the key.
 *
 * 1. iv: 12 fresh random bytes, for each message, also when the same row is sealed again (protocols CR-02).
 * 2. okm = HKDF-Expand(key, info, 64), info being the length-prefixed list of `identity-bridge/message/v1` and the iv. The
 *    key is uniformly random already, so extracting is left out (RFC 5869 section 3.3). The first 32 bytes are the
 *    encryption key; the last 32 are the commitment, which stands in the envelope.
 * 3. AES-256-GCM with this encryption key and the iv. Additional data: the length-prefixed list of envelope version,
 *    tenant, table, column, row, key id.
 *
 * The commitment is there because GCM alone does not say which key made a ciphertext: one can be built that opens under
 * two. It is compared before anything is decrypted (CR-07).
 */

import { randomBytes } from 'node:crypto'
import { fail } from '../domain/failure.ts'
import type { TenantId } from '../domain/ids.ts'
import type { Sealed } from '../domain/text.ts'
import { decryptGcm, encryptGcm, IV_BYTES, KEY_BYTES } from './aes-gcm.ts'
import {
  COMMITMENT_BYTES,
  ENVELOPE_VERSION,
  type Envelope,
  MAX_PLAINTEXT_BYTES,
  writeEnvelope,
} from './envelope.ts'
import { prefixLengths, utf8 } from './length-prefixed.ts'
import { equalBytes } from './random.ts'
import type { SecretKey } from './secret-key.ts'

/** The one place where a sealed text may be opened: its tenant, table, column and the row's id. */
export interface SealContext {
  readonly tenant: TenantId
  readonly table: string
  readonly column: string
  readonly row: string
}

const MESSAGE_LABEL = 'identity-bridge/message/v1'

/**
 * The sealed text of `plaintext` (a string as UTF-8) for this one context, under `key`, which `keyId` names.
 * Throws `payload_too_large` above 64 KiB and TypeError on an empty member of the context: a programmer's mistake.
 */
export function sealMessage(
  key: SecretKey,
  keyId: string,
  context: SealContext,
  plaintext: Uint8Array | string,
): Sealed {
  const bytes = typeof plaintext === 'string' ? utf8(plaintext) : plaintext
  if (bytes.length > MAX_PLAINTEXT_BYTES) fail({ kind: 'payload_too_large' })
  const iv = new Uint8Array(randomBytes(IV_BYTES))
  const { encryptionKey, commitment } = deriveMessageKeys(key, iv)
  const ciphertextAndTag = encryptGcm(encryptionKey, iv, additionalData(context, keyId), bytes)
  encryptionKey.fill(0)
  return writeEnvelope({ keyId, iv, ciphertextAndTag, commitment })
}

/**
 * The plaintext of an envelope that was sealed under this key for this context. Throws `sealed_unreadable` otherwise, with
 * no hint which of the two was wrong; TypeError on an empty member of the context.
 */
export function openMessage(key: SecretKey, context: SealContext, envelope: Envelope): Uint8Array {
  const { keyId, iv, ciphertextAndTag } = envelope
  const additional = additionalData(context, keyId)
  const { encryptionKey, commitment } = deriveMessageKeys(key, iv)
  if (!equalBytes(commitment, envelope.commitment)) return fail({ kind: 'sealed_unreadable' })
  const plaintext = decryptGcm(encryptionKey, iv, additional, ciphertextAndTag)
  encryptionKey.fill(0)
  return plaintext ?? fail({ kind: 'sealed_unreadable' })
}

/** The keys of one message. Exported for the test that builds a ciphertext which opens under two keys. */
export function deriveMessageKeys(
  key: SecretKey,
  iv: Uint8Array,
): { encryptionKey: Uint8Array; commitment: Uint8Array } {
  const okm = key.expand(prefixLengths([MESSAGE_LABEL, iv]), KEY_BYTES + COMMITMENT_BYTES)
  return { encryptionKey: okm.subarray(0, KEY_BYTES), commitment: okm.subarray(KEY_BYTES) }
}

/** The additional data under the tag: where the sealed text belongs, unambiguously. Source: protocols CR-05. */
export function additionalData(context: SealContext, keyId: string): Uint8Array {
  const { tenant, table, column, row } = context
  const members = [tenant, table, column, row]
  if (members.includes('')) throw new TypeError('a sealed text needs tenant, table, column and row')
  return prefixLengths([ENVELOPE_VERSION, ...members, keyId])
}
