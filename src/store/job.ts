/** `job`: one row a job, with the lease that lets one instance run it. Under the reserved tenant. */
import { sql } from 'kysely'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

/** Makes the row at the first start anywhere; later starts change nothing. */
export const ensureJob = sqlStatement(
  'ensure_job',
  (p: Params<{ name: string; dueAt: IsoInstant; now: IsoInstant }>) => sql<{ changed: number }>`
    INSERT INTO job (name, due_at, created_at) VALUES (${p('name')}, ${p('dueAt')}, ${p('now')})
    ON CONFLICT (name) DO NOTHING`,
)

/** Takes the lease of a job that is due, not paused and not held; no row when somebody else has it. */
export const takeLease = sqlStatement(
  'take_lease',
  (p: Params<{ name: string; owner: string; now: IsoInstant; until: IsoInstant }>) => sql<{
    fencing: number
  }>`
    UPDATE job SET lease_owner = ${p('owner')}, lease_until = ${p('until')}, fencing = fencing + 1,
                   last_started_at = ${p('now')}
     WHERE name = ${p('name')} AND paused = 0 AND due_at <= ${p('now')}
       AND (lease_until IS NULL OR lease_until <= ${p('now')})
    RETURNING fencing`,
)

/** Prolongs the lease of a run that takes long; `changed` is 0 when it was lost. */
export const renewLease = statement(
  'renew_lease',
  (q, p: Params<{ name: string; fencing: number; until: IsoInstant }>) =>
    q
      .updateTable('job')
      .set({ lease_until: p('until') })
      .where('name', '=', p('name'))
      .where('fencing', '=', p('fencing')),
)

/** Ends a run: outcome, next time, lease given back; nothing when the fencing number has moved on. */
export const finishJob = statement(
  'finish_job',
  (
    q,
    p: Params<{
      name: string
      fencing: number
      outcome: string
      now: IsoInstant
      dueAt: IsoInstant
    }>,
  ) =>
    q
      .updateTable('job')
      .set({
        lease_owner: null,
        lease_until: null,
        last_finished_at: p('now'),
        last_outcome: p('outcome'),
        due_at: p('dueAt'),
      })
      .where('name', '=', p('name'))
      .where('fencing', '=', p('fencing')),
)

export const listJobs = statement('list_jobs', (q, _: Params<Record<never, never>>) =>
  q.selectFrom('job').selectAll().orderBy('name'),
)
