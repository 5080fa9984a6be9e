/**
 * Looks once an hour what ends soon or has ended (flow/read-expiry-calendar.ts): certificates, anchors, lists, keys. Its
 * counts are the metric `bridge_expiring`; each tenant with something to renew is a warning in the log.
 */
import type { Deps } from '../deps.ts'
import { countExpiries, type Expiry, WATCH_EXPIRY } from '../domain/expiry.ts'
import type { TenantId } from '../domain/ids.ts'
import { HOUR } from '../domain/time.ts'
import type { Job, JobCounts } from './lease.ts'

/** `calendar` of a tenant: everything that has an end. */
export function watchExpiryJob(calendar: (tenant: TenantId) => Promise<readonly Expiry[]>): Job {
  return {
    name: WATCH_EXPIRY,
    next: (now) => now + HOUR,
    run: async ({ log }, tenant) => warnOf(log, tenant, countExpiries(await calendar(tenant))),
  }
}

function warnOf(log: Deps['log'], tenant: TenantId, counts: JobCounts): JobCounts {
  const open = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))
  if (Object.keys(open).length > 0)
    log.warn('something ends soon or has ended', { tenant, counts: open })
  return counts
}
