import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBrowser, onwardLinkOn, walletLinkOn } from '../../demo/browser.ts'
import { demoPolicies } from '../../demo/policies.ts'
import { createWallet, readRequest } from '../../demo/wallet.ts'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
import { ACTOR, type Bridge, logIn, REDIRECT_URI, startBridge } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { decodeQrSvg } from '../support/qr.ts'

let bridge: Bridge
beforeAll(async () => {
  bridge = await startBridge()
})
afterAll(() => bridge.stop())

/** What the QR code says, read from the drawn picture. */
async function qrLinkOf(browser: ReturnType<typeof createBrowser>, html: string): Promise<string> {
  const path = /src="([^"]+\/qr\.svg)"/.exec(html)?.[1] ?? ''
  const svg = await browser.get(new URL(path, bridge.url).href)
  expect(svg.headers.get('content-type')).toBe('image/svg+xml')
  return decodeQrSvg(svg.text)
}

test('VP-133, OP-58 a QR code: the wallet is on another device, the page goes on by itself, the acr is lower', async () => {
  const wallet = await bridge.newWallet()
  await logIn(bridge, wallet)
  const browser = createBrowser()
  const attempt = await bridge.tenant.relyingParty.begin()
  const page = await browser.get(attempt.url)
  const link = await qrLinkOf(browser, page.text)
  expect(link).not.toBe(walletLinkOn(page.text))
  const reply = await wallet.present(link)
  // The other device is sent nowhere.
  expect(reply).toMatchObject({ status: 200, redirectUri: undefined, body: {} })
  const statusPath = /data-status-url="([^"]+)"/.exec(page.text)?.[1] ?? ''
  const status = JSON.parse((await browser.get(new URL(statusPath, bridge.url).href)).text) as {
    state: string
    next: string
  }
  expect(status.state).toBe('continue')
  const end = await browser.follow(new URL(status.next, bridge.url).href, (url) =>
    url.startsWith(REDIRECT_URI),
  )
  const login = await attempt.finish(end.location ?? '')
  expect(login.idToken.acr).toBe('urn:identity-bridge:acr:wallet-cross-device')
})

test('VP-133 the QR code is another every half minute, and the one before is dead; a wallet that has read it keeps it', async () => {
  const wallet = await bridge.newWallet()
  const browser = createBrowser()
  const page = await browser.get((await bridge.tenant.relyingParty.begin()).url)
  const [first, again] = [await qrLinkOf(browser, page.text), await qrLinkOf(browser, page.text)]
  expect(again).toBe(first)
  bridge.clock.advance(30_000)
  const second = await qrLinkOf(browser, page.text)
  expect(second).not.toBe(first)
  expect((await wallet.fetchRequest(first)).status).toBe(404)
  const read = await wallet.fetchRequest(second)
  expect(read.status).toBe(200)
  bridge.clock.advance(30_000)
  expect(await qrLinkOf(browser, page.text)).toBe(second)
  // Two minutes after the login began no code is good any more.
  bridge.clock.advance(61_000)
  expect((await wallet.fetchRequest(second)).status).toBe(404)
  bridge.clock.advance(-121_000)
})

test('VP-133 a login whose QR code nobody looks at has none; fifty looks at once see one and the same', async () => {
  const browser = createBrowser()
  const page = await browser.get((await bridge.tenant.relyingParty.begin()).url)
  const journey = /\/login\/([0-9a-f-]{36})\/status/.exec(page.text)?.[1]
  const hashes = () =>
    query(
      bridge.database.superuserUrl,
      `SELECT cross_device_request_hash IS NULL AS none FROM journey WHERE id = '${journey}'`,
    )
  expect(await hashes()).toEqual([{ none: true }])
  const looks = Array.from({ length: 50 }, () =>
    browser.get(`${bridge.tenant.issuer}/login/${journey}/qr.svg`),
  )
  const seen = (await Promise.all(looks)).filter(({ status }) => status === 200)
  expect(new Set(seen.map(({ text }) => text)).size).toBe(1)
  expect(await hashes()).toEqual([{ none: false }])
})

test('HA-05 every request has a response key of its own: link, QR code, browser', async () => {
  const wallet = await bridge.newWallet()
  const browser = createBrowser()
  const page = await browser.get((await bridge.tenant.relyingParty.begin()).url)
  const links = [walletLinkOn(page.text), await qrLinkOf(browser, page.text)]
  const requests = await Promise.all(links.map((link) => wallet.fetchRequest(link)))
  const keys = requests.map(
    ({ requestObject }) => readRequest(requestObject).client_metadata.jwks?.keys[0]?.x,
  )
  expect(new Set(keys).size).toBe(2)
})

test('row 3 with cross_device off there is no QR code, and no route to one', async () => {
  const tenant = await bridge.addTenant('strict', { crossDevice: false })
  const browser = createBrowser()
  const page = await browser.get((await tenant.relyingParty.begin()).url)
  expect(page.status).toBe(200)
  expect(page.text).not.toContain('qr.svg')
  const journey = /\/t\/strict\/login\/([0-9a-f-]{36})\/status/.exec(page.text)?.[1]
  const qr = await browser.get(`${tenant.issuer}/login/${journey}/qr.svg`)
  expect(qr.status).toBe(404)
})

test.each([
  ['direct_post', 'x509_hash'],
  ['direct_post', 'x509_san_dns'],
  ['direct_post.jwt', 'x509_san_dns'],
] as const)('a login with %s and %s', async (responseMode, clientIdPrefix) => {
  const slug = `m-${responseMode.replace('.', '-').replace('_', '-')}-${clientIdPrefix.replaceAll('_', '-')}`
  const tenant = await bridge.addTenant(slug, { responseMode, clientIdPrefix })
  const { login, viaInstitution } = await logIn(bridge, await bridge.newWallet(), { tenant })
  expect(viaInstitution).toBe(true)
  expect(login.idToken.acr).toBe('urn:identity-bridge:acr:wallet-same-device+institution')
})

test('a second wallet of a known account joins its person: one identity, the same sub', async () => {
  const tenant = await bridge.addTenant('two-wallets')
  const first = await logIn(bridge, await bridge.newWallet(), { tenant })
  const second = await logIn(bridge, await bridge.newWallet(), { tenant })
  expect(second.viaInstitution).toBe(true)
  expect(second.login.idToken.sub).toBe(first.login.idToken.sub)
  const rows = await query(
    bridge.database.superuserUrl,
    `SELECT count(DISTINCT internal_identity_id)::int AS people, count(*)::int AS matches FROM identity_match
      WHERE tenant_id = (SELECT id FROM tenant WHERE slug = 'two-wallets')`,
  )
  expect(rows).toEqual([{ people: 1, matches: 3 }])
})

test('the session goes PENDING, AUTHORIZED, COMPLETED, and keeps nothing usable', async () => {
  const rows = await query(
    bridge.database.superuserUrl,
    `SELECT DISTINCT status, state, nonce, code_verifier, authorization_url LIKE '%?%' AS has_query FROM reconciliation_session`,
  )
  expect(rows).toEqual([
    { status: 'COMPLETED', state: null, nonce: null, code_verifier: null, has_query: false },
  ])
})

test('a known holder costs one audited transaction, a stranger three', async () => {
  const tenant = await bridge.addTenant('audited')
  const wallet = await bridge.newWallet()
  await logIn(bridge, wallet, { tenant })
  await logIn(bridge, wallet, { tenant })
  const rows = await query(
    bridge.database.superuserUrl,
    `SELECT event_type FROM audit_event WHERE tenant_id = (SELECT id FROM tenant WHERE slug = 'audited')
      AND correlation_id IS NOT NULL ORDER BY seq`,
  )
  expect(rows.map((row) => row.event_type)).toEqual([
    ...['session_created', 'binding_created', 'login_completed'],
    ...['login_completed'],
  ])
})

test('VP-061 a claim that no rule uses is not asked for', async () => {
  const wallet = createWallet()
  const page = await createBrowser().get((await bridge.tenant.relyingParty.begin()).url)
  const { requestObject } = await wallet.fetchRequest(walletLinkOn(page.text))
  const payload = JSON.parse(
    Buffer.from(requestObject.split('.')[1] ?? '', 'base64url').toString(),
  ) as {
    dcql_query: { credentials: { claims: { path: string[] }[] }[] }
  }
  const asked = payload.dcql_query.credentials.flatMap(({ claims }) =>
    claims.map(({ path }) => path.join('.')),
  )
  expect(asked.sort()).toEqual(['family_name', 'given_name', 'schac_home_organization'])
})

test('cancelling goes back to the relying party with access_denied, state and iss', async () => {
  const browser = createBrowser()
  const attempt = await bridge.tenant.relyingParty.begin()
  const page = await browser.get(attempt.url)
  const path = /action="([^"]+\/cancel)"/.exec(page.text)?.[1] ?? ''
  const left = await browser.post(new URL(path, bridge.url).href, {})
  const back = new URL(onwardLinkOn(left.text))
  expect(Object.fromEntries(back.searchParams)).toEqual({
    error: 'access_denied',
    state: attempt.state,
    iss: bridge.tenant.issuer,
  })
})

test('cancelling after the code was given takes nothing back, and says that the login is over', async () => {
  const wallet = await bridge.newWallet()
  await logIn(bridge, wallet)
  const browser = createBrowser()
  const attempt = await bridge.tenant.relyingParty.begin()
  const page = await browser.get(attempt.url)
  const path = /action="([^"]+\/cancel)"/.exec(page.text)?.[1] ?? ''
  const reply = await wallet.present(walletLinkOn(page.text))
  const end = await browser.get(reply.redirectUri ?? '')
  const late = await browser.post(new URL(path, bridge.url).href, {})
  expect([late.status, late.text.includes('access_denied')]).toEqual([200, false])
  expect(late.text).toContain('This login is over')
  expect((await attempt.finish(end.location ?? '')).idToken.sub).toBeDefined()
})

test('cancelling a login that has ended otherwise is the way back all the same', async () => {
  const browser = createBrowser()
  const page = await browser.get((await bridge.tenant.relyingParty.begin()).url)
  const cancel = new URL(/action="([^"]+\/cancel)"/.exec(page.text)?.[1] ?? '', bridge.url).href
  await browser.post(cancel, {})
  const again = await browser.post(cancel, {})
  expect(onwardLinkOn(again.text)).toContain('error=access_denied')
})

test('fifty tabs of a login that must not go on: none hears that it went well, and the trail says why once', async () => {
  const tenant = await bridge.addTenant('restricted')
  const wallet = await bridge.newWallet()
  await logIn(bridge, wallet, { tenant })
  await query(
    bridge.database.superuserUrl,
    `UPDATE identity SET status = 'RESTRICTED' WHERE tenant_id = (SELECT id FROM tenant WHERE slug = 'restricted')`,
  )
  const browser = createBrowser()
  const page = await browser.get((await tenant.relyingParty.begin()).url)
  await wallet.present(await qrLinkOf(browser, page.text))
  const journey = /\/login\/([0-9a-f-]{36})\/status/.exec(page.text)?.[1]
  const tabs = await Promise.all(
    Array.from({ length: 50 }, () => browser.get(`${tenant.issuer}/login/${journey}/continue`)),
  )
  const said = new Set(tabs.map(({ text }) => /<h1>([^<]*)/.exec(text)?.[1]))
  // A tab that looked while another ended the journey is sent back; none is told that it went well.
  expect(said).toContain('We cannot log you in with this')
  said.delete('Go back to where you started')
  expect([...said]).toEqual(['We cannot log you in with this'])
  const rows = await query(
    bridge.database.superuserUrl,
    `SELECT detail FROM audit_event WHERE event_type = 'login_refused'
      AND tenant_id = (SELECT id FROM tenant WHERE slug = 'restricted')`,
  )
  expect(rows).toEqual([{ detail: '{"reason":"identity_unavailable"}' }])
})

test('VP-133 a tenant may want the institution’s word where a code was scanned, and only there', async () => {
  const tenant = await bridge.addTenant('second-binding')
  const wallet = await bridge.newWallet()
  await logIn(bridge, wallet, { tenant })
  const { selector } = demoPolicies(bridge.issuer)
  const plan = { ...selector.default, plan: 'STEP_UP' }
  await publishPolicy(bridge.deps, ACTOR, tenant.slug, 'selector', {
    ...{ ...selector, rules: [{ id: 'scanned', when: { ways: ['cross_device'] }, plan }] },
  })
  expect((await logIn(bridge, wallet, { tenant })).viaInstitution).toBe(false)
  const browser = createBrowser()
  const page = await browser.get((await tenant.relyingParty.begin()).url)
  expect((await wallet.present(await qrLinkOf(browser, page.text))).status).toBe(200)
  const journey = /\/login\/([0-9a-f-]{36})\/status/.exec(page.text)?.[1]
  const onward = await browser.get(`${tenant.issuer}/login/${journey}/continue`)
  expect(onward.location).toContain(bridge.institution.issuer)
})
