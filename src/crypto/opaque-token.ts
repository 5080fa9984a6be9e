/** Access tokens that are random texts: the database has their SHA-256. */
import type { LocatedToken } from '../domain/opaque-token.ts'
import type { SecretHash } from '../domain/text.ts'
import { hashSecret, randomText } from './random.ts'

/**
 * The access token a code becomes: the code's hash, which is the name of its row, and 256 random bits, 86 characters in
 * all. So it is found without an index of its own.
 */
export function newCodeToken(codeHash: SecretHash): string {
  return `${codeHash}${randomText()}`
}

/** The access token that comes with a refresh token, named after that one's family in the same way; 87 characters. */
export function newRefreshedToken(familyHash: SecretHash): string {
  return `${familyHash}.${randomText()}`
}

const HASH = '[A-Za-z0-9_-]{43}'
const TOKEN = new RegExp(`^(?:(?<row>${HASH})(?<mark>\\.?))?${HASH}$`)

/** Where an access token may lie; undefined for a text that is none of ours. */
export function locateToken(token: string): LocatedToken | undefined {
  const { groups } = TOKEN.exec(token) ?? {}
  if (groups === undefined) return undefined
  const tokenHash = hashSecret(token)
  const { row, mark } = groups
  if (row === undefined) return { kind: 'plain', tokenHash, rowHash: tokenHash }
  return { kind: mark === '.' ? 'refreshed' : 'code', tokenHash, rowHash: row as SecretHash }
}
