/** A person is erased, as the administration does it over HTTP; then every table is looked at. */
import { fetchUserInfo } from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { walletOf } from '../../demo/people.ts'
import { checkpointJwks, readCheckpointKeys } from '../../src/crypto/audit-checkpoint.ts'
import { auditSubjectHash } from '../../src/crypto/audit-subject.ts'
import { verifyReceipt } from '../../src/crypto/receipt.ts'
import { type EcPublicJwk, thumbprint } from '../../src/crypto/thumbprint.ts'
import type { ErasureId, IdentityId, TenantId } from '../../src/domain/ids.ts'
import type { JsonObject } from '../../src/domain/text.ts'
import { followTrail } from '../../src/flow/follow-trail.ts'
import { type Admin, adminWith } from '../http/admin/client.ts'
import { accountOf, demoPerson, newPerson, rowsOf, startTenant } from '../people/people.ts'
import { type Bridge, logIn, startBridge, type TestTenant } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { dump, marksOf } from './world.ts'

let bridge: Bridge
let admin: Admin
beforeAll(async () => {
  bridge = await startBridge()
  admin = await adminWith(bridge, ['privacy:erase', 'identities:manage', 'clients:manage'])
})
afterAll(() => bridge.stop())

const ground = 'consent_withdrawn'
const erase = (tenant: TestTenant, id: IdentityId) =>
  admin.post(`/tenants/${tenant.slug}/identities/${id}/erase`, { ground })
const keysOf = async (tenant: TestTenant) =>
  (await (await fetch(`${tenant.issuer}/jwks`)).json()) as { keys: JsonObject[] }

interface Told {
  id: ErasureId
  receipt: string
}

describe('issue 5 item 1: erasure', () => {
  test('GD-05 GD-06 nothing that was ever written about the person is left in any table', async () => {
    const tenant = await bridge.addTenant('traces')
    const listener = { client_id: 'app', delivery: 'poll' }
    expect((await admin.post('/tenants/traces/event-subscriptions', listener)).status).toBe(201)
    const person = await newPerson(bridge, tenant, 'sanne')
    const second = await walletOf(demoPerson('sanne'), bridge.issuer)
    await logIn(bridge, second, { tenant, user: accountOf('sanne') })
    const [match] = await rowsOf<{ id: string }>(bridge, tenant, 'identity_match', "hash_key = 'A'")
    const base = `/tenants/${tenant.slug}/identities/${person.id}`
    await admin.post(`${base}/matches/${match?.id}/unlink`, { reason: 'USER_UNLINK' })
    await query(
      bridge.database.superuserUrl,
      `INSERT INTO auxiliary_data (id, tenant_id, identity_id, category, encrypted_payload, created_at, updated_at)
       SELECT 'aux-of-the-marked-person-0001', tenant_id, id, 'library', 'v1.payload-of-the-marked-person', created_at, created_at
         FROM identity WHERE id = '${person.id}'`,
    )
    const marks = await marksOf(bridge.database.superuserUrl)
    expect(marks.length).toBeGreaterThan(60)
    const { id } = (await erase(tenant, person.id)).body as unknown as Told

    const left = await dump(bridge.database.superuserUrl)
    const allowed = ['audit_event', 'identity', 'erasure']
    const matchIds = (
      await rowsOf<{ id: string }>(bridge, tenant, 'identity_match', 'deleted_at IS NOT NULL')
    ).map(({ id }) => id)
    for (const [table, rows] of left) {
      if (allowed.includes(table)) continue
      for (const mark of marks) {
        if (table === 'identity_match' && matchIds.includes(mark.replace('deleted:', ''))) continue
        for (const row of rows) expect(row, `${table} holds ${mark}`).not.toContain(mark)
      }
    }
    const told = marks.filter((mark) => mark.startsWith('v1.') || mark === person.sub)
    for (const row of left.get('audit_event') ?? [])
      for (const mark of [...told, person.id]) expect(row).not.toContain(mark)
    // Who received something is told, by a message that names nobody.
    expect(await rowsOf(bridge, tenant, 'outbox')).toEqual([
      expect.objectContaining({ event_type: 'identity_erased', identity_id: null }),
    ])
    // Whose row stays, and what stays in it.
    const people = await rowsOf(bridge, tenant, 'identity')
    expect(people).toEqual([
      expect.objectContaining({
        ...{ id: person.id, status: 'ERASED', wrapped_data_key: null, audit_salt: null },
        ...{ data_key_version: null, merged_into: null, erasure_id: id },
      }),
    ])
    const tombs = await rowsOf<{ internal_identity_id: string }>(bridge, tenant, 'identity_match')
    expect(tombs.length).toBeGreaterThanOrEqual(3)
    expect(new Set(tombs.map((tomb) => tomb.internal_identity_id)).size).toBe(tombs.length)
    expect(new Set(tombs.map((tomb) => Object.values(tomb).join().includes(person.id)))).toEqual(
      new Set([false]),
    )
    expect(bridge.lines.join('\n')).not.toContain(person.id)
    expect(await (await fetch(`${bridge.url}/metrics`)).text()).not.toContain(person.id)
  })

  test('the receipt counts what went, is signed by the tenant, and is the same when asked again', async () => {
    const { tenant, older } = await startTenant(bridge, 'receipts')
    const first = await erase(tenant, older.id)
    expect(first.status).toBe(200)
    const { receipt, id } = first.body as unknown as Told
    const said = verifyReceipt(receipt, await keysOf(tenant))
    expect(said).toMatchObject({ iss: tenant.issuer, jti: id, ground, persons: [older.id] })
    expect(said.erased).toMatchObject({
      persons: 1,
      matches: 2,
      bindings: 1,
      subjects: 1,
      grants: 1,
    })
    expect((await erase(tenant, older.id)).body).toEqual(first.body)
    const events = await rowsOf<{ subject_hash: string | null; detail: string }>(
      bridge,
      tenant,
      'audit_event',
      "event_type = 'identity_erased'",
    )
    expect(events).toHaveLength(1)
    expect(events[0]?.subject_hash).toBeNull()
    expect(JSON.parse(events[0]?.detail ?? '')).toMatchObject({ erasure: id, ground, matches: 2 })
  })

  test('AU-12 the trail is whole before and after, and its events lead to nobody any more', async () => {
    const { tenant, older } = await startTenant(bridge, 'pseudonyms')
    const [
      { tenant_id: tenantId, audit_salt: salt } = { tenant_id: '' as TenantId, audit_salt: '' },
    ] = await rowsOf<{ tenant_id: TenantId; audit_salt: string }>(
      ...([bridge, tenant, 'identity', `id = '${older.id}'`] as const),
    )
    const { db, keyring } = bridge.deps
    const pseudonym = auditSubjectHash(keyring, tenantId, salt)
    const keys = readCheckpointKeys(checkpointJwks(keyring))
    const about = () => rowsOf(bridge, tenant, 'audit_event', `subject_hash = '${pseudonym}'`)
    const before = await about()
    expect(before.length).toBeGreaterThan(1)
    expect((await followTrail(db, tenantId, { keys })).fault).toBeUndefined()
    await erase(tenant, older.id)
    expect((await followTrail(db, tenantId, { keys })).fault).toBeUndefined()
    expect(await about()).toEqual(before)
    const secret = salt.split('.').at(-1) ?? ''
    expect(secret.length).toBeGreaterThan(20)
    for (const [table, rows] of await dump(bridge.database.superuserUrl))
      expect(rows.join('\n'), table).not.toContain(secret)
  })

  test('a receipt with one byte changed, of another type, or of another tenant is not believed', async () => {
    const { tenant, older } = await startTenant(bridge, 'forged')
    const { receipt } = (await erase(tenant, older.id)).body as unknown as Told
    const [header = '', payload = '', signature] = receipt.split('.')
    const said = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const forged = Buffer.from(JSON.stringify({ ...said, ground: 'unlawful' })).toString(
      'base64url',
    )
    const keys = await keysOf(tenant)
    expect(() => verifyReceipt(`${header}.${forged}.${signature}`, keys)).toThrow(
      'signature_invalid',
    )
    const foreign = await keysOf(bridge.tenant)
    expect(() => verifyReceipt(receipt, foreign)).toThrow('key_mismatch')
    const other = Buffer.from(
      JSON.stringify({ ...JSON.parse(Buffer.from(header, 'base64url').toString()), typ: 'JWT' }),
    ).toString('base64url')
    expect(() => verifyReceipt(`${other}.${payload}.${signature}`, keys)).toThrow('header_refused')
  })

  test('GD-08 OP-63 OP-69 tokens are over, the wallet is a stranger’s, and a new enrolment is somebody new', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'coming-back')
    await erase(tenant, older.id)
    const { configuration, accessToken, sub } = older
    await expect(fetchUserInfo(configuration, accessToken, sub)).rejects.toMatchObject({
      status: 401,
    })
    const again = await logIn(bridge, older.wallet, { tenant, user: accountOf('sanne') })
    expect(again.viaInstitution).toBe(true)
    expect(again.login.claims.sub).not.toBe(older.sub)
    const [, , third] = await rowsOf(bridge, tenant, 'identity', 'true ORDER BY created_at')
    expect(third).toMatchObject({ status: 'ACTIVE' })
    const others = await logIn(bridge, newer.wallet, { tenant })
    expect(others.login.claims.sub).toBe(newer.sub)
  })

  test('merged persons go together, a whole chain, by any of their ids, restricted or not; a split brings nobody back', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'merged')
    const newest = await newPerson(bridge, tenant, 'noor')
    const merges = `/tenants/${tenant.slug}/merges`
    const chain = [
      await admin.post(merges, { merged: newest.id, surviving: newer.id }),
      await admin.post(merges, { merged: newer.id, surviving: older.id }),
    ]
    const restrict = `/tenants/${tenant.slug}/identities/${older.id}/restrict`
    expect((await admin.post(restrict, {})).status).toBe(200)
    const first = await erase(tenant, newest.id)
    const said = verifyReceipt(String(first.body.receipt), await keysOf(tenant))
    const ids = [older.id, newer.id, newest.id]
    expect(said.persons).toEqual(ids.toSorted((a, b) => (a < b ? -1 : 1)))
    expect(said.erased).toMatchObject({ persons: 3, matches: 6, bindings: 3, subjects: 3 })
    for (const id of ids) expect((await erase(tenant, id)).body).toEqual(first.body)
    for (const { body } of chain)
      expect((await admin.post(`${merges}/${body.id}/split`, {})).status).toBe(404)
    const left = await rowsOf<{ status: string }>(bridge, tenant, 'identity')
    expect(left.map(({ status }) => status)).toEqual(['ERASED', 'ERASED', 'ERASED'])
  })

  test('by account and by key of a wallet; a repeat is answered as for anybody unknown', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'by-identifier')
    const path = `/tenants/${tenant.slug}/erasures`
    const value = bridge.institution.subjectOf('sanne', `bridge-${tenant.slug}`)
    const key = { kind: 'key', thumbprint: thumbprint(newer.wallet.publicJwk as EcPublicJwk) }
    const byKey = await admin.post(path, { ground, identifier: key })
    expect(byKey.status).toBe(200)
    const said = verifyReceipt(String(byKey.body.receipt), await keysOf(tenant))
    expect(said.persons).toEqual([newer.id])
    expect((await admin.post(path, { ground, identifier: key })).status).toBe(404)
    const account = { kind: 'account', provider: 'surf', value }
    const byAccount = await admin.post(path, { ground, identifier: account })
    expect(byAccount.status).toBe(200)
    expect(verifyReceipt(String(byAccount.body.receipt), await keysOf(tenant)).persons).toEqual([
      older.id,
    ])
    expect((await admin.post(path, { ground, identifier: account })).status).toBe(404)
  })

  test('fifty at once erase once', async () => {
    const { tenant, older } = await startTenant(bridge, 'fifty-erasures')
    const answers = await Promise.all(Array.from({ length: 50 }, () => erase(tenant, older.id)))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(answers[0]?.status).toBe(200)
    expect(await rowsOf(bridge, tenant, 'erasure')).toHaveLength(1)
  })

  test('is for tokens with the scope, of that tenant, and for people who are there', async () => {
    const { tenant, older } = await startTenant(bridge, 'rights')
    const path = `/tenants/${tenant.slug}/identities/${older.id}/erase`
    const without = await adminWith(bridge, ['identities:manage'])
    expect((await without.post(path, { ground })).status).toBe(403)
    const elsewhere = await adminWith(bridge, ['privacy:erase'], 'demo')
    expect((await elsewhere.post(path, { ground })).status).toBe(404)
    expect((await admin.post(path, { ground: 'because' })).status).toBe(400)
    const nobody = '00000000-0000-4000-8000-000000000000' as IdentityId
    expect((await erase(tenant, nobody)).status).toBe(404)
    expect(await rowsOf(bridge, tenant, 'erasure')).toEqual([])
  })
})
