/** `journey` from the wallet's side: its request is fetched, its answer taken or refused. */
import { sql } from 'kysely'
import type { WalletWay } from '../domain/assurance.ts'
import type { ClientId, CorrelationId, JourneyId, TenantId } from '../domain/ids.ts'
import type { HolderHash, Sealed, SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

/** No wallet is waited for any more: both links are dead, and what they led to is gone (VP-082). */
export const NO_WALLET = {
  wallet_secrets: null,
  same_device_request_hash: null,
  same_device_state_hash: null,
  cross_device_request_hash: null,
  cross_device_state_hash: null,
} as const

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
        response_code_hash: p('responseCodeHash'),
        ...NO_WALLET,
        updated_at: p('now'),
        expires_at: p('expiresAt'),
      })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('state', 'in', ['started', 'retrieved'])
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
