import { sql } from 'kysely'
import { afterAll, beforeAll, expect, expectTypeOf, test } from 'vitest'
import type { MatchId, TenantId } from '../../src/domain/ids.ts'
import type { HolderHash } from '../../src/domain/text.ts'
import { closeDatabase, transact } from '../../src/store/database.ts'
import {
  anyOf,
  type Changed,
  type Params,
  type Step,
  sqlStatement,
  statement,
} from '../../src/store/statement.ts'
import { createNoteDatabase, insertNote, type NoteDatabase, TENANT_A } from './note-table.ts'

let here: NoteDatabase
beforeAll(async () => {
  here = await createNoteDatabase()
})
afterAll(() => here.database.drop())

const findMatches = statement(
  'test_find_matches',
  (q, p: Params<{ tenantId: TenantId; hashes: readonly HolderHash[] }>) =>
    q
      .selectFrom('identity_match')
      .select(['id'])
      .where('tenant_id', '=', p('tenantId'))
      .where('identifier_hash', '=', anyOf(p('hashes')))
      .where('identifier_type', '=', 'KEY')
      .where('deleted_at', 'is', null),
)

test('design 3 a named parameter is bound and a constant stands in the text, where the planner sees it', () => {
  const step = findMatches({ tenantId: TENANT_A, hashes: ['uEiA' as HolderHash] })
  expect(step).toEqual({
    name: 'test_find_matches',
    text:
      'select "id" from "identity_match" where "tenant_id" = $1 and "identifier_hash" = any($2)' +
      ` and "identifier_type" = 'KEY' and "deleted_at" is null`,
    values: ['tenant-a', '{"uEiA"}'],
  })
})

test('design 3 the types of values and rows follow from the query', () => {
  expectTypeOf(findMatches).parameter(0).toEqualTypeOf<{
    tenantId: TenantId
    hashes: readonly HolderHash[]
  }>()
  expectTypeOf(findMatches).returns.toEqualTypeOf<Step<{ id: MatchId }>>()
  const removeAll = statement('test_remove', (q, p: Params<{ tenantId: TenantId }>) =>
    q.deleteFrom('identity_match').where('tenant_id', '=', p('tenantId')),
  )
  expectTypeOf(removeAll).returns.toEqualTypeOf<Step<Changed>>()
})

test('design 3 a query is compiled once and not before its first use', () => {
  let compiled = 0
  const count = statement('test_count', (q, p: Params<{ id: TenantId }>) => {
    compiled++
    return q.selectFrom('tenant').select('slug').where('id', '=', p('id'))
  })
  expect(compiled).toBe(0)
  count({ id: TENANT_A })
  count({ id: TENANT_A })
  expect(compiled).toBe(1)
})

test('design 3 a missing value is an error, never a NULL', () => {
  const values = { tenantId: TENANT_A } as { tenantId: TenantId; hashes: readonly HolderHash[] }
  expect(() => findMatches(values)).toThrow(new TypeError('no value for parameter hashes'))
})

const AWKWARD = ['', 'NULL', '{a,b}', 'with "quotes"', "it's", 'back\\slash', 'naïve ☂', ' a ']

test('design 3 values come back as they were sent', async () => {
  const echo = sqlStatement(
    'test_echo',
    (
      p: Params<{
        text: string
        list: readonly (string | null)[]
        numbers: readonly number[]
        bytes: Uint8Array
        yes: boolean
        none: string | null
        big: bigint
      }>,
    ) => sql<Record<string, unknown>>`
      SELECT ${p('text')}::text AS text, ${p('list')}::text[] AS list, ${p('numbers')}::int[] AS numbers,
             ${p('bytes')}::bytea AS bytes, ${p('yes')}::boolean AS yes, ${p('none')}::text AS none,
             ${p('big')}::bigint AS big, '2026-01-02T03:04:05Z'::timestamptz AS at`,
  )
  const db = here.open()
  for (const text of AWKWARD) {
    const [[row]] = await transact(db, TENANT_A, [
      echo({
        text,
        list: [...AWKWARD, null],
        numbers: [1, -2],
        bytes: Uint8Array.of(0, 255),
        yes: true,
        none: null,
        big: 9_007_199_254_740_991n,
      }),
    ])
    expect(row).toEqual({
      text,
      list: [...AWKWARD, null],
      numbers: [1, -2],
      bytes: Buffer.of(0, 255),
      yes: true,
      none: null,
      big: Number.MAX_SAFE_INTEGER,
      at: '2026-01-02 03:04:05+00',
    })
  }
  await closeDatabase(db)
})

test('design 3 a bigint that a number cannot hold is an error, and the client stays in order', async () => {
  const tooBig = sqlStatement(
    'test_too_big',
    (_: Params<Record<never, never>>) =>
      sql<{ big: number }>`SELECT 9007199254740993::bigint AS big`,
  )
  const db = here.open({ poolSize: 1 })
  await expect(transact(db, TENANT_A, [tooBig({})])).rejects.toThrow(RangeError)
  await expect(transact(db, TENANT_A, [findNothing({})])).resolves.toEqual([[]])
  await closeDatabase(db)
})

const findNothing = sqlStatement(
  'test_nothing',
  (_: Params<Record<never, never>>) => sql<{ one: number }>`SELECT 1 AS one WHERE false`,
)

test('design 3 a statement without result columns tells how many rows it wrote', async () => {
  const db = here.open()
  const removeNotes = sqlStatement(
    'test_remove_notes',
    (_: Params<Record<never, never>>) => sql<Changed>`DELETE FROM note`,
  )
  const note = { tenantId: TENANT_A, body: '' }
  const answers = await transact(db, TENANT_A, [
    insertNote({ ...note, id: '1' }),
    insertNote({ ...note, id: '2' }),
    removeNotes({}),
    removeNotes({}),
  ])
  expect(answers.flat()).toEqual([1, 1, 2, 0].map((changed) => ({ changed })))
  await closeDatabase(db)
})

test('design 3 two statements of one name are refused before anything is sent', async () => {
  const one = sqlStatement('test_twin', (_: Params<Record<never, never>>) => sql`SELECT 1`)
  const other = sqlStatement('test_twin', (_: Params<Record<never, never>>) => sql`SELECT 2`)
  const db = here.open({ poolSize: 1 })
  const clash = 'two statements are named test_twin'
  await expect(transact(db, TENANT_A, [one({}), other({})])).rejects.toThrow(clash)
  await transact(db, TENANT_A, [one({})])
  await expect(transact(db, TENANT_A, [other({})])).rejects.toThrow(clash)
  await expect(transact(db, TENANT_A, [one({})])).resolves.toHaveLength(1)
  await closeDatabase(db)
})
