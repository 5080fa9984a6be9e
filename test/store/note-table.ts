/** A table for the tests of the database base, which shall not depend on the service's own tables. */
import { sql } from 'kysely'
import type { TenantId } from '../../src/domain/ids.ts'
import { type BridgeDatabase, openDatabase } from '../../src/store/database.ts'
import { type Params, sqlStatement } from '../../src/store/statement.ts'
import { createEmptyDatabase, query, type TestDatabase } from '../support/postgres.ts'

export const TENANT_A = 'tenant-a' as TenantId
export const TENANT_B = 'tenant-b' as TenantId

export interface NoteDatabase {
  readonly database: TestDatabase
  /** Opens a pool as the run-time login. */
  open(options?: Partial<Parameters<typeof openDatabase>[0]>): BridgeDatabase
  /** Every note, whoever it belongs to, as the superuser sees them. */
  notes(): Promise<{ tenant_id: string; id: string; body: string }[]>
}

export async function createNoteDatabase(): Promise<NoteDatabase> {
  const database = await createEmptyDatabase()
  await query(
    database.ownerUrl,
    `CREATE TABLE note (
       tenant_id text NOT NULL, id text NOT NULL, body text NOT NULL DEFAULT '',
       PRIMARY KEY (tenant_id, id)
     );
     ALTER TABLE note ENABLE ROW LEVEL SECURITY;
     ALTER TABLE note FORCE ROW LEVEL SECURITY;
     CREATE POLICY tenant_isolation ON note
       USING (tenant_id = current_setting('app.tenant_id', true))
       WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
     GRANT SELECT, INSERT, UPDATE, DELETE ON note TO identity_bridge_app`,
  )
  return {
    database,
    open: (options) => openDatabase({ connectionString: database.runtimeUrl, ...options }),
    notes: () => query(database.superuserUrl, 'SELECT * FROM note ORDER BY tenant_id, id'),
  }
}

export const insertNote = sqlStatement(
  'insert_note',
  (p: Params<{ tenantId: TenantId; id: string; body: string }>) => sql<never>`
    INSERT INTO note (tenant_id, id, body) VALUES (${p('tenantId')}, ${p('id')}, ${p('body')})`,
)

export const listNotes = sqlStatement(
  'list_notes',
  (_: Params<Record<never, never>>) => sql<{ id: string; body: string }>`
    SELECT id, body FROM note ORDER BY id`,
)

export const lockNote = sqlStatement(
  'lock_note',
  (p: Params<{ id: string }>) => sql<{ id: string }>`
    SELECT id FROM note WHERE id = ${p('id')} FOR UPDATE`,
)

/** Moves a note from one body to another and leaves a second note as its trace: both or neither. */
export const moveNote = sqlStatement(
  'move_note',
  (p: Params<{ id: string; from: string; to: string }>) => sql<{ id: string }>`
    WITH moved AS (
      UPDATE note SET body = ${p('to')} WHERE id = ${p('id')} AND body = ${p('from')}
      RETURNING tenant_id, id
    ), trace AS (
      INSERT INTO note (tenant_id, id, body) SELECT tenant_id, id || '-trace', 'moved' FROM moved
    )
    SELECT id FROM moved`,
)

export const failByDivision = sqlStatement(
  'fail_by_division',
  (p: Params<{ by: number }>) => sql<{ result: number }>`SELECT 1 / ${p('by')}::int AS result`,
)

export const sleep = sqlStatement(
  'sleep',
  (p: Params<{ seconds: number }>) =>
    sql<{ pg_sleep: string }>`SELECT pg_sleep(${p('seconds')}::float8)`,
)
