/** An operator pauses a job, lets it go on, or wants it run at once. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { type AdminActor, requireScopeEverywhere } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction } from '../store/database.ts'
import { hastenJob, pauseJob, resumeJob } from '../store/job.ts'
import { type JobView, viewJobs } from './job-view.ts'

export type JobChange = 'pause' | 'resume' | 'hasten'

const EVENTS = { pause: 'job_paused', resume: 'job_resumed', hasten: 'job_hastened' } as const

/**
 * Changes the job and returns it as it is then. Paused, nobody begins it, and a run under way stops at its next batch;
 * what was done stays done. A repeat changes nothing. Throws `admin_forbidden`, `not_found`.
 */
export async function changeJob(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: AdminActor,
  name: string,
  change: JobChange,
): Promise<JobView> {
  requireScopeEverywhere(actor, 'jobs:manage')
  const now = toInstant(deps.clock())
  const step = {
    pause: pauseJob({ name }),
    resume: resumeJob({ name }),
    hasten: hastenJob({ name, now }),
  }[change]
  await inTransaction(deps.db, SYSTEM_TENANT, async (tx) => {
    const changed = await tx.run(step)
    if (changed.length === 0) return
    const detail = { type: EVENTS[change], actor: actor.id, job: name }
    await tx.runLast([insertAuditEvent(SYSTEM_TENANT, newId(), now, { detail })])
  })
  const found = (await viewJobs(deps.db)).find((job) => job.name === name)
  return found ?? fail({ kind: 'not_found' })
}
