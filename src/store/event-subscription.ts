/** `event_subscription`: who hears of events, and how. */
import type { Selectable } from 'kysely'
import type { Delivery, EventType } from '../domain/event.ts'
import type { ClientId, SubscriptionId, TenantId } from '../domain/ids.ts'
import type { Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { EventSubscriptionTable } from './schema.ts'
import { type Params, statement } from './statement.ts'

export interface EventSubscription {
  id: SubscriptionId
  /** Undefined for the tenant itself. */
  clientId: ClientId | undefined
  delivery: Delivery
  /** Undefined where events are fetched. */
  endpoint: string | undefined
  audience: string
  eventTypes: readonly EventType[]
  enabled: boolean
  createdAt: IsoInstant
  updatedAt: IsoInstant
}

export const insertEventSubscription = statement(
  'insert_event_subscription',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: SubscriptionId
      clientId: ClientId | null
      delivery: Delivery
      endpoint: string | null
      audience: string
      eventTypes: string
      secrets: Sealed
      now: IsoInstant
    }>,
  ) =>
    q.insertInto('event_subscription').values({
      tenant_id: p('tenantId'),
      id: p('id'),
      client_id: p('clientId'),
      delivery: p('delivery'),
      endpoint: p('endpoint'),
      audience: p('audience'),
      event_types: p('eventTypes'),
      sealed_secrets: p('secrets'),
      created_at: p('now'),
      updated_at: p('now'),
    }),
)

export const listEventSubscriptions = statement(
  'list_event_subscriptions',
  (q, p: Params<{ tenantId: TenantId }>) =>
    q
      .selectFrom('event_subscription')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .orderBy('created_at')
      .orderBy('id')
      .limit(100),
)

export const findEventSubscription = statement(
  'find_event_subscription',
  (q, p: Params<{ tenantId: TenantId; id: SubscriptionId }>) =>
    q
      .selectFrom('event_subscription')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id')),
)

/** The same, locked against another change. */
export const lockEventSubscription = statement(
  'lock_event_subscription',
  (q, p: Params<{ tenantId: TenantId; id: SubscriptionId }>) =>
    q
      .selectFrom('event_subscription')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .forNoKeyUpdate(),
)

export const updateEventSubscription = statement(
  'update_event_subscription',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: SubscriptionId
      endpoint: string | null
      eventTypes: string
      secrets: Sealed
      enabled: 0 | 1
      now: IsoInstant
    }>,
  ) =>
    q
      .updateTable('event_subscription')
      .set({
        endpoint: p('endpoint'),
        event_types: p('eventTypes'),
        sealed_secrets: p('secrets'),
        enabled: p('enabled'),
        updated_at: p('now'),
      })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id')),
)

/** With everything that still waits for it. */
export const deleteEventSubscription = statement(
  'delete_event_subscription',
  (q, p: Params<{ tenantId: TenantId; id: SubscriptionId }>) =>
    q
      .deleteFrom('event_subscription')
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id')),
)

/** The row as flows see it; its secrets stay behind. */
export function readEventSubscription(row: Selectable<EventSubscriptionTable>): EventSubscription {
  return {
    id: row.id,
    clientId: row.client_id ?? undefined,
    delivery: row.delivery,
    endpoint: row.endpoint ?? undefined,
    audience: row.audience,
    eventTypes: JSON.parse(row.event_types) as EventType[],
    enabled: row.enabled === 1,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
