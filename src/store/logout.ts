/** The end of single-sign-on sessions: which logins they held, who hears of it, and what ends with them. */
import { sql } from 'kysely'
import type { ClientId, IdentityId, TenantId } from '../domain/ids.ts'
import type { SecretHash } from '../domain/text.ts'
import { type Params, sqlStatement } from './statement.ts'

/** A login that a browser's session holds, or one before it held. */
export interface SessionLoginRow {
  client_id: ClientId
  identity_id: IdentityId
  sid: string
  subject: string
  audit_salt: string
  /** Whether the relying party takes logout tokens. */
  told: boolean
  /** Whether it is of the session itself, and not of one that this person's later login took the place of. */
  current: boolean
}

const LOGINS = sql`
  SELECT g.client_id, g.identity_id, g.sid, g.subject, i.audit_salt, g.session_hash IS NOT NULL AS current,
         r.backchannel_logout_uri IS NOT NULL AND r.enabled = 1 AS told
    FROM login_grant g
    JOIN relying_party r ON r.tenant_id = g.tenant_id AND r.client_id = g.client_id
    JOIN identity i ON i.tenant_id = g.tenant_id AND i.id = g.identity_id AND i.status = 'ACTIVE'`

interface Browser {
  tenantId: TenantId
  browserHash: SecretHash
}

/**
 * The logins of a browser's session and of the person's sessions before it there, oldest first. Also those whose tokens were
 * revoked: the relying party may have them revoked before it asks for the logout, and has a session of its own still.
 */
export const findSessionLogins = sqlStatement(
  'find_session_logins',
  (p: Params<Browser>) => sql<SessionLoginRow>`
    ${LOGINS}
     WHERE g.tenant_id = ${p('tenantId')} AND g.session_browser_hash = ${p('browserHash')}
     ORDER BY g.created_at, g.id`,
)

/** The same, held until commit: of several who end the session one finds it. */
export const lockSessionLogins = sqlStatement(
  'lock_session_logins',
  (p: Params<Browser>) => sql<SessionLoginRow>`
    ${LOGINS}
     WHERE g.tenant_id = ${p('tenantId')} AND g.session_browser_hash = ${p('browserHash')}
     ORDER BY g.id
       FOR NO KEY UPDATE OF g`,
)

/**
 * Codes of a session that is over and that nobody redeemed: what they stood for is over too, `offline_access` or not. Held in
 * the order in which they are redeemed.
 */
export const endSessionCodes = sqlStatement(
  'end_session_codes',
  (p: Params<Browser>) => sql<{ changed: number }>`
    WITH held AS MATERIALIZED (
      SELECT c.code_hash FROM login_grant g
        JOIN authorization_code c ON c.tenant_id = g.tenant_id AND c.grant_id = g.id
       WHERE g.tenant_id = ${p('tenantId')} AND g.session_browser_hash = ${p('browserHash')} AND c.consumed_at IS NULL
       ORDER BY c.code_hash COLLATE "C"
         FOR UPDATE OF c
    )
    DELETE FROM authorization_code c USING held
     WHERE c.tenant_id = ${p('tenantId')} AND c.code_hash = held.code_hash AND c.consumed_at IS NULL`,
)

/**
 * Refresh tokens of a session that is over, but for those that were asked for to last (Back-Channel Logout 1.0, 2.7). Held in
 * the order in which they are used.
 */
export const endSessionRefresh = sqlStatement(
  'end_session_refresh',
  (p: Params<Browser>) => sql<{ changed: number }>`
    WITH held AS MATERIALIZED (
      SELECT f.family_hash FROM login_grant g
        JOIN refresh_token f ON f.tenant_id = g.tenant_id AND f.grant_id = g.id
       WHERE g.tenant_id = ${p('tenantId')} AND g.session_browser_hash = ${p('browserHash')}
         AND NOT 'offline_access' = ANY (string_to_array(g.scope, ' '))
       ORDER BY f.family_hash COLLATE "C"
         FOR UPDATE OF f
    )
    DELETE FROM refresh_token f USING held
     WHERE f.tenant_id = ${p('tenantId')} AND f.family_hash = held.family_hash`,
)

/** Relying parties that take logout tokens and know one of these people: by session where they want it so. */
export const findLogoutReceivers = sqlStatement(
  'find_logout_receivers',
  (p: Params<{ tenantId: TenantId; people: readonly IdentityId[] }>) => sql<{
    client_id: ClientId
    subject: string
    sid: string | null
  }>`
    SELECT DISTINCT r.client_id, g.subject,
           CASE WHEN r.backchannel_logout_session_required = 1 THEN g.sid END AS sid
      FROM login_grant g
      JOIN relying_party r ON r.tenant_id = g.tenant_id AND r.client_id = g.client_id
       AND r.backchannel_logout_uri IS NOT NULL
     WHERE g.tenant_id = ${p('tenantId')} AND g.identity_id = ANY (${p('people')}::text[])
     ORDER BY r.client_id, g.subject`,
)
