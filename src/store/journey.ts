/** `journey`: what the service remembers between two requests. Each arrow of `domain/journey.ts` is one statement. */
import { type Selectable, sql } from 'kysely'
import type { UpstreamAssurance, WalletWay } from '../domain/assurance.ts'
import type { HashedIdentifier } from '../domain/identifier.ts'
import type {
  BindingId,
  ClientId,
  CorrelationId,
  IdentityId,
  JourneyId,
  ProviderId,
  TenantId,
} from '../domain/ids.ts'
import type { Decided, Journey, PolicyVersions, Presented } from '../domain/journey.ts'
import type { HolderHash, Sealed, SecretHash } from '../domain/text.ts'
import { fromInstant, type IsoInstant } from '../domain/time.ts'
import type { JourneyTable } from './schema.ts'
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

/** Other questions for the wallets of an open journey, in place of exactly the ones that were read; the state stays. */
export const renewWalletSecrets = statement(
  'renew_wallet_secrets',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: JourneyId
      state: 'started' | 'retrieved'
      before: Sealed
      after: Sealed
      /** Of the QR code, the same or another; null for none. */
      crossDeviceRequestHash: SecretHash | null
      crossDeviceStateHash: SecretHash | null
      now: IsoInstant
    }>,
  ) =>
    q
      .updateTable('journey')
      .set({
        wallet_secrets: p('after'),
        cross_device_request_hash: p('crossDeviceRequestHash'),
        cross_device_state_hash: p('crossDeviceStateHash'),
        updated_at: p('now'),
      })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('wallet_secrets', '=', p('before'))
      .where('state', '=', p('state'))
      .where('expires_at', '>', p('now')),
)

/** open → presented, once (VP-080). Both links die with it and the wallet's secrets (VP-082); nothing outside the journey changes (HA-10). */
export const presentJourney = statement(
  'present_journey',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: JourneyId
      way: WalletWay
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

/** presented → managing: the person asks for their own data. The response code is spent. */
export const openPrivacy = statement(
  'open_privacy',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: JourneyId
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
      .where('state', '=', 'presented')
      .where('purpose', '=', 'privacy')
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

/** The row as the state it is in. A row that is past its time is read as expired, whatever it still says. */
export function readJourney(row: Selectable<JourneyTable>, now: number): Journey {
  const base = {
    tenantId: row.tenant_id,
    id: row.id,
    correlationId: row.correlation_id,
    clientId: row.client_id,
    purpose: row.purpose,
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
  if (row.state === 'consenting' && row.way === null && row.identity_id !== null)
    return { ...base, state: row.state, way: undefined, identityId: row.identity_id }
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
  if (row.state === 'managing') return readManaging(row, presented)
  return readDecided(row, row.state, presented)
}

function readManaging(
  { identity_id: identityId }: Selectable<JourneyTable>,
  presented: Omit<Presented, 'state'>,
): Journey {
  if (identityId === null) throw new Error('journey row lacks what its state promises')
  return { ...presented, state: 'managing', identityId }
}

/** A journey whose plan was chosen. */
function readDecided(
  row: Selectable<JourneyTable>,
  state: 'choosing' | 'reconciling' | 'confirming' | 'recognised' | 'consenting',
  presented: Omit<Presented, 'state'>,
): Journey {
  const { decision, identity_id: identityId, binding_id: bindingId, accounts, assurance } = row
  if (decision === null) throw new Error('journey row lacks what its state promises')
  const base = { ...presented, decided: JSON.parse(decision) as Decided }
  if (state === 'reconciling' || state === 'confirming')
    return { ...base, state, candidateId: identityId ?? undefined }
  if (state === 'choosing' && identityId !== null && accounts !== null)
    return { ...base, state, identityId, accounts }
  if (state === 'consenting')
    return {
      ...{ ...base, state, identityId: identityId ?? undefined, bindingId: bindingId ?? undefined },
      upstream: assurance === null ? undefined : (JSON.parse(assurance) as UpstreamAssurance),
    }
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
