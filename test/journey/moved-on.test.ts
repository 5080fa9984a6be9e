/** A journey that another tab moves on: while the institution is asked, and while the dispatcher reads. */
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import {
  type HostileProvider,
  makeSigningKey,
  startHostileProvider,
} from '../institution/hostile-provider.ts'
import { type Bridge, logIn, pressDirect, startBridge, type TestTenant } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { decodeQrSvg } from '../support/qr.ts'
import { journeyIdOn, useProvider } from '../threats/attack.ts'

let bridge: Bridge
let tenant: TestTenant
let provider: HostileProvider
beforeAll(async () => {
  bridge = await startBridge()
  tenant = await bridge.addTenant('moving', { directLogin: true })
  provider = await startHostileProvider(await makeSigningKey('key-1'))
  await useProvider(bridge, tenant, {
    ...{ slug: 'plain', issuer: provider.issuer, clientId: 'bridge', clientSecret: 'secret' },
  })
  provider.behave.claims = (claims) => ({ ...claims, given_name: 'A', family_name: 'B' })
})
afterAll(async () => {
  await bridge.stop()
  await provider.close()
})

test('its session ends FAILED, the trail says why, nobody is linked, and the browser hears the real end', async () => {
  const browser = createBrowser()
  const page = await browser.get((await tenant.relyingParty.begin()).url)
  const cancel = new URL(/action="([^"]+\/cancel)"/.exec(page.text)?.[1] ?? '', bridge.url).href
  const sentTo = await pressDirect(browser, page, 'plain')
  provider.behave.instead.userinfo = (_, response) => {
    void browser.post(cancel, {}).then(() => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ sub: 'person-1' }))
    })
  }
  const end = await browser.follow(provider.authorize(sentTo).href)
  expect(end.text).toContain('You are not logged in')
  const sessions = await query(
    bridge.database.superuserUrl,
    'SELECT status, error_message FROM reconciliation_session',
  )
  expect(sessions).toEqual([{ status: 'FAILED', error_message: 'journey_moved_on' }])
  const events = await query(
    bridge.database.superuserUrl,
    'SELECT event_type, detail FROM audit_event WHERE correlation_id IS NOT NULL ORDER BY seq',
  )
  expect(events.slice(1)).toEqual([
    { event_type: 'login_refused', detail: '{"reason":"cancelled"}' },
    {
      event_type: 'reconciliation_failed',
      detail: '{"provider":"plain","reason":"journey_moved_on"}',
    },
  ])
  const people = await query(bridge.database.superuserUrl, 'SELECT id FROM identity')
  expect(people).toEqual([])
})

test('a tab that reads just as another moves the journey sees one moment of it, and the end', async () => {
  const wallet = await bridge.newWallet()
  await logIn(bridge, wallet)
  const browser = createBrowser()
  const page = await browser.get((await bridge.tenant.relyingParty.begin()).url)
  const picture = /src="([^"]+\/qr\.svg)"/.exec(page.text)?.[1] ?? ''
  const code = await browser.get(new URL(picture, bridge.url).href)
  await wallet.present(decodeQrSvg(code.text))
  const id = journeyIdOn(page)
  // The other tab's grant: it holds the journey's hits back until it is through.
  const other = new pg.Client({ connectionString: bridge.database.superuserUrl })
  await other.connect()
  await other.query('BEGIN; LOCK TABLE identity_match IN ACCESS EXCLUSIVE MODE')
  const reading = browser.get(`${bridge.tenant.issuer}/login/${id}/continue`)
  await expect
    .poll(async () => {
      const held = await query(
        bridge.database.superuserUrl,
        'SELECT 1 FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())',
      )
      return held.length
    })
    .toBe(1)
  await other.query(
    `UPDATE journey SET state = 'granted', response_code_hash = NULL, presentation = NULL, identifiers = NULL,
       identifier_hashes = NULL WHERE id = '${id}'; COMMIT`,
  )
  await other.end()
  const end = await reading
  expect([end.status, end.location]).toEqual([200, undefined])
  expect(end.text).toContain('This login is over')
})
