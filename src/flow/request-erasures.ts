/** Many people are to be erased together; what the tenant's policy asks comes first, and a job does it. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import type { ErasureGround } from '../domain/erasure.ts'
import { fail } from '../domain/failure.ts'
import type { ErasureRequestId, IdentityId } from '../domain/ids.ts'
import { HOUR, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction } from '../store/database.ts'
import { findThese, insertErasureRequest, lockErasureRequest } from '../store/erasure-request.ts'
import { findAdminTenant } from './admin-tenant.ts'
import {
  type ErasureRequestView,
  readErasurePolicy,
  viewErasureRequest,
} from './erasure-request-view.ts'

/**
 * The request as it waits: for somebody else to approve, or for its time. Throws `admin_forbidden`, and `not_found` where
 * one of the people is not there: a list with a mistake in it erases nobody.
 */
export async function requestErasures(
  means: Pick<Deps, 'db' | 'clock'>,
  actor: AdminActor,
  slug: string,
  asked: { people: readonly IdentityId[]; ground: ErasureGround },
): Promise<ErasureRequestView> {
  const { id: tenantId } = await findAdminTenant(means.db, actor, 'privacy:erase', slug)
  const { fourEyes, waitHours } = await readErasurePolicy(means.db, tenantId)
  const people = [...new Set(asked.people)].sort()
  const id = newId() as ErasureRequestId
  const at = means.clock()
  const now = toInstant(at)
  const state = fourEyes ? 'waiting' : 'approved'
  return await inTransaction(means.db, tenantId, async (tx) => {
    const there = await tx.run(findThese({ tenantId, people }))
    if (there.length !== people.length) return fail({ kind: 'not_found' })
    const { ground } = asked
    await tx.run(
      insertErasureRequest({
        ...{ tenantId, id, state, ground, people, requestedBy: actor.id, now },
        dueAt: toInstant(at + waitHours * HOUR),
      }),
    )
    const [row] = await tx.run(lockErasureRequest({ tenantId, id }))
    if (row === undefined) throw new TypeError('what was inserted is there')
    const told = { actor: actor.id, request: id, persons: people.length }
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, { detail: { type: 'erasures_requested', ...told } }),
    ])
    return viewErasureRequest(row)
  })
}
