/** A person erases some of what is held about them: attributes by name, data of institutions by category. */
import { openWithDataKey, sealWithDataKey, unwrapDataKey } from '../crypto/data-key.ts'
import type { Keyring } from '../crypto/keyring.ts'
import { outboxRows } from '../crypto/outbox-event.ts'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { JourneyId, TenantId } from '../domain/ids.ts'
import { envelopeText, readEnvelope, withoutAttributes } from '../domain/kept-attributes.ts'
import type { Sealed } from '../domain/text.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, type Transaction } from '../store/database.ts'
import { findWholeFamily } from '../store/erasure.ts'
import { type BindingRow, exportBindings } from '../store/export.ts'
import { lockPeople } from '../store/identity.ts'
import { findReceivers, insertOutbox } from '../store/outbox.ts'
import { dropCategories, dropGrantAttributes, replaceAttributes } from '../store/own-data.ts'
import { subjectHash } from './merge-view.ts'
import { takeOwnJourney } from './own-journey-view.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock'>

export interface Chosen {
  attributes: readonly string[]
  categories: readonly string[]
}

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

  async function record(tx: Transaction): Promise<void> {
    const family = await tx.run(findWholeFamily({ tenantId, id: identityId }))
    const people = family.map((one) => one.id)
    const locked = await tx.run(lockPeople({ tenantId, ids: people }))
    const person = locked.find((row) => row.id === identityId)
    if (person?.status !== 'ACTIVE')
      return fail({ kind: 'conflict', detail: 'the person is not active' })
    const now = toInstant(means.clock())
    const bindings = await tx.run(exportBindings({ tenantId, people }))
    const resealed = bindings.flatMap((row) => reseal(means.keyring, tenantId, row, chosen))
    const receivers = await tx.run(findReceivers({ tenantId, people, type }))
    await tx.runLast([
      replaceAttributes({
        ...{ tenantId, now, ids: resealed.map((row) => row.id) },
        envelopes: resealed.map((row) => row.envelope),
      }),
      dropCategories({ tenantId, people, categories: chosen.categories }),
      dropGrantAttributes({ tenantId, people, now }),
      insertOutbox(outboxRows(means.keyring, tenantId, { type }, receivers, now)),
      insertAuditEvent(tenantId, newId(), now, {
        detail: {
          ...{ type: 'attributes_erased', actor: 'person', links: resealed.length },
          ...{ attributes: chosen.attributes.length, categories: chosen.categories.length },
        },
        subjectHash: subjectHash(means, tenantId, person),
      }),
    ])
  }
}

/** The binding's text without the chosen names; nothing for a binding that holds none of them. */
function reseal(
  keyring: Keyring,
  tenant: TenantId,
  row: BindingRow,
  { attributes: names }: Chosen,
): { id: string; envelope: Sealed }[] {
  if (row.attributes === null) return []
  if (row.wrapped_data_key === null) return fail({ kind: 'sealed_unreadable' })
  const key = unwrapDataKey(keyring, tenant, row.key_identity_id, row.wrapped_data_key)
  const column = 'persisted_attributes_envelope'
  const place = { tenant, table: 'identity_link_binding', column, row: row.id }
  const before = Buffer.from(openWithDataKey(key, place, row.attributes)).toString('utf8')
  const after = envelopeText(withoutAttributes(readEnvelope(before), names))
  return after === before ? [] : [{ id: row.id, envelope: sealWithDataKey(key, place, after) }]
}
