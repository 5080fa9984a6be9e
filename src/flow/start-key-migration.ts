/** A rotated key: everything under its older versions begins to move to the one that is current. */
import { keyCheckValues, listKeys, nestingOf } from '../crypto/keyring.ts'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { type AdminActor, requireScopeEverywhere } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import {
  FEWEST_INACTIVE_DAYS,
  INACTIVE_DAYS,
  type MigrationSnapshot,
  type Stragglers,
} from '../domain/key-migration.ts'
import { type IsoInstant, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { isUniqueViolation, transact } from '../store/database.ts'
import { insertMigration } from '../store/key-migration.ts'
import { type MigrationView, viewMigrationOf } from './key-migration-view.ts'

export interface MigrationRequest {
  /** Of the keyring; must be current. */
  version: number
  stragglers: Stragglers
  /** When those who have not come back are dealt with; now where it is absent. */
  deadline?: IsoInstant | undefined
  inactiveDays?: number | undefined
}

/**
 * Begins a run and returns it as it stands; the job does the rest. Throws `admin_forbidden`, `invalid_request`, and
 * `conflict` where the version is not the current one of its key, was migrated before, lacks the nestings that were asked
 * for, or another run of the same key is under way.
 */
export async function startKeyMigration(
  means: Pick<Deps, 'db' | 'keyring' | 'clock'>,
  actor: AdminActor,
  request: MigrationRequest,
): Promise<MigrationView> {
  requireScopeEverywhere(actor, 'keys:manage')
  const now = toInstant(means.clock())
  const snapshot = describe(means, request, now)
  const { version, key, stragglers } = snapshot
  const row = { version, keyName: key, configSnapshot: JSON.stringify(snapshot), now }
  const type = 'key_migration_started'
  const detail = { type, actor: actor.id, version, key, stragglers } as const
  await transact(means.db, SYSTEM_TENANT, [
    insertMigration(row),
    insertAuditEvent(SYSTEM_TENANT, newId(), now, { detail }),
  ]).catch(refuseSecond)
  return await viewMigrationOf(means, version)
}

/** What the run will do and with which keys, without any of them (CR-36). */
function describe(
  { keyring }: Pick<Deps, 'keyring'>,
  { version, stragglers, deadline, inactiveDays = INACTIVE_DAYS }: MigrationRequest,
  now: IsoInstant,
): MigrationSnapshot {
  const keys = listKeys(keyring)
  const wanted = keys.find((each) => each.version === version && each.state === 'current')
  if (wanted === undefined || version === 1)
    return fail({ kind: 'conflict', detail: 'the version is not a current one after the first' })
  const { key } = wanted
  if (key === 'C' && stragglers !== 'keep')
    return fail({ kind: 'invalid_request', detail: 'stragglers: everything of key C is moved' })
  if (inactiveDays < FEWEST_INACTIVE_DAYS)
    return fail({ kind: 'invalid_request', detail: 'inactive_days: at least 90' })
  const readable = keys.filter(
    (each) => each.key === key && each !== wanted && ['previous', 'leaked'].includes(each.state),
  )
  const older = readable.filter(({ nests }) => nests?.outer !== version)
  const unnested = older.filter(
    (each) => nestingOf(keyring, key, version, each.version) === undefined,
  )
  if (stragglers === 'nest' && unnested.length > 0)
    return fail({ kind: 'conflict', detail: 'the keyring lacks a nesting of an older version' })
  const values = keyCheckValues(keyring)
  return {
    ...{ key, version, stragglers, deadline: deadline ?? now, inactive_days: inactiveDays },
    keyring: keys.map((each) => ({
      ...{ key: each.key, version: each.version, state: each.state, ...each.nests },
      check_value:
        values.find((value) => value.key === each.key && value.version === each.version)
          ?.checkValue ?? '',
    })),
  }
}

function refuseSecond(error: unknown): never {
  if (isUniqueViolation(error, 'key_migration_history_pkey'))
    return fail({ kind: 'conflict', detail: 'this version was migrated before' })
  if (isUniqueViolation(error, 'idx_key_migration_open'))
    return fail({ kind: 'conflict', detail: 'another run of this key is under way' })
  throw error
}
