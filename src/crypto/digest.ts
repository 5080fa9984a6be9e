/** Digests of what is public: they name a document, they hide nothing. */
import { hash } from 'node:crypto'

/** SHA-256 of the text's UTF-8 bytes, base64url without padding (43 characters). */
export function digestText(text: string): string {
  return hash('sha256', text, 'base64url')
}
