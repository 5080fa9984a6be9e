/** Merges and splits change what receivers know people by: who hears of it, in the transaction that changes it. */
import { outboxRows, type Receiver } from '../crypto/outbox-event.ts'
import type { Deps } from '../deps.ts'
import type { IdentityId, TenantId } from '../domain/ids.ts'
import { changedSubjects, type SubjectReason } from '../domain/subject-change.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { Transaction } from '../store/database.ts'
import { findReceivers, insertOutbox } from '../store/outbox.ts'

/** What every receiver knows these people by now; asked once before the change and once after it. */
export async function readSubjects(
  tx: Transaction,
  tenantId: TenantId,
  people: readonly IdentityId[],
): Promise<readonly Receiver[]> {
  return await tx.run(findReceivers({ tenantId, people, type: 'subject_changed' }))
}

/** The rows for every receiver whose subjects are others now; steps for the end of the transaction. */
export function subjectSteps(
  means: Pick<Deps, 'keyring'>,
  tenantId: TenantId,
  change: { reason: SubjectReason; before: readonly Receiver[]; after: readonly Receiver[] },
  now: IsoInstant,
) {
  return changedSubjects(change).map(({ receiver, newSubject }) => {
    const event = { type: 'subject_changed', reason: change.reason, newSubject } as const
    return insertOutbox(outboxRows(means.keyring, tenantId, event, [receiver], now))
  })
}
