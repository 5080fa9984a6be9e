import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import {
  createDataKey,
  openWithDataKey,
  rewrapDataKey,
  sealWithDataKey,
  unwrapDataKey,
} from '../../src/crypto/data-key.ts'
import { openUnder, sealUnder } from '../../src/crypto/seal.ts'
import { sealMessage } from '../../src/crypto/sealed-message.ts'
import {
  keyringAfterRotationOfC,
  keyringOf,
  OTHER_PERSON,
  OTHER_TENANT,
  PERSON,
  TENANT,
  UNREADABLE,
} from './fixtures.ts'

const keyring = keyringOf()
const { wrapped, version, key } = createDataKey(keyring, TENANT, PERSON)
const CONTEXT = { tenant: TENANT, table: 'auxiliary_data', column: 'data', row: 'row-1' }
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

describe('CR-50 one data key per person', () => {
  test('CR-50 what the new key sealed, the unwrapped key opens', () => {
    const sealed = sealWithDataKey(key, CONTEXT, 'only for this person')
    expect(sealed).toMatch(/^v1\.d1\./)
    expect(version).toBe(1)
    const unwrapped = unwrapDataKey(keyring, TENANT, PERSON, wrapped)
    expect(text(openWithDataKey(unwrapped, CONTEXT, sealed))).toBe('only for this person')
  })

  test('CR-50 two people have two keys, and neither opens the other’s texts', () => {
    const other = createDataKey(keyring, TENANT, OTHER_PERSON)
    const sealed = sealWithDataKey(key, CONTEXT, 'x')
    expect(() => openWithDataKey(other.key, CONTEXT, sealed)).toThrow(UNREADABLE)
  })

  test('CR-50 the wrapping is bound to tenant and person', () => {
    expect(() => unwrapDataKey(keyring, TENANT, OTHER_PERSON, wrapped)).toThrow(UNREADABLE)
    expect(() => unwrapDataKey(keyring, OTHER_TENANT, PERSON, wrapped)).toThrow(UNREADABLE)
  })

  test.each([
    ['tenant', { ...CONTEXT, tenant: OTHER_TENANT }],
    ['table', { ...CONTEXT, table: 'identity_link_binding' }],
    ['column', { ...CONTEXT, column: 'encrypted_identity' }],
    ['row', { ...CONTEXT, row: 'row-2' }],
  ])('CR-05 another %s is refused under a data key too', (_member, context) => {
    const sealed = sealWithDataKey(key, CONTEXT, 'x')
    expect(() => openWithDataKey(key, context, sealed)).toThrow(UNREADABLE)
  })

  test('CR-07 a text under Key C does not open with a data key, nor the other way round', () => {
    const underC = sealUnder(keyring, 'session', CONTEXT, 'x')
    const underDataKey = sealWithDataKey(key, CONTEXT, 'x')
    expect(() => openWithDataKey(key, CONTEXT, underC)).toThrow(UNREADABLE)
    expect(() => openUnder(keyring, 'session', CONTEXT, underDataKey)).toThrow(UNREADABLE)
  })

  test('CR-07 a text under this very key that names another is refused', () => {
    expect(text(openWithDataKey(key, CONTEXT, sealMessage(key, 'd1', CONTEXT, 'x')))).toBe('x')
    const misnamed = sealMessage(key, 'c1', CONTEXT, 'x')
    expect(() => openWithDataKey(key, CONTEXT, misnamed)).toThrow(UNREADABLE)
  })

  test('CR-50 a wrapping that holds anything but 32 bytes is refused', () => {
    const context = { tenant: TENANT, table: 'identity', column: 'wrapped_data_key', row: PERSON }
    const short = sealUnder(keyring, 'person-wrap', context, new Uint8Array(31))
    expect(() => unwrapDataKey(keyring, TENANT, PERSON, short)).toThrow(UNREADABLE)
  })

  test('CR-51 rotating C re-wraps the key; what is sealed under it is untouched', () => {
    const sealed = sealWithDataKey(key, CONTEXT, 'stays')
    const rewrapped = rewrapDataKey(keyringAfterRotationOfC('previous'), TENANT, PERSON, wrapped)
    expect(rewrapped.version).toBe(2)
    expect(rewrapped.wrapped).toMatch(/^v1\.c2\./)
    const later = keyringAfterRotationOfC('retired')
    const unwrapped = unwrapDataKey(later, TENANT, PERSON, rewrapped.wrapped)
    expect(text(openWithDataKey(unwrapped, CONTEXT, sealed))).toBe('stays')
    expect(() => unwrapDataKey(later, TENANT, PERSON, wrapped)).toThrow(UNREADABLE)
  })

  test('CR-51 a foreign wrapping is not re-wrapped', () => {
    expect(() => rewrapDataKey(keyring, TENANT, OTHER_PERSON, wrapped)).toThrow(UNREADABLE)
  })

  test('CR-35 a data key shows no byte', () => {
    expect(JSON.stringify({ key })).toBe('{"key":{}}')
    expect(inspect(key, { showHidden: true, depth: Infinity, getters: true })).not.toContain(
      'Uint8Array',
    )
    expect(() => structuredClone(key)).toThrow(/could not be cloned/)
  })
})
