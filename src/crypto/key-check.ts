/** The value by which one version of a key is recognised without being shown (protocols CR-33, CR-36). */

import { SYSTEM_TENANT } from '../domain/ids.ts'
import { encodeBase64url } from './base64url.ts'
import { hasSecret, isNested, type KeyEntry, type KeyName } from './keyring-text.ts'
import { prefixLengths } from './length-prefixed.ts'
import { deriveSubKey } from './sub-key.ts'

const LABEL = 'identity-bridge/key-check/v1'

/**
 * A fixed text hashed under a sub-key that serves nothing else, 32 bytes as base64url. A destroyed version has the value
 * that was written down when it was destroyed.
 */
export function checkValueOf(entry: KeyEntry, entries: readonly KeyEntry[]): string {
  if (entry.state === 'destroyed') return entry.checkValue
  const { key, version } = entry
  const name = { key, purpose: 'key-check', tenant: SYSTEM_TENANT, version } as const
  const nests = isNested(entry) ? [String(entry.outer), String(entry.inner)] : []
  const message = prefixLengths([LABEL, key, String(version), ...nests])
  const secret = secretOf(entries, key, isNested(entry) ? entry.outer : version)
  return encodeBase64url(deriveSubKey(secret, name).mac(message))
}

/** Every version has a secret but a nesting, whose outer version has, and a destroyed one. */
export function secretOf(entries: readonly KeyEntry[], key: KeyName, version: number): Uint8Array {
  const entry = entries.find((each) => each.key === key && each.version === version)
  if (entry === undefined || !hasSecret(entry)) throw new TypeError('a version without a secret')
  return entry.secret
}
