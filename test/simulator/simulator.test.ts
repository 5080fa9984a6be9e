/** The simulator against our own bridge: what is honest is taken, and every named attack is refused, for the reason it is named for. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ALL_CASES, ALL_DIGITAL_CASES } from '../../simulator/all-cases.ts'
import { honestDigitalCases } from '../../simulator/attacks-digital.ts'
import { honestCases } from '../../simulator/cases.ts'
import { openPage, playDigitalCase, playDigitalReplays } from '../../simulator/digital.ts'
import { readDigitalRequest } from '../../simulator/digital-request.ts'
import { spoilSignature } from '../../simulator/jose.ts'
import {
  playCase,
  playGarbage,
  playReplays,
  type Result,
  type Target,
} from '../../simulator/run.ts'
import { createWorld, DEFAULT_SEED, documentsOf } from '../../simulator/world.ts'
import { createAdminToken } from '../../src/flow/create-admin-token.ts'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
import { ACTOR, type Bridge, startBridge, type TestTenant } from '../support/bridge.ts'

const EVERY_CASE = [...ALL_CASES, ...ALL_DIGITAL_CASES]

let bridge: Bridge
let tenant: TestTenant
/** Open for as long as the tests run: a connection a case would cost more than the case. */
let trail: pg.Client
let target: Target
const results = new Map<string, Result & { reason: string | undefined }>()

beforeAll(async () => {
  bridge = await startBridge()
  trail = new pg.Client({ connectionString: bridge.database.superuserUrl })
  await trail.connect()
  tenant = await bridge.addTenant('simulated')
  const world = createWorld(DEFAULT_SEED, bridge.clock.now())
  for (const [kind, document] of Object.entries(documentsOf(world)))
    await publishPolicy(bridge.deps, ACTOR, tenant.slug, kind as 'trust', document)
  const { url } = await tenant.relyingParty.begin()
  target = { authorizeUrl: url, origin: new URL(bridge.url).origin, world, clock: bridge.clock.now }
  for (const [number, one] of ALL_CASES.entries()) {
    const result = await playCase(target, one, number)
    results.set(one.name, { ...result, reason: await lastReason() })
  }
  for (const [number, one] of ALL_DIGITAL_CASES.entries()) {
    const result = await playDigitalCase(target, one, ALL_CASES.length + number)
    results.set(one.name, { ...result, reason: await lastReason() })
  }
}, 180_000)
afterAll(async () => {
  await trail.end()
  await bridge.stop()
})

let seen = 0
/** The reason in the audit trail since we last looked; one case, one event at most. */
async function lastReason(): Promise<string | undefined> {
  const { rows } = await trail.query<{ seq: string; reason: string }>(
    `SELECT seq, detail::jsonb ->> 'reason' AS reason FROM audit_event
      WHERE event_type = 'presentation_refused' AND seq > $1
        AND tenant_id = (SELECT id FROM tenant WHERE slug = 'simulated') ORDER BY seq DESC LIMIT 1`,
    [seen],
  )
  seen = Number(rows[0]?.seq ?? seen)
  return rows[0]?.reason
}

describe('issue 6 item 10 the simulator', () => {
  test('has more than a hundred attacks in three formats, each with a name of its own', () => {
    const names = EVERY_CASE.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const prefix of ['sd-jwt-', 'mdoc-', 'jwt-vc-', 'response-', 'digital-'])
      expect(names.filter((name) => name.startsWith(prefix)).length).toBeGreaterThan(20)
  })

  test.each(EVERY_CASE.map((one) => [one.name, one.expect] as const))(
    '%s: %s',
    (name, expected) => {
      const { status, reason, note } = results.get(name) ?? {}
      expect(note).toBe('')
      if (expected === 'accepted') expect(status).toBe(200)
      else expect(status).toBeOneOf([400, 403, 404, 413, 415])
      expect(reason).toBe(['accepted', 'none'].includes(expected) ? undefined : expected)
    },
  )

  test('row 1 an answer counts once, and for its own login', async () => {
    for (const honest of honestCases().filter((_, index) => [0, 5, 7].includes(index))) {
      const replays = await playReplays(target, honest, 1000)
      expect(replays).toHaveLength(3)
      expect(replays.filter(({ right }) => !right)).toEqual([])
    }
  })

  test('row 58 VP-081 two wrong answers leave the honest one its chance, three end the login', async () => {
    const [honest] = honestCases()
    if (honest === undefined) return expect.fail('no honest case')
    const results = await playGarbage(target, honest, 3000)
    expect(results.map(({ name }) => name)).toHaveLength(7)
    expect(results.filter(({ right }) => !right)).toEqual([])
  })

  test('VP-130 an answer through the browser counts once, for its own login and the question it was asked', async () => {
    for (const honest of honestDigitalCases().slice(0, 2)) {
      const replays = await playDigitalReplays(target, honest, 2000)
      expect(replays).toHaveLength(4)
      expect(replays.filter(({ right }) => !right)).toEqual([])
    }
  })

  test('VP-117, VP-118 its wallet answers no page that a signed request does not name, and no signer but whom it names', async () => {
    const { requests } = (await openPage(target)) ?? expect.fail('no question')
    const [signed, many, unsigned] = requests
    if (signed === undefined || many === undefined || unsigned === undefined)
      return expect.fail('a form of the question is missing')
    for (const request of [signed, many, unsigned])
      expect(readDigitalRequest(request, target.origin)).toMatchObject({ origin: target.origin })
    for (const request of [signed, many])
      expect(() => readDigitalRequest(request, 'https://phisher.example')).toThrow('for the page')
    const forged = { ...signed, data: { request: spoilSignature(String(signed.data.request)) } }
    expect(() => readDigitalRequest(forged, target.origin)).toThrow('not signed by whom')
    const named = { ...unsigned, data: { ...unsigned.data, client_id: 'x509_hash:x' } }
    expect(() => readDigitalRequest(named, target.origin)).toThrow('names its sender')
  })

  test('is the same for the same seed, and another for another', () => {
    const at = Date.UTC(2026, 10, 22)
    const one = JSON.stringify(documentsOf(createWorld('a', at)))
    expect(JSON.stringify(documentsOf(createWorld('a', at + 86_400_000)))).toBe(one)
    expect(JSON.stringify(documentsOf(createWorld('b', at)))).not.toBe(one)
    const situation = (label: string) => {
      const world = createWorld('a', at)
      const request = {
        ...{ client_id: 'x509_hash:x', nonce: 'n', state: 's', response_uri: 'https://b.example/' },
        ...{ response_mode: 'direct_post' as const, ...documentsOf(world).query },
        dcql_query: documentsOf(world).query as never,
      }
      const [holder, other] = [world.seed.key('h'), world.seed.key('o')]
      return { world, request, holder, other, label }
    }
    for (const honest of honestCases())
      expect(honest.answer(situation('x'))).toBe(honest.answer(situation('x')))
  })

  test('is no part of the production image: what the build may see does not hold it', () => {
    const seen = readFileSync('.dockerignore', 'utf8').trim().split('\n')
    expect(seen[0]).toBe('**')
    const letIn = seen.slice(1)
    expect(letIn.every((line) => /^![a-z.-]+(?:\.json|\.yaml)?$/i.test(line))).toBe(true)
    for (const folder of ['simulator', 'demo', 'test']) expect(letIn).not.toContain(`!${folder}`)
  })

  test('runs as one command, which makes its tenant itself, and whose last line is JSON', async () => {
    const scopes = ['tenants:manage', 'policies:manage', 'clients:manage'] as const
    const { token } = await createAdminToken(bridge.deps, ACTOR, {
      ...{ name: 'simulator', scopes, tenant: undefined, days: 1 },
    })
    const words = ['--bridge', bridge.url, '--admin-token', token, '--only', 'honest']
    const child = spawn(process.execPath, ['simulator/main.ts', ...words])
    let out = ''
    let told = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')))
    child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString('utf8')))
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect(told).toBe('')
    expect(JSON.parse(out.trim().split('\n').at(-1) ?? '')).toEqual({
      ...{ cases: 18, accepted: 18, refused: 0, skipped: 0, wrong: [] },
    })
    expect(code).toBe(0)
  })
})
