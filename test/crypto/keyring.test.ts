import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import {
  createKeyringText,
  currentVersion,
  keyCheckValues,
  listKeys,
  parseKeyring,
  readableVersions,
  subKey,
} from '../../src/crypto/keyring.ts'
import { KeyringError, readKeyringText } from '../../src/crypto/keyring-text.ts'
import { checkKnownAnswers } from '../../src/crypto/self-check.ts'
import { deriveSubKeyBytes, type Purpose } from '../../src/crypto/sub-key.ts'
import type { TenantId } from '../../src/domain/ids.ts'
import {
  entry,
  FIRST_GENERATION,
  keyringOf,
  keyringText,
  OTHER_TENANT,
  secretText,
  TENANT,
} from './fixtures.ts'

const [A, B, C] = [entry('A', 1, 'current'), entry('B', 1, 'current'), entry('C', 1, 'current')]

describe('CR-32 the keyring text', () => {
  test('CR-32 a fresh keyring is generation 1 with three different current keys', () => {
    const text = createKeyringText()
    expect(listKeys(parseKeyring(text))).toEqual([
      { key: 'A', version: 1, state: 'current' },
      { key: 'B', version: 1, state: 'current' },
      { key: 'C', version: 1, state: 'current' },
    ])
    expect(createKeyringText()).not.toBe(text)
  })

  test.each<[string, string, string]>([
    ['no JSON', 'keys: []', 'keyring: not strict JSON: syntax'],
    ['a member twice', '{"keys":[],"keys":[]}', 'keyring: not strict JSON: duplicate_member'],
    ['an array', '[]', 'keyring: must be an object with the one member "keys"'],
    [
      'another member beside keys',
      '{"keys":[],"note":""}',
      'keyring: must be an object with the one member "keys"',
    ],
    ['keys that are no list', '{"keys":{}}', 'keyring: "keys" must be an array'],
    ['no keys', '{"keys":[]}', 'keyring: version 1 must hold A, B and C, each once'],
    ['an entry that is no object', '{"keys":[1]}', 'keyring entry 1: must be an object'],
  ])('CR-32 %s is refused', (_name, text, message) => {
    expect(() => parseKeyring(text)).toThrow(new KeyringError(message))
  })

  test.each<[string, object, string]>([
    ['an unknown member', { note: 'x' }, 'unknown member'],
    ['an unknown key', { key: 'D' }, '"key" must be A, B or C'],
    ['version 0', { version: 0 }, '"version" must be a whole number from 1'],
    ['version 1.5', { version: 1.5 }, '"version" must be a whole number from 1'],
    ['a version as text', { version: '1' }, '"version" must be a whole number from 1'],
    [
      'an unknown state',
      { state: 'active' },
      '"state" must be one of pending, current, previous, leaked, retired, destroyed',
    ],
    ['31 bytes', { secret: 'A'.repeat(42) }, '"secret" must be base64url of exactly 32 bytes'],
    ['33 bytes', { secret: 'A'.repeat(44) }, '"secret" must be base64url of exactly 32 bytes'],
    [
      'stray trailing bits',
      { secret: `${'A'.repeat(42)}B` },
      '"secret" must be base64url of exactly 32 bytes',
    ],
    [
      'padding',
      { secret: `${secretText('B', 1)}=` },
      '"secret" must be base64url of exactly 32 bytes',
    ],
    ['no secret', { secret: null }, '"secret" must be base64url of exactly 32 bytes'],
    ['an all-zero secret', { secret: 'A'.repeat(43) }, '"secret" must not be all zero'],
  ])('CR-32 an entry with %s is refused by its number', (_name, change, rule) => {
    const text = JSON.stringify({ keys: [A, { ...B, ...change }, C] })
    expect(() => parseKeyring(text)).toThrow(new KeyringError(`keyring entry 2: ${rule}`))
  })

  test.each<[string, readonly object[], string]>([
    ['a missing key', [A, B], 'version 1 must hold A, B and C, each once'],
    [
      'a key twice in version 1',
      [A, B, C, { ...C, secret: secretText('C', 9) }],
      'version 1 must hold A, B and C, each once',
    ],
    [
      'a gap in the line',
      [A, B, C, entry('A', 3, 'pending')],
      'version 2 must be held by exactly one key',
    ],
    [
      'one number for two keys',
      [A, B, C, entry('A', 2, 'pending'), entry('B', 2, 'pending')],
      'version 3 must be held by exactly one key',
    ],
    [
      'two current versions',
      [A, B, C, entry('C', 2, 'current')],
      'key C needs one current version',
    ],
    ['no current version', [A, B, entry('C', 1, 'previous')], 'key C needs one current version'],
    ['only a retired version', [A, B, entry('C', 1, 'retired')], 'key C needs one current version'],
  ])('CR-32 %s is refused', (_name, keys, rule) => {
    expect(() => parseKeyring(JSON.stringify({ keys }))).toThrow(
      new KeyringError(`keyring: ${rule}`),
    )
  })

  test('CR-30 one secret under two names is refused', () => {
    const text = JSON.stringify({ keys: [A, B, { ...C, secret: A.secret }] })
    expect(() => parseKeyring(text)).toThrow('keyring entries 1 and 3: the same secret twice')
  })

  test('CR-35 no message shows a secret, not even where it stands in the wrong place', () => {
    const marked = secretText('A', 1)
    const wrong = [
      { ...A, key: marked },
      { ...A, state: marked },
      { ...A, version: marked },
      { ...A, secret: `${marked}x` },
      { ...A, [marked]: 1 },
    ]
    for (const first of wrong) {
      const text = JSON.stringify({ keys: [first, B, C] })
      const error = errorOf(() => parseKeyring(text))
      expect(error).toBeInstanceOf(KeyringError)
      expect(inspect(error)).not.toContain(marked)
    }
  })

  test('CR-32 the four states: pending and previous can be read, retired cannot, current comes first', () => {
    const keyring = keyringOf(
      entry('A', 1, 'retired'),
      B,
      C,
      entry('A', 2, 'previous'),
      entry('A', 3, 'current'),
      entry('A', 4, 'pending'),
    )
    expect(currentVersion(keyring, 'A')).toBe(3)
    expect(readableVersions(keyring, 'A')).toEqual([3, 4, 2])
    expect(subKey(keyring, 'holder-identifier', TENANT, 1)).toBeUndefined()
    expect(subKey(keyring, 'holder-identifier', TENANT, 2)).toBeDefined()
    expect(subKey(keyring, 'holder-identifier', TENANT, 4)).toBeDefined()
    expect(subKey(keyring, 'holder-identifier', TENANT, 5)).toBeUndefined()
    expect(subKey(keyring, 'institution-identifier', TENANT, 2)).toBeUndefined()
  })
})

describe('CR-30 sub-keys', () => {
  const purposes: readonly Purpose[] = [
    'holder-identifier',
    'institution-identifier',
    'person-wrap',
    'session',
    'provider-secret',
    'signing-key',
    'webhook',
    'audit-subject',
    'dpop-nonce',
    'key-check',
  ]

  test('CR-30 CR-31 the sub-keys of all purposes, keys, tenants and versions are pairwise different', () => {
    // One secret for all, so that nothing but the names can tell the sub-keys apart.
    const secret = Buffer.from(secretText('A', 1), 'base64url')
    const derived = ['A', 'B', 'C'].flatMap((key) =>
      purposes.flatMap((purpose) =>
        [TENANT, OTHER_TENANT, 'system' as TenantId].flatMap((tenant) =>
          [1, 2, 12].map((version) =>
            Buffer.from(
              deriveSubKeyBytes(secret, { key: key as 'A', purpose, tenant, version }),
            ).toString('hex'),
          ),
        ),
      ),
    )
    expect(new Set(derived).size).toBe(3 * purposes.length * 3 * 3)
  })

  test('CR-31 a sub-key without a tenant is refused', () => {
    expect(() => subKey(keyringOf(), 'session', '' as TenantId, 1)).toThrow(TypeError)
  })

  test('CR-30 a sub-key is derived once and kept, for as many tenants as there are', () => {
    const keyring = keyringOf()
    const first = subKey(keyring, 'session', TENANT, 1)
    expect(subKey(keyring, 'session', TENANT, 1)).toBe(first)
    for (let tenant = 0; tenant < 4_200; tenant++) {
      subKey(keyring, 'session', `tenant-${tenant}` as TenantId, 1)
    }
    const again = subKey(keyring, 'session', TENANT, 1)
    expect(again).not.toBe(first) // the oldest made room: memory stays bounded
    expect(again?.mac(Uint8Array.of(1))).toEqual(first?.mac(Uint8Array.of(1)))
  })

  test('CR-30 two keyrings keep nothing in common', () => {
    const one = subKey(keyringOf(), 'session', TENANT, 1)
    const other = subKey(parseKeyring(createKeyringText()), 'session', TENANT, 1)
    expect(one?.mac(Uint8Array.of(1))).not.toEqual(other?.mac(Uint8Array.of(1)))
  })
})

describe('CR-35 secrets are out of reach', () => {
  test('CR-35 a keyring shows nothing to whoever prints, walks or serialises it', () => {
    const keyring = parseKeyring(keyringText())
    subKey(keyring, 'session', TENANT, 1)
    expect(Reflect.ownKeys(keyring)).toEqual([])
    expect(Object.getPrototypeOf(keyring)).toBeNull()
    expect(JSON.stringify({ keyring })).toBe('{"keyring":{}}')
    expect(structuredClone(keyring)).toEqual({})
    expect(Object.isFrozen(keyring)).toBe(true)
    expectNoSecret(inspect(keyring, { showHidden: true, depth: Infinity, getters: true }))
  })

  test('CR-35 a sub-key shows two functions and no byte', () => {
    const key = subKey(keyringOf(), 'session', TENANT, 1)
    expect(JSON.stringify(key)).toBe('{}')
    const printed = inspect(key, { showHidden: true, depth: Infinity, getters: true })
    expect(printed).toContain('mac: [Function: mac]')
    expect(printed).not.toContain('Uint8Array')
    expectNoSecret(printed)
  })

  test('CR-35 a thing that only looks like a keyring is refused', () => {
    expect(() => listKeys({} as ReturnType<typeof keyringOf>)).toThrow(TypeError)
  })

  function expectNoSecret(text: string): void {
    for (const { secret } of FIRST_GENERATION) {
      const bytes = Buffer.from(secret, 'base64url')
      expect(text).not.toContain(secret)
      expect(text).not.toContain(bytes.toString('hex'))
      expect(text).not.toContain(bytes.toString('latin1'))
      expect(text).not.toContain(Array.from(bytes.subarray(0, 4)).join(', '))
    }
  }
})

describe('CR-33 a wrong keyring is noticed', () => {
  test('CR-33 each key and version has a check value that depends on its secret alone', () => {
    const values = keyCheckValues(keyringOf(...FIRST_GENERATION, entry('A', 2, 'retired')))
    expect(values.map(({ key, version }) => `${key}${version}`)).toEqual(['A1', 'B1', 'C1', 'A2'])
    expect(new Set(values.map((value) => value.checkValue)).size).toBe(4)
    expect(keyCheckValues(keyringOf())).toEqual(values.slice(0, 3))
    const other = keyCheckValues(parseKeyring(createKeyringText()))
    expect(other[0]?.checkValue).not.toBe(values[0]?.checkValue)
  })

  test('CR-33 a state change alone does not change a check value', () => {
    const [before] = keyCheckValues(keyringOf(A, B, C, entry('A', 2, 'pending')))
    const [after] = keyCheckValues(
      keyringOf(entry('A', 1, 'previous'), B, C, entry('A', 2, 'current')),
    )
    expect(after).toEqual(before)
  })

  test('CR-33 the primitives give their published answers at start', () => {
    expect(checkKnownAnswers()).toBeUndefined()
  })

  test('CR-36 what may be recorded of keys holds names, numbers and 256-bit check values, no secret', () => {
    const text = JSON.stringify([keyCheckValues(keyringOf()), listKeys(keyringOf())])
    const entries = readKeyringText(keyringText())
    expect(entries).toHaveLength(3)
    for (const each of entries) {
      const secret = 'secret' in each ? each.secret : undefined
      expect(text).not.toContain(Buffer.from(secret ?? '').toString('base64url') || text)
    }
    for (const { checkValue } of keyCheckValues(keyringOf())) {
      expect(checkValue).toMatch(/^[A-Za-z0-9_-]{43}$/)
    }
  })
})

function errorOf(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
