/** What still lies under one version of a key: a version that anything lies under must stay readable. */
import { sql } from 'kysely'
import type { TenantId } from '../domain/ids.ts'
import { PERSON_COLUMNS, SEALED_COLUMNS } from './sealed-columns.ts'
import { type Params, sqlStatement } from './statement.ts'

/** Where rows were found, and how many. */
export interface KeyUse {
  place: string
  count: number
}

/** Hashes under this version of Key A or B, unlinked ones included: they can come back. */
export const findHashUse = sqlStatement(
  'find_hash_use',
  (p: Params<{ tenantId: TenantId; hashKey: 'A' | 'B'; hashKeyVersion: number }>) => sql<KeyUse>`
    SELECT place, count(*)::integer AS count FROM (
      SELECT 'identity_match' AS place FROM identity_match
       WHERE tenant_id = ${p('tenantId')} AND hash_key = ${p('hashKey')}
         AND hash_key_version = ${p('hashKeyVersion')}::integer
      UNION ALL
      SELECT 'identity_link_binding' FROM identity_link_binding
       WHERE tenant_id = ${p('tenantId')}
         AND ${p('hashKeyVersion')}::integer = CASE ${p('hashKey')}::text
             WHEN 'A' THEN holder_hash_key_version ELSE institution_hash_key_version END
    ) AS used GROUP BY place ORDER BY place`,
)

/**
 * Everything sealed under this version of Key C itself; what is under data keys is so through them. `sealedLike` is `v1.c<version>.%`, `saltLike` is `c<version>.%`.
 */
export const findSealedUse = sqlStatement(
  'find_sealed_use',
  (p: Params<{ tenantId: TenantId; sealedLike: string; saltLike: string }>) => {
    const columns = [...PERSON_COLUMNS, ...SEALED_COLUMNS].map(({ table, column }) => {
      const place = sql.lit(`${table}.${column}`)
      return sql`SELECT ${place} AS place, ${sql.ref(column)} AS sealed FROM ${sql.table(table)}
                  WHERE tenant_id = ${p('tenantId')}`
    })
    return sql<KeyUse>`
      SELECT place, count(*)::integer AS count FROM (
        ${sql.join(columns, sql` UNION ALL `)}
      ) AS used
       WHERE sealed LIKE ${p('sealedLike')} OR (place = 'identity.audit_salt' AND sealed LIKE ${p('saltLike')})
       GROUP BY place ORDER BY place`
  },
)
