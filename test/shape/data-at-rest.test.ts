/** ARCHITECTURE, "Data at rest", against the database: each column of each table, its key, and what an erasure does to it. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PERSONAL_DATA } from '../../src/store/personal-data.ts'
import { createTestDatabase, query, type TestDatabase } from '../support/postgres.ts'

interface Said {
  tables: string[]
  columns: string[]
  key: string
  kept: string
  erasure: string
}

const named = (cell: string) => [...cell.matchAll(/`([a-z_]+)`/g)].map(([, name = '']) => name)

/** The rows of the table in section 5. */
const said: Said[] = (
  /## 5\. Data at rest([\s\S]*?)\n## 6/.exec(readFileSync('ARCHITECTURE.md', 'utf8'))?.[1] ?? ''
)
  .split('\n')
  .filter((line) => /^\| (`|every )/.test(line))
  .map((line) => {
    const [, table = '', columns = '', , key = '', kept = '', erasure = ''] = line
      .split('|')
      .map((cell) => cell.trim())
    return { tables: named(table), columns: named(columns), key, kept, erasure }
  })
const everywhere = said.find(({ tables }) => tables.length === 0)?.columns ?? []

let database: TestDatabase
let columns: { table: string; column: string }[]
beforeAll(async () => {
  database = await createTestDatabase()
  columns = await query(
    database.superuserUrl,
    `SELECT c.relname AS table, a.attname AS column FROM pg_class c
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'm', 'f') ORDER BY 1, 2`,
  )
})
afterAll(() => database.drop())

describe('issue 5 item 8 data at rest', () => {
  test('says each column of each table once, and none that is not there', () => {
    const listed = said.flatMap((row) =>
      row.tables.flatMap((table) => row.columns.map((column) => `${table}.${column}`)),
    )
    expect(new Set(listed).size).toBe(listed.length)
    const there = columns
      .filter(({ column }) => !everywhere.includes(column))
      .map(({ table, column }) => `${table}.${column}`)
    expect(listed.toSorted()).toEqual(there.toSorted())
  })

  test('names the key of each sealed column, as the code seals it', () => {
    const text = readFileSync('src/store/schema.ts', 'utf8')
    const sealed = [...text.matchAll(/^ {2}([a-z_]+): .*\bSealed\b/gm)].map(([, name = '']) => name)
    expect(new Set(sealed).size).toBeGreaterThan(12)
    for (const row of said)
      if (row.columns.some((column) => sealed.includes(column)) && row.tables[0] !== undefined)
        if (!isPlainTwin(row, text)) expect(row.key, `${row.tables}: ${row.columns}`).not.toBe('–')
  })

  test('says what an erasure leaves, as the list of personal data has it', () => {
    const WORD = { deleted: 'gone', passing: 'gone', kept: 'stays', nobody: '–' } as const
    for (const { tables, columns: own, erasure, kept } of said) {
      const [table] = tables
      if (table === undefined) continue
      const rule = PERSONAL_DATA[table]
      if (rule === undefined) throw new Error(`${table} has no rule`)
      if (rule.rule === 'emptied') expect(erasure, `${own}`).toMatch(/^(emptied|stays)/)
      else expect(erasure.startsWith(WORD[rule.rule]), `${table}: ${erasure}`).toBe(true)
      expect(kept, table).not.toBe('')
    }
  })
})

/** A column of that name that is sealed in another table only. */
function isPlainTwin(row: Said, text: string): boolean {
  const [table = ''] = row.tables
  const name = table.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())
  const body = new RegExp(`interface ${name}Table \\{([\\s\\S]*?)\\n\\}`).exec(text)?.[1] ?? ''
  return !row.columns.some((column) => new RegExp(`^ {2}${column}: .*\\bSealed\\b`, 'm').test(body))
}
