/** `npm run migrate` as an operator meets it, on a cluster of its own: logins belong to the whole cluster. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/embedded/postgres.ts'
import { closeDatabase, openDatabase } from '../../src/store/database.ts'
import { migrationFolder, readMigrations } from '../../src/store/migrate.ts'
import { checkRuntimeRole } from '../../src/store/roles.ts'
import { query } from '../support/postgres.ts'

let folder: string
let server: EmbeddedPostgres
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'identity-bridge-command-'))
  server = await startEmbeddedPostgres({ folder, durable: false })
  await query(
    server.superuserUrl,
    `ALTER ROLE identity_bridge_owner CREATEROLE; DROP ROLE identity_bridge; DROP ROLE identity_bridge_app`,
  )
})
afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true })
})

const PROGRAM = path.join(import.meta.dirname, '../../src/migrate.ts')

async function command(ownerUrl: string | undefined, ...words: string[]): Promise<string> {
  const env = ownerUrl === undefined ? {} : { DATABASE_OWNER_URL: ownerUrl }
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, ...words], { env })
  return stdout
}

const printedUrl = (said: string) => said.match(/^postgresql:\S+$/m)?.[0] ?? 'no URL was printed'

test('design 3 it builds the schema and prints once the URL of a login that may run the service', async () => {
  const said = await command(server.ownerUrl)
  expect(said.match(/^Applied /gm)).toHaveLength((await readMigrations(migrationFolder())).length)
  const db = openDatabase({ connectionString: printedUrl(said) })
  await expect(checkRuntimeRole(db)).resolves.toBeUndefined()
  await closeDatabase(db)

  const again = await command(server.ownerUrl)
  expect(again).toBe(
    'The database is current.\n' +
      'The login identity_bridge exists. For a new password: npm run migrate -- --new-password\n',
  )

  const renewed = printedUrl(await command(server.ownerUrl, '--new-password'))
  await expect(query(renewed, 'SELECT 1 AS one')).resolves.toEqual([{ one: 1 }])
  await expect(query(printedUrl(said), 'SELECT 1')).rejects.toMatchObject({ code: '28P01' })
})

test('design 3 the password is kept as a SCRAM verifier that Postgres itself would have made', async () => {
  const [row] = await query<{ rolpassword: string }>(
    server.superuserUrl,
    `SELECT rolpassword FROM pg_authid WHERE rolname = 'identity_bridge'`,
  )
  expect(row?.rolpassword).toMatch(
    /^SCRAM-SHA-256\$4096:[A-Za-z0-9+/]{22}==\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=$/,
  )
})

test('design 3 an owner who may not make the login is told what to do', async () => {
  await query(server.superuserUrl, 'ALTER ROLE identity_bridge_owner NOCREATEROLE')
  await expect(command(server.ownerUrl, '--new-password')).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('it needs CREATEROLE. Or let a superuser run: CREATE ROLE'),
  })
  await expect(command(server.ownerUrl)).resolves.toContain('The login identity_bridge exists.')
})

test('design 3 it says in a sentence what is missing, and fails', async () => {
  await expect(command(undefined)).rejects.toMatchObject({
    code: 1,
    stderr: 'Set DATABASE_OWNER_URL to the URL of the login that owns the database\n',
  })
  await expect(command('postgresql://a:b@127.0.0.1:1/none')).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('The database does not answer (ECONNREFUSED)'),
  })
})
