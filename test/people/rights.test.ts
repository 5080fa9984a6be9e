/** What a person may ask for besides erasure: to be found, everything held about them, and that nothing is used. */
import { fetchUserInfo } from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { walletOf } from '../../demo/people.ts'
import { type EcPublicJwk, thumbprint } from '../../src/crypto/thumbprint.ts'
import type { JsonObject } from '../../src/domain/text.ts'
import { EXPORTED, type ExportRule } from '../../src/store/exported.ts'
import { newCaller } from '../data/world.ts'
import { type Admin, adminWith } from '../http/admin/client.ts'
import { type Bridge, logIn, startBridge, type TestTenant } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { accountOf, demoPerson, knownLogin, newPerson, rowsOf, startTenant } from './people.ts'

let bridge: Bridge
let admin: Admin
beforeAll(async () => {
  bridge = await startBridge()
  const scopes = ['identities:manage', 'privacy:export', 'clients:manage'] as const
  admin = await adminWith(bridge, scopes)
})
afterAll(() => bridge.stop())

const accountAt = (tenant: TestTenant, user: string) => ({
  ...{ kind: 'account', provider: 'surf' },
  value: bridge.institution.subjectOf(user, `bridge-${tenant.slug}`),
})
const eventsOf = (tenant: TestTenant, type: string) =>
  rowsOf<{ detail: string; subject_hash: string | null }>(
    bridge,
    tenant,
    'audit_event',
    `event_type = '${type}' ORDER BY seq`,
  )

describe('issue 5 item 1: a person is found by an identifier', () => {
  test('by account and by key of a wallet; each search is in the trail, found or not', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'finding')
    const path = `/tenants/${tenant.slug}/identities/find`
    const byAccount = await admin.post(path, accountAt(tenant, 'sanne'))
    expect(byAccount.body).toMatchObject({ id: older.id, status: 'ACTIVE' })
    const key = { kind: 'key', thumbprint: thumbprint(newer.wallet.publicJwk as EcPublicJwk) }
    expect((await admin.post(path, key)).body.id).toBe(newer.id)
    expect((await admin.post(path, accountAt(tenant, 'noor'))).status).toBe(404)
    expect((await admin.post(path, { ...key, thumbprint: 'x' })).status).toBe(400)
    expect(
      (await admin.post(path, { identifier_type: 'EMAIL', identifier: 'a@b.example' })).status,
    ).toBe(400)
    const searches = await eventsOf(tenant, 'identity_looked_up')
    expect(searches.map(({ detail }) => JSON.parse(detail))).toMatchObject([
      { identifier: 'SUBJECT_ID', found: true },
      { identifier: 'KEY', found: true },
      { identifier: 'SUBJECT_ID', found: false },
    ])
    expect(JSON.stringify(searches)).not.toContain(older.id)
  })
})

/** Each column that is said to be in the export is in its first row. */
function expectColumns(
  told: { [member: string]: unknown },
  rule: Extract<ExportRule, { member: string }>,
) {
  const [row] = told[rule.member] as JsonObject[]
  expect(row, `${rule.member} has a row`).toBeDefined()
  const names = Object.values(rule.columns)
  expect(Object.keys(row ?? {}), rule.member).toEqual(expect.arrayContaining(names))
}

describe('issue 5 item 2: everything held about a person', () => {
  let tenant: TestTenant
  beforeAll(async () => {
    tenant = await bridge.addTenant('exporting')
  })

  test('GD-02 Art. 15 20 attributes with their origin, accounts, links, subjects, logins, events', async () => {
    await admin.post(`/tenants/${tenant.slug}/event-subscriptions`, { delivery: 'poll' })
    const person = await newPerson(bridge, tenant, 'sanne')
    const second = await walletOf(demoPerson('sanne'), bridge.issuer)
    await logIn(bridge, second, { tenant, user: accountOf('sanne') })
    const caller = await newCaller(bridge, { slug: tenant.slug })
    const fields = { fields: { card: 'L-1' } }
    await caller.ask('PUT', `/identities/${person.id}/auxiliary/enrolment`, { body: fields })
    const now = 'created_at, created_at FROM identity'
    await query(
      bridge.database.superuserUrl,
      `INSERT INTO consent (tenant_id, identity_id, client_id, scopes, claims, created_at, updated_at)
         SELECT tenant_id, id, 'app', '["openid"]', '["given_name"]', ${now} WHERE id = '${person.id}';
       INSERT INTO account_choice (tenant_id, identity_id, client_id, binding_id, created_at, updated_at)
         SELECT tenant_id, id, 'app', 'one', ${now} WHERE id = '${person.id}'`,
    )
    const answer = await admin.post(`/tenants/${tenant.slug}/identities/${person.id}/export`, {})
    expect(answer.status).toBe(200)
    const told = answer.body as unknown as Record<string, JsonObject[]>
    expect(told.persons).toMatchObject([{ id: person.id, status: 'ACTIVE' }])
    expect(told.known_by?.map(({ side }) => side).toSorted()).toEqual([
      ...['institution', 'wallet', 'wallet'],
    ])
    const account = accountAt(tenant, 'sanne').value
    expect(told.links).toHaveLength(2)
    for (const link of told.links ?? [])
      expect(link).toMatchObject({
        ...{ account, provider: 'surf', attributes: { given_name: 'Sanne' } },
        attributes_from: { given_name: expect.any(Array) },
      })
    expect(told.auxiliary).toMatchObject([{ category: 'enrolment', data: { card: 'L-1' } }])
    expect(told.subjects).toMatchObject([{ subject: person.sub }])
    expect(told.logins).toHaveLength(2)
    expect(told.logins?.[0]).toMatchObject({ client_id: 'app', scope: expect.any(String) })
    expect(told.journeys).toHaveLength(2)
    expect(told.institution_logins).toMatchObject([{ state: 'COMPLETED' }, { state: 'COMPLETED' }])
    expect(told.messages?.map(({ receiver }) => receiver)).toContain('tenant')
    expect(told.events?.map(({ type }) => type)).toContain('login_completed')
    // Nobody else's, and nothing that opens or finds anything.
    for (const word of ['uEi', 'v1.', 'c1.', 'milan']) expect(answer.text).not.toContain(word)
    for (const rule of Object.values(EXPORTED))
      if ('member' in rule && rule.member !== 'merges') expectColumns(told, rule)
    expect(await eventsOf(tenant, 'identity_exported')).toHaveLength(1)
  })

  test('by identifier the same; not without the scope, and not for nobody', async () => {
    const path = `/tenants/${tenant.slug}/exports`
    const named = await admin.post(path, accountAt(tenant, 'sanne'))
    expect(named.body.links).toHaveLength(2)
    expect((await admin.post(path, accountAt(tenant, 'noor'))).status).toBe(404)
    const weaker = await adminWith(bridge, ['identities:manage', 'privacy:erase'])
    expect((await weaker.post(path, accountAt(tenant, 'sanne'))).status).toBe(403)
    const nobody = '/identities/2f1c9a60-7d0e-4c0b-9a55-3f1d2c4b5a69/export'
    expect((await admin.post(`/tenants/${tenant.slug}${nobody}`, {})).status).toBe(404)
  })

  test('merged persons are exported together, each row under its own key', async () => {
    const { tenant: merged, older, newer } = await startTenant(bridge, 'exporting-both')
    await admin.post(`/tenants/${merged.slug}/merges`, { merged: newer.id, surviving: older.id })
    for (const id of [older.id, newer.id]) {
      const { body } = await admin.post(`/tenants/${merged.slug}/identities/${id}/export`, {})
      const links = body.links as { account: string }[]
      if (EXPORTED.identity_merge !== undefined && 'member' in EXPORTED.identity_merge)
        expectColumns(body, EXPORTED.identity_merge)
      expect(new Set(links.map(({ account }) => account))).toEqual(
        new Set([accountAt(merged, 'sanne').value, accountAt(merged, 'milan').value]),
      )
    }
  })
})

describe('issue 5 item 2: restriction of processing', () => {
  test('Art. 18 nobody is recognised, nothing is released, tokens end; lifted, all is as it was', async () => {
    const { tenant, older } = await startTenant(bridge, 'restricting')
    await admin.post(`/tenants/${tenant.slug}/event-subscriptions`, {
      ...{ client_id: 'app', delivery: 'poll' },
      event_types: ['identity_restricted', 'restriction_lifted'],
    })
    const path = `/tenants/${tenant.slug}/identities/${older.id}`
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => admin.post(`${path}/restrict`, {})),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(answers[0]?.body).toMatchObject({ status: 'RESTRICTED' })
    const { configuration, accessToken, sub, wallet } = older
    await expect(fetchUserInfo(configuration, accessToken, sub)).rejects.toMatchObject({
      status: 401,
    })
    await expect(knownLogin(tenant, wallet)).rejects.toThrow('the login ended with')
    const [match] = (answers[0]?.body.matches ?? []) as { id: string }[]
    const unlink = await admin.post(`${path}/matches/${match?.id}/unlink`, {
      reason: 'USER_UNLINK',
    })
    expect(unlink.status).toBe(409)

    expect((await admin.post(`${path}/lift-restriction`, {})).body.status).toBe('ACTIVE')
    expect((await admin.post(`${path}/lift-restriction`, {})).status).toBe(200)
    expect((await knownLogin(tenant, wallet)).claims).toEqual(older.claims)
    await expect(fetchUserInfo(configuration, accessToken, sub)).rejects.toMatchObject({
      status: 401,
    })
    for (const type of ['identity_restricted', 'restriction_lifted']) {
      expect(await eventsOf(tenant, type)).toMatchObject([{ subject_hash: expect.any(String) }])
      expect(await rowsOf(bridge, tenant, 'outbox', `event_type = '${type}'`)).toHaveLength(1)
    }
  })

  test('somebody merged into another is not restricted by themselves', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'restricting-merged')
    await admin.post(`/tenants/${tenant.slug}/merges`, { merged: newer.id, surviving: older.id })
    const path = `/tenants/${tenant.slug}/identities/${newer.id}`
    expect((await admin.post(`${path}/restrict`, {})).status).toBe(409)
    expect((await admin.post(`${path}/lift-restriction`, {})).status).toBe(409)
    const survivor = `/tenants/${tenant.slug}/identities/${older.id}`
    expect((await admin.post(`${survivor}/restrict`, {})).status).toBe(200)
    const [line] = await rowsOf<{ said: string }>(bridge, tenant, 'ledger_line')
    expect(JSON.parse(line?.said ?? '')).toMatchObject({ persons: [older.id, newer.id] })
  })
})
