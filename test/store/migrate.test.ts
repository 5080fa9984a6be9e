import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { closeDatabase, openDatabase } from '../../src/store/database.ts'
import { adopt, checkSchema, migrate, readMigrations } from '../../src/store/migrate.ts'
import { SetupRefused } from '../../src/store/setup-refused.ts'
import { asSuperuser, createEmptyDatabase, query, type TestDatabase } from '../support/postgres.ts'

const FIRST = `
CREATE TABLE thing (tenant_id text NOT NULL, id text NOT NULL PRIMARY KEY, size integer NOT NULL DEFAULT 1 CHECK (size > 0));
CREATE INDEX thing_size ON thing (tenant_id, size);
ALTER TABLE thing ENABLE ROW LEVEL SECURITY;
ALTER TABLE thing FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON thing USING (tenant_id = current_setting('app.tenant_id', true));
GRANT SELECT, INSERT ON thing TO identity_bridge_app;
CREATE FUNCTION thing_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RETURN NEW;
END $$;
CREATE TRIGGER thing_guard BEFORE INSERT ON thing FOR EACH ROW EXECUTE FUNCTION thing_guard();
`
const SECOND = 'CREATE TABLE other (id text NOT NULL PRIMARY KEY);\n'

let database: TestDatabase
let folder: string
beforeEach(async () => {
  database = await createEmptyDatabase()
  folder = await mkdtemp(path.join(os.tmpdir(), 'identity-bridge-sql-'))
  await put('001_first.sql', FIRST)
  await put('002_second.sql', SECOND)
})
afterEach(async () => {
  await database.drop()
  await rm(folder, { recursive: true })
})

const put = (name: string, text: string) => writeFile(path.join(folder, name), text)
const remove = (name: string) => rm(path.join(folder, name))
const run = async () => await migrate(database.ownerUrl, await readMigrations(folder))
const refused = (sentence: string) =>
  expect.objectContaining({ name: 'SetupRefused', message: expect.stringContaining(sentence) })
const tables = async () =>
  (
    await query<{ name: string }>(
      database.superuserUrl,
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`,
    )
  ).map(({ name }) => name)

describe('running the files', () => {
  test('design 3 each file runs once, in the order of its number', async () => {
    expect(await run()).toEqual(['001_first.sql', '002_second.sql'])
    expect(await run()).toEqual([])
    await put('003_third.sql', 'ALTER TABLE other ADD note text;')
    expect(await run()).toEqual(['003_third.sql'])
    const rows = await query(
      database.ownerUrl,
      `SELECT name, length(checksum) AS digits, length(applied_at) = 24 AND right(applied_at, 1) = 'Z' AS utc
         FROM schema_migration ORDER BY name`,
    )
    expect(rows).toEqual(
      ['001_first.sql', '002_second.sql', '003_third.sql'].map((name) => ({
        name,
        digits: 64,
        utc: true,
      })),
    )
  })

  test('design 3 the whole of a file that fails is undone, with its record, and the sentence names it', async () => {
    await put('002_second.sql', `${SECOND} INSERT INTO other VALUES ('x'); SELECT * FROM nowhere;`)
    await expect(run()).rejects.toEqual(
      refused(
        '002_second.sql was rolled back: database refused a statement (42P01): relation "nowhere" does not exist',
      ),
    )
    expect(await tables()).toEqual(['schema_migration', 'thing'])
    await put('002_second.sql', SECOND)
    expect(await run()).toEqual(['002_second.sql'])
  })

  test('design 3 what a data migration raises is said, what Postgres quotes of a row is not', async () => {
    await put('002_second.sql', `DO $$ BEGIN RAISE EXCEPTION '3 rows were expected'; END $$`)
    await expect(run()).rejects.toEqual(refused('3 rows were expected'))
    await put('002_second.sql', `${SECOND} INSERT INTO other VALUES ('secret'), ('secret');`)
    const error: unknown = await run().catch((thrown: unknown) => thrown)
    expect(error).toEqual(refused('(23505, other, other_pkey)'))
    expect(String(error)).not.toContain('secret')
  })

  test('design 3 four that start at once run each file once', async () => {
    const applied = await Promise.all([run(), run(), run(), run()])
    expect(applied.map((names) => names.length).sort()).toEqual([0, 0, 0, 2])
  })

  test('design 3 line ends do not change a checksum', async () => {
    await run()
    await put('001_first.sql', FIRST.replaceAll('\n', '\r\n'))
    expect(await run()).toEqual([])
  })
})

describe('what is refused', () => {
  test('design 3 a file that was changed after it ran', async () => {
    await run()
    await put('001_first.sql', `${FIRST}-- afterthought\n`)
    await expect(run()).rejects.toEqual(refused('001_first.sql was changed after it was applied'))
  })

  test('design 3 a database that is ahead of the build', async () => {
    await run()
    await remove('002_second.sql')
    await expect(run()).rejects.toEqual(
      refused('ahead of this build, which does not know 002_second.sql'),
    )
  })

  test('design 3 a gap among the files, a number twice, a stray name', async () => {
    await put('004_fourth.sql', 'SELECT 1;')
    await expect(run()).rejects.toEqual(refused('004_fourth.sql is out of order: number 003'))
    await remove('004_fourth.sql')
    await put('002_again.sql', 'SELECT 1;')
    await expect(run()).rejects.toEqual(refused('002_second.sql is out of order: number 003'))
    await remove('002_again.sql')
    await put('notes.sql', 'SELECT 1;')
    await expect(run()).rejects.toEqual(refused('notes.sql is out of order'))
  })

  test('design 3 a gap in the record', async () => {
    await run()
    await query(database.ownerUrl, `DELETE FROM schema_migration WHERE name = '001_first.sql'`)
    await expect(run()).rejects.toEqual(refused('but 001_first.sql before it was not'))
  })

  test('design 3 a file that begins or commits by itself', async () => {
    for (const command of ['BEGIN;', 'commit ;', '  ROLLBACK;', 'START TRANSACTION;']) {
      await put('002_second.sql', `${SECOND}${command}\n`)
      await expect(run()).rejects.toEqual(refused('002_second.sql has a transaction command'))
    }
  })

  test('design 3 a database with tables and no record, until it is adopted', async () => {
    await query(database.ownerUrl, FIRST)
    await expect(run()).rejects.toEqual(refused('npm run migrate -- --adopt'))
  })

  test('design 3 a URL that is none', async () => {
    await expect(migrate('postgres', [])).rejects.toBeInstanceOf(SetupRefused)
  })
})

describe('a database that psql built', () => {
  const adoptIt = async () => await adopt(database.ownerUrl, await readMigrations(folder))
  const buildByHand = async (extra = '') => {
    for (const text of [FIRST, SECOND, extra]) await query(database.ownerUrl, text)
  }

  test('design 3 it is adopted when it is what the files build, and the scratch database is gone', async () => {
    await buildByHand()
    await adoptIt()
    expect(await run()).toEqual([])
    const scratch = await asSuperuser(
      `SELECT FROM pg_database WHERE datname LIKE 'identity_bridge_scratch%'`,
    )
    expect(scratch).toEqual([])
    await expect(adoptIt()).rejects.toEqual(refused('has a record of its migrations'))
  })

  test.for([
    ['a column', 'ALTER TABLE thing ADD extra text', 'unexpected: column thing.extra'],
    ['a missing column', 'ALTER TABLE thing DROP size', 'missing: column thing.size'],
    ['a type', 'ALTER TABLE thing ALTER size TYPE bigint', 'unexpected: column thing.size: bigint'],
    ['a default', 'ALTER TABLE thing ALTER size SET DEFAULT 2', 'default 2'],
    ['nullability', 'ALTER TABLE thing ALTER size DROP NOT NULL', 'not null f'],
    [
      'a constraint',
      'ALTER TABLE thing DROP CONSTRAINT thing_size_check',
      'missing: constraint thing.thing_size_check',
    ],
    ['an index', 'DROP INDEX thing_size', 'missing: index thing.thing_size'],
    ['row-level security', 'ALTER TABLE thing NO FORCE ROW LEVEL SECURITY', 'forced f'],
    [
      'a policy',
      'ALTER POLICY tenant_isolation ON thing USING (true)',
      'unexpected: policy thing.tenant_isolation',
    ],
    ['a trigger', 'ALTER TABLE thing DISABLE TRIGGER thing_guard', 'enabled D'],
    ['a function', 'ALTER FUNCTION thing_guard() SECURITY DEFINER', 'SECURITY DEFINER'],
    [
      'a grant',
      'GRANT TRUNCATE ON thing TO identity_bridge_app',
      'TRUNCATE to identity_bridge_app',
    ],
    [
      'a missing grant',
      'REVOKE INSERT ON thing FROM identity_bridge_app',
      'missing: grant on thing: INSERT',
    ],
    [
      'a column grant',
      'GRANT UPDATE (size) ON thing TO identity_bridge_app',
      'grant on thing.size: UPDATE',
    ],
    ['a table', 'CREATE TABLE stray (id text)', 'unexpected: table stray'],
    ['persistence', 'ALTER TABLE other SET UNLOGGED', 'persistence u'],
  ] as const)('design 3 it is refused when it differs in %s', async ([, change, difference]) => {
    await buildByHand(change)
    await expect(adoptIt()).rejects.toEqual(refused(difference))
    const recorded = await query(database.superuserUrl, 'SELECT FROM schema_migration')
    expect(recorded).toEqual([])
  })

  test('design 3 an owner that may not create the scratch database is told so', async () => {
    const url = new URL(database.superuserUrl)
    url.username = 'plain_owner'
    url.password = 'plain'
    await asSuperuser(`CREATE ROLE plain_owner LOGIN PASSWORD 'plain'`)
    await asSuperuser(`ALTER DATABASE ${database.name} OWNER TO plain_owner`)
    await query(url.href, FIRST)
    await expect(adopt(url.href, await readMigrations(folder))).rejects.toEqual(
      refused('give it CREATEDB'),
    )
    await database.drop()
    await asSuperuser('DROP ROLE plain_owner')
  })
})

describe('the check at the start', () => {
  const check = async () => {
    const db = openDatabase({ connectionString: database.runtimeUrl })
    try {
      await checkSchema(db, await readMigrations(folder))
    } finally {
      await closeDatabase(db)
    }
  }

  test('design 3 without the owner the service sees whether the schema is current', async () => {
    await expect(check()).rejects.toEqual(refused('lacks 001_first.sql, 002_second.sql'))
    await run()
    await expect(check()).resolves.toBeUndefined()
    await put('003_third.sql', 'SELECT 1;')
    await expect(check()).rejects.toEqual(refused('lacks 003_third.sql'))
    await remove('003_third.sql')
    await remove('002_second.sql')
    await expect(check()).rejects.toEqual(refused('ahead of this build'))
  })
})
