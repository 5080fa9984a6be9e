/** What holds in a tenant for each kind of data. */
import type { Deps } from '../deps.ts'
import type { TenantId } from '../domain/ids.ts'
import {
  DATA_KIND_NAMES,
  DATA_KINDS,
  type DataKind,
  KEPT,
  type Retention,
  type RetentionRule,
  retentionOf,
} from '../domain/retention.ts'
import { DAY, type IsoInstant, toInstant } from '../domain/time.ts'
import { read } from '../store/database.ts'
import { countDue, findRetentionRules } from '../store/retention.ts'
import { type JobView, viewJobs } from './job-view.ts'

/** What the tenant said, by kind. */
export async function findRules(
  db: Deps['db'],
  tenantId: TenantId,
): Promise<ReadonlyMap<DataKind, RetentionRule>> {
  const [rows] = await read(db, tenantId, [findRetentionRules({ tenantId })])
  return new Map(
    rows.map((row) => [
      row.kind,
      {
        days: row.days ?? undefined,
        noticeDays: row.notice_days ?? undefined,
        ground: row.ground ?? undefined,
      },
    ]),
  )
}

/** How long a kind is kept in this tenant. */
export async function findRetention(
  db: Deps['db'],
  tenantId: TenantId,
  kind: DataKind,
): Promise<Retention> {
  return retentionOf(kind, (await findRules(db, tenantId)).get(kind))
}

export interface RetentionEntryView extends Retention {
  kind: DataKind
  what: string
  /** How long, in words, where no number of days says it. */
  lives: string | undefined
  job: string | undefined
  lastRunAt: IsoInstant | undefined
  nextRunAt: IsoInstant | undefined
  /** Nobody runs the job, so nothing ends. */
  paused: boolean
  /** Rows that are past their time now. */
  due: number
  /** Rows whose end would be told now. */
  warned: number
}

export type Due = Readonly<Record<DataKind, number>> & { readonly warned: number }

/** How many rows are past their time at `at`, milliseconds, were these the rules; nothing is touched. */
export async function countDueRows(
  db: Deps['db'],
  tenantId: TenantId,
  rules: ReadonlyMap<DataKind, RetentionRule>,
  at: number,
): Promise<Due> {
  const ago = (days: number) => toInstant(at - days * DAY)
  const holds = (kind: DataKind) => retentionOf(kind, rules.get(kind))
  const { days = 0, noticeDays } = holds('links')
  const [[due]] = await read(db, tenantId, [
    countDue({
      ...{ tenantId, at: toInstant(at), noticeDays, endBefore: ago(days) },
      ...{ warnBefore: ago(days - noticeDays), toldBefore: ago(noticeDays) },
      ...{ purgeBefore: ago(holds('ended_links').days ?? 0) },
      ...{ endedBefore: toInstant(at - KEPT.endedLogins) },
      ...{
        deliveredBefore: toInstant(at - KEPT.delivered),
        deadBefore: toInstant(at - KEPT.givenUp),
      },
      ...{ trailBefore: ago(holds('audit_events').days ?? 0) },
    }),
  ])
  if (due === undefined) throw new TypeError('counting gives one row')
  return { ...due, receipts: 0 }
}

/** The whole table of a tenant. */
export async function viewRetention(
  means: Pick<Deps, 'db' | 'clock'>,
  tenantId: TenantId,
): Promise<readonly RetentionEntryView[]> {
  const rules = await findRules(means.db, tenantId)
  const due = await countDueRows(means.db, tenantId, rules, means.clock())
  const jobs = new Map((await viewJobs(means.db)).map((job) => [job.name, job]))
  return DATA_KIND_NAMES.map((kind) => {
    const known: { what: string; lives?: string; job?: string } = DATA_KINDS[kind]
    const job: JobView | undefined = known.job === undefined ? undefined : jobs.get(known.job)
    return {
      ...{ kind, what: known.what, lives: known.lives, job: known.job },
      ...retentionOf(kind, rules.get(kind)),
      ...{ lastRunAt: job?.finishedAt, nextRunAt: job?.dueAt, paused: job?.paused ?? false },
      ...{ due: due[kind], warned: kind === 'links' ? due.warned : 0 },
    }
  })
}
