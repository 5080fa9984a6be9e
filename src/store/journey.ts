/** `journey`: what the service remembers between two requests. Each arrow of `domain/journey.ts` is one statement. */
import { type RawBuilder, type Selectable, sql } from 'kysely'
import type { UpstreamAssurance } from '../domain/assurance.ts'
import type { HashedIdentifier } from '../domain/identifier.ts'
import type {
  BindingId,
  ClientId,
  CorrelationId,
  GrantId,
  IdentityId,
  JourneyId,
  MatchId,
  ProviderId,
  TenantId,
} from '../domain/ids.ts'
import type { Decided, Journey, PolicyVersions, Presented } from '../domain/journey.ts'
import type { BoundHit, Fingerprints, Hit } from '../domain/recognition.ts'
import type {
  HolderHash,
  IdentifierType,
  InstitutionHash,
  Sealed,
  SecretHash,
} from '../domain/text.ts'
import { fromInstant, type IsoInstant } from '../domain/time.ts'
import { SHARED } from './match.ts'
import type { IdentityStatus, JourneyTable } from './schema.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

interface NewJourney {
  tenantId: TenantId
  id: JourneyId
  correlationId: CorrelationId
  clientId: ClientId
  browserHash: SecretHash
  language: 'en' | 'nl'
  request: Sealed
  walletSecrets: Sealed
  requestKid: string
  policies: string
  pushedRequestHash: SecretHash | null
  sameDeviceRequestHash: SecretHash
  sameDeviceStateHash: SecretHash
  crossDeviceRequestHash: SecretHash | null
  crossDeviceStateHash: SecretHash | null
  now: IsoInstant
  expiresAt: IsoInstant
}

export const insertJourney = statement('insert_journey', (q, p: Params<NewJourney>) =>
  q.insertInto('journey').values({
    tenant_id: p('tenantId'),
    id: p('id'),
    state: 'started',
    correlation_id: p('correlationId'),
    client_id: p('clientId'),
    browser_hash: p('browserHash'),
    language: p('language'),
    request: p('request'),
    wallet_secrets: p('walletSecrets'),
    request_kid: p('requestKid'),
    policies: p('policies'),
    pushed_request_hash: p('pushedRequestHash'),
    same_device_request_hash: p('sameDeviceRequestHash'),
    same_device_state_hash: p('sameDeviceStateHash'),
    cross_device_request_hash: p('crossDeviceRequestHash'),
    cross_device_state_hash: p('crossDeviceStateHash'),
    created_at: p('now'),
    updated_at: p('now'),
    expires_at: p('expiresAt'),
  }),
)

/** What a wallet's request names: a journey still open, and through which of its two links. */
export interface OpenJourneyRow {
  id: JourneyId
  correlation_id: CorrelationId
  client_id: ClientId
  wallet_secrets: Sealed | null
  request_kid: string
  policies: string
  created_at: IsoInstant
  cross_device: boolean
}

/** started or retrieved → retrieved, by the id in a request_uri. Not single-use: wallets fetch twice (VP-034). */
export const retrieveJourney = sqlStatement(
  'retrieve_journey',
  (
    p: Params<{
      tenantId: TenantId
      requestHash: SecretHash
      now: IsoInstant
      crossDeviceSince: IsoInstant
    }>,
  ) => sql<OpenJourneyRow>`
    UPDATE journey SET state = 'retrieved', updated_at = ${p('now')}
     WHERE tenant_id = ${p('tenantId')} AND state IN ('started', 'retrieved') AND expires_at > ${p('now')}
       AND (same_device_request_hash = ${p('requestHash')}
         OR (cross_device_request_hash = ${p('requestHash')} AND created_at > ${p('crossDeviceSince')}))
    RETURNING id, correlation_id, client_id, wallet_secrets, request_kid, policies, created_at,
      cross_device_request_hash IS NOT DISTINCT FROM ${p('requestHash')} AS cross_device`,
)

/** The open journey of a wallet's `state`; reads only. */
export const findOpenJourneyByState = sqlStatement(
  'find_open_journey_by_state',
  (
    p: Params<{
      tenantId: TenantId
      stateHash: SecretHash
      now: IsoInstant
      crossDeviceSince: IsoInstant
    }>,
  ) => sql<OpenJourneyRow>`
    SELECT id, correlation_id, client_id, wallet_secrets, request_kid, policies, created_at,
      cross_device_state_hash IS NOT DISTINCT FROM ${p('stateHash')} AS cross_device
      FROM journey
     WHERE tenant_id = ${p('tenantId')} AND state IN ('started', 'retrieved') AND expires_at > ${p('now')}
       AND (same_device_state_hash = ${p('stateHash')}
         OR (cross_device_state_hash = ${p('stateHash')} AND created_at > ${p('crossDeviceSince')}))`,
)

/** open → presented, once (VP-080). Both links die with it and the wallet's secrets (VP-082); nothing outside the journey changes (HA-10). */
export const presentJourney = statement(
  'present_journey',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: JourneyId
      way: 'same_device' | 'cross_device'
      /** JSON of {@link HashedIdentifier}s, and all their hashes. */
      identifiers: string
      identifierHashes: readonly HolderHash[]
      presentation: Sealed
      responseCodeHash: SecretHash | null
      now: IsoInstant
      expiresAt: IsoInstant
    }>,
  ) =>
    q
      .updateTable('journey')
      .set({
        state: 'presented',
        way: p('way'),
        presented_at: p('now'),
        identifiers: p('identifiers'),
        identifier_hashes: p('identifierHashes'),
        presentation: p('presentation'),
        wallet_secrets: null,
        response_code_hash: p('responseCodeHash'),
        same_device_request_hash: null,
        same_device_state_hash: null,
        cross_device_request_hash: null,
        cross_device_state_hash: null,
        updated_at: p('now'),
        expires_at: p('expiresAt'),
      })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('state', 'in', ['started', 'retrieved'])
      .where('expires_at', '>', p('now')),
)

/**
 * started or retrieved → presented by the way `direct`, once: a provider was chosen and no wallet is waited for any more.
 * Both links die with it and the wallet's secrets (VP-082).
 */
export const chooseDirect = statement(
  'choose_direct',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: JourneyId
      providerId: ProviderId
      /** No attributes, sealed. */
      presentation: Sealed
      now: IsoInstant
      expiresAt: IsoInstant
    }>,
  ) =>
    q
      .updateTable('journey')
      .set({
        state: 'presented',
        way: 'direct',
        provider_id: p('providerId'),
        presented_at: p('now'),
        identifiers: '[]',
        identifier_hashes: sql<HolderHash[]>`'{}'`,
        presentation: p('presentation'),
        wallet_secrets: null,
        same_device_request_hash: null,
        same_device_state_hash: null,
        cross_device_request_hash: null,
        cross_device_state_hash: null,
        updated_at: p('now'),
        expires_at: p('expiresAt'),
      })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('state', 'in', ['started', 'retrieved'])
      .where('expires_at', '>', p('now')),
)

/** presented → choosing: the person has several accounts, and is asked. The response code is spent. */
export const offerAccounts = statement(
  'offer_accounts',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: JourneyId
      identityId: IdentityId
      accounts: readonly BindingId[]
      decision: string
      now: IsoInstant
      expiresAt: IsoInstant
    }>,
  ) =>
    q
      .updateTable('journey')
      .set({
        state: 'choosing',
        identity_id: p('identityId'),
        accounts: p('accounts'),
        decision: p('decision'),
        response_code_hash: null,
        updated_at: p('now'),
        expires_at: p('expiresAt'),
      })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('state', '=', 'presented')
      .where('expires_at', '>', p('now')),
)

/** One refused presentation more; one too many ends the journey (VP-081). Returns the count and the state it left. */
export const refusePresentation = sqlStatement(
  'refuse_presentation',
  (
    p: Params<{
      tenantId: TenantId
      id: JourneyId
      allowed: number
      failure: string
      now: IsoInstant
    }>,
  ) => sql<{ refusals: number; state: 'started' | 'retrieved' | 'failed' }>`
    UPDATE journey
       SET refusals = refusals + 1, updated_at = ${p('now')},
           state = CASE WHEN refusals >= ${p('allowed')} THEN 'failed' ELSE state END,
           failure = CASE WHEN refusals >= ${p('allowed')} THEN ${p('failure')} END,
           wallet_secrets = CASE WHEN refusals < ${p('allowed')} THEN wallet_secrets END,
           same_device_request_hash = CASE WHEN refusals < ${p('allowed')} THEN same_device_request_hash END,
           same_device_state_hash = CASE WHEN refusals < ${p('allowed')} THEN same_device_state_hash END,
           cross_device_request_hash = CASE WHEN refusals < ${p('allowed')} THEN cross_device_request_hash END,
           cross_device_state_hash = CASE WHEN refusals < ${p('allowed')} THEN cross_device_state_hash END
     WHERE tenant_id = ${p('tenantId')} AND id = ${p('id')} AND state IN ('started', 'retrieved')
    RETURNING refusals, state`,
)

/** any open state → failed; the sealed parts go. */
export const failJourney = statement(
  'fail_journey',
  (q, p: Params<{ tenantId: TenantId; id: JourneyId; failure: string; now: IsoInstant }>) =>
    q
      .updateTable('journey')
      .set({
        state: 'failed',
        failure: p('failure'),
        wallet_secrets: null,
        presentation: null,
        identifiers: null,
        identifier_hashes: null,
        response_code_hash: null,
        same_device_request_hash: null,
        same_device_state_hash: null,
        cross_device_request_hash: null,
        cross_device_state_hash: null,
        updated_at: p('now'),
      })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('state', 'in', [
        ...['started', 'retrieved', 'presented', 'choosing', 'confirming'],
        ...['reconciling', 'recognised'],
      ] as const),
)

/** reconciling or confirming → failed, and no other state: a failed callback ends only what still waits for one. */
export const failReconciling = statement(
  'fail_reconciling',
  (q, p: Params<{ tenantId: TenantId; id: JourneyId; failure: string; now: IsoInstant }>) =>
    q
      .updateTable('journey')
      .set({
        state: 'failed',
        failure: p('failure'),
        presentation: null,
        identifiers: null,
        identifier_hashes: null,
        updated_at: p('now'),
      })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('state', 'in', ['reconciling', 'confirming']),
)

/** A journey as a browser asks for it, by its id. The caller compares `browser_hash`. */
export const findJourney = statement(
  'find_journey',
  (q, p: Params<{ tenantId: TenantId; id: JourneyId }>) =>
    q
      .selectFrom('journey')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id')),
)

/**
 * What the identifiers of a presented (or recognised) journey hit: live matches with their person, and each live binding
 * of that person, wherever it hangs; a match without any gives one row without a binding.
 */
export interface HitRow {
  match_id: MatchId
  identifier_type: IdentifierType
  identifier_hash: HolderHash | InstitutionHash
  hash_key_version: number
  shared: boolean
  identity_id: IdentityId
  identity_status: IdentityStatus
  audit_salt: string | null
  binding_id: BindingId | null
  binding_match_id: MatchId | null
  with_wallet: boolean | null
  binding_used_at: IsoInstant | null
  binding_expires_at: IsoInstant | null
  binding_stale_since: IsoInstant | null
  fingerprints: string | null
}

/**
 * Written so that only one order of steps is possible: journey, its hashes' matches, their people, those people's bindings.
 * A planner without statistics, as on the day a service is new, takes a tenant for one row and joins the tenant's whole
 * tables with one another.
 */
const hitsOf = (tenantId: TenantId, journeyMatches: RawBuilder<boolean>) => sql<HitRow>`
  WITH shown AS MATERIALIZED (
    SELECT j.identifier_hashes AS hashes FROM journey j
     WHERE ${journeyMatches} AND j.state IN ('presented', 'choosing', 'recognised')
  ), met AS MATERIALIZED (
    SELECT m.* FROM identity_match m
     WHERE m.tenant_id = ${tenantId} AND m.deleted_at IS NULL
       AND m.identifier_hash = ANY (ARRAY(SELECT unnest(hashes) FROM shown))
  ), bound AS MATERIALIZED (
    SELECT own.internal_identity_id AS identity_id, b.*
      FROM identity_match own CROSS JOIN LATERAL (
        SELECT id, match_id, holder_hash_key_version, last_used_at, expires_at, stale_since, material_fingerprints
          FROM identity_link_binding
         WHERE tenant_id = ${tenantId} AND match_id = own.id AND deleted_at IS NULL
        OFFSET 0
      ) b
     WHERE own.tenant_id = ${tenantId} AND own.deleted_at IS NULL
       AND own.internal_identity_id = ANY (ARRAY(SELECT internal_identity_id FROM met))
  )
  SELECT m.id AS match_id, m.identifier_type, m.identifier_hash, m.hash_key_version,
         m.metadata_json IS NOT DISTINCT FROM ${sql.lit(SHARED)} AS shared,
         i.id AS identity_id, i.status AS identity_status, i.audit_salt,
         b.id AS binding_id, b.match_id AS binding_match_id, b.holder_hash_key_version > 0 AS with_wallet, b.last_used_at AS binding_used_at,
         b.expires_at AS binding_expires_at, b.stale_since AS binding_stale_since,
         b.material_fingerprints AS fingerprints
    FROM met m
   CROSS JOIN LATERAL (
     SELECT id, status, audit_salt FROM identity
      WHERE tenant_id = ${tenantId} AND id = m.internal_identity_id OFFSET 0
   ) i
    LEFT JOIN bound b ON b.identity_id = m.internal_identity_id`

export const findHits = sqlStatement(
  'find_hits',
  (p: Params<{ tenantId: TenantId; id: JourneyId }>) =>
    hitsOf(p('tenantId'), sql<boolean>`j.tenant_id = ${p('tenantId')} AND j.id = ${p('id')}`),
)

/** A journey with its hits, as JSON text. */
type JourneyWithHits = Selectable<JourneyTable> & { hits: string }

/**
 * One statement, for two would see two moments: a tab that reads while another moves the journey on would see somebody
 * presented whom nothing recognises.
 */
const withHits = (tenantId: TenantId, journeyMatches: RawBuilder<boolean>) => sql<JourneyWithHits>`
  SELECT j.*, (SELECT coalesce(json_agg(h), '[]')::text FROM (${hitsOf(tenantId, journeyMatches)}) h) AS hits
    FROM journey j WHERE ${journeyMatches}`

export const findJourneyWithHits = sqlStatement(
  'find_journey_with_hits',
  (p: Params<{ tenantId: TenantId; id: JourneyId }>) =>
    withHits(p('tenantId'), sql<boolean>`j.tenant_id = ${p('tenantId')} AND j.id = ${p('id')}`),
)

/** As a browser asks for it, by the response code its wallet was given (same device). */
export const findJourneyWithHitsByResponseCode = sqlStatement(
  'find_journey_with_hits_by_response_code',
  (p: Params<{ tenantId: TenantId; responseCodeHash: SecretHash }>) =>
    withHits(
      p('tenantId'),
      sql<boolean>`j.tenant_id = ${p('tenantId')} AND j.response_code_hash = ${p('responseCodeHash')}`,
    ),
)

/** The hits of {@link findJourneyWithHits}. */
export function readHits({ hits }: Pick<JourneyWithHits, 'hits'>): HitRow[] {
  return JSON.parse(hits) as HitRow[]
}

/**
 * presented or recognised → granted, with all that hangs on it, in one statement: only if the person is still active,
 * the binding is live and not past its time, and every match that spoke for the person still does. The person is locked
 * first, then binding and matches, all read again once locked: what was unlinked meanwhile grants nothing. Touches them;
 * moves a hash that was found under an older key version to the current one, in match and binding together (CR-44);
 * marks the binding where a material changed; makes the pairwise subject once; writes grant, code and audit event.
 * Returns no row, and leaves no trace, when the compare-and-set is lost.
 *
 * The event counts what was touched, which is always true and makes Postgres touch it first: left to itself it runs such
 * writes last one first, and would wait for match and binding while it holds the head of the audit trail (AU-04). A first
 * login of the same wallet, which holds them and waits for the head, would then be a deadlock.
 */
export const grantJourney = sqlStatement(
  'grant_journey',
  (
    p: Params<{
      tenantId: TenantId
      id: JourneyId
      from: 'presented' | 'choosing' | 'recognised'
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
    }>,
  ) => sql<{ id: JourneyId }>`
    WITH person AS (
      SELECT id FROM identity
       WHERE tenant_id = ${p('tenantId')} AND id = ${p('identityId')} AND status = 'ACTIVE'
         FOR NO KEY UPDATE
    ), live AS (
      SELECT b.id, b.match_id
        FROM person
        JOIN identity_match m ON m.tenant_id = ${p('tenantId')} AND m.internal_identity_id = person.id
        JOIN identity_link_binding b ON b.tenant_id = m.tenant_id AND b.match_id = m.id
       WHERE b.tenant_id = ${p('tenantId')} AND b.id = ${p('bindingId')} AND b.deleted_at IS NULL
         AND m.deleted_at IS NULL AND (b.expires_at IS NULL OR b.expires_at > ${p('now')})
         FOR NO KEY UPDATE OF b, m
    ), proof AS (
      SELECT m.id
        FROM live
        JOIN identity_match m ON m.tenant_id = ${p('tenantId')} AND m.id = ANY (${p('matchIds')}::text[])
       WHERE m.internal_identity_id = ${p('identityId')} AND m.deleted_at IS NULL
         AND m.identifier_hash = ANY (${p('identifierHashes')}::text[])
       ORDER BY m.id
         FOR NO KEY UPDATE OF m
    ), evidence AS (
      SELECT e.id, e.hash, e.version
        FROM unnest(${p('matchIds')}::text[], ${p('hashes')}::text[], ${p('versions')}::integer[]) AS e (id, hash, version)
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
         SET last_used_at = ${p('now')}, identifier_hash = e.hash, hash_key_version = e.version
        FROM moved, evidence e WHERE m.tenant_id = ${p('tenantId')} AND m.id = e.id
      RETURNING m.id
    ), touched_binding AS (
      UPDATE identity_link_binding b
         SET last_used_at = CASE WHEN b.id = ${p('bindingId')} THEN ${p('now')} ELSE b.last_used_at END,
             holder_identifier_hash = CASE WHEN b.holder_hash_key_version = 0
               THEN b.holder_identifier_hash ELSE coalesce(e.hash, b.holder_identifier_hash) END,
             holder_hash_key_version = CASE WHEN b.holder_hash_key_version = 0
               THEN 0 ELSE coalesce(e.version, b.holder_hash_key_version) END,
             stale_since = CASE WHEN b.id = ${p('bindingId')} AND ${p('stale')}::boolean
               THEN coalesce(b.stale_since, ${p('now')}::iso_instant) ELSE b.stale_since END
        FROM (SELECT moved.match_id, evidence.hash, evidence.version
                FROM moved LEFT JOIN evidence ON evidence.id = moved.match_id
              UNION
              SELECT evidence.id, evidence.hash, evidence.version FROM moved, evidence) AS e
       WHERE b.tenant_id = ${p('tenantId')} AND b.match_id = e.match_id AND b.deleted_at IS NULL
         AND (b.id = ${p('bindingId')} OR (b.holder_hash_key_version > 0 AND b.holder_identifier_hash <> e.hash))
      RETURNING b.id
    ), subject AS (
      INSERT INTO pairwise_subject (tenant_id, identity_id, sector, subject, created_at)
      SELECT ${p('tenantId')}, ${p('identityId')}, ${p('sector')}, ${p('subject')}, ${p('now')}::iso_instant FROM moved
      ON CONFLICT (identity_id, sector, tenant_id) DO NOTHING
      RETURNING subject
    ), granted AS (
      INSERT INTO login_grant (tenant_id, id, client_id, identity_id, binding_id, correlation_id, scope, acr, amr,
        auth_time, upstream, attribute_policy_version, wallet_attributes, session_hash, session_browser_hash,
        session_started_at, created_at, expires_at)
      SELECT ${p('tenantId')}, ${p('grantId')}, ${p('clientId')}, ${p('identityId')}, ${p('bindingId')},
        ${p('correlationId')}, ${p('scope')}, ${p('acr')}, ${p('amr')}, ${p('authTime')}::integer, ${p('upstream')},
        ${p('attributePolicyVersion')}::integer, ${p('walletAttributes')}, ${p('sessionHash')},
        ${p('sessionBrowserHash')}, ${p('sessionStartedAt')}::iso_instant, ${p('now')}::iso_instant,
        ${p('grantExpiresAt')}::iso_instant
        FROM moved
    ), code AS (
      INSERT INTO authorization_code (tenant_id, code_hash, grant_id, client_id, redirect_uri, code_challenge, dpop_jkt, nonce,
        created_at, expires_at)
      SELECT ${p('tenantId')}, ${p('codeHash')}, ${p('grantId')}, ${p('clientId')}, ${p('redirectUri')},
        ${p('codeChallenge')}, ${p('dpopJkt')}, ${p('nonce')}, ${p('now')}::iso_instant, ${p('codeExpiresAt')}::iso_instant
        FROM moved
    ), event AS (
      INSERT INTO audit_event (id, tenant_id, event_type, correlation_id, subject_hash, client_id, detail, created_at)
      SELECT ${p('eventId')}, ${p('tenantId')}, 'login_completed', ${p('correlationId')}, ${p('subjectHash')},
        ${p('clientId')}, ${p('detail')}, ${p('now')}::iso_instant
        FROM moved
       WHERE (SELECT count(*) FROM touched_match) >= 0 AND (SELECT count(*) FROM touched_binding) >= 0
         AND (SELECT count(*) FROM subject) >= 0
    )
    SELECT id FROM moved`,
)

/**
 * Ends what ran out of time; bounded, and never waits for a row somebody else holds. The rows are picked into an array,
 * once: `IN (SELECT … LIMIT … SKIP LOCKED)` may be planned as a join that picks anew for every row, past any bound.
 */
export const expireJourneys = sqlStatement(
  'expire_journeys',
  (p: Params<{ tenantId: TenantId; now: IsoInstant; limit: number }>) => sql<{ changed: number }>`
    UPDATE journey
       SET state = 'expired', wallet_secrets = NULL, presentation = NULL, identifiers = NULL, identifier_hashes = NULL,
           response_code_hash = NULL,
           same_device_request_hash = NULL, same_device_state_hash = NULL, cross_device_request_hash = NULL,
           cross_device_state_hash = NULL, updated_at = ${p('now')}
     WHERE tenant_id = ${p('tenantId')} AND id = ANY (ARRAY(
       SELECT id FROM journey
        WHERE tenant_id = ${p('tenantId')} AND expires_at <= ${p('now')}
          AND state NOT IN ('granted', 'failed', 'expired')
        ORDER BY expires_at LIMIT ${p('limit')} FOR UPDATE SKIP LOCKED))`,
)

/** Removes ended journeys past `before`; bounded. */
export const deleteEndedJourneys = sqlStatement(
  'delete_ended_journeys',
  (p: Params<{ tenantId: TenantId; before: IsoInstant; limit: number }>) => sql<{
    changed: number
  }>`
    DELETE FROM journey
     WHERE tenant_id = ${p('tenantId')} AND id = ANY (ARRAY(
       SELECT id FROM journey
        WHERE tenant_id = ${p('tenantId')} AND expires_at <= ${p('before')}
          AND state IN ('granted', 'failed', 'expired')
        ORDER BY expires_at LIMIT ${p('limit')} FOR UPDATE SKIP LOCKED))`,
)

/** A row of {@link findHits} as the domain knows it. */
export function readHit(row: HitRow): Hit {
  return {
    matchId: row.match_id,
    type: row.identifier_type,
    hash: row.identifier_hash,
    hashKeyVersion: row.hash_key_version,
    shared: row.shared,
    identityId: row.identity_id,
    identityStatus: row.identity_status,
    binding: readBoundHit(row),
  }
}

function readBoundHit(row: HitRow): BoundHit | undefined {
  const { binding_id: id, binding_match_id: matchId, binding_used_at: usedAt } = row
  if (id === null || matchId === null || usedAt === null) return undefined
  return {
    ...{ id, matchId, usedAt, withWallet: row.with_wallet === true },
    expiresAt: row.binding_expires_at ?? undefined,
    staleSince: row.binding_stale_since ?? undefined,
    fingerprints: JSON.parse(row.fingerprints ?? '{}') as Fingerprints,
  }
}

/** The row as the state it is in. A row that is past its time is read as expired, whatever it still says. */
export function readJourney(row: Selectable<JourneyTable>, now: number): Journey {
  const base = {
    tenantId: row.tenant_id,
    id: row.id,
    correlationId: row.correlation_id,
    clientId: row.client_id,
    browserHash: row.browser_hash,
    language: row.language,
    request: row.request,
    walletSecrets: row.wallet_secrets ?? undefined,
    requestKid: row.request_kid,
    policies: readPolicyVersions(row.policies),
    createdAt: fromInstant(row.created_at),
    expiresAt: fromInstant(row.expires_at),
  }
  const ended = (state: 'granted' | 'failed' | 'expired'): Journey => ({
    ...base,
    state,
    failure: row.failure ?? undefined,
  })
  if (row.state === 'granted' || row.state === 'failed' || row.state === 'expired')
    return ended(row.state)
  if (base.expiresAt <= now) return ended('expired')
  if (row.state === 'started' || row.state === 'retrieved')
    return { ...base, state: row.state, refusals: row.refusals }
  const { way, presented_at, identifiers, presentation } = row
  if (way === null || presented_at === null || identifiers === null || presentation === null)
    throw new Error('journey row lacks what its state promises')
  const presented = {
    ...base,
    way,
    providerId: row.provider_id ?? undefined,
    presentedAt: fromInstant(presented_at),
    identifiers: JSON.parse(identifiers) as HashedIdentifier[],
    attributes: presentation,
  }
  if (row.state === 'presented') return { ...presented, state: 'presented' }
  return readDecided(row, row.state, presented)
}

/** A journey whose plan was chosen. */
function readDecided(
  row: Selectable<JourneyTable>,
  state: 'choosing' | 'reconciling' | 'confirming' | 'recognised',
  presented: Omit<Presented, 'state'>,
): Journey {
  const { decision, identity_id: identityId, binding_id: bindingId, accounts, assurance } = row
  if (decision === null) throw new Error('journey row lacks what its state promises')
  const base = { ...presented, decided: JSON.parse(decision) as Decided }
  if (state === 'reconciling' || state === 'confirming')
    return { ...base, state, candidateId: identityId ?? undefined }
  if (state === 'choosing' && identityId !== null && accounts !== null)
    return { ...base, state, identityId, accounts }
  if (state === 'recognised' && identityId !== null && bindingId !== null && assurance !== null)
    return {
      ...base,
      state,
      identityId,
      bindingId,
      upstream: JSON.parse(assurance) as UpstreamAssurance,
    }
  throw new Error('journey row lacks what its state promises')
}

/** The versions a journey began with, from its row's JSON. */
export function readPolicyVersions(text: string): PolicyVersions {
  return JSON.parse(text) as PolicyVersions
}
