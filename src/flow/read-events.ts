/** Who hears of events, and what became of the events. Neither secrets nor whom an event is about are told. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import type { OutboxType } from '../domain/event.ts'
import { fail } from '../domain/failure.ts'
import type { SubscriptionId } from '../domain/ids.ts'
import type { IsoInstant } from '../domain/time.ts'
import { read } from '../store/database.ts'
import {
  type EventSubscription,
  findEventSubscription,
  listEventSubscriptions,
  readEventSubscription,
} from '../store/event-subscription.ts'
import { listDeadEvents, listDeliveredEvents, listWaitingEvents } from '../store/outbox-delivery.ts'
import { findAdminTenant } from './admin-tenant.ts'

/** Sorts after every instant. */
const END = '9999-12-31T23:59:59.999Z' as IsoInstant

const LISTED = {
  waiting: listWaitingEvents,
  delivered: listDeliveredEvents,
  dead: listDeadEvents,
} as const
export type EventState = keyof typeof LISTED

export interface EventView {
  id: string
  /** The subscription, or the relying party whose logout token it is. */
  subscription: string | undefined
  client: string | undefined
  type: OutboxType
  state: EventState
  createdAt: IsoInstant
  attempts: number
  lastError: string | undefined
  /** When it was delivered, died, or is tried next. */
  at: IsoInstant
}

/** All of them, a hundred at most. Throws `admin_forbidden`, `not_found`. */
export async function readEventSubscriptions(
  means: Pick<Deps, 'db'>,
  actor: AdminActor,
  slug: string,
): Promise<readonly EventSubscription[]> {
  const { id: tenantId } = await findAdminTenant(means.db, actor, 'clients:manage', slug)
  const [rows] = await read(means.db, tenantId, [listEventSubscriptions({ tenantId })])
  return rows.map(readEventSubscription)
}

/** Throws `admin_forbidden`, `not_found`. */
export async function readOneEventSubscription(
  means: Pick<Deps, 'db'>,
  actor: AdminActor,
  slug: string,
  id: string,
): Promise<EventSubscription> {
  const { id: tenantId } = await findAdminTenant(means.db, actor, 'clients:manage', slug)
  const [[row]] = await read(means.db, tenantId, [
    findEventSubscription({ tenantId, id: id as SubscriptionId }),
  ])
  return row === undefined ? fail({ kind: 'not_found' }) : readEventSubscription(row)
}

/**
 * Events in one state, newest first; `next` is the place to go on from, undefined at the end. Throws `admin_forbidden`,
 * `not_found`, `invalid_request` for a place that is none.
 */
export async function readEvents(
  means: Pick<Deps, 'db'>,
  actor: AdminActor,
  slug: string,
  request: { state: EventState; limit: number; cursor: string | undefined },
): Promise<{ events: readonly EventView[]; next: string | undefined }> {
  const { id: tenantId } = await findAdminTenant(means.db, actor, 'clients:manage', slug)
  const { state, limit } = request
  const { before, beforeId } = readCursor(request.cursor)
  const [rows] = await read(means.db, tenantId, [
    LISTED[state]({ tenantId, before, beforeId, limit: limit + 1 }),
  ])
  const events = rows.slice(0, limit).map((row) => ({
    ...{ id: row.id, type: row.event_type, state },
    subscription: row.subscription_id ?? undefined,
    client: row.client_id ?? undefined,
    ...{
      createdAt: row.created_at,
      attempts: row.attempts,
      lastError: row.last_error ?? undefined,
    },
    at: row.dead_at ?? row.delivered_at ?? row.due_at,
  }))
  const last = rows.length > limit ? events.at(-1) : undefined
  return { events, next: last && `${last.createdAt}_${last.id}` }
}

function readCursor(cursor: string | undefined): { before: IsoInstant; beforeId: string } {
  if (cursor === undefined) return { before: END, beforeId: '' }
  const [, before, beforeId] =
    /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z)_([0-9a-f-]{36})$/.exec(cursor) ?? []
  if (before === undefined || beforeId === undefined)
    return fail({ kind: 'invalid_request', detail: 'cursor: not one of ours' })
  return { before: before as IsoInstant, beforeId }
}
