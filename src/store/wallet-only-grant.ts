/**
 * `login_grant` of a login that links nobody (plan SKIP_RECONCILIATION): no person, no binding, and a subject of its own
 * that stands in the row. It lives and dies as other grants do; what hangs on a person is not there to be asked.
 */
import { sql } from 'kysely'
import type { ClientId, CorrelationId, GrantId, JourneyId, TenantId } from '../domain/ids.ts'
import type { Sealed, SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { AccessRow, CodeRow, GrantRow } from './grant.ts'
import { type Params, sqlStatement } from './statement.ts'

type OfPerson =
  | 'identity_id'
  | 'binding_id'
  | 'audit_salt'
  | 'key_identity_id'
  | 'wrapped_data_key'
  | 'attributes'
export type WalletOnlyGrantRow = Omit<GrantRow, OfPerson> & { identity_id: null; audit_salt: null }
export type WalletOnlyAccessRow = Omit<AccessRow, OfPerson> & WalletOnlyGrantRow
export type WalletOnlyCodeRow = Omit<CodeRow, OfPerson> & WalletOnlyGrantRow

const COLUMNS = sql`
  g.id AS grant_id, g.client_id, g.identity_id, NULL AS audit_salt, g.correlation_id, g.scope, g.acr, g.amr, g.auth_time,
  g.upstream, g.attribute_policy_version, g.wallet_attributes, g.subject`

const ALIVE = sql`
  JOIN relying_party r ON r.tenant_id = g.tenant_id AND r.client_id = g.client_id AND r.enabled = 1`

/**
 * presented → granted without a person, with grant, code and audit event, in one statement. Returns no row, and leaves no
 * trace, when the journey has moved on.
 */
export const grantWalletOnly = sqlStatement(
  'grant_wallet_only',
  (
    p: Params<{
      tenantId: TenantId
      id: JourneyId
      subject: string
      grantId: GrantId
      clientId: ClientId
      correlationId: CorrelationId
      scope: string
      acr: string
      amr: string
      authTime: number
      attributePolicyVersion: number
      walletAttributes: Sealed
      grantExpiresAt: IsoInstant
      codeHash: SecretHash
      redirectUri: string
      codeChallenge: string | null
      dpopJkt: string | null
      nonce: string | null
      codeExpiresAt: IsoInstant
      eventId: string
      detail: string
      now: IsoInstant
    }>,
  ) => sql<{ id: JourneyId }>`
    WITH moved AS (
      UPDATE journey
         SET state = 'granted', response_code_hash = NULL, presentation = NULL, identifiers = NULL,
             identifier_hashes = NULL, spent_request_hash = pushed_request_hash, updated_at = ${p('now')}
       WHERE tenant_id = ${p('tenantId')} AND id = ${p('id')} AND state = 'presented' AND expires_at > ${p('now')}
      RETURNING id
    ), granted AS (
      INSERT INTO login_grant (tenant_id, id, client_id, subject, correlation_id, scope, acr, amr, auth_time,
        attribute_policy_version, wallet_attributes, created_at, expires_at)
      SELECT ${p('tenantId')}, ${p('grantId')}, ${p('clientId')}, ${p('subject')}, ${p('correlationId')}, ${p('scope')},
        ${p('acr')}, ${p('amr')}, ${p('authTime')}::integer, ${p('attributePolicyVersion')}::integer,
        ${p('walletAttributes')}, ${p('now')}::iso_instant, ${p('grantExpiresAt')}::iso_instant
        FROM moved
    ), code AS (
      INSERT INTO authorization_code (tenant_id, code_hash, grant_id, client_id, redirect_uri, code_challenge, dpop_jkt, nonce,
        created_at, expires_at)
      SELECT ${p('tenantId')}, ${p('codeHash')}, ${p('grantId')}, ${p('clientId')}, ${p('redirectUri')},
        ${p('codeChallenge')}, ${p('dpopJkt')}, ${p('nonce')}, ${p('now')}::iso_instant, ${p('codeExpiresAt')}::iso_instant
        FROM moved
    ), event AS (
      INSERT INTO audit_event (id, tenant_id, event_type, correlation_id, client_id, detail, created_at)
      SELECT ${p('eventId')}, ${p('tenantId')}, 'login_completed', ${p('correlationId')}, ${p('clientId')},
        ${p('detail')}, ${p('now')}::iso_instant
        FROM moved
    )
    SELECT id FROM moved`,
)

/** A code with its grant, consumed or not; the caller judges. */
export const findWalletOnlyCode = sqlStatement(
  'find_wallet_only_code',
  (p: Params<{ tenantId: TenantId; codeHash: SecretHash }>) => sql<WalletOnlyCodeRow>`
    SELECT ${COLUMNS}, c.redirect_uri, c.code_challenge, c.nonce, c.expires_at AS code_expires_at, c.consumed_at,
           g.revoked_at
      FROM authorization_code c
      JOIN login_grant g ON g.tenant_id = c.tenant_id AND g.id = c.grant_id AND g.identity_id IS NULL
      ${ALIVE}
     WHERE c.tenant_id = ${p('tenantId')} AND c.code_hash = ${p('codeHash')}`,
)

/** The code dies and the access token is born, once (OP-42); otherwise as `redeemLiveCode`. */
export const redeemWalletOnlyCode = sqlStatement(
  'redeem_wallet_only_code',
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
  ) => sql<WalletOnlyCodeRow>`
    WITH live AS (
      SELECT ${COLUMNS}, c.code_hash, c.redirect_uri, c.code_challenge, c.nonce, c.expires_at AS code_expires_at,
             c.consumed_at, g.revoked_at
        FROM authorization_code c
        JOIN login_grant g ON g.tenant_id = c.tenant_id AND g.id = c.grant_id AND g.identity_id IS NULL
        ${ALIVE}
       WHERE c.tenant_id = ${p('tenantId')} AND c.code_hash = ${p('codeHash')} AND c.client_id = ${p('clientId')}
         AND c.redirect_uri = ${p('redirectUri')} AND c.code_challenge IS NOT DISTINCT FROM ${p('codeChallenge')}
         AND (c.dpop_jkt IS NULL OR c.dpop_jkt = ${p('jkt')})
         AND c.consumed_at IS NULL AND c.expires_at > ${p('now')} AND g.revoked_at IS NULL
         FOR UPDATE OF c
    ), consumed AS (
      UPDATE authorization_code c SET consumed_at = ${p('now')}
        FROM live WHERE c.tenant_id = ${p('tenantId')} AND c.code_hash = live.code_hash AND c.consumed_at IS NULL
      RETURNING c.grant_id
    ), issued AS (
      INSERT INTO access_token (tenant_id, token_hash, grant_id, jkt, created_at, expires_at)
      SELECT ${p('tenantId')}, ${p('tokenHash')}, grant_id, ${p('jkt')}, ${p('now')}::iso_instant, ${p('tokenExpiresAt')}::iso_instant
        FROM consumed
    )
    SELECT live.* FROM live JOIN consumed ON consumed.grant_id = live.grant_id`,
)

/** The grant behind an access token that is alive. */
export const findWalletOnlyGrant = sqlStatement(
  'find_wallet_only_grant',
  (p: Params<{ tenantId: TenantId; tokenHash: SecretHash; now: IsoInstant }>) =>
    sql<WalletOnlyAccessRow>`
    SELECT ${COLUMNS}, t.scope AS narrowed_scope, t.jkt AS access_jkt
      FROM access_token t
      JOIN login_grant g ON g.tenant_id = t.tenant_id AND g.id = t.grant_id AND g.revoked_at IS NULL
       AND g.identity_id IS NULL
      ${ALIVE}
     WHERE t.tenant_id = ${p('tenantId')} AND t.token_hash = ${p('tokenHash')} AND t.expires_at > ${p('now')}`,
)

/** What introspection tells of a live access token of such a login. */
export interface WalletOnlyTokenRow extends WalletOnlyGrantRow {
  token_jkt: string | null
  issued_at: IsoInstant
  ends_at: IsoInstant
}

/** The live access token of this client with its grant; they have no refresh tokens. */
export const findLiveWalletOnlyToken = sqlStatement(
  'find_live_wallet_only_token',
  (p: Params<{ tenantId: TenantId; tokenHash: SecretHash; clientId: ClientId; now: IsoInstant }>) =>
    sql<WalletOnlyTokenRow>`
    SELECT ${COLUMNS}, t.jkt AS token_jkt, t.created_at AS issued_at, t.expires_at AS ends_at
      FROM access_token t
      JOIN login_grant g ON g.tenant_id = t.tenant_id AND g.id = t.grant_id AND g.revoked_at IS NULL
       AND g.identity_id IS NULL
      ${ALIVE}
     WHERE t.tenant_id = ${p('tenantId')} AND t.token_hash = ${p('tokenHash')} AND g.client_id = ${p('clientId')}
       AND t.expires_at > ${p('now')}`,
)
