/** The background jobs as one list, and the loops that offer each to its lease. */
import type { Config } from './config.ts'
import type { Keyring } from './crypto/keyring.ts'
import type { Deps } from './deps.ts'
import type { TenantId } from './domain/ids.ts'
import { type Clock, DAY, SECOND, toInstant } from './domain/time.ts'
import { askAhead } from './flow/ask-ahead.ts'
import { carryOutErasures } from './flow/carry-out-erasures.ts'
import { createCheckpointPlaces } from './flow/checkpoint-places.ts'
import { endInactiveLinks } from './flow/end-inactive-links.ts'
import { pruneTrail } from './flow/prune-trail.ts'
import { purgeDeleted } from './flow/purge-deleted.ts'
import { calendarOf } from './flow/read-expiry-calendar.ts'
import { recheckStatus } from './flow/recheck-status.ts'
import { findRetention } from './flow/retention-view.ts'
import { signTrail } from './flow/sign-trail.ts'
import { createTenants } from './flow/tenants.ts'
import { requireSeals } from './flow/verify-seals.ts'
import { verifyTrail } from './flow/verify-trail.ts'
import { askAheadJob } from './job/ask-ahead.ts'
import { checkpointAuditJob } from './job/checkpoint-audit.ts'
import { deliverEventsJob } from './job/deliver-events.ts'
import { eraseRequestedJob } from './job/erase-requested.ts'
import { expireAuxiliaryJob } from './job/expire-auxiliary.ts'
import { expireJourneysJob } from './job/expire-journeys.ts'
import { endInactiveJob, purgeDeletedJob } from './job/keep-retention.ts'
import { type Job, type JobRun, newOwner, runIfDue, runNow } from './job/lease.ts'
import { migrateKeysJob } from './job/migrate-keys.ts'
import { recheckStatusJob } from './job/recheck-status.ts'
import { refreshProvidersJob } from './job/refresh-providers.ts'
import { refreshTrustedListsJob } from './job/refresh-trusted-lists.ts'
import { rotateSigningKeysJob } from './job/rotate-signing-keys.ts'
import { verifyAuditJob } from './job/verify-audit.ts'
import { watchExpiryJob } from './job/watch-expiry.ts'
import { createLog, describeError } from './log.ts'
import { createMetrics } from './metrics.ts'
import { createOutbound } from './outbound/guard.ts'
import type { BridgeDatabase } from './store/database.ts'

/** What jobs are made of. */
export type JobDeps = Pick<
  Deps,
  'db' | 'clock' | 'keyring' | 'outbound' | 'tenants' | 'checkpointPlaces' | 'config'
>

/** Every job there is. */
export function createJobs(deps: JobDeps): readonly Job[] {
  return [
    expireJourneysJob,
    expireAuxiliaryJob,
    endInactiveJob((tenant, keepLease) => endInactiveLinks(deps, tenant, keepLease)),
    purgeDeletedJob((tenant, keepLease) => purgeDeleted(deps, tenant, keepLease)),
    eraseRequestedJob((tenant, keepLease) => carryOutErasures(deps, tenant, keepLease)),
    watchExpiryJob((tenant) => calendarOf(deps, tenant)),
    recheckStatusJob((tenant, keepLease) => recheckStatus(deps, tenant, keepLease)),
    refreshProvidersJob(deps),
    refreshTrustedListsJob(deps),
    askAheadJob((tenant, keepLease) => askAhead(deps, tenant, keepLease)),
    rotateSigningKeysJob(deps),
    deliverEventsJob(deps),
    checkpointAuditJob(async (tenant) => (await signTrail(deps, tenant)) !== undefined),
    verifyAuditJob({
      verify: (tenant, keepLease) => verifyTrail(deps, tenant, keepLease),
      verifySeals: (tenant, keepLease) => requireSeals(deps, tenant, keepLease),
      prune: (tenant, keepLease) => pruneOldEvents(deps, tenant, keepLease),
    }),
    migrateKeysJob(deps),
  ]
}

/** What the tenant keeps no longer (protocols AU-13). */
async function pruneOldEvents(
  deps: JobDeps,
  tenant: TenantId,
  keepLease: () => Promise<boolean>,
): Promise<number> {
  const { days } = await findRetention(deps.db, tenant, 'audit_events')
  if (days === undefined) return 0
  return await pruneTrail(deps, tenant, toInstant(deps.clock() - days * DAY), keepLease)
}

/** How often an instance looks, unless a job is due more often; with jitter, so that instances do not look together. */
const LOOK_EVERY = 15 * SECOND

export interface Jobs {
  /** Stops looking, has runs under way come to a halt at their next batch, and waits for them. */
  stop(): Promise<void>
}

/** Begins to look for due jobs. Each has a loop of its own: a long run keeps no other waiting. */
export function startJobs(deps: JobDeps & Pick<Deps, 'log' | 'metrics'>): Jobs {
  const owner = newOwner()
  let stopped = false
  const loops = createJobs(deps).map(startLoop)

  function startLoop(job: Job) {
    let timer: NodeJS.Timeout | undefined
    let running: Promise<void> = Promise.resolve()
    async function look(): Promise<void> {
      try {
        await runIfDue(deps, job, owner, () => stopped)
      } catch (error) {
        deps.log.error('job could not run', { job: job.name, ...describeError(error) })
      }
    }
    function pauseOf({ next }: Job): number {
      const now = deps.clock()
      return Math.min(LOOK_EVERY, Math.max(SECOND, next(now) - now))
    }
    function schedule(after: number): void {
      timer = setTimeout(() => {
        running = look().then(() => {
          if (!stopped) schedule(pauseOf(job) * (0.8 + Math.random() * 0.4))
        })
      }, after)
      timer.unref()
    }
    schedule(Math.random() * SECOND)
    return {
      async stop() {
        clearTimeout(timer)
        await running
      },
    }
  }
  return {
    async stop() {
      stopped = true
      await Promise.all(loops.map((loop) => loop.stop()))
    },
  }
}

/**
 * Runs one job in this process, beside a service or without one. `busy` where it is paused or somebody else is at it,
 * undefined where there is no such job.
 */
export async function runJobHere(
  means: {
    config: Config
    db: BridgeDatabase
    keyring: Keyring
    clock: Clock
    checkpointToken?: string | undefined
  },
  name: string,
): Promise<JobRun | 'busy' | undefined> {
  const { config, db, keyring, clock, checkpointToken: token } = means
  const outbound = createOutbound({ allowLoopback: config.allowLoopback })
  try {
    const tenants = createTenants({ db, keyring, outbound, clock, publicUrl: config.publicUrl })
    const checkpointPlaces = createCheckpointPlaces({
      ...{ places: config.auditCheckpoints, outbound, token },
    })
    const jobs = createJobs({ db, clock, keyring, outbound, tenants, checkpointPlaces, config })
    const job = jobs.find((one) => one.name === name)
    if (job === undefined) return undefined
    const log = createLog('silent')
    const metrics = createMetrics({ processMetrics: false })
    return (await runNow({ db, clock, log, metrics }, job, newOwner())) ?? 'busy'
  } finally {
    await outbound.close()
  }
}
