/** How Postgres goes about statements that a job asks again and again, once their tables are large. */
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BindingId, MatchId, SubscriptionId } from '../../src/domain/ids.ts'
import {
  buryEvents,
  claimEvents,
  deleteOldEvents,
  findWaitingEvents,
  listDeadEvents,
  listDeliveredEvents,
  listWaitingEvents,
} from '../../src/store/outbox-delivery.ts'
import { purgeBindings } from '../../src/store/retention.ts'
import type { Step } from '../../src/store/statement.ts'
import { day, ONE, startTenantDatabase, type TenantDatabase } from './tenant-database.ts'

const ROWS = 20_000

let database: TenantDatabase
let client: pg.Client
beforeAll(async () => {
  database = await startTenantDatabase()
  const times = `'${day(1)}', '${day(1)}', '${day(1)}'`
  await database.look(`
    INSERT INTO relying_party (tenant_id, client_id, name, redirect_uris, token_endpoint_auth_method, sector, created_at, updated_at)
    VALUES ('${ONE}', 'app', 'App', '[]', 'none', 'app.example', '${day(1)}', '${day(1)}');
    INSERT INTO event_subscription (tenant_id, id, delivery, endpoint, audience, event_types, sealed_secrets, created_at, updated_at)
    SELECT '${ONE}', 'hook-' || n, 'webhook', 'https://x.example', 'a', '[]', 'v1.x', '${day(1)}', '${day(1)}' FROM generate_series(1, 3) n;
    INSERT INTO outbox (tenant_id, id, subscription_id, client_id, event_type, payload, created_at, due_at, delivered_at, dead_at)
    SELECT '${ONE}', n::text, CASE WHEN n % 10 > 0 THEN 'hook-' || 1 + n % 3 END, CASE WHEN n % 10 = 0 THEN 'app' END, 'binding_updated', 'v1.x',
           '${day(1)}', '${day(1)}', CASE WHEN n % 53 > 0 THEN '${day(2)}' END, CASE WHEN n % 159 = 0 THEN '${day(3)}' END
      FROM generate_series(1, ${ROWS}) n;
    INSERT INTO identity_match (id, tenant_id, identifier_hash, identifier_type, internal_identity_id, hash_key, created_at, updated_at, last_used_at)
    SELECT 'm' || n, '${ONE}', 'h' || n, 'KEY', 'p' || n, 'A', ${times} FROM generate_series(1, ${ROWS}) n;
    INSERT INTO identity_link_binding (id, tenant_id, match_id, holder_identifier_hash, holder_hash_key_version, created_at, updated_at, last_used_at)
    SELECT 'b' || n, '${ONE}', 'm' || n, 'h' || n, 1, ${times} FROM generate_series(1, ${ROWS}) n;
    ANALYZE`)
  client = new pg.Client({ connectionString: database.runtimeUrl })
  await client.connect()
  await client.query(`SELECT set_config('app.tenant_id', $1, false)`, [ONE])
  // What a prepared statement comes down to after a few uses.
  await client.query('SET plan_cache_mode = force_generic_plan')
})
afterAll(async () => {
  await client.end()
  await database.stop()
})

async function planOf({ text, values }: Step<unknown>): Promise<string> {
  const literals = values.map((value) =>
    value === null ? 'NULL' : pg.escapeLiteral(String(value)),
  )
  await client.query(`PREPARE one AS ${text}`)
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN EXECUTE one (${literals.join(', ')})`,
  )
  await client.query('DEALLOCATE one')
  return rows.map((row) => row['QUERY PLAN']).join('\n')
}

const tenantId = ONE
const [before, now, limit] = [day(5), day(5), 100]
const page = { tenantId, before, beforeId: '~', limit }
const ids = { ids: ['b1' as BindingId], matchIds: ['m2' as MatchId] }
const until = day(6)
const subscriptionId = 'hook-1' as SubscriptionId

test.each<[string, Step<unknown>, readonly string[]]>([
  ['list_waiting_events', listWaitingEvents(page), ['idx_outbox_waiting']],
  ['list_delivered_events', listDeliveredEvents(page), ['idx_outbox_delivered']],
  ['list_dead_events', listDeadEvents(page), ['idx_outbox_dead']],
  ['bury_events', buryEvents({ tenantId, before, now, limit }), ['idx_outbox_waiting']],
  [
    'delete_old_events',
    deleteOldEvents({ tenantId, deliveredBefore: before, deadBefore: before, limit }),
    ['idx_outbox_delivered', 'idx_outbox_dead'],
  ],
  [
    'claim_events',
    claimEvents({ tenantId, now, until, busy: [], each: 5, limit }),
    ['idx_outbox_due', 'idx_outbox_due_logout'],
  ],
  [
    'find_waiting_events',
    findWaitingEvents({ tenantId, subscriptionId, limit }),
    ['idx_outbox_fetched'],
  ],
  ['purge_bindings', purgeBindings({ tenantId, ...ids, before }), ['idx_binding_match']],
])('%s finds its rows by an index of its own', async (_, step, indexes) => {
  const plan = await planOf(step)
  for (const index of indexes) expect(plan).toMatch(new RegExp(`\\b${index}\\b`))
  expect(plan).not.toMatch(/Seq Scan on (outbox|identity_match|identity_link_binding)/)
})

test('what they give is the same as before: of each state its own, and purged is what ended', async () => {
  const listed = await database.run(listDeadEvents({ ...page, limit: 1_000 }))
  expect(listed).toHaveLength(Math.floor(ROWS / 159))
  const claim = claimEvents({ tenantId, now, until, busy: [], each: 5, limit: 12 })
  const claimed = await database.run(claim)
  const byReceiver = Map.groupBy(claimed, (one) => one.subscription_id ?? one.client_id)
  expect(claimed).toHaveLength(12)
  expect(Math.max(...[...byReceiver.values()].map(({ length }) => length))).toBeLessThanOrEqual(5)
  await database.look(
    `UPDATE identity_match SET deleted_at = '${day(2)}', identifier_hash = 'deleted:m2', deleted_identifier_hash = 'h2' WHERE id = 'm2'; UPDATE identity_link_binding SET deleted_at = '${day(2)}' WHERE id = 'b1'`,
  )
  const purged = await database.run(purgeBindings({ tenantId, ...ids, before }))
  expect(purged.map(({ id }) => id).toSorted()).toEqual(['b1', 'b2'])
})
