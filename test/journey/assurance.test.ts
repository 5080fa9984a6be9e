/** What tokens say of a login is what that login proved, and no more (protocols UP-45, UP-46, OP-18, OP-19, OP-58, OP-59). */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import { LINKED, VALIDATED_NAMES } from '../../demo/institution-users.ts'
import type { Login } from '../../demo/relying-party.ts'
import type { Wallet } from '../../demo/wallet.ts'
import {
  type HostileProvider,
  makeSigningKey,
  startHostileProvider,
} from '../institution/hostile-provider.ts'
import {
  type Bridge,
  logIn,
  logInDirectly,
  presentAt,
  pressDirect,
  REDIRECT_URI,
  startBridge,
  type TestTenant,
} from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { useProvider } from '../threats/attack.ts'

const ACR = 'urn:identity-bridge:acr'
const HOUR = 3600
const NAMES = { given_name: 'Sanne', family_name: 'de Vries' }

let bridge: Bridge
let tenant: TestTenant
let provider: HostileProvider
/** What the provider says of its login, beside the names. */
let stated: Record<string, unknown>
beforeAll(async () => {
  bridge = await startBridge()
  tenant = await bridge.addTenant('assured', { directLogin: true })
  provider = await startHostileProvider(await makeSigningKey('key-1'))
  await useProvider(bridge, tenant, {
    ...{ slug: 'plain', issuer: provider.issuer, clientId: 'bridge', clientSecret: 'secret' },
  })
  provider.behave.claims = (claims) => ({ ...claims, ...NAMES, ...stated })
  provider.behave.userinfo = (claims) => ({ ...claims, sub: stated.sub ?? claims.sub })
})
beforeEach(() => {
  stated = {}
})
afterAll(async () => {
  await bridge.stop()
  await provider.close()
})

const now = () => Math.floor(bridge.clock.now() / 1000)
const atRelyingParty = (url: string) => url.startsWith(REDIRECT_URI)

interface Sent {
  /** What the institution was asked. */
  asked: URLSearchParams
  /** Undefined where the login ended without a code. */
  login: Login | undefined
  page: string
}

async function direct(parameters: Record<string, string> = {}): Promise<Sent> {
  const browser = createBrowser()
  const attempt = await tenant.relyingParty.begin(parameters)
  const sentTo = await pressDirect(browser, await browser.get(attempt.url), 'plain')
  const end = await browser.follow(provider.authorize(sentTo).href, atRelyingParty)
  return {
    asked: new URL(sentTo).searchParams,
    login: end.location === undefined ? undefined : await attempt.finish(end.location),
    page: end.text,
  }
}

/** With a wallet, through the institution where that is asked for. */
async function withWallet(wallet: Wallet, parameters: Record<string, string> = {}): Promise<Sent> {
  const browser = createBrowser()
  const attempt = await tenant.relyingParty.begin(parameters)
  const returned = await presentAt(browser, wallet, attempt)
  const atInstitution = (url: string) => url.startsWith(provider.issuer)
  let end = await browser.follow(returned, (url) => atRelyingParty(url) || atInstitution(url))
  const sentTo = end.location !== undefined && atInstitution(end.location) ? end.location : ''
  if (sentTo !== '') end = await browser.follow(provider.authorize(sentTo).href, atRelyingParty)
  return {
    asked: new URL(sentTo === '' ? 'none:' : sentTo).searchParams,
    login: end.location === undefined ? undefined : await attempt.finish(end.location),
    page: end.text,
  }
}

test('OP-58 a login without a wallet tells the institution’s own words beside an acr of ours', async () => {
  const authTime = now() - HOUR
  stated = { acr: `${LINKED} ${VALIDATED_NAMES}`, amr: ['pwd', 'mfa'], auth_time: authTime }
  const { login } = await direct()
  expect(login?.idToken).toMatchObject({
    acr: `${ACR}:institution`,
    amr: ['pwd', 'mfa'],
    auth_time: authTime,
    upstream_acr: [LINKED, VALIDATED_NAMES],
    upstream_amr: ['pwd', 'mfa'],
    upstream_auth_time: authTime,
  })
})

test('OP-55 what the institution does not say is not made up', async () => {
  const { login } = await direct()
  expect(login?.idToken.acr).toBe(`${ACR}:institution`)
  for (const name of ['amr', 'auth_time', 'upstream_acr', 'upstream_amr', 'upstream_auth_time'])
    expect([name, login?.idToken[name]]).toEqual([name, undefined])
})

test('OP-59 wallet and institution together are as old as the older of the two', async () => {
  const authTime = now() - HOUR
  stated = { acr: LINKED, amr: ['pwd'], auth_time: authTime }
  const { login } = await withWallet(await bridge.newWallet())
  expect(login?.idToken).toMatchObject({
    acr: `${ACR}:wallet-same-device+institution`,
    amr: ['pop', 'wallet', 'pwd'],
    auth_time: authTime,
    upstream_acr: [LINKED],
    upstream_auth_time: authTime,
  })
})

test('OP-58, OP-59 a known wallet alone repeats nothing of what the institution said once', async () => {
  stated = { acr: VALIDATED_NAMES, amr: ['mfa'], auth_time: now() - HOUR }
  const wallet = await bridge.newWallet()
  await withWallet(wallet)
  const before = now()
  const { login, asked } = await withWallet(wallet)
  expect([...asked]).toEqual([])
  expect(login?.idToken).toMatchObject({
    acr: `${ACR}:wallet-same-device`,
    amr: ['pop', 'wallet'],
  })
  expect(login?.idToken.auth_time).toBeGreaterThanOrEqual(before)
  expect(Object.keys(login?.idToken ?? {}).filter((name) => name.startsWith('upstream'))).toEqual(
    [],
  )
  const text = JSON.stringify(login?.idToken)
  expect(text).not.toContain('mfa')
  expect(text).not.toContain(VALIDATED_NAMES)
})

test('what the institution said, and what was demanded of it, is kept with the binding', async () => {
  const authTime = now() - 60
  stated = { sub: 'kept', acr: LINKED, amr: ['pwd'], auth_time: authTime }
  await direct({ max_age: '3600' })
  const [row] = await query(
    bridge.database.superuserUrl,
    `SELECT assurance_summary FROM identity_link_binding ORDER BY created_at DESC LIMIT 1`,
  )
  expect(JSON.parse(String(row?.assurance_summary))).toEqual({
    acr: [LINKED],
    amr: ['pwd'],
    authTime,
    demanded: { maxAge: 3600 },
  })
})

test('OP-19 max_age is asked of the institution, and an answer that is older ends the login', async () => {
  stated = { auth_time: now() - 200 }
  const good = await direct({ max_age: '300' })
  expect(good.asked.get('max_age')).toBe('300')
  expect(good.asked.get('prompt')).toBeNull()
  expect(good.login?.idToken.auth_time).toBe(stated.auth_time)
  stated = { auth_time: now() - 500 }
  const old = await direct({ max_age: '300' })
  expect(old.login).toBeUndefined()
  expect(old.page).toContain('Your institution did not confirm the login')
  stated = {}
  const silent = await direct({ max_age: '300' })
  expect(silent.login).toBeUndefined()
})

test.each([{ prompt: 'login' }, { max_age: '0' }])(
  'OP-18 %o demands a new login at the institution, counted from when it was asked for',
  async (parameters) => {
    stated = { auth_time: now() }
    const fresh = await direct(parameters)
    expect([fresh.asked.get('prompt'), fresh.asked.get('max_age')]).toEqual(['login', '0'])
    expect(fresh.login?.idToken.auth_time).toBe(stated.auth_time)
    stated = { auth_time: now() - 120 }
    expect((await direct(parameters)).login).toBeUndefined()
  },
)

test('OP-19 a stranger with a wallet: the institution’s part may not be older than asked either', async () => {
  stated = { sub: 'aged', auth_time: now() - HOUR }
  const old = await withWallet(await bridge.newWallet(), { max_age: '300' })
  expect(old.asked.get('max_age')).toBe('300')
  expect(old.login).toBeUndefined()
})

test('each way has an acr of its own, and discovery lists them all', async () => {
  const told = (await (
    await fetch(`${tenant.issuer}/.well-known/openid-configuration`)
  ).json()) as { acr_values_supported: string[] }
  expect(told.acr_values_supported).toEqual([
    `${ACR}:wallet-digital-credentials`,
    `${ACR}:wallet-same-device`,
    `${ACR}:wallet-cross-device`,
    `${ACR}:wallet-digital-credentials+institution`,
    `${ACR}:wallet-same-device+institution`,
    `${ACR}:wallet-cross-device+institution`,
    `${ACR}:institution`,
  ])
})

test('with a real provider: its values are read, and amr of both sides are told', async () => {
  const wallet = await bridge.newWallet()
  const { login } = await logIn(bridge, wallet)
  expect(login.idToken).toMatchObject({
    acr: `${ACR}:wallet-same-device+institution`,
    amr: ['pop', 'wallet', 'pwd'],
    upstream_amr: ['pwd'],
  })
  const real = await bridge.addTenant('real', { directLogin: true })
  const timed = await logInDirectly(bridge, { tenant: real, parameters: { max_age: '3600' } })
  expect(timed.login.idToken.auth_time).toBe(timed.login.idToken.upstream_auth_time)
  expect(Math.abs(Number(timed.login.idToken.auth_time) - Date.now() / 1000)).toBeLessThan(60)
})

// Last, for the clock of the wallets' programs does not move along.
test('OP-19 a login that takes the person long is not too old for that', async () => {
  const browser = createBrowser()
  const attempt = await tenant.relyingParty.begin({ max_age: '0' })
  const sentTo = await pressDirect(browser, await browser.get(attempt.url), 'plain')
  stated = { auth_time: now() + 2, iat: now() + 240, exp: now() + 500 }
  bridge.clock.advance(240_000)
  const end = await browser.follow(provider.authorize(sentTo).href, atRelyingParty)
  expect(end.location).toContain('code=')
})
