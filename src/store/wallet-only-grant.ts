/**
 * `login_grant` of a login that links nobody (plan SKIP_RECONCILIATION): no person, no binding, and a subject of its own
 * that stands in the row. It lives and dies as other grants do; what hangs on a person is not there to be asked.
 */
import { sql } from 'kysely'
import type { ClientId, CorrelationId, GrantId, JourneyId, TenantId } from '../domain/ids.ts'
import type { Sealed, SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type AccessRow, CODE_TOKEN, type TokenNames } from './access-token.ts'
import type { GrantRow } from './grant.ts'
import { CODE } from './granting.ts'
import { type Params, sqlStatement } from './statement.ts'
import { LIVE_TOKEN_COLUMNS, type LiveTokenRow } from './token-state.ts'

type OfPerson =
  | 'identity_id'
  | 'binding_id'
  | 'audit_salt'
  | 'key_identity_id'
  | 'wrapped_data_key'
  | 'attributes'
export type WalletOnlyGrantRow = Omit<GrantRow, OfPerson> & { identity_id: null; audit_salt: null }
export type WalletOnlyAccessRow = Omit<AccessRow, OfPerson> & WalletOnlyGrantRow

const COLUMNS = sql`
  g.id AS grant_id, g.client_id, g.identity_id, NULL AS audit_salt, g.correlation_id, g.scope, g.acr, g.amr, g.auth_time,
  g.upstream, g.attribute_policy_version, g.claims, g.wallet_attributes, g.subject, g.sid`

const ALIVE = sql`
  JOIN relying_party r ON r.tenant_id = g.tenant_id AND r.client_id = g.client_id AND r.enabled = 1`

/**
 * presented or consenting → granted without a person, with grant, code and audit event, in one statement. Returns no row, and leaves no
 * trace, when the journey has moved on. The journey keeps its hashes until it goes, an hour later than the grant could: nothing
 * else leads an erasure to a login of somebody who is known, but whom the plan did not look for.
 */
export const grantWalletOnly = sqlStatement(
  'grant_wallet_only',
  (
    p: Params<{
      tenantId: TenantId
      id: JourneyId
      from: 'presented' | 'consenting'
      subject: string
      grantId: GrantId
      clientId: ClientId
      correlationId: CorrelationId
      scope: string
      acr: string
      amr: string
      authTime: number
      attributePolicyVersion: number
      claims: string | null
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
             spent_request_hash = pushed_request_hash, updated_at = ${p('now')}
       WHERE tenant_id = ${p('tenantId')} AND id = ${p('id')} AND state = ${p('from')} AND expires_at > ${p('now')}
      RETURNING id
    ), granted AS (
      INSERT INTO login_grant (tenant_id, id, client_id, subject, correlation_id, scope, acr, amr, auth_time,
        attribute_policy_version, claims, wallet_attributes, created_at, expires_at)
      SELECT ${p('tenantId')}, ${p('grantId')}, ${p('clientId')}, ${p('subject')}, ${p('correlationId')}, ${p('scope')},
        ${p('acr')}, ${p('amr')}, ${p('authTime')}::integer, ${p('attributePolicyVersion')}::integer, ${p('claims')},
        ${p('walletAttributes')}, ${p('now')}::iso_instant, ${p('grantExpiresAt')}::iso_instant
        FROM moved
    ), ${CODE(p, sql`moved`)}, event AS (
      INSERT INTO audit_event (id, tenant_id, event_type, correlation_id, client_id, detail, created_at)
      SELECT ${p('eventId')}, ${p('tenantId')}, 'login_completed', ${p('correlationId')}, ${p('clientId')},
        ${p('detail')}, ${p('now')}::iso_instant
        FROM moved
    )
    SELECT id FROM moved`,
)

/** The grant behind an access token that is alive; each of theirs is one a code became. */
export const findWalletOnlyGrant = sqlStatement(
  'find_wallet_only_grant',
  (p: Params<{ tenantId: TenantId; now: IsoInstant } & TokenNames>) => sql<WalletOnlyAccessRow>`
    SELECT ${COLUMNS}, t.scope AS narrowed_scope, t.jkt AS access_jkt
      FROM ${CODE_TOKEN(p)}
      JOIN login_grant g ON g.tenant_id = ${p('tenantId')} AND g.id = t.grant_id AND g.revoked_at IS NULL
       AND g.identity_id IS NULL
      ${ALIVE}
     WHERE t.expires_at > ${p('now')}`,
)

/** The live access token of this client with its grant; they have no refresh tokens. */
export const findLiveWalletOnlyToken = sqlStatement(
  'find_live_wallet_only_token',
  (p: Params<{ tenantId: TenantId; clientId: ClientId; now: IsoInstant } & TokenNames>) =>
    sql<LiveTokenRow>`
    SELECT ${LIVE_TOKEN_COLUMNS}, 'access' AS kind
      FROM ${CODE_TOKEN(p)}
      JOIN login_grant g ON g.tenant_id = ${p('tenantId')} AND g.id = t.grant_id AND g.revoked_at IS NULL
       AND g.identity_id IS NULL
      ${ALIVE}
     WHERE g.client_id = ${p('clientId')} AND t.expires_at > ${p('now')}`,
)
