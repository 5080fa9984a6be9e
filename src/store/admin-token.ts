/** `admin_token`: who may use the admin API. Only hashes; read and written under the reserved tenant. */
import type { TenantId } from '../domain/ids.ts'
import type { SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { anyOf, type Params, statement } from './statement.ts'

/** A token that is alive. */
export const findAdminToken = statement(
  'find_admin_token',
  (q, p: Params<{ tokenHash: SecretHash; now: IsoInstant }>) =>
    q
      .selectFrom('admin_token')
      .select([
        ...([
          'id',
          'name',
          'for_tenant',
          'scopes',
          'for_institution',
          'expires_at',
          'last_used_at',
        ] as const),
      ])
      .where('token_hash', '=', p('tokenHash'))
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', p('now')),
)

/** What is known of these tokens, dead ones too; nothing of an actor without one. */
export const findTokenAges = statement(
  'find_token_ages',
  (q, p: Params<{ ids: readonly string[] }>) =>
    q
      .selectFrom('admin_token')
      .select(['id', 'created_at', 'revoked_at'])
      .where('id', '=', anyOf(p('ids'))),
)

export const touchAdminToken = statement(
  'touch_admin_token',
  (q, p: Params<{ id: string; now: IsoInstant }>) =>
    q
      .updateTable('admin_token')
      .set({ last_used_at: p('now') })
      .where('id', '=', p('id')),
)

export const insertAdminToken = statement(
  'insert_admin_token',
  (
    q,
    p: Params<{
      id: string
      tokenHash: SecretHash
      name: string
      forTenant: TenantId | null
      scopes: string
      forInstitution: string | null
      now: IsoInstant
      expiresAt: IsoInstant
    }>,
  ) =>
    q.insertInto('admin_token').values({
      id: p('id'),
      token_hash: p('tokenHash'),
      name: p('name'),
      for_tenant: p('forTenant'),
      scopes: p('scopes'),
      for_institution: p('forInstitution'),
      created_at: p('now'),
      expires_at: p('expiresAt'),
    }),
)

export const listAdminTokens = statement(
  'list_admin_tokens',
  (q, _: Params<Record<never, never>>) =>
    q
      .selectFrom('admin_token')
      .leftJoin('tenant', 'tenant.id', 'admin_token.for_tenant')
      .select([
        'admin_token.id',
        'admin_token.name',
        'admin_token.for_tenant',
        'tenant.slug as tenant_slug',
        'admin_token.scopes',
        'admin_token.for_institution',
        'admin_token.created_at',
        'admin_token.expires_at',
        'admin_token.last_used_at',
        'admin_token.revoked_at',
      ])
      .orderBy('admin_token.created_at')
      .orderBy('admin_token.id')
      .limit(1000),
)

/** A token by its id, alive or not. */
export const findAdminTokenById = statement(
  'find_admin_token_by_id',
  (q, p: Params<{ id: string }>) =>
    q
      .selectFrom('admin_token')
      .select(['id', 'for_tenant', 'revoked_at'])
      .where('id', '=', p('id')),
)

export const revokeAdminToken = statement(
  'revoke_admin_token',
  (q, p: Params<{ id: string; now: IsoInstant }>) =>
    q
      .updateTable('admin_token')
      .set({ revoked_at: p('now') })
      .where('id', '=', p('id'))
      .where('revoked_at', 'is', null),
)
