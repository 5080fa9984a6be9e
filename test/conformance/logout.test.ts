/**
 * The modules of the OpenID Foundation's RP-Initiated Logout and Back-Channel Logout plans for providers (protocols 6.13),
 * one test a module and named after it.
 */
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as client from 'openid-client'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Browser, createBrowser } from '../../demo/browser.ts'
import type { Login, RelyingPartyProgram } from '../../demo/relying-party.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { deliverTenant } from '../events/deliver.ts'
import { type EventReceiver, startReceiver } from '../events/receiver.ts'
import { partOf, prepared, register } from '../op/clients.ts'
import { relyingPartyOf } from '../op/logins.ts'
import {
  type Bridge,
  logIn,
  presentAt,
  REDIRECT_URI,
  startBridge,
  type TestTenant,
} from '../support/bridge.ts'

const SLUG = 'logout-plan'
const LOGGED_OUT = 'https://app.example/logged-out'

let bridge: Bridge
let tenant: TestTenant
let wallet: Wallet
let program: RelyingPartyProgram
let receiver: EventReceiver
let browser: Browser
beforeAll(async () => {
  bridge = await startBridge()
  receiver = await startReceiver()
  tenant = await bridge.addTenant(SLUG, { singleSignOnMinutes: 60 })
  wallet = await bridge.newWallet()
  await logIn(bridge, wallet, { tenant })
  const registered = await register(
    bridge,
    {
      ...{ clientId: 'logout-op', postLogoutRedirectUris: [LOGGED_OUT] },
      backchannelLogoutUri: `${receiver.url}/logout`,
    },
    SLUG,
  )
  program = await relyingPartyOf({ ...bridge, tenant } as Bridge, registered, { scope: 'openid' })
})
afterAll(async () => {
  await receiver.close()
  await bridge.stop()
})
beforeEach(() => {
  browser = createBrowser()
  receiver.received.length = 0
})

const atRelyingParty = (url: string) => url.startsWith(REDIRECT_URI)

async function login(): Promise<Login> {
  const attempt = await program.begin()
  const end = await browser.follow(await presentAt(browser, wallet, attempt), atRelyingParty)
  return await attempt.finish(end.location ?? '')
}

/** Whether the next login in this browser would ask nobody. */
async function isLoggedIn(): Promise<boolean> {
  const { url } = await program.begin({ prompt: 'none' })
  return (await browser.get(url)).location?.includes('code=') === true
}

/** A logged-in browser goes to the endpoint; what it is shown, or where it is sent. */
async function logOut(parameters: (idToken: string) => Record<string, string>) {
  const { tokens } = await login()
  const given = parameters(tokens.id_token ?? '')
  // openid-client adds the client id by itself; the plan sends what it sends.
  const url = client.buildEndSessionUrl(program.configuration, given)
  if (given.client_id === undefined) url.searchParams.delete('client_id')
  const page = await browser.get(url.href)
  return { page, back: page.location === undefined ? undefined : new URL(page.location) }
}

/** The hint with another signature. */
function forged(idToken: string): string {
  const [head, body, signature = ''] = idToken.split('.')
  return `${head}.${body}.${Buffer.from(signature, 'base64url').reverse().toString('base64url')}`
}

test('oidcc-rp-initiated-logout-discovery-endpoint-verification, oidcc-backchannel-logout-discovery-endpoint-verification', () => {
  const metadata = program.configuration.serverMetadata()
  expect(metadata.end_session_endpoint).toBe(`${tenant.issuer}/end_session`)
  expect(metadata).toMatchObject({
    ...{ backchannel_logout_supported: true, backchannel_logout_session_supported: true },
    claims_supported: expect.arrayContaining(['sid']) as string[],
  })
})

test('oidcc-rp-initiated-logout', async () => {
  const { page, back } = await logOut((hint) => ({
    ...{ id_token_hint: hint, post_logout_redirect_uri: LOGGED_OUT, state: 'a state' },
  }))
  expect(page.status).toBe(303)
  expect(back?.href).toBe(`${LOGGED_OUT}?state=a+state`)
  expect(await isLoggedIn()).toBe(false)
})

test('oidcc-rp-initiated-logout-no-state', async () => {
  const { back } = await logOut((hint) => ({
    ...{ id_token_hint: hint, post_logout_redirect_uri: LOGGED_OUT },
  }))
  expect(back?.href).toBe(LOGGED_OUT)
  expect(await isLoggedIn()).toBe(false)
})

test('oidcc-rp-initiated-logout-no-post-logout-redirect-uri', async () => {
  const { page, back } = await logOut((hint) => ({ id_token_hint: hint, state: 'x' }))
  expect([page.status, back]).toEqual([200, undefined])
  expect(page.text).toContain('You are logged out here')
  expect(await isLoggedIn()).toBe(false)
})

test.each([
  ['oidcc-rp-initiated-logout-no-params', {}],
  ['oidcc-rp-initiated-logout-only-state', { state: 'x' }],
  [
    'oidcc-rp-initiated-logout-no-id-token-hint',
    { post_logout_redirect_uri: LOGGED_OUT, state: 'x' },
  ],
])('%s: the person is asked, and nobody is sent anywhere', async (_, parameters) => {
  const { page } = await logOut(() => parameters as Record<string, string>)
  expect([page.status, page.location]).toEqual([200, undefined])
  expect(await isLoggedIn()).toBe(true)
  const [, action = ''] = /<form method="post" action="([^"]+)">/.exec(page.text) ?? []
  const after = await browser.post(new URL(action, page.url).href, parameters as never)
  expect(after.text).toContain('You are logged out here')
  expect(after.text).not.toContain('http-equiv')
  expect(await isLoggedIn()).toBe(false)
})

test.each([
  [
    'oidcc-rp-initiated-logout-bad-post-logout-redirect-uri',
    (hint: string) => ({ id_token_hint: hint, post_logout_redirect_uri: `${LOGGED_OUT}/other` }),
  ],
  [
    'oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri',
    (hint: string) => ({ id_token_hint: hint, post_logout_redirect_uri: `${LOGGED_OUT}?foo=bar` }),
  ],
  [
    'oidcc-rp-initiated-logout-modified-id-token-hint',
    (hint: string) => ({ id_token_hint: forged(hint), post_logout_redirect_uri: LOGGED_OUT }),
  ],
  [
    'oidcc-rp-initiated-logout-bad-id-token-hint',
    () => ({ id_token_hint: 'not.a.token', post_logout_redirect_uri: LOGGED_OUT }),
  ],
])('%s: an error page, and nothing is ended', async (_, parameters) => {
  const { page } = await logOut(parameters)
  expect([page.status, page.location]).toEqual([400, undefined])
  expect(page.text).toContain('This logout cannot be done')
  expect(await isLoggedIn()).toBe(true)
})

test('oidcc-backchannel-rp-initiated-logout', async () => {
  const { tenant: row } = await prepared(bridge, SLUG)
  const deliver = () => deliverTenant(bridge.deps, row.id)
  await deliver()
  receiver.received.length = 0
  const { idToken, tokens } = await login()
  expect(idToken.sid).toMatch(/^[A-Za-z0-9_-]{43}$/)
  const url = client.buildEndSessionUrl(program.configuration, {
    ...{ id_token_hint: tokens.id_token ?? '', post_logout_redirect_uri: LOGGED_OUT },
  })
  await browser.get(url.href)
  await deliver()
  expect(receiver.received).toHaveLength(1)
  const [{ headers, body } = { headers: {}, body: '' }] = receiver.received
  expect(headers).toMatchObject({ 'content-type': 'application/x-www-form-urlencoded' })
  const token = new URLSearchParams(body).get('logout_token') ?? ''
  const keys = createRemoteJWKSet(new URL(`${tenant.issuer}/jwks`))
  const { payload } = await jwtVerify(token, keys, {
    ...{ issuer: tenant.issuer, audience: 'logout-op', typ: 'logout+jwt' },
  })
  expect(payload).toMatchObject({
    ...{ sub: idToken.sub, sid: idToken.sid, jti: expect.any(String) as string },
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  })
  expect(payload).not.toHaveProperty('nonce')
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(120)
  expect(partOf(token, 0)).toMatchObject({ alg: 'ES256' })
})
