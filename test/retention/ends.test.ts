/** What ends by itself: links nobody uses, what was deleted a while ago, and people whom nothing leads to any more. */
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openOutboxEvent } from '../../src/crypto/outbox-event.ts'
import type { EventId, TenantId } from '../../src/domain/ids.ts'
import type { Sealed } from '../../src/domain/text.ts'
import { DAY } from '../../src/domain/time.ts'
import { endInactiveLinks } from '../../src/flow/end-inactive-links.ts'
import { eraseIdentity } from '../../src/flow/erase-identity.ts'
import { purgeDeleted } from '../../src/flow/purge-deleted.ts'
import { restoreLink } from '../../src/flow/restore-link.ts'
import { subscribeToEvents } from '../../src/flow/subscribe-to-events.ts'
import { accountOf, newPerson, type Person, rowsOf } from '../people/people.ts'
import { type AuditRow, brokenLinks } from '../support/audit-chain.ts'
import { ACTOR, type Bridge, logIn, startBridge, type TestTenant } from '../support/bridge.ts'
import { lockWaits } from '../support/locks.ts'
import { query } from '../support/postgres.ts'

let bridge: Bridge
let tenant: TestTenant
let tenantId: TenantId
let sanne: Person
let milan: Person
beforeAll(async () => {
  bridge = await startBridge()
  tenant = bridge.tenant
  sanne = await newPerson(bridge, tenant, 'sanne')
  milan = await newPerson(bridge, tenant, 'milan')
  const [row] = await query<{ id: TenantId }>(
    bridge.database.superuserUrl,
    `SELECT id FROM tenant WHERE slug = 'demo'`,
  )
  tenantId = row?.id ?? ('' as TenantId)
})
afterAll(() => bridge.stop())

const ask = <Row extends object>(text: string) => query<Row>(bridge.database.superuserUrl, text)
const always = () => Promise.resolve(true)
const endInactive = () => endInactiveLinks(bridge.deps, tenantId, always)
const purge = () => purgeDeleted(bridge.deps, tenantId, always)
const daysAgo = (days: number) => new Date(bridge.clock.now() - days * DAY).toISOString()
/** As if the person had used their wallets last so many days ago. */
async function age(person: Person, days: number): Promise<void> {
  const own = `(SELECT id FROM identity_match WHERE internal_identity_id = '${person.id}')`
  await ask(`
    UPDATE identity_link_binding SET last_used_at = '${daysAgo(days)}' WHERE match_id IN ${own};
    UPDATE identity_match SET last_used_at = '${daysAgo(days)}' WHERE id IN ${own}`)
}
const shiftAll = (table: string, column: string, days: number) =>
  ask(
    `UPDATE ${table} SET ${column} = '${daysAgo(days)}' WHERE ${column} IS NOT NULL AND tenant_id = '${tenantId}'`,
  )
const eventsOf = async (type: string) =>
  await rowsOf<{ detail: string; subject_hash: string | null }>(
    ...([bridge, tenant, 'audit_event', `event_type = '${type}' ORDER BY seq`] as const),
  )
const NOTHING = { people: 0, warned: 0, bindings: 0, matches: 0 }

describe('item 3 links nobody uses', () => {
  test('are told of before their end, to whoever listens, once', async () => {
    await subscribeToEvents(bridge.deps, ACTOR, tenant.slug, {
      ...{ clientId: undefined, delivery: 'poll', endpoint: undefined, audience: undefined },
      eventTypes: ['binding_expiring', 'binding_removed', 'identity_erased'],
    })
    await age(sanne, 701)
    const runs = await Promise.all(Array.from({ length: 8 }, endInactive))
    expect(runs.reduce((told, { warned }) => told + warned, 0)).toBe(1)
    expect(await endInactive()).toEqual(NOTHING)
    const [row, ...more] = await rowsOf<{ id: EventId; payload: Sealed }>(bridge, tenant, 'outbox')
    if (row === undefined) throw new Error('nobody was told')
    expect(more, 'told once').toEqual([])
    const content = openOutboxEvent(bridge.deps.keyring, tenantId, row)
    expect(content).toMatchObject({ type: 'binding_expiring', subject: sanne.id })
    const [event] = await eventsOf('inactivity_warned')
    expect(event).toMatchObject({ detail: '{"bindings":1}', subject_hash: expect.any(String) })
  })

  test('stay when they are used after the warning', async () => {
    expect((await logIn(bridge, sanne.wallet)).viaInstitution).toBe(false)
    await shiftAll('identity_link_binding', 'inactivity_warned_at', 40)
    expect(await endInactive()).toEqual(NOTHING)
    await age(sanne, 701)
    await shiftAll('identity_link_binding', 'inactivity_warned_at', 720)
    expect((await endInactive()).warned, 'and are told of anew').toBe(1)
  })

  test('of one person who cannot be read hold up no other’s; the run says so', async () => {
    const [first, second] = [sanne, milan].toSorted((a, b) => (a.id < b.id ? -1 : 1))
    if (first === undefined || second === undefined) throw new Error('there are two')
    const [row] = await ask<{ audit_salt: string }>(
      `SELECT audit_salt FROM identity WHERE id = '${first.id}'`,
    )
    const salt = (text: string) =>
      ask(`UPDATE identity SET audit_salt = '${text}' WHERE id = '${first.id}'`)
    await ask('CREATE TABLE kept AS SELECT * FROM identity_link_binding')
    await shiftAll('identity_link_binding', 'last_used_at', 701)
    await ask('UPDATE identity_link_binding SET inactivity_warned_at = NULL')
    await salt('c1.unreadable')
    await expect(endInactive()).rejects.toMatchObject({ failure: { kind: 'sealed_unreadable' } })
    const warned = await ask<{ id: string }>(
      `SELECT m.internal_identity_id AS id FROM identity_link_binding b JOIN identity_match m ON m.id = b.match_id
        WHERE b.inactivity_warned_at IS NOT NULL`,
    )
    expect(warned).toEqual([{ id: second.id }])
    await salt(row?.audit_salt ?? '')
    await ask(`
      UPDATE identity_link_binding b SET last_used_at = k.last_used_at, inactivity_warned_at = k.inactivity_warned_at
        FROM kept k WHERE k.id = b.id;
      DROP TABLE kept`)
  })

  test('end after 730 days: the wallet and the account are strangers’, in one step, and can be restored', async () => {
    await age(sanne, 731)
    await shiftAll('identity_link_binding', 'inactivity_warned_at', 30)
    const live = () =>
      rowsOf<{ id: string }>(
        bridge,
        tenant,
        'identity_match',
        `internal_identity_id = '${sanne.id}' AND deleted_at IS NULL`,
      )
    const before = (await live()).length
    const runs = await Promise.all(Array.from({ length: 8 }, endInactive))
    const ended = runs.map(({ bindings, matches }) => [bindings, matches])
    expect(ended.filter(([bindings]) => bindings === 1)).toEqual([[1, before]])
    const left = await live()
    expect(left).toEqual([])
    expect(await eventsOf('inactive_links_ended')).toHaveLength(1)
    const [gone] = await rowsOf<{ id: string; deletion_reason: string }>(
      ...([
        bridge,
        tenant,
        'identity_match',
        `internal_identity_id = '${sanne.id}' AND hash_key = 'A'`,
      ] as const),
    )
    expect(gone?.deletion_reason).toBe('INACTIVE')
    await restoreLink(bridge.deps, ACTOR, tenant.slug, {
      identityId: sanne.id,
      matchId: gone?.id as never,
    })
    const again = await logIn(bridge, sanne.wallet)
    expect([again.viaInstitution, again.login.claims.sub]).toEqual([false, sanne.sub])
  })

  test('of a person whose data is restricted stay as they are', async () => {
    await age(milan, 900)
    await ask(`UPDATE identity SET status = 'RESTRICTED' WHERE id = '${milan.id}'`)
    expect(await endInactive()).toEqual(NOTHING)
    await ask(`UPDATE identity SET status = 'ACTIVE' WHERE id = '${milan.id}'`)
  })

  test('an account left without a wallet ends after as long', async () => {
    await age(milan, 1)
    await ask(`
      UPDATE identity_link_binding SET deleted_at = '${daysAgo(1)}', deletion_reason = 'USER_UNLINK'
       WHERE match_id IN (SELECT id FROM identity_match WHERE internal_identity_id = '${milan.id}');
      UPDATE identity_match SET last_used_at = '${daysAgo(800)}' WHERE internal_identity_id = '${milan.id}' AND hash_key = 'B'`)
    expect(await endInactive()).toEqual({ ...NOTHING, people: 1, matches: 1 })
  })
})

describe('item 4 the purge', () => {
  test('leaves what may still be restored, and what is restricted', async () => {
    expect(await purge()).toEqual({ bindings: 0, matches: 0, tombstones: 0, people: 0 })
    await age(sanne, 900)
    await shiftAll('identity_link_binding', 'inactivity_warned_at', 90)
    expect((await endInactive()).bindings).toBe(1)
    await shiftAll('identity_match', 'deleted_at', 31)
    await shiftAll('identity_link_binding', 'deleted_at', 31)
    await ask(`UPDATE identity SET status = 'RESTRICTED' WHERE id = '${sanne.id}'`)
    const gone = await purge()
    expect(gone, 'milan’s').toMatchObject({ bindings: 1, matches: 1, people: 0 })
    await ask(`UPDATE identity SET status = 'ACTIVE' WHERE id = '${sanne.id}'`)
  })

  test('waits for a restriction under way, and keeps what it holds', async () => {
    const client = new pg.Client(bridge.database.superuserUrl)
    await client.connect()
    try {
      await client.query('BEGIN')
      const set = (status: string) =>
        `UPDATE identity SET status = '${status}' WHERE id = '${sanne.id}'`
      await client.query(set('RESTRICTED'))
      const purging = purge()
      await lockWaits(bridge, 1)
      await client.query('COMMIT')
      expect(await purging).toEqual({ bindings: 0, matches: 0, tombstones: 0, people: 0 })
      await client.query(set('ACTIVE'))
    } finally {
      await client.end()
    }
  })

  test('23 removes the rest for good, and with it whoever nothing leads to: key, attributes, subjects, messages', async () => {
    await ask(`
      INSERT INTO auxiliary_data (id, tenant_id, identity_id, category, encrypted_payload, created_at, updated_at)
      VALUES ('left', '${tenantId}', '${sanne.id}', 'notes', 'v1.x', '${daysAgo(1)}', '${daysAgo(1)}')`)
    await shiftAll('identity', 'created_at', 900)
    const runs = await Promise.all(Array.from({ length: 5 }, purge))
    const sum = (name: 'bindings' | 'matches' | 'people') =>
      runs.reduce((total, run) => total + run[name], 0)
    expect([sum('bindings'), sum('people')]).toEqual([1, 1])
    expect(sum('matches')).toBeGreaterThanOrEqual(2)
    const left = await ask<{ status: string; wrapped_data_key: null; audit_salt: null }>(
      `SELECT * FROM identity WHERE id = '${sanne.id}'`,
    )
    expect(left).toMatchObject([{ status: 'ERASED', wrapped_data_key: null, audit_salt: null }])
    for (const table of [
      'identity_match',
      'pairwise_subject',
      'auxiliary_data',
      'login_grant',
      'outbox',
    ]) {
      const column = table === 'identity_match' ? 'internal_identity_id' : 'identity_id'
      expect(await rowsOf(bridge, tenant, table, `${column} = '${sanne.id}'`), table).toEqual([])
    }
    const [told] = await eventsOf('identity_forgotten')
    expect(told?.subject_hash).toBeNull()
    const [erased] = await rowsOf(bridge, tenant, 'outbox', `event_type = 'identity_erased'`)
    expect(erased, 'receivers are to erase what they got').toMatchObject({ identity_id: null })
    const back = await logIn(bridge, sanne.wallet, { user: accountOf('sanne') })
    expect([back.viaInstitution, back.login.claims.sub === sanne.sub]).toEqual([true, false])
  })

  test('takes the tombstones of an erased person too, and the trail is whole', async () => {
    const before = await rowsOf(
      bridge,
      tenant,
      'identity_match',
      `deletion_reason = 'GDPR_ERASURE'`,
    )
    expect(before).toEqual([])
    const [owner] = await rowsOf<{ id: string }>(
      bridge,
      tenant,
      'identity',
      `status = 'ACTIVE' AND id <> '${milan.id}'`,
    )
    await eraseIdentity(bridge.deps, ACTOR, tenant.slug, {
      identityId: owner?.id as never,
      ground: 'objection',
    })
    const tombstones = await rowsOf(
      bridge,
      tenant,
      'identity_match',
      `deletion_reason = 'GDPR_ERASURE'`,
    )
    expect(tombstones.length).toBeGreaterThan(1)
    expect((await purge()).tombstones, 'not yet').toBe(0)
    await shiftAll('identity_match', 'deleted_at', 31)
    expect((await purge()).tombstones).toBe(tombstones.length)
    expect(brokenLinks(await ask<AuditRow>('SELECT * FROM audit_event'))).toEqual([])
  })
})
