/**
 * base64url without padding (RFC 4648 section 5), one text for each value. Node's own decoder skips what it does not know,
 * takes both alphabets and ignores stray trailing bits, so that many texts would open as one (protocols CR-06).
 */

/** The base64url text of `bytes`, without padding. */
export function encodeBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
}

/**
 * The bytes of a base64url text, or undefined where the text is not exactly what {@link encodeBase64url} writes: another
 * alphabet, padding, white space, an impossible length, or trailing bits that are not zero. Source: RFC 4648 section 3.5.
 */
export function decodeBase64url(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text) return undefined
  return new Uint8Array(bytes)
}
