/** What lies under which version of a key: counted before a migration, behind it, and before a version may be retired. */
import type { TenantId } from '../domain/ids.ts'
import type { VersionCount } from '../domain/key-migration.ts'
import { type BridgeDatabase, read } from './database.ts'
import { countAccountVersions, countHolderVersions, countMatchVersions } from './hash-versions.ts'
import {
  columnStatements,
  countSealVersions,
  countWrapVersions,
  prefixOf,
  SEALED_COLUMNS,
} from './sealed-columns.ts'

/** A version that no key has: of a sealed text, "some other than the wanted one". */
const ANOTHER = 0

/** How many rows of the key are under which version. Of C's own texts: under `target`, or under another (0). */
export async function countVersions(
  db: BridgeDatabase,
  tenantId: TenantId,
  key: 'A' | 'B' | 'C',
  target: number,
): Promise<VersionCount[]> {
  if (key === 'C') return await countSealed(db, tenantId, target)
  const [matches, bindings] = await read(db, tenantId, [
    countMatchVersions({ tenantId, hashKey: key }),
    key === 'A' ? countHolderVersions({ tenantId }) : countAccountVersions({ tenantId }),
  ])
  return [...named('match', matches), ...named('binding', bindings)]
}

async function countSealed(
  db: BridgeDatabase,
  tenantId: TenantId,
  target: number,
): Promise<VersionCount[]> {
  const prefix = prefixOf(target)
  const [people, bindings] = await read(db, tenantId, [
    countWrapVersions({ tenantId }),
    countSealVersions({ tenantId }),
  ])
  const columns = await read(
    db,
    tenantId,
    SEALED_COLUMNS.map((each) => columnStatements(each).count({ tenantId, prefix })),
  )
  const texts = SEALED_COLUMNS.flatMap(({ table, column }, index) => {
    const { wanted = 0, all = 0 } = columns[index]?.[0] ?? {}
    const part = `${table}.${column}`
    return [
      { part, version: target, count: wanted },
      { part, version: ANOTHER, count: all - wanted },
    ]
  })
  return [...named('identity', people), ...named('binding', bindings), ...texts]
}

function named(part: string, rows: readonly Omit<VersionCount, 'part'>[]): VersionCount[] {
  return rows.map(({ version, count }) => ({ part, version, count }))
}
