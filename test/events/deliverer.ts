/** A worker of its own, to be killed: delivers a tenant's events from the word it is given until none is due. */
import { parseKeyring } from '../../src/crypto/keyring.ts'
import type { TenantId } from '../../src/domain/ids.ts'
import { createTenants } from '../../src/flow/tenants.ts'
import { deliverTenant } from '../../src/job/deliver-events.ts'
import { createOutbound } from '../../src/outbound/guard.ts'
import { closeDatabase, openDatabase } from '../../src/store/database.ts'

const { DATABASE_URL = '', KEYRING = '', TENANT = '', PUBLIC_URL = '' } = process.env
const keyring = parseKeyring(KEYRING)
const db = openDatabase({ connectionString: DATABASE_URL, poolSize: 1 })

/** `ahead`: later than every claim of a worker that was killed before. */
async function work(ahead: number): Promise<void> {
  const clock = () => Date.now() + ahead
  const outbound = createOutbound({ allowLoopback: true })
  const tenants = createTenants({ db, keyring, outbound, clock, publicUrl: PUBLIC_URL })
  const means = { db, keyring, clock, outbound, tenants }
  await deliverTenant(means, TENANT as TenantId, () => Promise.resolve(true))
  await closeDatabase(db)
  process.disconnect?.()
}

process.on('message', (ahead: number) => {
  void work(ahead)
})
process.send?.('ready')
