/** A worker of its own, to be killed: runs the jobs that end data, once, from the word it is given until it has done. */
import { readConfig } from '../../src/config.ts'
import { parseKeyring } from '../../src/crypto/keyring.ts'
import { carryOutErasures } from '../../src/flow/carry-out-erasures.ts'
import { endInactiveLinks } from '../../src/flow/end-inactive-links.ts'
import { purgeDeleted } from '../../src/flow/purge-deleted.ts'
import { eraseRequestedJob } from '../../src/job/erase-requested.ts'
import { expireAuxiliaryJob } from '../../src/job/expire-auxiliary.ts'
import { expireJourneysJob } from '../../src/job/expire-journeys.ts'
import { endInactiveJob, purgeDeletedJob } from '../../src/job/keep-retention.ts'
import { newOwner, runNow } from '../../src/job/lease.ts'
import { createLog } from '../../src/log.ts'
import { createMetrics } from '../../src/metrics.ts'
import { closeDatabase, openDatabase } from '../../src/store/database.ts'

const { config } = readConfig(process.env)
const keyring = parseKeyring(process.env.KEYRING ?? '')
const db = openDatabase({ connectionString: process.env.DATABASE_URL ?? '', poolSize: 1 })

/** `ahead`: later than every lease of a worker that was killed before. */
async function work(ahead: number): Promise<void> {
  const clock = () => Date.now() + ahead
  const metrics = createMetrics({ processMetrics: false })
  const means = { db, keyring, clock, metrics, log: createLog('error') }
  const jobs = [
    expireAuxiliaryJob,
    purgeDeletedJob((tenant, keepLease) => purgeDeleted(means, tenant, keepLease)),
    endInactiveJob((tenant, keepLease) => endInactiveLinks(means, tenant, keepLease)),
    expireJourneysJob,
    eraseRequestedJob((tenant, keepLease) =>
      carryOutErasures({ ...means, config }, tenant, keepLease),
    ),
  ]
  for (const job of jobs) await runNow(means, job, newOwner())
  await closeDatabase(db)
  process.disconnect?.()
}

process.on('message', (ahead: number) => {
  void work(ahead)
})
process.send?.('ready')
