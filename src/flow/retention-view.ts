/** What holds in a tenant for each kind of data. */
import type { Deps } from '../deps.ts'
import type { TenantId } from '../domain/ids.ts'
import {
  type DataKind,
  type Retention,
  type RetentionRule,
  retentionOf,
} from '../domain/retention.ts'
import { read } from '../store/database.ts'
import { findRetentionRules } from '../store/retention.ts'

/** What the tenant said, by kind. */
export async function findRules(
  db: Deps['db'],
  tenantId: TenantId,
): Promise<ReadonlyMap<DataKind, RetentionRule>> {
  const [rows] = await read(db, tenantId, [findRetentionRules({ tenantId })])
  return new Map(
    rows.map((row) => [
      row.kind,
      {
        days: row.days ?? undefined,
        noticeDays: row.notice_days ?? undefined,
        ground: row.ground ?? undefined,
      },
    ]),
  )
}

/** How long a kind is kept in this tenant. */
export async function findRetention(
  db: Deps['db'],
  tenantId: TenantId,
  kind: DataKind,
): Promise<Retention> {
  return retentionOf(kind, (await findRules(db, tenantId)).get(kind))
}
