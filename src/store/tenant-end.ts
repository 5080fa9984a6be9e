/** The statements of a tenant's end: who is left, what the institution takes along, and what goes for good. */
import { sql } from 'kysely'
import type { IdentityId, TenantId } from '../domain/ids.ts'
import type { JsonObject } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

/** People who were not erased, in the order of their ids, behind `afterId`. */
export const listPeopleLeft = statement(
  'list_people_left',
  (q, p: Params<{ tenantId: TenantId; afterId: string; limit: number }>) =>
    q
      .selectFrom('identity')
      .select(['id', 'status', 'merged_into'])
      .where('tenant_id', '=', p('tenantId'))
      .where('status', '!=', 'ERASED')
      .where('id', '>', p('afterId') as unknown as IdentityId)
      .orderBy('id')
      .limit(p('limit')),
)

/** Receipts of erasures, behind the id `afterId`. */
export const listReceipts = sqlStatement(
  'list_receipts',
  (p: Params<{ tenantId: TenantId; afterId: string; limit: number }>) => sql<{
    id: string
    receipt: string
  }>`
    SELECT id, receipt FROM erasure
     WHERE tenant_id = ${p('tenantId')} AND id > ${p('afterId')} ORDER BY id LIMIT ${p('limit')}`,
)

/** Everything that was set up for the tenant, without a secret and without a hash of one; public keys of every age. */
export const exportConfiguration = sqlStatement(
  'export_configuration',
  (p: Params<{ tenantId: TenantId }>) => sql<{
    relying_parties: JsonObject[]
    providers: JsonObject[]
    policies: JsonObject[]
    retention: JsonObject[]
    subscriptions: JsonObject[]
    keys: JsonObject[]
  }>`
    SELECT (SELECT COALESCE(jsonb_agg(to_jsonb(r) - 'tenant_id' - 'secret_hashes'), '[]') FROM relying_party r
             WHERE r.tenant_id = ${p('tenantId')}) AS relying_parties,
           (SELECT COALESCE(jsonb_agg(to_jsonb(r) - 'tenant_id' - 'sealed_client_secret'), '[]') FROM reconciliation_provider r
             WHERE r.tenant_id = ${p('tenantId')}) AS providers,
           (SELECT COALESCE(jsonb_agg(to_jsonb(v) - 'tenant_id' ORDER BY v.kind, v.version), '[]') FROM policy_version v
             WHERE v.tenant_id = ${p('tenantId')}) AS policies,
           (SELECT COALESCE(jsonb_agg(to_jsonb(r) - 'tenant_id'), '[]') FROM retention_rule r
             WHERE r.tenant_id = ${p('tenantId')}) AS retention,
           (SELECT COALESCE(jsonb_agg(to_jsonb(e) - 'tenant_id' - 'sealed_secrets'), '[]') FROM event_subscription e
             WHERE e.tenant_id = ${p('tenantId')}) AS subscriptions,
           (SELECT COALESCE(jsonb_agg(k.public_jwk::jsonb || jsonb_build_object('kid', k.kid, 'alg', k.algorithm)), '[]')
              FROM signing_key k WHERE k.tenant_id = ${p('tenantId')} AND k.purpose = 'token') AS keys`,
)

/** Messages to others that have not arrived and were not given up. */
export const countWaitingEvents = sqlStatement(
  'count_waiting_events',
  (p: Params<{ tenantId: TenantId }>) => sql<{ count: number }>`
    SELECT count(*)::int AS count FROM outbox
     WHERE tenant_id = ${p('tenantId')} AND delivered_at IS NULL AND dead_at IS NULL`,
)

/** The tenant's row against everything that is being recorded: each new person refers to it, and waits. */
export const lockTenant = statement('lock_tenant', (q, p: Params<{ id: TenantId }>) =>
  q.selectFrom('tenant').select(['id', 'ended_at']).where('id', '=', p('id')).forUpdate(),
)

/** Whoever is left, seen behind the lock. */
export const countPeopleLeft = sqlStatement(
  'count_people_left',
  (p: Params<{ tenantId: TenantId }>) => sql<{ count: number }>`
    SELECT count(*)::int AS count FROM identity WHERE tenant_id = ${p('tenantId')} AND status <> 'ERASED'`,
)

/**
 * Takes away whatever is sealed or short-lived, and every secret and its hash: tombstones too. What stays is what was set
 * up, the persons' empty rows with their receipts, and the trail. One statement, so foreign keys are asked at its end.
 */
export const endTenantRows = sqlStatement(
  'end_tenant_rows',
  (p: Params<{ tenantId: TenantId }>) => sql<{ signing_keys: number; messages: number }>`
    WITH grants AS (DELETE FROM login_grant WHERE tenant_id = ${p('tenantId')}),
    journeys AS (DELETE FROM journey WHERE tenant_id = ${p('tenantId')}),
    sessions AS (DELETE FROM reconciliation_session WHERE tenant_id = ${p('tenantId')}),
    pushed AS (DELETE FROM pushed_request WHERE tenant_id = ${p('tenantId')}),
    revoked AS (DELETE FROM revoked_token WHERE tenant_id = ${p('tenantId')}),
    answers AS (DELETE FROM idempotency_key WHERE tenant_id = ${p('tenantId')}),
    assertions AS (DELETE FROM client_assertion WHERE tenant_id = ${p('tenantId')}),
    tests AS (DELETE FROM provider_test WHERE tenant_id = ${p('tenantId')}),
    bindings AS (DELETE FROM identity_link_binding WHERE tenant_id = ${p('tenantId')}),
    matches AS (DELETE FROM identity_match WHERE tenant_id = ${p('tenantId')}),
    guards AS (DELETE FROM match_guard WHERE tenant_id = ${p('tenantId')}),
    auxiliary AS (DELETE FROM auxiliary_data WHERE tenant_id = ${p('tenantId')}),
    invitations AS (DELETE FROM registration_token WHERE tenant_id = ${p('tenantId')}),
    servers AS (DELETE FROM authorization_server WHERE tenant_id = ${p('tenantId')}),
    drafts AS (DELETE FROM policy_draft WHERE tenant_id = ${p('tenantId')}),
    messages AS (DELETE FROM outbox WHERE tenant_id = ${p('tenantId')} RETURNING delivered_at, dead_at),
    receivers AS (DELETE FROM event_subscription WHERE tenant_id = ${p('tenantId')}),
    clients AS (UPDATE relying_party SET secret_hashes = '[]', enabled = 0 WHERE tenant_id = ${p('tenantId')}),
    providers AS (
      UPDATE reconciliation_provider SET sealed_client_secret = NULL, enabled = 0 WHERE tenant_id = ${p('tenantId')}
    ), keys AS (
      UPDATE signing_key SET state = 'retired', sealed_private_key = ''
       WHERE tenant_id = ${p('tenantId')} AND state <> 'retired' RETURNING kid
    )
    SELECT (SELECT count(*)::int FROM keys) AS signing_keys,
           (SELECT count(*)::int FROM messages WHERE delivered_at IS NULL AND dead_at IS NULL) AS messages`,
)

/** For good. */
export const markTenantEnded = sqlStatement(
  'mark_tenant_ended',
  (p: Params<{ id: TenantId; now: IsoInstant }>) => sql<{ changed: number }>`
    UPDATE tenant SET enabled = 0, ended_at = ${p('now')}, updated_at = ${p('now')}, revision = revision + 1
     WHERE id = ${p('id')} AND ended_at IS NULL`,
)

/** Tokens of the administration that were for this tenant alone. Under the reserved tenant. */
export const revokeTokensOfTenant = sqlStatement(
  'revoke_tokens_of_tenant',
  (p: Params<{ forTenant: TenantId; now: IsoInstant }>) => sql<{ changed: number }>`
    UPDATE admin_token SET revoked_at = ${p('now')} WHERE for_tenant = ${p('forTenant')} AND revoked_at IS NULL`,
)

/** Sessions of the administration's pages about this tenant. Under the reserved tenant. */
export const endSessionsAboutTenant = sqlStatement(
  'end_sessions_about_tenant',
  (p: Params<{ aboutTenant: TenantId }>) => sql<{ changed: number }>`
    DELETE FROM admin_session WHERE about_tenant = ${p('aboutTenant')}`,
)
