/** The full counts behind what the quick suite shows with smaller ones. `npm run test:long`; some minutes. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createKeyringText, parseKeyring } from '../../src/crypto/keyring.ts'
import { randomText } from '../../src/crypto/random.ts'
import { openUnder, sealUnder } from '../../src/crypto/seal.ts'
import { BridgeError } from '../../src/domain/failure.ts'
import type { TenantId } from '../../src/domain/ids.ts'
import type { Sealed } from '../../src/domain/text.ts'
import { lookupOf, openResponse, readForm } from '../../src/wallet/response.ts'
import { createResponseKey } from '../../src/wallet/response-encryption.ts'

const MINUTES = 60_000
const keyring = parseKeyring(createKeyringText())
const context = { tenant: 'long' as TenantId, table: 'journey', column: 'request', row: '1' }

test('CR-02 a million sealed texts have a million IVs', { timeout: 10 * MINUTES }, () => {
  const seen = new Set<string>()
  for (let count = 0; count < 1_000_000; count++)
    seen.add(sealUnder(keyring, 'session', context, '').split('.')[2] ?? '')
  expect(seen.size).toBe(1_000_000)
})

test('VP-003 a hundred thousand nonces, none twice', () => {
  expect(new Set(Array.from({ length: 100_000 }, () => randomText(32))).size).toBe(100_000)
})

test('HA-05 ten thousand response keys, none twice', { timeout: 2 * MINUTES }, () => {
  const keys = Array.from({ length: 10_000 }, () => createResponseKey().publicJwk.x)
  expect(new Set(keys).size).toBe(10_000)
})

/** A typed failure or a value; anything else is a bug. */
function ends(work: () => unknown): boolean {
  try {
    work()
    return true
  } catch (error) {
    return error instanceof BridgeError
  }
}

test('RE-07 no sealed text brings anything but a typed failure', { timeout: 5 * MINUTES }, () => {
  const sealed = sealUnder(keyring, 'session', context, 'text')
  const change = fc.tuple(fc.nat(sealed.length - 1), fc.string({ minLength: 1, maxLength: 2 }))
  fc.assert(
    fc.property(change, ([at, put]) => {
      const changed = `${sealed.slice(0, at)}${put}${sealed.slice(at + 1)}` as Sealed
      return ends(() => openUnder(keyring, 'session', context, changed))
    }),
    { numRuns: 100_000 },
  )
})

test('RE-07 no posted form brings anything but a typed failure', { timeout: 5 * MINUTES }, () => {
  const { privateKey } = createResponseKey()
  const word = fc.oneof(
    fc.string(),
    fc.base64String(),
    fc.json(),
    fc.constantFrom('a.b.c.d.e', '%', '+'),
  )
  const name = fc.constantFrom('response', 'vp_token', 'state', 'error', 'x')
  const form = fc.array(fc.tuple(name, word), { maxLength: 6 })
  fc.assert(
    fc.property(form, fc.boolean(), (pairs, plain) =>
      ends(() => {
        const body = Buffer.from(new URLSearchParams(pairs).toString())
        openResponse(lookupOf(readForm(body)), {
          privateKey,
          mode: plain ? 'direct_post' : 'direct_post.jwt',
        })
      }),
    ),
    { numRuns: 100_000 },
  )
})
