/**
 * Who runs a job: every instance may, the lease row decides. A run that outlives its lease loses it to somebody with a
 * higher fencing number, and can then no longer finish (design: ARCHITECTURE, "Jobs").
 */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { TenantId } from '../domain/ids.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import { type IsoInstant, MINUTE, toInstant } from '../domain/time.ts'
import { describeError } from '../log.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read, transact } from '../store/database.ts'
import { ensureJob, finishJob, renewLease, takeLease, takeLeaseNow } from '../store/job.ts'
import type { Changed, Step } from '../store/statement.ts'
import { listLivingTenantIds, listTenantIds } from '../store/tenant.ts'

const LEASE_TIME = 2 * MINUTE

export type JobCounts = Readonly<Record<string, number>>
export type JobMeans = Pick<Deps, 'db' | 'clock' | 'log' | 'metrics'>

export interface Job {
  name: string
  /** When it runs next, milliseconds, after a run that ended at `now`. */
  next: (now: number) => number
  /** Works through tenants that ended too; whatever it does there writes no event into their closed trails. */
  alsoEnded?: true
  /** Its runs are not told in the trail: they are too many, or are about the trail itself. */
  quiet?: true
  /** Works through one tenant in bounded batches; `keepLease` says whether to go on. */
  run: (means: JobMeans, tenant: TenantId, keepLease: () => Promise<boolean>) => Promise<JobCounts>
  /** Waits, for less than a lease, for what the tenants' turns left under way. */
  finish?: () => Promise<JobCounts>
}

/** How a run ended: `stopped` before its end, because the process ends; `lease_lost` to another, or to a pause. */
export interface JobRun {
  word: 'ok' | 'failed' | 'stopped' | 'lease_lost'
  counts: JobCounts
}

/** Says that the process ends and a run should come to a halt; it is due again at once, for another instance. */
export type Stopping = () => boolean
const never: Stopping = () => false

/** Runs a job if it is due and nobody else has it. Returns whether it ran here. */
export async function runIfDue(
  means: JobMeans,
  job: Job,
  owner: string,
  stopping: Stopping = never,
): Promise<boolean> {
  const fencing = await take(means, job, owner, takeLease)
  if (fencing === undefined) return false
  await runUnderLease(means, job, fencing, stopping)
  return true
}

/** Runs a job though it may not be due. Undefined where it is paused, or somebody else is at it. */
export async function runNow(
  means: JobMeans,
  job: Job,
  owner: string,
): Promise<JobRun | undefined> {
  const fencing = await take(means, job, owner, takeLeaseNow)
  return fencing === undefined ? undefined : await runUnderLease(means, job, fencing, never)
}

async function take(
  means: JobMeans,
  { name }: Job,
  owner: string,
  lease: typeof takeLease,
): Promise<number | undefined> {
  const at = means.clock()
  const now = toInstant(at)
  const [, [taken]] = await transact(means.db, SYSTEM_TENANT, [
    ensureJob({ name, dueAt: now, now }),
    lease({ name, owner, now, until: toInstant(at + LEASE_TIME) }),
  ])
  return taken?.fencing
}

async function runUnderLease(
  means: JobMeans,
  job: Job,
  fencing: number,
  stopping: Stopping,
): Promise<JobRun> {
  const began = performance.now()
  const outcome = await runAll(means, job, fencing, stopping)
  const seconds = (performance.now() - began) / 1000
  const ended = means.clock()
  const isMine = await inTransaction(means.db, SYSTEM_TENANT, async (tx) => {
    const now = toInstant(ended)
    const [finished] = await tx.run(
      finishJob({
        ...{ name: job.name, fencing, outcome: JSON.stringify(outcome.counts), now },
        dueAt: toInstant(outcome.word === 'stopped' ? ended : job.next(ended)),
      }),
    )
    if (finished?.changed !== 1) return false
    await tx.runLast(toldOf(job, outcome, now))
    return true
  })
  const word = isMine ? outcome.word : 'lease_lost'
  means.metrics.job(job.name, word, seconds)
  const ms = Math.round(seconds * 1000)
  means.log.info('job', { job: job.name, reason: word, counts: outcome.counts, ms })
  return { word, counts: outcome.counts }
}

/** The event of a run that is worth one. */
function toldOf(
  job: Job,
  { word, counts }: { word: 'ok' | 'failed' | 'stopped'; counts: JobCounts },
  now: IsoInstant,
): Step<Changed>[] {
  const done = Object.values(counts).reduce((sum, count) => sum + count, 0)
  if (job.quiet === true || (word !== 'failed' && done === 0)) return []
  const detail = { type: 'job_ran', job: job.name, outcome: word, done } as const
  return [insertAuditEvent(SYSTEM_TENANT, newId(), now, { detail })]
}

/** Every tenant in turn; one tenant's trouble does not keep the others waiting. Nobody has a turn once the lease is lost. */
async function runAll(
  means: JobMeans,
  job: Job,
  fencing: number,
  stopping: Stopping,
): Promise<{ word: 'ok' | 'failed' | 'stopped'; counts: JobCounts }> {
  const list = job.alsoEnded === true ? listTenantIds : listLivingTenantIds
  const [tenants] = await read(means.db, SYSTEM_TENANT, [list({})])
  const counts: Record<string, number> = {}
  let word: 'ok' | 'failed' = 'ok'
  let kept = means.clock()
  let lost = false
  const keepLease = async () => {
    if (stopping()) return false
    kept = means.clock()
    const until = toInstant(kept + LEASE_TIME)
    const [[renewed]] = await transact(means.db, SYSTEM_TENANT, [
      renewLease({ name: job.name, fencing, until }),
    ])
    lost = renewed?.changed !== 1
    return !lost
  }
  const take = async (work: () => Promise<JobCounts>) => {
    try {
      const done = await work()
      for (const [name, count] of Object.entries(done)) counts[name] = (counts[name] ?? 0) + count
    } catch (error) {
      word = 'failed'
      means.log.error('job failed for a tenant', { job: job.name, ...describeError(error) })
    }
  }
  for (const { id } of tenants) {
    if (stopping() || lost) break
    // Many small tenants take as long as a large one: the lease must outlast them too.
    if (means.clock() - kept > LEASE_TIME / 4 && !(await keepLease())) break
    await take(() => job.run(means, id, keepLease))
  }
  if (job.finish !== undefined) await take(job.finish)
  return { word: stopping() ? 'stopped' : word, counts }
}

/** A name for this process in lease rows. */
export function newOwner(): string {
  return newId()
}
