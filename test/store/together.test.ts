import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { TenantId } from '../../src/domain/ids.ts'
import { type BridgeDatabase, closeDatabase } from '../../src/store/database.ts'
import { type Params, sqlStatement } from '../../src/store/statement.ts'
import { readTogether, together } from '../../src/store/together.ts'
import { query } from '../support/postgres.ts'
import {
  createNoteDatabase,
  failByDivision,
  type NoteDatabase,
  TENANT_A,
  TENANT_B,
} from './note-table.ts'

let here: NoteDatabase
let db: BridgeDatabase
beforeAll(async () => {
  here = await createNoteDatabase()
})
afterAll(() => here.database.drop())
beforeEach(async () => {
  await query(here.database.superuserUrl, 'TRUNCATE note')
  db = here.open({ poolSize: 4, lockTimeoutMs: 300 })
})
afterEach(() => closeDatabase(db))

interface Wish {
  key: string
  id: string
}

/** Takes an open note for whoever asks, once; of one of them the server refuses to say whether it may. */
const takeNotes = sqlStatement(
  'take_notes',
  (p: Params<{ tenantId: TenantId; ids: readonly string[]; keys: readonly string[] }>) =>
    sql<{ body: string; id: string }>`
      UPDATE note n SET body = asked.key
        FROM unnest(${p('ids')}::text[], ${p('keys')}::text[]) AS asked (id, key)
       WHERE n.tenant_id = ${p('tenantId')} AND n.id = asked.id AND n.body = 'open'
         AND 1 / (CASE asked.id WHEN 'refused' THEN 0 ELSE 1 END) = 1
      RETURNING n.body, n.id`,
)

const takeNote = together<Wish, { body: string; id: string }>({
  step: (tenantId, wishes) => {
    const sorted = wishes.toSorted((a, b) => (a.id < b.id ? -1 : 1))
    const [ids, keys] = [sorted.map(({ id }) => id), sorted.map(({ key }) => key)]
    return takeNotes({ tenantId, ids, keys })
  },
  keyOf: ({ key }) => key,
  keyIn: ({ body }) => body,
})

const findNote = sqlStatement(
  'find_note',
  (p: Params<{ id: string }>) => sql<{ id: string }>`SELECT id FROM note WHERE id = ${p('id')}`,
)

const openNotes = (tenant: TenantId, ids: readonly string[]) =>
  query(
    here.database.superuserUrl,
    `INSERT INTO note SELECT '${tenant}', unnest('{${ids.join(',')}}'::text[]), 'open'`,
  )
const wishFor = (id: string, index: number): Wish => ({ id, key: `${id}-${index}` })
const many = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`)

test('fifty at once: each gets its own row, and few transactions carry them', async () => {
  await openNotes(TENANT_A, many(50))
  const wishes = many(50).map(wishFor)
  const rows = await Promise.all(wishes.map((wish) => takeNote(db, TENANT_A, wish)))
  expect(rows).toEqual(wishes.map(({ id, key }) => ({ id, body: key })))
  expect(db.counters.transactions).toBeLessThan(10)
})

test('fifty at once for one note: one gets it, with its own key', async () => {
  await openNotes(TENANT_A, ['n'])
  const wishes = many(50).map((_, index) => wishFor('n', index))
  const rows = await Promise.all(wishes.map((wish) => takeNote(db, TENANT_A, wish)))
  const places = rows.flatMap((row, index) => (row === undefined ? [] : [index]))
  expect(places).toHaveLength(1)
  expect(await here.notes()).toEqual([
    { tenant_id: TENANT_A, id: 'n', body: wishes[places[0] ?? -1]?.key },
  ])
})

test('PG-05 two tenants at once: each in transactions of its own, and neither reaches the other', async () => {
  await openNotes(TENANT_A, ['n'])
  const [theirs, own] = await Promise.all([
    takeNote(db, TENANT_B, wishFor('n', 1)),
    takeNote(db, TENANT_A, wishFor('n', 2)),
  ])
  expect([theirs, own?.body]).toEqual([undefined, 'n-2'])
  expect(db.counters.transactions).toBe(2)
})

test('what the server refuses fails alone', async () => {
  await openNotes(TENANT_A, [...many(20), 'refused'])
  const wishes = [...many(10), 'refused', ...many(20).slice(10)].map(wishFor)
  const ends = await Promise.allSettled(wishes.map((wish) => takeNote(db, TENANT_A, wish)))
  expect(ends.map(({ status }) => status)).toEqual(
    wishes.map(({ id }) => (id === 'refused' ? 'rejected' : 'fulfilled')),
  )
  expect(ends[10]).toMatchObject({ reason: { sqlState: '22012' } })
})

test('what waits for somebody else in vain fails alone', async () => {
  await openNotes(TENANT_A, many(8))
  const other = here.open({ poolSize: 1 })
  const client = await other.pool.connect()
  await client.query(
    `BEGIN; SET LOCAL app.tenant_id = '${TENANT_A}'; SELECT FROM note WHERE id = 'n3' FOR UPDATE`,
  )
  const ends = await Promise.allSettled(
    many(8)
      .map(wishFor)
      .map((wish) => takeNote(db, TENANT_A, wish)),
  )
  await client.query('ROLLBACK')
  client.release()
  await closeDatabase(other)
  expect(ends.map(({ status }) => status === 'fulfilled')).toEqual(many(8).map((id) => id !== 'n3'))
})

test('fifty reads at once: each gets its own rows, and few transactions carry them', async () => {
  await openNotes(TENANT_A, many(50))
  const found = many(50).map((id) => readTogether(db, TENANT_A, findNote({ id })))
  expect(await Promise.all(found)).toEqual(many(50).map((id) => [{ id }]))
  expect(db.counters.transactions).toBeLessThan(10)
  expect(await readTogether(db, TENANT_B, findNote({ id: 'n1' }))).toEqual([])
})

test('a read that the server refuses fails alone', async () => {
  await openNotes(TENANT_A, many(6))
  const found = many(6).map((id) => readTogether(db, TENANT_A, findNote({ id })))
  const refused = readTogether(db, TENANT_A, failByDivision({ by: 0 }))
  await expect(refused).rejects.toMatchObject({ sqlState: '22012' })
  expect(await Promise.all(found)).toEqual(many(6).map((id) => [{ id }]))
})

test('a connection that breaks leaves open what was written: nobody is asked for twice', async () => {
  await openNotes(TENANT_A, many(6))
  const [patient, other] = [here.open({ poolSize: 4 }), here.open({ poolSize: 1 })]
  const client = await other.pool.connect()
  await client.query(
    `BEGIN; SET LOCAL app.tenant_id = '${TENANT_A}'; SELECT FROM note ORDER BY id FOR UPDATE`,
  )
  const wishes = many(6).map(wishFor)
  const ends = Promise.allSettled(wishes.map((wish) => takeNote(patient, TENANT_A, wish)))
  await waitForLock()
  await query(here.database.superuserUrl, `SELECT pg_terminate_backend(pid) FROM ${WAITING}`)
  await client.query('ROLLBACK')
  client.release()
  const broken = (await ends).flatMap((end, index) =>
    end.status === 'rejected' ? [{ id: many(6)[index], why: end.reason.failure }] : [],
  )
  await Promise.all([closeDatabase(patient), closeDatabase(other)])
  expect(broken.length).toBeGreaterThan(0)
  for (const { why } of broken) expect(why).toEqual({ kind: 'unavailable' })
  // Had one been asked for again, it would be taken by now: nobody holds them any more.
  const open = (await here.notes()).filter(({ body }) => body === 'open')
  expect(open.map(({ id }) => id)).toEqual(broken.map(({ id }) => id))
})

const WAITING = `pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`

async function waitForLock(): Promise<void> {
  const waiting = () => query(here.database.superuserUrl, `SELECT FROM ${WAITING}`)
  while ((await waiting()).length === 0);
}
