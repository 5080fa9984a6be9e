/** The schema by hand: the files of `sql/` through the psql and the Postgres 15 that the system's packages install. */
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCatalogue } from '../../src/store/catalogue.ts'
import { adopt, migrate, migrationFolder, readMigrations } from '../../src/store/migrate.ts'
import { type Postgres15, startPostgres15 } from './postgres15.ts'

let server: Postgres15
const urlOf = (database: string, user?: string) => server.urlOf(database, user)

async function withClient<Result>(url: string, use: (client: pg.Client) => Promise<Result>) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

beforeAll(async () => {
  server = await startPostgres15()
  await withClient(urlOf('postgres'), async (client) => {
    await client.query('CREATE ROLE owner LOGIN CREATEROLE CREATEDB')
    for (const name of ['by_hand', 'by_runner', 'interrupted'])
      await client.query(`CREATE DATABASE ${name} OWNER owner TEMPLATE template0`)
  })
})
afterAll(() => server.stop())

const files = readdirSync(migrationFolder())
  .filter((name) => name.endsWith('.sql'))
  .toSorted((a, b) => (a < b ? -1 : 1))

function applyByHand(database: string, names: readonly string[]): void {
  for (const name of names) {
    const file = path.join(migrationFolder(), name)
    const words = [
      '-X',
      '-q',
      '-1',
      '-v',
      'ON_ERROR_STOP=1',
      '-d',
      urlOf(database, 'owner'),
      '-f',
      file,
    ]
    expect(execFileSync('psql', words, { encoding: 'utf8' }), name).toBe('')
  }
}

test('RE-09 psql applies the files in the order of their names to an empty Postgres 15, and gets what the runner gets', async () => {
  const version = await withClient(urlOf('by_hand'), (client) =>
    client.query('SHOW server_version'),
  )
  expect(version.rows[0].server_version).toMatch(/^15\./)
  applyByHand('by_hand', files)
  const migrations = await readMigrations(migrationFolder())
  expect(await migrate(urlOf('by_runner', 'owner'), migrations)).toHaveLength(files.length)
  const [byHand, byRunner] = await Promise.all(
    ['by_hand', 'by_runner'].map((name) => withClient(urlOf(name), readCatalogue)),
  )
  expect(byHand?.length).toBeGreaterThan(400)
  expect(byHand).toEqual(byRunner)
})

test('RE-09 what psql built is taken over, and from then on the runner finds nothing to do', async () => {
  const migrations = await readMigrations(migrationFolder())
  await adopt(urlOf('by_hand', 'owner'), migrations)
  expect(await migrate(urlOf('by_hand', 'owner'), migrations)).toEqual([])
})

test('RE-09 what psql built in part is not taken for the whole', async () => {
  applyByHand('interrupted', files.slice(0, 3))
  const migrations = await readMigrations(migrationFolder())
  await expect(adopt(urlOf('interrupted', 'owner'), migrations)).rejects.toThrow(
    'missing: table journey:',
  )
})
