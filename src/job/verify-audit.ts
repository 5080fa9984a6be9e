/**
 * Checks every tenant's audit trail from its start once a day, closed ones too, then whether what is sealed of people is what
 * the trail tells last, and prunes a whole one to what the tenant keeps.
 */
import type { TenantId } from '../domain/ids.ts'
import { DAY } from '../domain/time.ts'
import { tellBroken } from './broken-trail.ts'
import type { Job } from './lease.ts'

/**
 * `verify` returns how many events it checked, `verifySeals` how many sealed texts; undefined where either was stopped. Both
 * throw where something is not as it was written.
 */
export function verifyAuditJob(does: {
  verify: (tenant: TenantId, keepLease: () => Promise<boolean>) => Promise<number | undefined>
  verifySeals: (tenant: TenantId, keepLease: () => Promise<boolean>) => Promise<number | undefined>
  prune: (tenant: TenantId, keepLease: () => Promise<boolean>) => Promise<number>
}): Job {
  return {
    name: 'verify-audit',
    next: (now) => now + DAY,
    alsoEnded: true,
    run: (means, tenant, keepLease) =>
      tellBroken(means, tenant, async () => {
        const events = await does.verify(tenant, keepLease)
        if (events === undefined) return { events: 0, seals: 0, pruned: 0 }
        const seals = await does.verifySeals(tenant, keepLease)
        if (seals === undefined) return { events, seals: 0, pruned: 0 }
        return { events, seals, pruned: await does.prune(tenant, keepLease) }
      }),
  }
}
