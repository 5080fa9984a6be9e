/** `login_grant`, `authorization_code`, `access_token`: what a finished login lets a relying party ask. */
import { sql } from 'kysely'
import type {
  BindingId,
  ClientId,
  CorrelationId,
  GrantId,
  IdentityId,
  TenantId,
} from '../domain/ids.ts'
import type { Sealed, SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

/** A grant with everything tokens and claims are made of. Sealed texts stay sealed. */
export interface GrantRow {
  grant_id: GrantId
  client_id: ClientId
  identity_id: IdentityId
  binding_id: BindingId
  correlation_id: CorrelationId
  scope: string
  acr: string
  amr: string
  auth_time: number | null
  upstream: string | null
  attribute_policy_version: number
  wallet_attributes: Sealed | null
  subject: string
  audit_salt: string
  /** The person whose data key seals the binding: another than `identity_id` only after a merge. */
  key_identity_id: IdentityId
  wrapped_data_key: Sealed
  attributes: Sealed
}

/** What a redeemed code becomes tokens from. */
export interface RedeemedRow extends GrantRow {
  nonce: string | null
}

export interface CodeRow extends RedeemedRow {
  redirect_uri: string
  code_challenge: string | null
  code_expires_at: IsoInstant
  consumed_at: IsoInstant | null
  revoked_at: IsoInstant | null
}

const PERSON = sql`
  JOIN identity i ON i.tenant_id = g.tenant_id AND i.id = g.identity_id AND i.status = 'ACTIVE'`

/** The same with the row locked, so that nothing is written for somebody who is being erased. */
const LOCKED_PERSON = sql`
  JOIN LATERAL (
    SELECT id, audit_salt, wrapped_data_key FROM identity
     WHERE tenant_id = g.tenant_id AND id = g.identity_id AND status = 'ACTIVE' FOR SHARE
  ) i ON true`

const LINKED = sql`
  JOIN relying_party r ON r.tenant_id = g.tenant_id AND r.client_id = g.client_id AND r.enabled = 1
  JOIN identity_link_binding b ON b.tenant_id = g.tenant_id AND b.id = g.binding_id AND b.deleted_at IS NULL
  JOIN identity_match m ON m.tenant_id = b.tenant_id AND m.id = b.match_id AND m.deleted_at IS NULL
  JOIN pairwise_subject s ON s.tenant_id = g.tenant_id AND s.identity_id = g.identity_id AND s.sector = r.sector`

/** Joins that end wherever the person, the binding, its match or the relying party is no longer alive. */
export const ALIVE = sql`${PERSON}${LINKED}`

export const GRANT_COLUMNS = sql`
  g.id AS grant_id, g.client_id, g.identity_id, g.binding_id, g.correlation_id, g.scope, g.acr, g.amr, g.auth_time,
  g.upstream, g.attribute_policy_version, g.wallet_attributes, s.subject, i.audit_salt,
  COALESCE(b.key_identity_id, i.id) AS key_identity_id,
  CASE WHEN b.key_identity_id IS NULL THEN i.wrapped_data_key
       ELSE (SELECT k.wrapped_data_key FROM identity k WHERE k.tenant_id = g.tenant_id AND k.id = b.key_identity_id)
  END AS wrapped_data_key,
  b.persisted_attributes_envelope AS attributes`

/** A code with its grant, consumed or not; the caller judges. Nothing for a code whose person is gone. */
export const findCode = sqlStatement(
  'find_code',
  (p: Params<{ tenantId: TenantId; codeHash: SecretHash }>) => sql<CodeRow>`
    SELECT ${GRANT_COLUMNS}, c.redirect_uri, c.code_challenge, c.nonce, c.expires_at AS code_expires_at, c.consumed_at,
           g.revoked_at
      FROM authorization_code c
      JOIN login_grant g ON g.tenant_id = c.tenant_id AND g.id = c.grant_id
      ${ALIVE}
     WHERE c.tenant_id = ${p('tenantId')} AND c.code_hash = ${p('codeHash')}`,
)

/**
 * The code dies and the access token is born, once (OP-42), for the request the code was made for: same client, redirect
 * URI and PKCE challenge (OP-41, OP-44, OP-45), in time, nothing revoked, and the person active, whose row is locked FOR
 * SHARE. No row otherwise, and no trace. No audit event of its own: the login that granted the code is in the trail, and
 * the head's lock would put a tenant's redemptions in a queue.
 *
 * One UPDATE reads everything on its way, rather than a SELECT whose rows an UPDATE looks up again: of two at a time the
 * second waits for the code's row, looks at it again, finds it consumed, and writes nothing.
 */
export const redeemLiveCode = sqlStatement(
  'redeem_live_code',
  (
    p: Params<{
      tenantId: TenantId
      codeHash: SecretHash
      clientId: ClientId
      redirectUri: string
      codeChallenge: string | null
      jkt: string | null
      tokenHash: SecretHash
      tokenExpiresAt: IsoInstant
      now: IsoInstant
    }>,
  ) => sql<RedeemedRow>`
    WITH redeemed AS (
      UPDATE authorization_code c SET consumed_at = ${p('now')}
        FROM login_grant g
        ${LOCKED_PERSON}
        ${LINKED}
       WHERE c.tenant_id = ${p('tenantId')} AND c.code_hash = ${p('codeHash')} AND c.client_id = ${p('clientId')}
         AND c.redirect_uri = ${p('redirectUri')} AND c.code_challenge IS NOT DISTINCT FROM ${p('codeChallenge')}
         AND (c.dpop_jkt IS NULL OR c.dpop_jkt = ${p('jkt')})
         AND c.consumed_at IS NULL AND c.expires_at > ${p('now')}
         AND g.tenant_id = c.tenant_id AND g.id = c.grant_id AND g.revoked_at IS NULL
      RETURNING ${GRANT_COLUMNS}, c.nonce
    ), issued AS (
      INSERT INTO access_token (tenant_id, token_hash, grant_id, jkt, created_at, expires_at)
      SELECT ${p('tenantId')}, ${p('tokenHash')}, grant_id, ${p('jkt')}, ${p('now')}::iso_instant,
             ${p('tokenExpiresAt')}::iso_instant
        FROM redeemed
    )
    SELECT * FROM redeemed`,
)

/** Ends a grant and with it every token made from it. */
export const revokeGrant = statement(
  'revoke_grant',
  (q, p: Params<{ tenantId: TenantId; grantId: GrantId; now: IsoInstant }>) =>
    q
      .updateTable('login_grant')
      .set({ revoked_at: p('now') })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('grantId'))
      .where('revoked_at', 'is', null),
)

/** A grant reached by an access token, which may have less than all of its scope. */
export interface AccessRow extends GrantRow {
  narrowed_scope: string | null
  access_jkt: string | null
}

/** The grant behind an access token that is alive, with everything claims are made of. */
export const findGrantByAccessToken = sqlStatement(
  'find_grant_by_access_token',
  (p: Params<{ tenantId: TenantId; tokenHash: SecretHash; now: IsoInstant }>) => sql<AccessRow>`
    SELECT ${GRANT_COLUMNS}, t.scope AS narrowed_scope, t.jkt AS access_jkt
      FROM access_token t
      JOIN login_grant g ON g.tenant_id = t.tenant_id AND g.id = t.grant_id AND g.revoked_at IS NULL
      ${ALIVE}
     WHERE t.tenant_id = ${p('tenantId')} AND t.token_hash = ${p('tokenHash')} AND t.expires_at > ${p('now')}`,
)

/** Spends a client assertion's `jti`; no row when it was spent before (OP-47). */
export const spendAssertion = sqlStatement(
  'spend_assertion',
  (
    p: Params<{
      tenantId: TenantId
      clientId: ClientId
      jtiHash: SecretHash
      expiresAt: IsoInstant
    }>,
  ) => sql<{ jti_hash: SecretHash }>`
    INSERT INTO client_assertion (tenant_id, client_id, jti_hash, expires_at)
    VALUES (${p('tenantId')}, ${p('clientId')}, ${p('jtiHash')}, ${p('expiresAt')})
    ON CONFLICT (tenant_id, client_id, jti_hash) DO NOTHING
    RETURNING jti_hash`,
)

/** Removes grants past their time with their codes and tokens; bounded. */
export const deleteExpiredGrants = sqlStatement(
  'delete_expired_grants',
  (p: Params<{ tenantId: TenantId; now: IsoInstant; limit: number }>) => sql<{ changed: number }>`
    DELETE FROM login_grant
     WHERE tenant_id = ${p('tenantId')} AND id = ANY (ARRAY(
       SELECT id FROM login_grant WHERE tenant_id = ${p('tenantId')} AND expires_at <= ${p('now')}
        ORDER BY expires_at LIMIT ${p('limit')} FOR UPDATE SKIP LOCKED))`,
)

export const deleteSpentAssertions = sqlStatement(
  'delete_spent_assertions',
  (p: Params<{ tenantId: TenantId; now: IsoInstant; limit: number }>) => sql<{ changed: number }>`
    WITH picked AS MATERIALIZED (
      SELECT client_id, jti_hash FROM client_assertion
       WHERE tenant_id = ${p('tenantId')} AND expires_at <= ${p('now')}
       ORDER BY expires_at LIMIT ${p('limit')} FOR UPDATE SKIP LOCKED
    )
    DELETE FROM client_assertion c USING picked
     WHERE c.tenant_id = ${p('tenantId')} AND c.client_id = picked.client_id AND c.jti_hash = picked.jti_hash`,
)
