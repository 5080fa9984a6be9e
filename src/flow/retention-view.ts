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
import { DAY, type IsoInstant, SECOND, toInstant } from '../domain/time.ts'
import { read } from '../store/database.ts'
import {
  countDue,
  countDueBindings,
  countDueMatches,
  findRetentionRules,
} from '../store/retention.ts'
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
  /** Rows that are past their time now; `atLeast` where there may be more. */
  due: number
  atLeast: boolean
  /** Rows whose end would be told now. */
  warned: number
}

/** `atLeast`: kinds of which there may be more, for counting stopped. */
export type Due = Readonly<Record<DataKind, number>> & {
  readonly warned: number
  readonly atLeast: ReadonlySet<DataKind>
}

/** How far counting goes: rows of a table, and milliseconds for links, which no index leads to; by pages of so many. */
const BOUNDS = { most: 100_000, time: 3 * SECOND, page: 20_000 } as const

/**
 * How many rows are past their time at `at`, milliseconds, were these the rules; nothing is touched. However large the tenant,
 * it takes seconds: what is more than the bounds is not counted.
 */
export async function countDueRows(
  db: Deps['db'],
  tenantId: TenantId,
  rules: ReadonlyMap<DataKind, RetentionRule>,
  at: number,
  bounds: Readonly<Record<keyof typeof BOUNDS, number>> = BOUNDS,
): Promise<Due> {
  const ago = (days: number) => toInstant(at - days * DAY)
  const holds = (kind: DataKind) => retentionOf(kind, rules.get(kind))
  const [[due]] = await read(db, tenantId, [
    countDue({
      ...{ tenantId, at: toInstant(at), most: bounds.most + 1 },
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
  const { whole, ...links } = await countLinks(db, tenantId, holds('links'), at, bounds)
  const counts = { ...due, ...links, receipts: 0 }
  const isMore = (kind: DataKind) => counts[kind] > bounds.most || (kind === 'links' && !whole)
  return { ...counts, atLeast: new Set(DATA_KIND_NAMES.filter(isMore)) }
}

/** Page by page along the bindings, then the matches, as the job goes; `whole` unless the bounds ended it. */
async function countLinks(
  db: Deps['db'],
  tenantId: TenantId,
  { days = 0, noticeDays }: Retention,
  at: number,
  bounds: Readonly<Record<keyof typeof BOUNDS, number>>,
): Promise<{ links: number; warned: number; whole: boolean }> {
  const ago = (least: number) => toInstant(at - least * DAY)
  const told = { warnBefore: ago(days - noticeDays), toldBefore: ago(noticeDays), noticeDays }
  const counted = { links: 0, warned: 0 }
  const until = performance.now() + bounds.time
  for (const count of ['bindings', 'matches'] as const)
    for (let after = ''; ; ) {
      const page = { tenantId, after, limit: bounds.page, endBefore: ago(days) }
      const [[found]] = await read(db, tenantId, [
        count === 'bindings' ? countDueBindings({ ...page, ...told }) : countDueMatches(page),
      ])
      if (found === undefined) break
      counted.links += found.links
      counted.warned += found.warned
      const isMuch = counted.links > bounds.most || counted.warned > bounds.most
      if (isMuch || performance.now() > until) return { ...counted, whole: false }
      after = found.last
    }
  return { ...counted, whole: true }
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
      atLeast: due.atLeast.has(kind),
    }
  })
}
