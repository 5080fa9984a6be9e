import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBrowser, walletLinkOn } from '../../demo/browser.ts'
import { cancelAt, loginAt } from '../../demo/institution.ts'
import {
  type Bridge,
  logIn,
  logInDirectly,
  pressDirect,
  REDIRECT_URI,
  STUDENT,
  startBridge,
  type TestTenant,
} from '../support/bridge.ts'
import { query } from '../support/postgres.ts'

const INSTITUTION_ALONE = 'urn:identity-bridge:acr:institution'
const EMPLOYEE = { username: 'milan', password: 'milan-demo' }

let bridge: Bridge
let tenant: TestTenant
beforeAll(async () => {
  bridge = await startBridge()
  tenant = await bridge.addTenant('direct', { directLogin: true })
})
afterAll(() => bridge.stop())

const atRelyingParty = (url: string) => url.startsWith(REDIRECT_URI)

function rowsOf(slug: string, text: string) {
  return query(
    bridge.database.superuserUrl,
    text.replaceAll('$tenant', `(SELECT id FROM tenant WHERE slug = '${slug}')`),
  )
}

test('a login without a wallet: claims, a subject, and an acr that says the institution alone', async () => {
  const { login } = await logInDirectly(bridge, { tenant })
  expect(login.idToken).toMatchObject({ acr: INSTITUTION_ALONE, amr: ['pwd'] })
  expect(login.claims).toMatchObject({
    given_name: 'Sanne',
    family_name: 'de Vries',
    email: 'sanne@noorderhaven.example',
  })
})

test('OP-55 auth_time where it is essential: the institution, which says it when asked, is asked', async () => {
  const about = { essential: true }
  const asking = (claims: object) => ({ parameters: { claims: JSON.stringify(claims) } })
  const { login } = await logInDirectly(bridge, {
    tenant,
    ...asking({ id_token: { auth_time: about } }),
  })
  expect(Math.abs((login.idToken.auth_time ?? 0) - bridge.clock.now() / 1000)).toBeLessThan(60)
  const voluntary = asking({ id_token: { auth_time: null }, userinfo: { auth_time: about } })
  const { login: other } = await logInDirectly(bridge, { tenant, ...voluntary })
  expect(other.idToken.auth_time).toBeUndefined()
})

test('the same account again is the same person, in the same binding, by a match of the account alone', async () => {
  const fresh = await bridge.addTenant('again', { directLogin: true })
  const first = await logInDirectly(bridge, { tenant: fresh })
  const second = await logInDirectly(bridge, { tenant: fresh })
  expect(second.login.idToken.sub).toBe(first.login.idToken.sub)
  expect(second.login.claims).toEqual(first.login.claims)
  const rows = await rowsOf(
    'again',
    `SELECT m.identifier_type, m.hash_key, b.holder_identifier_hash = 'no-wallet:' || b.id AS reserved,
            b.holder_hash_key_version
       FROM identity_link_binding b JOIN identity_match m ON m.id = b.match_id WHERE b.tenant_id = $tenant`,
  )
  expect(rows).toEqual([
    { identifier_type: 'SUBJECT_ID', hash_key: 'B', reserved: true, holder_hash_key_version: 0 },
  ])
  const events = await rowsOf(
    'again',
    `SELECT event_type, detail FROM audit_event WHERE tenant_id = $tenant AND correlation_id IS NOT NULL ORDER BY seq`,
  )
  expect(events.map(({ event_type }) => event_type)).toEqual([
    ...['session_created', 'binding_created', 'login_completed'],
    ...['session_created', 'binding_updated', 'login_completed'],
  ])
  expect(JSON.parse(String(events[0]?.detail))).toMatchObject({
    ...{ entry: 'direct', plan: 'RUN_IDV', rule: 'builtin:default' },
  })
  expect(JSON.parse(String(events[2]?.detail))).toMatchObject({
    way: 'direct',
    acr: INSTITUTION_ALONE,
  })
})

test('who came without a wallet and comes with one later is the same person, with the same sub; and the other way round', async () => {
  const fresh = await bridge.addTenant('joined', { directLogin: true })
  const without = await logInDirectly(bridge, { tenant: fresh })
  const wallet = await bridge.newWallet()
  const first = await logIn(bridge, wallet, { tenant: fresh })
  expect(first.viaInstitution).toBe(true)
  const known = await logIn(bridge, wallet, { tenant: fresh })
  expect(known.viaInstitution).toBe(false)
  const again = await logInDirectly(bridge, { tenant: fresh })
  const subjects = [without, first, known, again].map(({ login }) => login.idToken.sub)
  expect(new Set(subjects).size).toBe(1)
  expect(
    await rowsOf(
      'joined',
      `SELECT count(*)::int AS people FROM identity WHERE tenant_id = $tenant`,
    ),
  ).toEqual([{ people: 1 }])
})

test('a person gets the account they logged in with', async () => {
  const student = await logInDirectly(bridge, { tenant })
  const employee = await logInDirectly(bridge, { tenant, user: EMPLOYEE })
  expect(employee.login.claims.given_name).toBe('Milan')
  expect(employee.login.idToken.sub).not.toBe(student.login.idToken.sub)
})

test('idp_hint goes to the institution at once, in the same journey', async () => {
  const browser = createBrowser()
  const attempt = await tenant.relyingParty.begin({ idp_hint: 'surf' })
  const sent = await browser.get(attempt.url)
  expect([sent.status, sent.location?.startsWith(bridge.institution.issuer)]).toEqual([303, true])
  const end = await browser.follow(await loginAt(sent.location ?? '', STUDENT), atRelyingParty)
  const login = await attempt.finish(end.location ?? '')
  expect(login.idToken.acr).toBe(INSTITUTION_ALONE)
})

test.each(['nowhere', 'SURF', 'x'.repeat(5000), '../surf'])(
  'a hint that names nothing on offer is passed over: %.20s',
  async (idp_hint) => {
    const attempt = await tenant.relyingParty.begin({ idp_hint })
    const page = await createBrowser().get(attempt.url)
    expect([page.status, page.text.includes('openid4vp://')]).toEqual([200, true])
  },
)

test('with the switch off there is no button, no hint and no way', async () => {
  const browser = createBrowser()
  const attempt = await bridge.tenant.relyingParty.begin({ idp_hint: 'surf' })
  const page = await browser.get(attempt.url)
  expect([page.status, page.text.includes('/direct')]).toEqual([200, false])
  const journey = /\/login\/([0-9a-f-]{36})\/cancel/.exec(page.text)?.[1]
  const forced = await browser.post(`${bridge.tenant.issuer}/login/${journey}/direct`, {
    provider: 'surf',
  })
  expect(forced.status).toBe(404)
  const rows = await query(
    bridge.database.superuserUrl,
    `SELECT state, way FROM journey WHERE id = '${journey}'`,
  )
  expect(rows).toEqual([{ state: 'started', way: null }])
})

test('a provider that is switched off is offered to nobody, and hinted at in vain', async () => {
  const fresh = await bridge.addTenant('off', { directLogin: true })
  await query(
    bridge.database.superuserUrl,
    `UPDATE reconciliation_provider SET enabled = 0 WHERE id = '${fresh.providerId}';
     UPDATE tenant SET revision = revision + 1 WHERE slug = 'off'`,
  )
  bridge.clock.advance(2_000)
  const attempt = await fresh.relyingParty.begin({ idp_hint: 'surf' })
  const page = await createBrowser().get(attempt.url)
  expect([page.status, page.text.includes('/direct')]).toEqual([200, false])
})

test('OP-26 the choice is worth nothing in another browser', async () => {
  const attempt = await tenant.relyingParty.begin()
  const page = await createBrowser().get(attempt.url)
  const thief = createBrowser()
  await thief.get((await tenant.relyingParty.begin()).url)
  await expect(pressDirect(thief, page)).rejects.toThrow('403')
})

test('VP-082 once a provider was chosen the wallet’s link is dead', async () => {
  const browser = createBrowser()
  const page = await browser.get((await tenant.relyingParty.begin()).url)
  await pressDirect(browser, page)
  const wallet = await bridge.newWallet()
  await expect(wallet.present(walletLinkOn(page.text))).rejects.toThrow()
})

test('fifty presses of the button at once: one journey, and whoever finishes gets one code', async () => {
  const browser = createBrowser()
  const attempt = await tenant.relyingParty.begin()
  const page = await browser.get(attempt.url)
  const sent = await Promise.all(Array.from({ length: 50 }, () => pressDirect(browser, page)))
  // Whoever was overtaken is sent on with the journey as it is, and gets to the institution too.
  const addresses = await Promise.all(
    sent.map(async (url) =>
      url.startsWith(bridge.url) ? ((await browser.get(url)).location ?? '') : url,
    ),
  )
  for (const url of addresses) expect(url.startsWith(bridge.institution.issuer)).toBe(true)
  const states = addresses.map((url) => new URL(url).searchParams.get('state'))
  expect(new Set(states).size).toBe(states.length)
  const end = await browser.follow(await loginAt(addresses[0] ?? '', STUDENT), atRelyingParty)
  expect(await attempt.finish(end.location ?? '')).toBeDefined()
  // The others' call-backs meet a login that is over.
  const late = addresses[1]
  if (late === undefined) throw new Error('only one press came through')
  const after = await browser.get(await loginAt(late, STUDENT))
  expect([after.status, after.location]).toEqual([403, undefined])
})

test('who turns back at the institution is told so, and the relying party hears access_denied', async () => {
  const browser = createBrowser()
  const attempt = await tenant.relyingParty.begin()
  const page = await browser.get(attempt.url)
  const end = await browser.follow(await cancelAt(await pressDirect(browser, page)))
  expect(end.text).toContain('Your institution did not confirm the login')
  expect(end.text).toContain('error=access_denied')
})
