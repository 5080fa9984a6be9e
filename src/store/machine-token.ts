/** What decides whether a machine token counts: its client's row, and `revoked_token`. */
import { sql } from 'kysely'
import type { ClientId, TenantId } from '../domain/ids.ts'
import type { SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement } from './statement.ts'

/** The client of a machine token, if it is enabled and the token was not revoked; asked anew with every use. */
export const findMachineClient = sqlStatement(
  'find_machine_client',
  (p: Params<{ tenantId: TenantId; clientId: ClientId; jtiHash: SecretHash }>) => sql<{
    machine_scopes: string
    data_access: string
    issued_by: string | null
    dpop_bound_access_tokens: number
  }>`
    SELECT r.machine_scopes, r.data_access, r.issued_by, r.dpop_bound_access_tokens
      FROM relying_party r
     WHERE r.tenant_id = ${p('tenantId')} AND r.client_id = ${p('clientId')} AND r.enabled = 1
       AND NOT EXISTS (SELECT FROM revoked_token t
                        WHERE t.tenant_id = r.tenant_id AND t.jti_hash = ${p('jtiHash')})`,
)

/** A token dies before its time; again changes nothing. */
export const revokeToken = sqlStatement(
  'revoke_token',
  (p: Params<{ tenantId: TenantId; jtiHash: SecretHash; expiresAt: IsoInstant }>) => sql<{
    changed: number
  }>`
    INSERT INTO revoked_token (tenant_id, jti_hash, expires_at)
    VALUES (${p('tenantId')}, ${p('jtiHash')}, ${p('expiresAt')})
    ON CONFLICT (jti_hash, tenant_id) DO NOTHING`,
)

/** Forgets revocations of tokens that have ended by themselves; bounded. */
export const deleteRevokedTokens = sqlStatement(
  'delete_revoked_tokens',
  (p: Params<{ tenantId: TenantId; now: IsoInstant; limit: number }>) => sql<{ changed: number }>`
    DELETE FROM revoked_token
     WHERE tenant_id = ${p('tenantId')} AND jti_hash = ANY (ARRAY(
       SELECT jti_hash FROM revoked_token WHERE tenant_id = ${p('tenantId')} AND expires_at <= ${p('now')}
        ORDER BY expires_at LIMIT ${p('limit')} FOR UPDATE SKIP LOCKED))`,
)
