import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBrowser, walletLinkOn } from '../../demo/browser.ts'
import { DEMO_PERSON } from '../../demo/issuer.ts'
import { type StatusListServer, serveStatusList } from '../../demo/status-list.ts'
import { createWallet } from '../../demo/wallet.ts'
import { type Bridge, logIn, startBridge } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'

let bridge: Bridge
let list: StatusListServer
beforeAll(async () => {
  bridge = await startBridge()
  list = await serveStatusList(bridge.issuer, { now: bridge.clock.now })
})
afterAll(async () => {
  await list.close()
  await bridge.stop()
})

async function walletWith(idx: number) {
  const wallet = createWallet()
  const payload = { status: { status_list: { uri: list.uri, idx } } }
  wallet.add(await bridge.issuer.issue(DEMO_PERSON, wallet.publicJwk, { payload }))
  return wallet
}

/** Shows the credential as often as a journey allows; what the wallet heard and what the page said at the end. */
async function present(wallet: Awaited<ReturnType<typeof walletWith>>) {
  const browser = createBrowser()
  const attempt = await bridge.tenant.relyingParty.begin()
  const { text } = await browser.get(attempt.url)
  const link = walletLinkOn(text)
  const statuses = []
  for (let turn = 0; turn < 3; turn += 1) statuses.push((await wallet.present(link)).status)
  const journey = /\/login\/([0-9a-f-]+)/.exec(text)?.[1]
  const page = await browser.get(`${bridge.tenant.issuer}/login/${journey}/continue`)
  return { statuses, page: page.text }
}

test('row 11 a login with a credential that is on a list goes on while it is valid, and ends once it is not', async () => {
  const wallet = await walletWith(7)
  const { login } = await logIn(bridge, wallet)
  expect(login.claims.given_name).toBe('Sanne')
  expect(list.requests()).toBe(1)

  list.set(7, 1)
  expect((await logIn(bridge, wallet)).login.idToken.sub).toBe(login.idToken.sub)
  expect(list.requests()).toBe(1)

  // Within its time the list is not asked again; a new instance has none.
  await bridge.restart()
  const { statuses, page } = await present(wallet)
  expect(statuses).toEqual([400, 400, 400])
  expect(page).toContain('no longer valid')
})

test('TS-10 a list that cannot be had ends the login, and the page says that it is worth another try', async () => {
  list.breakDown(503)
  await bridge.restart()
  const { statuses, page } = await present(await walletWith(8))
  expect(statuses).toEqual([400, 400, 400])
  expect(page).toContain('could not check')
  list.breakDown(200)
})

test('TS-12 nothing that is stored or logged names the list', async () => {
  const { superuserUrl } = bridge.database
  const tables = await query<{ name: string }>(
    superuserUrl,
    `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
  )
  expect(tables.length).toBeGreaterThan(20)
  for (const { name } of tables) {
    const rows = await query(superuserUrl, `SELECT t::text AS row FROM "${name}" t`)
    expect(JSON.stringify(rows)).not.toContain(list.uri)
  }
  expect(bridge.lines.join('\n')).not.toContain(list.uri)
})
