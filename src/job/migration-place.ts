/**
 * Where a tenant is in a run: moved, with the counters, in the transaction that moves the rows. Whoever moves it names the
 * place as they know it, so of two workers one goes on and what the other did is undone.
 */
import { type MigrationCounts, NO_COUNTS } from '../domain/key-migration.ts'
import { toInstant } from '../domain/time.ts'
import { inTransaction, type Transaction } from '../store/database.ts'
import {
  advanceProgress,
  countProgress,
  findProgress,
  holdMigration,
  updateMigrationProgress,
} from '../store/key-migration.ts'
import type { Step } from '../store/statement.ts'
import type { Batch, Walk } from './migration-walk.ts'

/** One tenant in one run, with what is remembered while this process is at it. */
export interface Visit {
  walk: Walk
  /** As the row has it: whoever moves it names it. */
  place: string
  counts: { processed: number; failed: number; purged: number }
  goOn: () => Promise<boolean>
}

/** Where a tenant is in a walk. */
export interface Place {
  attempt: number
  /** Name of a leg; or that none was begun, that owners are waited for, that all is done. */
  leg: string
  after: string
  /** Rows of this walk that failed, and rows that others were at. */
  failed: number
  locked: number
}

export const BEGIN = ''
export const WAITING = 'waiting'
export const DONE = 'done'
export const fresh = (attempt: number, leg = BEGIN): Place => ({
  ...{ attempt, leg, after: '', failed: 0, locked: 0 },
})

/** The run was paused or ended, or another worker moved the place first: what this one did is undone. */
export class WalkStopped extends Error {}

/** Rows, place and counters, in one transaction of two round trips. Throws {@link WalkStopped}. */
export async function writeBatch(visit: Visit, batch: Batch, from: Place): Promise<Place> {
  const { means, tenantId, run } = visit.walk
  const { version } = run
  return await inTransaction(means.db, tenantId, async (tx) => {
    // The place names what the rows come to, so it is moved twice: first to hold it, and the rows go with that.
    const { moved, failed, purged, locked, event } = await batch.write(
      async (step, beside) => await holdPlace(visit, tx, visit.place, step, beside),
    )
    const place: Place = {
      ...{ attempt: from.attempt, leg: from.leg, after: batch.last },
      ...{ failed: from.failed + failed, locked: from.locked + locked },
    }
    const nextPlace = JSON.stringify(place)
    const now = toInstant(means.clock())
    const counted = { ...NO_COUNTS, processed: moved, failed, purged, total: 0 }
    await tx.runLast([
      advanceProgress({ tenantId, version, place: visit.place, nextPlace, now }),
      countProgress({ tenantId, version, ...counted }),
      updateMigrationProgress({ version, ...counted, tenantsDone: 0 }),
      ...(event === undefined ? [] : [event]),
    ])
    return { place, nextPlace, counted }
  }).then(({ place, nextPlace, counted }) => {
    visit.place = nextPlace
    visit.counts.processed += counted.processed
    visit.counts.failed += counted.failed
    visit.counts.purged += counted.purged
    return place
  })
}

/**
 * Locks run and place as this process knows them, and runs the steps behind them in the same round trip. Throws
 * {@link WalkStopped} where either has moved on, which undoes them.
 */
async function holdPlace<Row>(
  visit: Visit,
  tx: Transaction,
  nextPlace: string,
  step: Step<Row>,
  beside: readonly Step<unknown>[] = [],
): Promise<Row[]> {
  const { means, tenantId, run } = visit.walk
  const { version, attempt } = run
  const now = toInstant(means.clock())
  const [held, [advanced], rows] = await tx.runAll([
    holdMigration({ version, attempt }),
    advanceProgress({ tenantId, version, place: visit.place, nextPlace, now }),
    step,
    ...beside,
  ])
  if (held.length === 0 || advanced?.changed !== 1) throw new WalkStopped()
  return rows
}

/** Sets the tenant's counters to what was found, and the run's by the difference. Throws {@link WalkStopped}. */
export async function settle(
  visit: Visit,
  place: Place,
  found: (purged: number) => MigrationCounts & { total: number },
): Promise<void> {
  const { means, tenantId, run } = visit.walk
  const { version } = run
  const nextPlace = JSON.stringify(place)
  await inTransaction(means.db, tenantId, async (tx) => {
    const [row] = await holdPlace(visit, tx, nextPlace, findProgress({ tenantId, version }))
    if (row === undefined) throw new WalkStopped()
    const now = found(row.records_purged)
    const difference = {
      processed: now.processed - row.records_processed,
      failed: now.failed - row.records_failed,
      skipped: now.skipped - row.records_skipped,
      purged: 0,
      total: now.total - row.records_total,
    }
    const tenantsDone = place.leg === DONE ? 1 : 0
    await tx.runLast([
      countProgress({ tenantId, version, ...difference }),
      updateMigrationProgress({ version, ...difference, tenantsDone }),
    ])
  })
  visit.place = nextPlace
}
