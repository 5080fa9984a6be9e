/** An erasure of many people is approved by a second administrator, or cancelled by any. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { ErasureRequestId } from '../domain/ids.ts'
import { HOUR, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, type Transaction } from '../store/database.ts'
import {
  approveErasureRequest,
  type ErasureRequestRow,
  endErasureRequest,
  lockErasureRequest,
} from '../store/erasure-request.ts'
import { findAdminTenant } from './admin-tenant.ts'
import {
  type ErasureRequestView,
  readErasurePolicy,
  viewErasureRequest,
} from './erasure-request-view.ts'

/**
 * The request as it is then; a repeat changes nothing. The waiting time begins with the approval. Throws `admin_forbidden`,
 * `not_found`, and `conflict` for a request that has ended otherwise, or where the one who approves is the one who asked.
 */
export async function decideErasures(
  means: Pick<Deps, 'db' | 'clock'>,
  actor: AdminActor,
  slug: string,
  decided: { id: ErasureRequestId; word: 'approve' | 'cancel' },
): Promise<ErasureRequestView> {
  const { id: tenantId } = await findAdminTenant(means.db, actor, 'privacy:erase', slug)
  const { waitHours } = await readErasurePolicy(means.db, tenantId)
  const { id, word } = decided
  const at = means.clock()
  const now = toInstant(at)
  const told = { actor: actor.id, request: id }
  const work = async (tx: Transaction): Promise<ErasureRequestRow | undefined> => {
    const [row] = await tx.run(lockErasureRequest({ tenantId, id }))
    if (row === undefined) return fail({ kind: 'not_found' })
    if (row.state === (word === 'approve' ? 'approved' : 'cancelled')) return row
    if (row.state === 'done' || row.state === 'cancelled')
      return fail({ kind: 'conflict', detail: 'the request has ended' })
    if (word === 'approve' && row.requested_by === actor.id)
      return fail({ kind: 'conflict', detail: 'somebody else has to approve' })
    await tx.run(
      word === 'approve'
        ? approveErasureRequest({
            ...{ tenantId, id, actor: actor.id, now, dueAt: toInstant(at + waitHours * HOUR) },
          })
        : endErasureRequest({ tenantId, id, state: 'cancelled', erased: 0, now }),
    )
    const [after] = await tx.run(lockErasureRequest({ tenantId, id }))
    const type = word === 'approve' ? 'erasures_approved' : 'erasures_cancelled'
    await tx.runLast([insertAuditEvent(tenantId, newId(), now, { detail: { type, ...told } })])
    return after
  }
  const row = await inTransaction(means.db, tenantId, work, { retries: 2 })
  return row === undefined ? fail({ kind: 'not_found' }) : viewErasureRequest(row)
}
