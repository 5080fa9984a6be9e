/**
 * What key migrations are measured against: the same updates in plain SQL. The same rows and columns, in transactions of
 * the same rows and as many of them, over the same indexes, under row-level security and as the run-time login, each waited
 * for until it is committed to the disk; with values that are there already, and of the same length as the service's.
 *
 * It reads nothing, locks nothing beforehand, compares nothing with what was there, and keeps no place and no counters:
 * that, and all the cryptography, is what the service does besides.
 */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { BenchDatabase } from './cluster.ts'

export type Key = 'A' | 'B' | 'C'

/** Rows written, and how long that took. */
export interface Measured {
  rows: number
  seconds: number
}

export interface Floor {
  /** The next so many transactions, or fewer where it has come to its end. */
  run(transactions: number): Promise<void>
  /** The sum of all that was run. */
  measured: () => Measured
  stop(): Promise<void>
}

/** One statement of the floor: what is written, by the columns of `w`. */
interface FloorStep {
  table: string
  set: string
  /** A value for each column of `w` behind the id. */
  values: (wanted: number) => readonly string[]
}

/** What is written together: the ids of each step's rows, a column a step, in the order in which the service walks. */
interface FloorLeg {
  ids: string
  steps: readonly FloorStep[]
}

const hash = () => `uEi${randomBytes(33).toString('base64url').slice(0, 44)}`
const prints = (wanted: number) =>
  JSON.stringify({
    ...{ holder_key: { hash: hash(), version: wanted } },
    ...{ provider_subject: { hash: hash(), version: wanted } },
  })
const sealed = (wanted: number) =>
  `v1.c${wanted}.${randomBytes(12).toString('base64url')}.${randomBytes(48).toString('base64url')}.${randomBytes(32).toString('base64url')}`
const salt = (wanted: number) =>
  `c${wanted}.${randomBytes(32).toString('base64url')}.${randomBytes(32).toString('base64url')}`

const MATCHES: FloorStep = {
  table: 'identity_match',
  set: 'identifier_hash = w.a, hash_key_version = $2::integer, updated_at = t.updated_at',
  values: () => [hash()],
}
const bindings = (side: 'holder' | 'institution'): FloorStep => ({
  table: 'identity_link_binding',
  set: `${side}_identifier_hash = w.a, ${side}_hash_key_version = $2::integer, material_fingerprints = w.b,
        updated_at = t.updated_at`,
  values: (wanted) => [hash(), prints(wanted)],
})

const FLOORS: { readonly [key in Key]: readonly FloorLeg[] } = {
  A: [
    {
      ids: `SELECT ARRAY[id] AS ids FROM identity_match WHERE tenant_id = $1 AND hash_key = 'A' ORDER BY id`,
      steps: [MATCHES],
    },
    {
      ids: 'SELECT ARRAY[id] AS ids FROM identity_link_binding WHERE tenant_id = $1 ORDER BY id',
      steps: [bindings('holder')],
    },
  ],
  B: [
    {
      ids: `SELECT ARRAY[b.id, m.id] AS ids FROM identity_link_binding b
              JOIN identity_match w ON w.id = b.match_id
              JOIN identity_match m ON m.tenant_id = w.tenant_id AND m.internal_identity_id = w.internal_identity_id
             WHERE b.tenant_id = $1 AND m.hash_key = 'B' ORDER BY b.id`,
      steps: [bindings('institution'), MATCHES],
    },
  ],
  C: [
    {
      ids: `SELECT ARRAY[w.internal_identity_id, b.id] AS ids FROM identity_link_binding b
              JOIN identity_match w ON w.id = b.match_id WHERE b.tenant_id = $1 ORDER BY w.internal_identity_id`,
      steps: [
        {
          table: 'identity',
          set: 'wrapped_data_key = w.a, data_key_version = $2::integer, audit_salt = w.b',
          values: (wanted) => [sealed(wanted), salt(wanted)],
        },
        {
          table: 'identity_link_binding',
          set: 'encrypted_institution_id_key_version = $2::integer',
          values: () => [],
        },
      ],
    },
  ],
}

interface Options {
  key: Key
  /** The version that everything is brought to. */
  wanted: number
  tenantId: string
  /** Rows of each step in a transaction. */
  batch: number
}

/** The floor of one key over the tenant's rows, from their beginning. */
export async function openFloor(database: BenchDatabase, options: Options): Promise<Floor> {
  const { key, tenantId, batch } = options
  const client = new pg.Client({ connectionString: database.runtimeUrl })
  await client.connect()
  const left: { leg: FloorLeg; name: string; ids: string[][] }[] = []
  for (const [index, leg] of FLOORS[key].entries()) {
    const { rows } = await database.superuser.query<{ ids: string[] }>(leg.ids, [tenantId])
    for (let from = 0; from < rows.length; from += batch) {
      const ids = rows.slice(from, from + batch).map((row) => row.ids)
      left.push({ leg, name: `floor_${key}_${index}`, ids })
    }
  }
  const sum: Measured = { rows: 0, seconds: 0 }
  return {
    measured: () => sum,
    stop: () => client.end(),
    async run(transactions) {
      const taken = left.splice(0, transactions)
      const ready = taken.map(({ leg, name, ids }) => write(options, leg, name, ids))
      const began = performance.now()
      for (const statements of ready) {
        await client.query('BEGIN')
        await client.query({ name: 'floor_tenant', text: TENANT, values: [tenantId] })
        for (const each of statements) sum.rows += (await client.query(each)).rowCount ?? 0
        await client.query('COMMIT')
      }
      sum.seconds += (performance.now() - began) / 1000
    },
  }
}

const TENANT = `SELECT set_config('app.tenant_id', $1, true)`

function write({ tenantId, wanted }: Options, { steps }: FloorLeg, name: string, ids: string[][]) {
  return steps.map(({ table, set, values }, step) => {
    const made = ids.map(() => values(wanted))
    const columns = values(wanted).map((_, column) => made.map((each) => each[column]))
    const names = ['id', 'a', 'b'].slice(0, columns.length + 1)
    const arrays = names.map((_, column) => `$${column + 3}::text[]`)
    return {
      name: `${name}_${step}`,
      text: `UPDATE ${table} t SET ${set} FROM unnest(${arrays.join(', ')}) AS w (${names.join(', ')})
              WHERE t.tenant_id = $1 AND t.id = w.id`,
      values: [tenantId, wanted, ids.map((each) => each[step]), ...columns],
    }
  })
}
