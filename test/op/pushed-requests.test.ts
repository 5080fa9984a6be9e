import { randomBytes } from 'node:crypto'
import * as client from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBrowser, walletLinkOn } from '../../demo/browser.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { updateRelyingParty } from '../../src/flow/update-relying-party.ts'
import { ACTOR, type Bridge, logIn, REDIRECT_URI, startBridge } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { post, register, type TestClient } from './clients.ts'
import { relyingPartyOf } from './logins.ts'

let bridge: Bridge
let wallet: Wallet
let pusher: TestClient
beforeAll(async () => {
  bridge = await startBridge()
  wallet = await bridge.newWallet()
  await logIn(bridge, wallet)
  pusher = await register(bridge, { clientId: 'pusher', requirePkce: false })
})
afterAll(() => bridge.stop())

const REQUEST = {
  ...{ response_type: 'code', client_id: 'pusher', redirect_uri: REDIRECT_URI },
  ...{ scope: 'openid profile', state: 'state of the client' },
}
const par = () => `${bridge.tenant.issuer}/par`

function push(changed: Record<string, string | undefined> = {}, by = pusher) {
  return post(par(), { ...REQUEST, ...changed }, { authorization: by.authorization })
}

async function pushed(): Promise<string> {
  const { status, body } = await push()
  expect(status).toBe(201)
  return String(body.request_uri)
}

function authorize(parameters: Record<string, string>, browser = createBrowser()) {
  return browser.get(`${bridge.tenant.issuer}/authorize?${new URLSearchParams(parameters)}`)
}

/** The wallet's answer, up to the address that brings the browser back. */
async function presented(requestUri: string, beside: Record<string, string> = {}) {
  const browser = createBrowser()
  const page = await authorize({ ...beside, client_id: 'pusher', request_uri: requestUri }, browser)
  expect(page.status).toBe(200)
  const reply = await wallet.present(walletLinkOn(page.text))
  return { browser, back: reply.redirectUri ?? '' }
}

test('OP-31 openid-client pushes a request and gets tokens for it', async () => {
  const program = await relyingPartyOf(bridge, pusher, { scope: 'openid profile' })
  const verifier = client.randomPKCECodeVerifier()
  const url = await client.buildAuthorizationUrlWithPAR(program.configuration, {
    ...{ redirect_uri: REDIRECT_URI, scope: 'openid profile', state: 's', nonce: 'n' },
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  expect([...url.searchParams.keys()].toSorted()).toEqual(['client_id', 'request_uri'])
  const browser = createBrowser()
  const page = await browser.get(url.href)
  const reply = await wallet.present(walletLinkOn(page.text))
  const end = await browser.follow(reply.redirectUri ?? '', (to) => to.startsWith(REDIRECT_URI))
  const tokens = await client.authorizationCodeGrant(
    program.configuration,
    new URL(end.location ?? ''),
    { pkceCodeVerifier: verifier, expectedState: 's', expectedNonce: 'n', idTokenExpected: true },
  )
  expect(tokens.claims()?.aud).toBe('pusher')
})

test('OP-31 201, never cached, a minute, 256 bits; at rest sealed and by its hash', async () => {
  const answer = await push({ state: 'a state to look for', login_hint: 'sanne@example.org' })
  expect(answer.status).toBe(201)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.body).toEqual({
    request_uri: expect.stringMatching(/^urn:ietf:params:oauth:request_uri:[A-Za-z0-9_-]{43}$/),
    expires_in: 60,
  })
  const rows = JSON.stringify(
    await query(bridge.database.superuserUrl, 'SELECT * FROM pushed_request'),
  )
  expect(rows).not.toContain('a state to look for')
  expect(rows).not.toContain(String(answer.body.request_uri).slice(-43))
})

test('OP-30 POST alone, and a client that proves itself', async () => {
  expect((await fetch(par())).status).toBe(405)
  const wrong = await post(par(), REQUEST, { authorization: `Basic ${btoa('pusher:wrong')}` })
  expect([wrong.status, wrong.body.error]).toEqual([401, 'invalid_client'])
  const public_ = await post(par(), REQUEST)
  expect([public_.status, public_.body.error]).toEqual([401, 'invalid_client'])
})

test.each([
  [
    'a request_uri inside',
    { request_uri: 'urn:ietf:params:oauth:request_uri:x' },
    'invalid_request',
  ],
  ['another client', { client_id: 'app' }, 'invalid_client'],
  ['an unregistered return address', { redirect_uri: 'https://other.example/' }, 'invalid_request'],
  [
    'plain PKCE',
    { code_challenge: 'a'.repeat(43), code_challenge_method: 'plain' },
    'invalid_request',
  ],
  ['no openid', { scope: 'profile' }, 'invalid_scope'],
  ['a request object', { request: 'e30.e30.' }, 'request_not_supported'],
  ['the implicit flow', { response_type: 'token' }, 'unsupported_response_type'],
])('OP-30 everything is judged when it is pushed: %s', async (_, changed, error) => {
  const answer = await push(changed)
  expect(answer.status).toBeGreaterThanOrEqual(400)
  expect(answer.status).toBeLessThan(500)
  expect(answer.body.error).toBe(error)
  expect(answer.headers.get('location')).toBeNull()
})

test('OP-31 an oversized request is 413', async () => {
  expect((await push({ state: 'x'.repeat(40_000) })).status).toBe(413)
})

test('OP-32 another client cannot use it, and nothing else may be said beside it', async () => {
  const requestUri = await pushed()
  const beside = { client_id: 'pusher', request_uri: requestUri }
  for (const parameters of [
    { client_id: 'app', request_uri: requestUri },
    { request_uri: requestUri } as Record<string, string>,
    { ...beside, redirect_uri: 'https://other.example/' },
    { ...beside, state: 'altered' },
    { ...beside, prompt: 'none' },
    { ...beside, scope: 'openid address' },
  ]) {
    const page = await authorize(parameters)
    expect([page.status, page.location]).toEqual([400, undefined])
  }
  const same = await authorize({ ...REQUEST, request_uri: requestUri })
  expect(same.status).toBe(200)
})

test('OP-32 what Core 6.1 wants in the URL may be repeated, less scope among it, and counts for nothing', async () => {
  const { back, browser } = await presented(await pushed(), {
    ...{ response_type: 'code', scope: 'openid' },
  })
  const end = await browser.follow(back, (to) => to.startsWith(REDIRECT_URI))
  const told = new URL(end.location ?? '')
  expect(told.href.startsWith(`${REDIRECT_URI}?code=`)).toBe(true)
  expect(told.searchParams.get('state')).toBe(REQUEST.state)
})

test('OP-33, OP-41 unknown and foreign references look alike', async () => {
  const unknown = `urn:ietf:params:oauth:request_uri:${randomBytes(32).toString('base64url')}`
  const first = await authorize({ client_id: 'pusher', request_uri: unknown })
  expect(first.status).toBe(400)
  const other = await bridge.addTenant('elsewhere')
  const foreign = await createBrowser().get(
    `${other.issuer}/authorize?${new URLSearchParams({ client_id: 'app', request_uri: await pushed() })}`,
  )
  expect(foreign.status).toBe(400)
})

test('OP-33 the page may be loaded again, but one code comes of it, also in parallel', async () => {
  const requestUri = await pushed()
  const tries = []
  for (let index = 0; index < 50; index++) tries.push(await presented(requestUri))
  const ends = await Promise.all(
    tries.map(({ browser, back }) => browser.follow(back, (to) => to.startsWith(REDIRECT_URI))),
  )
  const codes = ends.filter(({ location }) => location?.includes('code='))
  expect(codes).toHaveLength(1)
  const again = await authorize({ client_id: 'pusher', request_uri: requestUri })
  expect(again.status).toBe(400)
})

test('OP-34 a client that must push is refused at the front door', async () => {
  await updateRelyingParty(bridge.deps, ACTOR, 'demo', pusher.relyingParty.clientId, {
    pushedRequestsOnly: true,
  })
  const page = await authorize(REQUEST)
  const { searchParams } = new URL(page.location ?? '')
  expect(searchParams.get('error')).toBe('invalid_request')
  expect((await authorize({ client_id: 'pusher', request_uri: await pushed() })).status).toBe(200)
})

test('OP-34 a tenant may want it of every client, and discovery says so', async () => {
  const tenant = await bridge.addTenant('pushes', { pushedRequestsOnly: true })
  const { configuration } = tenant.relyingParty
  expect(configuration.serverMetadata().require_pushed_authorization_requests).toBe(true)
  const { url } = await tenant.relyingParty.begin()
  const refused = await fetch(url, { redirect: 'manual' })
  expect(refused.headers.get('location')).toContain('error=invalid_request')
  const pushed = await client.buildAuthorizationUrlWithPAR(configuration, {
    ...{ redirect_uri: REDIRECT_URI, scope: 'openid' },
    ...{ code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' },
  })
  expect((await fetch(pushed, { redirect: 'manual' })).status).toBe(200)
})

test('OP-87, OP-88 discovery names the endpoint', async () => {
  const metadata = (await (
    await fetch(`${bridge.tenant.issuer}/.well-known/openid-configuration`)
  ).json()) as Record<string, unknown>
  expect(metadata.pushed_authorization_request_endpoint).toBe(par())
  expect(metadata.require_pushed_authorization_requests).toBe(false)
})

test('OP-31, OP-33 a reference lives a minute', async () => {
  const requestUri = await pushed()
  bridge.clock.advance(61_000)
  const late = await authorize({ client_id: 'pusher', request_uri: requestUri })
  expect(late.status).toBe(400)
})
