/** A worker of its own, to be killed: delivers what waits in the outbox, once, from the word it is given until it has done. */
import { readConfig } from '../../src/config.ts'
import { parseKeyring } from '../../src/crypto/keyring.ts'
import { runJobHere } from '../../src/jobs.ts'
import { closeDatabase, openDatabase } from '../../src/store/database.ts'

const { config } = readConfig(process.env)
const keyring = parseKeyring(process.env.KEYRING ?? '')
const db = openDatabase({ connectionString: process.env.DATABASE_URL ?? '', poolSize: 2 })

/** `ahead`: later than every lease and claim of a worker that was killed before. */
async function work(ahead: number): Promise<void> {
  await runJobHere({ config, db, keyring, clock: () => Date.now() + ahead }, 'deliver-events')
  await closeDatabase(db)
  process.disconnect?.()
}

process.on('message', (ahead: number) => {
  void work(ahead)
})
process.send?.('ready')
