/** A Postgres for one run of the bench: the embedded one, as durable as a newcomer's, in a folder that goes afterwards. */
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { startEmbeddedPostgres } from '../src/embedded/postgres.ts'
import { migrate, migrationFolder, readMigrations } from '../src/store/migrate.ts'

export interface BenchDatabase {
  runtimeUrl: string
  /** A connection past row-level security, for loading. */
  superuser: pg.Client
  stop(): Promise<void>
}

/** A setting of Postgres and its value, where it differs from a newcomer's. */
type Settings = Readonly<Record<string, string>>

/** Starts and migrates it; `durable` false where what is asked is not how fast. */
export async function startDatabase({
  durable = true,
  settings = {},
}: {
  durable?: boolean
  settings?: Settings
} = {}): Promise<BenchDatabase> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'identity-bridge-bench-'))
  const server = await startWith({ folder, durable }, settings)
  await migrate(server.ownerUrl, await readMigrations(migrationFolder()))
  const superuser = new pg.Client({ connectionString: server.superuserUrl })
  await superuser.connect()
  return {
    runtimeUrl: server.runtimeUrl,
    superuser,
    async stop() {
      await superuser.end()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Some settings are taken at the start alone, so it is started twice. */
async function startWith(options: { folder: string; durable: boolean }, settings: Settings) {
  const server = await startEmbeddedPostgres(options)
  const changes = Object.entries(settings)
  if (changes.length === 0) return server
  const superuser = new pg.Client({ connectionString: server.superuserUrl })
  await superuser.connect()
  for (const [name, value] of changes)
    await superuser.query(`ALTER SYSTEM SET ${name} = '${value}'`)
  await superuser.end()
  await server.stop()
  return await startEmbeddedPostgres(options)
}

/** Rows in bulk; all of them name the same columns, numbers in the same ones. */
export async function insertRows(
  superuser: pg.Client,
  table: string,
  rows: readonly Readonly<Record<string, string | number>>[],
): Promise<void> {
  const columns = Object.entries(rows[0] ?? {})
  const arrays = columns.map(
    ([, value], index) => `$${index + 1}::${typeof value === 'number' ? 'integer' : 'text'}[]`,
  )
  await superuser.query({
    name: `insert_${table}`,
    text: `INSERT INTO ${table} (${columns.map(([name]) => name).join(', ')})
           SELECT * FROM unnest(${arrays.join(', ')})`,
    values: columns.map(([name]) => rows.map((row) => row[name])),
  })
}

/**
 * Statistics of every table that holds something, as autovacuum gathers them within a minute, and nothing left to be written
 * while others measure. Empty tables are left as they are: a plan made for none would be kept for thousands.
 */
export async function settle(superuser: pg.Client): Promise<void> {
  const { rows } = await superuser.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 0`,
  )
  await superuser.query(`VACUUM (ANALYZE) ${rows.map(({ name }) => name).join(', ')}`)
  await superuser.query('CHECKPOINT')
}
