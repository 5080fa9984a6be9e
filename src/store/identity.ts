/** `identity`: the person. Every transaction that records something about a person locks this row and reads its status. */
import { sql } from 'kysely'
import type { IdentityId, TenantId } from '../domain/ids.ts'
import type { Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { anyOf, type Params, sqlStatement, statement } from './statement.ts'

export const insertIdentity = statement(
  'insert_identity',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: IdentityId
      wrappedDataKey: Sealed
      dataKeyVersion: number
      auditSalt: string
      now: IsoInstant
    }>,
  ) =>
    q.insertInto('identity').values({
      tenant_id: p('tenantId'),
      id: p('id'),
      status: 'ACTIVE',
      wrapped_data_key: p('wrappedDataKey'),
      data_key_version: p('dataKeyVersion'),
      audit_salt: p('auditSalt'),
      created_at: p('now'),
    }),
)

/**
 * The person's row, locked FOR SHARE until commit: an erasure, merge or restriction under way is waited for, and one
 * that comes later waits for us.
 */
export const lockIdentity = statement(
  'lock_identity',
  (q, p: Params<{ tenantId: TenantId; id: IdentityId }>) =>
    q
      .selectFrom('identity')
      .select(['id', 'status', 'wrapped_data_key', 'audit_salt'])
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .forShare(),
)

/**
 * Several persons' rows, locked against every login, in one order: of two merges of the same pair one waits for the
 * other, and neither for itself.
 */
export const lockPeople = statement(
  'lock_people',
  (q, p: Params<{ tenantId: TenantId; ids: readonly IdentityId[] }>) =>
    q
      .selectFrom('identity')
      .select(['id', 'status', 'merged_into', 'wrapped_data_key', 'audit_salt', 'created_at'])
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', anyOf(p('ids')))
      .orderBy('id')
      .forNoKeyUpdate(),
)

/** The person's data key, unlocked: for whoever holds another's row that keeps this one as it is. */
export const findDataKey = statement(
  'find_data_key',
  (q, p: Params<{ tenantId: TenantId; id: IdentityId }>) =>
    q
      .selectFrom('identity')
      .select(['wrapped_data_key'])
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id')),
)

/** The person, unlocked, for showing. */
export const findIdentity = statement(
  'find_identity',
  (q, p: Params<{ tenantId: TenantId; id: IdentityId }>) =>
    q
      .selectFrom('identity')
      .select(['id', 'status', 'merged_into', 'created_at'])
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id')),
)

/** ACTIVE → MERGED; the data key stays, for what it seals stays under it. */
export const markMerged = statement(
  'mark_merged',
  (q, p: Params<{ tenantId: TenantId; id: IdentityId; into: IdentityId }>) =>
    q
      .updateTable('identity')
      .set({ status: 'MERGED', merged_into: p('into') })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('status', '=', 'ACTIVE'),
)

/** MERGED → ACTIVE. */
export const markSplit = statement(
  'mark_split',
  (q, p: Params<{ tenantId: TenantId; id: IdentityId; from: IdentityId }>) =>
    q
      .updateTable('identity')
      .set({ status: 'ACTIVE', merged_into: null })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('merged_into', '=', p('from'))
      .where('status', '=', 'MERGED'),
)

/** The person and everybody who was merged into them, however many steps away. */
export const findFamily = sqlStatement(
  'find_family',
  (p: Params<{ tenantId: TenantId; id: IdentityId }>) => sql<{ id: IdentityId }>`
    WITH RECURSIVE family AS (
      SELECT id FROM identity WHERE tenant_id = ${p('tenantId')} AND id = ${p('id')}
      UNION
      SELECT i.id FROM identity i JOIN family f ON i.merged_into = f.id WHERE i.tenant_id = ${p('tenantId')}
    )
    SELECT id FROM family ORDER BY id`,
)

/** ACTIVE ↔ RESTRICTED. */
export const setRestriction = statement(
  'set_restriction',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: IdentityId
      from: 'ACTIVE' | 'RESTRICTED'
      to: 'ACTIVE' | 'RESTRICTED'
    }>,
  ) =>
    q
      .updateTable('identity')
      .set({ status: p('to') })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('status', '=', p('from')),
)
