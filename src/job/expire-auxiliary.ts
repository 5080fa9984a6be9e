/** Removes data that institutions keep about people once it is past its own end. Until then it is not shown any more. */
import { newId } from '../crypto/random.ts'
import type { TenantId } from '../domain/ids.ts'
import { MINUTE, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { deleteExpiredAux } from '../store/auxiliary.ts'
import { inTransaction } from '../store/database.ts'
import type { Job, JobCounts, JobMeans } from './lease.ts'

const BATCH = 500
const EVERY = 5 * MINUTE

export const expireAuxiliaryJob: Job = {
  name: 'expire-auxiliary',
  next: (now) => now + EVERY,
  run: expireTenant,
}

async function expireTenant(
  means: JobMeans,
  tenantId: TenantId,
  keepLease: () => Promise<boolean>,
): Promise<JobCounts> {
  let removed = 0
  for (;;) {
    const batch = await expireBatch(means, tenantId)
    removed += batch
    if (batch < BATCH || !(await keepLease())) return { removed }
  }
}

/** One bounded batch with its event. */
async function expireBatch(means: JobMeans, tenantId: TenantId): Promise<number> {
  const now = toInstant(means.clock())
  return await inTransaction(means.db, tenantId, async (tx) => {
    const [gone] = await tx.run(deleteExpiredAux({ tenantId, now, limit: BATCH }))
    const removed = gone?.changed ?? 0
    if (removed === 0) return 0
    const detail = { type: 'auxiliary_expired', removed } as const
    await tx.runLast([insertAuditEvent(tenantId, newId(), now, { detail })])
    return removed
  })
}
