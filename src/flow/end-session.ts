/** The person looks at their single-sign-on session, and ends it. */
import { hashSecret, newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { SIGN_ON_IDLE_TIME } from '../domain/journey.ts'
import { MINUTE, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read } from '../store/database.ts'
import { countSignOn, endSignOn } from '../store/single-sign-on.ts'
import type { PreparedTenant } from './tenants.ts'

/** Whether this browser would be logged in without being asked. */
export async function hasSession(
  means: Pick<Deps, 'db' | 'clock'>,
  { tenant }: PreparedTenant,
  browserId: string | undefined,
): Promise<boolean> {
  if (browserId === undefined) return false
  const now = means.clock()
  const [[row]] = await read(means.db, tenant.id, [
    countSignOn({
      ...{ tenantId: tenant.id, browserHash: hashSecret(browserId) },
      startedAfter: toInstant(now - tenant.singleSignOnMinutes * MINUTE),
      usedAfter: toInstant(now - SIGN_ON_IDLE_TIME),
    }),
  ])
  return (row?.count ?? 0) > 0
}

/** Ends the browser's session at this tenant; tokens that relying parties have already stay theirs. Ending none is no fault. */
export async function endSession(
  means: Pick<Deps, 'db' | 'clock' | 'metrics'>,
  { tenant }: PreparedTenant,
  browserId: string | undefined,
): Promise<void> {
  if (browserId === undefined) return
  const tenantId = tenant.id
  const now = toInstant(means.clock())
  await inTransaction(means.db, tenantId, async (tx) => {
    const ended = await tx.run(endSignOn({ tenantId, browserHash: hashSecret(browserId) }))
    if (ended.length > 0)
      await tx.runLast([
        insertAuditEvent(tenantId, newId(), now, { detail: { type: 'single_sign_on_ended' } }),
      ])
  })
  means.metrics.outcome('single_sign_on', 'ended')
}
