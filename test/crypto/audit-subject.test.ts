import { describe, expect, test } from 'vitest'
import {
  auditSaltVersion,
  auditSubjectHash,
  newAuditSalt,
  rebindAuditSalt,
} from '../../src/crypto/audit-subject.ts'
import { isIdentifierHash } from '../../src/crypto/identifier-hash.ts'
import { createKeyringText, parseKeyring } from '../../src/crypto/keyring.ts'
import { keyringAfterRotationOfC, keyringOf, OTHER_TENANT, TENANT, UNREADABLE } from './fixtures.ts'

const keyring = keyringOf()
const salt = newAuditSalt(keyring)
const pseudonym = auditSubjectHash(keyring, TENANT, salt)

describe('AU the pseudonym in the audit trail', () => {
  test('CR-16 it is multibase multihash text, the same each time', () => {
    expect(salt).toMatch(/^c1\.[\w-]{43}$/)
    expect(isIdentifierHash(pseudonym)).toBe(true)
    expect(auditSubjectHash(keyring, TENANT, salt)).toBe(pseudonym)
  })

  test('CR-30 CR-31 another salt, tenant or key gives another pseudonym', () => {
    const others = [
      auditSubjectHash(keyring, TENANT, newAuditSalt(keyring)),
      auditSubjectHash(keyring, OTHER_TENANT, salt),
      auditSubjectHash(parseKeyring(createKeyringText()), TENANT, salt),
    ]
    expect(new Set([pseudonym, ...others]).size).toBe(4)
  })

  test('CR-32 a rotation of C changes no pseudonym while the old version can be read', () => {
    const rotated = keyringAfterRotationOfC('previous')
    expect(auditSubjectHash(rotated, TENANT, salt)).toBe(pseudonym)
    expect(auditSaltVersion(newAuditSalt(rotated))).toBe(2)
  })

  test('CR-51 a salt bound anew keeps the pseudonym after the old version is retired', () => {
    const rebound = rebindAuditSalt(keyringAfterRotationOfC('previous'), TENANT, salt)
    expect(auditSaltVersion(rebound)).toBe(2)
    const retired = keyringAfterRotationOfC('retired')
    expect(auditSubjectHash(retired, TENANT, rebound)).toBe(pseudonym)
    expect(() => auditSubjectHash(retired, TENANT, salt)).toThrow(UNREADABLE)
    const twice = rebindAuditSalt(retired, TENANT, rebound)
    expect(twice).not.toBe(rebound)
    expect(auditSubjectHash(retired, TENANT, twice)).toBe(pseudonym)
  })

  test('CR-51 a mask without its key tells nothing: it differs each time the same salt is bound', () => {
    const masks = Array.from(
      { length: 50 },
      () => rebindAuditSalt(keyring, TENANT, salt).split('.')[2],
    )
    expect(new Set(masks).size).toBe(50)
    expect(masks).not.toContain(pseudonym.slice(4))
  })

  test.each([
    '',
    'c1',
    `c1.${'A'.repeat(42)}`,
    `c1.${'A'.repeat(42)}B`,
    `c0.${'A'.repeat(43)}`,
    `c1.${'A'.repeat(43)}.`,
    `c1.${'A'.repeat(43)}.${'A'.repeat(42)}B`,
    `c7.${'A'.repeat(43)}`,
    `${'A'.repeat(43)}`,
    `c1.${'A'.repeat(43)}\n`,
  ])('CR-33 the salt text %j is refused, never read as another person', (text) => {
    expect(() => auditSubjectHash(keyring, TENANT, text)).toThrow(UNREADABLE)
  })
})
