/** Refresh tokens follow from one another, so that an answer that was lost can be given again without keeping it. */
import { createHmac } from 'node:crypto'

/**
 * The token after `token`: HMAC-SHA-256 of the salt under the token, base64url. Neither half is enough: the salt lies in
 * the row, the token with the client, and its row has only its hash (protocols OP-75).
 */
export function successorOf(token: string, salt: string): string {
  return createHmac('sha256', token).update(salt).digest('base64url')
}
