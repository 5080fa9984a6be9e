import { describe, expect, test } from 'vitest'
import { addPendingKey, moveKey } from '../../src/crypto/key-states.ts'
import { createKeyringText, listKeys, parseKeyring } from '../../src/crypto/keyring.ts'
import { KeyringError, type KeyState, readKeyringText } from '../../src/crypto/keyring-text.ts'
import { entry, FIRST_GENERATION, keyringText } from './fixtures.ts'

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
const VERSION_IN: Record<KeyState, number> = {
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

  test.each<[KeyState, KeyState]>([
    ['pending', 'previous'],
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

  test.each<[KeyState, KeyState]>([
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

  test('CR-32 a version that is not there, and a second pending one, are refused', () => {
    expect(() => moveKey(ALL_STATES, 'B', 2, 'current')).toThrow('key B has no version 2')
    expect(() => addPendingKey(ALL_STATES, 'A')).toThrow('key A has a pending version already')
  })
})
