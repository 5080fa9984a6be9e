/** The state `consenting` of a `journey`: all is proved, and the person is asked whether the relying party may learn it. */
import { sql } from 'kysely'
import type {
  BindingId,
  ClientId,
  CorrelationId,
  IdentityId,
  JourneyId,
  TenantId,
} from '../domain/ids.ts'
import type { Sealed, SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

/** presented, choosing or recognised → consenting; the response code is spent. */
export const askConsent = statement(
  'ask_consent',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: JourneyId
      from: 'presented' | 'choosing' | 'recognised'
      /** Both null for a login that links nobody. */
      identityId: IdentityId | null
      bindingId: BindingId | null
      decision: string
      now: IsoInstant
      expiresAt: IsoInstant
    }>,
  ) =>
    q
      .updateTable('journey')
      .set({
        state: 'consenting',
        identity_id: p('identityId'),
        binding_id: p('bindingId'),
        decision: p('decision'),
        response_code_hash: null,
        updated_at: p('now'),
        expires_at: p('expiresAt'),
      })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('state', '=', p('from'))
      .where('expires_at', '>', p('now')),
)

/**
 * → consenting, of a browser whose session is all the proof it needs: no way and nothing presented. Only for a person who
 * is active, read behind an erasure that is under way: what comes after it must not name them again.
 */
export const beginConsenting = sqlStatement(
  'begin_consenting',
  (
    p: Params<{
      tenantId: TenantId
      id: JourneyId
      identityId: IdentityId
      correlationId: CorrelationId
      clientId: ClientId
      browserHash: SecretHash
      language: 'en' | 'nl'
      request: Sealed
      requestKid: string
      policies: string
      pushedRequestHash: SecretHash | null
      now: IsoInstant
      expiresAt: IsoInstant
    }>,
  ) => sql<{ id: JourneyId }>`
    WITH person AS (
      SELECT id FROM identity
       WHERE tenant_id = ${p('tenantId')} AND id = ${p('identityId')} AND status = 'ACTIVE'
         FOR SHARE
    )
    INSERT INTO journey (tenant_id, id, state, correlation_id, client_id, browser_hash, language, request, request_kid,
      policies, identity_id, pushed_request_hash, created_at, updated_at, expires_at)
    SELECT ${p('tenantId')}, ${p('id')}, 'consenting', ${p('correlationId')}, ${p('clientId')}, ${p('browserHash')},
      ${p('language')}, ${p('request')}, ${p('requestKid')}, ${p('policies')}, person.id, ${p('pushedRequestHash')},
      ${p('now')}::iso_instant, ${p('now')}::iso_instant, ${p('expiresAt')}::iso_instant
      FROM person
    RETURNING id`,
)

/** Such a journey, held until commit: of many answers to one question one finds it, and the others wait and find it ended. */
export const lockConsenting = sqlStatement(
  'lock_consenting',
  (p: Params<{ tenantId: TenantId; id: JourneyId; now: IsoInstant }>) => sql<{ id: JourneyId }>`
    SELECT id FROM journey
     WHERE tenant_id = ${p('tenantId')} AND id = ${p('id')} AND state = 'consenting' AND way IS NULL
       AND expires_at > ${p('now')}
       FOR NO KEY UPDATE`,
)

/** consenting → granted, of a browser's session: the grant has a journey of its own. */
export const endConsenting = statement(
  'end_consenting',
  (q, p: Params<{ tenantId: TenantId; id: JourneyId; now: IsoInstant }>) =>
    q
      .updateTable('journey')
      .set({ state: 'granted', updated_at: p('now') })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('state', '=', 'consenting'),
)
