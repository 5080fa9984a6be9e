/** The last arrow of a journey: a person who was recognised gets grant and code, in one statement. */
import { sql } from 'kysely'
import type {
  BindingId,
  ClientId,
  CorrelationId,
  GrantId,
  IdentityId,
  JourneyId,
  MatchId,
  TenantId,
} from '../domain/ids.ts'
import type { HolderHash, InstitutionHash, Sealed, SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { CODE, LIVE_LINK, SUBJECT } from './granting.ts'
import { type Params, sqlStatement } from './statement.ts'

/**
 * presented, choosing, recognised or consenting → granted, with all that hangs on it, in one statement: only if the person is still active,
 * the binding is live and not past its time, and every match that spoke for the person still does. The person is locked
 * first, then binding and matches, all read again once locked: what was unlinked meanwhile grants nothing. Touches them;
 * moves a hash that was found under an older key version to the current one, in match, binding and its fingerprint together (CR-44);
 * marks the binding where a material changed; makes the pairwise subject once, or reads it
 * locked, so that a merge which ended a moment ago is seen; writes grant, code and audit event.
 * Returns no row, and leaves no trace, when the compare-and-set is lost.
 *
 * The event counts what was touched, which is always true and makes Postgres touch it first: left to itself it runs such
 * writes last one first, and would wait for match and binding while it holds the head of the audit trail (AU-04). A first
 * login of the same wallet, which holds them and waits for the head, would then be a deadlock.
 *
 * Lists stand in sub-selects, which tell the planner nothing of their length: it then keeps one plan. For lists at hand it
 * makes a cheaper one at each call, and this statement took longer to plan, at each login, than to run.
 */
export const grantJourney = sqlStatement(
  'grant_journey',
  (
    p: Params<{
      tenantId: TenantId
      id: JourneyId
      from: 'presented' | 'choosing' | 'recognised' | 'consenting'
      identityId: IdentityId
      bindingId: BindingId
      /** Every hash of the presentation's identifiers: the evidence has to be under one of them still. */
      identifierHashes: readonly (HolderHash | InstitutionHash)[]
      /** The matches that spoke for the person, and the hash and version each moves to. */
      matchIds: readonly MatchId[]
      hashes: readonly (HolderHash | InstitutionHash)[]
      versions: readonly number[]
      /** A material changed: the binding is to be proved again. */
      stale: boolean
      sector: string
      subject: string
      grantId: GrantId
      clientId: ClientId
      correlationId: CorrelationId
      scope: string
      acr: string
      amr: string
      authTime: number | null
      upstream: string | null
      attributePolicyVersion: number
      claims: string | null
      walletAttributes: Sealed | null
      grantExpiresAt: IsoInstant
      /** Of the single-sign-on session that begins; all null for none. */
      sessionHash: SecretHash | null
      sessionBrowserHash: SecretHash | null
      sessionStartedAt: IsoInstant | null
      codeHash: SecretHash
      redirectUri: string
      codeChallenge: string | null
      dpopJkt: string | null
      nonce: string | null
      codeExpiresAt: IsoInstant
      eventId: string
      subjectHash: string | null
      detail: string
      now: IsoInstant
      /** As exactly as the tenant keeps it: a use that moves nothing writes nothing. */
      usedAt: IsoInstant
    }>,
  ) => sql<{ id: JourneyId }>`
    WITH ${LIVE_LINK(p)}, proof AS (
      SELECT m.id
        FROM live
        JOIN identity_match m ON m.tenant_id = ${p('tenantId')} AND m.id = ANY ((SELECT ${p('matchIds')}::text[])::text[])
       WHERE m.internal_identity_id = ${p('identityId')} AND m.deleted_at IS NULL
         AND m.identifier_hash = ANY ((SELECT ${p('identifierHashes')}::text[])::text[])
       ORDER BY m.id
         FOR NO KEY UPDATE OF m
    ), evidence AS (
      SELECT e.id, e.hash, e.version
        FROM proof
        JOIN unnest((SELECT ${p('matchIds')}::text[]), (SELECT ${p('hashes')}::text[]), (SELECT ${p('versions')}::integer[])) AS e (id, hash, version)
          ON e.id = proof.id
    ), moved AS (
      UPDATE journey
         SET state = 'granted', identity_id = ${p('identityId')}, binding_id = ${p('bindingId')},
             response_code_hash = NULL, presentation = NULL, identifiers = NULL, identifier_hashes = NULL,
             spent_request_hash = journey.pushed_request_hash, updated_at = ${p('now')}
        FROM live
       WHERE journey.tenant_id = ${p('tenantId')} AND journey.id = ${p('id')} AND journey.state = ${p('from')}
         AND journey.expires_at > ${p('now')}
         AND (SELECT count(*) FROM proof) = cardinality(${p('matchIds')}::text[])
      RETURNING journey.id, live.match_id
    ), touched_match AS (
      UPDATE identity_match m
         SET last_used_at = ${p('usedAt')}, identifier_hash = e.hash, hash_key_version = e.version
        FROM moved, evidence e WHERE m.tenant_id = ${p('tenantId')} AND m.id = e.id
         AND (m.last_used_at < ${p('usedAt')} OR m.identifier_hash <> e.hash)
      RETURNING m.id
    ), touched_binding AS (
      UPDATE identity_link_binding b
         SET last_used_at = ${p('usedAt')},
             holder_identifier_hash = CASE WHEN b.holder_hash_key_version = 0
               THEN b.holder_identifier_hash ELSE coalesce(e.hash, b.holder_identifier_hash) END,
             holder_hash_key_version = CASE WHEN b.holder_hash_key_version = 0
               THEN 0 ELSE coalesce(e.version, b.holder_hash_key_version) END,
             material_fingerprints = CASE
               WHEN b.material_fingerprints IS NOT NULL AND b.holder_hash_key_version > 0 AND b.holder_identifier_hash <> e.hash
               THEN (SELECT coalesce(jsonb_object_agg(print.key, CASE WHEN print.value ->> 'hash' = b.holder_identifier_hash
                              THEN jsonb_build_object('hash', e.hash, 'version', e.version) ELSE print.value END), '{}')::text
                       FROM jsonb_each(b.material_fingerprints::jsonb) AS print)
               ELSE b.material_fingerprints END,
             stale_since = CASE WHEN ${p('stale')}::boolean
               THEN coalesce(b.stale_since, ${p('now')}::iso_instant) ELSE b.stale_since END
        FROM moved LEFT JOIN evidence e ON e.id = moved.match_id
       WHERE b.tenant_id = ${p('tenantId')} AND b.id = ${p('bindingId')} AND b.deleted_at IS NULL
         AND (b.last_used_at < ${p('usedAt')} OR ${p('stale')}::boolean AND b.stale_since IS NULL
              OR b.holder_hash_key_version > 0 AND b.holder_identifier_hash <> e.hash)
      RETURNING b.id
    ), ${SUBJECT(p, sql`moved`)}, granted AS (
      INSERT INTO login_grant (tenant_id, id, client_id, identity_id, binding_id, subject, correlation_id, scope, acr, amr,
        auth_time, upstream, attribute_policy_version, claims, wallet_attributes, session_hash, session_browser_hash,
        session_started_at, created_at, expires_at)
      SELECT ${p('tenantId')}, ${p('grantId')}, ${p('clientId')}, ${p('identityId')}, ${p('bindingId')},
        subject.subject, ${p('correlationId')}, ${p('scope')}, ${p('acr')}, ${p('amr')}, ${p('authTime')}::integer, ${p('upstream')},
        ${p('attributePolicyVersion')}::integer, ${p('claims')}, ${p('walletAttributes')}, ${p('sessionHash')},
        ${p('sessionBrowserHash')}, ${p('sessionStartedAt')}::iso_instant, ${p('now')}::iso_instant,
        ${p('grantExpiresAt')}::iso_instant
        FROM moved, subject
    ), ${CODE(p, sql`moved`)}, event AS (
      INSERT INTO audit_event (id, tenant_id, event_type, correlation_id, subject_hash, client_id, detail, created_at)
      SELECT ${p('eventId')}, ${p('tenantId')}, 'login_completed', ${p('correlationId')}, ${p('subjectHash')},
        ${p('clientId')}, ${p('detail')}, ${p('now')}::iso_instant
        FROM moved
       WHERE (SELECT count(*) FROM touched_match) >= 0 AND (SELECT count(*) FROM touched_binding) >= 0
         AND (SELECT count(*) FROM subject) >= 0
    )
    SELECT id FROM moved`,
)
