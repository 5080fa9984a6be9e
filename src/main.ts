/** The process: read the environment, bring up the database, serve, stop on a signal. The only file that exits. */
import path from 'node:path'
import { checkPlaces } from './check-places.ts'
import {
  type Config,
  readConfig,
  refuseOwnerAlone,
  SECRET_VARIABLES,
  type Secrets,
} from './config.ts'
import { loadKeyring } from './custody/load-keyring.ts'
import { startEmbeddedPostgres } from './embedded/postgres.ts'
import { writeFirstToken } from './flow/write-first-token.ts'
import { createLog, describeError, type Log } from './log.ts'
import { operatorSentence } from './operator-sentence.ts'
import { startService } from './service.ts'
import { migrate, migrationFolder, readMigrations } from './store/migrate.ts'

/** The database to run on: the configured one, migrated where its owner's login is given, or one of our own. */
async function bringUpDatabase(config: Config, secrets: Secrets) {
  const migrations = await readMigrations(migrationFolder())
  if (secrets.databaseUrl !== undefined) {
    if (secrets.databaseOwnerUrl !== undefined) await migrate(secrets.databaseOwnerUrl, migrations)
    return { url: secrets.databaseUrl, embedded: undefined }
  }
  const embedded = await startEmbeddedPostgres({ folder: path.join(config.dataFolder, 'postgres') })
  await migrate(embedded.ownerUrl, migrations)
  return { url: embedded.runtimeUrl, embedded }
}

async function main(log: Log): Promise<void> {
  const { config, secrets } = readConfig(process.env)
  refuseOwnerAlone(secrets)
  checkPlaces(config)
  const keyring = await loadKeyring(secrets, Date.now)
  const database = await bringUpDatabase(config, secrets)
  // Secrets have been read; nothing that starts later finds them in the environment (protocols CR-35).
  for (const name of SECRET_VARIABLES) delete process.env[name]
  const service = await startService(config, {
    ...{
      databaseUrl: database.url,
      keyring,
      checkpointToken: secrets.auditCheckpointsToken,
      clock: Date.now,
      log: createLog(config.logLevel),
      processMetrics: true,
    },
  }).catch(async (error: unknown) => {
    await database.embedded?.stop()
    throw error
  })
  if (database.embedded !== undefined) await writeFirstToken(service.deps, config.dataFolder)
  log.info('listening', { address: service.address })

  let stopping = false
  const stop = () => {
    if (stopping) return
    stopping = true
    log.info('stopping')
    service
      .stop()
      .then(() => database.embedded?.stop())
      .then(() => log.info('stopped'))
      .then(() => process.exit(0))
      .catch((error: unknown) => exitWith(log, error))
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

/** Says what is wrong in one line a person can act on: our own sentences whole, of anything else the class and place. */
function exitWith(log: Log, error: unknown): never {
  log.error(operatorSentence(error) ?? 'cannot start', describeError(error))
  process.exit(1)
}

const startLog = createLog('info')
main(startLog).catch((error: unknown) => exitWith(startLog, error))
