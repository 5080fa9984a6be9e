/** A worker of its own, to be killed: it works on the open run as soon as it is told to, and says when nothing is left. */
import { once } from 'node:events'
import { parseKeyring } from '../../src/crypto/keyring.ts'
import { SYSTEM_TENANT } from '../../src/domain/ids.ts'
import { runNow } from '../../src/job/lease.ts'
import { migrateKeysJob } from '../../src/job/migrate-keys.ts'
import { createLog } from '../../src/log.ts'
import { createMetrics } from '../../src/metrics.ts'
import { closeDatabase, openDatabase, read } from '../../src/store/database.ts'
import { listOpenMigrations } from '../../src/store/key-migration.ts'

const { DATABASE_URL = '', KEYRING = '', OFFSET = '0', BATCH = '10' } = process.env
const db = openDatabase({ connectionString: DATABASE_URL, poolSize: 2 })
// Each worker lives later than the lease of the one before it.
const clock = () => Date.now() + Number(OFFSET)
const means = {
  db,
  clock,
  log: createLog('silent'),
  metrics: createMetrics({ processMetrics: false }),
}
const job = migrateKeysJob({ db, clock, keyring: parseKeyring(KEYRING) }, { batch: Number(BATCH) })
const open = async () => (await read(db, SYSTEM_TENANT, [listOpenMigrations({})]))[0].length > 0

await open()
process.stdout.write('ready\n')
await once(process.stdin, 'data')
while (await open()) await runNow(means, job, `worker-${process.pid}`)
process.stdout.write('done\n')
await closeDatabase(db)
process.exit(0)
