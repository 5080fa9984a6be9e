/** `outbox` again: events on their way to receivers, listed, offered once more, given up and removed. */
import { type RawBuilder, sql } from 'kysely'
import type { Delivery, OutboxType } from '../domain/event.ts'
import type { ClientId, EventId, SubscriptionId, TenantId } from '../domain/ids.ts'
import type { Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { TokenAlgorithm } from '../domain/token-algorithm.ts'
import { anyOf, type Params, sqlStatement, statement } from './statement.ts'

/** An event with what its delivery needs. */
export interface ClaimedEvent {
  id: EventId
  payload: Sealed
  attempts: number
  created_at: IsoInstant
  /** Null for a logout token. */
  subscription_id: SubscriptionId | null
  client_id: ClientId | null
  delivery: Delivery | null
  /** Null where the relying party wants no logout tokens any more. */
  endpoint: string | null
  audience: string
  sealed_secrets: Sealed | null
  /** What the relying party's logout tokens are signed with. */
  algorithm: TokenAlgorithm | null
}

/** As partial indexes say it. */
const WAITING = sql`o.delivered_at IS NULL AND o.dead_at IS NULL`
/** A client that is switched off hears of erasures alone, whatever was written for it before. */
const HEARD = sql`(r.client_id IS NULL OR r.enabled = 1 OR o.event_type = 'identity_erased')`
const DELIVERED = sql`o.delivered_at IS NOT NULL AND o.dead_at IS NULL`
const DEAD = sql`o.dead_at IS NOT NULL`

/**
 * Takes due events for one attempt each: nobody else is given them before `until`. Two who ask at the same moment never get
 * the same rows. Of each receiver the oldest first and at most `each`; every receiver's first goes before anybody's second,
 * so that however many are far behind, they take no place of another's. Those in `busy`, named by their subscription or,
 * for logout tokens, their client, are given nothing.
 */
export const claimEvents = sqlStatement(
  'claim_events',
  (
    p: Params<{
      tenantId: TenantId
      now: IsoInstant
      until: IsoInstant
      busy: readonly string[]
      each: number
      limit: number
    }>,
  ) => sql<ClaimedEvent>`
    WITH first AS MATERIALIZED (
      SELECT one.id, one.rank FROM event_subscription s
        LEFT JOIN relying_party r ON r.tenant_id = s.tenant_id AND r.client_id = s.client_id
       CROSS JOIN LATERAL (
         SELECT o.id, row_number() OVER (ORDER BY o.due_at, o.created_at, o.id) AS rank FROM outbox o
          WHERE o.tenant_id = ${p('tenantId')} AND o.subscription_id = s.id AND ${WAITING} AND o.due_at <= ${p('now')}
            AND ${HEARD}
          ORDER BY o.due_at, o.created_at, o.id LIMIT ${p('each')}
       ) AS one
       WHERE s.tenant_id = ${p('tenantId')} AND s.enabled = 1 AND s.delivery <> 'poll'
         AND s.id <> ALL (${p('busy')}::text[])
      UNION ALL
      SELECT one.id, one.rank FROM (
        SELECT DISTINCT client_id FROM outbox o
         WHERE o.tenant_id = ${p('tenantId')} AND o.client_id IS NOT NULL AND ${WAITING} AND o.due_at <= ${p('now')}
           AND o.client_id <> ALL (${p('busy')}::text[])
      ) AS told
       CROSS JOIN LATERAL (
         SELECT o.id, row_number() OVER (ORDER BY o.due_at, o.created_at, o.id) AS rank FROM outbox o
          WHERE o.tenant_id = ${p('tenantId')} AND o.client_id = told.client_id AND ${WAITING} AND o.due_at <= ${p('now')}
          ORDER BY o.due_at, o.created_at, o.id LIMIT ${p('each')}
       ) AS one
    ), due AS MATERIALIZED (
      SELECT o.id FROM outbox o JOIN first ON first.id = o.id
       WHERE o.tenant_id = ${p('tenantId')} AND o.id = ANY (ARRAY(SELECT id FROM first))
         AND ${WAITING} AND o.due_at <= ${p('now')}
       ORDER BY first.rank, o.due_at, o.created_at, o.id LIMIT ${p('limit')} FOR UPDATE OF o SKIP LOCKED
    ), claimed AS (
      UPDATE outbox o SET due_at = ${p('until')}, attempts = o.attempts + 1
        FROM due WHERE o.tenant_id = ${p('tenantId')} AND o.id = due.id
      RETURNING o.id, o.payload, o.attempts, o.created_at, o.subscription_id, o.client_id AS logs_out
    )
    SELECT c.id, c.payload, c.attempts, c.created_at, c.subscription_id, COALESCE(c.logs_out, s.client_id) AS client_id,
           s.delivery, COALESCE(s.endpoint, r.backchannel_logout_uri) AS endpoint,
           COALESCE(s.audience, c.logs_out) AS audience, s.sealed_secrets,
           r.id_token_signed_response_alg AS algorithm
      FROM claimed c
      LEFT JOIN event_subscription s ON s.tenant_id = ${p('tenantId')} AND s.id = c.subscription_id
      LEFT JOIN relying_party r ON r.tenant_id = ${p('tenantId')} AND r.client_id = c.logs_out
     ORDER BY c.created_at, c.id`,
)

/** The end of an attempt; `changed` is 0 when the row was given to somebody else meanwhile, whose word then counts. */
export const settleEvent = statement(
  'settle_event',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: EventId
      attempts: number
      dueAt: IsoInstant
      deliveredAt: IsoInstant | null
      deadAt: IsoInstant | null
      error: string | null
    }>,
  ) =>
    q
      .updateTable('outbox')
      .set({
        due_at: p('dueAt'),
        delivered_at: p('deliveredAt'),
        dead_at: p('deadAt'),
        last_error: p('error'),
      })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('attempts', '=', p('attempts'))
      .where('delivered_at', 'is', null)
      .where('dead_at', 'is', null),
)

/** As if it had not been claimed; nothing where somebody else has it by now. */
export const handBackEvent = sqlStatement(
  'hand_back_event',
  (p: Params<{ tenantId: TenantId; id: EventId; attempts: number }>) => sql<{ changed: number }>`
    UPDATE outbox o SET due_at = o.created_at, attempts = o.attempts - 1
     WHERE o.tenant_id = ${p('tenantId')} AND o.id = ${p('id')} AND o.attempts = ${p('attempts')} AND ${WAITING}`,
)

/** What waits to be fetched, oldest first. */
export const findWaitingEvents = sqlStatement(
  'find_waiting_events',
  (p: Params<{ tenantId: TenantId; subscriptionId: SubscriptionId; limit: number }>) => sql<
    Pick<ClaimedEvent, 'id' | 'payload' | 'created_at'>
  >`
    SELECT o.id, o.payload, o.created_at FROM outbox o
      JOIN event_subscription s ON s.tenant_id = o.tenant_id AND s.id = o.subscription_id
      LEFT JOIN relying_party r ON r.tenant_id = s.tenant_id AND r.client_id = s.client_id
     WHERE o.tenant_id = ${p('tenantId')} AND o.subscription_id = ${p('subscriptionId')} AND ${WAITING} AND ${HEARD}
     ORDER BY o.created_at, o.id LIMIT ${p('limit')}`,
)

/** Fetched and taken (RFC 8936 section 2.4); ids that are not this receiver's change nothing. */
export const acknowledgeEvents = statement(
  'acknowledge_events',
  (
    q,
    p: Params<{
      tenantId: TenantId
      subscriptionId: SubscriptionId
      ids: readonly EventId[]
      now: IsoInstant
    }>,
  ) =>
    q
      .updateTable('outbox')
      .set({ delivered_at: p('now') })
      .where('tenant_id', '=', p('tenantId'))
      .where('subscription_id', '=', p('subscriptionId'))
      .where('id', '=', anyOf(p('ids')))
      .where('delivered_at', 'is', null)
      .where('dead_at', 'is', null),
)

/** Given up: an administrator has to look. `error` is a word of ours. */
export const refuseEvents = sqlStatement(
  'refuse_events',
  (
    p: Params<{
      tenantId: TenantId
      subscriptionId: SubscriptionId
      ids: readonly EventId[]
      error: 'refused' | 'not_signed'
      now: IsoInstant
    }>,
  ) => sql<{ id: EventId }>`
    UPDATE outbox SET dead_at = ${p('now')}, last_error = ${p('error')}
     WHERE tenant_id = ${p('tenantId')} AND subscription_id = ${p('subscriptionId')}
       AND id = ANY (${p('ids')}::text[]) AND delivered_at IS NULL AND dead_at IS NULL
    RETURNING id`,
)

interface Listing {
  tenantId: TenantId
  before: IsoInstant
  beforeId: string
  limit: number
}

export interface ListedEvent {
  id: EventId
  subscription_id: SubscriptionId | null
  client_id: ClientId | null
  event_type: OutboxType
  created_at: IsoInstant
  due_at: IsoInstant
  attempts: number
  last_error: string | null
  delivered_at: IsoInstant | null
  dead_at: IsoInstant | null
}

/** Events of one state, newest first, before the place of one of them; the payload stays where it is. */
const listOf = (p: Params<Listing>, state: RawBuilder<unknown>) => sql<ListedEvent>`
    SELECT o.id, o.subscription_id, o.client_id, o.event_type, o.created_at, o.due_at, o.attempts, o.last_error,
           o.delivered_at, o.dead_at
      FROM outbox o
     WHERE o.tenant_id = ${p('tenantId')} AND (o.created_at, o.id) < (${p('before')}, ${p('beforeId')}) AND ${state}
     ORDER BY o.created_at DESC, o.id DESC LIMIT ${p('limit')}`

/** One statement a state, for each has an index of its own. */
export const listWaitingEvents = sqlStatement('list_waiting_events', (p: Params<Listing>) =>
  listOf(p, WAITING),
)
export const listDeliveredEvents = sqlStatement('list_delivered_events', (p: Params<Listing>) =>
  listOf(p, DELIVERED),
)
export const listDeadEvents = sqlStatement('list_dead_events', (p: Params<Listing>) =>
  listOf(p, DEAD),
)

/** Once more from the beginning, whatever became of it. */
export const replayOutboxEvent = sqlStatement(
  'replay_outbox_event',
  (p: Params<{ tenantId: TenantId; id: EventId; now: IsoInstant }>) => sql<{
    event_type: OutboxType
  }>`
    UPDATE outbox SET delivered_at = NULL, dead_at = NULL, last_error = NULL, attempts = 0, due_at = ${p('now')}
     WHERE tenant_id = ${p('tenantId')} AND id = ${p('id')} AND (delivered_at IS NOT NULL OR dead_at IS NOT NULL)
    RETURNING event_type`,
)

/** Events that nobody fetched, or whose receiver was switched off, for too long; a row for each. */
export const buryEvents = sqlStatement(
  'bury_events',
  (p: Params<{ tenantId: TenantId; before: IsoInstant; now: IsoInstant; limit: number }>) => sql<
    Pick<ClaimedEvent, 'id' | 'subscription_id' | 'client_id'>
  >`
    UPDATE outbox SET dead_at = ${p('now')}, last_error = 'not_fetched'
     WHERE tenant_id = ${p('tenantId')} AND id = ANY (ARRAY(
       SELECT o.id FROM outbox o
        WHERE o.tenant_id = ${p('tenantId')} AND ${WAITING} AND o.created_at < ${p('before')}
        ORDER BY o.created_at, o.id LIMIT ${p('limit')} FOR UPDATE SKIP LOCKED))
    RETURNING id, subscription_id, client_id`,
)

/** Removes what was delivered, or died, a while ago; of each at most `limit`. Nothing is settled before it was made. */
export const deleteOldEvents = sqlStatement(
  'delete_old_events',
  (
    p: Params<{
      tenantId: TenantId
      deliveredBefore: IsoInstant
      deadBefore: IsoInstant
      limit: number
    }>,
  ) => sql<{ changed: number }>`
    DELETE FROM outbox WHERE tenant_id = ${p('tenantId')} AND id = ANY (
      ARRAY(
        SELECT o.id FROM outbox o
         WHERE o.tenant_id = ${p('tenantId')} AND ${DELIVERED} AND o.created_at < ${p('deliveredBefore')}
           AND o.delivered_at < ${p('deliveredBefore')}
         ORDER BY o.created_at, o.id LIMIT ${p('limit')} FOR UPDATE SKIP LOCKED)
      || ARRAY(
        SELECT o.id FROM outbox o
         WHERE o.tenant_id = ${p('tenantId')} AND ${DEAD} AND o.created_at < ${p('deadBefore')}
           AND o.dead_at < ${p('deadBefore')}
         ORDER BY o.created_at, o.id LIMIT ${p('limit')} FOR UPDATE SKIP LOCKED))`,
)
