/** ID tokens (OpenID Connect Core sections 2 and 3.1.3.6). */
import { createHash } from 'node:crypto'
import type { JsonObject } from '../domain/text.ts'
import { signCompact } from './jws.ts'
import type { PrivateKey } from './sealed-signing-key.ts'

/** Left half of the access token's SHA-256, base64url: `at_hash` for every algorithm we sign with. */
export function accessTokenHash(accessToken: string): string {
  return createHash('sha256')
    .update(accessToken, 'ascii')
    .digest()
    .subarray(0, 16)
    .toString('base64url')
}

/** The signed token; `kid` names the key in the tenant's published set. */
export function signIdToken(
  key: { kid: string; privateKey: PrivateKey },
  algorithm: 'ES256' | 'RS256',
  claims: JsonObject,
): string {
  return signCompact({
    header: { typ: 'JWT', kid: key.kid },
    payload: claims,
    key: key.privateKey,
    algorithm,
  })
}

/** The PKCE challenge of a verifier (RFC 7636 section 4.2, S256). */
export function codeChallengeOf(verifier: string): string {
  return createHash('sha256').update(verifier, 'ascii').digest('base64url')
}
