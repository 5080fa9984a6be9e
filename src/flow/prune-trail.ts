/** Removes what is older than a tenant keeps from the beginning of its audit trail (protocols AU-13). */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { SYSTEM_TENANT, type TenantId } from '../domain/ids.ts'
import { type IsoInstant, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import {
  findNewestCheckpoint,
  findTrailHead,
  findTrailPlaceBefore,
  pruneTrail as pruneBatch,
  readTrail,
} from '../store/audit-trail.ts'
import { inTransaction, read, transact } from '../store/database.ts'
import { findTenantById } from '../store/tenant.ts'
import { signTrail } from './sign-trail.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'checkpointPlaces'>

const BATCH = 2000

/**
 * Removes the events from before `keepFrom` and returns how many went. A checkpoint that names the new start is signed and
 * sent away first, after the trail was checked; the newest event always stays. Resumes what an earlier run left undone.
 * The trail of a tenant that ended takes no more events: what went is told in the trail of what has no tenant.
 * Throws as {@link signTrail} does; nothing is removed then.
 */
export async function pruneTrail(
  means: Means,
  tenantId: TenantId,
  keepFrom: IsoInstant,
  keepLease: () => Promise<boolean>,
): Promise<number> {
  const [[place], [head], [newest], [tenant]] = await read(means.db, tenantId, [
    findTrailPlaceBefore({ tenantId, before: keepFrom }),
    findTrailHead({ tenantId }),
    findNewestCheckpoint({ tenantId }),
    findTenantById({ id: tenantId }),
  ])
  if (head === undefined || place === undefined) return 0
  const started = newest?.start_seq ?? 0
  const start = place.seq < head.seq ? place : await beforeHead(means.db, tenantId, head.seq)
  if (start === undefined) return 0
  if (start.seq > started)
    await signTrail(means, tenantId, { start: { seq: start.seq, rowHash: start.row_hash } })
  const remove = tenant === undefined || tenant.ended_at === null ? removeBatch : removeFromClosed
  let gone = 0
  for (;;) {
    const removed = await remove(means, tenantId, Math.max(started, start.seq))
    gone += removed
    if (removed < BATCH || !(await keepLease())) return gone
  }
}

/** The event before the newest, where all of a trail is old. */
async function beforeHead(db: Deps['db'], tenantId: TenantId, head: number) {
  const [[row]] = await read(db, tenantId, [readTrail({ tenantId, after: head - 2, limit: 1 })])
  return row !== undefined && row.seq < head ? row : undefined
}

/** One batch with its event, which is the first thing left to see of what went. */
async function removeBatch(means: Means, tenantId: TenantId, until: number): Promise<number> {
  return await inTransaction(means.db, tenantId, async (tx) => {
    const [answer] = await tx.run(pruneBatch({ tenantId, limit: BATCH }))
    const removed = answer?.removed ?? 0
    if (removed === 0) return 0
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), toInstant(means.clock()), {
        detail: { type: 'audit_pruned', until, removed },
      }),
    ])
    return removed
  })
}

/** The checkpoint that was signed and sent away before tells of it too, should this process die in between. */
async function removeFromClosed(means: Means, tenantId: TenantId, until: number): Promise<number> {
  const [[answer]] = await transact(means.db, tenantId, [pruneBatch({ tenantId, limit: BATCH })])
  const removed = answer?.removed ?? 0
  if (removed === 0) return 0
  await transact(means.db, SYSTEM_TENANT, [
    insertAuditEvent(SYSTEM_TENANT, newId(), toInstant(means.clock()), {
      detail: { type: 'audit_pruned', until, removed, tenant: tenantId },
    }),
  ])
  return removed
}
