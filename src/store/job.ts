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

/** The same whether or not it is due: somebody asked for it, so it is. */
export const takeLeaseNow = sqlStatement(
  'take_lease_now',
  (p: Params<{ name: string; owner: string; now: IsoInstant; until: IsoInstant }>) => sql<{
    fencing: number
  }>`
    UPDATE job SET lease_owner = ${p('owner')}, lease_until = ${p('until')}, fencing = fencing + 1,
                   last_started_at = ${p('now')}, due_at = least(due_at, ${p('now')}::iso_instant)
     WHERE name = ${p('name')} AND paused = 0 AND (lease_until IS NULL OR lease_until <= ${p('now')})
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

/**
 * Ends a run: outcome, next time, lease given back; nothing when the fencing number has moved on. Whoever hastened it meanwhile
 * wanted a run that began after that: it stays due.
 */
export const finishJob = sqlStatement(
  'finish_job',
  (
    p: Params<{
      name: string
      fencing: number
      outcome: string
      now: IsoInstant
      dueAt: IsoInstant
    }>,
  ) => sql<{ changed: number }>`
    UPDATE job SET lease_owner = NULL, lease_until = NULL, last_finished_at = ${p('now')}, last_outcome = ${p('outcome')},
                   due_at = CASE WHEN due_at > last_started_at THEN due_at ELSE ${p('dueAt')}::iso_instant END
     WHERE name = ${p('name')} AND fencing = ${p('fencing')}`,
)

export const listJobs = statement('list_jobs', (q, _: Params<Record<never, never>>) =>
  q.selectFrom('job').selectAll().orderBy('name'),
)

/** Paused, nobody takes its lease; a run under way loses its lease at the next batch. */
export const pauseJob = sqlStatement(
  'pause_job',
  (p: Params<{ name: string }>) => sql<{ name: string }>`
    UPDATE job SET paused = 1, fencing = fencing + 1, lease_owner = NULL, lease_until = NULL
     WHERE name = ${p('name')} AND paused = 0
    RETURNING name`,
)

export const resumeJob = sqlStatement(
  'resume_job',
  (p: Params<{ name: string }>) => sql<{ name: string }>`
    UPDATE job SET paused = 0 WHERE name = ${p('name')} AND paused = 1 RETURNING name`,
)

/** Due at once: whichever instance looks next runs it, once more after a run that is under way. */
export const hastenJob = sqlStatement(
  'hasten_job',
  (p: Params<{ name: string; now: IsoInstant }>) => sql<{ name: string }>`
    UPDATE job SET due_at = CASE WHEN lease_until IS NULL THEN least(due_at, ${p('now')}::iso_instant)
                                 ELSE ${p('now')}::iso_instant END
     WHERE name = ${p('name')} RETURNING name`,
)
