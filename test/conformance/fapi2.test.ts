/**
 * The modules of the OpenID Foundation's plan `fapi2-security-profile-final-test-plan` (protocols 6.13), with `private_key_jwt`,
 * DPoP, unsigned requests and plain responses, each in a test named after it. Left out: modules of national profiles and of
 * grant management, and what the plan skips without request objects.
 */
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import * as client from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBrowser, onwardLinkOn, walletLinkOn } from '../../demo/browser.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { updateRelyingParty } from '../../src/flow/update-relying-party.ts'
import { post, register, type TestClient } from '../op/clients.ts'
import { ath, type KeyPair, type ProofChanges, proveFor, unsignedProof } from '../op/dpop-proof.ts'
import { relyingPartyOf } from '../op/logins.ts'
import { ACTOR, type Bridge, logIn, REDIRECT_URI, startBridge } from '../support/bridge.ts'
import { askedOn, say } from '../support/consent.ts'
import { later } from '../threats/attack.ts'

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

async function push(
  by = first,
  change: Record<string, string> = {},
  options: client.DPoPOptions = {},
): Promise<Pushed> {
  const verifier = client.randomPKCECodeVerifier()
  const request = {
    ...{ redirect_uri: REDIRECT_URI, scope: 'openid offline_access', state: 's', nonce: 'n' },
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    ...{ code_challenge_method: 'S256', ...change },
  }
  const url = await client.buildAuthorizationUrlWithPAR(
    by.configuration,
    Object.fromEntries(Object.entries(request).filter(([, value]) => value !== '')),
    options,
  )
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

/** What the client expects of the answer, where it asked for something else than usual. */
interface Expected {
  state?: string
  nonce?: string
  DPoP?: client.DPoPHandle
}

const redeem = (
  callback: URL,
  verifier: string | undefined,
  by = first,
  { state = 's', nonce = 'n', DPoP = by.dpop }: Expected = {},
) =>
  client.authorizationCodeGrant(
    by.configuration,
    callback,
    {
      ...(verifier === undefined ? {} : { pkceCodeVerifier: verifier }),
      ...(state === '' ? {} : { expectedState: state }),
      ...(nonce === '' ? {} : { expectedNonce: nonce }),
    },
    undefined,
    { DPoP },
  )

/** What proves a client in a form made by hand, right but for the changes. */
async function assertion(by = first, claims: JWTPayload = {}, key = by.pair.privateKey) {
  const { id } = by.registered
  const now = Math.floor(bridge.clock.now() / 1000)
  const jwt = await new SignJWT({
    ...{ iss: id, sub: id, aud: bridge.tenant.issuer, iat: now, exp: now + 60 },
    ...{ jti: crypto.randomUUID(), ...claims },
  })
    .setProtectedHeader({ alg: 'ES256', kid: 'k' })
    .sign(key)
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: jwt,
  }
}

/** A push by hand, for what openid-client would not send. */
async function pushByHand(
  form: Record<string, string | undefined>,
  claims: JWTPayload = {},
  headers: Record<string, string> = {},
) {
  const given = {
    ...{ response_type: 'code', redirect_uri: REDIRECT_URI, scope: 'openid' },
    ...{ code_challenge: 'a'.repeat(43), code_challenge_method: 'S256', ...form },
  }
  const url = `${bridge.tenant.issuer}/par`
  return await post(url, { ...given, ...(await assertion(first, claims)) }, headers)
}

/** A code's redemption by hand; `form` and `headers` say what is wrong with it. */
async function redeemByHand(
  callback: URL,
  verifier: string,
  {
    form = {},
    headers = {},
  }: { form?: Record<string, string | undefined>; headers?: Record<string, string> },
) {
  const url = `${bridge.tenant.issuer}/token`
  const code = callback.searchParams.get('code') ?? ''
  const given = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI }
  return await post(url, { ...given, code_verifier: verifier, ...form }, headers)
}

const prove = (htu: string, keys: KeyPair, changes?: ProofChanges) =>
  proveFor({ htm: 'POST', htu, now: bridge.clock.now(), keys }, changes)

/** A proof by a key of the test's own, with the nonce it needs where clients get codes and tokens. */
async function proof(path: '/par' | '/token', pair: KeyPair, changes: ProofChanges = {}) {
  const { issuer } = bridge.tenant
  const early = await prove(`${issuer}/par`, pair)
  const told = await post(`${issuer}/par`, await assertion(), { dpop: early })
  const nonce = told.headers.get('dpop-nonce') ?? ''
  return await prove(issuer + path, pair, { ...changes, claims: { nonce, ...changes.claims } })
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
  await redeem(callback, verifier, first, { state })
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
  ['-par-token-endpoint-as-audience-fails', () => `${bridge.tenant.issuer}/token`],
  ['-par-endpoint-as-audience-fails', () => `${bridge.tenant.issuer}/par`],
  ['-par-endpoint-as-array-audience-fails', () => [bridge.tenant.issuer]],
  ['-ensure-client-assertion-with-wrong-aud-fails', () => 'https://other1.example.com/invalid'],
])('fapi2-security-profile-final%s', async (_, audience) => {
  expect((await pushByHand({})).status).toBe(201)
  const refused = await pushByHand({}, { aud: audience() })
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
  const page = await later(bridge, 61_000, () => createBrowser().get(url.href))
  expect([page.status, page.location]).toEqual([400, undefined])
})

test('fapi2-security-profile-final-attempt-to-use-expired-auth-code', async () => {
  const { url, verifier } = await push()
  const callback = await logInAt(url)
  const late = await later(bridge, 61_000, async () => {
    const dpop = await proof('/token', first.pair)
    return await redeemByHand(callback, verifier, { form: await assertion(), headers: { dpop } })
  })
  expect([late.status, late.body.error]).toEqual([400, 'invalid_grant'])
})

test.each([
  ['-ensure-authorization-request-without-state-success', { state: '' }],
  ['-ensure-authorization-request-without-nonce-success', { nonce: '' }],
  ['-ensure-authorization-request-with-64-char-nonce-success', { nonce: 'n'.repeat(64) }],
  ['-ensure-authorization-request-with-long-nonce', { nonce: 'n'.repeat(384) }],
  ['-ensure-other-scope-order-succeeds', { scope: 'offline_access openid' }],
])('fapi2-security-profile-final%s', async (_, change: Record<string, string>) => {
  const { url, verifier } = await push(first, change)
  const callback = await logInAt(url)
  expect(callback.searchParams.has('state')).toBe(change.state !== '')
  const tokens = await redeem(callback, verifier, first, change)
  expect(tokens.claims()?.nonce).toBe(change.nonce === '' ? undefined : (change.nonce ?? 'n'))
  expect(tokens.refresh_token).toBeTypeOf('string')
})

test('fapi2-security-profile-final-test-claims-parameter-identity-claims', async () => {
  const claims = JSON.stringify({ id_token: { given_name: { essential: true } } })
  const { url, verifier } = await push(first, { claims })
  expect((await redeem(await logInAt(url), verifier)).claims()?.given_name).toBe('Sanne')
})

test.each([
  [
    '-ensure-registered-redirect-uri',
    { redirect_uri: 'https://elsewhere.example/cb' },
    'invalid_request',
  ],
  ['-ensure-redirect-uri-in-authorization-request', { redirect_uri: undefined }, 'invalid_request'],
  [
    '-ensure-response-type-code-idtoken-fails',
    { response_type: 'code id_token' },
    'unsupported_response_type',
  ],
  ['-ensure-response-type-token-fails', { response_type: 'token' }, 'unsupported_response_type'],
] as [string, Record<string, string | undefined>, string][])(
  'fapi2-security-profile-final%s',
  async (_, form, error) => {
    const refused = await pushByHand(form)
    expect([refused.status, refused.body.error]).toEqual([400, error])
  },
)

test('fapi2-security-profile-final-ensure-unsigned-authorization-request-without-using-par-fails, -par-without-duplicate-parameters', async () => {
  const { url } = await push()
  expect([...url.searchParams.keys()].toSorted()).toEqual(['client_id', 'request_uri'])
  const bare = client.buildAuthorizationUrl(first.configuration, {
    ...{ redirect_uri: REDIRECT_URI, scope: 'openid', state: 's' },
    ...{ code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' },
  })
  const { location = '' } = await createBrowser().get(bare.href)
  expect(new URL(location).searchParams.get('error')).toBe('invalid_request')
})

test('fapi2-security-profile-final-par-ensure-pkce-code-verifier-required, -par-incorrect-pkce-code-verifier-rejected', async () => {
  const { url, verifier } = await push()
  const callback = await logInAt(url)
  for (const wrong of [undefined, client.randomPKCECodeVerifier()]) {
    const given = { form: { ...(await assertion()), code_verifier: wrong }, headers: {} }
    const dpop = await proof('/token', first.pair)
    const refused = await redeemByHand(callback, verifier, { ...given, headers: { dpop } })
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_grant'])
  }
  await redeem(callback, verifier)
})

test('fapi2-security-profile-final-ensure-client-id-in-token-endpoint, -ensure-client-assertion-in-token-endpoint, -ensure-holder-of-key-required', async () => {
  const { url, verifier } = await push()
  const callback = await logInAt(url)
  const dpop = await proof('/token', first.pair)
  const ask = (form: Record<string, string | undefined>, headers = { dpop }) =>
    redeemByHand(callback, verifier, { form, headers })
  const stolen = await assertion(second, {}, first.pair.privateKey)
  expect((await ask({ ...stolen, client_id: second.registered.id })).body.error).toBe(
    'invalid_client',
  )
  expect((await ask({ client_id: first.registered.id })).body.error).toBe('invalid_client')
  expect((await ask(await assertion(), {} as never)).body.error).toBe('invalid_dpop_proof')
  await redeem(callback, verifier)
})

test('fapi2-security-profile-final-ensure-client-assertion-with-exp-is-5-minutes-in-past-fails, -ensure-client-assertion-with-no-sub-fails, -par-ensure-jwt-client-assertion-nbf-over-60-seconds-in-the-future-fails', async () => {
  const now = Math.floor(bridge.clock.now() / 1000)
  for (const claims of [
    { exp: now - 300 },
    { sub: undefined },
    { nbf: now + 65 },
    { iat: now + 65 },
  ])
    expect((await pushByHand({}, claims as JWTPayload)).body.error).toBe('invalid_client')
})

test('OP-47 an assertion that was believed at one endpoint is spent at every other', async () => {
  const proven = await assertion()
  const ask = async (path: string) =>
    (await post(bridge.tenant.issuer + path, { ...proven, token: 'x' })).body.error
  expect(await ask('/introspect')).toBeUndefined()
  for (const path of ['/token', '/par', '/revoke', '/introspect'])
    expect([path, await ask(path)]).toEqual([path, 'invalid_client'])
})

test('fapi2-security-profile-final-par-ensure-jwt-client-assertion-nbf-8-seconds-in-the-future-is-accepted', async () => {
  const now = Math.floor(bridge.clock.now() / 1000)
  expect((await pushByHand({}, { iat: now + 8, nbf: now + 8 })).status).toBe(201)
})

test('fapi2-security-profile-final-ensure-dpop-auth-code-binding-succeeds, -ensure-token-endpoint-fails-with-mismatched-dpop-jkt', async () => {
  const dpop_jkt = await first.dpop.calculateThumbprint()
  const { url, verifier } = await push(first, { dpop_jkt })
  const callback = await logInAt(url)
  const other = { DPoP: second.dpop }
  const refused = { error: 'invalid_grant' }
  await expect(redeem(callback, verifier, first, other)).rejects.toMatchObject(refused)
  expect((await redeem(callback, verifier)).token_type).toBe('dpop')
})

test('fapi2-security-profile-final-ensure-dpopproof-at-par-endpoint-binding-success, -ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt', async () => {
  const { url, verifier } = await push(first, {}, { DPoP: first.dpop })
  const callback = await logInAt(url)
  const other = { DPoP: second.dpop }
  const refused = { error: 'invalid_grant' }
  await expect(redeem(callback, verifier, first, other)).rejects.toMatchObject(refused)
  expect((await redeem(callback, verifier)).token_type).toBe('dpop')
})

test('fapi2-security-profile-final-ensure-mismatched-dpop-jkt-fails', async () => {
  const dpop_jkt = await second.dpop.calculateThumbprint()
  const pushed = push(first, { dpop_jkt }, { DPoP: first.dpop })
  await expect(pushed).rejects.toMatchObject({ error: 'invalid_request' })
})

test('RFC 9449 section 10.1 a proof beside a push is judged: nonce, address, once; its key alone redeems', async () => {
  const pair = await generateKeyPair('ES256')
  const url = `${bridge.tenant.issuer}/par`
  const bare = { dpop: await prove(url, pair) }
  const unproven = await pushByHand({}, {}, bare)
  expect([unproven.status, unproven.body.error]).toEqual([400, 'use_dpop_nonce'])
  const elsewhere = { dpop: await proof('/token', pair) }
  expect((await pushByHand({}, {}, elsewhere)).body.error).toBe('invalid_dpop_proof')
  const good = { dpop: await proof('/par', pair) }
  const pushed = await pushByHand({}, {}, good)
  expect([pushed.status, pushed.headers.get('dpop-nonce')]).toEqual([
    201,
    expect.stringMatching(/^[\w-]{43}$/),
  ])
  expect((await pushByHand({}, {}, good)).body.error).toBe('invalid_dpop_proof')
})

test('fapi2-security-profile-final-check-dpop-proof-nbf-exp, -ensure-dpop-proof-with-iat-is10seconds-before-succeeds, -ensure-dpop-proof-with-iat-is10seconds-after-succeeds', async () => {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const now = Math.floor(bridge.clock.now() / 1000)
  for (const claims of [{ nbf: now, exp: now + 300 }, { iat: now - 10 }, { iat: now + 10 }]) {
    const dpop = await proof('/par', pair, { claims })
    expect([claims, (await pushByHand({}, {}, { dpop })).status]).toEqual([claims, 201])
  }
})

test('fapi2-security-profile-final-dpop-negative-tests, -access-token-type-header-case-sensitivity', async () => {
  const pair = await generateKeyPair('ES256', { extractable: true })
  const { url, verifier } = await push()
  const callback = await logInAt(url)
  const headers = { dpop: await proof('/token', pair) }
  const tokens = await redeemByHand(callback, verifier, { form: await assertion(), headers })
  const token = String(tokens.body.access_token)
  const userinfo = `${bridge.tenant.issuer}/userinfo`
  const now = Math.floor(bridge.clock.now() / 1000)
  const claims = { htm: 'GET', ath: ath(token) }
  const shown = (changes: Record<string, unknown> = {}, header = {}, by = pair, at = userinfo) =>
    prove(at, by, { claims: { ...claims, ...changes }, header })
  const ask = async (dpop: string | undefined, scheme = 'DPoP') => {
    const headers = { authorization: `${scheme} ${token}`, ...(dpop === undefined ? {} : { dpop }) }
    return (await fetch(userinfo, { headers })).status
  }
  const once = await shown()
  expect(await ask(once)).toBe(200)
  const strange = await generateKeyPair('ES256')
  const [head, body, signature = ''] = (await shown()).split('.')
  const wrong = [
    once,
    `${await shown()}, ${await shown()}`,
    `${head}.${body}`,
    `${head}.${body}.${Buffer.from(signature, 'base64url').reverse().toString('base64url')}`,
    unsignedProof(await shown()),
    await shown({}, { typ: undefined }),
    await shown({}, { typ: 'JWT' }),
    await shown({}, { jwk: undefined }),
    await shown({}, { jwk: await exportJWK(pair.privateKey) }),
    ...(await Promise.all(
      ['jti', 'htm', 'htu', 'iat', 'ath'].map((name) => shown({ [name]: undefined })),
    )),
    await shown({ htm: 'PUT' }),
    await shown({ ath: ath('another token') }),
    await shown({ iat: now - 3600 }),
    await shown({ iat: now + 3600 }),
    await shown({}, {}, strange),
    await shown({}, {}, pair, `${bridge.tenant.issuer}/elsewhere`),
  ]
  for (const [index, dpop] of wrong.entries())
    expect([index, await ask(dpop)]).toEqual([index, 401])
  expect(await ask(undefined)).toBe(401)
  expect(await ask(undefined, 'Bearer')).toBe(401)
  expect(await ask(await shown(), 'Bearer')).toBe(401)
  const { origin, pathname } = new URL(userinfo)
  const right = [
    await shown({}, {}, pair, `${userinfo}?x=y#z`),
    await shown({}, {}, pair, origin.toUpperCase() + pathname),
    await shown({ more: 'x' }, { more: 'x' }),
  ]
  for (const [index, dpop] of right.entries())
    expect([index, await ask(dpop, index === 0 ? 'dpop' : 'DPOP')]).toEqual([index, 200])
})

test('fapi2-security-profile-final-ensure-signed-client-assertion-with-RS256-fails', async () => {
  const pair = await generateKeyPair('RS256')
  const { alg: _, ...jwk } = await exportJWK(pair.publicKey)
  const rsa = await register(bridge, {
    ...{ profile: 'fapi2', authentication: 'private_key_jwt' },
    jwks: { keys: [{ ...jwk, kid: 'k' }] } as never,
  })
  const now = Math.floor(bridge.clock.now() / 1000)
  const jwt = await new SignJWT({
    ...{ iss: rsa.id, sub: rsa.id, aud: bridge.tenant.issuer, iat: now, exp: now + 60 },
    jti: crypto.randomUUID(),
  })
    .setProtectedHeader({ alg: 'RS256', kid: 'k' })
    .sign(pair.privateKey)
  const refused = await post(`${bridge.tenant.issuer}/token`, {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: jwt,
  })
  expect([refused.status, refused.body.error]).toEqual([401, 'invalid_client'])
})
