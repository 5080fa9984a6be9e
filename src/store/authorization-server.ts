/** `authorization_server`: issuers besides ourselves whose machine tokens a tenant accepts. */
import type { Selectable } from 'kysely'
import type { TenantId } from '../domain/ids.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { AuthorizationServerTable } from './schema.ts'
import { type Params, statement } from './statement.ts'

export interface AuthorizationServer {
  id: string
  issuer: string
  jwksUri: string
  /** What its tokens must be meant for. */
  audience: string
  /** `typ` in the header of its tokens. */
  tokenType: 'at+jwt' | 'JWT'
}

export const listAuthorizationServers = statement(
  'list_authorization_servers',
  (q, p: Params<{ tenantId: TenantId }>) =>
    q
      .selectFrom('authorization_server')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .orderBy('issuer')
      .limit(20),
)

export const insertAuthorizationServer = statement(
  'insert_authorization_server',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: string
      issuer: string
      jwksUri: string
      audience: string
      tokenType: 'at+jwt' | 'JWT'
      now: IsoInstant
    }>,
  ) =>
    q.insertInto('authorization_server').values({
      tenant_id: p('tenantId'),
      id: p('id'),
      issuer: p('issuer'),
      jwks_uri: p('jwksUri'),
      audience: p('audience'),
      token_type: p('tokenType'),
      created_at: p('now'),
    }),
)

export const deleteAuthorizationServer = statement(
  'delete_authorization_server',
  (q, p: Params<{ tenantId: TenantId; id: string }>) =>
    q
      .deleteFrom('authorization_server')
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id')),
)

/** The row as flows see it. */
export function readAuthorizationServer(
  row: Selectable<AuthorizationServerTable>,
): AuthorizationServer {
  return {
    id: row.id,
    issuer: row.issuer,
    jwksUri: row.jwks_uri,
    audience: row.audience,
    tokenType: row.token_type,
  }
}
