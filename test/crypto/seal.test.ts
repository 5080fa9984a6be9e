import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseKeyring, rotationIsDue, sealCounts } from '../../src/crypto/keyring.ts'
import {
  openUnder,
  type SealContext,
  type SealPurpose,
  sealedVersion,
  sealUnder,
} from '../../src/crypto/seal.ts'
import { BridgeError } from '../../src/domain/failure.ts'
import type { TenantId } from '../../src/domain/ids.ts'
import type { Sealed } from '../../src/domain/text.ts'
import { createMetrics } from '../../src/metrics.ts'
import {
  keyringAfterRotationOfC,
  keyringOf,
  keyringText,
  OTHER_TENANT,
  TENANT,
  UNREADABLE,
} from './fixtures.ts'

const CONTEXT: SealContext = {
  tenant: TENANT,
  table: 'reconciliation_session',
  column: 'nonce',
  row: 'row-1',
}
const PLAINTEXT = 'what nobody else may read'
const keyring = keyringOf()
const sealed = sealUnder(keyring, 'session', CONTEXT, PLAINTEXT)

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const open = (of: Sealed, context = CONTEXT) => openUnder(keyring, 'session', context, of)

/** The sealed text with one part handed through `change` as bytes. */
function tamper(part: number, change: (bytes: Uint8Array) => Uint8Array): Sealed {
  const parts = sealed.split('.')
  const bytes = new Uint8Array(Buffer.from(parts[part] ?? '', 'base64url'))
  return parts.with(part, Buffer.from(change(bytes)).toString('base64url')).join('.') as Sealed
}

describe('sealing', () => {
  test('CR-06 text and bytes, none and many, come back as they were', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(open(sealUnder(keyring, 'session', CONTEXT, bytes))).toEqual(bytes)
      }),
      { numRuns: 60 },
    )
    expect(text(open(sealUnder(keyring, 'session', CONTEXT, 'née – 名')))).toBe('née – 名')
    expect(open(sealUnder(keyring, 'session', CONTEXT, ''))).toHaveLength(0)
  })

  test('CR-06 the text has five parts and names its key', () => {
    expect(sealed).toMatch(/^v1\.c1\.[\w-]{16}\.[\w-]{55}\.[\w-]{43}$/)
    expect(sealedVersion(sealed)).toBe(1)
    expect(sealedVersion('v1.d1.x' as Sealed)).toBeUndefined()
  })

  test('CR-08 64 KiB can be sealed, one byte more cannot', () => {
    const most = new Uint8Array(65_536).fill(7)
    expect(open(sealUnder(keyring, 'session', CONTEXT, most))).toEqual(most)
    expect(() => sealUnder(keyring, 'session', CONTEXT, new Uint8Array(65_537))).toThrow(
      expect.objectContaining({ failure: { kind: 'payload_too_large' } }),
    )
  })

  test('CR-02 fifty thousand seals of one row have fifty thousand IVs', { timeout: 20_000 }, () => {
    const ivs = new Set<string>()
    for (let count = 0; count < 50_000; count++) {
      ivs.add(sealUnder(keyring, 'session', CONTEXT, '').slice(6, 22))
    }
    expect(ivs.size).toBe(50_000)
  })

  test('CR-01 seals are counted by purpose and version, and a limit asks for a rotation', async () => {
    const counting = keyringOf()
    for (let count = 0; count < 3; count++) sealUnder(counting, 'session', CONTEXT, '')
    sealUnder(counting, 'webhook', { ...CONTEXT, tenant: OTHER_TENANT }, '')
    expect(sealCounts(counting)).toEqual([
      { purpose: 'session', version: 1, seals: 3 },
      { purpose: 'webhook', version: 1, seals: 1 },
    ])
    expect(rotationIsDue(counting, 3)).toBe(true)
    expect(rotationIsDue(counting, 4)).toBe(false)
    expect(rotationIsDue(counting)).toBe(false)
    const metrics = createMetrics({ processMetrics: false })
    metrics.seals(sealCounts(counting), rotationIsDue(counting, 3))
    const exposed = (await metrics.expose()).text
    expect(exposed).toContain('bridge_key_seals{purpose="session",key_version="1"} 3\n')
    expect(exposed).toContain('bridge_key_rotation_due 1\n')
  })
})

describe('CR-05 a sealed text opens in its own place only', () => {
  test.each<[string, SealContext]>([
    ['tenant', { ...CONTEXT, tenant: OTHER_TENANT }],
    ['table', { ...CONTEXT, table: 'auxiliary_data' }],
    ['column', { ...CONTEXT, column: 'code_verifier' }],
    ['row', { ...CONTEXT, row: 'row-2' }],
    [
      'border between table and column',
      { ...CONTEXT, table: 'reconciliation_sessionn', column: 'once' },
    ],
  ])('CR-05 another %s is refused', (_member, context) => {
    expect(() => open(sealed, context)).toThrow(UNREADABLE)
    expect(text(open(sealed))).toBe(PLAINTEXT)
  })

  test.each<SealPurpose>(['person-wrap', 'provider-secret', 'signing-key', 'webhook'])(
    'CR-05 CR-30 the purpose %s does not open what was sealed for a session',
    (purpose) => {
      expect(() => openUnder(keyring, purpose, CONTEXT, sealed)).toThrow(UNREADABLE)
    },
  )

  test.each<[string, Partial<SealContext>]>([
    ['tenant', { tenant: '' as TenantId }],
    ['table', { table: '' }],
    ['column', { column: '' }],
    ['row', { row: '' }],
  ])('CR-05 an empty %s is a programmer’s mistake', (_member, change) => {
    expect(() => sealUnder(keyring, 'session', { ...CONTEXT, ...change }, '')).toThrow(TypeError)
    expect(() => open(sealed, { ...CONTEXT, ...change })).toThrow(TypeError)
  })
})

describe('CR-03 CR-04 nothing that was touched is opened', () => {
  test.each([12, 8, 4, 1, 0])('CR-03 a tag cut to %i bytes is refused', (kept) => {
    expect(() => open(tamper(3, (bytes) => bytes.subarray(0, bytes.length - 16 + kept)))).toThrow(
      UNREADABLE,
    )
  })

  test('CR-04 every single flipped bit, in IV, ciphertext, tag and commitment, is refused', () => {
    for (const part of [2, 3, 4]) {
      const { length } = Buffer.from(sealed.split('.')[part] ?? '', 'base64url')
      for (let bit = 0; bit < length * 8; bit++) {
        const flip = (bytes: Uint8Array) =>
          bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
        expect(() => open(tamper(part, flip))).toThrow(UNREADABLE)
      }
    }
  })

  test('CR-04 the failure tells nothing: no plaintext, no text, no difference', () => {
    const foreign = sealUnder(parseKeyring(keyringText()), 'webhook', CONTEXT, PLAINTEXT)
    const failures = [
      () => open('rubbish' as Sealed),
      () => open('' as Sealed),
      () => open(foreign),
      () => open(tamper(3, (bytes) => bytes.map((byte) => byte ^ 1))),
      () => open(tamper(4, (bytes) => bytes.map((byte) => byte ^ 1))),
      () => open(sealed, { ...CONTEXT, row: 'row-2' }),
    ].map((action) => {
      try {
        action()
      } catch (error) {
        expect(error).toBeInstanceOf(BridgeError)
        return JSON.stringify([
          (error as BridgeError).failure,
          (error as BridgeError).message,
          (error as BridgeError).cause,
        ])
      }
      return 'opened'
    })
    expect(new Set(failures)).toEqual(
      new Set(['[{"kind":"sealed_unreadable"},"sealed_unreadable",null]']),
    )
  })
})

describe('CR-07 the key id chooses the key', () => {
  test('CR-32 after a rotation of C the old text opens while its version can be read', () => {
    expect(text(openUnder(keyringAfterRotationOfC('previous'), 'session', CONTEXT, sealed))).toBe(
      PLAINTEXT,
    )
    expect(sealUnder(keyringAfterRotationOfC('previous'), 'session', CONTEXT, '')).toMatch(
      /^v1\.c2\./,
    )
  })

  test('CR-32 a retired version opens nothing', () => {
    expect(() => openUnder(keyringAfterRotationOfC('retired'), 'session', CONTEXT, sealed)).toThrow(
      UNREADABLE,
    )
  })

  test('CR-07 a text under a version that is not there is refused, no other key is tried', () => {
    const later = sealUnder(keyringAfterRotationOfC('previous'), 'session', CONTEXT, PLAINTEXT)
    expect(() => open(later)).toThrow(UNREADABLE)
  })

  test('CR-07 a text relabelled to another version that is there is refused', () => {
    const rotated = keyringAfterRotationOfC('previous')
    const relabelled = sealed.replace('v1.c1.', 'v1.c2.') as Sealed
    expect(() => openUnder(rotated, 'session', CONTEXT, relabelled)).toThrow(UNREADABLE)
  })

  test('CR-07 versions of A and B are no versions of C', () => {
    const relabelled = sealed.replace('v1.c1.', 'v1.a1.') as Sealed
    expect(() => open(relabelled)).toThrow(UNREADABLE)
  })
})
