/** `pushed_request`: authorization requests that clients sent ahead of the browser (RFC 9126). */
import { sql } from 'kysely'
import type { ClientId, TenantId } from '../domain/ids.ts'
import type { Sealed, SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

interface PushedRequest {
  tenantId: TenantId
  referenceHash: SecretHash
  clientId: ClientId
  request: Sealed
  now: IsoInstant
  expiresAt: IsoInstant
}

export const insertPushedRequest = statement(
  'insert_pushed_request',
  (q, p: Params<PushedRequest>) =>
    q.insertInto('pushed_request').values({
      tenant_id: p('tenantId'),
      reference_hash: p('referenceHash'),
      client_id: p('clientId'),
      request: p('request'),
      created_at: p('now'),
      expires_at: p('expiresAt'),
    }),
)

/** The sealed parameters, while they may be used: by the client that pushed them, until a code was issued for them. */
export const findPushedRequest = sqlStatement(
  'find_pushed_request',
  (
    p: Params<{
      tenantId: TenantId
      referenceHash: SecretHash
      clientId: ClientId
      now: IsoInstant
    }>,
  ) => sql<{ request: Sealed }>`
    SELECT request FROM pushed_request r
     WHERE tenant_id = ${p('tenantId')} AND reference_hash = ${p('referenceHash')} AND client_id = ${p('clientId')}
       AND expires_at > ${p('now')}
       AND NOT EXISTS (SELECT FROM journey j
                        WHERE j.tenant_id = r.tenant_id AND j.spent_request_hash = r.reference_hash)`,
)

/** Removes those past their time; bounded. */
export const deletePushedRequests = sqlStatement(
  'delete_pushed_requests',
  (p: Params<{ tenantId: TenantId; now: IsoInstant; limit: number }>) => sql<{ changed: number }>`
    DELETE FROM pushed_request
     WHERE tenant_id = ${p('tenantId')} AND reference_hash = ANY (ARRAY(
       SELECT reference_hash FROM pushed_request
        WHERE tenant_id = ${p('tenantId')} AND expires_at <= ${p('now')}
        ORDER BY expires_at LIMIT ${p('limit')} FOR UPDATE SKIP LOCKED))`,
)
