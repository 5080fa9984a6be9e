/** Where each job stands, for the metrics: read when they are asked for, since any instance may have run it. */
import type { Deps } from '../deps.ts'
import { WATCH_EXPIRY } from '../domain/expiry.ts'
import { BridgeError } from '../domain/failure.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import { fromInstant } from '../domain/time.ts'
import { read } from '../store/database.ts'
import { listJobs } from '../store/job.ts'

/** Sets the gauges of every job; leaves them as they were while the database is out of reach. */
export async function measureJobs(deps: Pick<Deps, 'db' | 'clock' | 'metrics'>): Promise<void> {
  try {
    const [rows] = await read(deps.db, SYSTEM_TENANT, [listJobs({})])
    const standing = rows.map((row) => ({
      ...{ name: row.name, dueAt: fromInstant(row.due_at), paused: row.paused === 1 },
      finishedAt: row.last_finished_at === null ? undefined : fromInstant(row.last_finished_at),
    }))
    deps.metrics.jobs(standing, deps.clock())
    const watched = rows.find(({ name }) => name === WATCH_EXPIRY)?.last_outcome ?? '{}'
    deps.metrics.expiring(JSON.parse(watched) as Record<string, number>)
  } catch (error) {
    if (!(error instanceof BridgeError) || error.failure.kind !== 'unavailable') throw error
  }
}
