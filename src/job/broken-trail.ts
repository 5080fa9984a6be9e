/**
 * A broken audit trail, or a sealed text older than the trail says, is said in the log by tenant and place, and fails the
 * run: its metric is what alarms.
 */
import { OlderText, TrailBroken } from '../domain/audit-trail.ts'
import type { TenantId } from '../domain/ids.ts'
import type { JobMeans } from './lease.ts'

/** Returns what the work returns, and throws what it throws. */
export async function tellBroken<Result>(
  means: Pick<JobMeans, 'log'>,
  tenant: TenantId,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof TrailBroken) {
      const { reason, seq } = error.fault
      means.log.error('audit trail broken', { tenant, reason, counts: { seq } })
    }
    if (error instanceof OlderText)
      means.log.error('sealed texts are older than the audit trail says', {
        ...{ tenant, reason: error.table, counts: { texts: error.count } },
      })
    throw error
  }
}
