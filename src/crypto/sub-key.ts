/**
 * Sub-keys: no key of the keyring is ever used itself. From each one HKDF makes a key for every purpose, tenant and
 * version, so that one tenant's leak or export says nothing of another (protocols CR-30, CR-31).
 *
 * sub-key = HKDF-SHA-256(secret, salt = empty, info, 32), where info is the length-prefixed list of
 * `identity-bridge/sub-key/v1`, key name, purpose, tenant id, version in decimal.
 */

import type { TenantId } from '../domain/ids.ts'
import type { KeyName } from './keyring-text.ts'
import { prefixLengths } from './length-prefixed.ts'
import { deriveBytes, makeSecretKey, type SecretKey } from './secret-key.ts'

const LABEL = 'identity-bridge/sub-key/v1'
const NO_SALT = new Uint8Array(0)
const SUB_KEY_BYTES = 32

/** What Key C seals, each under a sub-key of its own. */
export type SealPurpose = 'person-wrap' | 'session' | 'provider-secret' | 'signing-key' | 'webhook'

/** Everything a sub-key may be for. `key-check` exists under each of A, B and C. */
export type Purpose =
  | 'holder-identifier'
  | 'institution-identifier'
  | 'holder-nested'
  | 'institution-nested'
  | SealPurpose
  | 'audit-subject'
  | 'audit-checkpoint'
  | 'dpop-nonce'
  | 'key-check'

/** Which sub-key is meant; together these are the whole of HKDF's info. */
export interface SubKeyName {
  readonly key: KeyName
  readonly purpose: Purpose
  readonly tenant: TenantId
  readonly version: number
}

/** The sub-key of `secret` with this name. Throws TypeError on an empty tenant. Source: RFC 5869; protocols CR-30, CR-31. */
export function deriveSubKey(secret: Uint8Array, name: SubKeyName): SecretKey {
  const bytes = deriveSubKeyBytes(secret, name)
  const key = makeSecretKey(bytes)
  bytes.fill(0)
  return key
}

/** The 32 bytes of the same; apart only so that the documented value can be checked against them. */
export function deriveSubKeyBytes(secret: Uint8Array, name: SubKeyName): Uint8Array {
  if (name.tenant === '') throw new TypeError('a sub-key needs a tenant')
  const info = prefixLengths([LABEL, name.key, name.purpose, name.tenant, String(name.version)])
  return deriveBytes(secret, NO_SALT, info, SUB_KEY_BYTES)
}
