import { expect, test, vi } from 'vitest'
import { newAuditSalt } from '../../src/crypto/audit-subject.ts'
import { createDataKey } from '../../src/crypto/data-key.ts'
import { createKeyringText, parseKeyring } from '../../src/crypto/keyring.ts'
import { randomText } from '../../src/crypto/random.ts'
import { sealUnder } from '../../src/crypto/seal.ts'
import { keyringOf, keyringText, PERSON, TENANT } from './fixtures.ts'

// The random source of the platform, and nothing of ours, is replaced by one that fails.
vi.mock('node:crypto', async (original) => ({
  ...(await original<typeof import('node:crypto')>()),
  randomBytes: () => {
    throw new Error('no entropy')
  },
}))

test('CR-02 without randomness nothing is made: there is no other source to fall back to', () => {
  const keyring = keyringOf()
  const context = { tenant: TENANT, table: 't', column: 'c', row: 'r' }
  expect(() => sealUnder(keyring, 'session', context, 'text')).toThrow('no entropy')
  expect(() => createDataKey(keyring, TENANT, PERSON)).toThrow('no entropy')
  expect(() => newAuditSalt(keyring)).toThrow('no entropy')
  expect(() => createKeyringText()).toThrow('no entropy')
  expect(() => randomText()).toThrow('no entropy')
  expect(() => parseKeyring(keyringText())).not.toThrow()
})
