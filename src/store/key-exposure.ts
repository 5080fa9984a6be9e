/** Whom a leak of one version of a key is about. */
import { sql } from 'kysely'
import type { TenantId } from '../domain/ids.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement } from './statement.ts'

/** Undefined times where there is nobody. */
export interface ExposureRow {
  people: number
  count: number
  oldest: IsoInstant | null
  newest: IsoInstant | null
}

/** Identifiers under this version of Key A or B, ended ones too: how many, of how many people, linked from when to when. */
export const findHashExposure = sqlStatement(
  'find_hash_exposure',
  (p: Params<{ tenantId: TenantId; hashKey: 'A' | 'B'; version: number }>) => sql<ExposureRow>`
    SELECT count(DISTINCT internal_identity_id)::int AS people, count(*)::int AS count,
           min(created_at) AS oldest, max(created_at) AS newest
      FROM identity_match
     WHERE tenant_id = ${p('tenantId')} AND hash_key = ${p('hashKey')} AND hash_key_version = ${p('version')}::integer`,
)

/** People whose data key this version of Key C wraps. */
export const findWrapExposure = sqlStatement(
  'find_wrap_exposure',
  (p: Params<{ tenantId: TenantId; version: number }>) => sql<ExposureRow>`
    SELECT count(*)::int AS people, count(*)::int AS count, min(created_at) AS oldest, max(created_at) AS newest
      FROM identity WHERE tenant_id = ${p('tenantId')} AND data_key_version = ${p('version')}::integer`,
)
