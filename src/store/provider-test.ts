/** `provider_test`: an administrator's round trip at a provider, created → started → succeeded or failed. */
import { sql } from 'kysely'
import type { ProviderId, TenantId } from '../domain/ids.ts'
import type { Sealed, SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

export const insertProviderTest = statement(
  'insert_provider_test',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: string
      providerId: ProviderId
      startHash: SecretHash
      createdBy: string
      now: IsoInstant
      expiresAt: IsoInstant
    }>,
  ) =>
    q.insertInto('provider_test').values({
      tenant_id: p('tenantId'),
      id: p('id'),
      provider_id: p('providerId'),
      state: 'created',
      start_hash: p('startHash'),
      created_by: p('createdBy'),
      created_at: p('now'),
      expires_at: p('expiresAt'),
    }),
)

/** One that has begun nothing irrevocable yet; reads only. */
export const findOpenProviderTest = statement(
  'find_open_provider_test',
  (q, p: Params<{ tenantId: TenantId; startHash: SecretHash; now: IsoInstant }>) =>
    q
      .selectFrom('provider_test')
      .select(['id', 'provider_id'])
      .where('tenant_id', '=', p('tenantId'))
      .where('start_hash', '=', p('startHash'))
      .where('expires_at', '>', p('now')),
)

/** Created or started → started, in this browser and with these secrets; each try has its own. */
export const startProviderTest = statement(
  'start_provider_test',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: string
      browserHash: SecretHash
      stateHash: SecretHash
      providerUpdatedAt: IsoInstant
      sealed: Sealed
      now: IsoInstant
    }>,
  ) =>
    q
      .updateTable('provider_test')
      .set({
        state: 'started',
        browser_hash: p('browserHash'),
        state_hash: p('stateHash'),
        provider_updated_at: p('providerUpdatedAt'),
        sealed: p('sealed'),
      })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('start_hash', 'is not', null)
      .where('expires_at', '>', p('now')),
)

/** The secrets of a started test, once: by state, provider and browser, and only while there is time (as UP-20). */
export const takeProviderTest = sqlStatement(
  'take_provider_test',
  (
    p: Params<{
      tenantId: TenantId
      providerId: ProviderId
      stateHash: SecretHash
      browserHash: SecretHash
      now: IsoInstant
    }>,
  ) => sql<{ id: string; sealed: Sealed; provider_updated_at: IsoInstant }>`
    WITH held AS (
      SELECT id, sealed, provider_updated_at FROM provider_test
       WHERE tenant_id = ${p('tenantId')} AND state_hash = ${p('stateHash')} AND provider_id = ${p('providerId')}
         AND browser_hash = ${p('browserHash')} AND state = 'started' AND expires_at > ${p('now')}
         FOR UPDATE
    ), taken AS (
      UPDATE provider_test t SET state_hash = NULL, start_hash = NULL, sealed = NULL
        FROM held WHERE t.id = held.id AND t.tenant_id = ${p('tenantId')}
      RETURNING t.id
    )
    SELECT held.id, held.sealed, held.provider_updated_at FROM held JOIN taken ON taken.id = held.id`,
)

/** Started → succeeded or failed, with what came back, sealed until it has been looked at. */
export const endProviderTest = statement(
  'end_provider_test',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: string
      state: 'succeeded' | 'failed'
      sealed: Sealed
      outcome: string
    }>,
  ) =>
    q
      .updateTable('provider_test')
      .set({ state: p('state'), sealed: p('sealed'), outcome: p('outcome') })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('state', '=', 'started'),
)

/** What came back, once and in the browser that began; afterwards it is gone. */
export const takeProviderTestResult = sqlStatement(
  'take_provider_test_result',
  (p: Params<{ tenantId: TenantId; id: string; browserHash: SecretHash; now: IsoInstant }>) => sql<{
    sealed: Sealed
    provider_id: ProviderId
  }>`
    WITH held AS (
      SELECT id, sealed, provider_id FROM provider_test
       WHERE tenant_id = ${p('tenantId')} AND id = ${p('id')} AND browser_hash = ${p('browserHash')}
         AND state IN ('succeeded', 'failed') AND sealed IS NOT NULL AND expires_at > ${p('now')}
         FOR UPDATE
    ), taken AS (
      UPDATE provider_test t SET sealed = NULL
        FROM held WHERE t.id = held.id AND t.tenant_id = ${p('tenantId')}
      RETURNING t.id
    )
    SELECT held.sealed, held.provider_id FROM held JOIN taken ON taken.id = held.id`,
)

/** Its state and outcome for the administration. */
export const findProviderTest = statement(
  'find_provider_test',
  (q, p: Params<{ tenantId: TenantId; providerId: ProviderId; id: string }>) =>
    q
      .selectFrom('provider_test')
      .select(['id', 'state', 'outcome', 'created_at', 'expires_at'])
      .where('tenant_id', '=', p('tenantId'))
      .where('provider_id', '=', p('providerId'))
      .where('id', '=', p('id')),
)

/** All of a provider, before it goes. */
export const dropProviderTests = statement(
  'drop_provider_tests',
  (q, p: Params<{ tenantId: TenantId; providerId: ProviderId }>) =>
    q
      .deleteFrom('provider_test')
      .where('tenant_id', '=', p('tenantId'))
      .where('provider_id', '=', p('providerId')),
)

/** Removes those past `before`; bounded. */
export const deleteProviderTests = sqlStatement(
  'delete_provider_tests',
  (p: Params<{ tenantId: TenantId; before: IsoInstant; limit: number }>) => sql<{
    changed: number
  }>`
    DELETE FROM provider_test
     WHERE tenant_id = ${p('tenantId')} AND id = ANY (ARRAY(
       SELECT id FROM provider_test
        WHERE tenant_id = ${p('tenantId')} AND expires_at <= ${p('before')}
        ORDER BY expires_at LIMIT ${p('limit')} FOR UPDATE SKIP LOCKED))`,
)
