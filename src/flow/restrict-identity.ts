/** Processing of a person's data is restricted, or no longer (Art. 18 GDPR): kept, and used for nothing. */
import { outboxRows } from '../crypto/outbox-event.ts'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { IdentityId } from '../domain/ids.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, type Transaction } from '../store/database.ts'
import { findWholeFamily, lockLogins, revokeGrantsOfNobody } from '../store/erasure.ts'
import { lockPeople, setRestriction } from '../store/identity.ts'
import { revokeGrantsOf } from '../store/merge.ts'
import { findReceivers, insertOutbox } from '../store/outbox.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { ledgerStep, noteLines } from './erasure-ledger.ts'
import { type IdentityView, viewIdentity } from './identity-view.ts'
import { subjectHash } from './merge-view.ts'

/**
 * Restricts, or lifts the restriction; returns the person as they are then, and a repeat changes nothing. From the moment a
 * restriction is answered nobody is recognised as the person, nothing of them is released, and what was granted is over.
 * Receivers hear of both (Art. 19). Throws `admin_forbidden`, `not_found`, and `conflict` for somebody merged or erased.
 */
export async function restrictIdentity(
  means: Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>,
  actor: AdminActor,
  slug: string,
  request: { identityId: IdentityId; restricted: boolean },
): Promise<IdentityView> {
  const { id: tenantId } = await findAdminTenant(means.db, actor, 'identities:manage', slug)
  const { identityId, restricted } = request
  const [from, to] = restricted
    ? (['ACTIVE', 'RESTRICTED'] as const)
    : (['RESTRICTED', 'ACTIVE'] as const)
  const type = restricted ? 'identity_restricted' : 'restriction_lifted'
  await inTransaction(means.db, tenantId, record, { retries: 2 })
  await noteLines(means, tenantId)
  return await viewIdentity(means.db, tenantId, identityId)

  async function record(tx: Transaction): Promise<void> {
    const family = await tx.run(findWholeFamily({ tenantId, id: identityId }))
    const [person] = await tx.run(lockPeople({ tenantId, ids: [identityId] }))
    if (person === undefined) return fail({ kind: 'not_found' })
    if (person.status === to) return
    if (person.status !== from)
      return fail({ kind: 'conflict', detail: 'the person was merged or erased' })
    const now = toInstant(means.clock())
    const people = [identityId, ...family.map(({ id }) => id).filter((id) => id !== identityId)]
    const receivers = await tx.run(findReceivers({ tenantId, people, type }))
    await tx.runLast([
      setRestriction({ tenantId, id: identityId, from, to }),
      revokeGrantsOf({ tenantId, people, now }),
      lockLogins({ tenantId, people }),
      revokeGrantsOfNobody({ tenantId, people, now }),
      ledgerStep(tenantId, identityId, { kind: 'restriction', persons: people, restricted }, now),
      insertOutbox(outboxRows(means.keyring, tenantId, { type }, receivers, now)),
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type, actor: actor.id },
        subjectHash: subjectHash(means, tenantId, person),
      }),
    ])
  }
}
