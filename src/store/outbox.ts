/** `outbox`: what receivers are still to hear, one row a receiver, written in the transaction it tells of. */
import { sql } from 'kysely'
import type { EventType } from '../domain/event.ts'
import type { ClientId, EventId, IdentityId, SubscriptionId, TenantId } from '../domain/ids.ts'
import type { Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { anyOf, type Params, sqlStatement, statement } from './statement.ts'

/**
 * Who hears of an event about these people, with the subject by which each knows them. A relying party is told of people
 * who have a subject there, and by that subject only. The tenant itself, and a client that is nothing but a machine which
 * people are shown to, know them by the bridge's own id. A client that is switched off hears of erasures alone.
 *
 * An erasure is told by every name a receiver may have kept: a subject that waits since a merge, for whoever did not hear of
 * the merge, and the id as well, for a relying party that is a machine client too.
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
        SELECT person.id AS subject
         WHERE h.client_id IS NULL
            OR r.machine_scopes::jsonb ?| ARRAY['reconciliation:read', 'reconciliation:write', 'devices:manage', 'privacy:erase']
           AND (NOT r.grant_types::jsonb @> '"authorization_code"' OR ${p('type')} = 'identity_erased')
        UNION ALL
        SELECT w.subject FROM pairwise_subject w
         WHERE r.grant_types::jsonb @> '"authorization_code"' AND w.tenant_id = ${p('tenantId')} AND w.sector = r.sector
           AND w.identity_id = person.id
        UNION ALL
        SELECT w.subject FROM pairwise_subject w
         WHERE r.grant_types::jsonb @> '"authorization_code"' AND w.tenant_id = ${p('tenantId')} AND w.sector = r.sector
           AND w.origin_id = person.id AND w.identity_id IS NULL AND ${p('type')} = 'identity_erased'
      ) AS name
     WHERE r.client_id IS NULL OR r.enabled = 1 OR ${p('type')} = 'identity_erased'
     ORDER BY h.id, person.id, name.subject`,
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
