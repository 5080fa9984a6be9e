/**
 * Every statement of the store against the real schema, as the run-time login, so that a typing error, a missing right
 * or a wrong type in SQL that is rarely used cannot wait for the day it is needed. The list is read from the sources.
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Step } from '../../src/store/statement.ts'
import { createTestDatabase, query, type TestDatabase } from '../support/postgres.ts'

const FOLDER = path.resolve(import.meta.dirname, '../../src/store')
const DECLARATION = /^(export )?const (\w+) = (?:sqlStatement|statement)\(\s*'(\w+)'/gm

interface Declared {
  file: string
  exported: boolean
  constant: string
  name: string
}

const declared: Declared[] = readdirSync(FOLDER).flatMap((file) => {
  const text = readFileSync(path.join(FOLDER, file), 'utf8')
  return [...text.matchAll(DECLARATION)].map(([, exported, constant = '', name = '']) => ({
    file,
    exported: exported !== undefined,
    constant,
    name,
  }))
})

/** Constants that their file keeps to itself, and the exported function that leads to each. */
const WRAPPED: { readonly [name: string]: (exports: Exports) => Step<unknown> } = {
  insert_audit_event: ({ insertAuditEvent }) =>
    (insertAuditEvent as (...parameters: unknown[]) => Step<unknown>)('t1', 'e1', INSTANT, {
      detail: { type: 'tenant_created' },
    }),
}

type Exports = Readonly<Record<string, unknown>>

const INSTANT = '2026-01-01T00:00:00.000Z'
/** Columns with a list of words in the schema: one of them, by the parameter's name. */
const WORDS: { readonly [parameter: string]: string } = {
  ...{ type: 'KEY', identifierType: 'KEY', hashKey: 'A', keyName: 'A', language: 'en' },
  ...{ way: 'same_device', kind: 'trust', purpose: 'token', algorithm: 'ES256', tenantId: 't1' },
  ...{ clientAuthMethod: 'client_secret_basic', authentication: 'client_secret_basic' },
  ...{ delivery: 'webhook', eventTypes: '[]' },
  ...{
    tokenType: 'at+jwt',
    subjectType: 'pairwise',
    profile: 'standard',
    userinfoAlgorithm: 'ES256',
  },
}
/** Files whose tables belong to the reserved tenant. */
const OF_SYSTEM = ['admin-session.ts', 'admin-token.ts', 'job.ts', 'key-check.ts']
/** Refusals that show a statement was understood and carried out, and only met a row that is not there or a word. */
const ONLY_THE_ROW = ['23503', '23514']

let database: TestDatabase
let runtime: pg.Client
beforeAll(async () => {
  database = await createTestDatabase()
  await query(
    database.superuserUrl,
    `INSERT INTO tenant (id, slug, name_en, name_nl, colour, created_at, updated_at)
     VALUES ('t1', 't1', 'T', 'T', '#000000', '${INSTANT}', '${INSTANT}')`,
  )
  runtime = new pg.Client({ connectionString: database.runtimeUrl })
  await runtime.connect()
})
afterAll(async () => {
  await runtime.end()
  await database.drop()
})

test('the sources declare statements with names of their own, short enough for Postgres', () => {
  expect(declared.length).toBeGreaterThan(80)
  const calls = readdirSync(FOLDER).flatMap((file) => [
    ...readFileSync(path.join(FOLDER, file), 'utf8').matchAll(
      /^(?:export )?const .* = (?:sqlStatement|statement)\(/gm,
    ),
  ])
  expect(declared, 'the pattern finds each declaration').toHaveLength(calls.length)
  expect(new Set(declared.map(({ name }) => name)).size).toBe(declared.length)
  for (const { name } of declared) expect(name.length).toBeLessThan(64)
  const kept = declared.filter(({ exported }) => !exported).map(({ name }) => name)
  expect(new Set(kept)).toEqual(new Set(Object.keys(WRAPPED)))
})

test.each(declared)('$name runs against the schema', async ({ file, constant, name }) => {
  const exports: Exports = await import(path.join(FOLDER, file))
  const build = WRAPPED[name] ?? (() => (exports[constant] as Build)(dummies(new Map())))
  await runtime.query('BEGIN')
  try {
    await runtime.query(`SELECT set_config('app.tenant_id', $1, true)`, [
      OF_SYSTEM.includes(file) ? 'system' : 't1',
    ])
    await runtime.query(`PREPARE tried AS ${build(exports).text}`)
    const { rows } = await runtime.query<{ types: string[] }>(
      `SELECT parameter_types::text[] AS types FROM pg_prepared_statements WHERE name = 'tried'`,
    )
    const types = typesByName(exports[constant], rows[0]?.types ?? [])
    const { text, values } =
      name in WRAPPED ? build(exports) : (exports[constant] as Build)(dummies(types))
    const state = await run(text, values)
    expect(['00000', ...ONLY_THE_ROW]).toContain(state)
  } finally {
    await runtime.query('ROLLBACK; DEALLOCATE ALL')
  }
})

type Build = (values: Record<string, never>) => Step<unknown>

/** SQLSTATE of one execution. */
async function run(text: string, values: readonly unknown[]): Promise<string> {
  try {
    await runtime.query(text, [...values])
    return '00000'
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    if (!ONLY_THE_ROW.includes(error.code ?? '')) throw error
    return error.code ?? ''
  }
}

/** A statement asks for its values by name, in the order of its parameters: that is how names and types meet. */
function typesByName(build: unknown, types: readonly string[]): ReadonlyMap<string, string> {
  if (typeof build !== 'function') return new Map()
  const asked: string[] = []
  const note = (_: object, name: string | symbol) => {
    asked.push(String(name))
    return '0'
  }
  build(new Proxy({}, { get: note }))
  expect(asked).toHaveLength(types.length)
  return new Map(asked.map((name, index) => [name, types[index] ?? '']))
}

/** A value for every name. */
function dummies(types: ReadonlyMap<string, string>): Record<string, never> {
  return new Proxy(
    {},
    { get: (_, name) => dummy(String(name), types.get(String(name))) },
  ) as Record<string, never>
}

function dummy(name: string, type: string | undefined): unknown {
  const isTime = /^(now|at|before|until|since)$|(At|Before|Since|Until)$/.test(name)
  if (isTime && (type === 'text' || type === 'iso_instant')) return INSTANT
  const word = WORDS[name] ?? (name.toLowerCase().endsWith('slug') ? 'slug' : 'word')
  if (type === 'text[]') return [word]
  if (type === 'integer[]') return [1]
  if (type === 'boolean') return true
  return type === 'integer' || type === 'bigint' ? 1 : word
}
