import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createIssuer, DEMO_PERSON, EDUID_VCT, type Issuer } from '../../demo/issuer.ts'
import { createWallet } from '../../demo/wallet.ts'
import { trustCommand } from '../../src/cli/trust.ts'
import { ADMIN_SCOPE_NAMES } from '../../src/domain/admin.ts'
import { askAhead } from '../../src/flow/ask-ahead.ts'
import { askAheadJob } from '../../src/job/ask-ahead.ts'
import { runNow } from '../../src/job/lease.ts'
import { adminWith } from '../http/admin/client.ts'
import { type Bridge, logIn, startBridge } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { publish } from '../support/walk.ts'
import {
  aboutAt,
  asIssuer,
  asSuperior,
  configurationAt,
  configurationOf,
  createEntity,
  type Entity,
  jwksOf,
  statementBy,
} from '../wallet/federation.ts'

const HOUR = 3_600_000

let bridge: Bridge
let issuer: Issuer
let [anchor, between, leaf] = [] as unknown as [Entity, Entity, Entity]
/** Statements by path and question. */
const statements = new Map<string, string>()
const asked: string[] = []
const server = createServer(({ url = '' }, response) => {
  asked.push(url)
  const statement = statements.get(url)
  response.writeHead(statement === undefined ? 404 : 200, {
    'content-type': 'application/entity-statement+jwt',
  })
  response.end(statement)
})

beforeAll(async () => {
  bridge = await startBridge()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  ;[anchor, between, leaf] = ['top', 'org', 'leaf'].map((name) =>
    createEntity(`${base}/${name}`),
  ) as [Entity, Entity, Entity]
  issuer = createIssuer({ url: leaf.id })
  serve({})
})
afterAll(async () => {
  await new Promise((closed) => server.close(closed))
  await bridge.stop()
})

/** Anchor, intermediate and issuer; the anchor's statement about the intermediate with more claims. */
function serve(claims: object): void {
  const now = bridge.clock.now()
  const key = { key: issuer.privateKey, kid: String(issuer.metadata().jwks.keys[0]?.kid) }
  const put = (at: string, statement: string) =>
    statements.set(at.slice(at.indexOf('/', 8)), statement)
  put(
    configurationAt(leaf),
    configurationOf(leaf, now, { hints: [between], claims: asIssuer(key) }),
  )
  put(
    configurationAt(between),
    configurationOf(between, now, { hints: [anchor], claims: asSuperior(between) }),
  )
  put(configurationAt(anchor), configurationOf(anchor, now, { claims: asSuperior(anchor) }))
  put(aboutAt(between, leaf), statementBy(between, leaf, now))
  put(aboutAt(anchor, between), statementBy(anchor, between, now, { claims }))
}

const entry = () => ({
  ...{ id: 'fed', format: 'dc+sd-jwt', vct: [EDUID_VCT], mechanism: 'openid-federation' },
  trustAnchors: [{ entity: anchor.id, keys: jwksOf(anchor).keys }],
  issuers: [leaf.id],
})

async function newWallet() {
  const wallet = createWallet()
  const credential = await issuer.issue(DEMO_PERSON, wallet.publicJwk, {
    mechanism: 'jwt-vc-issuer',
  })
  wallet.add(credential)
  return wallet
}

/** The job, when what is kept was had so many hours ago. */
async function askAheadAfter(hours: number): Promise<void> {
  const at = (ms: number) => new Date(bridge.clock.now() + ms).toISOString()
  await query(
    bridge.database.superuserUrl,
    `UPDATE kept_answer SET fetched_at = '${at(-hours * HOUR)}', fresh_until = '${at((1 - hours) * HOUR)}' WHERE document IS NOT NULL`,
  )
  const job = askAheadJob((tenant, keepLease) => askAhead(bridge.deps, tenant, keepLease))
  await runNow(bridge.deps, job, 'test')
}

test('TR-30 a chain of a federation is fetched ahead, and its issuer believed without asking anybody', async () => {
  await publish(bridge, bridge.tenant, 'trust', { entries: [entry()] })
  await askAheadAfter(0)
  expect(asked).toHaveLength(5)
  await logIn(bridge, await newWallet())
  await bridge.restart()
  await logIn(bridge, await newWallet())
  expect(asked).toHaveLength(5)
  const admin = await adminWith(bridge, ADMIN_SCOPE_NAMES)
  expect((await admin.get('/tenants/demo/trust-answers')).body.answers).toMatchObject([
    { kind: 'federation', about: leaf.id, problem: null },
  ])
})

test('TR-30 whom the federation constrains away is not believed once its chain is due again', async () => {
  serve({ constraints: { max_path_length: 0 } })
  await askAheadAfter(1)
  await bridge.restart()
  await expect(logIn(bridge, await newWallet())).rejects.toThrow('the wallet heard 400')
  const [missing] = await query<{ detail: string }>(
    bridge.database.superuserUrl,
    `SELECT detail FROM audit_event WHERE event_type = 'trust_answer_missing'`,
  )
  expect(JSON.parse(missing?.detail ?? '')).toMatchObject({
    kind: 'federation',
    reason: 'not_believed',
  })
})

test('TR-20 an operator sees what is wrong from the command line', async () => {
  const out: string[] = []
  const environment = { DATABASE_URL: bridge.database.runtimeUrl }
  const write = (line: string) => void out.push(line)
  const say = () => trustCommand({ environment, out: write, err: write }).exitOverride()
  await say().parseAsync(['answers', 'demo'], { from: 'user' })
  await say().parseAsync(['lists', 'demo'], { from: 'user' })
  expect(out[0]).toMatch(/^federation +http:\/\/127\.0\.0\.1:\d+\/leaf .* not_believed$/m)
  expect(out[1]).toBe('list  number  next update  looked at  problem')
})
