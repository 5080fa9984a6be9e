/** The background jobs as one list, and the loop that offers each to its lease. */
import type { Deps } from './deps.ts'
import { SECOND } from './domain/time.ts'
import { deliverEventsJob } from './job/deliver-events.ts'
import { expireJourneysJob } from './job/expire-journeys.ts'
import { type Job, newOwner, runIfDue } from './job/lease.ts'
import { refreshProvidersJob } from './job/refresh-providers.ts'
import { rotateSigningKeysJob } from './job/rotate-signing-keys.ts'
import { describeError } from './log.ts'

/** Every job there is. */
export function createJobs(
  deps: Pick<Deps, 'db' | 'clock' | 'keyring' | 'outbound' | 'tenants'>,
): readonly Job[] {
  return [
    expireJourneysJob,
    refreshProvidersJob(deps),
    rotateSigningKeysJob(deps),
    deliverEventsJob(deps),
  ]
}

/** How often an instance looks; with jitter, so that instances do not look together. */
const LOOK_EVERY = 15 * SECOND

export interface Jobs {
  /** Stops looking and waits for a run under way. */
  stop(): Promise<void>
}

/** Begins to look for due jobs. */
export function startJobs(
  deps: Pick<Deps, 'db' | 'clock' | 'keyring' | 'log' | 'metrics' | 'outbound' | 'tenants'>,
): Jobs {
  const jobs = createJobs(deps)
  const owner = newOwner()
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()

  async function lookOnce(): Promise<void> {
    for (const job of jobs) {
      if (stopped) return
      try {
        await runIfDue(deps, job, owner)
      } catch (error) {
        deps.log.error('job could not run', { job: job.name, ...describeError(error) })
      }
    }
  }
  function schedule(after: number): void {
    timer = setTimeout(() => {
      running = lookOnce().then(() => {
        if (!stopped) schedule(LOOK_EVERY * (0.8 + Math.random() * 0.4))
      })
    }, after)
    timer.unref()
  }
  schedule(Math.random() * SECOND)
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
