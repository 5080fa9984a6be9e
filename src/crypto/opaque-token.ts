/** Access and refresh tokens that are random texts: the database has their SHA-256. */
import type { SecretHash } from '../domain/text.ts'
import { hashSecret, randomText } from './random.ts'

const PLAIN = 43

/**
 * The access token a code becomes: the code's hash, which is the name of its row, and 256 random bits, 86 characters in
 * all. So it is found without an index of its own.
 */
export function newCodeToken(codeHash: SecretHash): string {
  return `${codeHash}${randomText()}`
}

/** Under what a token may lie; undefined for a text that is none of ours. `codeHash` is null for one that came of no code. */
export function locateToken(
  token: string,
): { tokenHash: SecretHash; codeHash: SecretHash | null } | undefined {
  if (!/^(?:[A-Za-z0-9_-]{43}){1,2}$/.test(token)) return undefined
  const codeHash = token.length === PLAIN ? null : (token.slice(0, PLAIN) as SecretHash)
  return { tokenHash: hashSecret(token), codeHash }
}
