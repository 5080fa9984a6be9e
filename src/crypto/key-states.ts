/**
 * How a key gets old: `pending → current → previous → retired → destroyed` (protocols CR-32). Works on the keyring's text, because that
 * is what an operator hands from instance to instance: every instance reads the new key before any of them writes with it.
 *
 * A `previous` key may become `current` again (roll-back while it is readable); a `pending` one that is given up goes
 * straight to `retired`, for its number must not be used twice. A retired key is only ever destroyed: its secret
 * goes, its number and check value stay; no entry is ever removed. A key that got away is `leaked` as soon as another is
 * current: it never writes again (protocols CR-46).
 */

import { checkValueOf } from './key-check.ts'
import {
  isNested,
  isReadable,
  type KeyEntry,
  type KeyName,
  KeyringError,
  type KeyState,
  newKeySecret,
  readKeyringText,
  writeKeyringText,
} from './keyring-text.ts'

/** What one may ask for. `current → previous` is never asked for: it happens when another version becomes current. */
const LEGAL: Readonly<Record<KeyState, readonly KeyState[]>> = {
  pending: ['current', 'retired'],
  current: [],
  previous: ['current', 'leaked', 'retired'],
  leaked: ['retired'],
  retired: ['destroyed'],
  destroyed: [],
}

/**
 * The keyring text with a fresh secret for `key` under the next number of the line, `pending`, and that number.
 * Throws {@link KeyringError} where the text is not a keyring, or a version of the key is pending already.
 */
export function addPendingKey(text: string, key: KeyName): { text: string; version: number } {
  const entries = readKeyringText(text)
  if (entries.some((entry) => entry.key === key && entry.state === 'pending')) {
    throw new KeyringError(`keyring: key ${key} has a pending version already`)
  }
  const version = Math.max(...entries.map((entry) => entry.version)) + 1
  const added: KeyEntry = { key, version, state: 'pending', secret: newKeySecret() }
  return { text: writeKeyringText([...entries, added]), version }
}

/**
 * The keyring text with the next number for hashes of version `inner` under version `outer`, and that number. Hand it to
 * every instance before anything is migrated to it: a row that was nested cannot go back. Throws {@link KeyringError} where
 * the text is not a keyring, or the two do not nest. Source: design section 4, Versions; protocols 7.4 (b).
 */
export function addNestedKey(
  text: string,
  key: KeyName,
  nesting: { outer: number; inner: number },
): { text: string; version: number } {
  const entries = readKeyringText(text)
  const version = Math.max(...entries.map((entry) => entry.version)) + 1
  const added: KeyEntry = { key, version, state: 'previous', ...nesting }
  const nested = writeKeyringText([...entries, added])
  readKeyringText(nested)
  return { text: nested, version }
}

/**
 * The keyring text with this key and version moved to `state`. Where it becomes current, the one that was becomes previous.
 * Throws {@link KeyringError} on an unknown entry and on a step that {@link LEGAL} does not know. Source: protocols CR-32.
 */
export function moveKey(text: string, key: KeyName, version: number, state: KeyState): string {
  const entries = readKeyringText(text)
  const target = entries.find((entry) => entry.key === key && entry.version === version)
  if (target === undefined) throw new KeyringError(`keyring: key ${key} has no version ${version}`)
  const never = isNested(target) && state !== 'retired' && state !== 'destroyed'
  if (never || !LEGAL[target.state].includes(state)) {
    throw new KeyringError(
      `keyring: key ${key} version ${version} cannot go ${target.state} → ${state}`,
    )
  }
  if (target.state === 'leaked') requireNothingReadThrough(entries, target)
  if (state === 'destroyed') return writeKeyringText(destroy(entries, target))
  return writeKeyringText(
    entries.map((entry): KeyEntry => {
      if (entry === target && entry.state !== 'destroyed') return { ...entry, state }
      const replaced = state === 'current' && entry.key === key && entry.state === 'current'
      return replaced ? { ...entry, state: 'previous' } : entry
    }),
  )
}

/** Once retired nothing tells that it got away, and hashes nested over it would be believed like others. */
function requireNothingReadThrough(entries: readonly KeyEntry[], { key, version }: KeyEntry): void {
  const nesting = entries.find(
    (entry) => entry.key === key && isReadable(entry) && isOver(entry, version, entries),
  )
  if (nesting !== undefined) {
    throw new KeyringError(
      `keyring: key ${key} version ${version} got away and is inside version ${nesting.version}: retire that first`,
    )
  }
}

/** Whether a version nests this one, however deep. */
function isOver(entry: KeyEntry, version: number, entries: readonly KeyEntry[]): boolean {
  if (!isNested(entry)) return false
  const inside = entries.find((each) => each.key === entry.key && each.version === entry.inner)
  return entry.inner === version || (inside !== undefined && isOver(inside, version, entries))
}

/** A version that a nesting is made of is read through it, even when retired: the nesting has to be destroyed first. */
function destroy(entries: readonly KeyEntry[], target: KeyEntry): readonly KeyEntry[] {
  const { key, version } = target
  const nesting = entries.find(
    (entry) =>
      entry.key === key && isNested(entry) && (entry.outer === version || entry.inner === version),
  )
  if (nesting !== undefined) {
    throw new KeyringError(
      `keyring: key ${key} version ${version} is part of version ${nesting.version}: destroy that first`,
    )
  }
  const checkValue = checkValueOf(target, entries)
  return entries.map((entry) =>
    entry === target ? { key, version, state: 'destroyed', checkValue } : entry,
  )
}
