/** A call-back that was let in, and whose journey ended while the institution was asked. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import {
  type HostileProvider,
  makeSigningKey,
  startHostileProvider,
} from '../institution/hostile-provider.ts'
import { type Bridge, pressDirect, startBridge, type TestTenant } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { useProvider } from '../threats/attack.ts'

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
