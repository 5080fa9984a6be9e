/**
 * Asks every five minutes what logins rest on, ahead of them (flow/ask-ahead.ts): who is asked at a login is slow, or not
 * there.
 */
import type { TenantId } from '../domain/ids.ts'
import { MINUTE } from '../domain/time.ts'
import type { Job, JobCounts } from './lease.ts'

const LOOK_EVERY = 5 * MINUTE

export function askAheadJob(
  ask: (tenant: TenantId, keepLease: () => Promise<boolean>) => Promise<JobCounts>,
): Job {
  return {
    name: 'ask-ahead',
    next: (now) => now + LOOK_EVERY,
    run: (_, tenant, keepLease) => ask(tenant, keepLease),
  }
}
