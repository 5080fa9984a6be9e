/**
 * The text form of everything sealed: `v1.<key id>.<iv>.<ciphertext and tag>.<commitment>`, each of the last three in
 * base64url without padding (protocols CR-06). The text says which key opens it, so no column needs a version beside it.
 *
 * Key ids: `c<version>` is a sub-key of that version of Key C, `d1` the data key of the person the row belongs to. Outside
 * the database, in a sealed keyring: `r1` is its root key, `k1` the key that wraps the root key.
 */

import type { Sealed } from '../domain/text.ts'
import { IV_BYTES, TAG_BYTES } from './aes-gcm.ts'
import { decodeBase64url, encodeBase64url } from './base64url.ts'

export const ENVELOPE_VERSION = 'v1'

/** The most a field may hold, in bytes before sealing (protocols CR-08). */
export const MAX_PLAINTEXT_BYTES = 64 * 1024

export const COMMITMENT_BYTES = 32

/** What an envelope says, its parts decoded. */
export interface Envelope {
  readonly keyId: string
  readonly iv: Uint8Array
  readonly ciphertextAndTag: Uint8Array
  readonly commitment: Uint8Array
}

const KEY_ID = /^(?:c[1-9][0-9]{0,5}|d1|r1|k1)$/

/** No longer text can be an envelope: the largest field, its tag and 128 characters for everything else. */
const MAX_TEXT_LENGTH = Math.ceil(((MAX_PLAINTEXT_BYTES + TAG_BYTES) * 4) / 3) + 128

/** The text of an envelope. */
export function writeEnvelope(envelope: Envelope): Sealed {
  const { keyId, iv, ciphertextAndTag, commitment } = envelope
  const coded = [iv, ciphertextAndTag, commitment].map(encodeBase64url)
  return [ENVELOPE_VERSION, keyId, ...coded].join('.') as Sealed
}

/**
 * What an envelope text says, or undefined where it is not exactly what {@link writeEnvelope} writes: another version,
 * an impossible key id, a part of another length, another spelling of the same bytes. Source: protocols CR-06, RE-07.
 */
export function readEnvelope(text: string): Envelope | undefined {
  if (text.length > MAX_TEXT_LENGTH) return undefined
  const parts = text.split('.')
  const [version, keyId = '', ivText = '', ciphertextText = '', commitmentText = ''] = parts
  if (parts.length !== 5 || version !== ENVELOPE_VERSION || !KEY_ID.test(keyId)) return undefined
  const iv = decodeBase64url(ivText)
  const ciphertextAndTag = decodeBase64url(ciphertextText)
  const commitment = decodeBase64url(commitmentText)
  if (iv?.length !== IV_BYTES || commitment?.length !== COMMITMENT_BYTES) return undefined
  if (ciphertextAndTag === undefined || ciphertextAndTag.length < TAG_BYTES) return undefined
  if (ciphertextAndTag.length > MAX_PLAINTEXT_BYTES + TAG_BYTES) return undefined
  return { keyId, iv, ciphertextAndTag, commitment }
}
