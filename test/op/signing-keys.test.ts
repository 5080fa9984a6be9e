import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Wallet } from '../../demo/wallet.ts'
import { dueSteps } from '../../src/domain/signing-key-age.ts'
import { DAY, HOUR, type IsoInstant, MINUTE, toInstant } from '../../src/domain/time.ts'
import { readSigningKeys } from '../../src/flow/read-signing-keys.ts'
import { removeSigningKey } from '../../src/flow/remove-signing-key.ts'
import { rotateSigningKey } from '../../src/flow/rotate-signing-key.ts'
import { runIfDue } from '../../src/job/lease.ts'
import { rotateSigningKeysJob } from '../../src/job/rotate-signing-keys.ts'
import type { Service } from '../../src/service.ts'
import { ACTOR, type Bridge, logIn, startBridge } from '../support/bridge.ts'
import { rows, tally, times, userinfoStatus } from '../threats/attack.ts'
import { post, register, registerMachine, type TestClient } from './clients.ts'
import { loginOf, relyingPartyOf } from './logins.ts'

let bridge: Bridge
let other: Service
let wallet: Wallet
let machine: TestClient
beforeAll(async () => {
  bridge = await startBridge()
  other = await bridge.startInstance()
  wallet = await bridge.newWallet()
  await logIn(bridge, wallet)
  machine = await registerMachine(bridge)
})
afterAll(() => bridge.stop())
beforeEach(() => rows(bridge, 'DELETE FROM job'))

type Keys = { keys: (Record<string, string> & { kid: string })[] }

const published = async (address = bridge.url): Promise<Keys> =>
  (await (await fetch(`${address}/t/demo/jwks`)).json()) as Keys

async function machineToken(address = bridge.url): Promise<string> {
  const { authorization } = machine
  const form = { grant_type: 'client_credentials' }
  const { body } = await post(`${address}/t/demo/token`, form, { authorization })
  return String(body.access_token)
}

const states = async (algorithm: 'ES256' | 'RS256') =>
  (await readSigningKeys(bridge.deps, ACTOR, 'demo'))
    .filter((key) => key.purpose === 'token' && key.algorithm === algorithm)
    .map(({ state }) => state)

/** Whether nothing can happen to the keys for the next weeks. */
async function isQuiet(): Promise<boolean> {
  const keys = (await readSigningKeys(bridge.deps, ACTOR, 'demo')).filter(
    ({ purpose, state }) => purpose === 'token' && state !== 'retired',
  )
  const oldest = Math.min(...keys.map(({ activatedAt }) => Date.parse(activatedAt ?? '')))
  return keys.length === 2 && bridge.clock.now() < oldest + 68 * DAY
}

async function runJob(): Promise<void> {
  await rows(bridge, 'DELETE FROM job')
  await runIfDue(bridge.deps, rotateSigningKeysJob(bridge.deps), 'one')
}

describe('by command', () => {
  test('the next key is published at once; a second one waits for nobody: conflict, also for fifty at a time', async () => {
    const before = (await published()).keys.length
    const tries = await Promise.allSettled(
      times(50, () => rotateSigningKey(bridge.deps, ACTOR, 'demo', 'ES256')),
    )
    expect(tally(tries.map(({ status }) => status))).toEqual({ fulfilled: 1, rejected: 49 })
    for (const tried of tries)
      if (tried.status === 'rejected')
        expect(tried.reason).toMatchObject({ failure: { kind: 'conflict' } })
    bridge.clock.advance(1_500)
    expect((await published(other.address)).keys.length).toBe(before + 1)
    expect(decodeProtectedHeader(await machineToken()).kid).not.toBe(
      (tries.find(({ status }) => status === 'fulfilled') as PromiseFulfilledResult<string>).value,
    )
  })

  test('OP-91 removed in an emergency: out of the set, its tokens no good, every login over, somebody else signs', async () => {
    const app = await register(bridge, { grantTypes: ['authorization_code', 'refresh_token'] })
    const { tokens } = await loginOf(wallet, await relyingPartyOf(bridge, app))
    const stolen = await machineToken()
    const { kid = '' } = decodeProtectedHeader(stolen)
    await removeSigningKey(bridge.deps, ACTOR, 'demo', kid)
    bridge.clock.advance(1_500)
    for (const address of [bridge.url, other.address]) {
      expect((await published(address)).keys.map((key) => key.kid)).not.toContain(kid)
      const fresh = decodeProtectedHeader(await machineToken(address))
      expect(fresh.kid).not.toBe(kid)
    }
    expect(await userinfoStatus(bridge.tenant.issuer, tokens.access_token)).toBe(401)
    const { authorization } = machine
    const told = await post(
      `${bridge.tenant.issuer}/introspect`,
      { token: stolen },
      { authorization },
    )
    expect(told.body).toEqual({ active: false })
    const refreshed = await post(
      `${bridge.tenant.issuer}/token`,
      { grant_type: 'refresh_token', refresh_token: String(tokens.refresh_token) },
      { authorization: app.authorization },
    )
    expect(refreshed.body.error).toBe('invalid_grant')
    await expect(removeSigningKey(bridge.deps, ACTOR, 'demo', kid)).rejects.toMatchObject({
      failure: { kind: 'not_found' },
    })
    // With nobody waiting a new one is made.
    const next = decodeProtectedHeader(await machineToken()).kid ?? ''
    await removeSigningKey(bridge.deps, ACTOR, 'demo', next)
    const last = decodeProtectedHeader(await machineToken()).kid
    expect([kid, next]).not.toContain(last)
    const again = await loginOf(wallet, await relyingPartyOf(bridge, app))
    expect(again.claims.sub).toBeTruthy()
  })
})

describe('by job', () => {
  test('OP-90 through half a year, on two instances: no token that still lives lacks its key, nor is a key used before it was published for a day', async () => {
    const used = new Set<string>()
    const firstSeen = new Map<string, number>()
    const started = bridge.clock.now()
    for (const { kid } of (await published()).keys) firstSeen.set(kid, started - DAY)
    while (bridge.clock.now() < started + 190 * DAY) {
      bridge.clock.advance((await isQuiet()) ? 20 * DAY : 8 * HOUR)
      const tokens = await Promise.all([bridge.url, other.address].map(machineToken))
      for (const token of tokens) {
        const { kid = '' } = decodeProtectedHeader(token)
        used.add(kid)
        const age = bridge.clock.now() - (firstSeen.get(kid) ?? bridge.clock.now())
        expect(age, 'published before use').toBeGreaterThanOrEqual(DAY - MINUTE)
      }
      bridge.clock.advance(9 * MINUTE)
      await runJob()
      bridge.clock.advance(2_000)
      const set = await published()
      for (const { kid } of set.keys)
        if (!firstSeen.has(kid)) firstSeen.set(kid, bridge.clock.now())
      const currentDate = new Date(bridge.clock.now())
      for (const token of tokens) await jwtVerify(token, createLocalJWKSet(set), { currentDate })
    }
    expect(used.size).toBe(3)
    expect(await states('ES256')).toContain('retired')
  }, 60_000)

  test('a retired key has lost its private half and is published no more', async () => {
    const retired = await rows<{ kid: string; sealed_private_key: string }>(
      bridge,
      `SELECT kid, sealed_private_key FROM signing_key WHERE state = 'retired'`,
    )
    expect(retired.length).toBeGreaterThan(0)
    expect(tally(retired.map((row) => row.sealed_private_key))).toEqual({ '': retired.length })
    const { keys } = await published()
    for (const { kid } of retired) expect(keys.map((key) => key.kid)).not.toContain(kid)
  })

  test('two instances whose jobs meet take each step once', async () => {
    await bridge.addTenant('pair')
    await rows(
      bridge,
      `UPDATE signing_key SET activated_at = '2026-01-01T00:00:00.000Z'
        WHERE tenant_id = (SELECT id FROM tenant WHERE slug = 'pair') AND purpose = 'token'`,
    )
    const job = rotateSigningKeysJob(bridge.deps)
    const [tenant] = await rows<{ id: string }>(bridge, `SELECT id FROM tenant WHERE slug = 'pair'`)
    const id = tenant?.id as Parameters<typeof job.run>[1]
    // Past the lease, as after one that was lost: the rows alone decide.
    const counts = await Promise.all(
      times(4, () => job.run(bridge.deps, id, () => Promise.resolve(true))),
    )
    expect(counts.reduce((sum, { published: n = 0 }) => sum + n, 0)).toBe(2)
  })

  const key = (state: 'next' | 'active' | 'retiring', days: number) => ({
    ...{ kid: state, state, createdAt: day(-days), activatedAt: day(-days) },
    retireAt: state === 'retiring' ? day(1 - days) : undefined,
  })
  const NOW = Date.UTC(2026, 5, 1)
  const day = (n: number): IsoInstant => toInstant(NOW + n * DAY)

  test.each([
    ['a young key: nothing', [key('active', 88)], []],
    ['a day before its end the next one is published', [key('active', 89)], ['publish']],
    ['published for less than a day it waits', [key('active', 90), key('next', 0.9)], []],
    ['then it signs', [key('active', 90), key('next', 1)], ['activate']],
    ['an old key goes after a day', [key('active', 1), key('retiring', 2)], ['retire']],
    ['and not before', [key('active', 1), key('retiring', 1.5 - 1)], []],
    ['without any key nothing is made up', [], []],
  ])('%s', (_, keys, wanted) => {
    expect(dueSteps(keys, NOW).map((step) => step.do)).toEqual(wanted)
  })
})
