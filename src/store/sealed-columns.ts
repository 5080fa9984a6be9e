/**
 * Every column that holds something sealed, and what it is sealed under: what migrating Key C walks. A test compares the
 * list with the schema and with the rows of a whole service (`test/shape/sealed-columns.test.ts`). Rows are locked one by
 * one in a LATERAL, as in `hash-rows.ts`.
 */
import { sql } from 'kysely'
import type { BindingId, IdentityId, TenantId } from '../domain/ids.ts'
import type { Sealed } from '../domain/text.ts'
import type { Database } from './schema.ts'
import { SEAL_ROWS } from './seal-rows.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

/** What a column's texts are sealed for under Key C; the names of `crypto/sub-key.ts`. */
type Purpose = 'session' | 'provider-secret' | 'signing-key' | 'webhook'

/** A column that is sealed under Key C itself. */
export interface SealedColumn {
  table: keyof Database
  column: string
  purpose: Purpose
  /** The column whose value stands as the row in what is authenticated; no two rows of a tenant share one. */
  row: string
  /** A column that repeats the version. */
  version?: string
}

const OF_SESSION = { purpose: 'session', row: 'id' } as const

export const SEALED_COLUMNS: readonly SealedColumn[] = [
  { table: 'signing_key', column: 'sealed_private_key', purpose: 'signing-key', row: 'kid' },
  {
    ...{ table: 'reconciliation_provider', column: 'sealed_client_secret' },
    ...{ purpose: 'provider-secret', row: 'id' },
  },
  { table: 'event_subscription', column: 'sealed_secrets', purpose: 'webhook', row: 'id' },
  { table: 'outbox', column: 'payload', purpose: 'webhook', row: 'id' },
  { table: 'login_grant', column: 'wallet_attributes', ...OF_SESSION },
  { table: 'journey', column: 'request', ...OF_SESSION },
  { table: 'journey', column: 'wallet_secrets', ...OF_SESSION },
  { table: 'journey', column: 'presentation', ...OF_SESSION },
  { table: 'reconciliation_session', column: 'nonce', ...OF_SESSION },
  { table: 'reconciliation_session', column: 'code_verifier', ...OF_SESSION },
  {
    ...{ table: 'reconciliation_session', column: 'encrypted_identity', ...OF_SESSION },
    version: 'encrypted_identity_key_version',
  },
  { table: 'pushed_request', column: 'request', purpose: 'session', row: 'reference_hash' },
  { table: 'idempotency_key', column: 'request', purpose: 'session', row: 'claim' },
  { table: 'idempotency_key', column: 'answer', purpose: 'session', row: 'claim' },
  { table: 'provider_test', column: 'sealed', ...OF_SESSION },
]

/** Columns sealed under the data key of a person; migrating C re-wraps that key and leaves them as they are (CR-51). */
export const DATA_KEY_COLUMNS: readonly { table: keyof Database; column: string }[] = [
  ...SEAL_ROWS.flatMap(({ table, columns }) => columns.map((column) => ({ table, column }))),
]

/** Columns of the person that Key C opens: the data key itself, and the salt that is bound to a version of C. */
export const PERSON_COLUMNS: readonly { table: keyof Database; column: string }[] = [
  { table: 'identity', column: 'wrapped_data_key' },
  { table: 'identity', column: 'audit_salt' },
]

/** One sealed text of a column. */
export interface SealedRow {
  row: string
  sealed: Sealed
}

/** How the texts begin that one version of Key C has sealed. */
export function prefixOf(version: number): string {
  return `v1.c${version}.`
}

const prepared = new WeakMap<SealedColumn, ReturnType<typeof prepareColumn>>()

/** The statements that migrate one column; made once, for their names are unique in the process. */
export function columnStatements(sealed: SealedColumn): ReturnType<typeof prepareColumn> {
  const known = prepared.get(sealed) ?? prepareColumn(sealed)
  prepared.set(sealed, known)
  return known
}

function prepareColumn({ table, column, row, version }: SealedColumn) {
  const name = `${table}_${column}`
  const [tableRef, columnRef, rowRef] = [sql.table(table), sql.ref(column), sql.ref(row)]
  return {
    /** How many texts are under the version that `prefix` names, and how many there are. */
    count: sqlStatement(
      `count_${name}`,
      (p: Params<{ tenantId: TenantId; prefix: string }>) => sql<{ wanted: number; all: number }>`
        SELECT (count(*) FILTER (WHERE starts_with(${columnRef}, ${p('prefix')})))::integer AS wanted,
               count(*)::integer AS all
          FROM ${tableRef} WHERE tenant_id = ${p('tenantId')} AND starts_with(${columnRef}, 'v1.c')`,
    ),
    /** Texts under any other version, after `afterId`. */
    list: sqlStatement(
      `list_${name}`,
      (
        p: Params<{ tenantId: TenantId; prefix: string; afterId: string; limit: number }>,
      ) => sql<SealedRow>`
        SELECT ${rowRef} AS row, ${columnRef} AS sealed FROM ${tableRef}
         WHERE tenant_id = ${p('tenantId')} AND ${rowRef} > ${p('afterId')}
           AND starts_with(${columnRef}, 'v1.c') AND NOT starts_with(${columnRef}, ${p('prefix')})
         ORDER BY ${rowRef} LIMIT ${p('limit')}`,
    ),
    /** Texts under that version, after `afterId`. */
    listWanted: sqlStatement(
      `list_wanted_${name}`,
      (
        p: Params<{ tenantId: TenantId; prefix: string; afterId: string; limit: number }>,
      ) => sql<SealedRow>`
        SELECT ${rowRef} AS row, ${columnRef} AS sealed FROM ${tableRef}
         WHERE tenant_id = ${p('tenantId')} AND ${rowRef} > ${p('afterId')}
           AND starts_with(${columnRef}, ${p('prefix')})
         ORDER BY ${rowRef} LIMIT ${p('limit')}`,
    ),
    /** Writes the new texts, each only over the one that was read. */
    reseal: sqlStatement(
      `reseal_${name}`,
      (
        p: Params<{
          tenantId: TenantId
          rows: readonly string[]
          sealed: readonly Sealed[]
          resealed: readonly Sealed[]
          keyVersion: number
        }>,
      ) => sql<{ changed: number }>`
        WITH picked AS MATERIALIZED (
          SELECT t.row_id, w.new_text
            FROM unnest(${p('rows')}::text[], ${p('sealed')}::text[], ${p('resealed')}::text[])
              AS w (row_id, old_text, new_text)
           CROSS JOIN LATERAL (
             SELECT ${rowRef} AS row_id FROM ${tableRef}
              WHERE tenant_id = ${p('tenantId')} AND ${rowRef} = w.row_id AND ${columnRef} = w.old_text
                FOR NO KEY UPDATE SKIP LOCKED) t
        ), to_version AS (SELECT ${p('keyVersion')}::integer AS version)
        UPDATE ${tableRef} t
           SET ${columnRef} = w.new_text${version === undefined ? sql`` : sql`, ${sql.ref(version)} = to_version.version`}
          FROM to_version, picked w
         WHERE t.tenant_id = ${p('tenantId')} AND t.${rowRef} = w.row_id`,
    ),
  }
}

/** How many persons are wrapped under which version of Key C; those whose salt lags behind count where the salt is. */
export const countWrapVersions = sqlStatement(
  'count_wrap_versions',
  (p: Params<{ tenantId: TenantId }>) => sql<{ version: number; count: number }>`
    SELECT least(data_key_version, substring(audit_salt FROM '^c([0-9]+)[.]')::integer) AS version, count(*)::integer AS count
      FROM identity WHERE tenant_id = ${p('tenantId')} AND data_key_version IS NOT NULL
     GROUP BY 1`,
)

/** How many bindings say which version of Key C wraps the data key they are under. */
export const countSealVersions = sqlStatement(
  'count_seal_versions',
  (p: Params<{ tenantId: TenantId }>) => sql<{ version: number; count: number }>`
    SELECT encrypted_institution_id_key_version AS version, count(*)::integer AS count
      FROM identity_link_binding
     WHERE tenant_id = ${p('tenantId')} AND encrypted_institution_id_key_version IS NOT NULL
     GROUP BY 1`,
)

/** Persons wrapped under one version, after `afterId`. */
export const listPeopleOfWrapVersion = statement(
  'list_people_of_wrap_version',
  (q, p: Params<{ tenantId: TenantId; dataKeyVersion: number; afterId: string; limit: number }>) =>
    q
      .selectFrom('identity')
      .select(['id', 'wrapped_data_key', 'audit_salt'])
      .where('tenant_id', '=', p('tenantId'))
      .where('data_key_version', '=', p('dataKeyVersion'))
      .where('id', '>', p('afterId') as IdentityId)
      .orderBy('id')
      .limit(p('limit')),
)

/** Writes new wrappings and salts, each only over those that were read, and the version of the bindings under them. */
export const rewrapPeople = sqlStatement(
  'rewrap_people',
  (
    p: Params<{
      tenantId: TenantId
      identityIds: readonly IdentityId[]
      wrapped: readonly Sealed[]
      rewrapped: readonly Sealed[]
      salts: readonly string[]
      newSalts: readonly string[]
      keyVersion: number
    }>,
  ) => sql<{ people: number; bindings: number }>`
    WITH picked AS MATERIALIZED (
      SELECT i.id, w.new_key, w.new_salt
        FROM unnest(${p('identityIds')}::text[], ${p('wrapped')}::text[], ${p('rewrapped')}::text[],
                    ${p('salts')}::text[], ${p('newSalts')}::text[])
          AS w (id, old_key, new_key, old_salt, new_salt)
       CROSS JOIN LATERAL (
         SELECT id FROM identity
          WHERE tenant_id = ${p('tenantId')} AND id = w.id AND wrapped_data_key = w.old_key AND audit_salt = w.old_salt
            FOR NO KEY UPDATE SKIP LOCKED) i
    ), moved AS (
      UPDATE identity i
         SET wrapped_data_key = w.new_key, data_key_version = ${p('keyVersion')}::integer, audit_salt = w.new_salt
        FROM picked w WHERE i.tenant_id = ${p('tenantId')} AND i.id = w.id
      RETURNING i.id
    ), held AS MATERIALIZED (
      SELECT b.id FROM moved
       CROSS JOIN LATERAL (
         SELECT id FROM identity_match
          WHERE tenant_id = ${p('tenantId')} AND internal_identity_id = moved.id OFFSET 0) m
       CROSS JOIN LATERAL (
         SELECT id FROM identity_link_binding
          WHERE tenant_id = ${p('tenantId')} AND match_id = m.id
            AND encrypted_institution_id_key_version <> ${p('keyVersion')}::integer
            AND (key_identity_id IS NULL OR key_identity_id = moved.id)
            FOR NO KEY UPDATE SKIP LOCKED) b
    ), noted AS (
      UPDATE identity_link_binding b SET encrypted_institution_id_key_version = ${p('keyVersion')}::integer
        FROM held WHERE b.tenant_id = ${p('tenantId')} AND b.id = held.id RETURNING b.id
    )
    SELECT (SELECT count(*)::integer FROM moved) AS people, (SELECT count(*)::integer FROM noted) AS bindings`,
)

/** Bindings that still name this version, after `afterId`. */
export const listBindingsOfSealVersion = statement(
  'list_bindings_of_seal_version',
  (q, p: Params<{ tenantId: TenantId; sealedVersion: number; afterId: string; limit: number }>) =>
    q
      .selectFrom('identity_link_binding')
      .select('id')
      .where('tenant_id', '=', p('tenantId'))
      .where('encrypted_institution_id_key_version', '=', p('sealedVersion'))
      .where('id', '>', p('afterId') as BindingId)
      .orderBy('id')
      .limit(p('limit')),
)

/** Has bindings name the version that wraps the data key they are under, where that is the wanted one. */
export const noteSealVersion = sqlStatement(
  'note_seal_version',
  (p: Params<{ tenantId: TenantId; bindingIds: readonly BindingId[]; keyVersion: number }>) => sql<{
    changed: number
  }>`
    WITH picked AS MATERIALIZED (
      SELECT b.id FROM unnest(${p('bindingIds')}::text[]) AS w (id)
       CROSS JOIN LATERAL (
         SELECT id, match_id, key_identity_id FROM identity_link_binding
          WHERE tenant_id = ${p('tenantId')} AND id = w.id FOR NO KEY UPDATE SKIP LOCKED) b
       CROSS JOIN LATERAL (
         SELECT internal_identity_id FROM identity_match
          WHERE tenant_id = ${p('tenantId')} AND id = b.match_id OFFSET 0) m
       CROSS JOIN LATERAL (
         SELECT id FROM identity
          WHERE tenant_id = ${p('tenantId')} AND data_key_version = ${p('keyVersion')}::integer
            AND id = CASE WHEN b.key_identity_id IS NULL THEN m.internal_identity_id ELSE b.key_identity_id END OFFSET 0) i
    )
    UPDATE identity_link_binding b SET encrypted_institution_id_key_version = ${p('keyVersion')}::integer
      FROM picked WHERE b.tenant_id = ${p('tenantId')} AND b.id = picked.id`,
)
