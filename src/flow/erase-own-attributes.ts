/** A person erases some of what is held about them: attributes by name, data of institutions by category. */
import { outboxRows } from '../crypto/outbox-event.ts'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { JourneyId } from '../domain/ids.ts'
import type { LedgerSaid } from '../domain/ledger.ts'
import { sealsText } from '../domain/seal-mark.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, type Transaction } from '../store/database.ts'
import { findWholeFamily } from '../store/erasure.ts'
import { lockPeople } from '../store/identity.ts'
import { findReceivers, insertOutbox } from '../store/outbox.ts'
import { ledgerStep, noteLines } from './erasure-ledger.ts'
import { subjectHash } from './merge-view.ts'
import { takeOwnJourney } from './own-journey-view.ts'
import { type Chosen, takeAttributes } from './take-attributes.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>

/**
 * From every link of the person, ended ones too, the named attributes are gone when this returns, and the categories
 * everywhere; what was granted ends, for it might carry them. The next login at the institution states them anew. Throws
 * `not_found` as {@link takeOwnJourney} does, `conflict` for a person who is not active any more.
 */
export async function eraseOwnAttributes(
  means: Means,
  prepared: PreparedTenant,
  asked: { id: JourneyId; browserId: string | undefined; chosen: Chosen },
): Promise<void> {
  const { id, browserId, chosen } = asked
  const { identityId } = await takeOwnJourney(means, prepared, id, browserId)
  const tenantId = prepared.tenant.id
  const type = 'binding_updated'
  await inTransaction(means.db, tenantId, record, { retries: 2 })
  await noteLines(means, tenantId)

  async function record(tx: Transaction): Promise<void> {
    const family = await tx.run(findWholeFamily({ tenantId, id: identityId }))
    const people = family.map((one) => one.id)
    const locked = await tx.run(lockPeople({ tenantId, ids: people }))
    const person = locked.find((row) => row.id === identityId)
    if (person?.status !== 'ACTIVE')
      return fail({ kind: 'conflict', detail: 'the person is not active' })
    const now = toInstant(means.clock())
    const receivers = await tx.run(findReceivers({ tenantId, people, type }))
    const taken = await takeAttributes(means, tx, { tenantId, people: locked, now }, chosen)
    const { links, attributes, categories, seals } = taken
    const said: LedgerSaid = { kind: 'attributes', persons: people, attributes, categories }
    await tx.runLast([
      ledgerStep(tenantId, identityId, said, now),
      insertOutbox(outboxRows(means.keyring, tenantId, { type }, receivers, now)),
      insertAuditEvent(tenantId, newId(), now, {
        detail: {
          ...{ type: 'attributes_erased', actor: 'person', links },
          ...{ attributes: attributes.length, categories: categories.length },
          seals: sealsText(seals),
        },
        subjectHash: subjectHash(means, tenantId, person),
      }),
    ])
  }
}
