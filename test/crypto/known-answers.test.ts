/** Everything here is read out of the page, so that the page cannot drift from the code. */
import { createDecipheriv, createHmac, hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { auditSubjectHash } from '../../src/crypto/audit-subject.ts'
import { openWithDataKey, unwrapDataKey } from '../../src/crypto/data-key.ts'
import {
  hashHolderIdentifier,
  hashInstitutionIdentifier,
  identifierBytes,
} from '../../src/crypto/identifier-hash.ts'
import { keyCheckValues, parseKeyring } from '../../src/crypto/keyring.ts'
import { readKeyringText, type SecretEntry } from '../../src/crypto/keyring-text.ts'
import { openUnder } from '../../src/crypto/seal.ts'
import { markSeal } from '../../src/crypto/seal-mark.ts'
import { deriveSubKeyBytes } from '../../src/crypto/sub-key.ts'
import type { IdentityId, TenantId } from '../../src/domain/ids.ts'
import type { Sealed } from '../../src/domain/text.ts'

const page = readFileSync(new URL('../../docs/cryptography.md', import.meta.url), 'utf8')
const keyringText = /```json\n([\s\S]*?)\n```/.exec(page)?.[1] ?? ''
const rows = new Map(
  Array.from(page.matchAll(/^\| ([^|`]+) \| `([^`|]+)` \|$/gm), (row) => [row[1], row[2]]),
)

function documented(name: string): string {
  const value = rows.get(name)
  if (value === undefined) throw new Error(`docs/cryptography.md has no row "${name}"`)
  return value
}

const keyring = parseKeyring(keyringText)
const tenant = documented('tenant') as TenantId
const person = documented('person') as IdentityId
const row = documented('row')
const EMAIL = {
  tenant,
  type: 'EMAIL',
  namespace: 'https://issuer.example',
  normalisation: 1,
  parts: ['ada@example.org'],
} as const
const SESSION = { tenant, table: 'reconciliation_session', column: 'nonce', row }
const AUXILIARY = { tenant, table: 'auxiliary_data', column: 'data', row }

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const sealedText = (name: string) => documented(name) as Sealed

describe('CR-33 the known answers of docs/cryptography.md, by our code', () => {
  test('CR-30 the sub-key', () => {
    const name = { key: 'A', purpose: 'holder-identifier', tenant, version: 2 } as const
    expect(hex(deriveSubKeyBytes(entry('A', 2).secret, name))).toBe(
      documented('sub-key A 2 holder-identifier (hex)'),
    )
  })

  test('CR-15 CR-16 the identifier hashes and the bytes under them', () => {
    expect(hex(identifierBytes(EMAIL))).toBe(documented('bytes under the HMAC (hex)'))
    expect(hashHolderIdentifier(keyring, EMAIL)).toEqual([
      { hash: documented('holder hash, A 2'), version: 2 },
      { hash: documented('holder hash, A 4: A 1 nested under A 2'), version: 4 },
      { hash: documented('holder hash, A 1'), version: 1 },
    ])
    expect(hashInstitutionIdentifier(keyring, EMAIL)).toEqual([
      { hash: documented('institution hash, B 1'), version: 1 },
    ])
  })

  test('CR-33 the check values', () => {
    const values = keyCheckValues(keyring)
    expect(values).toHaveLength(6)
    for (const { key, version, checkValue } of values) {
      expect(checkValue).toBe(documented(`check value, ${key} ${version}`))
    }
  })

  test('CR-06 CR-50 the sealed texts open', () => {
    const opened = openUnder(keyring, 'session', SESSION, sealedText('sealed under C 1'))
    expect(text(opened)).toBe(documented('opens to'))
    const key = unwrapDataKey(keyring, tenant, person, sealedText('data key, wrapped under C 1'))
    const personal = openWithDataKey(key, AUXILIARY, sealedText('sealed under the data key'))
    expect(text(personal)).toBe(documented('opens under the data key to'))
    const mark = markSeal(key, AUXILIARY, sealedText('sealed under the data key'))
    expect(mark).toBe(documented('mark of it'))
    expect(markSeal(key, AUXILIARY, null)).toBe(mark.replace(/\..*$/, '.'))
  })

  test('AU both salt texts lead to the one audit subject', () => {
    for (const name of ['audit salt', 'audit salt, bound to C 3']) {
      expect(auditSubjectHash(keyring, tenant, documented(name))).toBe(
        documented('audit subject, of either salt'),
      )
    }
  })
})

describe('CR-33 the same by another implementation, written from the page with node:crypto alone', () => {
  test('CR-15 CR-30 identifier hash', () => {
    const subKey = otherSubKey('A', 'holder-identifier', tenant, 2)
    expect(hex(subKey)).toBe(documented('sub-key A 2 holder-identifier (hex)'))
    const list = lp(
      'identity-bridge/identifier/v1',
      tenant,
      'EMAIL',
      'https://issuer.example',
      '1',
      '1',
      'ada@example.org',
    )
    expect(otherMultihash(hmac(subKey, list))).toBe(documented('holder hash, A 2'))
    const nested = hmac(
      otherSubKey('A', 'holder-nested', tenant, 2),
      lp('identity-bridge/nested-identifier/v1', documented('holder hash, A 1')),
    )
    expect(otherMultihash(nested)).toBe(documented('holder hash, A 4: A 1 nested under A 2'))
  })

  test('CR-06 CR-07 sealed text under C, wrapped data key, and sealed text under it', () => {
    const session = otherSubKey('C', 'session', tenant, 1)
    const opened = otherOpen(session, documented('sealed under C 1'), [
      tenant,
      'reconciliation_session',
      'nonce',
      row,
    ])
    expect(text(opened)).toBe(documented('opens to'))
    const wrap = otherSubKey('C', 'person-wrap', tenant, 1)
    const dataKey = otherOpen(wrap, documented('data key, wrapped under C 1'), [
      tenant,
      'identity',
      'wrapped_data_key',
      person,
    ])
    expect(hex(dataKey)).toBe(documented('data key of the person (hex)'))
    const personal = otherOpen(dataKey, documented('sealed under the data key'), [
      tenant,
      'auxiliary_data',
      'data',
      row,
    ])
    expect(text(personal)).toBe(documented('opens under the data key to'))
  })

  test('AU CR-33 audit subject and check value', () => {
    for (const [name, version] of [
      ['audit salt', 1],
      ['audit salt, bound to C 3', 3],
    ] as const) {
      const [, salt = '', mask] = documented(name).split('.')
      const key = otherSubKey('C', 'audit-subject', tenant, version)
      const mac = hmac(key, lp('identity-bridge/audit-subject/v1', Buffer.from(salt, 'base64url')))
      const masked = mask === undefined ? mac : xor(mac, Buffer.from(mask, 'base64url'))
      expect(otherMultihash(masked)).toBe(documented('audit subject, of either salt'))
    }
    const check = hmac(
      otherSubKey('B', 'key-check', 'system', 1),
      lp('identity-bridge/key-check/v1', 'B', '1'),
    )
    expect(check.toString('base64url')).toBe(documented('check value, B 1'))
  })
})

function entry(key: string, version: number): SecretEntry {
  const found = readKeyringText(keyringText).find(
    (one): one is SecretEntry => 'secret' in one && one.key === key && one.version === version,
  )
  if (found === undefined) throw new Error('no such key on the page')
  return found
}

function lp(...parts: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part)
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      return [length, bytes]
    }),
  )
}

function hmac(key: Uint8Array, message: Uint8Array): Buffer {
  return createHmac('sha256', key).update(message).digest()
}

function otherSubKey(key: string, purpose: string, forTenant: string, version: number): Buffer {
  const info = lp('identity-bridge/sub-key/v1', key, purpose, forTenant, String(version))
  return Buffer.from(hkdfSync('sha256', entry(key, version).secret, Buffer.alloc(0), info, 32))
}

function otherMultihash(digest: Uint8Array): string {
  return `u${Buffer.concat([Buffer.from([0x12, 0x20]), digest]).toString('base64url')}`
}

function otherOpen(key: Uint8Array, sealed: string, place: readonly string[]): Buffer {
  const [version = '', keyId = '', iv = '', sealedPart = '', commitment = ''] = sealed.split('.')
  const nonce = Buffer.from(iv, 'base64url')
  const info = lp('identity-bridge/message/v1', nonce)
  // HKDF-Expand by hand (RFC 5869 section 2.3): node offers it with the extraction only.
  const first = hmac(key, Buffer.concat([info, Buffer.from([1])]))
  const second = hmac(key, Buffer.concat([first, info, Buffer.from([2])]))
  expect(second.toString('base64url')).toBe(commitment)
  const bytes = Buffer.from(sealedPart, 'base64url')
  const decipher = createDecipheriv('aes-256-gcm', first, nonce, { authTagLength: 16 })
  decipher.setAAD(lp(version, ...place, keyId)).setAuthTag(bytes.subarray(-16))
  return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()])
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, at) => byte ^ (b[at] ?? 0)))
}
