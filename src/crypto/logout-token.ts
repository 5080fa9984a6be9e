/** Logout tokens (OpenID Connect Back-Channel Logout 1.0). */
import type { JsonObject } from '../domain/text.ts'
import type { TokenAlgorithm } from '../domain/token-algorithm.ts'
import { signCompactAside } from './jws.ts'
import type { PrivateKey } from './sealed-signing-key.ts'

/** The signed token; its type keeps it from being taken for an ID token (section 2.4). */
export function signLogoutToken(
  key: { kid: string; privateKey: PrivateKey },
  algorithm: TokenAlgorithm,
  claims: JsonObject,
): Promise<string> {
  return signCompactAside({
    header: { typ: 'logout+jwt', kid: key.kid },
    payload: claims,
    key: key.privateKey,
    algorithm,
  })
}
