/** How long a tenant keeps what: seen, changed, tried before; and the record of processing, over HTTP. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TenantId } from '../../src/domain/ids.ts'
import { recordAsMarkdown } from '../../src/domain/processing-record.ts'
import { DATA_KIND_NAMES } from '../../src/domain/retention.ts'
import { DAY } from '../../src/domain/time.ts'
import { countDueRows } from '../../src/flow/retention-view.ts'
import { endInactiveJob } from '../../src/job/keep-retention.ts'
import { runNow } from '../../src/job/lease.ts'
import { runJobHere } from '../../src/jobs.ts'
import { type Admin, adminWith } from '../http/admin/client.ts'
import { newPerson } from '../people/people.ts'
import { type Bridge, startBridge } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'

let bridge: Bridge
let admin: Admin
beforeAll(async () => {
  bridge = await startBridge()
  admin = await adminWith(bridge, ['privacy:retention'])
  await newPerson(bridge, bridge.tenant, 'sanne')
})
afterAll(() => bridge.stop())

interface Entry {
  kind: string
  days: number | null
  notice_days: number
  due: number
  warned: number
  last_run_at: string | null
  ground: string
}
const PATH = '/tenants/demo/retention'
const ask = <Row extends object>(text: string) => query<Row>(bridge.database.superuserUrl, text)
const entryOf = async (kind: string) => {
  const { body } = await admin.get(PATH)
  const found = (body as unknown as { kinds: Entry[] }).kinds.find((one) => one.kind === kind)
  if (found === undefined) throw new Error(`nothing is said of ${kind}`)
  return found
}
const daysAgo = (days: number) => new Date(bridge.clock.now() - days * DAY).toISOString()

describe('item 3 the table', () => {
  test('has every kind of data with period, ground, runs and rows due', async () => {
    const { body } = await admin.get(PATH)
    const { kinds } = body as unknown as { kinds: Entry[] }
    expect(kinds.map(({ kind }) => kind)).toEqual(DATA_KIND_NAMES)
    for (const entry of kinds) expect(entry.ground).not.toBe('')
    expect(await entryOf('links')).toMatchObject({ days: 730, notice_days: 30, due: 0, warned: 0 })
    expect(await entryOf('auxiliary')).toMatchObject({ days: null })
    const nothing = () => Promise.resolve({})
    await runNow(bridge.deps, endInactiveJob(nothing), 'one')
    expect((await entryOf('links')).last_run_at).not.toBeNull()
  })

  test('a dry run says what would go, now and later, and touches nothing', async () => {
    const plan = async (body: object) => {
      const answer = await admin.post(`${PATH}/plan`, body)
      expect(answer.status).toBe(200)
      const { kinds } = answer.body as unknown as { kinds: Entry[] }
      return (kind: string) => kinds.find((one) => one.kind === kind)
    }
    const before = await ask('SELECT * FROM identity_link_binding')
    await ask(`UPDATE identity_link_binding SET last_used_at = '${daysAgo(100)}'`)
    expect((await plan({}))('links')).toMatchObject({ due: 0, warned: 0 })
    const shorter = await plan({ rules: [{ kind: 'links', days: 90, notice_days: 0 }] })
    expect(shorter('links')).toMatchObject({ days: 90, due: 1, warned: 0 })
    const told = await plan({ rules: [{ kind: 'links', days: 120, notice_days: 30 }] })
    expect(told('links')).toMatchObject({ due: 0, warned: 1 })
    const later = await plan({ at: new Date(bridge.clock.now() + 601 * DAY).toISOString() })
    expect(later('links')).toMatchObject({ warned: 1 })
    expect(later('grants')?.due).toBeGreaterThan(0)
    const after = await ask('SELECT * FROM identity_link_binding')
    expect(after).toEqual(
      before.map((row) => ({
        ...row,
        last_used_at: (after[0] as { last_used_at: string }).last_used_at,
      })),
    )
  })

  test('counting is bounded, and says where there may be more', async () => {
    const [{ id } = { id: '' as TenantId }] = await ask<{ id: TenantId }>(
      `SELECT id FROM tenant WHERE slug = 'demo'`,
    )
    const later = bridge.clock.now() + 1_400 * DAY
    const count = (bounds?: { most: number; time: number; page: number }) =>
      countDueRows(bridge.deps.db, id, new Map(), later, bounds)
    const whole = await count()
    expect([whole.warned, whole.atLeast.size]).toEqual([1, 0])
    expect(whole.grants).toBeGreaterThan(0)
    expect(await count({ most: 100, time: 60_000, page: 1 }), 'page by page').toEqual(whole)
    const short = await count({ most: 100, time: -1, page: 1 })
    expect([...short.atLeast]).toEqual(['links'])
    const few = await count({ most: 0, time: 60_000, page: 1 })
    expect([few.grants, few.atLeast.has('grants'), few.atLeast.has('links')]).toEqual([
      ...[1, true, true],
    ])
  })

  test('what the dry run counts is what the jobs then end and remove, and nothing else', async () => {
    const tenant = await bridge.addTenant('dry', { lastUsed: 'day' })
    const { sanne, milan, noor } = {
      sanne: await newPerson(bridge, tenant, 'sanne'),
      milan: await newPerson(bridge, tenant, 'milan'),
      noor: await newPerson(bridge, tenant, 'noor'),
    }
    const own = ({ id }: { id: string }) =>
      `IN (SELECT id FROM identity_match WHERE internal_identity_id = '${id}')`
    const [{ id: tenantId } = { id: '' as TenantId }] = await ask<{ id: TenantId }>(
      `SELECT id FROM tenant WHERE slug = 'dry'`,
    )
    // Sanne's link ends: told long ago. Milan's wallet ended, and his account alone is as old. Noor's is restricted.
    const midnight = (days: number) => `${daysAgo(days).slice(0, 10)}T00:00:00.000Z`
    await ask(`
      UPDATE identity_link_binding SET last_used_at = '${midnight(732)}', inactivity_warned_at = '${daysAgo(31)}' WHERE match_id ${own(sanne)};
      UPDATE identity_match SET last_used_at = '${midnight(732)}' WHERE id ${own(sanne)};
      UPDATE identity_link_binding SET deleted_at = '${daysAgo(31)}', deletion_reason = 'USER_UNLINK' WHERE match_id ${own(milan)} OR match_id ${own(noor)};
      UPDATE identity_match SET deleted_at = '${daysAgo(31)}', deletion_reason = 'USER_UNLINK', deleted_identifier_hash = identifier_hash,
             identifier_hash = 'deleted:' || id WHERE hash_key = 'A' AND (id ${own(milan)} OR id ${own(noor)});
      UPDATE identity_match SET last_used_at = '${daysAgo(800)}' WHERE hash_key = 'B' AND id ${own(milan)};
      UPDATE identity SET status = 'RESTRICTED' WHERE id = '${noor.id}';
      INSERT INTO auxiliary_data (id, tenant_id, identity_id, category, encrypted_payload, created_at, updated_at, expires_at)
        SELECT c, '${tenantId}', '${milan.id}', c, 'v1.x', '${daysAgo(9)}', '${daysAgo(9)}', e
          FROM (VALUES ('past', '${daysAgo(1)}'), ('future', '${daysAgo(-1)}'), ('none', NULL)) AS v (c, e);
      UPDATE journey SET expires_at = '${daysAgo(1)}' WHERE tenant_id = '${tenantId}' AND id IN (SELECT id FROM journey WHERE tenant_id = '${tenantId}' LIMIT 2);
      UPDATE journey SET expires_at = '${daysAgo(1 / 48)}' WHERE tenant_id = '${tenantId}' AND expires_at > '${daysAgo(1 / 2)}';
      UPDATE login_grant SET expires_at = '${daysAgo(1)}' WHERE identity_id = '${noor.id}'`)
    const counts = async () =>
      (
        await ask<Record<string, number>>(`
          SELECT (SELECT count(*)::int FROM identity_link_binding WHERE tenant_id = '${tenantId}' AND deleted_at IS NULL)
                   + (SELECT count(*)::int FROM identity_match WHERE deleted_at IS NULL AND id ${own(milan)}) AS links,
                 (SELECT count(*)::int FROM identity_link_binding WHERE tenant_id = '${tenantId}')
                   + (SELECT count(*)::int FROM identity_match WHERE tenant_id = '${tenantId}') AS ended_links,
                 (SELECT count(*)::int FROM auxiliary_data WHERE tenant_id = '${tenantId}') AS auxiliary,
                 (SELECT count(*)::int FROM journey WHERE tenant_id = '${tenantId}')
                   + (SELECT count(*)::int FROM reconciliation_session WHERE tenant_id = '${tenantId}') AS logins,
                 (SELECT count(*)::int FROM login_grant WHERE tenant_id = '${tenantId}') AS grants`)
      )[0] ?? {}
    const { body } = await admin.post('/tenants/dry/retention/plan', {})
    const planned = new Map(
      (body as unknown as { kinds: Entry[] }).kinds.map((one) => [one.kind, one]),
    )
    expect(planned.get('links')).toMatchObject({ due: 2, warned: 0 })
    const before = await counts()
    const { db, keyring, config } = bridge.deps
    for (const job of ['purge-deleted', 'end-inactive', 'expire-auxiliary', 'expire-journeys'])
      await runJobHere({ config, db, keyring, clock: bridge.clock.now }, job)
    const after = await counts()
    for (const kind of ['links', 'ended_links', 'auxiliary', 'logins', 'grants'])
      expect([kind, (before[kind] ?? 0) - (after[kind] ?? 0)]).toEqual([
        kind,
        planned.get(kind)?.due,
      ])
    expect(planned.get('ended_links')?.due).toBeGreaterThan(1)
    expect([planned.get('auxiliary')?.due, planned.get('grants')?.due]).toEqual([1, 1])
  })

  test('a tenant says another period and its own ground; audited; what is out of bounds or of another’s is refused', async () => {
    const rule = { days: 365, notice_days: 14, ground: 'Our decision of 3 March.' }
    const changed = await admin.put(`${PATH}/links`, rule)
    expect(changed.body).toMatchObject({ kind: 'links', ...rule })
    expect(await entryOf('links')).toMatchObject(rule)
    const [event] = await ask<{ detail: string }>(
      `SELECT detail FROM audit_event WHERE event_type = 'retention_changed'`,
    )
    expect(JSON.parse(event?.detail ?? '')).toMatchObject({ kind: 'links' })
    for (const [kind, body] of [
      ['links', { days: 4000 }],
      ['links', { days: 0 }],
      ['auxiliary', { days: 3 }],
      ['links', { weeks: 3 }],
    ] as const)
      expect((await admin.put(`${PATH}/${kind}`, body)).status, kind).toBe(400)
    expect((await admin.put(`${PATH}/nothing`, {})).status).toBe(404)
    expect((await admin.get('/tenants/nobody/retention')).status).toBe(404)
    await admin.put(`${PATH}/links`, {})
    expect(await entryOf('links'), 'as the service has it again').toMatchObject({ days: 730 })
  })
})

describe('item 3 the record of processing', () => {
  test('is written from the configuration: purposes, attributes, sources, recipients, periods; and what is left to say', async () => {
    const { status, body } = await admin.get('/tenants/demo/record-of-processing')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      controller: 'demo university',
      purposes: [{ recipient: 'Course catalogue', purpose: 'To show your courses.' }],
      identifiers: expect.arrayContaining(['account at the institution', 'holder_key']),
      attributes: expect.arrayContaining([expect.objectContaining({ name: 'given_name' })]),
      sources: expect.arrayContaining([{ name: 'SURF', kind: 'institution' }]),
      retention: expect.arrayContaining([
        expect.objectContaining({ period: '730 days, told 30 days before' }),
      ]),
    })
    expect((body.to_be_said as string[]).length).toBeGreaterThan(2)
    expect(body.markdown).toContain('| Course catalogue | To show your courses. |')
  })

  test('as Markdown, no name breaks out of its cell', () => {
    const nothing = { purposes: [], identifiers: [], attributes: [], sources: [], retention: [] }
    const text = recordAsMarkdown({
      ...{ ...nothing, tenant: 't', controller: 'A | B', privacyNotice: undefined },
      ...{
        generatedAt: '2026-01-01T00:00:00.000Z' as never,
        policies: {},
        dataSubjects: 'People.',
      },
      recipients: [{ name: '<b>|\n# x', kind: 'relying party', sees: '[a](b)' }],
      ...{ security: [], toBeSaid: [] },
    })
    expect(text).toContain('| \\<b\\>\\| # x | relying party | \\[a\\](b) |')
    expect(text).toContain('# Record of processing: A \\| B')
  })
})
