/** `registration_token`: who may register relying parties by themselves (RFC 7591 section 3, initial access tokens). */
import { sql } from 'kysely'
import type { TenantId } from '../domain/ids.ts'
import type { SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

export const insertRegistrationToken = statement(
  'insert_registration_token',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: string
      tokenHash: SecretHash
      name: string
      uses: number
      now: IsoInstant
      expiresAt: IsoInstant
    }>,
  ) =>
    q.insertInto('registration_token').values({
      tenant_id: p('tenantId'),
      id: p('id'),
      token_hash: p('tokenHash'),
      name: p('name'),
      uses_left: p('uses'),
      created_at: p('now'),
      expires_at: p('expiresAt'),
    }),
)

/** Every token of a tenant, newest first. */
export const listRegistrationTokens = statement(
  'list_registration_tokens',
  (q, p: Params<{ tenantId: TenantId }>) =>
    q
      .selectFrom('registration_token')
      .select(['id', 'name', 'uses_left', 'created_at', 'expires_at'])
      .where('tenant_id', '=', p('tenantId'))
      .orderBy('created_at', 'desc')
      .orderBy('id')
      .limit(200),
)

/** A token that is good now. */
export const findRegistrationToken = statement(
  'find_registration_token',
  (q, p: Params<{ tenantId: TenantId; tokenHash: SecretHash; now: IsoInstant }>) =>
    q
      .selectFrom('registration_token')
      .select(['id'])
      .where('tenant_id', '=', p('tenantId'))
      .where('token_hash', '=', p('tokenHash'))
      .where('uses_left', '>', 0)
      .where('expires_at', '>', p('now')),
)

/** One use less; no row when there was none left. */
export const useRegistrationToken = sqlStatement(
  'use_registration_token',
  (p: Params<{ tenantId: TenantId; tokenHash: SecretHash; now: IsoInstant }>) => sql<{
    id: string
  }>`
    UPDATE registration_token SET uses_left = uses_left - 1
     WHERE tenant_id = ${p('tenantId')} AND token_hash = ${p('tokenHash')} AND uses_left > 0
       AND expires_at > ${p('now')}
    RETURNING id`,
)

export const deleteRegistrationToken = statement(
  'delete_registration_token',
  (q, p: Params<{ tenantId: TenantId; id: string }>) =>
    q
      .deleteFrom('registration_token')
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id')),
)
