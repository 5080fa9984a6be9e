/** `auxiliary_data`: sealed data about a person by category; one row a category, replaced whole. */
import { sql } from 'kysely'
import type { IdentityId, TenantId } from '../domain/ids.ts'
import type { Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

/** All unexpired rows of a person; an expired one is as good as gone before the job takes it. */
export const findAuxByIdentity = statement(
  'find_aux_by_identity',
  (q, p: Params<{ tenantId: TenantId; identityId: IdentityId; now: IsoInstant }>) =>
    q
      .selectFrom('auxiliary_data')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where('identity_id', '=', p('identityId'))
      .where((e) => e.or([e('expires_at', 'is', null), e('expires_at', '>', p('now'))]))
      .orderBy('category'),
)

/** Inserts or replaces; the answer is the id that is stored (an existing row keeps its own, and its `created_at`). */
export const upsertAux = sqlStatement(
  'upsert_aux',
  (
    p: Params<{
      id: string
      tenantId: TenantId
      identityId: IdentityId
      category: string
      payload: Sealed
      schemaVersion: string
      now: IsoInstant
      expiresAt: IsoInstant | null
    }>,
  ) => sql<{ id: string }>`
    INSERT INTO auxiliary_data
      (id, tenant_id, identity_id, category, encrypted_payload, schema_version, created_at, updated_at, expires_at)
    VALUES (${p('id')}, ${p('tenantId')}, ${p('identityId')}, ${p('category')}, ${p('payload')},
      ${p('schemaVersion')}, ${p('now')}, ${p('now')}, ${p('expiresAt')})
    ON CONFLICT (tenant_id, identity_id, category) DO UPDATE
      SET encrypted_payload = excluded.encrypted_payload, schema_version = excluded.schema_version,
          updated_at = excluded.updated_at, expires_at = excluded.expires_at
    RETURNING id`,
)

export const findExpiredAux = statement(
  'find_expired_aux',
  (q, p: Params<{ tenantId: TenantId; now: IsoInstant; limit: number }>) =>
    q
      .selectFrom('auxiliary_data')
      .select(['id', 'identity_id', 'category', 'expires_at'])
      .where('tenant_id', '=', p('tenantId'))
      .where('expires_at', 'is not', null)
      .where('expires_at', '<=', p('now'))
      .orderBy('expires_at')
      .limit(p('limit')),
)

export const deleteAuxByIdentity = statement(
  'delete_aux_by_identity',
  (q, p: Params<{ tenantId: TenantId; identityId: IdentityId }>) =>
    q
      .deleteFrom('auxiliary_data')
      .where('tenant_id', '=', p('tenantId'))
      .where('identity_id', '=', p('identityId')),
)

export const countAllAux = statement('count_all_aux', (q, p: Params<{ tenantId: TenantId }>) =>
  q
    .selectFrom('auxiliary_data')
    .select(sql<number>`count(*)::int`.as('count'))
    .where('tenant_id', '=', p('tenantId')),
)
