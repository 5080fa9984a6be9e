/** A database for each test file: a clone of the template that `global-setup.ts` builds once a run (about 100 ms). */
import pg from 'pg'
import { inject } from 'vitest'

interface ClusterUrls {
  ownerUrl: string
  runtimeUrl: string
  superuserUrl: string
  dataDirectory: string
}

declare module 'vitest' {
  interface ProvidedContext {
    cluster: ClusterUrls | { problem: string }
  }
}

export interface TestDatabase {
  readonly name: string
  /** The owner, as for `npm run migrate`; may create roles and databases. */
  readonly ownerUrl: string
  /** The run-time login, as for `DATABASE_URL`. */
  readonly runtimeUrl: string
  readonly superuserUrl: string
  /** Ends every session and removes the database. */
  drop(): Promise<void>
}

export const TEMPLATE = 'identity_bridge_template'
export const WATCHED = 'identity_bridge_watched'

/** A migrated database of its own. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return await createDatabase(`TEMPLATE ${TEMPLATE} STRATEGY wal_log`)
}

/** The same under the watch of `watch.ts`, for whatever runs flows or jobs. */
export async function createWatchedDatabase(): Promise<TestDatabase> {
  return await createDatabase(`TEMPLATE ${WATCHED} STRATEGY wal_log`)
}

/** An empty one, for tests of the migrations themselves. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  return await createDatabase('TEMPLATE template0')
}

/** The server's data directory, for tests that read its raw bytes. */
export function clusterDataDirectory(): string {
  return cluster().dataDirectory
}

/** Runs SQL as the cluster's superuser, in the database of that name or in none of the tests' own. */
export async function asSuperuser<Row extends pg.QueryResultRow>(
  text: string,
  database?: string,
): Promise<Row[]> {
  const { superuserUrl } = cluster()
  const url = database === undefined ? superuserUrl : onDatabase(superuserUrl, database)
  return await query<Row>(url, text)
}

/** Runs SQL over a URL, on a connection of its own. */
export async function query<Row extends pg.QueryResultRow>(
  connectionString: string,
  text: string,
): Promise<Row[]> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    const { rows } = await client.query<Row>(text)
    return rows
  } finally {
    await client.end()
  }
}

/** The URL with another database. */
export function onDatabase(url: string, database: string): string {
  const changed = new URL(url)
  changed.pathname = `/${database}`
  return changed.href
}

function cluster(): ClusterUrls {
  const found = inject('cluster')
  if ('problem' in found) throw new Error(`no test database: ${found.problem}`)
  return found
}

async function createDatabase(how: string): Promise<TestDatabase> {
  const { ownerUrl, runtimeUrl, superuserUrl } = cluster()
  const name = `test_${crypto.randomUUID().replaceAll('-', '')}`
  await asSuperuser(`CREATE DATABASE ${name} OWNER identity_bridge_owner ${how}`)
  return {
    name,
    ownerUrl: onDatabase(ownerUrl, name),
    runtimeUrl: onDatabase(runtimeUrl, name),
    superuserUrl: onDatabase(superuserUrl, name),
    drop: async () => {
      await asSuperuser(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    },
  }
}
