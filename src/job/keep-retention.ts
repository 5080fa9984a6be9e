/** Ends what was not used for as long as a tenant keeps it, and removes what ended longer ago than it can be restored. */
import { Cron } from 'croner'
import type { TenantId } from '../domain/ids.ts'
import { DAY, HOUR } from '../domain/time.ts'
import type { Job, JobCounts } from './lease.ts'

type Work = (tenant: TenantId, keepLease: () => Promise<boolean>) => Promise<JobCounts>

const AT_NIGHT = '40 3 * * *'

/** Once a day, when few log in: it walks every link. */
export function endInactiveJob(endInactive: Work): Job {
  return {
    name: 'end-inactive',
    next: (now) =>
      new Cron(AT_NIGHT, { timezone: 'UTC' }).nextRun(new Date(now))?.getTime() ?? now + DAY,
    run: (_, tenant, keepLease) => endInactive(tenant, keepLease),
  }
}

/** Every hour: little is due each time. */
export function purgeDeletedJob(purge: Work): Job {
  return {
    name: 'purge-deleted',
    next: (now) => now + HOUR,
    run: (_, tenant, keepLease) => purge(tenant, keepLease),
  }
}
