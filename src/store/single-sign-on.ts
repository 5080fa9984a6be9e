/**
 * The single-sign-on session of a browser. It has no table of its own: grants made in it carry its hash, so whatever ends
 * the grants (erasure, unlinking, revocation, time) ends the session with them.
 */
import { sql } from 'kysely'
import type {
  BindingId,
  ClientId,
  CorrelationId,
  GrantId,
  IdentityId,
  JourneyId,
  TenantId,
} from '../domain/ids.ts'
import type { Sealed, SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { CODE, LIVE_LINK, SUBJECT } from './granting.ts'
import { type Params, sqlStatement } from './statement.ts'

/** The newest grant of a session that may still be used, of a person and a link that are alive. */
export interface SessionRow {
  grant_id: GrantId
  identity_id: IdentityId
  binding_id: BindingId
  acr: string
  amr: string
  auth_time: number | null
  upstream: string | null
  attribute_policy_version: number
  wallet_attributes: Sealed | null
  audit_salt: string
  stale_since: IsoInstant | null
  /** Where the person logged in with the wallet. */
  shown_to: ClientId
}

export const findSignOn = sqlStatement(
  'find_sign_on',
  (
    p: Params<{
      tenantId: TenantId
      sessionHash: SecretHash
      browserHash: SecretHash
      startedAfter: IsoInstant
      usedAfter: IsoInstant
      now: IsoInstant
    }>,
  ) => sql<SessionRow>`
    SELECT g.id AS grant_id, g.identity_id, g.binding_id, g.acr, g.amr, g.auth_time, g.upstream,
           g.attribute_policy_version, g.wallet_attributes, i.audit_salt, b.stale_since,
           (SELECT o.client_id FROM login_grant o
             WHERE o.tenant_id = g.tenant_id AND o.session_hash = g.session_hash
             ORDER BY o.created_at LIMIT 1) AS shown_to
      FROM login_grant g
      JOIN identity i ON i.tenant_id = g.tenant_id AND i.id = g.identity_id AND i.status = 'ACTIVE'
      JOIN identity_link_binding b ON b.tenant_id = g.tenant_id AND b.id = g.binding_id AND b.deleted_at IS NULL
      JOIN identity_match m ON m.tenant_id = b.tenant_id AND m.id = b.match_id AND m.deleted_at IS NULL
     WHERE g.tenant_id = ${p('tenantId')} AND g.session_hash = ${p('sessionHash')}
       AND g.session_browser_hash = ${p('browserHash')} AND g.revoked_at IS NULL
       AND g.session_started_at > ${p('startedAfter')} AND g.created_at > ${p('usedAfter')}
       AND (b.expires_at IS NULL OR b.expires_at > ${p('now')})
     ORDER BY g.created_at DESC LIMIT 1`,
)

/**
 * A login by the session alone: the granted journey, grant, code and audit event in one statement, only while the session,
 * the person and the link are what they were when they were read; all locked first, the person before the rest. No row,
 * and no trace, otherwise.
 */
export const grantBySession = sqlStatement(
  'grant_by_session',
  (
    p: Params<{
      tenantId: TenantId
      sessionHash: SecretHash
      browserHash: SecretHash
      fromGrant: GrantId
      identityId: IdentityId
      bindingId: BindingId
      journeyId: JourneyId
      correlationId: CorrelationId
      clientId: ClientId
      language: 'en' | 'nl'
      request: Sealed
      requestKid: string
      policies: string
      pushedRequestHash: SecretHash | null
      sector: string
      subject: string
      grantId: GrantId
      scope: string
      claims: string | null
      walletAttributes: Sealed | null
      grantExpiresAt: IsoInstant
      codeHash: SecretHash
      redirectUri: string
      codeChallenge: string | null
      dpopJkt: string | null
      nonce: string | null
      codeExpiresAt: IsoInstant
      eventId: string
      subjectHash: string
      detail: string
      now: IsoInstant
      usedAt: IsoInstant
    }>,
  ) => sql<{ id: JourneyId }>`
    WITH ${LIVE_LINK(p)}, session AS (
      SELECT g.*, live.match_id
        FROM live
        JOIN login_grant g ON g.tenant_id = ${p('tenantId')} AND g.id = ${p('fromGrant')}
       WHERE g.session_hash = ${p('sessionHash')} AND g.session_browser_hash = ${p('browserHash')}
         AND g.revoked_at IS NULL AND g.identity_id = ${p('identityId')} AND g.binding_id = ${p('bindingId')}
         FOR NO KEY UPDATE OF g
    ), journeyed AS (
      INSERT INTO journey (tenant_id, id, state, correlation_id, client_id, browser_hash, language, request,
        request_kid, policies, identity_id, binding_id, pushed_request_hash, spent_request_hash, created_at, updated_at,
        expires_at)
      SELECT ${p('tenantId')}, ${p('journeyId')}, 'granted', ${p('correlationId')}, ${p('clientId')},
        ${p('browserHash')}, ${p('language')}, ${p('request')}, ${p('requestKid')}, ${p('policies')},
        session.identity_id, session.binding_id, ${p('pushedRequestHash')}, ${p('pushedRequestHash')},
        ${p('now')}::iso_instant, ${p('now')}::iso_instant, ${p('now')}::iso_instant
        FROM session
      RETURNING id
    ), touched_match AS (
      UPDATE identity_match m SET last_used_at = ${p('usedAt')}
        FROM session WHERE m.tenant_id = ${p('tenantId')} AND m.id = session.match_id AND m.last_used_at < ${p('usedAt')}
      RETURNING m.id
    ), touched_binding AS (
      UPDATE identity_link_binding b SET last_used_at = ${p('usedAt')}
        FROM session WHERE b.tenant_id = ${p('tenantId')} AND b.id = session.binding_id AND b.last_used_at < ${p('usedAt')}
      RETURNING b.id
    ), ${SUBJECT(p, sql`session`)}, granted AS (
      INSERT INTO login_grant (tenant_id, id, client_id, identity_id, binding_id, subject, correlation_id, scope, acr, amr,
        auth_time, upstream, attribute_policy_version, claims, wallet_attributes, session_hash, session_browser_hash,
        session_started_at, sid, created_at, expires_at)
      SELECT ${p('tenantId')}, ${p('grantId')}, ${p('clientId')}, identity_id, binding_id, subject.subject, ${p('correlationId')},
        ${p('scope')}, acr, amr, auth_time, upstream, attribute_policy_version, ${p('claims')}, ${p('walletAttributes')}, session_hash,
        session_browser_hash, session_started_at, sid, ${p('now')}::iso_instant, ${p('grantExpiresAt')}::iso_instant
        FROM session, subject
    ), ${CODE(p, sql`session`)}, event AS (
      INSERT INTO audit_event (id, tenant_id, event_type, correlation_id, subject_hash, client_id, detail, created_at)
      SELECT ${p('eventId')}, ${p('tenantId')}, 'login_completed', ${p('correlationId')}, ${p('subjectHash')},
        ${p('clientId')}, ${p('detail')}, ${p('now')}::iso_instant
        FROM session
       WHERE (SELECT count(*) FROM touched_match) >= 0 AND (SELECT count(*) FROM touched_binding) >= 0
         AND (SELECT count(*) FROM subject) >= 0 AND (SELECT count(*) FROM journeyed) >= 0
    )
    SELECT id FROM journeyed`,
)

/**
 * Somebody logs in: sessions of anybody else are over in this browser, and their logins leave it. Where a session `begins`, it
 * takes the place of this person's own: the secret of that one is worth nothing any more, but the browser keeps its logins, so
 * that the relying parties that were told of them hear of their end.
 */
export const replaceSignOn = sqlStatement(
  'replace_sign_on',
  (
    p: Params<{
      tenantId: TenantId
      browserHash: SecretHash
      identityId: IdentityId
      begins: boolean
    }>,
  ) => sql<{ changed: number }>`
    UPDATE login_grant
       SET session_hash = NULL, session_started_at = NULL,
           session_browser_hash = CASE WHEN identity_id = ${p('identityId')} THEN session_browser_hash END
     WHERE tenant_id = ${p('tenantId')} AND session_browser_hash = ${p('browserHash')}
       AND (identity_id IS DISTINCT FROM ${p('identityId')} OR ${p('begins')}::boolean AND session_hash IS NOT NULL)`,
)

/** The session is over; what was granted in it stays. Returns whose it was, once for each grant. */
export const endSignOn = sqlStatement(
  'end_sign_on',
  (p: Params<{ tenantId: TenantId; browserHash: SecretHash }>) => sql<{ id: GrantId }>`
    UPDATE login_grant SET session_hash = NULL, session_browser_hash = NULL, session_started_at = NULL
     WHERE tenant_id = ${p('tenantId')} AND session_browser_hash = ${p('browserHash')}
    RETURNING id`,
)

/** How many grants of a session there are; none when it is over. */
export const countSignOn = sqlStatement(
  'count_sign_on',
  (
    p: Params<{
      tenantId: TenantId
      browserHash: SecretHash
      startedAfter: IsoInstant
      usedAfter: IsoInstant
    }>,
  ) => sql<{ count: number }>`
    SELECT count(*)::integer AS count FROM login_grant
     WHERE tenant_id = ${p('tenantId')} AND session_browser_hash = ${p('browserHash')} AND revoked_at IS NULL
       AND session_started_at > ${p('startedAfter')} AND created_at > ${p('usedAfter')}`,
)
