/**
 * The root key: 32 random bytes that seal one keyring (protocols CR-34). It lies beside the keyring, wrapped by a keeper:
 * by a service that holds a key of its own, or, here, under a key-encryption key of 32 bytes.
 */

import { randomBytes } from 'node:crypto'
import { scryptAsync } from '@noble/hashes/scrypt.js'
import { BridgeError } from '../domain/failure.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import { decodeBase64url, encodeBase64url } from './base64url.ts'
import { readEnvelope } from './envelope.ts'
import { utf8 } from './length-prefixed.ts'
import { openMessage, sealMessage } from './sealed-message.ts'
import { makeSecretKey } from './secret-key.ts'

export const ROOT_KEY_BYTES = 32

/** How much work a passphrase costs: scrypt with N = 2^log2n, r = 8, p = 1. 17 needs 128 MiB and about a second. */
const SCRYPT_LOG2N = 17
const LEAST_LOG2N = 14
const MOST_LOG2N = 20
const SALT_BYTES = 16

/** A fresh root key. */
export function newRootKey(): Uint8Array {
  return new Uint8Array(randomBytes(ROOT_KEY_BYTES))
}

/** The root key wrapped under a key-encryption key of 32 bytes; opens for the same keeper only. */
export function wrapRootKey(wrapping: Uint8Array, keeper: string, rootKey: Uint8Array): string {
  return sealMessage(makeSecretKey(wrapping), 'k1', contextOf(keeper), rootKey)
}

/** The root key in a text of {@link wrapRootKey}, or undefined where that is not what it is. */
export function unwrapRootKey(
  wrapping: Uint8Array,
  keeper: string,
  wrapped: string,
): Uint8Array | undefined {
  const envelope = readEnvelope(wrapped)
  if (envelope?.keyId !== 'k1') return undefined
  try {
    const rootKey = openMessage(makeSecretKey(wrapping), contextOf(keeper), envelope)
    return rootKey.length === ROOT_KEY_BYTES ? rootKey : undefined
  } catch (error) {
    if (error instanceof BridgeError) return undefined
    throw error
  }
}

/** What a passphrase's key was made with, as text: `scrypt.<log2 N>.<salt>`. The salt is fresh. */
export function newScryptParameters(log2n: number = SCRYPT_LOG2N): string {
  return `scrypt.${log2n}.${encodeBase64url(new Uint8Array(randomBytes(SALT_BYTES)))}`
}

/** The key-encryption key of a passphrase (RFC 7914), or undefined for parameters that we never write. */
export async function derivePassphraseKey(
  passphrase: string,
  parameters: string,
): Promise<Uint8Array | undefined> {
  const [, work = '', saltText = ''] = /^scrypt\.(\d\d)\.([\w-]+)$/.exec(parameters) ?? []
  const salt = decodeBase64url(saltText)
  const log2n = Number(work)
  if (salt?.length !== SALT_BYTES || log2n < LEAST_LOG2N || log2n > MOST_LOG2N) return undefined
  const cost = { N: 2 ** log2n, r: 8, p: 1, dkLen: ROOT_KEY_BYTES, maxmem: 2 ** (log2n + 11) }
  return await scryptAsync(utf8(passphrase.normalize('NFC')), salt, cost)
}

function contextOf(keeper: string) {
  return { tenant: SYSTEM_TENANT, table: 'keyring', column: 'root_key', row: keeper }
}
