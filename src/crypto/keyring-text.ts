/**
 * The keyring as text: what an operator stores, the command line writes and the service reads at start.
 *
 * ```json
 * { "keys": [ { "key": "A", "version": 1, "state": "current", "secret": "<base64url of 32 bytes>" }, … ] }
 * ```
 *
 * A hashes what wallets say of a holder, B what institutions say, C wraps and seals. The three share one line of version
 * numbers: 1 is the first generation and holds all of them, each later number rotates exactly one. A number of A or B may
 * also stand for a nesting: hashes of version `inner`, hashed once more under version `outer`; it has no secret of its own:
 *
 * ```json
 * { "key": "A", "version": 4, "state": "previous", "outer": 3, "inner": 1 }
 * ```
 *
 * A destroyed version has "check", its check value, in place of what it was. Nothing here repairs a keyring: it is right, or it is refused by the number of the entry that is wrong, never by its value.
 */

import { randomBytes } from 'node:crypto'
import { parseStrictJson, StrictJsonError } from '../domain/strict-json.ts'
import type { Json, JsonObject } from '../domain/text.ts'
import { decodeBase64url, encodeBase64url } from './base64url.ts'
import { equalBytes } from './random.ts'

export const KEY_NAMES = ['A', 'B', 'C'] as const
/** A: holder identifiers. B: institution identifiers. C: wrapping and sealing. */
export type KeyName = (typeof KEY_NAMES)[number]

const KEY_STATES = ['pending', 'current', 'previous', 'leaked', 'retired', 'destroyed'] as const
/**
 * pending: readable. current: readable and the one that writes. previous: readable. leaked: readable, and of A no proof by
 * itself (protocols CR-46). retired: refused, and kept. destroyed: its secret is gone; the entry stays, because its number
 * must not be used again.
 */
export type KeyState = (typeof KEY_STATES)[number]

interface VersionEntry {
  readonly key: KeyName
  readonly version: number
  readonly state: Exclude<KeyState, 'destroyed'>
}

/** One key in one version. `secret` are 32 bytes; only `crypto/` ever holds such an entry. */
export interface SecretEntry extends VersionEntry {
  readonly secret: Uint8Array
}

/** Hashes of version `inner` under version `outer` of the same key; read and migrated to, never written by a login. */
export interface NestedEntry extends VersionEntry {
  readonly outer: number
  readonly inner: number
}

/** What is left of a destroyed version: the value by which the database remembers it. */
export interface DestroyedEntry {
  readonly key: KeyName
  readonly version: number
  readonly state: 'destroyed'
  readonly checkValue: string
}

export type KeyEntry = SecretEntry | NestedEntry | DestroyedEntry

export function isNested(entry: KeyEntry): entry is NestedEntry {
  return 'outer' in entry
}

export function hasSecret(entry: KeyEntry): entry is SecretEntry {
  return 'secret' in entry
}

/** Whether what lies under this version may be read. */
export function isReadable(entry: KeyEntry): entry is SecretEntry | NestedEntry {
  return entry.state !== 'retired' && entry.state !== 'destroyed'
}

/** A keyring that cannot be used. The message names the entry (counted from 1) and the rule, never a value. */
export class KeyringError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'KeyringError'
  }
}

const SECRET_BYTES = 32
const HIGHEST_VERSION = 999_999
const MEMBERS = ['key', 'version', 'state', 'secret']
const NESTED_MEMBERS = ['key', 'version', 'state', 'outer', 'inner']
const DESTROYED_MEMBERS = ['key', 'version', 'state', 'check']

/** The entries of a keyring text, in its order. Throws {@link KeyringError} where any rule of this file is broken. */
export function readKeyringText(text: string): readonly KeyEntry[] {
  const document = parseDocument(text)
  if (!isObject(document) || Object.keys(document).join() !== 'keys') {
    throw new KeyringError('keyring: must be an object with the one member "keys"')
  }
  const list = document.keys
  if (!Array.isArray(list)) throw new KeyringError('keyring: "keys" must be an array')
  const entries = list.map((item: Json, index) => readEntry(item, index + 1))
  requireVersionLine(entries)
  requireOneCurrent(entries)
  requireDistinctSecrets(entries.filter(hasSecret))
  for (const entry of entries.filter(isNested)) requireNesting(entry, entries)
  return entries
}

/** The text of these entries, indented, with a line break at the end. */
export function writeKeyringText(entries: readonly KeyEntry[]): string {
  const keys = entries.map((entry) => {
    if (hasSecret(entry)) return { ...entry, secret: encodeBase64url(entry.secret) }
    if (isNested(entry)) return entry
    const { checkValue, ...others } = entry
    return { ...others, check: checkValue }
  })
  return `${JSON.stringify({ keys }, null, 2)}\n`
}

/** A fresh keyring text: generation 1, all three keys current, from the system's random source. */
export function createKeyringText(): string {
  return writeKeyringText(
    KEY_NAMES.map((key) => ({ key, version: 1, state: 'current', secret: newKeySecret() })),
  )
}

/** 32 random bytes for a new entry. */
export function newKeySecret(): Uint8Array {
  return new Uint8Array(randomBytes(SECRET_BYTES))
}

function parseDocument(text: string): Json {
  try {
    return parseStrictJson(text)
  } catch (error) {
    if (error instanceof StrictJsonError) throw new KeyringError(`keyring: ${error.message}`)
    throw error
  }
}

function readEntry(item: Json, number: number): KeyEntry {
  const refuse = (rule: string): never => {
    throw new KeyringError(`keyring entry ${number}: ${rule}`)
  }
  if (!isObject(item)) return refuse('must be an object')
  const members = membersOf(item)
  if (Object.keys(item).some((name) => !members.includes(name))) return refuse('unknown member')
  const key = KEY_NAMES.find((name) => name === item.key)
  if (key === undefined) return refuse('"key" must be A, B or C')
  const { version, outer, inner } = item
  if (!isVersion(version)) return refuse('"version" must be a whole number from 1')
  const state = KEY_STATES.find((name) => name === item.state)
  if (state === undefined) return refuse(`"state" must be one of ${KEY_STATES.join(', ')}`)
  if (members === NESTED_MEMBERS) {
    if (!isVersion(outer) || !isVersion(inner)) {
      return refuse('"outer" and "inner" must be whole numbers from 1')
    }
    if (state === 'destroyed') return refuse('unknown member')
    return { key, version, state, outer, inner }
  }
  const part = state === 'destroyed' ? 'check' : 'secret'
  const text = item[part]
  const bytes = typeof text === 'string' ? decodeBase64url(text) : undefined
  if (bytes?.length !== SECRET_BYTES) {
    return refuse(`"${part}" must be base64url of exactly ${SECRET_BYTES} bytes`)
  }
  if (state === 'destroyed') return { key, version, state, checkValue: encodeBase64url(bytes) }
  if (bytes.every((byte) => byte === 0)) return refuse('"secret" must not be all zero')
  return { key, version, state, secret: bytes }
}

function membersOf(item: JsonObject): readonly string[] {
  if (item.state === 'destroyed') return DESTROYED_MEMBERS
  return 'outer' in item ? NESTED_MEMBERS : MEMBERS
}

function isVersion(version: Json | undefined): version is number {
  return (
    typeof version === 'number' &&
    Number.isInteger(version) &&
    version >= 1 &&
    version <= HIGHEST_VERSION
  )
}

/** What a nesting may be of: earlier numbers of its own key, the outer one a secret of its own. */
function requireNesting(entry: NestedEntry, entries: readonly KeyEntry[]): void {
  const { key, version, state, outer, inner } = entry
  const refuse = (rule: string): never => {
    throw new KeyringError(`keyring: key ${key} version ${version} ${rule}`)
  }
  if (key === 'C') refuse('cannot be a nesting: only hashes nest')
  if (state !== 'previous' && state !== 'retired') refuse('is a nesting: previous or retired')
  const of = (wanted: number) =>
    entries.find((each) => each.key === key && each.version === wanted && wanted < version)
  const [outside, inside] = [of(outer), of(inner)]
  if (outside === undefined || isNested(outside)) refuse(`nests under no earlier version ${outer}`)
  if (inside === undefined || outer === inner) refuse(`nests no earlier version ${inner}`)
  const twin = entries.find(
    (each) =>
      isNested(each) &&
      each !== entry &&
      each.key === key &&
      each.outer === outer &&
      each.inner === inner,
  )
  if (twin !== undefined) refuse(`nests the same as version ${twin.version}`)
}

function requireVersionLine(entries: readonly KeyEntry[]): void {
  const first = entries.filter((entry) => entry.version === 1).map((entry) => entry.key)
  if (first.toSorted().join('') !== KEY_NAMES.join('')) {
    throw new KeyringError('keyring: version 1 must hold A, B and C, each once')
  }
  const later = entries.filter((entry) => entry.version > 1).map((entry) => entry.version)
  const gap = later.toSorted((a, b) => a - b).findIndex((version, index) => version !== index + 2)
  if (gap !== -1) {
    throw new KeyringError(`keyring: version ${gap + 2} must be held by exactly one key`)
  }
}

function requireOneCurrent(entries: readonly KeyEntry[]): void {
  for (const key of KEY_NAMES) {
    const current = entries.filter((entry) => entry.key === key && entry.state === 'current')
    if (current.length !== 1)
      throw new KeyringError(`keyring: key ${key} needs one current version`)
  }
}

function requireDistinctSecrets(entries: readonly SecretEntry[]): void {
  for (const [index, entry] of entries.entries()) {
    const twin = entries.findIndex((other) => equalBytes(other.secret, entry.secret))
    if (twin < index) {
      throw new KeyringError(`keyring entries ${twin + 1} and ${index + 1}: the same secret twice`)
    }
  }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
