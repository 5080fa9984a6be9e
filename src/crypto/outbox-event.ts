/** Events as they wait in the outbox: sealed, one for each receiver, with the name by which that receiver knows the person. */
import type {
  EventContent,
  EventType,
  OutboxContent,
  PersonEvent,
  SessionEnded,
} from '../domain/event.ts'
import type { ClientId, EventId, IdentityId, SubscriptionId, TenantId } from '../domain/ids.ts'
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

/** A relying party that is to hear that a login is over; `identityId` null where the row is to outlive the person. */
export interface LogoutReceiver {
  clientId: ClientId
  identityId: IdentityId | null
  subject: string
  sid: string | undefined
}

/** Rows in columns, as `insertLogouts` takes them. */
export interface LogoutRows {
  tenantId: TenantId
  ids: EventId[]
  clientIds: ClientId[]
  identityIds: (IdentityId | null)[]
  payloads: Sealed[]
  now: IsoInstant
}

/** One row for each logout token that is to be sent. */
export function logoutRows(
  keyring: Keyring,
  tenantId: TenantId,
  receivers: readonly LogoutReceiver[],
  now: IsoInstant,
): LogoutRows {
  const ids = receivers.map(() => newId() as EventId)
  const payloads = receivers.map(({ subject, sid }, index) => {
    const content: SessionEnded = { type: 'session_ended', subject, sid }
    const place = placeOf(tenantId, ids[index] as EventId)
    return sealUnder(keyring, 'webhook', place, JSON.stringify(content))
  })
  return {
    ...{ tenantId, ids, payloads, now },
    clientIds: receivers.map(({ clientId }) => clientId),
    identityIds: receivers.map(({ identityId }) => identityId),
  }
}

/** What a row says. Throws `sealed_unreadable`. */
export function openOutboxEvent(
  keyring: Keyring,
  tenantId: TenantId,
  row: { id: EventId; payload: Sealed },
): OutboxContent {
  const bytes = openUnder(keyring, 'webhook', placeOf(tenantId, row.id), row.payload)
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as OutboxContent
}

function placeOf(tenant: TenantId, row: EventId): SealContext {
  return { tenant, table: 'outbox', column: 'payload', row }
}
