/**
 * Modules of the OpenID Foundation's plan `fapi2-security-profile-final-test-plan` (protocols 6.13), with `private_key_jwt` and
 * DPoP, one test a module and named after it. `dpop-negative-tests` stands in `test/op/dpop.test.ts`.
 */
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import * as client from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBrowser, onwardLinkOn, walletLinkOn } from '../../demo/browser.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { updateRelyingParty } from '../../src/flow/update-relying-party.ts'
import { post, register, type TestClient } from '../op/clients.ts'
import { relyingPartyOf } from '../op/logins.ts'
import { ACTOR, type Bridge, logIn, REDIRECT_URI, startBridge } from '../support/bridge.ts'
import { askedOn, say } from '../support/consent.ts'

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>

/** A client of the profile with its own key, as the plan wants two of. */
interface Fapi {
  registered: TestClient
  pair: KeyPair
  configuration: client.Configuration
  dpop: client.DPoPHandle
}

let bridge: Bridge
let wallet: Wallet
let first: Fapi
let second: Fapi
beforeAll(async () => {
  bridge = await startBridge()
  wallet = await bridge.newWallet()
  await logIn(bridge, wallet)
  ;[first, second] = [await newClient(), await newClient()]
})
afterAll(() => bridge.stop())

async function newClient(): Promise<Fapi> {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const jwks = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k', alg: 'ES256' }] }
  const registered = await register(bridge, {
    ...{ profile: 'fapi2', authentication: 'private_key_jwt', jwks: jwks as never },
    grantTypes: ['authorization_code', 'refresh_token'],
  })
  const authentication = client.PrivateKeyJwt({ key: pair.privateKey, kid: 'k' })
  const { configuration } = await relyingPartyOf(bridge, registered, { authentication })
  const dpop = client.getDPoPHandle(configuration, await client.randomDPoPKeyPair())
  return { registered, pair, configuration, dpop }
}

interface Pushed {
  url: URL
  verifier: string
}

async function push(by = first, change: Record<string, string> = {}): Promise<Pushed> {
  const verifier = client.randomPKCECodeVerifier()
  const url = await client.buildAuthorizationUrlWithPAR(by.configuration, {
    ...{ redirect_uri: REDIRECT_URI, scope: 'openid offline_access', state: 's', nonce: 'n' },
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    ...{ code_challenge_method: 'S256', ...change },
  })
  return { url, verifier }
}

const atRelyingParty = (to: string) => to.startsWith(REDIRECT_URI)

/** The person logs in; the address with the code. */
async function logInAt(url: URL, browser = createBrowser()): Promise<URL> {
  const page = await browser.get(url.href)
  const reply = await wallet.present(walletLinkOn(page.text))
  const end = await browser.follow(reply.redirectUri ?? '', atRelyingParty)
  return new URL(end.location ?? '')
}

const redeem = (callback: URL, verifier: string, by = first, state = 's') =>
  client.authorizationCodeGrant(
    by.configuration,
    callback,
    { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: 'n' },
    undefined,
    { DPoP: by.dpop },
  )

/** A push by hand, for what openid-client would not send; `aud` is the assertion's audience. */
async function pushByHand(form: Record<string, string | undefined>, aud?: string | string[]) {
  const { id } = first.registered
  const now = Math.floor(bridge.clock.now() / 1000)
  const assertion = await new SignJWT({
    ...{ iss: id, sub: id, aud: aud ?? bridge.tenant.issuer, iat: now, exp: now + 60 },
    jti: crypto.randomUUID(),
  })
    .setProtectedHeader({ alg: 'ES256', kid: 'k' })
    .sign(first.pair.privateKey)
  const url = `${bridge.tenant.issuer}/par`
  const given = {
    ...{ response_type: 'code', redirect_uri: REDIRECT_URI, scope: 'openid' },
    ...{ code_challenge: 'a'.repeat(43), code_challenge_method: 'S256', ...form },
  }
  return await post(url, {
    ...given,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  })
}

test('fapi2-security-profile-final-discovery-end-point-verification', () => {
  expect(first.configuration.serverMetadata()).toMatchObject({
    pushed_authorization_request_endpoint: `${bridge.tenant.issuer}/par`,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    token_endpoint_auth_methods_supported: expect.arrayContaining(['private_key_jwt']) as string[],
    dpop_signing_alg_values_supported: expect.arrayContaining(['ES256']) as string[],
  })
})

test('fapi2-security-profile-final-happy-flow, -refresh-token', async () => {
  const { url, verifier } = await push()
  const callback = await logInAt(url)
  expect(callback.searchParams.get('iss')).toBe(bridge.tenant.issuer)
  const tokens = await redeem(callback, verifier)
  expect(tokens.token_type).toBe('dpop')
  const refreshed = await client.refreshTokenGrant(
    ...([first.configuration, tokens.refresh_token ?? '', undefined] as const),
    { DPoP: first.dpop },
  )
  // Sender-constrained, of a client that proves itself: it is not rotated.
  expect(refreshed.refresh_token).toBe(tokens.refresh_token)
})

test('fapi2-security-profile-final-user-rejects-authentication', async () => {
  const { url } = await push()
  const browser = createBrowser()
  const page = await browser.get(url.href)
  const path = /action="([^"]+\/cancel)"/.exec(page.text)?.[1] ?? ''
  const left = await browser.post(new URL(path, page.url).href, {})
  const back = new URL(onwardLinkOn(left.text)).searchParams
  expect([back.get('error'), back.get('state')]).toEqual(['access_denied', 's'])
  expect(back.get('iss')).toBe(bridge.tenant.issuer)
})

test('fapi2-security-profile-final-user-rejects-authentication, when asked for consent', async () => {
  const { clientId } = first.registered.relyingParty
  await updateRelyingParty(bridge.deps, ACTOR, 'demo', clientId, { consent: 'ask' })
  const { url } = await push()
  const browser = createBrowser()
  const reply = await wallet.present(walletLinkOn((await browser.get(url.href)).text))
  const page = await browser.follow(reply.redirectUri ?? '')
  const { back } = await say(askedOn(page, { state: 's' }, browser), 'no')
  await updateRelyingParty(bridge.deps, ACTOR, 'demo', clientId, { consent: 'tenant' })
  const answer = new URL(back).searchParams
  expect([answer.get('error'), answer.get('state')]).toEqual(['access_denied', 's'])
  expect(answer.get('iss')).toBe(bridge.tenant.issuer)
})

test('fapi2-security-profile-final-ensure-authorization-request-with-long-state', async () => {
  const state = 's'.repeat(384)
  const { url, verifier } = await push(first, { state })
  const callback = await logInAt(url)
  expect(callback.searchParams.get('state')).toBe(state)
  await redeem(callback, verifier, first, state)
})

test('fapi2-security-profile-final-par-ensure-reused-request-uri-prior-to-auth-completion-succeeds', async () => {
  const { url, verifier } = await push()
  const browser = createBrowser()
  expect((await browser.get(url.href)).status).toBe(200)
  await redeem(await logInAt(url, browser), verifier)
})

test('fapi2-security-profile-final-par-attempt-reuse-request_uri', async () => {
  const { url } = await push()
  await logInAt(url)
  const again = await createBrowser().get(url.href)
  expect([again.status, again.location]).toEqual([400, undefined])
})

test('fapi2-security-profile-final-par-attempt-to-use-request_uri-for-different-client', async () => {
  const { url } = await push()
  url.searchParams.set('client_id', second.registered.id)
  const page = await createBrowser().get(url.href)
  expect([page.status, page.location]).toEqual([400, undefined])
})

test('fapi2-security-profile-final-par-authorization-request-containing-request_uri-form-param', async () => {
  const { url } = await push()
  const request_uri = url.searchParams.get('request_uri') ?? ''
  expect((await pushByHand({ request_uri })).body.error).toBe('invalid_request')
})

test('fapi2-security-profile-final-par-attempt-invalid-http-method', async () => {
  expect((await fetch(`${bridge.tenant.issuer}/par`)).status).toBe(405)
})

test('fapi2-security-profile-final-par-ensure-pkce-required, -par-plain-pkce-rejected', async () => {
  const none = { code_challenge: undefined, code_challenge_method: undefined }
  for (const form of [none, { code_challenge_method: 'plain' }])
    expect((await pushByHand(form)).body.error).toBe('invalid_request')
})

test.each([
  ['the token endpoint', () => `${bridge.tenant.issuer}/token`],
  ['the PAR endpoint', () => `${bridge.tenant.issuer}/par`],
  ['an array', () => [bridge.tenant.issuer]],
])('the assertion with %s as audience is refused at the PAR endpoint', async (_, audience) => {
  expect((await pushByHand({})).status).toBe(201)
  const refused = await pushByHand({}, audience())
  expect([refused.status, refused.body.error]).toEqual([401, 'invalid_client'])
})

test('fapi2-security-profile-final-ensure-authorization-code-is-bound-to-client', async () => {
  const { url, verifier } = await push()
  const callback = await logInAt(url)
  await expect(redeem(callback, verifier, second)).rejects.toMatchObject({ error: 'invalid_grant' })
  await redeem(callback, verifier)
})

test('fapi2-security-profile-final-attempt-reuse-authorization-code-after-one-second', async () => {
  const { url, verifier } = await push()
  const callback = await logInAt(url)
  const tokens = await redeem(callback, verifier)
  bridge.clock.advance(1_000)
  await expect(redeem(callback, verifier)).rejects.toMatchObject({ error: 'invalid_grant' })
  await expect(
    client.fetchUserInfo(
      ...([first.configuration, tokens.access_token, tokens.claims()?.sub ?? ''] as const),
      { DPoP: first.dpop },
    ),
  ).rejects.toThrow()
})

test('fapi2-security-profile-final-par-attempt-to-use-expired-request_uri', async () => {
  const { url } = await push()
  bridge.clock.advance(61_000)
  const page = await createBrowser().get(url.href)
  expect([page.status, page.location]).toEqual([400, undefined])
})
