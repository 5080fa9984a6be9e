/**
 * Who runs a job: every instance may, the lease row decides. A run that outlives its lease loses it to somebody with a
 * higher fencing number, and can then no longer finish (design: ARCHITECTURE, "Jobs").
 */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { TenantId } from '../domain/ids.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import { MINUTE, toInstant } from '../domain/time.ts'
import { describeError } from '../log.ts'
import { read, transact } from '../store/database.ts'
import { ensureJob, finishJob, renewLease, takeLease } from '../store/job.ts'
import { listTenantIds } from '../store/tenant.ts'

const LEASE_TIME = 2 * MINUTE

export type JobCounts = Readonly<Record<string, number>>
export type JobMeans = Pick<Deps, 'db' | 'clock' | 'log' | 'metrics'>

export interface Job {
  name: string
  /** When it runs next, milliseconds, after a run that ended at `now`. */
  next: (now: number) => number
  /** Works through one tenant in bounded batches; `keepLease` says whether to go on. */
  run: (means: JobMeans, tenant: TenantId, keepLease: () => Promise<boolean>) => Promise<JobCounts>
}

/** Runs a job if it is due and nobody else has it. Returns whether it ran here. */
export async function runIfDue(means: JobMeans, job: Job, owner: string): Promise<boolean> {
  const now = means.clock()
  const [, [lease]] = await transact(means.db, SYSTEM_TENANT, [
    ensureJob({ name: job.name, dueAt: toInstant(now), now: toInstant(now) }),
    takeLease({ name: job.name, owner, now: toInstant(now), until: toInstant(now + LEASE_TIME) }),
  ])
  if (lease === undefined) return false
  const began = performance.now()
  const outcome = await runAll(means, job, lease.fencing)
  const seconds = (performance.now() - began) / 1000
  const ended = means.clock()
  const [[finished]] = await transact(means.db, SYSTEM_TENANT, [
    finishJob({
      name: job.name,
      fencing: lease.fencing,
      outcome: JSON.stringify(outcome.counts),
      now: toInstant(ended),
      dueAt: toInstant(job.next(ended)),
    }),
  ])
  const word = finished?.changed === 1 ? outcome.word : 'lease_lost'
  means.metrics.job(job.name, word, seconds)
  means.log.info('job', {
    job: job.name,
    reason: word,
    counts: outcome.counts,
    ms: Math.round(seconds * 1000),
  })
  return true
}

/** Every tenant in turn; one tenant's trouble does not keep the others waiting. */
async function runAll(
  means: JobMeans,
  job: Job,
  fencing: number,
): Promise<{ word: 'ok' | 'failed'; counts: JobCounts }> {
  const [tenants] = await read(means.db, SYSTEM_TENANT, [listTenantIds({})])
  const counts: Record<string, number> = {}
  let word: 'ok' | 'failed' = 'ok'
  let kept = means.clock()
  const keepLease = async () => {
    kept = means.clock()
    const until = toInstant(kept + LEASE_TIME)
    const [[renewed]] = await transact(means.db, SYSTEM_TENANT, [
      renewLease({ name: job.name, fencing, until }),
    ])
    return renewed?.changed === 1
  }
  for (const { id } of tenants) {
    // Many small tenants take as long as a large one: the lease must outlast them too.
    if (means.clock() - kept > LEASE_TIME / 4 && !(await keepLease())) break
    try {
      const done = await job.run(means, id, keepLease)
      for (const [name, count] of Object.entries(done)) counts[name] = (counts[name] ?? 0) + count
    } catch (error) {
      word = 'failed'
      means.log.error('job failed for a tenant', { job: job.name, ...describeError(error) })
    }
  }
  return { word, counts }
}

/** A name for this process in lease rows. */
export function newOwner(): string {
  return newId()
}
