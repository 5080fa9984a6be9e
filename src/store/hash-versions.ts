/** How many hashes are under which version of Key A or B, and who would be left behind: what a migration counts, before and after. */
import { sql } from 'kysely'
import type { TenantId } from '../domain/ids.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement } from './statement.ts'

/** How many matches of a key are under which version, soft-deleted ones included; tombstones have none. */
export const countMatchVersions = sqlStatement(
  'count_match_versions',
  (p: Params<{ tenantId: TenantId; hashKey: 'A' | 'B' }>) => sql<{
    version: number
    count: number
  }>`
    SELECT hash_key_version AS version, count(*)::integer AS count FROM identity_match
     WHERE tenant_id = ${p('tenantId')} AND hash_key = ${p('hashKey')} AND hash_key_version > 0
     GROUP BY hash_key_version`,
)

/** The same of bindings, by their wallet's hash. */
export const countHolderVersions = sqlStatement(
  'count_holder_versions',
  (p: Params<{ tenantId: TenantId }>) => sql<{ version: number; count: number }>`
    SELECT holder_hash_key_version AS version, count(*)::integer AS count FROM identity_link_binding
     WHERE tenant_id = ${p('tenantId')} AND holder_hash_key_version > 0
     GROUP BY holder_hash_key_version`,
)

/** The same of bindings, by their account's hash. */
export const countAccountVersions = sqlStatement(
  'count_account_versions',
  (p: Params<{ tenantId: TenantId }>) => sql<{ version: number; count: number }>`
    SELECT institution_hash_key_version AS version, count(*)::integer AS count FROM identity_link_binding
     WHERE tenant_id = ${p('tenantId')} AND institution_hash_key_version IS NOT NULL
     GROUP BY institution_hash_key_version`,
)

/**
 * Who would be strangers if these versions were all that could be read: active persons with live matches of the key, none
 * of them under one of the versions; and when they were last here, in whole days before `now`.
 */
export const countLeftBehind = sqlStatement(
  'count_left_behind',
  (
    p: Params<{
      tenantId: TenantId
      hashKey: 'A' | 'B'
      keyVersions: readonly number[]
      now: IsoInstant
    }>,
  ) => sql<{ days: number; people: number }>`
    SELECT least(days, 3650) AS days, count(*)::integer AS people FROM (
      SELECT floor(extract(epoch FROM ${p('now')}::text::timestamptz - max(m.last_used_at)::text::timestamptz) / 86400)::integer AS days
        FROM identity_match m
        JOIN identity i ON i.tenant_id = m.tenant_id AND i.id = m.internal_identity_id AND i.status = 'ACTIVE'
       WHERE m.tenant_id = ${p('tenantId')} AND m.hash_key = ${p('hashKey')} AND m.deleted_at IS NULL
       GROUP BY m.internal_identity_id
      HAVING bool_and(m.hash_key_version <> ALL (${p('keyVersions')}::integer[]))
    ) AS away GROUP BY 1 ORDER BY 1`,
)
