/**
 * `key_migration_history` and `key_migration_progress`: one row a keyring version, and one a tenant with its place. The
 * history belongs to no tenant and has no row-level security, so that each batch adds to its counters where it is.
 */
import { type Selectable, sql } from 'kysely'
import type { TenantId } from '../domain/ids.ts'
import { type MigrationRun, MigrationSnapshot } from '../domain/key-migration.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { KeyMigrationHistoryTable } from './schema.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

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

export const listMigrations = statement('list_migrations', (q, _: Params<Record<never, never>>) =>
  q.selectFrom('key_migration_history').selectAll().orderBy('version', 'desc'),
)

/** What somebody should be working on. */
export const listOpenMigrations = statement(
  'list_open_migrations',
  (q, _: Params<Record<never, never>>) =>
    q
      .selectFrom('key_migration_history')
      .selectAll()
      .where('status', '=', 'IN_PROGRESS')
      .where('paused_at', 'is', null)
      .orderBy('version'),
)

/** The run, locked: of two who change it, one waits. */
export const lockMigration = statement('lock_migration', (q, p: Params<{ version: number }>) =>
  q.selectFrom('key_migration_history').selectAll().where('version', '=', p('version')).forUpdate(),
)

/** Holds a run for one batch: no row where it was paused, has ended, or goes on in another attempt. */
export const holdMigration = statement(
  'hold_migration',
  (q, p: Params<{ version: number; attempt: number }>) =>
    q
      .selectFrom('key_migration_history')
      .select('version')
      .where('version', '=', p('version'))
      .where('attempt', '=', p('attempt'))
      .where('status', '=', 'IN_PROGRESS')
      .where('paused_at', 'is', null)
      .forNoKeyUpdate(),
)

/** Adds to the counters of a run in progress. */
export const updateMigrationProgress = sqlStatement(
  'update_migration_progress',
  (
    p: Params<{
      version: number
      processed: number
      failed: number
      skipped: number
      purged: number
      total: number
      tenantsDone: number
    }>,
  ) => sql<{ changed: number }>`
    UPDATE key_migration_history
       SET records_processed = records_processed + ${p('processed')}::integer,
           records_failed = records_failed + ${p('failed')}::integer,
           records_skipped = records_skipped + ${p('skipped')}::integer,
           records_purged = records_purged + ${p('purged')}::integer,
           records_total = records_total + ${p('total')}::integer,
           tenants_done = tenants_done + ${p('tenantsDone')}::integer
     WHERE version = ${p('version')}::integer AND status = 'IN_PROGRESS'`,
)

/** Ends a run in progress. */
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
      .set({ status: p('status'), completed_at: p('now'), error: p('error'), paused_at: null })
      .where('version', '=', p('version'))
      .where('status', '=', 'IN_PROGRESS'),
)

/** Whether every tenant there is has been walked in this attempt. */
export const findMigrationEnd = sqlStatement(
  'find_migration_end',
  (p: Params<{ version: number }>) => sql<{ failed: number; direction: 'forward' | 'back' }>`
    SELECT records_failed AS failed, direction FROM key_migration_history
     WHERE version = ${p('version')}::integer AND status = 'IN_PROGRESS' AND paused_at IS NULL
       AND tenants_done >= (SELECT count(*) FROM tenant) FOR UPDATE`,
)

export const pauseMigration = statement(
  'pause_migration',
  (q, p: Params<{ version: number; now: IsoInstant }>) =>
    q
      .updateTable('key_migration_history')
      .set({ paused_at: p('now') })
      .where('version', '=', p('version')),
)

export const unpauseMigration = statement(
  'unpause_migration',
  (q, p: Params<{ version: number }>) =>
    q
      .updateTable('key_migration_history')
      .set({ paused_at: null })
      .where('version', '=', p('version')),
)

/** A run goes on after its end, or turns back: everything is walked again under its own number. */
export const reopenMigration = sqlStatement(
  'reopen_migration',
  (p: Params<{ version: number; direction: 'forward' | 'back' }>) => sql<{ changed: number }>`
    UPDATE key_migration_history
       SET status = 'IN_PROGRESS', direction = ${p('direction')}, attempt = attempt + 1, tenants_done = 0,
           completed_at = NULL, error = NULL, paused_at = NULL
     WHERE version = ${p('version')}::integer`,
)

/** A run's row as the domain knows it. */
export function readMigration(row: Selectable<KeyMigrationHistoryTable>): MigrationRun {
  return {
    ...{ version: row.version, key: row.key_name, status: row.status, direction: row.direction },
    ...{ attempt: row.attempt, paused: row.paused_at !== null, total: row.records_total },
    snapshot: MigrationSnapshot.parse(
      JSON.parse(row.config_snapshot ?? '{}'),
    ) as MigrationRun['snapshot'],
    counts: {
      ...{ processed: row.records_processed, failed: row.records_failed },
      ...{ skipped: row.records_skipped, purged: row.records_purged },
    },
    createdAt: row.created_at,
    completedAt: row.completed_at ?? undefined,
    error: row.error ?? undefined,
  }
}

/** A tenant's place in a run, made at its first visit. */
export const ensureProgress = sqlStatement(
  'ensure_progress',
  (p: Params<{ tenantId: TenantId; version: number; place: string; now: IsoInstant }>) => sql<{
    changed: number
  }>`
    INSERT INTO key_migration_progress (tenant_id, version, place, updated_at)
    VALUES (${p('tenantId')}, ${p('version')}, ${p('place')}, ${p('now')})
    ON CONFLICT (tenant_id, version) DO NOTHING`,
)

export const findProgress = statement(
  'find_progress',
  (q, p: Params<{ tenantId: TenantId; version: number }>) =>
    q
      .selectFrom('key_migration_progress')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where('version', '=', p('version')),
)

/**
 * Moves a tenant's place on, from where the caller saw it: of two workers one moves it, and the other one's batch is
 * undone. Holds the row until commit.
 */
export const advanceProgress = statement(
  'advance_progress',
  (
    q,
    p: Params<{
      tenantId: TenantId
      version: number
      place: string
      nextPlace: string
      now: IsoInstant
    }>,
  ) =>
    q
      .updateTable('key_migration_progress')
      .set({ place: p('nextPlace'), updated_at: p('now') })
      .where('tenant_id', '=', p('tenantId'))
      .where('version', '=', p('version'))
      .where('place', '=', p('place')),
)

/** Adds to a tenant's own counters. */
export const countProgress = sqlStatement(
  'count_progress',
  (
    p: Params<{
      tenantId: TenantId
      version: number
      processed: number
      failed: number
      skipped: number
      purged: number
      total: number
    }>,
  ) => sql<{ changed: number }>`
    UPDATE key_migration_progress
       SET records_processed = records_processed + ${p('processed')}::integer,
           records_failed = records_failed + ${p('failed')}::integer,
           records_skipped = records_skipped + ${p('skipped')}::integer,
           records_purged = records_purged + ${p('purged')}::integer,
           records_total = records_total + ${p('total')}::integer
     WHERE tenant_id = ${p('tenantId')} AND version = ${p('version')}::integer`,
)
