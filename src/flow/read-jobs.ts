/** The background jobs as an operator sees them. */
import type { Deps } from '../deps.ts'
import { type AdminActor, requireScopeEverywhere } from '../domain/admin.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import type { JsonObject } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { read } from '../store/database.ts'
import { listJobs } from '../store/job.ts'

export interface JobView {
  name: string
  paused: boolean
  dueAt: IsoInstant
  /** Until when somebody is at it; undefined while nobody is. */
  runningUntil: IsoInstant | undefined
  startedAt: IsoInstant | undefined
  finishedAt: IsoInstant | undefined
  /** What the last run counted. */
  outcome: JsonObject | undefined
}

/** Returns every job that any instance has known, by name. Throws `admin_forbidden` to a token of one tenant. */
export async function readJobs(
  deps: Pick<Deps, 'db'>,
  actor: AdminActor,
): Promise<readonly JobView[]> {
  requireScopeEverywhere(actor, 'jobs:manage')
  const [rows] = await read(deps.db, SYSTEM_TENANT, [listJobs({})])
  return rows.map((row) => ({
    ...{ name: row.name, paused: row.paused === 1, dueAt: row.due_at },
    runningUntil: row.lease_until ?? undefined,
    startedAt: row.last_started_at ?? undefined,
    finishedAt: row.last_finished_at ?? undefined,
    outcome: row.last_outcome === null ? undefined : (JSON.parse(row.last_outcome) as JsonObject),
  }))
}
