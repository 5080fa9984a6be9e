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

export interface FamilyAuxRow {
  id: string
  identity_id: IdentityId
  category: string
  encrypted_payload: Sealed
  updated_at: IsoInstant
  expires_at: IsoInstant | null
  wrapped_data_key: Sealed
}

/** One row a category: the person's own, or else what somebody who was merged into them has; each under its own key. */
export const findFamilyAux = sqlStatement(
  'find_family_aux',
  (p: Params<{ tenantId: TenantId; identityId: IdentityId; now: IsoInstant }>) => sql<FamilyAuxRow>`
    WITH RECURSIVE family AS (
      SELECT id FROM identity WHERE tenant_id = ${p('tenantId')} AND id = ${p('identityId')}
      UNION
      SELECT i.id FROM identity i JOIN family f ON i.merged_into = f.id WHERE i.tenant_id = ${p('tenantId')}
    )
    SELECT DISTINCT ON (a.category) a.id, a.identity_id, a.category, a.encrypted_payload, a.updated_at, a.expires_at,
           i.wrapped_data_key
      FROM family f
      JOIN auxiliary_data a ON a.tenant_id = ${p('tenantId')} AND a.identity_id = f.id
      JOIN identity i ON i.tenant_id = a.tenant_id AND i.id = a.identity_id
     WHERE a.expires_at IS NULL OR a.expires_at > ${p('now')}
     ORDER BY a.category, (a.identity_id = ${p('identityId')}) DESC, a.updated_at DESC, a.id`,
)

/** The person's own row of a category, expired or not: a new text takes its place and keeps its id. */
export const findOwnAux = statement(
  'find_own_aux',
  (q, p: Params<{ tenantId: TenantId; identityId: IdentityId; category: string }>) =>
    q
      .selectFrom('auxiliary_data')
      .select(['id'])
      .where('tenant_id', '=', p('tenantId'))
      .where('identity_id', '=', p('identityId'))
      .where('category', '=', p('category')),
)

/** Removes a category of the person and of everybody who was merged into them; a row for each that went, with its owner's key. */
export const deleteFamilyAux = sqlStatement(
  'delete_family_aux',
  (p: Params<{ tenantId: TenantId; identityId: IdentityId; category: string }>) => sql<
    Pick<FamilyAuxRow, 'id' | 'identity_id' | 'wrapped_data_key'>
  >`
    WITH RECURSIVE family AS (
      SELECT id, wrapped_data_key FROM identity WHERE tenant_id = ${p('tenantId')} AND id = ${p('identityId')}
      UNION
      SELECT i.id, i.wrapped_data_key FROM identity i JOIN family f ON i.merged_into = f.id WHERE i.tenant_id = ${p('tenantId')}
    )
    DELETE FROM auxiliary_data a USING family f
     WHERE a.tenant_id = ${p('tenantId')} AND a.identity_id = f.id AND a.category = ${p('category')}
    RETURNING a.id, a.identity_id, f.wrapped_data_key`,
)

/** The row `a` is of a person under restriction, or of somebody merged into one: kept until that is lifted (Art. 18 GDPR). */
export const OF_RESTRICTED = sql`EXISTS (
         WITH RECURSIVE line AS (
           SELECT i.id, i.status, i.merged_into FROM identity i WHERE i.tenant_id = a.tenant_id AND i.id = a.identity_id
           UNION
           SELECT i.id, i.status, i.merged_into FROM identity i JOIN line l ON i.id = l.merged_into
            WHERE i.tenant_id = a.tenant_id
         )
         SELECT FROM line WHERE status = 'RESTRICTED')`

/** Removes rows past their time; bounded. */
export const deleteExpiredAux = sqlStatement(
  'delete_expired_aux',
  (p: Params<{ tenantId: TenantId; now: IsoInstant; limit: number }>) => sql<{ changed: number }>`
    DELETE FROM auxiliary_data
     WHERE tenant_id = ${p('tenantId')} AND id = ANY (ARRAY(
       SELECT a.id FROM auxiliary_data a
        WHERE a.tenant_id = ${p('tenantId')} AND a.expires_at IS NOT NULL AND a.expires_at <= ${p('now')}
          AND NOT ${OF_RESTRICTED}
        ORDER BY a.expires_at LIMIT ${p('limit')} FOR UPDATE OF a SKIP LOCKED))`,
)
