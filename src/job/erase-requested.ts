/** Erasures of many people, once they are approved and have waited; and lines that the ledger outside the database lacks. */
import type { TenantId } from '../domain/ids.ts'
import { MINUTE } from '../domain/time.ts'
import type { Job, JobCounts } from './lease.ts'

/** `carryOut` does it for one tenant and stops where the lease is lost. */
export function eraseRequestedJob(
  carryOut: (tenant: TenantId, keepLease: () => Promise<boolean>) => Promise<JobCounts>,
): Job {
  return {
    name: 'erase-requested',
    next: (now) => now + MINUTE,
    run: (_, tenant, keepLease) => carryOut(tenant, keepLease),
  }
}
