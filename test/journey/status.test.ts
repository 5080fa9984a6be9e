import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBrowser, walletLinkOn } from '../../demo/browser.ts'
import { DEMO_PERSON } from '../../demo/issuer.ts'
import { type StatusListServer, serveStatusList } from '../../demo/status-list.ts'
import { createWallet } from '../../demo/wallet.ts'
import type { IdentityId, TenantId } from '../../src/domain/ids.ts'
import { exportIdentity } from '../../src/flow/export-identity.ts'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
import { recheckStatus } from '../../src/flow/recheck-status.ts'
import { ACTOR, type Bridge, logIn, startBridge, testPolicies } from '../support/bridge.ts'
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

const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

async function walletWith(idx: number, holderKey = newKey(), uri = list.uri) {
  const wallet = createWallet({ holderKey })
  const payload = { status: { status_list: { uri, idx } } }
  wallet.add(await bridge.issuer.issue(DEMO_PERSON, wallet.publicJwk, { payload }))
  return wallet
}

/** Shows the credential once; what the trail says of the refusal. */
async function refusalOf(wallet: Awaited<ReturnType<typeof walletWith>>) {
  const { text } = await createBrowser().get((await bridge.tenant.relyingParty.begin()).url)
  expect((await wallet.present(walletLinkOn(text))).status).toBe(400)
  const [event] = await query<{ detail: string }>(
    bridge.database.superuserUrl,
    `SELECT detail FROM audit_event WHERE event_type = 'presentation_refused' ORDER BY created_at DESC, seq DESC LIMIT 1`,
  )
  return (JSON.parse(event?.detail ?? '{}') as { reason?: string }).reason
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

  // TS-02, TS-12: the list answers who asks for its type and says nothing of a person.
  expect([(await fetch(list.uri)).status, list.requests()]).toEqual([406, 2])

  list.set(7, 1)
  expect((await logIn(bridge, wallet)).login.idToken.sub).toBe(login.idToken.sub)
  expect(list.requests()).toBe(2)

  // Within its time the list is not asked again; a new instance has none.
  await bridge.restart()
  const { statuses, page } = await present(wallet)
  expect(statuses).toEqual([400, 400, 400])
  expect(page).toContain('no longer valid')
})

test.each([
  'https://169.254.169.254/latest/meta-data',
  'https://10.0.0.1/list',
  'https://[fd00::1]/list',
  'http://status.example/list',
  'https://user:word@status.example/list',
  'file:///etc/passwd',
  'no address at all',
])(
  'row 12 a good credential whose list lies at %s ends the login, and nobody is asked',
  async (uri) => {
    expect(await refusalOf(await walletWith(1, newKey(), uri))).toBe('status_unavailable')
  },
)

test('row 12, TS-01 for a credential that is not proved nobody is asked', async () => {
  const before = list.requests()
  const wallet = createWallet({ holderKey: newKey() })
  const payload = { status: { status_list: { uri: list.uri, idx: 3 } } }
  const good = await bridge.issuer.issue(DEMO_PERSON, wallet.publicJwk, { payload })
  wallet.add(
    good.replace(/^([^.]+\.[^.]+\.)(.)/, (_, head, one) => `${head}${one === 'A' ? 'B' : 'A'}`),
  )
  await bridge.restart()
  expect(await refusalOf(wallet)).toBe('issuer_signature_invalid')
  expect(list.requests()).toBe(before)
})

test('TS-10 a list that cannot be had ends the login, and the page says that it is worth another try', async () => {
  list.breakDown(503)
  await bridge.restart()
  const { statuses, page } = await present(await walletWith(8))
  expect(statuses).toEqual([400, 400, 400])
  expect(page).toContain('could not check')
  list.breakDown(200)
})

test('TS-13 a link whose credential was revoked since is marked to be proved anew; a suspended one stays', async () => {
  const rule = { statusRecheckHours: 24 }
  const { trust } = testPolicies(bridge.issuer)
  const entries = trust.entries.map((entry) => ({ ...entry, ...rule }))
  await publishPolicy(bridge.deps, ACTOR, 'demo', 'trust', { entries } as never)
  const wallet = await walletWith(21)
  await logIn(bridge, wallet, { user: { username: 'milan', password: 'milan-demo' } })
  const { superuserUrl } = bridge.database
  const [tenant] = await query<{ id: TenantId }>(
    superuserUrl,
    `SELECT id FROM tenant WHERE slug = 'demo'`,
  )
  const recheck = () =>
    recheckStatus(bridge.deps, tenant?.id as TenantId, () => Promise.resolve(true))
  const bindings = () =>
    query<{ stale_since: string | null; status_due_at: string | null }>(
      superuserUrl,
      `SELECT * FROM identity_link_binding WHERE credential_status IS NOT NULL OR stale_since IS NOT NULL`,
    )
  expect(await bindings(), 'the one link that was made under the rule').toMatchObject([
    { stale_since: null },
  ])
  const [{ internal_identity_id: identityId } = { internal_identity_id: '' as IdentityId }] =
    await query<{
      internal_identity_id: IdentityId
    }>(
      superuserUrl,
      `SELECT internal_identity_id FROM identity_match m JOIN identity_link_binding b ON b.match_id = m.id
      WHERE b.credential_status IS NOT NULL`,
    )
  const { links } = await exportIdentity(bridge.deps, ACTOR, 'demo', identityId)
  expect(links, 'the person may see what is kept of it').toMatchObject([
    { credential_status: [{ uri: list.uri, index: 21 }] },
  ])
  expect(await recheck(), 'not yet').toEqual({ checked: 0, flagged: 0, unknown: 0 })
  const later = async () => {
    bridge.clock.advance(25 * 60 * 60_000)
    return await recheck()
  }
  list.set(21, 2)
  expect(await later(), 'suspended').toEqual({ checked: 1, flagged: 0, unknown: 0 })
  expect(await bindings()).toMatchObject([{ stale_since: null }])
  const write = (text: string) =>
    query(
      superuserUrl,
      `UPDATE identity_link_binding SET credential_status = '${text}' WHERE credential_status IS NOT NULL`,
    )
  const [sealed] = await query<{ credential_status: string }>(
    superuserUrl,
    'SELECT credential_status FROM identity_link_binding WHERE credential_status IS NOT NULL',
  )
  await write('v1.unreadable')
  await expect(later()).rejects.toMatchObject({ failure: { kind: 'sealed_unreadable' } })
  expect(await recheck(), 'it waits, and stands before no other').toMatchObject({ checked: 0 })
  await write(sealed?.credential_status ?? '')
  list.breakDown(503)
  expect(await later()).toEqual({ checked: 1, flagged: 0, unknown: 1 })
  list.breakDown(200)
  list.set(21, 1)
  const runs = [later(), recheck(), recheck()]
  expect((await Promise.all(runs)).map(({ flagged }) => flagged)).toContain(1)
  const [flagged] = await bindings()
  expect(flagged).toMatchObject({ credential_status: null, status_due_at: null })
  expect(flagged?.stale_since).not.toBeNull()
  const events = await query<{ detail: string; subject_hash: string }>(
    superuserUrl,
    `SELECT detail, subject_hash FROM audit_event WHERE event_type = 'binding_flagged'`,
  )
  expect(events).toMatchObject([
    { detail: '{"reason":"credential_revoked"}', subject_hash: expect.any(String) },
  ])
})

test('TS-13 a credential that is refused as revoked marks the link it made; the holder’s other links are looked at next', async () => {
  const user = { username: 'noor', password: 'noor-demo' }
  bridge.clock.advance(Date.now() - bridge.clock.now())
  await bridge.restart()
  const key = newKey()
  const first = await walletWith(31, key)
  await logIn(bridge, first, { user })
  const second = await walletWith(32, key)
  const links = () =>
    query<{ stale_since: string | null; status_due_at: string | null }>(
      bridge.database.superuserUrl,
      `SELECT stale_since, status_due_at FROM identity_link_binding
        WHERE deleted_at IS NULL AND (credential_status IS NOT NULL OR stale_since IS NOT NULL) ORDER BY created_at DESC LIMIT 1`,
    )
  const flagged = async () =>
    (
      await query(
        bridge.database.superuserUrl,
        `SELECT FROM audit_event WHERE event_type = 'binding_flagged'`,
      )
    ).length
  const before = await flagged()
  list.set(32, 1)
  await bridge.restart()
  const now = new Date(bridge.clock.now()).toISOString()
  expect((await present(second)).statuses).toEqual([400, 400, 400])
  const [looked] = await links()
  expect(looked?.stale_since, 'another credential made it').toBeNull()
  expect((looked?.status_due_at ?? '') >= now, 'the job looks at it next').toBe(true)
  expect((looked?.status_due_at ?? 'z') <= new Date(bridge.clock.now()).toISOString()).toBe(true)
  expect(await flagged()).toBe(before)

  list.set(31, 1)
  await bridge.restart()
  expect((await present(first)).statuses).toEqual([400, 400, 400])
  expect(await links()).toMatchObject([{ stale_since: expect.any(String), status_due_at: null }])
  expect(await flagged(), 'once').toBe(before + 1)
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
