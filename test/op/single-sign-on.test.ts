import { None } from 'openid-client'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Browser, createBrowser, onwardLinkOn } from '../../demo/browser.ts'
import type { RelyingPartyProgram } from '../../demo/relying-party.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { ACR } from '../../src/domain/assurance.ts'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
import { updateRelyingParty } from '../../src/flow/update-relying-party.ts'
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
import { decodeQrSvg } from '../support/qr.ts'
import { post, register, type TestClient } from './clients.ts'
import { relyingPartyOf } from './logins.ts'

let bridge: Bridge
let tenant: TestTenant
let wallet: Wallet
let client: TestClient
let other: RelyingPartyProgram
let browser: Browser
beforeAll(async () => {
  bridge = await startBridge()
  tenant = await bridge.addTenant('signed-on', { singleSignOnMinutes: 30 })
  wallet = await bridge.newWallet()
  await logIn(bridge, wallet, { tenant })
  client = await register(
    bridge,
    { clientId: 'second', redirectUris: [`${REDIRECT_URI}/second`], sector: 'second.example' },
    'signed-on',
  )
  other = await relyingPartyOf({ ...bridge, tenant } as Bridge, client, {
    scope: 'openid profile email',
    redirectUri: `${REDIRECT_URI}/second`,
  })
})
afterAll(() => bridge.stop())
beforeEach(() => {
  browser = createBrowser()
})

const atRelyingParty = (url: string) => url.startsWith(REDIRECT_URI)

/** A full login of this browser. */
async function signOn() {
  const attempt = await tenant.relyingParty.begin({ prompt: 'login' })
  const end = await browser.follow(await presentAt(browser, wallet, attempt), atRelyingParty)
  return await attempt.finish(end.location ?? '')
}

/** What the second relying party gets without anybody being asked: its answer, or the page instead. */
async function quietly(parameters: Record<string, string> = {}, by = browser) {
  const attempt = await other.begin(parameters)
  const page = await by.get(attempt.url)
  const answer = page.location === undefined ? undefined : new URL(page.location).searchParams
  return { attempt, page, answer }
}

test('OP-18, OP-59 prompt=none logs in by the session, with time, acr and claims of the real login', async () => {
  const first = await signOn()
  const { attempt, page } = await quietly({ prompt: 'none' })
  const { idToken, claims } = await attempt.finish(page.location ?? '')
  expect(idToken.auth_time).toBe(first.idToken.auth_time)
  expect(idToken.acr).toBe(first.idToken.acr)
  expect(idToken.sub).not.toBe(first.idToken.sub)
  expect({ ...claims, sub: '' }).toEqual({ ...first.claims, sub: '' })
  const [event] = await query<{ detail: string }>(
    bridge.database.superuserUrl,
    `SELECT detail FROM audit_event WHERE event_type = 'login_completed' AND client_id = 'second'`,
  )
  expect(JSON.parse(event?.detail ?? '')).toMatchObject({
    ...{ way: 'session', plan: 'USE_EXISTING_BINDING' },
  })
})

test('OP-18 without a prompt the session is used as well, and the cookie is its own', async () => {
  await signOn()
  const names = browser
    .cookies(tenant.issuer)
    .split('; ')
    .map((pair) => pair.split('=')[0])
  expect(names.filter((name) => name?.startsWith('__Host-bridge-sso-'))).toHaveLength(1)
  expect(names).toHaveLength(2)
  expect((await quietly()).answer?.has('code')).toBe(true)
})

test.each([
  [{ prompt: 'login' }],
  [{ prompt: 'select_account' }],
  [{ max_age: '0' }],
  [{ acr_values: ACR.sameDeviceUpstream }],
])('OP-18, OP-19 %o asks the person', async (parameters) => {
  await signOn()
  const { page } = await quietly(parameters as Record<string, string>)
  expect([page.status, page.location]).toEqual([200, undefined])
})

test('RFC 8252 an app on the device logs in by its own scheme, and not by the session: any app may answer to it', async () => {
  const home = 'org.example.app:/callback'
  const app = await register(
    bridge,
    { clientId: 'phone', redirectUris: [home], authentication: 'none' },
    'signed-on',
  )
  expect(app.relyingParty.sector).toBe('org.example.app:')
  const program = await relyingPartyOf({ ...bridge, tenant } as Bridge, app, {
    ...{ authentication: None(), redirectUri: home, scope: 'openid email' },
  })
  await signOn()
  const silent = await browser.get((await program.begin({ prompt: 'none' })).url)
  expect(silent.location).toMatch(/^org\.example\.app:\/callback\?error=login_required&/)
  const byForm = await browser.get((await program.begin({ response_mode: 'form_post' })).url)
  expect(byForm.location).toMatch(/^org\.example\.app:\/callback\?error=invalid_request&/)
  const attempt = await program.begin()
  const page = await browser.get(attempt.url)
  expect(page.status).toBe(200)
  const cancel = /action="([^"]+\/cancel)"/.exec(page.text)?.[1] ?? ''
  const cancelled = await browser.post(new URL(cancel, page.url).href, {})
  expect(onwardLinkOn(cancelled.text)).toMatch(/^org\.example\.app:\/callback\?error=/)
  const again = await program.begin()
  const end = await browser.follow(await presentAt(browser, wallet, again), (url) =>
    url.startsWith(home),
  )
  const { idToken, claims } = await again.finish(end.location ?? '')
  expect([idToken.aud, typeof claims.email]).toEqual(['phone', 'string'])
})

test('OP-19 max_age: a session that is young enough is used, an older one is not', async () => {
  await signOn()
  expect((await quietly({ max_age: '10000', prompt: 'none' })).answer?.has('code')).toBe(true)
  await query(
    bridge.database.superuserUrl,
    'UPDATE login_grant SET auth_time = auth_time - 5 WHERE session_hash IS NOT NULL',
  )
  expect((await quietly({ max_age: '3', prompt: 'none' })).answer?.get('error')).toBe(
    'login_required',
  )
})

test('OP-20 an essential acr the session does not have', async () => {
  await signOn()
  const claims = JSON.stringify({ id_token: { acr: { essential: true, value: ACR.crossDevice } } })
  const { answer } = await quietly({ prompt: 'none', claims })
  expect(answer?.get('error')).toBe('login_required')
})

test('OP-28 no browser but its own, not half of the cookies, not another tenant', async () => {
  await signOn()
  expect((await quietly({ prompt: 'none' }, createBrowser())).answer?.get('error')).toBe(
    'login_required',
  )
  const cookies = browser.cookies(tenant.issuer).split('; ')
  const { url } = await other.begin({ prompt: 'none' })
  for (const one of cookies) {
    const answer = await fetch(url, { headers: { cookie: one }, redirect: 'manual' })
    expect(answer.headers.get('location')).toContain('error=login_required')
  }
  const elsewhere = await bridge.addTenant('other-tenant', { singleSignOnMinutes: 30 })
  const attempt = await elsewhere.relyingParty.begin({ prompt: 'none' })
  const values = cookies.join('; ')
  const foreign = await fetch(attempt.url, { headers: { cookie: values }, redirect: 'manual' })
  expect(foreign.headers.get('location')).toContain('error=login_required')
})

test('a new login replaces the session: the old secret is worth nothing', async () => {
  await signOn()
  const old = browser.steal()
  await signOn()
  expect((await quietly({ prompt: 'none' }, old)).answer?.get('error')).toBe('login_required')
  expect((await quietly({ prompt: 'none' })).answer?.has('code')).toBe(true)
})

test('a person looks at the session and ends it, in their language', async () => {
  await signOn()
  const address = `${tenant.issuer}/session`
  const page = await browser.get(address)
  expect(page.text).toContain('You are logged in here')
  const kept = browser.steal()
  const after = await browser.post(address, {})
  expect(after.text).toContain('You are logged out here')
  for (const one of [browser, kept])
    expect((await quietly({ prompt: 'none' }, one)).answer?.get('error')).toBe('login_required')
  expect((await browser.get(`${address}?ui_locales=nl`)).text).toContain('niet ingelogd')
  const events = await query(
    bridge.database.superuserUrl,
    `SELECT id FROM audit_event WHERE event_type = 'single_sign_on_ended'`,
  )
  expect(events).toHaveLength(1)
})

test('OP-33 a pushed request that the session answered is spent', async () => {
  await signOn()
  const pushed = await post(
    `${tenant.issuer}/par`,
    {
      ...{ response_type: 'code', client_id: client.id, redirect_uri: `${REDIRECT_URI}/second` },
      ...{ scope: 'openid', code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' },
    },
    { authorization: client.authorization },
  )
  const parameters = { client_id: client.id, request_uri: String(pushed.body.request_uri) }
  const url = `${tenant.issuer}/authorize?${new URLSearchParams(parameters)}`
  const answers = await Promise.all(Array.from({ length: 50 }, () => browser.get(url)))
  expect(answers.filter(({ location }) => location?.includes('code='))).toHaveLength(1)
})

test.each([
  ['looks at the presentation', { credentialTypes: ['urn:none'] }],
  ['wants another plan for this client', { relyingParties: ['second'] }],
  ['wants another plan for one of the ways a session may be of', { ways: ['digital_credentials'] }],
])('a tenant whose selector %s has no shortcut', async (_, when) => {
  const { selector } = testPolicies(bridge.issuer)
  const publish = (document: unknown) =>
    publishPolicy(bridge.deps, ACTOR, 'signed-on', 'selector', document)
  await publish({
    ...selector,
    rules: [{ id: 'other', priority: 1, when, plan: selector.default }],
  })
  await signOn()
  expect((await quietly({ prompt: 'none' })).answer?.get('error')).toBe('login_required')
  await publish(selector)
  expect((await quietly({ prompt: 'none' })).answer?.has('code')).toBe(true)
})

/** A login by a wallet on another device. */
async function scan(who = wallet) {
  const attempt = await tenant.relyingParty.begin({ prompt: 'login' })
  const page = await browser.get(attempt.url)
  const [, path = ''] = /src="([^"]+\/qr\.svg)"/.exec(page.text) ?? []
  const code = decodeQrSvg((await browser.get(new URL(path, tenant.issuer).href)).text)
  expect((await who.present(code)).status).toBe(200)
  const onward = new URL(path.replace('/qr.svg', '/continue'), tenant.issuer).href
  const end = await browser.follow(onward, atRelyingParty)
  return await attempt.finish(end.location ?? '')
}

test('VP-133 no session comes of a scanned code: whoever showed it would have it', async () => {
  expect((await scan()).idToken.acr).toBe(ACR.crossDevice)
  expect(browser.cookies(tenant.issuer)).not.toContain('__Host-bridge-sso-')
  expect((await quietly({ prompt: 'none' })).answer?.get('error')).toBe('login_required')
})

test('OP-28 a scanned code ends the session of somebody else in the browser, and leaves one of the same person', async () => {
  await signOn()
  await scan()
  expect((await quietly({ prompt: 'none' })).answer?.has('code')).toBe(true)
  const milan = await bridge.newWallet()
  await logIn(bridge, milan, { tenant, user: { username: 'milan', password: 'milan-demo' } })
  await scan(milan)
  expect((await quietly({ prompt: 'none' })).answer?.get('error')).toBe('login_required')
})

test('VP-133 a rule for scanned codes does not concern a session, which never comes of one', async () => {
  const { selector } = testPolicies(bridge.issuer)
  const publish = (document: unknown) =>
    publishPolicy(bridge.deps, ACTOR, 'signed-on', 'selector', document)
  const rule = { id: 'scanned', when: { ways: ['cross_device'] }, plan: selector.default }
  await publish({ ...selector, rules: [rule] })
  await signOn()
  expect((await quietly({ prompt: 'none' })).answer?.has('code')).toBe(true)
  await publish(selector)
})

test('a session ends with the link, and a tenant without single sign-on has none', async () => {
  await signOn()
  await query(
    bridge.database.superuserUrl,
    `UPDATE identity_link_binding SET deleted_at = created_at, deletion_reason = 'USER_UNLINK'
      WHERE tenant_id IN (SELECT id FROM tenant WHERE slug = 'signed-on')`,
  )
  expect((await quietly({ prompt: 'none' })).answer?.get('error')).toBe('login_required')
  const plain = createBrowser()
  await logIn(bridge, wallet, { browser: plain })
  expect(plain.cookies(bridge.tenant.issuer)).not.toContain('sso')
})

test('a client that is switched off gets no code, and the session is over after its time', async () => {
  await query(
    bridge.database.superuserUrl,
    'UPDATE identity_link_binding SET deleted_at = NULL, deletion_reason = NULL',
  )
  await signOn()
  expect((await quietly({ prompt: 'none' })).answer?.has('code')).toBe(true)
  await updateRelyingParty(bridge.deps, ACTOR, 'signed-on', client.relyingParty.clientId, {
    enabled: false,
  })
  expect((await quietly({ prompt: 'none' })).page.status).toBe(400)
  await updateRelyingParty(bridge.deps, ACTOR, 'signed-on', client.relyingParty.clientId, {
    enabled: true,
  })
  bridge.clock.advance(21 * 60_000)
  expect((await quietly({ prompt: 'none' })).answer?.get('error')).toBe('login_required')
})
