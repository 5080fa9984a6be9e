/** `reconciliation_session`: one login at an institution, PENDING → AUTHORIZED → COMPLETED, FAILED or EXPIRED. */
import { sql } from 'kysely'
import type {
  BindingId,
  CorrelationId,
  IdentityId,
  JourneyId,
  ProviderId,
  SessionId,
  TenantId,
} from '../domain/ids.ts'
import type {
  HolderHash,
  IdentifierType,
  InstitutionHash,
  Sealed,
  SecretHash,
} from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

interface NewSession {
  id: SessionId
  tenantId: TenantId
  journeyId: JourneyId
  /** The best of the presentation's identifiers; null where it gave none, or there was no wallet. */
  identifierHash: HolderHash | null
  identifierType: IdentifierType | null
  providerId: ProviderId
  providerUpdatedAt: IsoInstant
  /** `store/provider-snapshot.ts` makes it. */
  providerSnapshot: string
  authorizationUrl: string
  state: SecretHash
  nonce: Sealed
  codeVerifier: Sealed
  redirectUri: string
  tokenEndpoint: string
  now: IsoInstant
  expiresAt: IsoInstant
}

export const insertSession = statement('insert_session', (q, p: Params<NewSession>) =>
  q.insertInto('reconciliation_session').values({
    id: p('id'),
    tenant_id: p('tenantId'),
    status: 'PENDING',
    identifier_hash: p('identifierHash'),
    identifier_type: p('identifierType'),
    provider_id: p('providerId'),
    authorization_url: p('authorizationUrl'),
    state: p('state'),
    nonce: p('nonce'),
    code_verifier: p('codeVerifier'),
    redirect_uri: p('redirectUri'),
    token_endpoint: p('tokenEndpoint'),
    created_at: p('now'),
    expires_at: p('expiresAt'),
    journey_id: p('journeyId'),
    provider_updated_at: p('providerUpdatedAt'),
    provider_snapshot: p('providerSnapshot'),
  }),
)

/** The pending session of a state, with the browser it belongs to; reads only. */
export const findSessionByState = statement(
  'find_session_by_state',
  (q, p: Params<{ tenantId: TenantId; state: SecretHash }>) =>
    q
      .selectFrom('reconciliation_session as s')
      .innerJoin('journey as j', (join) =>
        join.onRef('j.tenant_id', '=', 's.tenant_id').onRef('j.id', '=', 's.journey_id'),
      )
      .select([
        's.id',
        's.status',
        's.provider_id',
        's.expires_at',
        'j.id as journey_id',
        'j.browser_hash',
        'j.correlation_id',
        'j.client_id',
      ])
      .where('s.tenant_id', '=', p('tenantId'))
      .where('s.state', '=', p('state')),
)

/** What the one callback that wins needs to go on. */
export interface AuthorizedSession {
  id: SessionId
  journey_id: JourneyId
  provider_id: ProviderId
  provider_updated_at: IsoInstant
  provider_snapshot: string
  nonce: Sealed
  code_verifier: Sealed
  redirect_uri: string
  created_at: IsoInstant
}

/**
 * PENDING → AUTHORIZED, once: of any number of parallel callbacks one gets the row. State, nonce and verifier are
 * blanked in the same statement; their old values are what it returns. Nothing moves for another browser, another
 * provider's path, a session past its time, or a journey that is not waiting for it.
 */
export const authorizeSession = sqlStatement(
  'authorize_session',
  (
    p: Params<{
      tenantId: TenantId
      state: SecretHash
      providerId: ProviderId
      browserHash: SecretHash
      now: IsoInstant
    }>,
  ) => sql<AuthorizedSession>`
    WITH held AS (
      SELECT s.id, s.nonce, s.code_verifier, s.journey_id
        FROM reconciliation_session s
        JOIN journey j ON j.tenant_id = s.tenant_id AND j.id = s.journey_id
       WHERE s.tenant_id = ${p('tenantId')} AND s.state = ${p('state')} AND s.status = 'PENDING'
         AND s.provider_id = ${p('providerId')} AND s.expires_at > ${p('now')}
         AND j.browser_hash = ${p('browserHash')} AND j.state = 'reconciling' AND j.expires_at > ${p('now')}
         FOR UPDATE OF s
    )
    UPDATE reconciliation_session s
       SET status = 'AUTHORIZED', state = NULL, nonce = NULL, code_verifier = NULL
      FROM held
     WHERE s.tenant_id = ${p('tenantId')} AND s.id = held.id AND s.status = 'PENDING'
    RETURNING s.id, s.journey_id, s.provider_id, s.provider_updated_at, s.provider_snapshot, held.nonce,
      held.code_verifier, s.redirect_uri, s.created_at`,
)

/** Moves a session on from the state it is believed to be in; `changed` is 0 when it was not. */
export const updateSessionStatus = statement(
  'update_session_status',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: SessionId
      from: 'PENDING' | 'AUTHORIZED'
      to: 'COMPLETED' | 'FAILED' | 'EXPIRED'
      error: string | null
    }>,
  ) =>
    q
      .updateTable('reconciliation_session')
      .set({
        status: p('to'),
        error_message: p('error'),
        state: null,
        nonce: null,
        code_verifier: null,
        encrypted_identity: null,
        encrypted_identity_key_version: null,
      })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('status', '=', p('from')),
)

/**
 * Journey reconciling → confirming, with what was proved sealed in its AUTHORIZED session. No row when either moved on;
 * both live until `expiresAt`.
 */
export const holdSession = sqlStatement(
  'hold_session',
  (
    p: Params<{
      tenantId: TenantId
      id: SessionId
      journeyId: JourneyId
      identity: Sealed
      keyVersion: number
      now: IsoInstant
      expiresAt: IsoInstant
    }>,
  ) => sql<{ id: SessionId }>`
    WITH moved AS (
      UPDATE journey SET state = 'confirming', updated_at = ${p('now')}, expires_at = ${p('expiresAt')}
       WHERE tenant_id = ${p('tenantId')} AND id = ${p('journeyId')} AND state = 'reconciling'
         AND expires_at > ${p('now')}
         AND EXISTS (SELECT FROM reconciliation_session s WHERE s.tenant_id = ${p('tenantId')}
                        AND s.id = ${p('id')} AND s.status = 'AUTHORIZED')
      RETURNING id
    )
    UPDATE reconciliation_session s
       SET encrypted_identity = ${p('identity')}, encrypted_identity_key_version = ${p('keyVersion')}::integer,
           expires_at = ${p('expiresAt')}
      FROM moved
     WHERE s.tenant_id = ${p('tenantId')} AND s.id = ${p('id')} AND s.journey_id = moved.id AND s.status = 'AUTHORIZED'
    RETURNING s.id`,
)

/** The session whose proof waits for the person of a journey. */
export const findHeldSession = statement(
  'find_held_session',
  (q, p: Params<{ tenantId: TenantId; journeyId: JourneyId }>) =>
    q
      .selectFrom('reconciliation_session')
      .select(['id', 'encrypted_identity'])
      .where('tenant_id', '=', p('tenantId'))
      .where('journey_id', '=', p('journeyId'))
      .where('status', '=', 'AUTHORIZED')
      .where('encrypted_identity', 'is not', null),
)

/** Ends what ran out of time; the rows stay until {@link deleteExpiredSessions} takes them. */
export const expireSessions = sqlStatement(
  'expire_sessions',
  (p: Params<{ tenantId: TenantId; now: IsoInstant; limit: number }>) => sql<{ changed: number }>`
    UPDATE reconciliation_session SET status = 'EXPIRED', state = NULL, nonce = NULL, code_verifier = NULL,
           encrypted_identity = NULL, encrypted_identity_key_version = NULL
     WHERE tenant_id = ${p('tenantId')} AND id = ANY (ARRAY(
       SELECT id FROM reconciliation_session
        WHERE tenant_id = ${p('tenantId')} AND status IN ('PENDING', 'AUTHORIZED') AND expires_at <= ${p('now')}
        ORDER BY expires_at LIMIT ${p('limit')} FOR UPDATE SKIP LOCKED))`,
)

/** Removes ended sessions past `before`; bounded. */
export const deleteExpiredSessions = sqlStatement(
  'delete_expired_sessions',
  (p: Params<{ tenantId: TenantId; before: IsoInstant; limit: number }>) => sql<{
    changed: number
  }>`
    DELETE FROM reconciliation_session
     WHERE tenant_id = ${p('tenantId')} AND id = ANY (ARRAY(
       SELECT id FROM reconciliation_session
        WHERE tenant_id = ${p('tenantId')} AND status IN ('COMPLETED', 'FAILED', 'EXPIRED')
          AND expires_at <= ${p('before')}
        ORDER BY expires_at LIMIT ${p('limit')} FOR UPDATE SKIP LOCKED))`,
)

/**
 * Journey presented or reconciling → reconciling, with a new pending session and its audit event, or nothing at all.
 * Also from `reconciling`: a person who pressed "back" gets a session with its own state, nonce and verifier (UP-13).
 */
export const startSession = sqlStatement(
  'start_session',
  (
    p: Params<
      NewSession & {
        journeyState: 'presented' | 'reconciling'
        /** JSON of what was decided. */
        decision: string
        candidateId: IdentityId | null
        /** A presentation older than this proves nothing any more. */
        presentedSince: IsoInstant
        eventId: string
        correlationId: CorrelationId
        clientId: string
        detail: string
      }
    >,
  ) => sql<{ id: JourneyId }>`
    WITH moved AS (
      UPDATE journey
         SET state = 'reconciling', decision = ${p('decision')}, identity_id = ${p('candidateId')}, response_code_hash = NULL, expires_at = ${p('expiresAt')}, updated_at = ${p('now')}
       WHERE tenant_id = ${p('tenantId')} AND id = ${p('journeyId')} AND state = ${p('journeyState')}
         AND expires_at > ${p('now')} AND presented_at > ${p('presentedSince')}
         -- An instance may believe for a second that a provider is on which another has switched off.
         AND EXISTS (SELECT FROM reconciliation_provider
                      WHERE tenant_id = ${p('tenantId')} AND id = ${p('providerId')} AND enabled = 1)
      RETURNING id
    ), session AS (
      INSERT INTO reconciliation_session (id, tenant_id, status, identifier_hash, identifier_type, provider_id,
        authorization_url, state, nonce, code_verifier, redirect_uri, token_endpoint, created_at, expires_at,
        journey_id, provider_updated_at, provider_snapshot)
      SELECT ${p('id')}, ${p('tenantId')}, 'PENDING', ${p('identifierHash')}, ${p('identifierType')}, ${p('providerId')},
        ${p('authorizationUrl')}, ${p('state')}, ${p('nonce')}, ${p('codeVerifier')}, ${p('redirectUri')},
        ${p('tokenEndpoint')}, ${p('now')}::iso_instant, ${p('expiresAt')}::iso_instant, moved.id,
        ${p('providerUpdatedAt')}::iso_instant, ${p('providerSnapshot')}
        FROM moved
    ), event AS (
      INSERT INTO audit_event (id, tenant_id, event_type, correlation_id, client_id, detail, created_at)
      SELECT ${p('eventId')}, ${p('tenantId')}, 'session_created', ${p('correlationId')}, ${p('clientId')},
        ${p('detail')}, ${p('now')}::iso_instant
        FROM moved
    )
    SELECT id FROM moved`,
)

/** Journey reconciling → recognised; the caller's transaction holds everything this says happened. */
export const recogniseJourney = statement(
  'recognise_journey',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: JourneyId
      identityId: IdentityId
      bindingId: BindingId
      assurance: string
      /** The account as JSON and its hashes, for a login without a wallet; null leaves the wallet's. */
      identifiers: string | null
      identifierHashes: readonly InstitutionHash[] | null
      now: IsoInstant
      expiresAt: IsoInstant
    }>,
  ) =>
    q
      .updateTable('journey')
      .set({
        state: 'recognised',
        identity_id: p('identityId'),
        binding_id: p('bindingId'),
        assurance: p('assurance'),
        identifiers: sql`coalesce(${p('identifiers')}, identifiers)`,
        identifier_hashes: sql`coalesce(${p('identifierHashes')}::text[], identifier_hashes)`,
        updated_at: p('now'),
        expires_at: p('expiresAt'),
      })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('state', 'in', ['reconciling', 'confirming'])
      .where('expires_at', '>', p('now')),
)
