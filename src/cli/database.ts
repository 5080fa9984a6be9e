/** The database a command works on: the configured one, the running service's own, or our own started for the while. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type Config, refuseOwnerAlone, type Secrets } from '../config.ts'
import type { Keyring } from '../crypto/keyring.ts'
import { loadKeyring } from '../custody/load-keyring.ts'
import { isAlive } from '../embedded/cluster.ts'
import { passwordsIn } from '../embedded/passwords.ts'
import { DATABASE_NAME, startEmbeddedPostgres } from '../embedded/postgres.ts'
import { compareKeyring } from '../flow/check-keyring.ts'
import { type BridgeDatabase, closeDatabase, openDatabase } from '../store/database.ts'
import { checkSchema, migrate, migrationFolder, readMigrations } from '../store/migrate.ts'
import { RUNTIME_ROLE } from '../store/roles.ts'

/** Runs the work with an open, current database and lets go of it whatever happens. Throws SetupRefused, or the work's error. */
export async function withDatabase<Result>(
  config: Config,
  secrets: Secrets,
  work: (db: BridgeDatabase) => Promise<Result>,
): Promise<Result> {
  refuseOwnerAlone(secrets)
  if (secrets.databaseUrl !== undefined) return await onUrl(secrets.databaseUrl, work)
  const folder = path.join(config.dataFolder, 'postgres')
  const running = runningUrl(folder)
  if (running !== undefined) return await onUrl(running, work)
  const embedded = await startEmbeddedPostgres({ folder })
  try {
    await migrate(embedded.ownerUrl, await readMigrations(migrationFolder()))
    return await onUrl(embedded.runtimeUrl, work)
  } finally {
    await embedded.stop()
  }
}

/**
 * The same with the keyring, once it was found to be the one of this database: another one would meet strangers alone, and
 * seal what nobody can open. Throws what {@link withDatabase} does, KeyringError, and KeyringMismatch.
 */
export async function withKeyring<Result>(
  config: Config,
  secrets: Secrets,
  work: (means: { db: BridgeDatabase; keyring: Keyring }) => Promise<Result>,
): Promise<Result> {
  const keyring = await loadKeyring(secrets, Date.now)
  return await withDatabase(config, secrets, async (db) => {
    await compareKeyring({ db }, keyring)
    return await work({ db, keyring })
  })
}

async function onUrl<Result>(
  connectionString: string,
  work: (db: BridgeDatabase) => Promise<Result>,
): Promise<Result> {
  const options = { connectionString, applicationName: 'identity-bridge-cli', poolSize: 1 }
  const db = openDatabase(options)
  try {
    await checkSchema(db, await readMigrations(migrationFolder()))
    return await work(db)
  } finally {
    await closeDatabase(db)
  }
}

/**
 * The run-time login of an embedded server that is up because the service is, by the server's own lock file: its first
 * line is the process, the fourth the port, the fifth the folder of the socket.
 */
function runningUrl(folder: string): string | undefined {
  const lock = path.resolve(folder, 'postgres', 'postmaster.pid')
  if (!existsSync(lock)) return undefined
  const [pid = '', , , port = '', socketFolder = ''] = readFileSync(lock, 'utf8').split('\n')
  if (!isAlive(Number(pid))) return undefined
  const { runtime } = passwordsIn(path.resolve(folder))
  const at = socketFolder === '' ? '127.0.0.1' : 'localhost'
  const socket = socketFolder === '' ? '' : `?host=${encodeURIComponent(socketFolder)}`
  return `postgresql://${RUNTIME_ROLE}:${runtime}@${at}:${port}/${DATABASE_NAME}${socket}`
}
