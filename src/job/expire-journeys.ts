/**
 * Ends journeys and reconciliation sessions that ran out of time, then removes what ended a while ago: rows, grants with
 * their codes and tokens, spent assertions, guard rows, revocations. Every batch is a transaction of its own.
 */
import { Cron } from 'croner'
import { newId } from '../crypto/random.ts'
import type { TenantId } from '../domain/ids.ts'
import { KEPT } from '../domain/retention.ts'
import { type IsoInstant, MINUTE, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction } from '../store/database.ts'
import { deleteExpiredGrants, deleteSpentAssertions } from '../store/grant.ts'
import { deleteExpiredKeys } from '../store/idempotency.ts'
import { deleteEndedJourneys, expireJourneys } from '../store/journey.ts'
import { deleteRevokedTokens } from '../store/machine-token.ts'
import { sweepGuards } from '../store/match.ts'
import { deleteProviderTests } from '../store/provider-test.ts'
import { deletePushedRequests } from '../store/pushed-request.ts'
import { deleteExpiredSessions, expireSessions } from '../store/session.ts'
import type { Changed, Step } from '../store/statement.ts'
import type { Job, JobCounts, JobMeans } from './lease.ts'

const BATCH = 500
const KEEP_GUARDS = 10 * MINUTE
const EVERY_MINUTE = '* * * * *'

export const expireJourneysJob: Job = {
  name: 'expire-journeys',
  next: (now) =>
    new Cron(EVERY_MINUTE, { timezone: 'UTC' }).nextRun(new Date(now))?.getTime() ?? now + MINUTE,
  run: expireTenant,
}

async function expireTenant(
  means: JobMeans,
  tenantId: TenantId,
  keepLease: () => Promise<boolean>,
): Promise<JobCounts> {
  const total = { journeys: 0, sessions: 0, grants: 0, removed: 0 }
  for (;;) {
    const done = await expireBatch(means, tenantId)
    total.journeys += done.journeys
    total.sessions += done.sessions
    total.grants += done.grants
    total.removed += done.removed
    if (!done.full || !(await keepLease())) return total
  }
}

/** One bounded batch with its audit event; `full` when there may be more. */
async function expireBatch(means: JobMeans, tenantId: TenantId) {
  const at = means.clock()
  const now = toInstant(at)
  const endedBefore = toInstant(at - KEPT.endedLogins)
  return await inTransaction(means.db, tenantId, async (tx) => {
    const results = await tx.runAll(
      batchSteps(tenantId, now, endedBefore, toInstant(at - KEEP_GUARDS)),
    )
    const changed = results.map(([row]) => row?.changed ?? 0)
    const [sessions = 0, journeys = 0, oldSessions = 0, oldJourneys = 0, grants = 0] = changed
    const removed = oldSessions + oldJourneys
    if (journeys + sessions + grants + removed > 0)
      await tx.runLast([
        insertAuditEvent(tenantId, newId(), now, {
          detail: { type: 'sessions_expired', journeys, sessions, grants, removed },
        }),
      ])
    const full = changed.some((count) => count >= BATCH)
    return { journeys, sessions, grants, removed, full }
  })
}

/** Sessions before their journeys, ends before removals. */
function batchSteps(
  tenantId: TenantId,
  now: IsoInstant,
  endedBefore: IsoInstant,
  guardsBefore: IsoInstant,
): readonly Step<Changed>[] {
  const limit = BATCH
  return [
    expireSessions({ tenantId, now, limit }),
    expireJourneys({ tenantId, now, limit }),
    deleteExpiredSessions({ tenantId, before: endedBefore, limit }),
    deleteEndedJourneys({ tenantId, before: endedBefore, limit }),
    deleteExpiredGrants({ tenantId, now, limit }),
    deleteSpentAssertions({ tenantId, now, limit }),
    sweepGuards({ tenantId, before: guardsBefore, limit }),
    deleteProviderTests({ tenantId, before: endedBefore, limit }),
    deletePushedRequests({ tenantId, now, limit }),
    deleteRevokedTokens({ tenantId, now, limit }),
    deleteExpiredKeys({ tenantId, now, limit }),
  ]
}
