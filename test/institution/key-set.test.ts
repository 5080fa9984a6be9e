import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { MINUTE, SECOND } from '../../src/domain/time.ts'
import { createKeySet, type KeySet } from '../../src/institution/key-set.ts'
import type { Outbound } from '../../src/outbound/guard.ts'
import { listen, type TestServer } from '../outbound/server.ts'
import { institutionRefused, testOutbound } from './attempt.ts'
import { makeSigningKey } from './hostile-provider.ts'

let outbound: Outbound
let first: Record<string, unknown>
let second: Record<string, unknown>
let elliptic: Record<string, unknown>
beforeAll(async () => {
  outbound = testOutbound()
  first = { ...(await makeSigningKey('one')).publicJwk }
  second = { ...(await makeSigningKey('two')).publicJwk }
  elliptic = { ...(await makeSigningKey('ec', 'ES256')).publicJwk }
})
afterAll(() => outbound.close())

let server: TestServer
let published: unknown
let status: number
let now: number
let keys: KeySet
beforeEach(async () => {
  published = { keys: [first] }
  status = 200
  now = Date.UTC(2026, 10, 22)
  server = await listen((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/jwk-set+json' })
    response.end(JSON.stringify(published))
  })
  keys = createKeySet({ outbound, clock: () => now }, `${server.url}/jwks`)
  return () => server.close()
})

const REFUSED = institutionRefused('id_token_invalid')
const named = (kid: string | undefined, alg = 'RS256') => keys.keyFor({ alg, kid })

test('UP-37 row 52: a hundred random kids at an empty cache cause one fetch', async () => {
  for (let count = 0; count < 100; count++) {
    await expect(named(`junk-${count}`)).rejects.toMatchObject(REFUSED)
  }
  expect(server.count.requests).toBe(1)
})

test('UP-37 row 52: at a warm cache they cause one more, also all at once', async () => {
  await named('one')
  const junk = Array.from({ length: 100 }, (_, count) => named(`junk-${count}`))
  const outcomes = await Promise.allSettled(junk)
  expect(outcomes.every((outcome) => outcome.status === 'rejected')).toBe(true)
  await expect(named('junk')).rejects.toMatchObject(REFUSED)
  expect(server.count.requests).toBe(2)
})

test('UP-37 known keys go on working during the flood', async () => {
  await named('one')
  await expect(named('junk')).rejects.toMatchObject(REFUSED)
  expect((await named('one')).type).toBe('public')
  expect(server.count.requests).toBe(2)
})

test('UP-37 after half a minute an unknown kid may cause a fetch again', async () => {
  await expect(named('junk')).rejects.toMatchObject(REFUSED)
  now += 30 * SECOND - 1
  await expect(named('junk')).rejects.toMatchObject(REFUSED)
  expect(server.count.requests).toBe(1)
  now += 1
  await expect(named('junk')).rejects.toMatchObject(REFUSED)
  expect(server.count.requests).toBe(2)
})

test('UP-37 a rotated key is found at once, by callers in parallel with one fetch', async () => {
  await named('one')
  published = { keys: [second] }
  await Promise.all([named('two'), named('two'), named('two')])
  expect(server.count.requests).toBe(2)
  await expect(named('one')).rejects.toMatchObject(REFUSED)
})

test('UP-37 a fetch that fails cools down too, and the keys held stay good', async () => {
  await named('one')
  status = 500
  await expect(named('two')).rejects.toMatchObject(institutionRefused('unavailable'))
  await expect(named('two')).rejects.toMatchObject(REFUSED)
  expect((await named('one')).type).toBe('public')
  expect(server.count.requests).toBe(2)
})

test('UP-37 keys are asked for again after ten minutes, so a withdrawn one goes', async () => {
  await named('one')
  now += 10 * MINUTE - 1
  await named('one')
  expect(server.count.requests).toBe(1)
  published = { keys: [second] }
  now += 1
  await expect(named('one')).rejects.toMatchObject(REFUSED)
  expect(server.count.requests).toBe(2)
})

test('UP-37 the clock is put back: neither are keys good until it has caught up, nor is an unknown one looked for no more', async () => {
  await named('one')
  await expect(named('two')).rejects.toMatchObject(REFUSED)
  now -= 60 * MINUTE
  published = { keys: [second] }
  expect((await named('two')).type).toBe('public')
  await expect(named('one')).rejects.toMatchObject(REFUSED)
})

test('UP-37 keys of other use, type, curve or algorithm are not chosen', async () => {
  published = {
    keys: [
      { ...first, kid: 'enc', use: 'enc' },
      { ...first, kid: 'ops', key_ops: ['encrypt'] },
      { ...first, kid: 'alg', alg: 'RS512' },
      { ...elliptic, kid: 'ec' },
      { kty: 'oct', k: 'AAAA', kid: 'oct' },
    ],
  }
  for (const kid of ['enc', 'ops', 'alg', 'ec', 'oct']) {
    await expect(named(kid)).rejects.toMatchObject(REFUSED)
  }
  expect((await named('ec', 'ES256')).type).toBe('public')
  await expect(named('ec', 'ES384')).rejects.toMatchObject(REFUSED)
  await expect(named('oct', 'HS256')).rejects.toMatchObject(REFUSED)
})

test('UP-37 without kid one fitting key is taken, two are refused', async () => {
  published = { keys: [first, elliptic] }
  expect((await named(undefined)).type).toBe('public')
  published = { keys: [first, second] }
  now += 10 * MINUTE
  await expect(named(undefined)).rejects.toMatchObject(REFUSED)
})

test('UP-37 one kid for two keys is refused', async () => {
  published = { keys: [first, { ...second, kid: 'one' }] }
  await expect(named('one')).rejects.toMatchObject(REFUSED)
})

test.each<[string, () => unknown]>([
  [
    '21 keys',
    () => ({ keys: Array.from({ length: 21 }, (_, at) => ({ ...first, kid: `k${at}` })) }),
  ],
  ['no list', () => ({ keys: first })],
  ['no keys', () => ({})],
  ['a text among the keys', () => ({ keys: ['one'] })],
  ['a key that is none', () => ({ keys: [{ ...first, n: '!', kid: 'k0' }] })],
])('UP-37 a set with %s is refused', async (_name, make) => {
  published = make()
  await expect(named('k0')).rejects.toMatchObject(REFUSED)
})

test('UP-37 twenty keys are read, a set over 64 KiB is not', async () => {
  published = { keys: Array.from({ length: 20 }, (_, at) => ({ ...first, kid: `k${at}` })) }
  expect((await named('k19')).type).toBe('public')
  published = { keys: [first], padding: 'x'.repeat(64 * 1024) }
  now += 10 * MINUTE
  await expect(named('one')).rejects.toMatchObject(institutionRefused('unavailable'))
})

test.each(['../../x', "' OR 1=1", '__proto__', ''])('row 16 kid %j finds no key', async (kid) => {
  await expect(named(kid)).rejects.toMatchObject(REFUSED)
})
