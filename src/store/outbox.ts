/** `outbox`: what receivers are still to hear, one row a receiver, written in the transaction it tells of. */
import { sql } from 'kysely'
import type { Delivery, EventType, OutboxType } from '../domain/event.ts'
import type { ClientId, EventId, IdentityId, SubscriptionId, TenantId } from '../domain/ids.ts'
import type { Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { anyOf, type Params, sqlStatement, statement } from './statement.ts'

/**
 * Who hears of an event about these people, with the subject by which each knows them. A relying party is told of people
 * who have a subject there, and by that subject only. The tenant itself, and a client that is nothing but a machine with
 * `reconciliation:read`, know people by the bridge's own id. A client that is switched off hears of erasures alone.
 *
 * To be asked before subjects are removed. Holds the subscriptions until commit, so that none can go before its rows come.
 */
export const findReceivers = sqlStatement(
  'find_receivers',
  (p: Params<{ tenantId: TenantId; people: readonly IdentityId[]; type: EventType }>) => sql<{
    subscription_id: SubscriptionId
    identity_id: IdentityId
    subject: string
  }>`
    WITH held AS MATERIALIZED (
      SELECT id, client_id FROM event_subscription
       WHERE tenant_id = ${p('tenantId')} AND enabled = 1
         AND event_types::jsonb @> to_jsonb(${p('type')}::text)
         FOR KEY SHARE
    )
    SELECT h.id AS subscription_id, person.id AS identity_id, name.subject
      FROM held h
      LEFT JOIN relying_party r ON r.tenant_id = ${p('tenantId')} AND r.client_id = h.client_id
      CROSS JOIN unnest(${p('people')}::text[]) AS person (id)
      CROSS JOIN LATERAL (
        SELECT CASE
          WHEN h.client_id IS NULL THEN person.id
          WHEN r.grant_types::jsonb @> '"authorization_code"' THEN
            (SELECT w.subject FROM pairwise_subject w
              WHERE w.tenant_id = ${p('tenantId')} AND w.identity_id = person.id AND w.sector = r.sector)
          WHEN r.machine_scopes::jsonb @> '"reconciliation:read"' THEN person.id
        END AS subject
      ) AS name
     WHERE name.subject IS NOT NULL AND (r.client_id IS NULL OR r.enabled = 1 OR ${p('type')} = 'identity_erased')
     ORDER BY h.id, person.id`,
)

/** One statement for all receivers; for none it does nothing. Belongs right before the audit event. */
export const insertOutbox = sqlStatement(
  'insert_outbox',
  (
    p: Params<{
      tenantId: TenantId
      type: EventType
      ids: readonly EventId[]
      subscriptionIds: readonly SubscriptionId[]
      identityIds: readonly (IdentityId | null)[]
      payloads: readonly Sealed[]
      now: IsoInstant
    }>,
  ) => sql<{ changed: number }>`
    INSERT INTO outbox (tenant_id, id, subscription_id, event_type, identity_id, payload, created_at, due_at)
    SELECT ${p('tenantId')}, row.id, row.subscription_id, ${p('type')}, row.identity_id, row.payload,
           ${p('now')}::iso_instant, ${p('now')}::iso_instant
      FROM unnest(${p('ids')}::text[], ${p('subscriptionIds')}::text[], ${p('identityIds')}::text[],
                  ${p('payloads')}::text[]) AS row (id, subscription_id, identity_id, payload)`,
)

/** Logout tokens to be sent, one row each; for none it does nothing. Belongs right before the audit event. */
export const insertLogouts = sqlStatement(
  'insert_logouts',
  (
    p: Params<{
      tenantId: TenantId
      ids: readonly EventId[]
      clientIds: readonly ClientId[]
      identityIds: readonly (IdentityId | null)[]
      payloads: readonly Sealed[]
      now: IsoInstant
    }>,
  ) => sql<{ changed: number }>`
    INSERT INTO outbox (tenant_id, id, client_id, event_type, identity_id, payload, created_at, due_at)
    SELECT ${p('tenantId')}, row.id, row.client_id, 'session_ended', row.identity_id, row.payload,
           ${p('now')}::iso_instant, ${p('now')}::iso_instant
      FROM unnest(${p('ids')}::text[], ${p('clientIds')}::text[], ${p('identityIds')}::text[],
                  ${p('payloads')}::text[]) AS row (id, client_id, identity_id, payload)`,
)

/** An erased person's earlier events go with everything else of theirs. */
export const deleteOutboxOf = statement(
  'delete_outbox_of',
  (q, p: Params<{ tenantId: TenantId; people: readonly IdentityId[] }>) =>
    q
      .deleteFrom('outbox')
      .where('tenant_id', '=', p('tenantId'))
      .where('identity_id', '=', anyOf(p('people'))),
)

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
  algorithm: 'ES256' | 'RS256' | null
}

/**
 * Takes due events for one attempt each: nobody else is given them before `until`. Two who ask at the same moment get
 * different rows. Oldest first.
 */
export const claimEvents = sqlStatement(
  'claim_events',
  (
    p: Params<{ tenantId: TenantId; now: IsoInstant; until: IsoInstant; limit: number }>,
  ) => sql<ClaimedEvent>`
    WITH due AS MATERIALIZED (
      SELECT o.id FROM outbox o
        LEFT JOIN event_subscription s ON s.tenant_id = o.tenant_id AND s.id = o.subscription_id
       WHERE o.tenant_id = ${p('tenantId')} AND o.delivered_at IS NULL AND o.dead_at IS NULL
         AND o.due_at <= ${p('now')} AND (o.client_id IS NOT NULL OR (s.enabled = 1 AND s.delivery <> 'poll'))
       ORDER BY o.due_at, o.created_at, o.id LIMIT ${p('limit')} FOR UPDATE OF o SKIP LOCKED
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

/** What waits to be fetched, oldest first. */
export const findWaitingEvents = statement(
  'find_waiting_events',
  (q, p: Params<{ tenantId: TenantId; subscriptionId: SubscriptionId; limit: number }>) =>
    q
      .selectFrom('outbox')
      .select(['id', 'payload', 'created_at'])
      .where('tenant_id', '=', p('tenantId'))
      .where('subscription_id', '=', p('subscriptionId'))
      .where('delivered_at', 'is', null)
      .where('dead_at', 'is', null)
      .orderBy('created_at')
      .orderBy('id')
      .limit(p('limit')),
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

/** Fetched and refused: an administrator has to look. */
export const refuseEvents = sqlStatement(
  'refuse_events',
  (
    p: Params<{
      tenantId: TenantId
      subscriptionId: SubscriptionId
      ids: readonly EventId[]
      now: IsoInstant
    }>,
  ) => sql<{ id: EventId }>`
    UPDATE outbox SET dead_at = ${p('now')}, last_error = 'refused'
     WHERE tenant_id = ${p('tenantId')} AND subscription_id = ${p('subscriptionId')}
       AND id = ANY (${p('ids')}::text[]) AND delivered_at IS NULL AND dead_at IS NULL
    RETURNING id`,
)

/** Events by their state, newest first, before the place of one of them; the payload stays where it is. */
export const listEvents = sqlStatement(
  'list_events',
  (
    p: Params<{
      tenantId: TenantId
      state: 'waiting' | 'delivered' | 'dead'
      before: IsoInstant
      beforeId: string
      limit: number
    }>,
  ) => sql<{
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
  }>`
    SELECT id, subscription_id, client_id, event_type, created_at, due_at, attempts, last_error, delivered_at, dead_at
      FROM outbox
     WHERE tenant_id = ${p('tenantId')} AND (created_at, id) < (${p('before')}, ${p('beforeId')})
       AND CASE WHEN dead_at IS NOT NULL THEN 'dead' WHEN delivered_at IS NOT NULL THEN 'delivered' ELSE 'waiting' END
           = ${p('state')}
     ORDER BY created_at DESC, id DESC LIMIT ${p('limit')}`,
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

/** Events that nobody fetched, or whose receiver was switched off, for too long. */
export const buryEvents = sqlStatement(
  'bury_events',
  (p: Params<{ tenantId: TenantId; before: IsoInstant; now: IsoInstant; limit: number }>) => sql<{
    changed: number
  }>`
    UPDATE outbox SET dead_at = ${p('now')}, last_error = 'not_fetched'
     WHERE tenant_id = ${p('tenantId')} AND id = ANY (ARRAY(
       SELECT id FROM outbox
        WHERE tenant_id = ${p('tenantId')} AND delivered_at IS NULL AND dead_at IS NULL AND created_at < ${p('before')}
        LIMIT ${p('limit')} FOR UPDATE SKIP LOCKED))`,
)

/** Removes what was delivered, or died, a while ago. */
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
    DELETE FROM outbox WHERE tenant_id = ${p('tenantId')} AND id = ANY (ARRAY(
      SELECT id FROM outbox
       WHERE tenant_id = ${p('tenantId')}
         AND (delivered_at < ${p('deliveredBefore')} OR dead_at < ${p('deadBefore')})
       LIMIT ${p('limit')} FOR UPDATE SKIP LOCKED))`,
)
