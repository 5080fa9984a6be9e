/** ID tokens (OpenID Connect Core sections 2 and 3.1.3.6). */
import { hash } from 'node:crypto'
import type { JsonObject } from '../domain/text.ts'
import type { TokenAlgorithm } from '../domain/token-algorithm.ts'
import { isTokenType, type VerifyingKey } from './access-token.ts'
import {
  type CompactJws,
  JwsError,
  readCompact,
  readPayload,
  signCompactAside,
  verifyCompact,
} from './jws.ts'
import type { PrivateKey } from './sealed-signing-key.ts'

/** Left half of the access token's SHA-256, base64url: `at_hash` for every algorithm we sign with. */
export function accessTokenHash(accessToken: string): string {
  return hash('sha256', accessToken, 'buffer').subarray(0, 16).toString('base64url')
}

/** The signed token; `kid` names the key in the tenant's published set. */
export function signIdToken(
  key: { kid: string; privateKey: PrivateKey },
  algorithm: TokenAlgorithm,
  claims: JsonObject,
): Promise<string> {
  return signCompactAside({
    header: { typ: 'JWT', kid: key.kid },
    payload: claims,
    key: key.privateKey,
    algorithm,
  })
}

/** `sid` as one relying party sees it: nobody else's is the same, and none leads to another (as with subjects, OP-62). */
export function sessionIdFor(clientId: string, sid: string): string {
  return hash('sha256', `${sid} ${clientId}`, 'base64url')
}

/** What of an ID token of ours counts as a hint about who is meant, however old it is (Core 3.1.2.1). */
export interface IdTokenHint {
  clientId: string
  subject: string
  sid: string | undefined
}

const MAX_HINT = 16 * 1024

/** The `kid` of something that may be an ID token; undefined for anything else. */
export function readHintKid(token: string): string | undefined {
  const header = takeApart(token)?.header
  return header !== undefined && isTokenType(header.typ, 'JWT') && typeof header.kid === 'string'
    ? header.kid
    : undefined
}

/** The hint of an ID token that `key` signed for `issuer`; undefined for anything else. Its times are not looked at. */
export function readIdTokenHint(
  token: string,
  { key, issuer }: { key: VerifyingKey; issuer: string },
): IdTokenHint | undefined {
  const jws = takeApart(token)
  if (jws === undefined) return undefined
  try {
    verifyCompact(jws, key.publicKey, [key.algorithm])
    const { iss, aud, sub, sid } = readPayload(jws)
    if (iss !== issuer || typeof aud !== 'string' || typeof sub !== 'string') return undefined
    return { clientId: aud, subject: sub, sid: typeof sid === 'string' ? sid : undefined }
  } catch (error) {
    if (error instanceof JwsError) return undefined
    throw error
  }
}

function takeApart(token: string): CompactJws | undefined {
  try {
    return readCompact(token, { maxBytes: MAX_HINT })
  } catch (error) {
    if (error instanceof JwsError) return undefined
    throw error
  }
}

/** The PKCE challenge of a verifier (RFC 7636 section 4.2, S256). */
export function codeChallengeOf(verifier: string): string {
  return hash('sha256', verifier, 'base64url')
}
