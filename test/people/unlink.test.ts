/** A wallet or an account is taken from its person, and brought back; as the administration does it, over HTTP. */
import { fetchUserInfo } from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { walletOf } from '../../demo/people.ts'
import { type Admin, adminWith } from '../http/admin/client.ts'
import { type Bridge, logIn, startBridge, type TestTenant } from '../support/bridge.ts'
import { accountOf, demoPerson, newPerson, type Person, rowsOf, startTenant } from './people.ts'

let bridge: Bridge
let admin: Admin
beforeAll(async () => {
  bridge = await startBridge()
  admin = await adminWith(bridge, ['identities:manage'])
})
afterAll(() => bridge.stop())

interface Shown {
  status: string
  matches: { id: string; type: string; side: string; ended_at: string | null; reason: string }[]
  bindings: { id: string; match: string; ended_at: string | null }[]
  merges: { id: string; split_at: string | null }[]
}

const pathOf = (tenant: TestTenant, person: Person) =>
  `/tenants/${tenant.slug}/identities/${person.id}`
const show = async (tenant: TestTenant, person: Person) =>
  (await admin.get(pathOf(tenant, person))).body as unknown as Shown
const matchOf = async (tenant: TestTenant, person: Person, side: string) => {
  const found = (await show(tenant, person)).matches.find((one) => one.side === side)
  return `${pathOf(tenant, person)}/matches/${found?.id}`
}
const end = (path: string, reason = 'USER_UNLINK') => admin.post(`${path}/unlink`, { reason })
const live = (rows: { ended_at: string | null }[]) => rows.filter((row) => row.ended_at === null)

describe('item 6 unlink', () => {
  test('a wallet is a stranger’s at once, its tokens are over, and the account leads back to the same subject', async () => {
    const { tenant, older } = await startTenant(bridge, 'unlinking')
    const ended = await end(await matchOf(tenant, older, 'wallet'))
    expect(ended.status).toBe(200)
    const shown = ended.body as unknown as Shown
    expect(live(shown.bindings)).toEqual([])
    expect(live(shown.matches)).toMatchObject([{ side: 'institution' }])
    const { configuration, accessToken, sub } = older
    await expect(fetchUserInfo(configuration, accessToken, sub)).rejects.toMatchObject({
      status: 401,
    })
    const again = await logIn(bridge, older.wallet, { tenant, user: accountOf('sanne') })
    expect(again.viaInstitution).toBe(true)
    expect(again.login.claims.sub).toBe(older.claims.sub)
  })

  test('an account takes its wallets along, and is a stranger’s to the next login', async () => {
    const { tenant, older } = await startTenant(bridge, 'accounts')
    const second = await walletOf(demoPerson('sanne'), bridge.issuer)
    await logIn(bridge, second, { tenant, user: accountOf('sanne') })
    await end(await matchOf(tenant, older, 'institution'), 'ADMIN_REQUEST')
    const shown = await show(tenant, older)
    expect(live(shown.bindings)).toEqual([])
    expect(live(shown.matches)).toEqual([])
    expect(new Set(shown.matches.map(({ reason }) => reason))).toEqual(new Set(['ADMIN_REQUEST']))
    const { login } = await logIn(bridge, second, { tenant, user: accountOf('sanne') })
    expect(login.claims.sub).not.toBe(older.claims.sub)
  })

  test('repeating it changes nothing and is told once; a match of somebody else is not found', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'repeating')
    const path = await matchOf(tenant, older, 'wallet')
    const first = await end(path)
    expect((await end(path)).body).toEqual(first.body)
    const events = await rowsOf<{ detail: string; subject_hash: string | null }>(
      bridge,
      tenant,
      'audit_event',
      "event_type = 'link_ended'",
    )
    expect(events).toHaveLength(1)
    expect(events[0]?.subject_hash).not.toBeNull()
    expect(JSON.parse(events[0]?.detail ?? '')).toMatchObject({
      ...{ reason: 'USER_UNLINK', identifier: 'KEY', bindings: 1 },
    })
    const foreign = path.replace(older.id, newer.id)
    expect((await end(foreign)).status).toBe(404)
    expect((await end(path, 'GDPR_ERASURE')).status).toBe(400)
  })

  test('fifty at once end it once', async () => {
    const { tenant, older } = await startTenant(bridge, 'fifty')
    const path = await matchOf(tenant, older, 'wallet')
    const answers = await Promise.all(Array.from({ length: 50 }, () => end(path)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    const events = await rowsOf(bridge, tenant, 'audit_event', "event_type = 'link_ended'")
    expect(events).toHaveLength(1)
  })
})

describe('item 6 restore', () => {
  test('brings back the wallet with its binding: known again without the institution', async () => {
    const { tenant, older } = await startTenant(bridge, 'restoring')
    const before = await show(tenant, older)
    const path = await matchOf(tenant, older, 'wallet')
    await end(path)
    const restored = await admin.post(`${path}/restore`, {})
    expect(restored.body).toEqual(before)
    const again = await logIn(bridge, older.wallet, { tenant })
    expect([again.viaInstitution, again.login.claims]).toEqual([false, older.claims])
    expect((await admin.post(`${path}/restore`, {})).status).toBe(200)
    const events = await rowsOf(bridge, tenant, 'audit_event', "event_type = 'link_restored'")
    expect(events).toHaveLength(1)
  })

  test('is refused while the identifier leads to a live row, and for what a split ended', async () => {
    const { tenant, older } = await startTenant(bridge, 'taken')
    const path = await matchOf(tenant, older, 'wallet')
    await end(path)
    await logIn(bridge, older.wallet, { tenant, user: accountOf('sanne') })
    expect((await admin.post(`${path}/restore`, {})).status).toBe(409)
  })

  test('fifty restores against fifty logins of the same wallet leave one live row', async () => {
    const { tenant, older } = await startTenant(bridge, 'contended')
    const path = await matchOf(tenant, older, 'wallet')
    await end(path)
    await Promise.allSettled([
      ...Array.from({ length: 25 }, () => admin.post(`${path}/restore`, {})),
      ...Array.from({ length: 10 }, () =>
        logIn(bridge, older.wallet, { tenant, user: accountOf('sanne') }),
      ),
    ])
    const keys = live((await show(tenant, older)).matches).filter(
      (one) => 'type' in one && one.type === 'KEY',
    )
    expect(keys).toHaveLength(1)
    const { login } = await logIn(bridge, older.wallet, { tenant })
    expect(login.claims.sub).toBe(older.claims.sub)
  })
})

describe('item 6 merge and split over the admin API', () => {
  test('as described: merged, shown on both, split', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'over-http')
    const merges = `/tenants/${tenant.slug}/merges`
    const body = { merged: newer.id, surviving: older.id }
    const merged = await admin.post(merges, body)
    expect(merged.status).toBe(200)
    expect((await admin.post(merges, body)).body).toEqual(merged.body)
    expect(await show(tenant, newer)).toMatchObject({ status: 'MERGED', matches: [], bindings: [] })
    expect((await show(tenant, older)).merges).toMatchObject([{ id: merged.body.id }])
    const split = await admin.post(`${merges}/${merged.body.id}/split`, {})
    expect(split.body.split_at).toMatch(/Z$/)
    expect((await show(tenant, newer)).matches).toHaveLength(2)
    expect((await admin.post(merges, { merged: newer.id, surviving: newer.id })).status).toBe(400)
    expect((await admin.post(`${merges}/${older.id}/split`, {})).status).toBe(404)
  })

  test('row 23 nothing of a person but ids, types and times is shown', async () => {
    const tenant = await bridge.addTenant('discreet')
    const person = await newPerson(bridge, tenant, 'sanne')
    const { text } = await admin.get(pathOf(tenant, person))
    for (const word of ['Sanne', 'sanne', 'uEi', 'v1.', person.claims.sub]) {
      expect(text).not.toContain(word)
    }
  })
})
