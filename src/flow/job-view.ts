/** A background job as an operator sees it. */
import type { Deps } from '../deps.ts'
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

/** Every job that any instance has known, by name. */
export async function viewJobs(db: Deps['db']): Promise<readonly JobView[]> {
  const [rows] = await read(db, SYSTEM_TENANT, [listJobs({})])
  return rows.map((row) => ({
    ...{ name: row.name, paused: row.paused === 1, dueAt: row.due_at },
    runningUntil: row.lease_until ?? undefined,
    startedAt: row.last_started_at ?? undefined,
    finishedAt: row.last_finished_at ?? undefined,
    outcome: row.last_outcome === null ? undefined : (JSON.parse(row.last_outcome) as JsonObject),
  }))
}
