/** Many people erased together: what the tenant asks first, and the job that does it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { erasuresCommand } from '../../src/cli/erasure-requests.ts'
import { createKeyringText } from '../../src/crypto/keyring.ts'
import { hashSecret } from '../../src/crypto/random.ts'
import type { TenantId } from '../../src/domain/ids.ts'
import { carryOutErasures } from '../../src/flow/carry-out-erasures.ts'
import { runJobHere } from '../../src/jobs.ts'
import { type Admin, type Answer, adminWith } from '../http/admin/client.ts'
import { rowsOf, startTenant } from '../people/people.ts'
import { type Bridge, startBridge, type TestTenant } from '../support/bridge.ts'
import { lockWaits } from '../support/locks.ts'
import { query } from '../support/postgres.ts'

let bridge: Bridge
let folder: string
let ledger: string
const keyring = createKeyringText()
let asking: Admin
let approving: Admin
beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'identity-bridge-bulk-'))
  ledger = path.join(folder, 'ledger')
  bridge = await startBridge({ keyring, env: { ERASURE_LEDGER: ledger } })
  asking = await adminWith(bridge, ['privacy:erase', 'tenants:manage'])
  approving = await adminWith(bridge, ['privacy:erase'])
})
afterAll(async () => {
  await bridge.stop()
  rmSync(folder, { recursive: true, force: true })
})

const HOUR = 3_600_000
const at = ({ slug }: TestTenant) => `/tenants/${slug}/erasure-requests`
const policy = (tenant: TestTenant, four_eyes: boolean, wait_hours: number) =>
  asking.put(`/tenants/${tenant.slug}/erasure-policy`, { four_eyes, wait_hours })
const run = () => {
  const { db, keyring, config } = bridge.deps
  return runJobHere({ config, db, keyring, clock: bridge.clock.now }, 'erase-requested')
}
const statesOf = async (tenant: TestTenant) =>
  (await rowsOf<{ status: string }>(bridge, tenant, 'identity', 'true ORDER BY created_at')).map(
    ({ status }) => status,
  )
const ask = (tenant: TestTenant, persons: readonly string[]) =>
  asking.post(at(tenant), { ground: 'not_needed', persons })

describe('issue 5 item 1: four eyes and a waiting time for erasing many', () => {
  test('a second token approves, the time passes, the job erases; whom it was about is forgotten', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'bulk')
    expect((await policy(tenant, true, 2)).body).toEqual({ four_eyes: true, wait_hours: 2 })
    const asked = await ask(tenant, [older.id, newer.id, older.id])
    expect(asked.body).toMatchObject({ state: 'waiting', persons: 2, approved_by: null })
    const one = `${at(tenant)}/${asked.body.id}`
    bridge.clock.advance(3 * HOUR)
    await run()
    expect(await statesOf(tenant)).toEqual(['ACTIVE', 'ACTIVE'])
    expect((await asking.post(`${one}/approve`, {})).status).toBe(409)
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => approving.post(`${one}/approve`, {})),
    )
    expect(new Set(answers.map(({ body }) => body.state))).toEqual(new Set(['approved']))
    await run()
    expect(await statesOf(tenant)).toEqual(['ACTIVE', 'ACTIVE'])
    bridge.clock.advance(2 * HOUR + 1)
    expect(await run()).toMatchObject({ word: 'ok', counts: { requests: 1, persons: 2 } })
    bridge.clock.advance(-5 * HOUR - 1)
    expect(await statesOf(tenant)).toEqual(['ERASED', 'ERASED'])
    const { body } = await approving.get(at(tenant))
    expect(body).toMatchObject({
      policy: { four_eyes: true, wait_hours: 2 },
      requests: [{ state: 'done', persons: 0, erased: 2 }],
    })
    expect((await asking.post(`${one}/cancel`, {})).status).toBe(409)
    const [row] = await rowsOf<{ people: string[] }>(bridge, tenant, 'erasure_request')
    expect(row?.people).toEqual([])
    const events = await rowsOf<{ event_type: string; detail: string }>(
      ...([bridge, tenant, 'audit_event', `event_type LIKE 'erasures_%' ORDER BY seq`] as const),
    )
    expect(events.map(({ event_type }) => event_type)).toEqual([
      ...['erasures_requested', 'erasures_approved', 'erasures_done'],
    ])
    // Row 48: neither of the two can deny it afterwards.
    const [wanted, approved] = events.map(({ detail }) => JSON.parse(detail) as { actor: string })
    expect(wanted?.actor).toBe(asked.body.requested_by)
    expect(approved).toMatchObject({ request: asked.body.id })
    expect(approved?.actor).not.toBe(wanted?.actor)
  })

  test('what was cancelled is not done; a list with somebody who is not there erases nobody', async () => {
    const { tenant, older } = await startTenant(bridge, 'bulk-cancelled')
    await policy(tenant, false, 1)
    const asked = await ask(tenant, [older.id])
    expect(asked.body).toMatchObject({ state: 'approved' })
    const cancel = () => approving.post(`${at(tenant)}/${asked.body.id}/cancel`, {})
    expect((await cancel()).body).toMatchObject({ state: 'cancelled', erased: 0 })
    expect((await cancel()).status).toBe(200)
    const nobody = '2f1c9a60-7d0e-4c0b-9a55-3f1d2c4b5a69'
    expect((await ask(tenant, [older.id, nobody])).status).toBe(404)
    bridge.clock.advance(2 * HOUR)
    await run()
    bridge.clock.advance(-2 * HOUR)
    expect(await statesOf(tenant)).toEqual(['ACTIVE', 'ACTIVE'])
  })

  test('cancelled while it is carried out: nobody is erased after the answer, and the answer says how many were', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'bulk-halfway')
    const asked = await ask(tenant, [older.id, newer.id])
    const [first, second] = [older.id, newer.id].toSorted((a, b) => (a < b ? -1 : 1))
    const holder = new pg.Client({ connectionString: bridge.database.superuserUrl })
    await holder.connect()
    await holder.query('BEGIN')
    await holder.query('SELECT 1 FROM identity WHERE id = $1 FOR UPDATE', [second])
    const running = run()
    // The first is erased; the second's transaction waits for the holder, and the cancellation for that transaction.
    await lockWaits(bridge, 1)
    const cancelled = approving.post(`${at(tenant)}/${asked.body.id}/cancel`, {})
    await lockWaits(bridge, 2)
    await holder.query('COMMIT')
    await holder.end()
    const { body } = await cancelled
    await running
    expect(body).toMatchObject({ state: 'cancelled', persons: 0 })
    const erased = (
      await rowsOf<{ id: string }>(bridge, tenant, 'identity', `status = 'ERASED'`)
    ).map(({ id }) => id)
    expect(erased).toContain(first)
    expect(body.erased).toBe(erased.length)
  })

  test('a run that meets a cancelled request between two people erases nobody more', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'bulk-between')
    const asked = await ask(tenant, [older.id, newer.id])
    const [{ id: tenantId } = { id: '' as TenantId }] = await rowsOf<{ id: TenantId }>(
      ...([bridge, tenant, 'identity', 'true', 'tenant_id AS id'] as const),
    )
    let kept = 0
    const cancelled: Answer[] = []
    const keepLease = async () => {
      if (++kept === 2)
        cancelled.push(await approving.post(`${at(tenant)}/${asked.body.id}/cancel`, {}))
      return true
    }
    expect(await carryOutErasures(bridge.deps, tenantId, keepLease)).toMatchObject({
      ...{ requests: 0, persons: 1 },
    })
    expect(cancelled[0]?.body).toMatchObject({ state: 'cancelled', erased: 1 })
    expect((await statesOf(tenant)).toSorted()).toEqual(['ACTIVE', 'ERASED'])
  })

  test('a token that was revoked stands behind nothing, and one made for it approves nothing', async () => {
    const { tenant, older } = await startTenant(bridge, 'bulk-revoked')
    await policy(tenant, true, 1)
    const tokens = `SELECT id FROM admin_token WHERE token_hash = `
    const idOf = async (admin: { token: string }) =>
      (
        await query<{ id: string }>(
          bridge.database.superuserUrl,
          `${tokens}'${hashSecret(admin.token)}'`,
        )
      )[0]?.id ?? ''
    const revoke = async (id: string) =>
      await query(
        bridge.database.superuserUrl,
        `UPDATE admin_token SET revoked_at = created_at WHERE id = '${id}'`,
      )
    const [one, two] = [
      await adminWith(bridge, ['privacy:erase']),
      await adminWith(bridge, ['privacy:erase']),
    ]
    const request = async (admin: Admin) =>
      String((await admin.post(at(tenant), { ground: 'not_needed', persons: [older.id] })).body.id)
    const id = await request(one)
    bridge.clock.advance(1)
    const fresh = await adminWith(bridge, ['privacy:erase'])
    const late = await fresh.post(`${at(tenant)}/${id}/approve`, {})
    expect([late.status, late.text]).toEqual([
      409,
      expect.stringContaining('older than the request'),
    ])
    expect((await two.post(`${at(tenant)}/${id}/approve`, {})).body.state).toBe('approved')
    await revoke(await idOf(two))
    bridge.clock.advance(2 * HOUR)
    await run()
    bridge.clock.advance(-2 * HOUR - 1)
    const stateOf = async () =>
      (await rowsOf<{ state: string }>(bridge, tenant, 'erasure_request', `id = '${id}'`))[0]?.state
    expect(await stateOf(), 'it waits for an approval again').toBe('waiting')
    expect(await statesOf(tenant)).toEqual(['ACTIVE', 'ACTIVE'])
    await revoke(await idOf(one))
    const orphan = await approving.post(`${at(tenant)}/${id}/approve`, {})
    expect([orphan.status, orphan.text]).toEqual([409, expect.stringContaining('was revoked')])
    expect((await approving.post(`${at(tenant)}/${id}/cancel`, {})).body.state).toBe('cancelled')
  })

  test('a request that is reopened while its approval waits for it is not approved by who asked, nor without a look at the tokens', async () => {
    const { tenant, older } = await startTenant(bridge, 'bulk-reopened')
    await policy(tenant, true, 1)
    const { body } = await ask(tenant, [older.id])
    const one = `${at(tenant)}/${body.id}`
    await approving.post(`${one}/approve`, {})
    const holder = new pg.Client({ connectionString: bridge.database.superuserUrl })
    await holder.connect()
    await holder.query('BEGIN')
    await holder.query(
      `UPDATE erasure_request SET state = 'waiting', approved_by = NULL, approved_at = NULL WHERE id = $1`,
      [body.id],
    )
    const tries = [asking, approving].map((admin) => admin.post(`${one}/approve`, {}))
    await lockWaits(bridge, 2)
    await holder.query('COMMIT')
    await holder.end()
    const said = (await Promise.all(tries)).map(({ status, text }) => [status, text])
    expect(said).toEqual([
      [409, expect.stringContaining('somebody else has to approve')],
      [409, expect.stringContaining('reopened just now')],
    ])
    expect((await approving.post(`${one}/approve`, {})).body.state).toBe('approved')
  })

  test('who is erased meanwhile is no longer in a list that waits', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'bulk-meanwhile')
    await policy(tenant, true, 1)
    await ask(tenant, [older.id, newer.id])
    const erase = `/tenants/${tenant.slug}/identities/${older.id}/erase`
    expect((await asking.post(erase, { ground: 'objection' })).status).toBe(200)
    const rows = await rowsOf<{ people: string[] }>(bridge, tenant, 'erasure_request')
    expect(rows.map(({ people }) => people)).toEqual([[newer.id]])
  })

  test('GD-12 a run that died half-way goes on: who is erased already keeps the receipt they have', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'bulk-resumed')
    const asked = await ask(tenant, [older.id, newer.id])
    const erase = `/tenants/${tenant.slug}/identities/${older.id}/erase`
    const first = await asking.post(erase, { ground: 'objection' })
    await run()
    expect(await statesOf(tenant)).toEqual(['ERASED', 'ERASED'])
    expect((await asking.post(erase, { ground: 'objection' })).body).toEqual(first.body)
    expect(asked.status).toBe(200)
  })

  test('an erasure that the ledger lacks is noted by the job', async () => {
    const { tenant, older } = await startTenant(bridge, 'bulk-unnoted')
    const erase = `/tenants/${tenant.slug}/identities/${older.id}/erase`
    const { body } = await asking.post(erase, { ground: 'objection' })
    await query(
      bridge.database.superuserUrl,
      `UPDATE erasure SET noted_at = NULL WHERE id = '${String(body.id)}'`,
    )
    const lines = () => readFileSync(ledger, 'utf8').split(String(body.id)).length
    const before = lines()
    expect(await run()).toMatchObject({ counts: { noted: 1 } })
    expect(lines()).toBeGreaterThan(before)
    expect(await rowsOf(bridge, tenant, 'erasure', 'noted_at IS NULL')).toEqual([])
  })

  test('by CLI: asked, approved by somebody else alone, cancelled, done', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'bulk-cli')
    const cli = async (...words: string[]) => {
      const said: string[] = []
      const write = (line: string) => void said.push(line)
      const environment = {
        ...{ DATABASE_URL: bridge.database.runtimeUrl, KEYRING: keyring, PUBLIC_URL: bridge.url },
        ALLOW_LOOPBACK: 'yes',
      }
      const command = erasuresCommand({ environment, out: write, err: write }).exitOverride()
      await command.parseAsync(words, { from: 'user' })
      return said.join('\n')
    }
    const rules = ['--four-eyes', 'on', '--wait-hours', '0']
    const said = 'Somebody else has to approve; then it waits 0 hours.'
    expect(await cli('policy', 'bulk-cli', ...rules)).toBe(said)
    const theirs = String((await ask(tenant, [older.id])).body.id)
    const own = await cli(
      ...['request', 'bulk-cli', '--ground', 'not_needed', '--person', newer.id, older.id],
    )
    expect(own).toMatch(/ {2}waiting {2}not_needed {2}2 {2}cli /)
    const [mine = ''] = own.split('  ')
    await expect(cli('approve', 'bulk-cli', mine)).rejects.toMatchObject({
      failure: { kind: 'conflict', detail: 'somebody else has to approve' },
    })
    expect(await cli('approve', 'bulk-cli', theirs)).toContain('  approved  ')
    expect(await cli('cancel', 'bulk-cli', mine)).toContain('  cancelled  ')
    expect(await cli('run')).toContain('"requests":1')
    expect(await statesOf(tenant)).toEqual(['ERASED', 'ACTIVE'])
    const listed = await cli('list', 'bulk-cli')
    expect(listed).toContain(said)
    expect(listed).toMatch(new RegExp(`^${theirs} +done +not_needed +0 .* cli .* 1$`, 'm'))
    await expect(cli('approve', 'bulk-cli', 'nothing')).rejects.toMatchObject({
      failure: { kind: 'not_found' },
    })
  })
})
