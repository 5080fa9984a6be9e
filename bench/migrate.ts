/**
 * `npm run bench -- migrate`: how fast everything comes to the current version of a key, against the same updates in plain
 * SQL: the same rows and columns, the same indexes and row-level security, the same batches and commits, with values that
 * are there already. What the service does besides is reading, opening, hashing, sealing and counting.
 */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { addNestedKey, addPendingKey, moveKey } from '../src/crypto/key-states.ts'
import { createKeyringText, parseKeyring } from '../src/crypto/keyring.ts'
import type { TenantId } from '../src/domain/ids.ts'
import { toInstant } from '../src/domain/time.ts'
import { startKeyMigration } from '../src/flow/start-key-migration.ts'
import { runNow } from '../src/job/lease.ts'
import { migrateKeysJob } from '../src/job/migrate-keys.ts'
import { createLog } from '../src/log.ts'
import { createMetrics } from '../src/metrics.ts'
import { type BridgeDatabase, closeDatabase, openDatabase } from '../src/store/database.ts'
import { type BenchDatabase, settle, startDatabase } from './cluster.ts'
import { loadPeople, loadProvider } from './key-people.ts'
import { machine, printJson, printTable, round } from './report.ts'

type Key = 'A' | 'B' | 'C'
/** A last: its hashes are nested, so that all of them move at once. */
const ORDER: readonly Key[] = ['B', 'C', 'A']
const BATCH = 500
const CHUNK = 1000
const MEASURED = 'bench' as TenantId
const FLOOR = 'floor' as TenantId
const ACTOR = { id: 'bench', scopes: ['keys:manage'] } as const

interface Figure {
  key: Key
  persons: number
  rows: number
  service: number
  floor: number
  ratio: number
}

/** Measures every key at every size, prints a table and, last, one JSON object. */
export async function benchMigrate({ persons }: { persons: readonly number[] }): Promise<void> {
  console.log(machine())
  const figures: Figure[] = []
  for (const count of persons) figures.push(...(await measure(count)))
  printTable(
    figures.map((figure) => ({
      ...{ key: figure.key, persons: figure.persons, rows: figure.rows },
      'service rows/s': Math.round(figure.service),
      'floor rows/s': Math.round(figure.floor),
      ratio: round(figure.ratio),
    })),
  )
  const largest = persons.at(-1)
  const ratios = Object.fromEntries(
    figures
      .filter((figure) => figure.persons === largest)
      .map(({ key, ratio }) => [key, round(ratio)] as const),
  )
  const growth = Object.fromEntries(ORDER.map((key) => [key, round(growthOf(figures, key))]))
  printJson({
    ...{ bench: 'migrate', persons: largest, ratio_to_floor_of: ratios },
    ratio_to_floor: Math.min(...Object.values(ratios)),
    ...{ rate_kept: growth, flat: Object.values(growth).every((kept) => kept >= 1 / 1.2) },
  })
}

/** How much of the smallest size's rate the largest one keeps. */
function growthOf(figures: readonly Figure[], key: Key): number {
  const of = figures.filter((figure) => figure.key === key)
  return (of.at(-1)?.service ?? 0) / (of[0]?.service ?? 1)
}

async function measure(persons: number): Promise<Figure[]> {
  const database = await startDatabase()
  const db = openDatabase({ connectionString: database.runtimeUrl, poolSize: 4 })
  const plain = new pg.Client({ connectionString: database.runtimeUrl })
  await plain.connect()
  try {
    let text = createKeyringText()
    await load(database, text, persons)
    const figures: Figure[] = []
    for (const key of ORDER) {
      const { version, text: rotated, wanted } = rotate(text, key)
      text = rotated
      const floor = await measureFloor(database, plain, key, wanted)
      const service = await measureService(database, db, text, key, version)
      const rates = { floor: floor.rows / floor.seconds, service: service.rows / service.seconds }
      figures.push({
        key,
        persons,
        rows: service.rows,
        ...rates,
        ratio: rates.service / rates.floor,
      })
      console.log(
        `${key} at ${persons} persons: ${round(rates.service / rates.floor)} of the floor`,
      )
    }
    return figures
  } finally {
    await plain.end()
    await closeDatabase(db)
    await database.stop()
  }
}

/** The keyring behind one rotation; `wanted` is what rows are brought to. */
function rotate(before: string, key: Key) {
  const added = addPendingKey(before, key)
  const { version } = added
  const rotated = moveKey(added.text, key, version, 'current')
  if (key !== 'A') return { version, text: rotated, wanted: version }
  const nested = addNestedKey(rotated, key, { outer: version, inner: 1 })
  return { version, text: nested.text, wanted: nested.version }
}

async function load(database: BenchDatabase, text: string, persons: number): Promise<void> {
  const { superuser } = database
  const lastUsedAt = toInstant(Date.now())
  await superuser.query(
    `INSERT INTO tenant (id, slug, name_en, name_nl, colour, created_at, updated_at)
     SELECT id, id, 'T', 'T', '#000000', $2, $2 FROM unnest($1::text[]) AS t (id)`,
    [[MEASURED, FLOOR], lastUsedAt],
  )
  const keyring = parseKeyring(text)
  for (const tenantId of [MEASURED, FLOOR]) {
    const loading = { superuser, keyring, tenantId, lastUsedAt }
    await loadProvider(loading)
    for (let from = 0; from < persons; from += CHUNK)
      await loadPeople(loading, from, Math.min(CHUNK, persons - from))
  }
}

interface Measured {
  rows: number
  seconds: number
}

async function measureService(
  database: BenchDatabase,
  db: BridgeDatabase,
  text: string,
  key: Key,
  version: number,
): Promise<Measured> {
  const clock = Date.now
  const means = { db, keyring: parseKeyring(text), clock }
  const stragglers = key === 'A' ? 'nest' : 'keep'
  await startKeyMigration(means, ACTOR, { version, stragglers })
  await settle(database.superuser)
  const job = migrateKeysJob(means, { batch: BATCH })
  const others = {
    db,
    clock,
    log: createLog('silent'),
    metrics: createMetrics({ processMetrics: false }),
  }
  const began = performance.now()
  const { processed = 0 } = await job.run(others, MEASURED, () => Promise.resolve(true))
  const seconds = (performance.now() - began) / 1000
  await runNow(others, job, 'bench')
  const { rows } = await database.superuser.query<{ status: string }>(
    'SELECT status FROM key_migration_history WHERE version = $1',
    [version],
  )
  if (rows[0]?.status !== 'COMPLETED') throw new Error(`the run of key ${key} did not end`)
  return { rows: processed, seconds }
}

/** One statement of the floor: which rows it walks, what is written, by the columns of `w`. */
interface FloorStep {
  table: string
  where: string
  set: string
  /** A value for each column of `w` behind the id. */
  values: (wanted: number) => readonly string[]
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

const matchesOf = (key: 'A' | 'B'): FloorStep => ({
  ...{ table: 'identity_match', where: `hash_key = '${key}'` },
  set: 'identifier_hash = w.a, hash_key_version = $2::integer, updated_at = t.updated_at',
  values: () => [hash()],
})

const FLOORS: { readonly [key in Key]: readonly FloorStep[] } = {
  A: [
    matchesOf('A'),
    {
      ...{ table: 'identity_link_binding', where: 'true' },
      set: 'holder_identifier_hash = w.a, holder_hash_key_version = $2::integer, material_fingerprints = w.b',
      values: (wanted) => [hash(), prints(wanted)],
    },
  ],
  B: [
    {
      ...{ table: 'identity_link_binding', where: 'true' },
      set: 'institution_identifier_hash = w.a, institution_hash_key_version = $2::integer, material_fingerprints = w.b',
      values: (wanted) => [hash(), prints(wanted)],
    },
    matchesOf('B'),
  ],
  C: [
    {
      ...{ table: 'identity', where: 'true' },
      set: 'wrapped_data_key = w.a, data_key_version = $2::integer, audit_salt = w.b',
      values: (wanted) => [sealed(wanted), salt(wanted)],
    },
    {
      ...{ table: 'identity_link_binding', where: 'true' },
      set: 'encrypted_institution_id_key_version = $2::integer',
      values: () => [],
    },
  ],
}

async function measureFloor(
  database: BenchDatabase,
  plain: pg.Client,
  key: Key,
  wanted: number,
): Promise<Measured> {
  const batches: { name: string; text: string; values: unknown[] }[] = []
  let rows = 0
  for (const [index, step] of FLOORS[key].entries()) {
    const { rows: found } = await database.superuser.query<{ id: string }>(
      `SELECT id FROM ${step.table} WHERE tenant_id = $1 AND ${step.where} ORDER BY id`,
      [FLOOR],
    )
    rows += found.length
    for (let from = 0; from < found.length; from += BATCH) {
      const ids = found.slice(from, from + BATCH).map(({ id }) => id)
      const made = ids.map(() => step.values(wanted))
      const columns = step.values(wanted).map((_, column) => made.map((each) => each[column]))
      const names = ['id', 'a', 'b'].slice(0, columns.length + 1)
      const arrays = names.map((_, column) => `$${column + 3}::text[]`)
      batches.push({
        name: `floor_${key}_${index}`,
        text: `UPDATE ${step.table} t SET ${step.set} FROM unnest(${arrays.join(', ')}) AS w (${names.join(', ')})
                WHERE t.tenant_id = $1 AND t.id = w.id`,
        values: [FLOOR, wanted, ids, ...columns],
      })
    }
  }
  await settle(database.superuser)
  const began = performance.now()
  for (const batch of batches) {
    await plain.query('BEGIN')
    await plain.query({ name: 'floor_tenant', text: TENANT, values: [FLOOR] })
    await plain.query(batch)
    await plain.query('COMMIT')
  }
  return { rows, seconds: (performance.now() - began) / 1000 }
}

const TENANT = `SELECT set_config('app.tenant_id', $1, true)`
