/** A run of a key migration is paused, goes on, is given up, or is taken back. */
import { currentVersion, listKeys, readableVersions } from '../crypto/keyring.ts'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { type AdminActor, requireScopeEverywhere } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import { type MigrationRun, type RunChange, requireChangeable } from '../domain/key-migration.ts'
import { type IsoInstant, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { type BridgeDatabase, inTransaction, isUniqueViolation, read } from '../store/database.ts'
import {
  completeMigration,
  lockMigration,
  pauseMigration,
  readMigration,
  reopenMigration,
  unpauseMigration,
} from '../store/key-migration.ts'
import { countVersions } from '../store/key-versions.ts'
import { listTenantIds } from '../store/tenant.ts'
import { type MigrationView, viewMigrationOf } from './key-migration-view.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock'>

/**
 * Changes the run and returns it as it is then. What was moved stays moved: a cancelled run is a failed one, and goes on
 * under its number. Rolling back needs the older version to be current again in the keyring, and this one readable; then
 * everything that can be is brought back, and what has to wait for its owner is read under both. Throws `admin_forbidden`,
 * `not_found`, and `conflict` where the run is not in a state for it, or rows were nested under this version.
 */
export async function changeKeyMigration(
  means: Means,
  actor: AdminActor,
  version: number,
  change: RunChange,
): Promise<MigrationView> {
  requireScopeEverywhere(actor, 'keys:manage')
  if (change === 'rollback') await requireWayBack(means, version)
  const now = toInstant(means.clock())
  const work = inTransaction(means.db, SYSTEM_TENANT, async (tx) => {
    const [row] = await tx.run(lockMigration({ version }))
    if (row === undefined) return fail({ kind: 'not_found' })
    const run = readMigration(row)
    requireChangeable(run, change)
    const detail = { type: 'key_migration_changed', actor: actor.id, version, change } as const
    await tx.runLast([
      stepOf(run, change, now),
      insertAuditEvent(SYSTEM_TENANT, newId(), now, { detail }),
    ])
  })
  await work.catch(refuseSecond)
  return await viewMigrationOf(means, version)
}

function stepOf({ version, status, direction }: MigrationRun, change: RunChange, now: IsoInstant) {
  switch (change) {
    case 'pause':
      return pauseMigration({ version, now })
    case 'cancel':
      return completeMigration({ version, status: 'FAILED', error: 'cancelled', now })
    case 'rollback':
      return reopenMigration({ version, direction: 'back' })
    case 'resume':
      return status === 'FAILED'
        ? reopenMigration({ version, direction })
        : unpauseMigration({ version })
  }
}

async function requireWayBack(means: Means, version: number): Promise<void> {
  const { key } = await viewMigrationOf(means, version)
  const { keyring } = means
  if (currentVersion(keyring, key) === version)
    fail({ kind: 'conflict', detail: 'the older version has to be current again in the keyring' })
  if (!readableVersions(keyring, key).includes(version))
    fail({ kind: 'conflict', detail: 'the version cannot be read any more' })
  const nestings = listKeys(keyring).filter(
    (each) => each.key === key && (each.nests?.outer === version || each.nests?.inner === version),
  )
  if (
    await holdAnything(
      means.db,
      key,
      nestings.map((each) => each.version),
    )
  )
    fail({
      kind: 'conflict',
      detail: 'hashes were nested under this version, which no one can undo',
    })
}

async function holdAnything(
  db: BridgeDatabase,
  key: 'A' | 'B' | 'C',
  versions: readonly number[],
): Promise<boolean> {
  if (versions.length === 0) return false
  const [tenants] = await read(db, SYSTEM_TENANT, [listTenantIds({})])
  for (const { id } of tenants) {
    const counts = await countVersions(db, id, key, 0)
    if (counts.some(({ version, count }) => count > 0 && versions.includes(version))) return true
  }
  return false
}

function refuseSecond(error: unknown): never {
  if (isUniqueViolation(error, 'idx_key_migration_open'))
    return fail({ kind: 'conflict', detail: 'another run of this key is under way' })
  throw error
}
