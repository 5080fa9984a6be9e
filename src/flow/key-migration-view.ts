/** A run of a key migration as operators see it. */
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import {
  describeRun,
  type MigrationCounts,
  type MigrationRun,
  type RunWord,
  type Stragglers,
} from '../domain/key-migration.ts'
import type { IsoInstant } from '../domain/time.ts'
import { read } from '../store/database.ts'
import { listMigrations, readMigration } from '../store/key-migration.ts'

export interface MigrationView extends MigrationCounts {
  version: number
  key: 'A' | 'B' | 'C'
  state: RunWord
  total: number
  stragglers: Stragglers
  deadline: IsoInstant
  inactiveDays: number
  createdAt: IsoInstant
  completedAt: IsoInstant | undefined
  error: string | undefined
}

function viewMigration(run: MigrationRun): MigrationView {
  const { version, key, counts, total, createdAt, completedAt, error, snapshot } = run
  const { stragglers, deadline, inactive_days: inactiveDays } = snapshot
  return {
    ...{ version, key, state: describeRun(run), ...counts, total },
    ...{ stragglers, deadline, inactiveDays, createdAt, completedAt, error },
  }
}

/** Every run there was, newest first. */
export async function viewMigrations({ db }: Pick<Deps, 'db'>): Promise<MigrationView[]> {
  const [rows] = await read(db, SYSTEM_TENANT, [listMigrations({})])
  return rows.map((row) => viewMigration(readMigration(row)))
}

/** The run of one version. Throws `not_found`. */
export async function viewMigrationOf(
  means: Pick<Deps, 'db'>,
  version: number,
): Promise<MigrationView> {
  const runs = await viewMigrations(means)
  return runs.find((run) => run.version === version) ?? fail({ kind: 'not_found' })
}
