/** Events as they wait in the outbox: sealed, one for each receiver, with the name by which that receiver knows the person. */
import type { EventContent, EventType, PersonEvent } from '../domain/event.ts'
import type { EventId, IdentityId, SubscriptionId, TenantId } from '../domain/ids.ts'
import type { Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { Keyring } from './keyring.ts'
import { newId } from './random.ts'
import { openUnder, type SealContext, sealUnder } from './seal.ts'

/** Who hears of an event, and by which subject they know the person (`store/outbox.ts`, `findReceivers`). */
export interface Receiver {
  subscription_id: SubscriptionId
  identity_id: IdentityId
  subject: string
}

/** Rows in columns, as `insertOutbox` takes them. */
export interface OutboxRows {
  tenantId: TenantId
  type: EventType
  ids: EventId[]
  subscriptionIds: SubscriptionId[]
  identityIds: (IdentityId | null)[]
  payloads: Sealed[]
  now: IsoInstant
}

/**
 * One row for each receiver, none where nobody listens. An erasure's rows do not name the person: they are to outlive
 * everything that does.
 */
export function outboxRows(
  keyring: Keyring,
  tenantId: TenantId,
  event: PersonEvent,
  receivers: readonly Receiver[],
  now: IsoInstant,
): OutboxRows {
  const rows = receivers.map((receiver) => {
    const id = newId() as EventId
    const content: EventContent = { ...event, subject: receiver.subject, occurredAt: now }
    const payload = sealUnder(keyring, 'webhook', placeOf(tenantId, id), JSON.stringify(content))
    return { id, payload, receiver }
  })
  return {
    ...{ tenantId, type: event.type, now },
    ids: rows.map(({ id }) => id),
    subscriptionIds: rows.map(({ receiver }) => receiver.subscription_id),
    identityIds: rows.map(({ receiver }) =>
      event.type === 'identity_erased' ? null : receiver.identity_id,
    ),
    payloads: rows.map(({ payload }) => payload),
  }
}

/** What a row says. Throws `sealed_unreadable`. */
export function openOutboxEvent(
  keyring: Keyring,
  tenantId: TenantId,
  row: { id: EventId; payload: Sealed },
): EventContent {
  const bytes = openUnder(keyring, 'webhook', placeOf(tenantId, row.id), row.payload)
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as EventContent
}

function placeOf(tenant: TenantId, row: EventId): SealContext {
  return { tenant, table: 'outbox', column: 'payload', row }
}
