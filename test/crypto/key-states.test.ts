import { describe, expect, test } from 'vitest'
import { addNestedKey, addPendingKey, moveKey } from '../../src/crypto/key-states.ts'
import {
  createKeyringText,
  keyCheckValues,
  listKeys,
  parseKeyring,
  readableVersions,
  subKey,
} from '../../src/crypto/keyring.ts'
import { KeyringError, type KeyState, readKeyringText } from '../../src/crypto/keyring-text.ts'
import { entry, FIRST_GENERATION, keyringText, secretText, TENANT } from './fixtures.ts'

function states(text: string): string {
  const keys = listKeys(parseKeyring(text))
  return keys.map(({ key, version, state }) => `${key}${version} ${state}`).join(', ')
}

/** Key A in all five states at once. */
const ALL_STATES = keyringText([
  entry('A', 1, 'retired'),
  ...FIRST_GENERATION.slice(1),
  entry('A', 2, 'previous'),
  entry('A', 3, 'current'),
  entry('A', 4, 'pending'),
  entry('A', 5, 'leaked'),
])
const VERSION_IN: Record<Exclude<KeyState, 'destroyed'>, number> = {
  ...{ retired: 1, previous: 2, current: 3, pending: 4, leaked: 5 },
}

describe('CR-32 key states', () => {
  test('CR-32 a whole rotation: pending, current, previous, retired', () => {
    const added = addPendingKey(keyringText(), 'A')
    expect(added.version).toBe(2)
    expect(states(added.text)).toBe('A1 current, B1 current, C1 current, A2 pending')
    const promoted = moveKey(added.text, 'A', 2, 'current')
    expect(states(promoted)).toBe('A1 previous, B1 current, C1 current, A2 current')
    const retired = moveKey(promoted, 'A', 1, 'retired')
    expect(states(retired)).toBe('A1 retired, B1 current, C1 current, A2 current')
  })

  test('CR-32 a rotation can be rolled back while the old version is readable', () => {
    const promoted = moveKey(addPendingKey(keyringText(), 'C').text, 'C', 2, 'current')
    expect(states(moveKey(promoted, 'C', 1, 'current'))).toBe(
      'A1 current, B1 current, C1 current, C2 previous',
    )
  })

  test('CR-32 the next number belongs to one key, whichever rotates', () => {
    const first = addPendingKey(createKeyringText(), 'B')
    const second = addPendingKey(first.text, 'A')
    expect([first.version, second.version]).toEqual([2, 3])
  })

  test('CR-32 moving a state never changes a secret', () => {
    const before = addPendingKey(keyringText(), 'A').text
    const secrets = (text: string) =>
      readKeyringText(text).map((one) => 'secret' in one && one.secret)
    expect(secrets(moveKey(before, 'A', 2, 'current'))).toEqual(secrets(before))
  })

  test.each<[Exclude<KeyState, 'destroyed'>, KeyState]>([
    ['pending', 'previous'],
    ['pending', 'destroyed'],
    ['current', 'destroyed'],
    ['previous', 'destroyed'],
    ['leaked', 'destroyed'],
    ['pending', 'pending'],
    ['current', 'pending'],
    ['current', 'current'],
    ['current', 'previous'],
    ['current', 'retired'],
    ['previous', 'pending'],
    ['previous', 'previous'],
    ['retired', 'pending'],
    ['retired', 'current'],
    ['retired', 'previous'],
    ['retired', 'retired'],
    ['pending', 'leaked'],
    ['current', 'leaked'],
    ['retired', 'leaked'],
    ['leaked', 'leaked'],
    ['leaked', 'current'],
    ['leaked', 'previous'],
    ['leaked', 'pending'],
  ])('CR-32 %s → %s is refused', (from, to) => {
    const step = () => moveKey(ALL_STATES, 'A', VERSION_IN[from], to)
    expect(step).toThrow(
      new KeyringError(`keyring: key A version ${VERSION_IN[from]} cannot go ${from} → ${to}`),
    )
  })

  test.each<[Exclude<KeyState, 'destroyed'>, KeyState]>([
    ['retired', 'destroyed'],
    ['pending', 'current'],
    ['pending', 'retired'],
    ['previous', 'current'],
    ['previous', 'retired'],
    ['previous', 'leaked'],
    ['leaked', 'retired'],
  ])('CR-32 %s → %s is taken', (from, to) => {
    expect(states(moveKey(ALL_STATES, 'A', VERSION_IN[from], to))).toContain(
      `A${VERSION_IN[from]} ${to}`,
    )
  })

  test('CR-32 a destroyed key leaves its number and its check value, and no secret', () => {
    const destroyed = moveKey(ALL_STATES, 'A', 1, 'destroyed')
    expect(destroyed).not.toContain(secretText('A', 1))
    const keyring = parseKeyring(destroyed)
    expect(keyCheckValues(keyring)).toEqual(keyCheckValues(parseKeyring(ALL_STATES)))
    expect(readableVersions(keyring, 'A')).toEqual([3, 5, 4, 2])
    expect(subKey(keyring, 'holder-identifier', TENANT, 1)).toBeUndefined()
    expect(addPendingKey(moveKey(destroyed, 'A', 4, 'current'), 'A').version).toBe(6)
    for (const state of ['pending', 'current', 'previous', 'retired', 'destroyed'] as const) {
      expect(() => moveKey(destroyed, 'A', 1, state)).toThrow(
        `key A version 1 cannot go destroyed → ${state}`,
      )
    }
  })

  test('CR-32 what a nesting is made of is destroyed after it', () => {
    const nested = addNestedKey(ALL_STATES, 'A', { outer: 3, inner: 1 })
    const refused = () => moveKey(nested.text, 'A', 1, 'destroyed')
    expect(refused).toThrow('key A version 1 is part of version 6: destroy that first')
    const retired = moveKey(nested.text, 'A', 6, 'retired')
    expect(() => moveKey(retired, 'A', 1, 'destroyed')).toThrow('destroy that first')
    const gone = moveKey(moveKey(retired, 'A', 6, 'destroyed'), 'A', 1, 'destroyed')
    expect(keyCheckValues(parseKeyring(gone))).toEqual(keyCheckValues(parseKeyring(nested.text)))
  })

  test('CR-46 a key that got away keeps its mark while anything nested over it is read', () => {
    const once = addNestedKey(ALL_STATES, 'A', { outer: 2, inner: 5 })
    const twice = addNestedKey(once.text, 'A', { outer: 3, inner: once.version })
    const retire = (text: string, version: number) => moveKey(text, 'A', version, 'retired')
    expect(() => retire(twice.text, 5)).toThrow(
      'key A version 5 got away and is inside version 6: retire that first',
    )
    const inner = retire(twice.text, once.version)
    expect(() => retire(inner, 5)).toThrow('is inside version 7: retire that first')
    expect(states(retire(retire(inner, twice.version), 5))).toContain('A5 retired')
  })

  test('CR-32 a destroyed entry with a secret, or without its check value, is refused', () => {
    const [first, ...others] = JSON.parse(moveKey(ALL_STATES, 'A', 1, 'destroyed')).keys
    const refusal = (change: object) => () =>
      parseKeyring(JSON.stringify({ keys: [{ ...first, ...change }, ...others] }))
    expect(refusal({ secret: secretText('A', 1) })).toThrow('keyring entry 1: unknown member')
    expect(refusal({ outer: 3, inner: 2 })).toThrow('keyring entry 1: unknown member')
    expect(refusal({ check: 'x' })).toThrow(
      'keyring entry 1: "check" must be base64url of exactly 32 bytes',
    )
  })

  test('CR-32 a version that is not there, and a second pending one, are refused', () => {
    expect(() => moveKey(ALL_STATES, 'B', 2, 'current')).toThrow('key B has no version 2')
    expect(() => addPendingKey(ALL_STATES, 'A')).toThrow('key A has a pending version already')
  })
})
