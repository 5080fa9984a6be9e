/**
 * The keyring in use. From outside it is a thing without members: what it holds lies behind a WeakMap that this file alone
 * can read, so nothing that prints, clones or serialises a keyring meets a secret (protocols CR-35).
 */

import type { TenantId } from '../domain/ids.ts'
import { checkValueOf, secretOf } from './key-check.ts'
import {
  hasSecret,
  isNested,
  isReadable,
  type KeyEntry,
  type KeyName,
  type KeyState,
  readKeyringText,
} from './keyring-text.ts'
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
  /** Of a nesting: hashes of version `inner` under version `outer`. */
  readonly nests?: { readonly outer: number; readonly inner: number }
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
  'holder-nested': 'A',
  'institution-nested': 'B',
  'person-wrap': 'C',
  session: 'C',
  'provider-secret': 'C',
  'signing-key': 'C',
  webhook: 'C',
  'audit-subject': 'C',
  'audit-checkpoint': 'C',
  'dpop-nonce': 'C',
}

/**
 * Where one version of Key C should be rotated (protocols CR-01): with 2^28 random IVs under one key the chance of a
 * repeated one is 2^-41. The bound holds for each sub-key; counted is the sum over all tenants, which is stricter.
 */
const SEALS_BEFORE_ROTATION = 2 ** 28

/** The keyring of a keyring text. Throws KeyringError, which names the entry and never a value, on any other text. */
export function parseKeyring(text: string): Keyring {
  const keyring = Object.freeze(Object.create(null)) as Keyring
  const entries = readKeyringText(text)
  contentsOf.set(keyring, { entries, subKeys: new Map(), seals: new Map() })
  return keyring
}

/** Every key in every version with its state, in the order of the text. Holds nothing secret. */
export function listKeys(keyring: Keyring): readonly KeyInfo[] {
  return contents(keyring).entries.map((entry) => {
    const { key, version, state } = entry
    if (!isNested(entry)) return { key, version, state }
    return { key, version, state, nests: { outer: entry.outer, inner: entry.inner } }
  })
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
    (entry) => entry.key === key && isReadable(entry) && entry.version !== current,
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
  const { entries } = contents(keyring)
  return entries.map((entry) => ({
    key: entry.key,
    version: entry.version,
    checkValue: checkValueOf(entry, entries),
  }))
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
  if (entry === undefined || !hasSecret(entry) || !isReadable(entry)) return undefined
  const derived = deriveSubKey(entry.secret, { key, purpose, tenant, version })
  if (subKeys.size >= SUB_KEYS_KEPT) dropOldest(subKeys)
  subKeys.set(`${purpose} ${version} ${tenant}`, derived)
  return derived
}

/**
 * What a readable version of A or B is made of: from the innermost secret outwards, the sub-keys whose HMACs follow one
 * another; one for an ordinary version. Undefined for a version that is not there or retired. What a nesting is made of may
 * be retired itself: it is read through the nesting alone. Only `identifier-hash.ts` calls it.
 */
export function hashKeys(
  keyring: Keyring,
  purpose: 'holder-identifier' | 'institution-identifier',
  tenant: TenantId,
  version: number,
): readonly SecretKey[] | undefined {
  const { entries } = contents(keyring)
  const key = KEY_FOR[purpose]
  const entry = entries.find((one) => one.key === key && one.version === version)
  if (entry === undefined || !isReadable(entry)) return undefined
  const ordinary = isNested(entry) ? undefined : subKey(keyring, purpose, tenant, version)
  return ordinary === undefined ? chainOf(keyring, purpose, tenant, entry) : [ordinary]
}

function chainOf(
  keyring: Keyring,
  purpose: 'holder-identifier' | 'institution-identifier',
  tenant: TenantId,
  entry: KeyEntry,
): readonly SecretKey[] {
  const { entries, subKeys } = contents(keyring)
  const { key } = entry
  const derive = (of: Purpose, version: number) => {
    const name = `chain ${of} ${version} ${tenant}`
    const cached = subKeys.get(name)
    if (cached !== undefined) return cached
    const secret = secretOf(entries, key, version)
    const derived = deriveSubKey(secret, { key, purpose: of, tenant, version })
    if (subKeys.size >= SUB_KEYS_KEPT) dropOldest(subKeys)
    subKeys.set(name, derived)
    return derived
  }
  if (!isNested(entry)) return [derive(purpose, entry.version)]
  const inside = entries.find((each) => each.key === key && each.version === entry.inner)
  if (inside === undefined) throw new TypeError('a nesting of nothing')
  const nest = purpose === 'holder-identifier' ? 'holder-nested' : 'institution-nested'
  return [...chainOf(keyring, purpose, tenant, inside), derive(nest, entry.outer)]
}

/** The readable nesting of this inner version under this outer one, if the keyring has it. */
export function nestingOf(
  keyring: Keyring,
  key: KeyName,
  outer: number,
  inner: number,
): number | undefined {
  return contents(keyring).entries.find(
    (entry) =>
      isNested(entry) &&
      isReadable(entry) &&
      entry.key === key &&
      entry.outer === outer &&
      entry.inner === inner,
  )?.version
}

/**
 * How far a version may be relied on: `ahead`, one that other instances may write with before this one; `hint`, a Key A
 * that got away, or a nesting of one, which proves nobody by itself (protocols CR-46); undefined for all others.
 */
export function standingOf(
  keyring: Keyring,
  key: KeyName,
  version: number,
): 'ahead' | 'hint' | undefined {
  const { entries } = contents(keyring)
  const entry = entries.find((each) => each.key === key && each.version === version)
  if (key === 'A' && gotAway(entry, entries)) return 'hint'
  return isAhead(entry, entries) ? 'ahead' : undefined
}

/** A nesting under a pending version, too: whoever writes with that one already may be nesting. */
function isAhead(entry: KeyEntry | undefined, entries: readonly KeyEntry[]): boolean {
  if (entry === undefined || !isNested(entry)) return entry?.state === 'pending'
  const { key, outer } = entry
  return entries.some(
    (each) => each.key === key && each.version === outer && each.state === 'pending',
  )
}

function gotAway(entry: KeyEntry | undefined, entries: readonly KeyEntry[]): boolean {
  if (entry === undefined) return false
  if (!isNested(entry)) return entry.state === 'leaked'
  const inside = entries.find((each) => each.key === entry.key && each.version === entry.inner)
  return gotAway(inside, entries)
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
