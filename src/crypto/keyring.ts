/**
 * The keyring in use. From outside it is a thing without members: what it holds lies behind a WeakMap that this file alone
 * can read, so nothing that prints, clones or serialises a keyring meets a secret (protocols CR-35).
 */

import { SYSTEM_TENANT, type TenantId } from '../domain/ids.ts'
import { encodeBase64url } from './base64url.ts'
import { type KeyEntry, type KeyName, type KeyState, readKeyringText } from './keyring-text.ts'
import { prefixLengths } from './length-prefixed.ts'
import type { SecretKey } from './secret-key.ts'
import { deriveSubKey, type Purpose, type SealPurpose } from './sub-key.ts'

export { createKeyringText } from './keyring-text.ts'

declare const opaque: unique symbol
/** The keys A, B and C in all their versions. */
export interface Keyring {
  readonly [opaque]: true
}

/** A key, one version of it, and what it may do. */
export interface KeyInfo {
  readonly key: KeyName
  readonly version: number
  readonly state: KeyState
}

interface Contents {
  readonly entries: readonly KeyEntry[]
  /** Derived sub-keys by name, oldest first; bounded, for tenants come and go. */
  readonly subKeys: Map<string, SecretKey>
  /** How often this process has sealed, by purpose and version. */
  readonly seals: Map<string, { purpose: SealPurpose; version: number; seals: number }>
}

const contentsOf = new WeakMap<Keyring, Contents>()

/** Sub-keys kept ready in one keyring. One is some 300 bytes, and deriving it again costs three HMACs. */
const SUB_KEYS_KEPT = 4096

const KEY_FOR: Readonly<Record<Exclude<Purpose, 'key-check'>, KeyName>> = {
  'holder-identifier': 'A',
  'institution-identifier': 'B',
  'person-wrap': 'C',
  session: 'C',
  'provider-secret': 'C',
  'signing-key': 'C',
  webhook: 'C',
  'audit-subject': 'C',
  'dpop-nonce': 'C',
}

const KEY_CHECK_LABEL = 'identity-bridge/key-check/v1'

/**
 * Where one version of Key C should be rotated (protocols CR-01): with 2^28 random IVs under one key the chance of a
 * repeated one is 2^-41. The bound holds for each sub-key; counted is the sum over all tenants, which is stricter.
 */
export const SEALS_BEFORE_ROTATION = 2 ** 28

/** The keyring of a keyring text. Throws KeyringError, which names the entry and never a value, on any other text. */
export function parseKeyring(text: string): Keyring {
  const keyring = Object.freeze(Object.create(null)) as Keyring
  const entries = readKeyringText(text)
  contentsOf.set(keyring, { entries, subKeys: new Map(), seals: new Map() })
  return keyring
}

/** Every key in every version with its state, in the order of the text. Holds nothing secret. */
export function listKeys(keyring: Keyring): readonly KeyInfo[] {
  return contents(keyring).entries.map(({ key, version, state }) => ({ key, version, state }))
}

/** The version of `key` that writes. */
export function currentVersion(keyring: Keyring, key: KeyName): number {
  const current = contents(keyring).entries.find(
    (entry) => entry.key === key && entry.state === 'current',
  )
  if (current === undefined) throw new TypeError('a keyring without a current key')
  return current.version
}

/** The versions of `key` that may be read: the current one first, then the others from new to old. */
export function readableVersions(keyring: Keyring, key: KeyName): readonly number[] {
  const current = currentVersion(keyring, key)
  const others = contents(keyring).entries.filter(
    (entry) => entry.key === key && entry.state !== 'retired' && entry.version !== current,
  )
  return [current, ...others.map((entry) => entry.version).toSorted((a, b) => b - a)]
}

/**
 * One line for each key and version: a fixed text hashed under a sub-key that serves nothing else, 32 bytes as base64url.
 * Compared at start with what the database remembers, it stops a service that was given another keyring, which would
 * otherwise meet only strangers (protocols CR-33). It may be stored and shown (CR-36).
 */
export function keyCheckValues(
  keyring: Keyring,
): readonly { key: KeyName; version: number; checkValue: string }[] {
  return contents(keyring).entries.map(({ key, version, secret }) => {
    const name = { key, purpose: 'key-check', tenant: SYSTEM_TENANT, version } as const
    const message = prefixLengths([KEY_CHECK_LABEL, key, String(version)])
    return { key, version, checkValue: encodeBase64url(deriveSubKey(secret, name).mac(message)) }
  })
}

/**
 * The sub-key for a purpose, or undefined where this version does not exist or is retired. Only `crypto/` calls it.
 * Derived once per keyring and kept. Source: protocols CR-30 to CR-32.
 */
export function subKey(
  keyring: Keyring,
  purpose: Exclude<Purpose, 'key-check'>,
  tenant: TenantId,
  version: number,
): SecretKey | undefined {
  const { entries, subKeys } = contents(keyring)
  const cached = subKeys.get(`${purpose} ${version} ${tenant}`)
  if (cached !== undefined) return cached
  const key = KEY_FOR[purpose]
  const entry = entries.find((one) => one.key === key && one.version === version)
  if (entry === undefined || entry.state === 'retired') return undefined
  const derived = deriveSubKey(entry.secret, { key, purpose, tenant, version })
  if (subKeys.size >= SUB_KEYS_KEPT) dropOldest(subKeys)
  subKeys.set(`${purpose} ${version} ${tenant}`, derived)
  return derived
}

/** How often this process has sealed under each purpose and version of Key C, for the metric that asks for a rotation. */
export function sealCounts(
  keyring: Keyring,
): readonly { purpose: SealPurpose; version: number; seals: number }[] {
  return Array.from(contents(keyring).seals.values(), (line) => ({ ...line }))
}

/** Whether any purpose and version has been used for `limit` seals by this process (protocols CR-01). */
export function rotationIsDue(keyring: Keyring, limit = SEALS_BEFORE_ROTATION): boolean {
  return sealCounts(keyring).some((line) => line.seals >= limit)
}

/** Counts one more seal. Only `seal.ts` calls it. */
export function countSeal(keyring: Keyring, purpose: SealPurpose, version: number): void {
  const { seals } = contents(keyring)
  const name = `${purpose} ${version}`
  const line = seals.get(name)
  if (line === undefined) seals.set(name, { purpose, version, seals: 1 })
  else line.seals++
}

function contents(keyring: Keyring): Contents {
  const found = contentsOf.get(keyring)
  if (found === undefined) throw new TypeError('not a keyring made by parseKeyring')
  return found
}

function dropOldest(subKeys: Map<string, SecretKey>): void {
  for (const name of subKeys.keys()) {
    subKeys.delete(name)
    return
  }
}
