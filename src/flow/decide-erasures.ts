/** An erasure of many people is approved by a second administrator, or cancelled by any. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import { type ErasureRequestId, SYSTEM_TENANT, type TenantId } from '../domain/ids.ts'
import { HOUR, toInstant } from '../domain/time.ts'
import { findTokenAges } from '../store/admin-token.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read, type Transaction } from '../store/database.ts'
import {
  approveErasureRequest,
  countErased,
  type ErasureRequestRow,
  endErasureRequest,
  findErasureRequest,
  lockErasureRequest,
} from '../store/erasure-request.ts'
import { findAdminTenant } from './admin-tenant.ts'
import {
  type ErasureRequestView,
  readErasurePolicy,
  viewErasureRequest,
} from './erasure-request-view.ts'

/**
 * The request as it is then; a repeat changes nothing. The waiting time begins with the approval. Cancelled while it is being
 * carried out, it says how many were erased, and nobody else is. Throws `admin_forbidden`, `not_found`, and `conflict` for a
 * request that has ended otherwise, and for an approval by whoever asked, by a token made after the request (it may be the
 * same hand), or of a request whose token was revoked since.
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
  const looked = word === 'approve' && (await requireAnother(means, actor, tenantId, id))
  const at = means.clock()
  const now = toInstant(at)
  const told = { actor: actor.id, request: id }
  const work = async (tx: Transaction): Promise<ErasureRequestRow | undefined> => {
    const [row] = await tx.run(lockErasureRequest({ tenantId, id }))
    if (row === undefined) return fail({ kind: 'not_found' })
    if (row.state === (word === 'approve' ? 'approved' : 'cancelled')) return row
    if (row.state === 'done' || row.state === 'cancelled')
      return fail({ kind: 'conflict', detail: 'the request has ended' })
    if (word === 'approve') {
      if (row.requested_by === actor.id) return fail(SAME_HANDS)
      // Approved while we looked at the tokens, and reopened since: nobody looked at them for this.
      if (!looked) return fail({ kind: 'conflict', detail: 'the request was reopened just now' })
      const dueAt = toInstant(at + waitHours * HOUR)
      await tx.run(approveErasureRequest({ tenantId, id, actor: actor.id, now, dueAt }))
    } else {
      const [gone] = await tx.run(countErased({ tenantId, people: row.people }))
      const erased = gone?.count ?? 0
      await tx.run(endErasureRequest({ tenantId, id, state: 'cancelled', erased, now }))
    }
    const [after] = await tx.run(lockErasureRequest({ tenantId, id }))
    const type = word === 'approve' ? 'erasures_approved' : 'erasures_cancelled'
    await tx.runLast([insertAuditEvent(tenantId, newId(), now, { detail: { type, ...told } })])
    return after
  }
  const row = await inTransaction(means.db, tenantId, work, { retries: 2 })
  return row === undefined ? fail({ kind: 'not_found' }) : viewErasureRequest(row)
}

const SAME_HANDS = { kind: 'conflict', detail: 'somebody else has to approve' } as const

/**
 * Two tokens are two pairs of eyes only where the one was not made to approve what the other asked. False where the request
 * does not wait, and nothing was looked at.
 */
async function requireAnother(
  { db }: Pick<Deps, 'db'>,
  actor: AdminActor,
  tenantId: TenantId,
  id: ErasureRequestId,
): Promise<boolean> {
  const [[row]] = await read(db, tenantId, [findErasureRequest({ tenantId, id })])
  if (row?.state !== 'waiting') return false
  if (row.requested_by === actor.id) return fail(SAME_HANDS)
  const ids = [row.requested_by, actor.id]
  const [tokens] = await read(db, SYSTEM_TENANT, [findTokenAges({ ids })])
  const asking = tokens.find(({ id }) => id === row.requested_by)
  if (asking !== undefined && asking.revoked_at !== null)
    return fail({ kind: 'conflict', detail: 'the token that asked was revoked: ask anew' })
  const approving = tokens.find(({ id }) => id === actor.id)
  if (approving !== undefined && approving.created_at >= row.requested_at)
    return fail({ kind: 'conflict', detail: 'a token older than the request has to approve' })
  return true
}
