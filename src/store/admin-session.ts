/** `admin_session`: a browser of the compliance page, signed in with an admin token. Read and written under the reserved tenant. */
import { sql } from 'kysely'
import type { TenantId } from '../domain/ids.ts'
import type { SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

export const insertAdminSession = statement(
  'insert_admin_session',
  (
    q,
    p: Params<{
      sessionHash: SecretHash
      tokenId: string
      aboutTenant: TenantId
      now: IsoInstant
      expiresAt: IsoInstant
    }>,
  ) =>
    q.insertInto('admin_session').values({
      session_hash: p('sessionHash'),
      token_id: p('tokenId'),
      about_tenant: p('aboutTenant'),
      created_at: p('now'),
      expires_at: p('expiresAt'),
    }),
)

/** A session in its time whose token is alive, with what the token may. */
export const findAdminSession = statement(
  'find_admin_session',
  (q, p: Params<{ sessionHash: SecretHash; now: IsoInstant }>) =>
    q
      .selectFrom('admin_session as s')
      .innerJoin('admin_token as a', 'a.id', 's.token_id')
      .innerJoin('tenant as t', 't.id', 's.about_tenant')
      .select(['a.id', 'a.for_tenant', 'a.scopes', 'a.expires_at', 't.slug'])
      .where('s.session_hash', '=', p('sessionHash'))
      .where('s.expires_at', '>', p('now'))
      .where('a.revoked_at', 'is', null)
      .where('a.expires_at', '>', p('now')),
)

export const deleteAdminSession = statement(
  'delete_admin_session',
  (q, p: Params<{ sessionHash: SecretHash }>) =>
    q.deleteFrom('admin_session').where('session_hash', '=', p('sessionHash')),
)

/** Forgets sessions past their time; bounded. */
export const deleteExpiredAdminSessions = sqlStatement(
  'delete_expired_admin_sessions',
  (p: Params<{ now: IsoInstant; limit: number }>) => sql<{ changed: number }>`
    DELETE FROM admin_session WHERE session_hash = ANY (ARRAY(
      SELECT session_hash FROM admin_session WHERE expires_at <= ${p('now')}
       ORDER BY expires_at LIMIT ${p('limit')} FOR UPDATE SKIP LOCKED))`,
)
