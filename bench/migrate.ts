/**
 * `npm run bench -- migrate`: how fast everything comes to the current version of a key, against the same updates in plain
 * SQL (`migrate-floor.ts`). The two take turns, some batches each, on two tenants of the same size in one database: what
 * slows the machine or the disk down slows both. The service's time holds everything from the first count to the
 * verification, and nothing of it goes on while it is the floor's turn.
 */
import os from 'node:os'
import { addNestedKey, addPendingKey, moveKey } from '../src/crypto/key-states.ts'
import { createKeyringText, parseKeyring } from '../src/crypto/keyring.ts'
import type { TenantId } from '../src/domain/ids.ts'
import { toInstant } from '../src/domain/time.ts'
import { startKeyMigration } from '../src/flow/start-key-migration.ts'
import { runNow } from '../src/job/lease.ts'
import { BATCH, migrateKeysJob } from '../src/job/migrate-keys.ts'
import { createLog } from '../src/log.ts'
import { createMetrics } from '../src/metrics.ts'
import { type BridgeDatabase, closeDatabase, openDatabase } from '../src/store/database.ts'
import { type BenchDatabase, settle, startDatabase } from './cluster.ts'
import { copyPeople, loadPeople, loadProvider } from './key-people.ts'
import { type Floor, type Key, type Measured, openFloor } from './migrate-floor.ts'
import { machine, printJson, printTable, round } from './report.ts'

/** A last: its hashes are nested, so that all of them move at once. */
const ORDER: readonly Key[] = ['B', 'C', 'A']
const CHUNK = 1000
/** Batches of each turn. */
const TURN = 4
const MEASURED = 'bench' as TenantId
const FLOOR = 'floor' as TenantId
const AWAY = 'floor-away'
const ACTOR = { id: 'bench', scopes: ['keys:manage'] } as const

interface Figure {
  key: Key
  persons: number
  rows: number
  service: number
  floor: number
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
      ratio: round(figure.service / figure.floor),
    })),
  )
  const largest = persons.at(-1)
  const ratios = Object.fromEntries(
    figures
      .filter((figure) => figure.persons === largest)
      .map(({ key, service, floor }) => [key, round(service / floor)] as const),
  )
  const growth = (of: 'service' | 'floor') =>
    Object.fromEntries(ORDER.map((key) => [key, round(growthOf(figures, key, of))]))
  const kept = growth('service')
  const keptByFloor = growth('floor')
  const flat = (rates: readonly number[]) => rates.every((each) => each >= 1 / 1.2)
  printJson({
    ...{ bench: 'migrate', persons: largest, ratio_to_floor_of: ratios },
    ratio_to_floor: Math.min(...Object.values(ratios)),
    ...{ rate_kept: kept, rate_kept_by_floor: keptByFloor, flat: flat(Object.values(kept)) },
    // What the disk does to both is left out of this one.
    flat_against_floor: flat(ORDER.map((key) => (kept[key] ?? 0) / (keptByFloor[key] ?? 1))),
  })
}

/** How much of the smallest size's rate the largest one keeps. */
function growthOf(figures: readonly Figure[], key: Key, of: 'service' | 'floor'): number {
  const own = figures.filter((figure) => figure.key === key)
  return (own.at(-1)?.[of] ?? 0) / (own[0]?.[of] ?? 1)
}

/** A quarter of the memory, as its manual advises where many rows come in random order, and room between checkpoints. */
const SETTINGS = {
  shared_buffers: `${Math.floor(os.totalmem() / 4 / 2 ** 20)}MB`,
  max_wal_size: '8GB',
}

async function measure(persons: number): Promise<Figure[]> {
  const database = await startDatabase({ settings: SETTINGS })
  const db = openDatabase({ connectionString: database.runtimeUrl, poolSize: 4 })
  try {
    let text = createKeyringText()
    await load(database, text, persons)
    const figures: Figure[] = []
    for (const key of ORDER) {
      const { version, text: rotated, wanted } = rotate(text, key)
      text = rotated
      const open = { key, wanted, tenantId: FLOOR, batch: BATCH }
      const floor = await openFloor(database, open)
      const service = rateOf(await takeTurns(database, db, { text, key, version, floor }))
      const figure = { key, persons, rows: floor.measured().rows, service }
      figures.push({ ...figure, floor: rateOf(floor.measured()) })
      await floor.stop()
      const ratio = round(service / rateOf(floor.measured()))
      console.log(`${key} at ${persons} persons: ${ratio} of the floor`)
    }
    return figures
  } finally {
    await closeDatabase(db)
    await database.stop()
  }
}

function rateOf({ rows, seconds }: Measured): number {
  return rows / seconds
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
  const loading = { superuser, keyring: parseKeyring(text), tenantId: MEASURED, lastUsedAt }
  await loadProvider(loading)
  for (let from = 0; from < persons; from += CHUNK)
    await loadPeople(loading, from, Math.min(CHUNK, persons - from))
  await loadProvider({ ...loading, tenantId: FLOOR })
  await copyPeople(superuser, MEASURED, FLOOR)
}

interface Turns {
  text: string
  key: Key
  version: number
  floor: Floor
}

/** The service's whole run, with the floor's turns in between. */
async function takeTurns(
  database: BenchDatabase,
  db: BridgeDatabase,
  { text, key, version, floor }: Turns,
): Promise<Measured> {
  const clock = Date.now
  const means = { db, keyring: parseKeyring(text), clock }
  const stragglers = key === 'A' ? 'nest' : 'keep'
  await startKeyMigration(means, ACTOR, { version, stragglers })
  await settle(database.superuser)
  // It asks before each batch, when the one before is committed and this one is read and worked out.
  const job = migrateKeysJob(means, { renewEvery: 0 })
  const others = {
    ...{ db, clock, log: createLog('silent') },
    metrics: createMetrics({ processMetrics: false }),
  }
  let seconds = 0
  let asked = 0
  let began = performance.now()
  const { processed = 0 } = await job.run(others, MEASURED, async () => {
    if (++asked % TURN !== 0) return true
    seconds += (performance.now() - began) / 1000
    await floor.run(TURN)
    began = performance.now()
    return true
  })
  seconds += (performance.now() - began) / 1000
  await floor.run(Number.POSITIVE_INFINITY)
  // What the floor writes opens under no key, and would not pass for what was migrated.
  await nameFloor(database, FLOOR, AWAY)
  await runNow(others, job, 'bench')
  await nameFloor(database, AWAY, FLOOR)
  await mustBeCompleted(database, version)
  if (processed !== floor.measured().rows) throw new Error('the two did not write the same rows')
  return { rows: processed, seconds }
}

/** Its rows stay under the name they have: nobody finds them who goes from tenant to tenant. */
async function nameFloor({ superuser }: BenchDatabase, from: string, to: string): Promise<void> {
  await superuser.query('SET session_replication_role = replica')
  await superuser.query('UPDATE tenant SET id = $2 WHERE id = $1', [from, to])
  await superuser.query('RESET session_replication_role')
}

async function mustBeCompleted({ superuser }: BenchDatabase, version: number): Promise<void> {
  const { rows } = await superuser.query<{ status: string }>(
    'SELECT status FROM key_migration_history WHERE version = $1',
    [version],
  )
  if (rows[0]?.status !== 'COMPLETED') throw new Error(`the run of version ${version} did not end`)
}
