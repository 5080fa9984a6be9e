import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  hashHolderIdentifier,
  hashInstitutionIdentifier,
  type IdentifierInput,
  identifierBytes,
  isIdentifierHash,
} from '../../src/crypto/identifier-hash.ts'
import type { TenantId } from '../../src/domain/ids.ts'
import type { IdentifierType } from '../../src/domain/text.ts'
import { entry, keyringOf, OTHER_TENANT, TENANT } from './fixtures.ts'

const EMAIL: IdentifierInput = {
  tenant: TENANT,
  type: 'EMAIL',
  namespace: 'https://issuer.example',
  normalisation: 1,
  parts: ['ada@example.org'],
}

const currentHash = (input: IdentifierInput) => hashHolderIdentifier(keyringOf(), input)[0]?.hash

describe('CR-15 the bytes under the HMAC', () => {
  const inputs: fc.Arbitrary<IdentifierInput> = fc.record({
    tenant: fc.string({ minLength: 1, maxLength: 4 }).map((text) => text as TenantId),
    type: fc.constantFrom<IdentifierType>('KEY', 'SUBJECT_ID', 'EMAIL', 'DID', 'CLAIM_TUPLE'),
    namespace: fc.string({ minLength: 1, maxLength: 4 }),
    normalisation: fc.nat({ max: 12 }),
    parts: fc.array(fc.string({ minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 }),
  })

  test('CR-15 they are the documented list', () => {
    const parts = [
      'identity-bridge/identifier/v1',
      TENANT,
      'EMAIL',
      EMAIL.namespace,
      '1',
      '1',
      'ada@example.org',
    ]
    const expected = Buffer.concat(
      parts.map((part) => {
        const length = Buffer.alloc(4)
        length.writeUInt32BE(Buffer.byteLength(part))
        return Buffer.concat([length, Buffer.from(part)])
      }),
    )
    expect(Buffer.from(identifierBytes(EMAIL)).equals(expected)).toBe(true)
  })

  test('CR-15 different identifiers never give equal bytes', () => {
    fc.assert(
      fc.property(inputs, inputs, (one, other) => {
        const same = JSON.stringify(Object.values(one)) === JSON.stringify(Object.values(other))
        const bytes = [one, other].map((input) =>
          Buffer.from(identifierBytes(input)).toString('hex'),
        )
        expect(bytes[0] === bytes[1]).toBe(same)
      }),
      { numRuns: 1_000 },
    )
  })

  test('CR-15 row 22 two value parts are not their concatenation, nor another split of it', () => {
    const hashes = [['ab', 'c'], ['a', 'bc'], ['abc'], ['c', 'ab']].map((parts) =>
      currentHash({ ...EMAIL, type: 'CLAIM_TUPLE', parts }),
    )
    expect(new Set(hashes).size).toBe(4)
  })

  test.each<[string, Partial<IdentifierInput>]>([
    ['tenant', { tenant: OTHER_TENANT }],
    ['type', { type: 'SUBJECT_ID' }],
    ['namespace', { namespace: 'https://issuer.example/' }],
    ['normalisation', { normalisation: 2 }],
    ['value', { parts: ['ada@example.com'] }],
  ])('CR-15 another %s gives another hash', (_member, change) => {
    expect(currentHash({ ...EMAIL, ...change })).not.toBe(currentHash(EMAIL))
  })

  test.each<[string, Partial<IdentifierInput>]>([
    ['no part', { parts: [] }],
    ['an empty part', { parts: ['name', ''] }],
    ['an empty tenant', { tenant: '' as TenantId }],
    ['an empty namespace', { namespace: '' }],
    ['a lone surrogate', { parts: ['a\udfff'] }],
    ['a normalisation that is no number', { normalisation: Number.NaN }],
  ])('CR-15 %s is a programmer’s mistake, not a hash', (_name, change) => {
    expect(() => hashHolderIdentifier(keyringOf(), { ...EMAIL, ...change })).toThrow(TypeError)
    expect(() => hashInstitutionIdentifier(keyringOf(), { ...EMAIL, ...change })).toThrow(TypeError)
  })

  test('CR-20 a subject is hashed as it stands: case, blanks and composition count', () => {
    const hashes = ['sub', 'SUB', ' sub', 'sub ', 'é', 'e\u0301', 'ſ', 's', 'K', '\u212a'].map(
      (sub) => currentHash({ ...EMAIL, type: 'SUBJECT_ID', parts: [sub] }),
    )
    expect(new Set(hashes).size).toBe(10)
  })
})

describe('CR-16 the text of a hash', () => {
  test('CR-16 multibase multihash, 47 characters, recognised as such', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 20 }), (value) => {
        const hash = currentHash({ ...EMAIL, parts: [value] }) ?? ''
        expect(hash).toHaveLength(47)
        expect(isIdentifierHash(hash)).toBe(true)
        expect([...Buffer.from(hash.slice(1), 'base64url').subarray(0, 2)]).toEqual([0x12, 0x20])
      }),
      { numRuns: 100 },
    )
  })

  const hash = currentHash(EMAIL) ?? ''
  test.each([
    ['another multibase', `z${hash.slice(1)}`],
    ['another multihash code', `uFS${hash.slice(3)}`],
    ['another length byte', `uEh${hash.slice(3)}`],
    ['one character less', hash.slice(0, -1)],
    ['one character more', `${hash}A`],
    ['trailing bits', `${hash.slice(0, -1)}B`],
    ['padding', `${hash}=`],
    ['a line break behind', `${hash}\n`],
    ['a tombstone', `deleted:${hash}`],
    ['nothing', ''],
  ])('CR-16 %s is refused', (_name, text) => {
    expect(isIdentifierHash(text)).toBe(false)
  })
})

describe('CR-30 CR-31 keys behind the hashes', () => {
  test('CR-30 the two sides never give the same hash, even with one keyring', () => {
    const [holder] = hashHolderIdentifier(keyringOf(), EMAIL)
    const [institution] = hashInstitutionIdentifier(keyringOf(), EMAIL)
    expect(holder?.hash).not.toBe(institution?.hash)
  })

  test('CR-31 one e-mail address at two tenants has two hashes that say nothing of each other', () => {
    expect(currentHash({ ...EMAIL, tenant: OTHER_TENANT })).not.toBe(currentHash(EMAIL))
  })

  test('CR-32 every readable version is hashed, the current one first, the retired one never', () => {
    const keyring = keyringOf(
      entry('A', 1, 'retired'),
      entry('B', 1, 'current'),
      entry('C', 1, 'current'),
      entry('A', 2, 'previous'),
      entry('A', 3, 'current'),
      entry('B', 4, 'pending'),
      entry('A', 5, 'pending'),
    )
    const holder = hashHolderIdentifier(keyring, EMAIL)
    expect(holder.map((one) => one.version)).toEqual([3, 5, 2])
    expect(new Set(holder.map((one) => one.hash)).size).toBe(3)
    expect(hashInstitutionIdentifier(keyring, EMAIL).map((one) => one.version)).toEqual([1, 4])
  })

  test('CR-32 a version hashes the same whatever its state', () => {
    const before = hashHolderIdentifier(keyringOf(), EMAIL)[0]
    const rotated = keyringOf(
      entry('A', 1, 'previous'),
      entry('B', 1, 'current'),
      entry('C', 1, 'current'),
      entry('A', 2, 'current'),
    )
    expect(hashHolderIdentifier(rotated, EMAIL)[1]).toEqual(before)
  })
})
