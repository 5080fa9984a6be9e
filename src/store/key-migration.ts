/** `key_migration_history`: one row a keyring version; cross-tenant, so it is read under the reserved tenant. */
import type { IsoInstant } from '../domain/time.ts'
import { type Params, statement } from './statement.ts'

export const insertMigration = statement(
  'insert_migration',
  (
    q,
    p: Params<{
      version: number
      keyName: 'A' | 'B' | 'C'
      configSnapshot: string
      now: IsoInstant
    }>,
  ) =>
    q.insertInto('key_migration_history').values({
      version: p('version'),
      key_name: p('keyName'),
      status: 'IN_PROGRESS',
      config_snapshot: p('configSnapshot'),
      created_at: p('now'),
    }),
)

/** Sets the counters of a run in progress, under the fencing number of the worker's lease. */
export const updateMigrationProgress = statement(
  'update_migration_progress',
  (
    q,
    p: Params<{
      version: number
      fencing: number
      processed: number
      failed: number
      skipped: number
      purged: number
    }>,
  ) =>
    q
      .updateTable('key_migration_history')
      .set({
        records_processed: p('processed'),
        records_failed: p('failed'),
        records_skipped: p('skipped'),
        records_purged: p('purged'),
      })
      .where('version', '=', p('version'))
      .where('status', '=', 'IN_PROGRESS')
      .where('fencing', '=', p('fencing')),
)

export const completeMigration = statement(
  'complete_migration',
  (
    q,
    p: Params<{
      version: number
      status: 'COMPLETED' | 'FAILED' | 'ROLLED_BACK'
      error: string | null
      now: IsoInstant
    }>,
  ) =>
    q
      .updateTable('key_migration_history')
      .set({ status: p('status'), completed_at: p('now'), error: p('error') })
      .where('version', '=', p('version'))
      .where('status', '=', 'IN_PROGRESS'),
)
