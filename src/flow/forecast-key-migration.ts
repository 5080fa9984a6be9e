/** What lies under which version of a key, and who would be a stranger if the older ones could be read no more. */
import { currentVersion, listKeys } from '../crypto/keyring.ts'
import type { Deps } from '../deps.ts'
import { type AdminActor, requireScopeEverywhere } from '../domain/admin.ts'
import { SYSTEM_TENANT, type TenantId } from '../domain/ids.ts'
import type { VersionCount } from '../domain/key-migration.ts'
import { toInstant } from '../domain/time.ts'
import { read } from '../store/database.ts'
import { countLeftBehind } from '../store/hash-versions.ts'
import { countVersions } from '../store/key-versions.ts'
import { listTenantIds } from '../store/tenant.ts'

/** Whole days since somebody was last here, at most so many. */
export const AWAY_DAYS = [30, 90, 365, 730] as const

export interface Forecast {
  key: 'A' | 'B' | 'C'
  /** The version everything should be under. */
  version: number
  tenants: readonly TenantForecast[]
}

export interface TenantForecast {
  /** Slug. */
  tenant: string
  rows: readonly VersionCount[]
  /** Active persons whom no readable row would be left of. None of C: a sealed text waits for nobody. */
  leftBehind: number
  /** The same by how long they have been away: within each of {@link AWAY_DAYS}, and longer. */
  away: readonly number[]
}

/** Counted now, tenant by tenant. Throws `admin_forbidden` to a token of one tenant. */
export async function forecastKeyMigration(
  means: Pick<Deps, 'db' | 'keyring' | 'clock'>,
  actor: AdminActor,
  key: 'A' | 'B' | 'C',
): Promise<Forecast> {
  requireScopeEverywhere(actor, 'keys:manage')
  const version = currentVersion(means.keyring, key)
  const [tenants] = await read(means.db, SYSTEM_TENANT, [listTenantIds({})])
  const found: TenantForecast[] = []
  for (const { id, slug } of tenants) {
    const counts = await countVersions(means.db, id, key, version)
    const rows = counts.filter(({ count }) => count > 0)
    if (rows.length === 0) continue
    const away = key === 'C' ? AWAY_DAYS.map(() => 0).concat(0) : await countAway(means, id, key)
    const leftBehind = away.reduce((sum, people) => sum + people, 0)
    found.push({ tenant: slug, rows, leftBehind, away })
  }
  return { key, version, tenants: found }
}

async function countAway(
  { db, keyring, clock }: Pick<Deps, 'db' | 'keyring' | 'clock'>,
  tenantId: TenantId,
  hashKey: 'A' | 'B',
): Promise<number[]> {
  const version = currentVersion(keyring, hashKey)
  const nestings = listKeys(keyring).filter(
    ({ key, state, nests }) => key === hashKey && state !== 'retired' && nests?.outer === version,
  )
  const keyVersions = [version, ...nestings.map((each) => each.version)]
  const now = toInstant(clock())
  const [rows] = await read(db, tenantId, [
    countLeftBehind({ tenantId, hashKey, keyVersions, now }),
  ])
  const within = (from: number, to: number) =>
    rows
      .filter(({ days }) => days >= from && days < to)
      .reduce((sum, { people }) => sum + people, 0)
  const edges = [Number.NEGATIVE_INFINITY, ...AWAY_DAYS, Number.POSITIVE_INFINITY]
  return edges.slice(1).map((to, index) => within(edges[index] ?? 0, to))
}
