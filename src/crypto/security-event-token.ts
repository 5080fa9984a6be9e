/** Security Event Tokens (RFC 8417). */
import type { JsonObject } from '../domain/text.ts'
import { signCompact } from './jws.ts'
import type { PrivateKey } from './sealed-signing-key.ts'

/**
 * The signed token. Its type keeps it from being taken for any other of ours (section 2.3), and it has neither `sub` nor
 * `exp`: it says what happened, which does not stop being so (sections 4.1 to 4.6).
 */
export function signSecurityEvent(
  key: { kid: string; privateKey: PrivateKey },
  claims: JsonObject,
): string {
  return signCompact({
    header: { typ: 'secevent+jwt', kid: key.kid },
    payload: claims,
    key: key.privateKey,
    algorithm: 'ES256',
  })
}
