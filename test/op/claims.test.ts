/** The parameter `claims` (OpenID Connect Core 5.5): what is released where, to whom, and never more than was declared. */
import * as client from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { ACR } from '../../src/domain/assurance.ts'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
import { updateRelyingParty } from '../../src/flow/update-relying-party.ts'
import { ACTOR, type Bridge, logIn, REDIRECT_URI, startBridge } from '../support/bridge.ts'
import { goTo, reachConsent, sayYes, unasked } from '../support/consent.ts'
import { post, register, type TestClient } from './clients.ts'
import { loginOf, relyingPartyOf } from './logins.ts'

let bridge: Bridge
let wallet: Wallet
let known: string
beforeAll(async () => {
  bridge = await startBridge()
  wallet = await bridge.newWallet()
  known = (await logIn(bridge, wallet)).login.idToken.sub
})
afterAll(() => bridge.stop())

const named = (places: object) => ({ claims: JSON.stringify(places) })
const programOf = (of: TestClient, scope = 'openid') => relyingPartyOf(bridge, of, { scope })
// `institution_id` comes with `openid`, always.
const PERSONAL = ['given_name', 'family_name', 'email']
const personal = (claims: object) => Object.keys(claims).filter((name) => PERSONAL.includes(name))

test('5.5 a claim goes where it was asked for, without its scope, and nowhere else', async () => {
  const program = await programOf(await register(bridge))
  const { idToken, claims } = await loginOf(wallet, program, {
    ...named({ userinfo: { given_name: { essential: true } }, id_token: { email: null } }),
  })
  expect([personal(claims), personal(idToken)]).toEqual([['given_name'], ['email']])
  expect(claims.given_name).toBe('Sanne')
})

test('5.5 claims come in addition to those of the scopes, and without the parameter all is as before', async () => {
  const program = await programOf(await register(bridge), 'openid email')
  const asked = await loginOf(wallet, program, named({ userinfo: { given_name: null } }))
  expect(personal(asked.claims).toSorted()).toEqual(['email', 'given_name'])
  const plain = await loginOf(wallet, program)
  expect([personal(plain.claims), personal(plain.idToken)]).toEqual([['email'], []])
})

test('5.5.1 never beyond what the client declared, and a claim that cannot be had is no error', async () => {
  const declared = await register(bridge, { claims: ['given_name'], scopes: ['profile'] })
  const program = await programOf(declared)
  const all = { given_name: null, family_name: { essential: true }, email: null, nickname: null }
  const { idToken, claims } = await loginOf(
    wallet,
    program,
    named({ userinfo: all, id_token: all }),
  )
  expect([personal(claims), personal(idToken)]).toEqual([['given_name'], ['given_name']])
  const narrow = await register(bridge, { scopes: ['email'] })
  const other = await loginOf(wallet, await programOf(narrow), named({ userinfo: all }))
  expect(personal(other.claims)).toEqual(['email'])
  await updateRelyingParty(bridge.deps, ACTOR, 'demo', narrow.relyingParty.clientId, { scopes: [] })
  const { access_token } = other.tokens
  const again = await fetch(`${bridge.tenant.issuer}/userinfo`, {
    headers: { authorization: `Bearer ${access_token}` },
  })
  expect(personal((await again.json()) as object)).toEqual([])
})

test('12.2 a refreshed ID token holds what the first one did, and userinfo too', async () => {
  const refreshing = await register(bridge, {
    grantTypes: ['authorization_code', 'refresh_token'],
  })
  const program = await programOf(refreshing, 'openid offline_access')
  const asked = named({ id_token: { given_name: null }, userinfo: { email: null } })
  const { tokens, idToken } = await loginOf(wallet, program, asked)
  const fresh = await client.refreshTokenGrant(program.configuration, tokens.refresh_token ?? '')
  expect(fresh.claims()).toMatchObject({ given_name: 'Sanne', sub: idToken.sub })
  const told = await client.fetchUserInfo(program.configuration, fresh.access_token, idToken.sub)
  expect(personal(told)).toEqual(['email'])
})

test('RFC 9126 the parameter is pushed as well, and judged there', async () => {
  const pushing = await register(bridge, { pushedRequestsOnly: true })
  const program = await programOf(pushing)
  const verifier = client.randomPKCECodeVerifier()
  const url = await client.buildAuthorizationUrlWithPAR(program.configuration, {
    ...{ redirect_uri: REDIRECT_URI, scope: 'openid', state: 's', nonce: 'n' },
    ...{ code_challenge: await client.calculatePKCECodeChallenge(verifier) },
    ...{ code_challenge_method: 'S256', ...named({ id_token: { given_name: null } }) },
  })
  const attempt = { url: url.href, verifier, state: 's', nonce: 'n' }
  const { page } = await goTo({ begin: async () => ({ ...attempt, finish }) } as never, wallet)
  const tokens = await client.authorizationCodeGrant(
    program.configuration,
    new URL(page.location ?? ''),
    { pkceCodeVerifier: verifier, expectedState: 's', expectedNonce: 'n' },
  )
  expect(tokens.claims()?.given_name).toBe('Sanne')
  const refused = await post(
    `${bridge.tenant.issuer}/par`,
    {
      ...{ response_type: 'code', redirect_uri: REDIRECT_URI, scope: 'openid', claims: '[]' },
      ...{ code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' },
    },
    { authorization: pushing.authorization },
  )
  expect(refused.body).toMatchObject({ error: 'invalid_request' })
})
async function finish(): Promise<never> {
  throw new Error('finished by hand')
}

test.each([
  ['no JSON', '{'],
  ['a claim that is neither null nor an object', '{"userinfo":{"email":1}}'],
  ['4 KiB and more', `{"userinfo":{"x":"${'x'.repeat(4096)}"}}`],
  ['values that are no list', '{"id_token":{"acr":{"essential":true,"values":"x"}}}'],
])('%s is invalid_request', async (_, claims) => {
  const { url } = await bridge.tenant.relyingParty.begin({ claims })
  const { location = '' } = await createBrowser().get(url)
  expect(new URL(location).searchParams.get('error')).toBe('invalid_request')
})

test('3.1.2.2 sub with a value: that person and nobody else, login_required', async () => {
  const program = bridge.tenant.relyingParty
  const meant = named({ id_token: { sub: { value: known } } })
  expect((await loginOf(wallet, program, meant)).idToken.sub).toBe(known)
  const among = named({ id_token: { sub: { values: ['somebody', known] } } })
  expect((await loginOf(wallet, program, among)).idToken.sub).toBe(known)
  const other = await goTo(program, wallet, named({ id_token: { sub: { value: 'somebody' } } }))
  expect(other.page.text).toContain('error=login_required')
  const nobody = await program.begin(
    named({ id_token: { sub: { value: known } }, userinfo: { sub: { value: 'somebody' } } }),
  )
  expect((await createBrowser().get(nobody.url)).location).toContain('error=login_required')
  const guests = await bridge.addTenant('claims-guests')
  const skip = { default: { plan: 'SKIP_RECONCILIATION' } }
  await publishPolicy(bridge.deps, ACTOR, guests.slug, 'selector', skip)
  const guest = await goTo(guests.relyingParty, wallet, meant)
  expect(guest.page.text).toContain('error=login_required')
  const told = await unasked(guests.relyingParty, wallet, {
    ...{ scope: 'openid', ...named({ id_token: { given_name: null } }) },
  })
  expect([told.idToken.given_name, personal(told.claims)]).toEqual(['Sanne', []])
})

test('5.5.1.1 acr: an essential one that is reached, one that is not, and a wish', async () => {
  const program = bridge.tenant.relyingParty
  const acr = (value: string, essential = true) =>
    named({ id_token: { acr: { essential, value } } })
  expect((await loginOf(wallet, program, acr(ACR.sameDevice))).idToken.acr).toBe(ACR.sameDevice)
  const unmet = await goTo(program, wallet, acr(ACR.crossDevice))
  expect(unmet.page.text).toContain('error=unmet_authentication_requirements')
  const wish = await loginOf(wallet, program, acr(ACR.crossDevice, false))
  expect(wish.idToken.acr).toBe(ACR.sameDevice)
  const { url } = await program.begin(acr('urn:nobody'))
  expect((await createBrowser().get(url)).location).toContain(
    'error=unmet_authentication_requirements',
  )
})

test('consent is asked for what was asked by name, and binds what is told from then on', async () => {
  const asking = await register(bridge, { consent: 'ask', claims: ['given_name', 'email'] })
  const program = await programOf(asking)
  const asked = await reachConsent(program, wallet, named({ id_token: { given_name: null } }))
  expect(asked.page.text).toContain('Your first name')
  expect(asked.page.text).not.toMatch(/<bdi>(email|Your e-mail address)<\/bdi>/)
  const { idToken } = await sayYes(asked)
  expect(idToken.given_name).toBe('Sanne')
  await reachConsent(program, wallet, named({ userinfo: { email: null } }))
  // A client that declares more afterwards learns it with the next yes, not with a token it has.
  const { tokens } = await unasked(program, wallet, named({ userinfo: { given_name: null } }))
  const { clientId } = asking.relyingParty
  const all = ['given_name', 'email', 'family_name']
  await updateRelyingParty(bridge.deps, ACTOR, 'demo', clientId, { claims: all })
  const wide = await loginIn('openid profile email', all.slice(0, 2))
  await updateRelyingParty(bridge.deps, ACTOR, 'demo', clientId, { claims: all })
  const told = await fetch(`${bridge.tenant.issuer}/userinfo`, {
    headers: { authorization: `Bearer ${wide}` },
  })
  expect(personal((await told.json()) as object).toSorted()).toEqual(['email', 'given_name'])
  expect(tokens.access_token).toBeTypeOf('string')

  async function loginIn(scope: string, claims: string[]) {
    await updateRelyingParty(bridge.deps, ACTOR, 'demo', clientId, { claims })
    return (await sayYes(await reachConsent(program, wallet, { scope }))).tokens.access_token
  }
})
