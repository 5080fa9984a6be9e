/** The list of personal data is the schema's: nobody adds a table without saying what an erasure does to it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXPORTED } from '../../src/store/exported.ts'
import { PERSONAL_DATA } from '../../src/store/personal-data.ts'
import { createTestDatabase, query, type TestDatabase } from '../support/postgres.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

interface Column {
  table: string
  column: string
}

const readColumns = () =>
  query<Column>(
    database.superuserUrl,
    `SELECT c.relname AS table, a.attname AS column FROM pg_class c
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'm', 'f') ORDER BY 1, 2`,
  )

describe('GD-02 every table has an erasure rule', () => {
  test('and the list has no table that is not there', async () => {
    const tables = new Set((await readColumns()).map(({ table }) => table))
    expect([...tables].toSorted((a, b) => (a < b ? -1 : 1))).toEqual(
      Object.keys(PERSONAL_DATA).toSorted((a, b) => (a < b ? -1 : 1)),
    )
  })

  test('of a table whose rows stay, every column says what is left in it', async () => {
    const columns = await readColumns()
    for (const [table, rule] of Object.entries(PERSONAL_DATA)) {
      if (rule.rule !== 'emptied' && rule.rule !== 'kept') continue
      const there = columns.filter((row) => row.table === table).map(({ column }) => column)
      expect(
        Object.keys(rule.columns).toSorted((a, b) => (a < b ? -1 : 1)),
        table,
      ).toEqual(there.toSorted((a, b) => (a < b ? -1 : 1)))
    }
  })

  test('a table with a person in its columns is never said to be about nobody', async () => {
    const telling = /identity_id|match_id|binding_id|grant_id|identifier_hash|^subject$|journey_id/
    const about = (await readColumns()).filter(({ column }) => telling.test(column))
    expect(about.length).toBeGreaterThan(15)
    for (const { table, column } of about)
      expect(PERSONAL_DATA[table]?.rule, `${table}.${column}`).not.toBe('nobody')
  })
})

describe('GD-02 every table that holds something about a person is in an export', () => {
  test('or says why not', () => {
    const held = Object.entries(PERSONAL_DATA).filter(([, rule]) => rule.rule !== 'nobody')
    const sorted = (names: string[]) => names.toSorted((a, b) => (a < b ? -1 : 1))
    expect(sorted(Object.keys(EXPORTED))).toEqual(sorted(held.map(([table]) => table)))
  })

  test('column by column, each once', async () => {
    const columns = await readColumns()
    for (const [table, rule] of Object.entries(EXPORTED)) {
      if ('leftOut' in rule) continue
      const said = [...Object.keys(rule.columns), ...Object.values(rule.without).flat()]
      const there = columns.filter((row) => row.table === table).map(({ column }) => column)
      expect(said.toSorted(), table).toEqual(there.toSorted())
    }
  })
})
