/** Checking a receipt offline: the text, and a key set that was saved before. */
import { RECEIPT_TYPE } from '../domain/erasure.ts'
import type { JsonObject } from '../domain/text.ts'
import { JwsError, readCompact, readPayload, verifyCompact } from './jws.ts'
import { importVerifyingKey } from './signing-key.ts'
import type { EcPublicJwk } from './thumbprint.ts'

const MAX_BYTES = 64 * 1024

/**
 * What the receipt says, if a key of the set signed it. The set is the tenant's `jwks_uri`, saved when the receipt came: keys
 * leave it later. Throws {@link JwsError}; `key_mismatch` where the set has no such key.
 */
export function verifyReceipt(receipt: string, jwks: { keys: readonly JsonObject[] }): JsonObject {
  const jws = readCompact(receipt, { maxBytes: MAX_BYTES })
  if (jws.header.typ !== RECEIPT_TYPE) throw new JwsError('header_refused')
  const jwk = jwks.keys.find((key) => key.kid === jws.header.kid)
  if (jwk === undefined) throw new JwsError('key_mismatch')
  const algorithm = jwk.kty === 'RSA' ? 'RS256' : 'ES256'
  verifyCompact(jws, importVerifyingKey(jwk as unknown as EcPublicJwk), [algorithm])
  return readPayload(jws)
}
