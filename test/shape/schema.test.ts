import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { IDENTIFIER_TYPES } from '../../src/domain/text.ts'
import { createTestDatabase, query, type TestDatabase } from '../support/postgres.ts'
import { SEED_QUERIES, SEED_TABLES } from './seed-schema.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const ask = <Row extends object>(text: string) => query<Row>(database.superuserUrl, text)

interface Column {
  table: string
  name: string
  type: string
  nullable: boolean
  fallback: string | null
}

function readColumns(): Promise<Column[]> {
  return ask<Column>(`
    SELECT table_name AS table, column_name AS name, data_type AS type, is_nullable = 'YES' AS nullable,
           regexp_replace(column_default, '::text$', '') AS fallback
      FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name <> 'schema_migration'
     ORDER BY table_name, ordinal_position`)
}

const describeColumn = ({ name, type, nullable, fallback }: Column) =>
  `${name} ${type}${nullable ? '' : ' not null'}${fallback === null ? '' : ` default ${fallback}`}`

describe('the seed, exactly', () => {
  test.each(Object.entries(SEED_TABLES))(
    'issue 3: %s has the columns of the reference, in its order; the rest is listed',
    async (table, seed) => {
      const columns = (await readColumns()).filter((column) => column.table === table)
      expect(columns.slice(0, seed.columns.length).map(describeColumn)).toEqual(seed.columns)
      expect(columns.slice(seed.columns.length).map(({ name }) => name)).toEqual(
        // Columns a later table needed were written in its own order; only their names are fixed here.
        seed.added,
      )
    },
  )

  test.each(Object.entries(SEED_TABLES))(
    'issue 3: %s has its primary key, unique constraints and indexes',
    async (table, seed) => {
      const constraints = await ask<{ kind: string; columns: string[] }>(`
      SELECT c.contype AS kind,
             array(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY k(num, place)
                     JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num ORDER BY place) AS columns
        FROM pg_constraint c WHERE c.conrelid = '${table}'::regclass AND c.contype IN ('p', 'u')`)
      expect(constraints.filter(({ kind }) => kind === 'p').map(({ columns }) => columns)).toEqual([
        seed.primaryKey,
      ])
      const unique = constraints.filter(({ kind }) => kind === 'u').map(({ columns }) => columns)
      for (const wanted of seed.unique) expect(unique).toContainEqual(wanted)
      const indexes = await ask<{
        name: string
        columns: string[]
        unique: boolean
        where: string | null
      }>(`
      SELECT i.indexrelid::regclass::text AS name, i.indisunique AS unique,
             pg_get_expr(i.indpred, i.indrelid) AS where,
             array(SELECT a.attname::text FROM unnest(i.indkey::smallint[]) WITH ORDINALITY k(num, place)
                     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num ORDER BY place) AS columns
        FROM pg_index i WHERE i.indrelid = '${table}'::regclass AND i.indisvalid`)
      for (const [name, wanted] of Object.entries(seed.indexes)) {
        expect(indexes.find((index) => index.name === name)).toEqual({
          name,
          columns: wanted.columns,
          unique: wanted.unique ?? false,
          where: wanted.where ?? null,
        })
      }
    },
  )

  test('SG-04 a binding points at its match, alone and together with its tenant, and nothing cascades', async () => {
    const keys = await ask<{ definition: string }>(`
      SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint
       WHERE conrelid = 'identity_link_binding'::regclass AND contype = 'f' ORDER BY 1`)
    expect(keys.map(({ definition }) => definition)).toEqual([
      'FOREIGN KEY (match_id) REFERENCES identity_match(id)',
      'FOREIGN KEY (tenant_id, match_id) REFERENCES identity_match(tenant_id, id)',
    ])
  })

  test('CR-20 the kinds of identifiers that a row may have are those of domain/text.ts', async () => {
    const checks = await ask<{ definition: string }>(`
      SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint
       WHERE contype = 'c' AND conrelid = 'identity_match'::regclass`)
    const [check] = checks.filter(({ definition }) => definition.includes('identifier_type'))
    const kinds = [...(check?.definition ?? '').matchAll(/'([A-Z_]+)'/g)].map(([, kind]) => kind)
    expect(kinds).toEqual([...IDENTIFIER_TYPES])
  })

  test('PG-14 every timestamp is the one domain: text of 24 characters under the C collation', async () => {
    const columns = await ask<{ name: string; type: string; collation: string }>(`
      SELECT a.attrelid::regclass || '.' || a.attname AS name, format_type(a.atttypid, NULL) AS type,
             (SELECT collname FROM pg_collation WHERE oid = a.attcollation) AS collation
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
         AND c.relname <> 'schema_migration'
         AND a.attname ~ '(_at|_until|_time)$' AND a.attname <> 'auth_time'`)
    expect(columns.length).toBeGreaterThan(50)
    for (const column of columns)
      expect(column, column.name).toMatchObject({ type: 'iso_instant', collation: 'C' })
    const refused = [
      '2026-01-01T00:00:00Z',
      '2026-01-01T00:00:00.000+00:00',
      '2026-01-01 00:00:00.000Z',
      '',
    ]
    for (const text of refused)
      await expect(ask(`SELECT '${text}'::iso_instant`), text).rejects.toMatchObject({
        code: '23514',
      })
    await expect(ask(`SELECT '2026-12-31T23:59:59.999Z'::iso_instant`)).resolves.toHaveLength(1)
  })
})

describe('the types of src/store/schema.ts', () => {
  test('issue 3: they are the catalogue: tables, columns, what may be null, what has a default', async () => {
    const columns = await readColumns()
    const found: Record<string, string[]> = {}
    for (const { table, name, type, nullable } of columns) {
      const kind = type === 'integer' || type === 'bigint' ? 'number' : 'other'
      found[table] ??= []
      found[table].push(`${name} ${kind}${nullable ? ' null' : ''}`)
    }
    const tables = readInterfaces()
    const declared = Object.fromEntries(
      Object.entries(tables).map(([table, members]) => [
        table,
        members.map(({ name, type }) => {
          const isNumber = /\bnumber\b|\bFlag\b/.test(type)
          return `${name} ${isNumber ? 'number' : 'other'}${/\bnull\b/.test(type) ? ' null' : ''}`
        }),
      ]),
    )
    const sorted = (of: Record<string, string[]>) =>
      Object.fromEntries(Object.entries(of).map(([table, lines]) => [table, [...lines].sort()]))
    expect(sorted(declared)).toEqual(sorted(found))
    const withDefault = new Set(
      columns
        .filter(({ fallback }) => fallback !== null)
        .map(({ table, name }) => `${table}.${name}`),
    )
    const defaulted = Object.entries(tables).flatMap(([table, members]) =>
      members
        .filter(({ type }) => type.startsWith('Defaulted<'))
        .map(({ name }) => `${table}.${name}`),
    )
    expect(defaulted.filter((name) => !withDefault.has(name))).toEqual([])
  })
})

interface Member {
  name: string
  type: string
}

/** Table → members of its interface, from the text of `schema.ts`. */
function readInterfaces(): Record<string, Member[]> {
  const text = readFileSync(path.join(ROOT, 'src/store/schema.ts'), 'utf8')
  const bodies = new Map(
    [...text.matchAll(/^export interface (\w+) \{\n([\s\S]*?)^\}/gm)].map(
      ([, name = '', body = '']) => [name, membersOf(body)] as const,
    ),
  )
  return Object.fromEntries(
    (bodies.get('Database') ?? []).map(({ name, type }) => [name, bodies.get(type) ?? []]),
  )
}

function membersOf(body: string): Member[] {
  return body
    .split(/^(?= {2}\w+:)/m)
    .map((part) => /^ {2}(\w+):\s*([\s\S]+)$/.exec(part))
    .filter((match) => match !== null)
    .map(([, name = '', type = '']) => ({ name, type: type.trim() }))
}

describe('the named queries', () => {
  const files: Record<string, string> = {
    identity_match: 'match',
    identity_link_binding: 'binding',
    reconciliation_session: 'session',
    auxiliary_data: 'auxiliary',
    audit_event: 'audit',
    key_migration_history: 'key-migration',
  }

  test('issue 3: there are 31 of them', () => {
    expect(Object.values(SEED_QUERIES).flat()).toHaveLength(31)
    expect(new Set(Object.values(SEED_QUERIES).flat()).size).toBe(31)
  })

  test.each(Object.entries(SEED_QUERIES))(
    'issue 3: those of %s stand under their names in its file',
    async (table, names) => {
      const file = path.join(ROOT, 'src/store', `${files[table]}.ts`)
      const exported: Record<string, unknown> = await import(file)
      for (const name of names) expect(exported[name], name).toBeTypeOf('function')
    },
  )

  test('issue 3: one file a table: no other file of the store holds a query of that name', () => {
    const folder = path.join(ROOT, 'src/store')
    const places = new Map<string, string[]>()
    for (const file of readdirSync(folder)) {
      const text = readFileSync(path.join(folder, file), 'utf8')
      for (const [, name = ''] of text.matchAll(/^export (?:const|function) (\w+)/gm))
        places.set(name, [...(places.get(name) ?? []), file])
    }
    for (const [table, names] of Object.entries(SEED_QUERIES))
      for (const name of names) expect(places.get(name), name).toEqual([`${files[table]}.ts`])
  })
})
