/** Token parity: what a client's tokens held once, they hold at every later login, or there is no login. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import type { RelyingPartyProgram } from '../../demo/relying-party.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { ACR } from '../../src/domain/assurance.ts'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
import { type Admin, adminWith } from '../http/admin/client.ts'
import {
  ACTOR,
  type Bridge,
  logIn,
  presentAt,
  REDIRECT_URI,
  startBridge,
  type TestTenant,
  testPolicies,
} from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { register, type TestClient } from './clients.ts'
import { loginOf, relyingPartyOf } from './logins.ts'

const SLUG = 'parity'

let bridge: Bridge
let admin: Admin
let tenant: TestTenant
let wallet: Wallet
let client: TestClient
let program: RelyingPartyProgram
beforeAll(async () => {
  bridge = await startBridge()
  admin = await adminWith(bridge, ['clients:manage'])
  tenant = await bridge.addTenant(SLUG, { singleSignOnMinutes: 60 })
  wallet = await bridge.newWallet()
  await logIn(bridge, wallet, { tenant })
  client = await register(bridge, { clientId: 'strict' }, SLUG)
  const at = { ...bridge, tenant } as Bridge
  program = await relyingPartyOf(at, client, { scope: 'openid profile email' })
})
afterAll(() => bridge.stop())

const path = `/tenants/${SLUG}/relying-parties/strict/contract`
const contract = async () => (await admin.get(path)).body
const events = async (type: string) =>
  (
    await query<{ detail: string }>(
      bridge.database.superuserUrl,
      `SELECT detail FROM audit_event WHERE event_type = '${type}' AND client_id = 'strict' ORDER BY seq`,
    )
  ).map(({ detail }) => JSON.parse(detail) as Record<string, unknown>)

/** What becomes of a login that should not get through. */
async function refused() {
  const browser = createBrowser()
  const attempt = await program.begin({ prompt: 'login' })
  const end = await browser.follow(await presentAt(browser, wallet, attempt), (url) =>
    url.startsWith(REDIRECT_URI),
  )
  return end.location === undefined && end.text.includes('error=access_denied')
}

const publish = (change: (rules: Record<string, unknown>[]) => Record<string, unknown>[]) => {
  const { attributes } = testPolicies(bridge.issuer)
  return publishPolicy(bridge.deps, ACTOR, SLUG, 'attributes', {
    rules: change(attributes.rules.map((rule) => ({ ...rule }))),
  })
}

test('issue 4.4 the next login makes the contract, of ten at once one; then it is seen', async () => {
  expect(await contract()).toMatchObject({ state: 'off', claims: [] })
  expect((await admin.post(path, { acr: [ACR.sameDeviceUpstream] })).status).toBe(204)
  expect(await contract()).toMatchObject({ state: 'recording', acr: [ACR.sameDeviceUpstream] })
  await Promise.all(Array.from({ length: 10 }, () => loginOf(wallet, program)))
  const made = await contract()
  expect(made).toMatchObject({
    ...{ state: 'enforced', acr: [ACR.sameDeviceUpstream, ACR.sameDevice] },
    claims: expect.arrayContaining([
      { name: 'given_name', type: 'string', scope: 'profile' },
      { name: 'eduperson_scoped_affiliation', type: 'list', scope: 'profile' },
    ]) as unknown[],
  })
  expect(await events('token_contract_recorded')).toHaveLength(1)
})

test('a login that keeps it goes through, and so does one with more, or with fewer scopes', async () => {
  await loginOf(wallet, program)
  await loginOf(wallet, program, { scope: 'openid' })
  await publish((rules) => [
    ...rules,
    { name: 'nickname', merge: 'WALLET_ONLY', wallet: ['given_name'], project: true },
  ])
  const { claims } = await loginOf(wallet, program)
  expect(claims).toHaveProperty('nickname')
})

test('issue 4.4 a login whose claims would break it is refused, audited and counted; other clients are not touched', async () => {
  await publish((rules) =>
    rules.map((rule) => (rule.name === 'given_name' ? { ...rule, project: false } : rule)),
  )
  expect(await refused()).toBe(true)
  expect((await events('token_contract_broken')).at(-1)).toEqual({ parts: 'given_name' })
  expect((await events('login_refused')).at(-1)).toMatchObject({ reason: 'contract_broken' })
  const metrics = await (await fetch(`${bridge.url}/metrics`)).text()
  expect(metrics).toMatch(/flow="token_parity",outcome="broken"\} [1-9]/)
  const other = await register(bridge, { clientId: 'easy' }, SLUG)
  const at = { ...bridge, tenant } as Bridge
  await loginOf(wallet, await relyingPartyOf(at, other, { scope: 'openid profile' }))
})

test('recorded anew it is what the next login holds, by the session too; dropped it compares nothing', async () => {
  expect((await admin.post(path, {})).status).toBe(204)
  const browser = createBrowser()
  const attempt = await program.begin({ prompt: 'login' })
  await browser.follow(await presentAt(browser, wallet, attempt), (url) =>
    url.startsWith(REDIRECT_URI),
  )
  const quietly = async () => {
    const { url } = await program.begin({ prompt: 'none' })
    return (await browser.get(url)).location ?? ''
  }
  expect(await quietly()).toContain('code=')
  const { claims } = (await contract()) as { claims: { name: string }[] }
  expect(claims.map(({ name }) => name)).not.toContain('given_name')
  await query(
    bridge.database.superuserUrl,
    `UPDATE relying_party SET contract = '{"claims":[],"acr":["urn:other"]}' WHERE client_id = 'strict';
     UPDATE tenant SET revision = revision + 1`,
  )
  bridge.clock.advance(1_100)
  expect(await quietly()).toContain('error=login_required')
  expect(await refused()).toBe(true)
  expect((await events('token_contract_broken')).at(-1)).toEqual({ parts: 'acr' })
  expect((await admin.delete(path)).status).toBe(204)
  expect((await admin.delete(path)).status).toBe(404)
  await loginOf(wallet, program)
  expect(await contract()).toMatchObject({ state: 'off' })
})
