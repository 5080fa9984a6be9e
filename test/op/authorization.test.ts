import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBrowser, walletLinkOn } from '../../demo/browser.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { ACR } from '../../src/domain/assurance.ts'
import { updateRelyingParty } from '../../src/flow/update-relying-party.ts'
import {
  ACTOR,
  type Bridge,
  logIn,
  presentAt,
  REDIRECT_URI,
  startBridge,
} from '../support/bridge.ts'
import { register } from './clients.ts'
import { relyingPartyOf } from './logins.ts'

let bridge: Bridge
let wallet: Wallet
beforeAll(async () => {
  bridge = await startBridge()
  wallet = await bridge.newWallet()
  await logIn(bridge, wallet)
})
afterAll(() => bridge.stop())

const atRelyingParty = (url: string) => url.startsWith(REDIRECT_URI)

/** The fields of a page that posts to the relying party, as the query they would have been. */
function postedBy(html: string): URLSearchParams {
  expect(html).toContain(`<form method="post" action="${REDIRECT_URI}">`)
  const inputs = html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)
  return new URLSearchParams([...inputs].map(([, name = '', value = '']) => [name, value]))
}

/** What the relying party hears of a request that is refused at once. */
async function refusal(parameters: Record<string, string>): Promise<string | null> {
  const attempt = await bridge.tenant.relyingParty.begin(parameters)
  const page = await createBrowser().get(attempt.url)
  expect(page.status).toBe(303)
  const { searchParams } = new URL(page.location ?? '')
  expect(searchParams.get('iss')).toBe(bridge.tenant.issuer)
  expect(searchParams.get('state')).toBe(attempt.state)
  return searchParams.get('error')
}

async function login(parameters: Record<string, string>) {
  const attempt = await bridge.tenant.relyingParty.begin(parameters)
  const browser = createBrowser()
  const end = await browser.follow(await presentAt(browser, wallet, attempt), atRelyingParty)
  return { attempt, browser, end }
}

const essential = (member: object) => JSON.stringify({ id_token: { acr: member } })

test('OP-27 form_post: the code goes by POST, in no address, from a page that can post nowhere else', async () => {
  const { attempt, end } = await login({ response_mode: 'form_post' })
  expect([end.status, end.location]).toEqual([200, undefined])
  const policy = end.headers.get('content-security-policy') ?? ''
  expect(policy).toContain(`form-action 'self' ${new URL(REDIRECT_URI).origin};`)
  expect(end.headers.get('cache-control')).toBe('no-store')
  const fields = postedBy(end.text)
  expect([...fields.keys()]).toEqual(['code', 'state', 'iss'])
  const { idToken } = await attempt.finish(`${REDIRECT_URI}?${fields}`)
  expect(idToken.iss).toBe(bridge.tenant.issuer)
})

test('OP-13, OP-27 form_post: errors go by POST as well, at once and after a change of mind', async () => {
  const attempt = await bridge.tenant.relyingParty.begin({
    ...{ response_mode: 'form_post', prompt: 'none' },
  })
  const page = await createBrowser().get(attempt.url)
  expect(page.status).toBe(200)
  const fields = postedBy(page.text)
  expect(fields.get('error')).toBe('login_required')
  expect(fields.get('state')).toBe(attempt.state)

  const other = await bridge.tenant.relyingParty.begin({ response_mode: 'form_post' })
  const browser = createBrowser()
  const { text, url } = await browser.get(other.url)
  const cancel = /action="([^"]+\/cancel)"/.exec(text)?.[1] ?? ''
  const left = await browser.post(new URL(cancel, url).href, {})
  expect(postedBy(left.text).get('error')).toBe('access_denied')
})

test('OP-27 fragment and unknown response modes are refused', async () => {
  expect(await refusal({ response_mode: 'fragment' })).toBe('invalid_request')
  expect(await refusal({ response_mode: 'jwt' })).toBe('invalid_request')
})

test('OP-12 a return address that is taken away while a login is under way gets no code', async () => {
  const other = `${REDIRECT_URI}/other`
  const moving = await register(bridge, { clientId: 'moving', redirectUris: [REDIRECT_URI, other] })
  const program = await relyingPartyOf(bridge, moving)
  const browser = createBrowser()
  const returned = await presentAt(browser, wallet, await program.begin())
  await updateRelyingParty(bridge.deps, ACTOR, 'demo', moving.relyingParty.clientId, {
    redirectUris: [other],
  })
  const end = await browser.follow(returned, atRelyingParty)
  expect([end.status, end.location]).toEqual([403, undefined])
})

test('Core 3.1.2.1 a login in a window of the relying party keeps its opener; pages of the person alone do not', async () => {
  const { issuer } = bridge.tenant
  const openerOf = async (url: string) =>
    (await createBrowser().get(url)).headers.get('cross-origin-opener-policy')
  const { url } = await bridge.tenant.relyingParty.begin({ display: 'popup' })
  const posted = await bridge.tenant.relyingParty.begin({
    ...{ prompt: 'none', response_mode: 'form_post' },
  })
  for (const page of [url, posted.url, `${issuer}/authorize`, `${issuer}/end_session`])
    expect(await openerOf(page), page).toBe('unsafe-none')
  for (const page of [`${issuer}/privacy`, `${issuer}/session`, `${bridge.url}/compliance`])
    expect(await openerOf(page), page).toBe('same-origin')
})

test('OP-18 prompt=none needs a session there is none of, and stands alone', async () => {
  expect(await refusal({ prompt: 'none' })).toBe('login_required')
  expect(await refusal({ prompt: 'none login' })).toBe('invalid_request')
})

test.each(['-1', '1.5', 'soon', '9999999999'])('OP-19 max_age %s is refused', async (maxAge) => {
  expect(await refusal({ max_age: maxAge })).toBe('invalid_request')
})

test('OP-19 auth_time stands in the ID token, of this very login', async () => {
  const { attempt, end } = await login({ max_age: '1' })
  const { idToken } = await attempt.finish(end.location ?? '')
  expect(Math.abs((idToken.auth_time ?? 0) - bridge.clock.now() / 1000)).toBeLessThan(30)
})

test('OP-20 acr_values is a wish: nothing known in it, and the login goes on with the real acr', async () => {
  const { attempt, end } = await login({ acr_values: 'urn:nobody:knows' })
  expect((await attempt.finish(end.location ?? '')).idToken.acr).toBe(ACR.sameDevice)
})

test('OP-20 an essential acr that is met', async () => {
  const claims = essential({ essential: true, values: ['urn:other', ACR.sameDevice] })
  const { attempt, end } = await login({ claims })
  expect((await attempt.finish(end.location ?? '')).idToken.acr).toBe(ACR.sameDevice)
})

test('OP-20 an essential acr nobody here can reach is refused at once', async () => {
  const claims = essential({ essential: true, value: 'urn:nobody:knows' })
  expect(await refusal({ claims })).toBe('unmet_authentication_requirements')
})

test('OP-20 an essential acr this login did not reach: no code, and the error says so', async () => {
  const claims = essential({ essential: true, values: [ACR.crossDevice] })
  const { end } = await login({ claims })
  expect(end.location).toBeUndefined()
  const back = /href="(https:\/\/app\.example\/callback\?[^"]+)"/.exec(end.text)?.[1] ?? ''
  const { searchParams } = new URL(back.replaceAll('&amp;', '&'))
  expect(searchParams.get('error')).toBe('unmet_authentication_requirements')
  expect(searchParams.has('code')).toBe(false)
})

test('OP-20 a voluntary acr in claims changes nothing', async () => {
  const { attempt, end } = await login({ claims: essential({ values: [ACR.crossDevice] }) })
  expect((await attempt.finish(end.location ?? '')).idToken.acr).toBe(ACR.sameDevice)
})

test.each([
  ['no JSON', '{'],
  ['another form', '{"id_token":{"acr":{"values":"x"}}}'],
  ['a list', '[]'],
  ['too long', `{"id_token":{"x":"${'x'.repeat(4096)}"}}`],
])('OP-20 claims: %s', async (_, claims) => {
  expect(await refusal({ claims })).toBe('invalid_request')
})

test('OP-21 login_hint and display are taken without failing, and a hint is never logged', async () => {
  const { attempt, end } = await login({
    ...{ login_hint: 'someone.to.look.for@example.org', display: 'popup', claims_locales: 'nl' },
    ui_locales: 'nl en',
  })
  expect((await attempt.finish(end.location ?? '')).idToken.sub).toBeTypeOf('string')
  expect(bridge.lines.join('\n')).not.toContain('someone.to.look.for')
})

test('OP-21 ui_locales chooses the language of the page', async () => {
  const attempt = await bridge.tenant.relyingParty.begin({ ui_locales: 'fr nl' })
  const page = await createBrowser().get(attempt.url)
  expect(page.text).toContain('<html lang="nl"')
  expect(walletLinkOn(page.text)).toContain('openid4vp://')
})

test.each([
  [{ request: 'e30.e30.' }, 'request_not_supported'],
  [{ request_uri: 'https://app.example/request.jwt' }, 'request_uri_not_supported'],
  [{ registration: '{}' }, 'registration_not_supported'],
])('OP-22, OP-23 %o', async (parameters, error) => {
  expect(await refusal(parameters as Record<string, string>)).toBe(error)
})

test('OP-89 discovery wherever clients look for it, with one issuer', async () => {
  const { origin, pathname } = new URL(bridge.tenant.issuer)
  const documents = await Promise.all(
    [
      `${origin}${pathname}/.well-known/openid-configuration`,
      `${origin}/.well-known/openid-configuration${pathname}`,
      `${origin}/.well-known/oauth-authorization-server${pathname}`,
      `${origin}${pathname}/.well-known/oauth-authorization-server`,
    ].map(async (url) => (await fetch(url)).json() as Promise<Record<string, unknown>>),
  )
  expect(documents[0]?.issuer).toBe(bridge.tenant.issuer)
  for (const document of documents) expect(document).toEqual(documents[0])
  expect(documents[0]?.response_modes_supported).toEqual(['query', 'form_post'])
})
