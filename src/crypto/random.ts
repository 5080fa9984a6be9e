/** Randomness, and what is done with random secrets: storing their hash and comparing them without leaking where they differ. */

import { hash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import type { SecretHash } from '../domain/text.ts'

/** `bytes` random bytes as base64url: states, nonces, codes, tokens. 32 bytes are 43 characters. */
export function randomText(bytes = 32): string {
  return randomBytes(bytes).toString('base64url')
}

/** A random UUID (version 4, RFC 9562 section 5.4), lower case. */
export function newId(): string {
  return randomUUID()
}

/**
 * SHA-256 of the secret's UTF-8 bytes as base64url. Only for random secrets of at least 128 bits: the hash may lie in the
 * database because nothing short or guessable stands behind it.
 */
export function hashSecret(secret: string): SecretHash {
  return hash('sha256', secret, 'base64url') as SecretHash
}

/** Whether the texts are equal, in time that depends on their lengths alone (protocols CR-24). */
export function equalText(a: string, b: string): boolean {
  return equalBytes(Buffer.from(a), Buffer.from(b))
}

/** Whether the bytes are equal, in time that depends on their lengths alone (protocols CR-24). */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
