import type { Deps } from '../../src/deps.ts'
import type { TenantId } from '../../src/domain/ids.ts'
import { deliverEventsJob } from '../../src/job/deliver-events.ts'
import type { JobCounts } from '../../src/job/lease.ts'

/** What a run of the job does in one tenant, late receivers waited for. */
export async function deliverTenant(deps: Deps, tenantId: TenantId): Promise<JobCounts> {
  const job = deliverEventsJob(deps)
  await job.run(deps, tenantId, () => Promise.resolve(true))
  return await job.finish()
}
