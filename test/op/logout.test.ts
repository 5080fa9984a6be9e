/** Logout beyond the conformance plans: who is told what, what ends, and what a stranger can do with it. */
import { SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Browser, createBrowser, onwardLinkOn } from '../../demo/browser.ts'
import type { Login, RelyingPartyProgram } from '../../demo/relying-party.ts'
import type { Wallet } from '../../demo/wallet.ts'
import type { IdentityId } from '../../src/domain/ids.ts'
import { eraseIdentity } from '../../src/flow/erase-identity.ts'
import { removeSigningKey } from '../../src/flow/remove-signing-key.ts'
import { updateRelyingParty } from '../../src/flow/update-relying-party.ts'
import { deliverTenant } from '../events/deliver.ts'
import { type EventReceiver, startReceiver } from '../events/receiver.ts'
import {
  ACTOR,
  type Bridge,
  logIn,
  presentAt,
  REDIRECT_URI,
  startBridge,
  type TestTenant,
} from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { partOf, post, prepared, register, type TestClient } from './clients.ts'
import { relyingPartyOf } from './logins.ts'

const SLUG = 'logout'
const LOGGED_OUT = 'https://app.example/logged-out'

let bridge: Bridge
let tenant: TestTenant
let wallet: Wallet
let receiver: EventReceiver
let first: TestClient
let second: TestClient
let programs: { first: RelyingPartyProgram; second: RelyingPartyProgram }
let browser: Browser
beforeAll(async () => {
  bridge = await startBridge()
  receiver = await startReceiver()
  tenant = await bridge.addTenant(SLUG, { singleSignOnMinutes: 60 })
  wallet = await bridge.newWallet()
  await logIn(bridge, wallet, { tenant })
  first = await register(
    bridge,
    {
      ...{ clientId: 'first', backchannelLogoutUri: `${receiver.url}/first` },
      ...{ postLogoutRedirectUris: [LOGGED_OUT], offlineAccessNeeded: false },
      grantTypes: ['authorization_code', 'refresh_token'],
    },
    SLUG,
  )
  second = await register(
    bridge,
    {
      ...{ clientId: 'second', backchannelLogoutUri: `${receiver.url}/second` },
      ...{ sector: 'second.example', idTokenAlgorithm: 'RS256', backchannelSessionRequired: true },
    },
    SLUG,
  )
  const at = { ...bridge, tenant } as Bridge
  programs = {
    first: await relyingPartyOf(at, first, { scope: 'openid' }),
    second: await relyingPartyOf(at, second, { scope: 'openid' }),
  }
})
afterAll(async () => {
  await receiver.close()
  await bridge.stop()
})
beforeEach(() => {
  browser = createBrowser()
  receiver.received.length = 0
  receiver.status = 200
  bridge.clock.advance(Date.now() - bridge.clock.now())
})

const atRelyingParty = (url: string) => url.startsWith(REDIRECT_URI)

async function login(by = browser, who = wallet): Promise<Login> {
  const attempt = await programs.first.begin({ prompt: 'login' })
  const end = await by.follow(await presentAt(by, who, attempt), atRelyingParty)
  return await attempt.finish(end.location ?? '')
}

/** A login at the second relying party by the session alone. */
async function loginQuietly(): Promise<Login> {
  const attempt = await programs.second.begin({ prompt: 'none' })
  return await attempt.finish((await browser.get(attempt.url)).location ?? '')
}

async function isLoggedIn(by = browser): Promise<boolean> {
  const { url } = await programs.second.begin({ prompt: 'none' })
  return (await by.get(url)).location?.includes('code=') === true
}

const endSession = (parameters: Record<string, string>, by = browser) =>
  by.get(`${tenant.issuer}/end_session?${new URLSearchParams(parameters)}`)

const refresh = (token: string | undefined) =>
  post(
    `${tenant.issuer}/token`,
    { grant_type: 'refresh_token', refresh_token: token },
    { authorization: first.authorization },
  )
const bearer = ({ access_token: token }: Login['tokens']) => ({ authorization: `Bearer ${token}` })

async function deliver() {
  const { tenant: row } = await prepared(bridge, SLUG)
  return await deliverTenant(bridge.deps, row.id)
}

const told = () =>
  receiver.received.map(({ body }) => {
    const token = new URLSearchParams(body).get('logout_token') ?? ''
    return { header: partOf(token, 0), claims: partOf(token, 1) }
  })
const rows = <Row extends object>(text: string) => query<Row>(bridge.database.superuserUrl, text)

test('OP-83 sid: the same at each login of a session, another at each relying party and in each session', async () => {
  const one = await login()
  const again = await programs.first.begin({ prompt: 'none' })
  const two = await again.finish((await browser.get(again.url)).location ?? '')
  const elsewhere = await loginQuietly()
  expect(two.idToken.sid).toBe(one.idToken.sid)
  expect(elsewhere.idToken.sid).not.toBe(one.idToken.sid)
  const refreshed = await refresh(one.tokens.refresh_token)
  expect(partOf(refreshed.body.id_token, 1).sid).toBe(one.idToken.sid)
  expect((await login()).idToken.sid).not.toBe(one.idToken.sid)
})

test('OP-83 the person logs out on their page: each relying party hears it once, by its own names', async () => {
  const one = await login()
  const two = await loginQuietly()
  await browser.post(`${tenant.issuer}/session`, {})
  expect(await deliver()).toMatchObject({ delivered: 2 })
  const claims = told().map(({ claims: { aud, sub, sid } }) => ({ aud, sub, sid }))
  expect(claims).toHaveLength(2)
  expect(claims).toEqual(
    expect.arrayContaining([
      { aud: 'first', sub: one.idToken.sub, sid: one.idToken.sid },
      { aud: 'second', sub: two.idToken.sub, sid: two.idToken.sid },
    ]),
  )
  expect(
    told()
      .map(({ header }) => header.alg)
      .toSorted(),
  ).toEqual(['ES256', 'RS256'])
  const [event] = await rows<{ detail: string; subject_hash: string | null }>(
    `SELECT detail, subject_hash FROM audit_event WHERE event_type = 'single_sign_on_ended' ORDER BY seq DESC LIMIT 1`,
  )
  expect(JSON.parse(event?.detail ?? '')).toEqual({ told: 2 })
  expect(event?.subject_hash).not.toBeNull()
})

test('OP-83 a new login in the same browser: the logout is told to those of the session before it too, and ends their refresh tokens', async () => {
  const before = await login()
  const quiet = await loginQuietly()
  const stranger = createBrowser()
  await login(stranger)
  const now = await login()
  await browser.post(`${tenant.issuer}/session`, {})
  expect(await deliver()).toMatchObject({ delivered: 3 })
  const sids = told().map(({ claims: { aud, sid } }) => ({ aud, sid }))
  expect(sids).toEqual(
    expect.arrayContaining([
      { aud: 'first', sid: before.idToken.sid },
      { aud: 'second', sid: quiet.idToken.sid },
      { aud: 'first', sid: now.idToken.sid },
    ]),
  )
  for (const { tokens } of [before, now])
    expect((await refresh(tokens.refresh_token)).body.error).toBe('invalid_grant')
  expect(await isLoggedIn(stranger)).toBe(true)
})

test('OP-82 OP-83 a relying party that revokes its tokens first, as oidc-client-ts does, is known all the same', async () => {
  const { tokens } = await login()
  await loginQuietly()
  const { refresh_token: token } = tokens
  await post(`${tenant.issuer}/revoke`, { token }, { authorization: first.authorization })
  const parameters = {
    ...{ id_token_hint: tokens.id_token ?? '', post_logout_redirect_uri: LOGGED_OUT },
  }
  expect((await endSession(parameters)).location).toBe(LOGGED_OUT)
  expect(await deliver()).toMatchObject({ delivered: 2 })
  expect(await isLoggedIn()).toBe(false)
})

test('OP-83 somebody else logs in in the same browser: what was the person’s before leaves it', async () => {
  await login()
  const milan = await bridge.newWallet()
  await logIn(bridge, milan, { tenant, user: { username: 'milan', password: 'milan-demo' } })
  const now = await login(browser, milan)
  await browser.post(`${tenant.issuer}/session`, {})
  expect(await deliver()).toMatchObject({ delivered: 1 })
  expect(told()[0]?.claims.sid).toBe(now.idToken.sid)
})

test('OP-83 of fifty logouts at once one ends the session, and relying parties hear it once', async () => {
  const { tokens } = await login()
  const hint = tokens.id_token ?? ''
  const answers = await Promise.all(
    Array.from({ length: 50 }, () =>
      endSession({ id_token_hint: hint, post_logout_redirect_uri: LOGGED_OUT }),
    ),
  )
  expect(answers.every(({ location }) => location === LOGGED_OUT)).toBe(true)
  expect(await deliver()).toMatchObject({ delivered: 1 })
  expect(await isLoggedIn()).toBe(false)
})

test('OP-83 a receiver that fails is tried again with the same jti and a fresh token', async () => {
  await login()
  await browser.post(`${tenant.issuer}/session`, {})
  receiver.status = 503
  expect(await deliver()).toMatchObject({ delivered: 0, deferred: 1 })
  receiver.status = 204
  bridge.clock.advance(10_000)
  expect(await deliver()).toMatchObject({ delivered: 1 })
  const [before, after] = told()
  expect(after?.claims.jti).toBe(before?.claims.jti)
  expect(Number(after?.claims.iat)).toBeGreaterThan(Number(before?.claims.iat))
})

test('OP-83 a logout token for nobody: the relying party has taken its address away', async () => {
  await login()
  await browser.post(`${tenant.issuer}/session`, {})
  const change = (backchannelLogoutUri: string | undefined) =>
    updateRelyingParty(bridge.deps, ACTOR, SLUG, first.relyingParty.clientId, {
      backchannelLogoutUri,
    })
  await change(undefined)
  expect(await deliver()).toMatchObject({ delivered: 0, dead: 1 })
  await change(`${receiver.url}/first`)
  expect(receiver.received).toHaveLength(0)
})

test('refresh tokens end with the session, but for those with offline_access', async () => {
  const { tokens } = await login()
  const attempt = await programs.first.begin({ prompt: 'none', scope: 'openid offline_access' })
  const lasting = await attempt.finish((await browser.get(attempt.url)).location ?? '')
  await endSession({ id_token_hint: tokens.id_token ?? '' })
  expect((await refresh(tokens.refresh_token)).body.error).toBe('invalid_grant')
  expect((await refresh(lasting.tokens.refresh_token)).status).toBe(200)
})

test('a code that nobody redeemed ends with the session, offline_access or not; another session’s does not', async () => {
  const { tokens } = await login()
  const attempt = await programs.first.begin({ prompt: 'none', scope: 'openid offline_access' })
  const waiting = (await browser.get(attempt.url)).location ?? ''
  const elsewhere = createBrowser()
  await login(elsewhere)
  const other = await programs.first.begin({ prompt: 'none' })
  const kept = (await elsewhere.get(other.url)).location ?? ''
  await endSession({ id_token_hint: tokens.id_token ?? '' })
  await expect(attempt.finish(waiting)).rejects.toMatchObject({ error: 'invalid_grant' })
  expect((await other.finish(kept)).tokens.refresh_token).toBeTypeOf('string')
  expect(await isLoggedIn(elsewhere)).toBe(true)
})

test('OP-82 a hint of another session: the person is asked, in their language, and may agree', async () => {
  const old = await login()
  const now = await login()
  expect(now.idToken.sid).not.toBe(old.idToken.sid)
  const parameters = {
    ...{ id_token_hint: old.tokens.id_token ?? '', post_logout_redirect_uri: LOGGED_OUT },
    ...{ state: 'back', ui_locales: 'nl' },
  }
  const page = await endSession(parameters)
  expect([page.status, page.location]).toEqual([200, undefined])
  expect(page.text).toContain('Uitloggen?')
  expect(await isLoggedIn()).toBe(true)
  const after = await browser.post(`${tenant.issuer}/end_session/confirmation`, parameters)
  expect(onwardLinkOn(after.text)).toBe(`${LOGGED_OUT}?state=back`)
  expect(await isLoggedIn()).toBe(false)
})

test('OP-82 client_id alone: asked first, and then sent to an address of that client', async () => {
  await login()
  const parameters = { client_id: 'first', post_logout_redirect_uri: LOGGED_OUT }
  const page = await endSession(parameters)
  expect(page.text).toContain('<bdi>first</bdi>')
  const after = await browser.post(`${tenant.issuer}/end_session/confirmation`, parameters)
  expect(onwardLinkOn(after.text)).toBe(LOGGED_OUT)
  expect((await endSession(parameters)).location, 'nothing left to ask about').toBe(LOGGED_OUT)
})

test.each([
  ['another client than the hint', { client_id: 'second' }],
  ['an unknown client', { client_id: 'nobody', id_token_hint: '' }],
  ['a state without end', { state: 's'.repeat(5000) }],
])('OP-82 %s is refused, and nothing is ended', async (_, change) => {
  const { tokens } = await login()
  const page = await endSession({
    ...{ id_token_hint: tokens.id_token ?? '', post_logout_redirect_uri: LOGGED_OUT },
    ...change,
  } as Record<string, string>)
  expect([page.status, page.location]).toEqual([400, undefined])
  expect(await isLoggedIn()).toBe(true)
})

test('OP-82 a parameter twice is refused', async () => {
  const page = await browser.get(`${tenant.issuer}/end_session?state=a&state=b`)
  expect(page.status).toBe(400)
})

test('OP-28 an ID token of another tenant is no hint, and its session is not seen', async () => {
  const elsewhere = await bridge.addTenant('logout-elsewhere', { singleSignOnMinutes: 60 })
  const foreign = await bridge.newWallet()
  const { login: other } = await logIn(bridge, foreign, { tenant: elsewhere })
  await login()
  const page = await endSession({ id_token_hint: other.tokens.id_token ?? '' })
  expect(page.status).toBe(400)
  const there = await browser.get(`${elsewhere.issuer}/end_session`)
  expect(there.text).toContain('You are not logged in here')
  expect(await isLoggedIn()).toBe(true)
})

test('a form of another site is asked again by GET, and alone ends nothing', async () => {
  const { tokens } = await login()
  const form = { id_token_hint: tokens.id_token ?? '', post_logout_redirect_uri: LOGGED_OUT }
  const send = (body: Record<string, string>, path = '') =>
    fetch(`${tenant.issuer}/end_session${path}`, {
      ...{ method: 'POST', redirect: 'manual', body: new URLSearchParams(body) },
      headers: { 'sec-fetch-site': 'cross-site' },
    })
  const sent = await send(form)
  expect(sent.status).toBe(303)
  expect(await isLoggedIn()).toBe(true)
  // Too long for a URL: the page asks, and its own button brings the cookie.
  const long = await send({ ...form, logout_hint: 'x'.repeat(7000) })
  expect(await long.text()).toContain('Log out?')
  await send(form, '/confirmation')
  expect(await isLoggedIn()).toBe(true)
  expect((await browser.get(sent.headers.get('location') ?? '')).location).toBe(LOGGED_OUT)
  expect(await isLoggedIn()).toBe(false)
})

test.each(['same-site', 'cross-site'])(
  'row 54 a form of another page (%s) ends nothing, takes no yes back and leaves the cookies, even where it brings them',
  async (site) => {
    const { tokens } = await login()
    const cookie = browser.cookies(tenant.issuer)
    const send = (path: string, body: Record<string, string>) =>
      fetch(`${tenant.issuer}${path}`, {
        ...{ method: 'POST', redirect: 'manual', body: new URLSearchParams(body) },
        headers: { cookie, 'sec-fetch-site': site },
      })
    const shown = `${new URL(tenant.issuer).pathname}/session`
    for (const path of ['/session', '/session/consent']) {
      const answer = await send(path, { client: 'first' })
      expect([answer.status, answer.headers.get('location')], path).toEqual([303, shown])
      expect(answer.headers.getSetCookie(), path).toEqual([])
    }
    const asked = await send('/end_session/confirmation', { client_id: 'first' })
    expect(await asked.text()).toContain('Log out?')
    expect(await isLoggedIn()).toBe(true)
    expect((await post(`${tenant.issuer}/userinfo`, {}, bearer(tokens))).status).toBe(200)
  },
)

test('OP-82 a hint long after its time and of a retired key counts; of a key removed in an emergency it does not', async () => {
  const { tokens } = await login()
  const kid = String(partOf(tokens.id_token, 0).kid)
  const { tenant: row } = await prepared(bridge, SLUG)
  bridge.clock.advance(20 * 60_000)
  await rows(
    `UPDATE signing_key SET state = 'retired', sealed_private_key = '' WHERE kid = '${kid}' AND tenant_id = '${row.id}'`,
  )
  bridge.deps.tenants.forget(SLUG)
  expect((await endSession({ id_token_hint: tokens.id_token ?? '' })).text).toContain('logged out')
  await rows(`UPDATE signing_key SET removed_at = created_at WHERE kid = '${kid}'`)
  expect((await endSession({ id_token_hint: tokens.id_token ?? '' })).status).toBe(400)
  const [active] = await rows<{ kid: string }>(
    `SELECT kid FROM signing_key WHERE tenant_id = '${row.id}' AND purpose = 'token' AND state = 'active' LIMIT 1`,
  )
  await removeSigningKey(bridge.deps, ACTOR, SLUG, active?.kid ?? '')
  const [removed] = await rows(
    `SELECT kid FROM signing_key WHERE kid = '${active?.kid}' AND removed_at IS NOT NULL`,
  )
  expect(removed).toBeDefined()
})

test('OP-82 what is no ID token is no hint: a logout token, an unsigned one, another issuer', async () => {
  const key = new TextEncoder().encode('k'.repeat(32))
  const mac = await new SignJWT({ sub: 'x' })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: 'k' })
    .setIssuer(tenant.issuer)
    .setAudience('first')
    .sign(key)
  const none = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.e30.`
  for (const hint of [mac, none, 'x'.repeat(12_000)])
    expect((await endSession({ id_token_hint: hint })).status).toBe(400)
})

test('OP-83 erasure: every relying party hears that all of the person’s logins are over', async () => {
  const slug = 'logout-erased'
  const erased = await bridge.addTenant(slug, {})
  const own = await register(
    bridge,
    { clientId: 'told', backchannelLogoutUri: `${receiver.url}/told` },
    slug,
  )
  const strict = await register(
    bridge,
    {
      ...{ clientId: 'strict', backchannelLogoutUri: `${receiver.url}/strict` },
      backchannelSessionRequired: true,
    },
    slug,
  )
  const leaving = await bridge.newWallet()
  await logIn(bridge, leaving, { tenant: erased })
  const at = { ...bridge, tenant: erased } as Bridge
  const sids: unknown[] = []
  for (const client of [own, own, strict, strict]) {
    const by = createBrowser()
    const attempt = await (await relyingPartyOf(at, client, { scope: 'openid' })).begin()
    const end = await by.follow(await presentAt(by, leaving, attempt), atRelyingParty)
    sids.push((await attempt.finish(end.location ?? '')).idToken.sid)
  }
  const { tenant: row } = await prepared(bridge, slug)
  const [person] = await rows<{ id: IdentityId }>(
    `SELECT id FROM identity WHERE tenant_id = '${row.id}'`,
  )
  await eraseIdentity(bridge.deps, ACTOR, slug, {
    identityId: person?.id as IdentityId,
    ground: 'objection',
  })
  await deliverTenant(bridge.deps, row.id)
  const heard = told().map(({ claims }) => [claims.aud, claims.sid])
  expect(heard).toHaveLength(3)
  expect(heard).toEqual(
    expect.arrayContaining([
      ['told', undefined],
      ['strict', sids[2]],
      ['strict', sids[3]],
    ]),
  )
  const left = await rows(
    `SELECT id FROM outbox WHERE tenant_id = '${row.id}' AND identity_id IS NOT NULL`,
  )
  expect(left).toEqual([])
})
