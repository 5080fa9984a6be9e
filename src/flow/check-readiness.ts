/** Whether this instance can serve: database, keyring and schema, in words and never in error texts. */
import type { Deps } from '../deps.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import { read } from '../store/database.ts'
import { listKeyChecks } from '../store/key-check.ts'
import { hasMigrations, migrationFolder, readMigrations } from '../store/migrate.ts'

export interface Readiness {
  database: 'up' | 'down'
  /** The keyring was checked against the database when the process started; here, that the record is still there. */
  keyring: 'up' | 'down'
  schema: 'up' | 'down'
}

/** Asks once; never throws. */
export async function checkReadiness(deps: Pick<Deps, 'db'>): Promise<Readiness> {
  try {
    const [checks] = await read(deps.db, SYSTEM_TENANT, [listKeyChecks({})])
    const keyring = checks.length > 0 ? 'up' : 'down'
    const current = await hasMigrations(deps.db, await readMigrations(migrationFolder()))
    return { database: 'up', keyring, schema: current ? 'up' : 'down' }
  } catch {
    // Which of the three it was is in the log of whoever asked the database; a probe only needs to know "not now".
    return { database: 'down', keyring: 'down', schema: 'down' }
  }
}
