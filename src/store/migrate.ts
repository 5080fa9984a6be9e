/**
 * The schema, file by file. `sql/NNN_name.sql` run in the order of their numbers, each once, each in one transaction
 * together with the row that says so; forward only. What was run is known by its checksum, so a file that changed
 * afterwards, a file that is missing and a database newer than this build are refused, not guessed about.
 */
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { differences, readCatalogue } from './catalogue.ts'
import type { BridgeDatabase } from './database.ts'
import type { Migration } from './migration-files.ts'
import { withClient } from './pool.ts'
import { APP_ROLE } from './roles.ts'
import { SetupRefused } from './setup-refused.ts'
import { StatementFailed, withoutValues } from './statement-failed.ts'

export { type Migration, migrationFolder, readMigrations } from './migration-files.ts'

/**
 * Brings the owner's database up to the files and returns the names of those it ran; none when it is current. Several may
 * call it at once: one works, the others wait for it. Throws {@link SetupRefused}.
 */
export async function migrate(
  ownerUrl: string,
  migrations: readonly Migration[],
): Promise<string[]> {
  return await asOwner(ownerUrl, async (client) => {
    const recorded = await readRecord(client)
    if (recorded.length === 0) await mustBeEmpty(client)
    const due = pending(migrations, recorded)
    for (const migration of due) await apply(client, migration)
    await client.query(`GRANT SELECT ON schema_migration TO ${APP_ROLE}`)
    return due.map(({ name }) => name)
  })
}

/**
 * Takes over a database that was built by hand with psql: compares its catalogue with a scratch database built from the
 * files, and records their checksums if they are alike. Throws {@link SetupRefused} naming the differences.
 */
export async function adopt(ownerUrl: string, migrations: readonly Migration[]): Promise<void> {
  await asOwner(ownerUrl, async (client) => {
    if ((await readRecord(client)).length > 0) {
      throw new SetupRefused(
        'This database has a record of its migrations; there is nothing to adopt',
      )
    }
    const expected = await withScratch(client, ownerUrl, async (scratchUrl) => {
      await migrate(scratchUrl, migrations)
      return await asOwner(scratchUrl, readCatalogue)
    })
    const found = differences(expected, await readCatalogue(client))
    if (found.length > 0) {
      throw new SetupRefused(
        `This database is not what the files build:\n${found.map((line) => `  ${line}`).join('\n')}`,
      )
    }
    await client.query('BEGIN')
    for (const migration of migrations) await record(client, migration)
    await client.query('COMMIT')
    await client.query(`GRANT SELECT ON schema_migration TO ${APP_ROLE}`)
  })
}

/** Throws {@link SetupRefused} unless the database is exactly at these files. Needs no right but to read the record. */
export async function checkSchema(
  db: BridgeDatabase,
  migrations: readonly Migration[],
): Promise<void> {
  let due: readonly Migration[] = migrations
  try {
    due = pending(migrations, await withClient(db, readRows))
  } catch (error) {
    if (!(error instanceof StatementFailed) || !['42P01', '42501'].includes(error.sqlState))
      throw error
  }
  if (due.length === 0) return
  throw new SetupRefused(
    `The database lacks ${due.map(({ name }) => name).join(', ')}: run "npm run migrate" with DATABASE_OWNER_URL`,
  )
}

/** Whether the database has all of these files; it may have later ones, while a newer build takes over from this one. */
export async function hasMigrations(
  db: BridgeDatabase,
  migrations: readonly Migration[],
): Promise<boolean> {
  const recorded = await withClient(db, readRows)
  return migrations.every((file) =>
    recorded.some(({ name, checksum }) => name === file.name && checksum === file.checksum),
  )
}

/** The same URL with another login, as `npm run migrate` prints it. */
export function urlForLogin(url: string, user: string, password: string): string {
  const changed = parsedUrl(url)
  changed.username = user
  changed.password = password
  return changed.href
}

interface RecordRow {
  name: string
  checksum: string
}

const MIGRATION_LOCK = 7_265_402

async function asOwner<Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({
    connectionString: parsedUrl(url).href,
    application_name: 'identity-bridge migrate',
    lock_timeout: 30_000,
  })
  client.on('error', () => undefined) // a lost connection is told by the query that is under way
  try {
    await client.connect()
    await mustBeRecent(client)
    await lock(client)
    return await work(client)
  } catch (error) {
    throw withoutValues(error)
  } finally {
    await client.end() // ends the session, and with it the lock
  }
}

function parsedUrl(url: string): URL {
  if (URL.canParse(url)) return new URL(url)
  throw new SetupRefused(
    'A database URL reads postgresql://user:password@host:port/name (for a socket: …@localhost/name?host=/folder)',
  )
}

async function mustBeRecent(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ version: number }>(
    `SELECT current_setting('server_version_num')::int AS version`,
  )
  if ((rows[0]?.version ?? 0) < 150_000) throw new SetupRefused('Postgres 15 or newer is needed')
}

/** Asks again and again: a session that waits inside pg_advisory_lock holds a snapshot, in which others get stuck. */
async function lock(client: pg.Client): Promise<void> {
  for (let tried = 0; tried < 600; tried++) {
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS held', [MIGRATION_LOCK])
    if (rows[0].held === true) return
    await wait(100)
  }
  throw new SetupRefused('Another process has been migrating this database for a minute')
}

async function readRecord(client: pg.Client): Promise<RecordRow[]> {
  await client.query(`
    CREATE TABLE IF NOT EXISTS schema_migration (
      name text NOT NULL PRIMARY KEY,
      checksum text NOT NULL,
      applied_at text NOT NULL
    )`)
  return await readRows(client)
}

async function readRows(client: pg.ClientBase): Promise<RecordRow[]> {
  const { rows } = await client.query<RecordRow>(
    'SELECT name, checksum FROM schema_migration ORDER BY name COLLATE "C"',
  )
  return rows
}

async function mustBeEmpty(client: pg.Client): Promise<void> {
  const lines = await readCatalogue(client)
  if (lines.some((line) => line.startsWith('table '))) {
    throw new SetupRefused(
      'This database has tables but no record of migrations. If psql built it from sql/, run: npm run migrate -- --adopt',
    )
  }
}

/** The files after the recorded ones, which must be the first of them, unchanged. */
function pending(migrations: readonly Migration[], recorded: readonly RecordRow[]): Migration[] {
  recorded.forEach(({ name, checksum }, index) => {
    const known = migrations[index]
    if (known === undefined || !migrations.some((each) => each.name === name)) {
      throw new SetupRefused(`The database is ahead of this build, which does not know ${name}`)
    }
    if (known.name !== name) {
      throw new SetupRefused(
        `${name} was applied to the database, but ${known.name} before it was not`,
      )
    }
    if (known.checksum !== checksum) {
      throw new SetupRefused(`${name} was changed after it was applied to the database`)
    }
  })
  return migrations.slice(recorded.length)
}

/** The record goes first: were two to migrate at once without the lock, its primary key would let one through. */
async function apply(client: pg.Client, migration: Migration): Promise<void> {
  try {
    await client.query('BEGIN')
    await record(client, migration)
    await client.query(migration.text)
    const { command } = await client.query('COMMIT')
    if (command !== 'COMMIT') throw new SetupRefused('its transaction did not hold')
  } catch (error) {
    await client.query('ROLLBACK')
    throw new SetupRefused(`${migration.name} was rolled back: ${sayWhy(error)}`)
  }
}

/** What a file raises by itself (class P0) is its own text; of the rest only what holds no values. */
function sayWhy(error: unknown): string {
  if (error instanceof pg.DatabaseError && error.code?.startsWith('P0')) return error.message
  const known = withoutValues(error)
  return known instanceof Error ? known.message : 'unknown'
}

async function record(client: pg.Client, { name, checksum }: Migration): Promise<void> {
  await client.query(
    `INSERT INTO schema_migration (name, checksum, applied_at)
     VALUES ($1, $2, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))`,
    [name, checksum],
  )
}

/** A database beside the real one, gone afterwards. */
async function withScratch<Result>(
  client: pg.Client,
  ownerUrl: string,
  use: (scratchUrl: string) => Promise<Result>,
): Promise<Result> {
  const name = `identity_bridge_scratch_${crypto.randomUUID().slice(0, 8)}`
  await client.query(`CREATE DATABASE ${name} TEMPLATE template0`).catch((cause: unknown) => {
    throw new SetupRefused(
      'To compare, a scratch database is built and dropped again, and the owner may not create one: ' +
        'give it CREATEDB for the time being',
      { cause: withoutValues(cause) },
    )
  })
  try {
    const url = parsedUrl(ownerUrl)
    url.pathname = `/${name}`
    return await use(url.href)
  } finally {
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  }
}
