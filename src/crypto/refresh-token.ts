/**
 * Refresh tokens. All of a family begin alike, so that one that was used is known without a row of its own; and each follows
 * from the one before, so that an answer that was lost can be given again without keeping it.
 */
import { createHmac } from 'node:crypto'
import type { LocatedRefreshToken } from '../domain/opaque-token.ts'
import { hashSecret, randomText } from './random.ts'

const FAMILY_BYTES = 16
const TOKEN = /^(?<family>[A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}$/

/** A token with the names it has in the database. */
export interface NewRefreshToken extends LocatedRefreshToken {
  token: string
}

/** The first of a family: 128 random bits that stay, a dot, and 256 that change; 66 characters. */
export function newRefreshToken(): NewRefreshToken {
  const family = randomText(FAMILY_BYTES)
  const token = `${family}.${randomText()}`
  return { token, familyHash: hashSecret(family), tokenHash: hashSecret(token) }
}

/** The names it has in the database; undefined for a text that is no refresh token. */
export function locateRefreshToken(token: string): LocatedRefreshToken | undefined {
  const family = TOKEN.exec(token)?.groups?.family
  if (family === undefined) return undefined
  return { familyHash: hashSecret(family), tokenHash: hashSecret(token) }
}

/**
 * The token after `token`, of the same family: HMAC-SHA-256 of the salt under the token, base64url. Neither half is enough:
 * the salt lies in the row, the token with the client, and its row has only its hash (protocols OP-75).
 */
export function successorOf(token: string, salt: string): string {
  const [family = ''] = token.split('.')
  return `${family}.${createHmac('sha256', token).update(salt).digest('base64url')}`
}
