/** Checks every tenant's audit trail from its start once a day, closed ones too, and prunes a whole one to what the tenant keeps. */
import type { TenantId } from '../domain/ids.ts'
import { DAY } from '../domain/time.ts'
import { tellBroken } from './broken-trail.ts'
import type { Job } from './lease.ts'

/** `verify` returns how many events it checked, undefined where it was stopped, and throws where the trail is broken. */
export function verifyAuditJob(does: {
  verify: (tenant: TenantId, keepLease: () => Promise<boolean>) => Promise<number | undefined>
  prune: (tenant: TenantId, keepLease: () => Promise<boolean>) => Promise<number>
}): Job {
  return {
    name: 'verify-audit',
    next: (now) => now + DAY,
    alsoEnded: true,
    run: (means, tenant, keepLease) =>
      tellBroken(means, tenant, async () => {
        const events = await does.verify(tenant, keepLease)
        if (events === undefined) return { events: 0, pruned: 0 }
        return { events, pruned: await does.prune(tenant, keepLease) }
      }),
  }
}
