/** What a client may ask is declared and refused beyond; who is meant may be said by an ID token. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBrowser, walletLinkOn } from '../../demo/browser.ts'
import { SANNE } from '../../demo/people.ts'
import type { RelyingPartyProgram } from '../../demo/relying-party.ts'
import { createWallet, type Wallet } from '../../demo/wallet.ts'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
import { updateRelyingParty } from '../../src/flow/update-relying-party.ts'
import {
  ACTOR,
  type Bridge,
  logIn,
  presentAt,
  REDIRECT_URI,
  startBridge,
  testPolicies,
} from '../support/bridge.ts'
import { partOf, post, register } from './clients.ts'
import { loginOf, relyingPartyOf } from './logins.ts'

let bridge: Bridge
let wallet: Wallet
beforeAll(async () => {
  bridge = await startBridge()
  wallet = await bridge.newWallet()
  await logIn(bridge, wallet)
})
afterAll(() => bridge.stop())

const atRelyingParty = (url: string) => url.startsWith(REDIRECT_URI)

/** A claim that only a wallet says, and nobody keeps. */
async function askForBirthday(slug: string): Promise<void> {
  const { attributes, query } = testPolicies(bridge.issuer)
  const [credential] = query.credentials
  await publishPolicy(bridge.deps, ACTOR, slug, 'query', {
    credentials: [
      { ...credential, claims: [...(credential?.claims ?? []), { path: ['birthday'] }] },
    ],
  })
  const birthday = {
    ...{ name: 'birthday', merge: 'WALLET_ONLY', project: true, scope: 'profile' },
    ...{ wallet: ['birthday'], label: { en: 'Your birthday', nl: 'Je verjaardag' } },
  }
  await publishPolicy(bridge.deps, ACTOR, slug, 'attributes', {
    rules: [...attributes.rules, birthday],
  })
}

test('issue 4.3 a scope that is not declared is invalid_scope, at /authorize and when pushed; unknown ones are passed over', async () => {
  const client = await register(bridge, { scopes: ['profile'] })
  const program = await relyingPartyOf(bridge, client, { scope: 'openid profile' })
  const { url } = await program.begin({ scope: 'openid profile email' })
  expect((await createBrowser().get(url)).location).toContain('error=invalid_scope')
  const pushed = await post(
    `${bridge.tenant.issuer}/par`,
    {
      ...{ response_type: 'code', redirect_uri: REDIRECT_URI, scope: 'openid email' },
      ...{ code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' },
    },
    { authorization: client.authorization },
  )
  expect(pushed.body.error).toBe('invalid_scope')
  const { tokens } = await loginOf(wallet, program, { scope: 'openid profile nobody-knows' })
  expect(tokens.scope).toBe('openid profile')
})

test('issue 4.1 per-client claims: of what its scopes release a client gets what it declared, at once after a change', async () => {
  const client = await register(bridge, { claims: ['given_name'], claimsInIdToken: true })
  const program = await relyingPartyOf(bridge, client, { scope: 'openid profile email' })
  const { idToken, claims, tokens } = await loginOf(wallet, program)
  expect(Object.keys(claims).toSorted()).toEqual(['given_name', 'sub'])
  expect(idToken).toHaveProperty('given_name')
  expect(idToken).not.toHaveProperty('family_name')
  await updateRelyingParty(bridge.deps, ACTOR, 'demo', client.relyingParty.clientId, { claims: [] })
  const again = await fetch(`${bridge.tenant.issuer}/userinfo`, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  })
  expect(await again.json()).toEqual({ sub: idToken.sub })
})

test('VP-061 issue 4.3 the wallet is asked the least that serves this client, and the page says so', async () => {
  const slug = 'least'
  const tenant = await bridge.addTenant(slug)
  await askForBirthday(slug)
  const at = { ...bridge, tenant } as Bridge
  const question = async (claims: string[] | undefined) => {
    const client = await register(bridge, { claims }, slug)
    const { url } = await (await relyingPartyOf(at, client, { scope: 'openid' })).begin()
    const page = await createBrowser().get(url)
    const { requestObject } = await createWallet().fetchRequest(walletLinkOn(page.text))
    const asked = JSON.stringify(partOf(requestObject, 1).dcql_query)
    return { page: page.text.includes('Your birthday'), wallet: asked.includes('birthday') }
  }
  expect(await question(undefined)).toEqual({ page: true, wallet: true })
  expect(await question(['given_name'])).toEqual({ page: false, wallet: false })
  expect(await question(['birthday'])).toEqual({ page: true, wallet: true })
})

test('VP-061 OP-18 single sign-on does not stand in for what the wallet was not asked for at the first relying party', async () => {
  const slug = 'less-shown'
  const tenant = await bridge.addTenant(slug, { singleSignOnMinutes: 60 })
  await askForBirthday(slug)
  const own = await bridge.newWallet({ ...SANNE.credential, birthday: '2001-02-03' })
  await logIn(bridge, own, { tenant })
  const at = { ...bridge, tenant } as Bridge
  const programOf = async (claims: string[] | undefined) =>
    relyingPartyOf(at, await register(bridge, { claims }, slug), { scope: 'openid profile' })
  const [narrow, other] = [await programOf(['given_name']), await programOf(['given_name'])]
  const wide = await programOf(undefined)
  const browser = createBrowser()
  const withWallet = async (program: RelyingPartyProgram) => {
    const attempt = await program.begin({ prompt: 'login' })
    const end = await browser.follow(await presentAt(browser, own, attempt), atRelyingParty)
    return await attempt.finish(end.location ?? '')
  }
  const quietly = async (program: RelyingPartyProgram, parameters = {}) => {
    const attempt = await program.begin({ prompt: 'none', ...parameters })
    const { location = '' } = await browser.get(attempt.url)
    return location.includes('code=') ? await attempt.finish(location) : location
  }
  expect((await withWallet(narrow)).claims).not.toHaveProperty('birthday')
  expect(await quietly(wide)).toContain('error=login_required')
  // For less it is enough, and so it is at a client that may have no more.
  expect(await quietly(wide, { scope: 'openid' })).toHaveProperty('claims')
  expect(await quietly(other)).toHaveProperty('claims')
  expect((await withWallet(wide)).claims.birthday).toBe('2001-02-03')
  expect(await quietly(narrow)).toHaveProperty('claims')
  expect(await quietly(wide)).toMatchObject({ claims: { birthday: '2001-02-03' } })
})

test('OP-21 id_token_hint: the same person gets in, somebody else is login_required, what is no ID token of the client is refused', async () => {
  const client = await register(bridge, {})
  const program = await relyingPartyOf(bridge, client, { scope: 'openid' })
  const first = await loginOf(wallet, program)
  const hint = first.tokens.id_token ?? ''
  const again = await loginOf(wallet, program, { id_token_hint: hint })
  expect(again.idToken.sub).toBe(first.idToken.sub)
  const stranger = await bridge.newWallet()
  await logIn(bridge, stranger, { user: { username: 'milan', password: 'milan-demo' } })
  const browser = createBrowser()
  const attempt = await program.begin({ id_token_hint: hint })
  const end = await browser.follow(await presentAt(browser, stranger, attempt), atRelyingParty)
  expect(end.text).toContain('error=login_required')
  const other = await relyingPartyOf(bridge, await register(bridge, {}), { scope: 'openid' })
  for (const [asking, token] of [
    [other, hint],
    [program, `${hint}x`],
    [program, 'none'],
  ] as const) {
    const { url } = await asking.begin({ id_token_hint: token })
    expect((await createBrowser().get(url)).location).toContain('error=invalid_request')
  }
})

test('OP-18, OP-21 prompt=none with a hint: the session is used for that person alone', async () => {
  const tenant = await bridge.addTenant('hinted', { singleSignOnMinutes: 60 })
  const at = { ...bridge, tenant } as Bridge
  const own = await bridge.newWallet()
  await logIn(bridge, own, { tenant })
  const other = await bridge.newWallet()
  const { login: elsewhere } = await logIn(bridge, other, {
    ...{ tenant, user: { username: 'milan', password: 'milan-demo' } },
  })
  const browser = createBrowser()
  const attempt = await at.tenant.relyingParty.begin()
  const end = await browser.follow(await presentAt(browser, own, attempt), atRelyingParty)
  const { tokens } = await attempt.finish(end.location ?? '')
  const quietly = async (hint: string | undefined) => {
    const { url } = await tenant.relyingParty.begin({ prompt: 'none', id_token_hint: hint ?? '' })
    return (await browser.get(url)).location ?? ''
  }
  expect(await quietly(tokens.id_token)).toContain('code=')
  expect(await quietly(elsewhere.tokens.id_token)).toContain('error=login_required')
})
