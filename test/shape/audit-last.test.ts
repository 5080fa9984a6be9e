/**
 * AU-04, row 49: the audit event is the last statement of its transaction and goes out together with the commit, for the
 * head of the tenant's trail is locked from then on. `test/support/watch.ts` watches every bridge that any test starts.
 */
import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createWatchedDatabase, type TestDatabase } from '../support/postgres.ts'

let database: TestDatabase
let client: pg.Client
beforeAll(async () => {
  database = await createWatchedDatabase()
  client = new pg.Client({ connectionString: database.runtimeUrl })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await database.drop()
})

const EVENT = `INSERT INTO audit_event (id, tenant_id, event_type, created_at)
  VALUES (gen_random_uuid(), 'system', 'login_refused', '2026-01-01T00:00:00.000Z')`
const OTHER = `UPDATE job SET paused = 1`
const unit = (...steps: string[]) =>
  client.query(
    `BEGIN; SELECT set_config('app.tenant_id', 'system', true); ${steps.join('; ')}; COMMIT`,
  )

test('AU-04 the watch sees a write behind the event, and nothing else', async () => {
  await unit(OTHER, EVENT)
  await unit(EVENT, EVENT)
  await expect(unit(EVENT, OTHER)).rejects.toThrow('written after the audit event: job')
  await client.query('ROLLBACK')
  await unit(OTHER, EVENT)
})

test('row 49 no event waits for another round trip before its commit', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  const waiting = files
    .filter((name) => name.endsWith('.ts'))
    .filter((name) =>
      /\.run\(\s*insertAuditEvent|\.runAll\(\[[^\]]*insertAuditEvent/.test(
        readFileSync(`src/${name}`, 'utf8'),
      ),
    )
  expect(files.length).toBeGreaterThan(300)
  expect(waiting).toEqual([])
})
