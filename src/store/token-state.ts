/** What is true of an opaque token now, and its end before its time: `access_token`, `refresh_token`, their grants. */
import { sql } from 'kysely'
import type { ClientId, GrantId, TenantId } from '../domain/ids.ts'
import type { SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { ACCESS_TOKEN, ALIVE, GRANT_COLUMNS, type GrantRow, type OpaqueToken } from './grant.ts'
import { type Params, sqlStatement } from './statement.ts'

/** A token that is good now. */
export interface LiveTokenRow extends GrantRow {
  kind: 'access' | 'refresh'
  token_scope: string | null
  token_jkt: string | null
  issued_at: IsoInstant
  ends_at: IsoInstant
}

/** The live token of this client with its grant; nothing for one that is unknown, over, revoked or another client's. */
export const findLiveToken = sqlStatement(
  'find_live_token',
  (p: Params<{ tenantId: TenantId; clientId: ClientId; now: IsoInstant } & OpaqueToken>) =>
    sql<LiveTokenRow>`
    WITH token AS (
      SELECT 'access' AS kind, t.* FROM ${ACCESS_TOKEN(p)}
      UNION ALL
      SELECT 'refresh', grant_id, NULL, jkt, created_at, LEAST(expires_at, family_ends_at) FROM refresh_token
       WHERE tenant_id = ${p('tenantId')} AND token_hash = ${p('tokenHash')} AND used_at IS NULL
    )
    SELECT ${GRANT_COLUMNS}, token.kind, token.scope AS token_scope, token.jkt AS token_jkt,
           token.created_at AS issued_at, token.expires_at AS ends_at
      FROM token
      JOIN login_grant g ON g.tenant_id = ${p('tenantId')} AND g.id = token.grant_id AND g.revoked_at IS NULL
      ${ALIVE}
     WHERE g.client_id = ${p('clientId')} AND token.expires_at > ${p('now')}`,
)

/** Ends an access token of this client, alone. */
export const endAccessToken = sqlStatement(
  'end_access_token',
  (p: Params<{ tenantId: TenantId; clientId: ClientId } & OpaqueToken>) => sql<{
    grant_id: GrantId
  }>`
    WITH blanked AS (
      UPDATE authorization_code SET token_hash = NULL, token_jkt = NULL, token_expires_at = NULL
       WHERE tenant_id = ${p('tenantId')} AND code_hash = ${p('codeHash')} AND token_hash = ${p('tokenHash')}
         AND client_id = ${p('clientId')}
      RETURNING grant_id
    ), deleted AS (
      DELETE FROM access_token t USING login_grant g
       WHERE t.tenant_id = ${p('tenantId')} AND t.token_hash = ${p('tokenHash')}
         AND g.tenant_id = t.tenant_id AND g.id = t.grant_id AND g.client_id = ${p('clientId')}
      RETURNING t.grant_id
    )
    SELECT grant_id FROM blanked UNION ALL SELECT grant_id FROM deleted`,
)

/** Ends the grant of a refresh token of this client, used or not, and with it all of its tokens (OP-71). */
export const endRefreshFamily = sqlStatement(
  'end_refresh_family',
  (
    p: Params<{
      tenantId: TenantId
      tokenHash: SecretHash
      clientId: ClientId
      now: IsoInstant
    }>,
  ) => sql<{ grant_id: GrantId }>`
    UPDATE login_grant g SET revoked_at = ${p('now')}
      FROM refresh_token r
     WHERE r.tenant_id = ${p('tenantId')} AND r.token_hash = ${p('tokenHash')}
       AND g.tenant_id = r.tenant_id AND g.id = r.grant_id AND g.client_id = ${p('clientId')}
       AND g.revoked_at IS NULL
    RETURNING g.id AS grant_id`,
)

/** Whom a grant is about, for the trail. */
export const findGrantSubject = sqlStatement(
  'find_grant_subject',
  (p: Params<{ tenantId: TenantId; grantId: GrantId }>) => sql<{
    correlation_id: GrantRow['correlation_id']
    audit_salt: string | null
  }>`
    SELECT g.correlation_id, i.audit_salt FROM login_grant g
      JOIN identity i ON i.tenant_id = g.tenant_id AND i.id = g.identity_id
     WHERE g.tenant_id = ${p('tenantId')} AND g.id = ${p('grantId')}`,
)
