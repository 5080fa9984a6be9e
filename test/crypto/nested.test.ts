import { describe, expect, test } from 'vitest'
import { hashHolderIdentifier, nestHash } from '../../src/crypto/identifier-hash.ts'
import { addNestedKey, moveKey } from '../../src/crypto/key-states.ts'
import {
  keyCheckValues,
  listKeys,
  nestingOf,
  parseKeyring,
  readableVersions,
} from '../../src/crypto/keyring.ts'
import {
  entry,
  FIRST_GENERATION,
  keyringOf,
  keyringText,
  OTHER_TENANT,
  TENANT,
} from './fixtures.ts'

const WALLET = {
  tenant: TENANT,
  type: 'KEY',
  namespace: 'wallets',
  normalisation: 1,
  parts: ['thumbprint'],
} as const

/** A rotated to 2, then to 3. */
const ROTATED = keyringText([
  entry('A', 1, 'previous'),
  ...FIRST_GENERATION.slice(1),
  entry('A', 2, 'previous'),
  entry('A', 3, 'current'),
])
const NESTED = addNestedKey(ROTATED, 'A', { outer: 3, inner: 1 })

const hashAt = (text: string, version: number) =>
  hashHolderIdentifier(parseKeyring(text), WALLET).find((each) => each.version === version)?.hash

function stored(text: string, version: number) {
  const hash = hashAt(text, version)
  if (hash === undefined) throw new Error(`version ${version} is not readable`)
  return hash
}

describe('protocols 7.4 (b) nested versions', () => {
  test('have a number of the line, are readable and never current', () => {
    expect(NESTED.version).toBe(4)
    const keyring = parseKeyring(NESTED.text)
    expect(readableVersions(keyring, 'A')).toEqual([3, 4, 2, 1])
    expect(listKeys(keyring).at(-1)).toEqual({
      ...{ key: 'A', version: 4, state: 'previous', nests: { outer: 3, inner: 1 } },
    })
    expect(nestingOf(keyring, 'A', 3, 1)).toBe(4)
    expect(nestingOf(keyring, 'A', 3, 2)).toBeUndefined()
  })

  test('a stored hash nests to what a login looks up', () => {
    const nested = nestHash(parseKeyring(NESTED.text), 'A', TENANT, 4, stored(NESTED.text, 1))
    expect(nested).toBe(hashAt(NESTED.text, 4))
  })

  test('the hash of the same value differs by tenant, and by what it is nested under', () => {
    const keyring = parseKeyring(NESTED.text)
    const old = stored(NESTED.text, 1)
    const other = addNestedKey(ROTATED, 'A', { outer: 2, inner: 1 })
    const all = [
      nestHash(keyring, 'A', TENANT, 4, old),
      nestHash(keyring, 'A', OTHER_TENANT, 4, old),
      nestHash(parseKeyring(other.text), 'A', TENANT, 4, old),
      old,
    ]
    expect(new Set(all).size).toBe(4)
  })

  test('stays readable when what it nests is retired; retired itself it is not', () => {
    const retired = moveKey(NESTED.text, 'A', 1, 'retired')
    expect(hashAt(retired, 4)).toBe(hashAt(NESTED.text, 4))
    expect(hashAt(retired, 1)).toBeUndefined()
    const gone = moveKey(retired, 'A', 4, 'retired')
    expect(hashAt(gone, 4)).toBeUndefined()
    const old = stored(NESTED.text, 1)
    expect(() => nestHash(parseKeyring(gone), 'A', TENANT, 4, old)).toThrow(TypeError)
  })

  test('nests deeper, one key at a time', () => {
    const deeper = addNestedKey(NESTED.text, 'A', { outer: 2, inner: 4 })
    const keyring = parseKeyring(deeper.text)
    expect(nestHash(keyring, 'A', TENANT, deeper.version, stored(deeper.text, 4))).toBe(
      hashAt(deeper.text, deeper.version),
    )
  })

  test('CR-33 has a check value of its own, which names what it nests', () => {
    const other = addNestedKey(ROTATED, 'A', { outer: 3, inner: 2 })
    const value = (text: string) => keyCheckValues(parseKeyring(text)).at(-1)?.checkValue
    expect(value(NESTED.text)).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(value(other.text)).not.toBe(value(NESTED.text))
  })

  test('CR-46 a nesting of a key that got away is a hint like the key itself', () => {
    const leaked = moveKey(NESTED.text, 'A', 1, 'leaked')
    const standings = hashHolderIdentifier(parseKeyring(leaked), WALLET).map(
      ({ version, standing }) => [version, standing],
    )
    expect(standings).toEqual([
      [3, undefined],
      [4, 'hint'],
      [2, undefined],
      [1, 'hint'],
    ])
  })

  test('CR-41 a nesting under a pending version stays where it is, like that version itself', () => {
    const behind = keyringText([...FIRST_GENERATION, entry('A', 2, 'pending')])
    const { text } = addNestedKey(behind, 'A', { outer: 2, inner: 1 })
    const standings = hashHolderIdentifier(parseKeyring(text), WALLET).map(
      ({ version, standing }) => [version, standing],
    )
    expect(standings).toEqual([
      [1, undefined],
      [3, 'ahead'],
      [2, 'ahead'],
    ])
  })
})

describe('CR-32 what cannot nest is refused', () => {
  const nesting = (key: 'A' | 'B' | 'C', outer: number, inner: number) => ({
    ...{ key, version: 4, state: 'previous' as const, outer, inner },
  })
  const rotated = [
    entry('A', 1, 'previous'),
    ...FIRST_GENERATION.slice(1),
    entry('A', 2, 'current'),
    entry('C', 3, 'pending'),
  ]

  test.each([
    ['hashes alone nest', nesting('C', 3, 1), 'only hashes nest'],
    ['under a version of another key', nesting('A', 3, 1), 'nests under no earlier version 3'],
    ['under itself', nesting('A', 4, 1), 'nests under no earlier version 4'],
    ['a version under itself', nesting('A', 2, 2), 'nests no earlier version 2'],
    ['nothing', nesting('A', 2, 9), 'nests no earlier version 9'],
    ['as pending', { ...nesting('A', 2, 1), state: 'pending' as const }, 'is a nesting'],
  ])('%s', (_, bad, message) => {
    expect(() => keyringOf(...rotated, bad)).toThrow(message)
  })

  test('the same twice', () => {
    expect(() => addNestedKey(NESTED.text, 'A', { outer: 3, inner: 1 })).toThrow('nests the same')
  })

  test('a nesting never writes', () => {
    expect(() => moveKey(NESTED.text, 'A', 4, 'current')).toThrow('cannot go previous → current')
    expect(() => moveKey(NESTED.text, 'A', 4, 'leaked')).toThrow('cannot go previous → leaked')
  })

  test('half a nesting, and one with a secret', () => {
    const text = (bad: object) => JSON.stringify({ keys: [...FIRST_GENERATION, bad] })
    const half = { key: 'A', version: 2, state: 'previous', outer: 1 }
    expect(() => parseKeyring(text(half))).toThrow('must be whole numbers')
    const both = { ...half, inner: 1, secret: entry('A', 2, 'previous').secret }
    expect(() => parseKeyring(text(both))).toThrow('unknown member')
  })
})
