/** Signs every tenant's audit trail a few minutes after it moved, a closed one for a new key alone (flow/sign-trail.ts). */
import type { TenantId } from '../domain/ids.ts'
import { MINUTE } from '../domain/time.ts'
import { tellBroken } from './broken-trail.ts'
import type { Job } from './lease.ts'

/** `sign` returns whether a checkpoint was due, and throws where what came since the last one is broken. */
export function checkpointAuditJob(sign: (tenant: TenantId) => Promise<boolean>): Job {
  return {
    name: 'checkpoint-audit',
    quiet: true,
    next: (now) => now + MINUTE,
    alsoEnded: true,
    run: async (means, tenant) => ({
      checkpoints: (await tellBroken(means, tenant, () => sign(tenant))) ? 1 : 0,
    }),
  }
}
