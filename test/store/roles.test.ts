import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { closeDatabase, openDatabase } from '../../src/store/database.ts'
import { checkRuntimeRole } from '../../src/store/roles.ts'
import { asSuperuser, createTestDatabase, query, type TestDatabase } from '../support/postgres.ts'

let database: TestDatabase
const made: string[] = []
beforeAll(async () => {
  database = await createTestDatabase()
})
afterEach(async () => {
  for (const role of made.splice(0).reverse()) {
    await asSuperuser(`DROP OWNED BY ${role}; DROP ROLE ${role}`, database.name)
  }
})
afterAll(() => database.drop())

async function createRole(words: string): Promise<string> {
  const name = `role_${crypto.randomUUID().slice(0, 8)}`
  await asSuperuser(`CREATE ROLE ${name} ${words}`)
  made.push(name)
  return name
}

/** Connects as a new login that was given these things, and asks whether it may run the service. */
async function checkAs(words: string, grant: (login: string) => string = () => ''): Promise<void> {
  const login = await createRole(`LOGIN PASSWORD 'p' ${words}`)
  await asSuperuser(grant(login), database.name)
  const url = new URL(database.runtimeUrl)
  url.username = login
  url.password = 'p'
  await check(url.href)
}

async function check(connectionString: string): Promise<void> {
  const db = openDatabase({ connectionString })
  try {
    await checkRuntimeRole(db)
  } finally {
    await closeDatabase(db)
  }
}

describe('who may run the service', () => {
  test('PG-02 the run-time login may', async () => {
    await expect(check(database.runtimeUrl)).resolves.toBeUndefined()
    await expect(checkAs('IN ROLE identity_bridge_app')).resolves.toBeUndefined()
  })

  test('PG-02 a superuser may not', async () => {
    await expect(check(database.superuserUrl)).rejects.toThrow('postgres is a superuser')
  })

  test('PG-02 a login with BYPASSRLS may not, nor one that can become or make what it likes', async () => {
    await expect(checkAs('BYPASSRLS')).rejects.toThrow('has BYPASSRLS')
    await expect(checkAs('CREATEROLE')).rejects.toThrow('has CREATEROLE')
    await expect(checkAs('REPLICATION')).rejects.toThrow('has REPLICATION')
  })

  test('PG-02 the owner may not', async () => {
    await expect(check(database.ownerUrl)).rejects.toThrow('identity_bridge_owner owns database')
  })

  test('PG-02 the owner of a single table may not', async () => {
    const owns = (login: string) =>
      `CREATE TABLE small (id text); ALTER TABLE small OWNER TO ${login}`
    await expect(checkAs('', owns)).rejects.toThrow('owns table small')
  })

  test('PG-02 the owner of a function may not, for it may run as its definer', async () => {
    const owns = (login: string) =>
      `CREATE FUNCTION small() RETURNS int LANGUAGE sql RETURN 1; ALTER FUNCTION small() OWNER TO ${login}`
    await expect(checkAs('', owns)).rejects.toThrow('owns function small')
  })

  test('PG-02 a member of the owner may not, directly or through another role', async () => {
    await expect(checkAs('IN ROLE identity_bridge_owner')).rejects.toThrow(
      'is a member of identity_bridge_owner, the owner of',
    )
    const between = await createRole('NOLOGIN IN ROLE identity_bridge_owner')
    await expect(checkAs(`NOINHERIT IN ROLE ${between}`)).rejects.toThrow(
      'is a member of identity_bridge_owner, the owner of',
    )
  })

  test('PG-02 a member of a role that row-level security does not bind may not', async () => {
    const dump = await createRole('NOLOGIN BYPASSRLS')
    await expect(checkAs(`IN ROLE ${dump}`)).rejects.toThrow(
      `is a member of ${dump}, which row-level security does not bind`,
    )
  })

  test('PG-10 a login that may TRUNCATE may not, for that asks no policy', async () => {
    const truncate = (login: string) => `GRANT TRUNCATE ON tenant TO ${login}`
    await expect(checkAs('', truncate)).rejects.toThrow('may TRUNCATE table tenant')
  })

  test('PG-02 session_user counts, whatever role was set since', async () => {
    const url = new URL(database.superuserUrl)
    url.searchParams.set('options', '-c role=identity_bridge')
    const [who] = await query(
      url.href,
      'SELECT session_user::text AS session, current_user::text AS current',
    )
    expect(who).toEqual({ session: 'postgres', current: 'identity_bridge' })
    await expect(check(url.href)).rejects.toThrow('postgres is a superuser')
  })
})
