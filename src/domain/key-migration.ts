/**
 * Key migrations: what a run is asked for, where it stands, and what may be done with it. A run brings everything under
 * one key to the version that is current; rows of A can only be brought there by their owners, who come back or do not.
 */
import { z } from 'zod'
import { fail } from './failure.ts'
import type { IsoInstant } from './time.ts'

export type KeyName = 'A' | 'B' | 'C'
export type Direction = 'forward' | 'back'
export type RunStatus = 'IN_PROGRESS' | 'COMPLETED' | 'FAILED' | 'ROLLED_BACK'

/** What becomes of hashes whose owners have not come back when the deadline passes. */
export const STRAGGLERS = ['keep', 'nest', 'purge'] as const
export type Stragglers = (typeof STRAGGLERS)[number]

/** Who was away for as long as this may be purged, and nobody who was here since. */
export const FEWEST_INACTIVE_DAYS = 90
export const INACTIVE_DAYS = 730

/** What a run does, as it stands in its row: names, versions and check values, and never a key (CR-36). */
export const MigrationSnapshot = z.strictObject({
  key: z.enum(['A', 'B', 'C']),
  version: z.int(),
  stragglers: z.enum(STRAGGLERS),
  deadline: z.string(),
  inactive_days: z.int(),
  keyring: z.array(
    z.strictObject({
      key: z.enum(['A', 'B', 'C']),
      version: z.int(),
      state: z.string(),
      check_value: z.string(),
      outer: z.int().optional(),
      inner: z.int().optional(),
    }),
  ),
})
export type MigrationSnapshot = z.infer<typeof MigrationSnapshot> & { deadline: IsoInstant }

/** The four sum to the total when a run has ended, and to what was looked at while it goes on. */
export interface MigrationCounts {
  /** Under the wanted version. */
  processed: number
  /** Could not be brought there: what they hang on does not open, or is not what it says. */
  failed: number
  /** Left under an older version: their owner may still come. */
  skipped: number
  purged: number
}

export const NO_COUNTS: MigrationCounts = { processed: 0, failed: 0, skipped: 0, purged: 0 }

/** A run as its row tells it. */
export interface MigrationRun {
  version: number
  key: KeyName
  status: RunStatus
  direction: Direction
  attempt: number
  paused: boolean
  snapshot: MigrationSnapshot
  counts: MigrationCounts
  total: number
  createdAt: IsoInstant
  completedAt: IsoInstant | undefined
  error: string | undefined
}

export type RunChange = 'pause' | 'resume' | 'cancel' | 'rollback'

/**
 * Returns when a run may be changed like this. Throws `conflict` otherwise: what has ended stays ended, but for a run that
 * failed or was cancelled, which goes on under its own number, and one that may still be rolled back.
 */
export function requireChangeable(run: MigrationRun, change: RunChange): void {
  const open = run.status === 'IN_PROGRESS'
  const may = {
    pause: open && !run.paused,
    resume: (open && run.paused) || run.status === 'FAILED',
    cancel: open,
    rollback: run.status !== 'ROLLED_BACK' && run.direction === 'forward',
  }[change]
  if (!may) fail({ kind: 'conflict', detail: `the run is ${describeRun(run)}` })
}

/** One word for where a run stands. */
export type RunWord = 'running' | 'paused' | 'rolling_back' | 'completed' | 'failed' | 'rolled_back'

const ENDED = { COMPLETED: 'completed', FAILED: 'failed', ROLLED_BACK: 'rolled_back' } as const

export function describeRun({ status, paused, direction }: MigrationRun): RunWord {
  if (status !== 'IN_PROGRESS') return ENDED[status]
  if (paused) return 'paused'
  return direction === 'back' ? 'rolling_back' : 'running'
}

/** How a run ends once every tenant is done: with rows that failed it has failed, and can be resumed. */
export function endOf(
  direction: Direction,
  failed: number,
): { status: Exclude<RunStatus, 'IN_PROGRESS'>; error: string | null } {
  if (failed > 0) return { status: 'FAILED', error: 'records_failed' }
  return { status: direction === 'back' ? 'ROLLED_BACK' : 'COMPLETED', error: null }
}

/** How many rows are under which version of a key, by what they are. */
export interface VersionCount {
  /** Table, or table and column where it is not the row as a whole. */
  part: string
  version: number
  count: number
}

/** What counts as being there, and what may stay behind. */
export interface Wanted {
  target: ReadonlySet<number>
  /** Whether rows of this part and version stay until their owners come, or the deadline passes. */
  mayWait: (row: VersionCount) => boolean
}

/** Rows that are not there yet. */
export function behind(counts: readonly VersionCount[], { target }: Wanted): VersionCount[] {
  return counts.filter(({ version, count }) => !target.has(version) && count > 0)
}

/**
 * Whether a walk left nothing but what it may leave: rows that wait, and rows it said have failed. More than that was
 * written meanwhile, and another walk has to look.
 */
export function isWhole(counts: readonly VersionCount[], wanted: Wanted, failed: number): boolean {
  return sum(behind(counts, wanted).filter((row) => !wanted.mayWait(row))) <= failed
}

/** Rows that wait for their owners. */
export function waiting(counts: readonly VersionCount[], wanted: Wanted): number {
  return sum(behind(counts, wanted).filter(wanted.mayWait))
}

/** Rows of a part that were found not to be what they say. */
export interface WrongCount {
  part: string
  count: number
}

/** The version of a row that is under none. */
const NOWHERE = -1

/** The count with these rows taken from the wanted versions: they are not there, whatever they say. */
export function takeWrong(
  counts: readonly VersionCount[],
  { target }: Pick<Wanted, 'target'>,
  wrong: readonly WrongCount[],
): VersionCount[] {
  const left = new Map(wrong.map(({ part, count }) => [part, count]))
  const taken = counts.map((row) => {
    const some = target.has(row.version) ? Math.min(row.count, left.get(row.part) ?? 0) : 0
    left.set(row.part, (left.get(row.part) ?? 0) - some)
    return { ...row, count: row.count - some }
  })
  return [...taken, ...wrong.map((row) => ({ ...row, version: NOWHERE }))]
}

/** The counters that a count of the rows gives; with `ended`, whatever is not there and has not failed was left. */
export function summarise(
  counts: readonly VersionCount[],
  wanted: Wanted,
  so: { failed: number; purged: number; ended: boolean },
): MigrationCounts & { total: number } {
  const all = sum(counts)
  const processed = all - sum(behind(counts, wanted))
  const skipped = so.ended ? Math.max(0, all - processed - so.failed) : waiting(counts, wanted)
  return { processed, failed: so.failed, skipped, purged: so.purged, total: all + so.purged }
}

function sum(counts: readonly VersionCount[]): number {
  return counts.reduce((total, { count }) => total + count, 0)
}
