/** Looks up again, by itself, what became of the credentials behind links, where the trust policy wants that. */
import type { TenantId } from '../domain/ids.ts'
import { MINUTE } from '../domain/time.ts'
import type { Job, JobCounts } from './lease.ts'

const EVERY = 15 * MINUTE

export function recheckStatusJob(
  recheck: (tenant: TenantId, keepLease: () => Promise<boolean>) => Promise<JobCounts>,
): Job {
  return {
    name: 'recheck-status',
    next: (now) => now + EVERY,
    run: (_, tenant, keepLease) => recheck(tenant, keepLease),
  }
}
