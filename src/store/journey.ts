/**
 * `journey`: what the service remembers between two requests. Each arrow of `domain/journey.ts` is one statement; the
 * wallet's are in journey-wallet.ts, what a row says in journey-row.ts.
 */
import { sql } from 'kysely'
import type {
  BindingId,
  ClientId,
  CorrelationId,
  IdentityId,
  JourneyId,
  ProviderId,
  TenantId,
} from '../domain/ids.ts'
import type { HolderHash, Sealed, SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { NO_WALLET } from './journey-wallet.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

interface NewJourney {
  tenantId: TenantId
  id: JourneyId
  correlationId: CorrelationId
  clientId: ClientId
  purpose: 'login' | 'privacy'
  browserHash: SecretHash
  language: 'en' | 'nl'
  request: Sealed
  walletSecrets: Sealed
  requestKid: string
  policies: string
  pushedRequestHash: SecretHash | null
  sameDeviceRequestHash: SecretHash
  sameDeviceStateHash: SecretHash
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
    purpose: p('purpose'),
    browser_hash: p('browserHash'),
    language: p('language'),
    request: p('request'),
    wallet_secrets: p('walletSecrets'),
    request_kid: p('requestKid'),
    policies: p('policies'),
    pushed_request_hash: p('pushedRequestHash'),
    same_device_request_hash: p('sameDeviceRequestHash'),
    same_device_state_hash: p('sameDeviceStateHash'),
    created_at: p('now'),
    updated_at: p('now'),
    expires_at: p('expiresAt'),
  }),
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
        ...NO_WALLET,
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

/** presented, or reconciling without a wallet → managing: the person asks for their own data. The response code is spent. */
export const openPrivacy = statement(
  'open_privacy',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: JourneyId
      from: 'presented' | 'reconciling'
      identityId: IdentityId
      now: IsoInstant
      expiresAt: IsoInstant
    }>,
  ) =>
    q
      .updateTable('journey')
      .set({
        state: 'managing',
        identity_id: p('identityId'),
        response_code_hash: null,
        updated_at: p('now'),
        expires_at: p('expiresAt'),
      })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('state', '=', p('from'))
      .where('purpose', '=', 'privacy')
      .where('expires_at', '>', p('now')),
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
        presentation: null,
        identifiers: null,
        identifier_hashes: null,
        response_code_hash: null,
        ...NO_WALLET,
        updated_at: p('now'),
      })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('state', 'in', [
        ...['started', 'retrieved', 'presented', 'choosing', 'confirming', 'managing'],
        ...['reconciling', 'recognised', 'consenting'],
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
