/**
 * Brings what lies under an older version of a key to the one that is current, run by run and tenant by tenant, in bounded
 * batches. A tenant's place and its counters move in the transaction that moves the rows, so a batch is done once or not
 * at all, whoever dies; and a walk is followed by a count of what is where, until the two agree.
 */
import { currentVersion, readableVersions } from '../crypto/keyring.ts'
import { newId } from '../crypto/random.ts'
import { SYSTEM_TENANT, type TenantId } from '../domain/ids.ts'
import {
  endOf,
  isWhole,
  type MigrationCounts,
  type MigrationRun,
  NO_COUNTS,
  summarise,
  type VersionCount,
  waiting,
} from '../domain/key-migration.ts'
import { fromInstant, MINUTE, SECOND, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read, type Transaction, transact } from '../store/database.ts'
import {
  advanceProgress,
  completeMigration,
  countProgress,
  ensureProgress,
  findMigrationEnd,
  findProgress,
  holdMigration,
  listOpenMigrations,
  readMigration,
  updateMigrationProgress,
} from '../store/key-migration.ts'
import { countVersions } from '../store/key-versions.ts'
import type { Job, JobCounts } from './lease.ts'
import { isDue, legsOf, wantedOf } from './migration-plan.ts'
import type { Batch, Leg, MigrationMeans, Walk } from './migration-walk.ts'

const NAME = 'migrate-keys'
const EVERY = 5 * SECOND
/** How often those who may still come back are counted again. */
const LOOK_AGAIN = MINUTE
const RENEW_LEASE = 10 * SECOND
/** Walks one visit makes over what others had locked. */
const WALKS = 5

/** `batch`: how many rows at a time. A login that needs one of them waits for no more than one such transaction. */
export function migrateKeysJob(means: MigrationMeans, { batch = 500 } = {}): Job {
  return {
    name: NAME,
    next: (now) => now + EVERY,
    run: (_, tenant, keepLease) => migrateTenant({ means, batch }, tenant, keepLease),
  }
}

/** One tenant in one run, with what is remembered while this process is at it. */
interface Visit {
  walk: Walk
  /** As the row has it: whoever moves it names it. */
  place: string
  counts: { processed: number; failed: number; purged: number }
  goOn: () => Promise<boolean>
}

/** Where a tenant is in a walk. */
interface Place {
  attempt: number
  /** Name of a leg; or that none was begun, that owners are waited for, that all is done. */
  leg: string
  after: string
  /** Rows of this walk that failed, and rows that others were at. */
  failed: number
  locked: number
}

const BEGIN = ''
const WAITING = 'waiting'
const DONE = 'done'
const fresh = (attempt: number, leg = BEGIN): Place => ({
  ...{ attempt, leg, after: '', failed: 0, locked: 0 },
})

/** The run was paused or ended, or another worker moved the place first: what this one did is undone. */
class WalkStopped extends Error {}

async function migrateTenant(
  { means, batch }: Pick<Walk, 'means' | 'batch'>,
  tenantId: TenantId,
  keepLease: () => Promise<boolean>,
): Promise<JobCounts> {
  const counts = { processed: 0, failed: 0, purged: 0 }
  let renewed = means.clock()
  const goOn = async () => {
    if (means.clock() - renewed < RENEW_LEASE) return true
    renewed = means.clock()
    return await keepLease()
  }
  const [rows] = await read(means.db, tenantId, [listOpenMigrations({})])
  for (const run of rows.map(readMigration)) {
    const target = targetOf(means, run)
    if (target === undefined || !(await keepLease())) continue
    try {
      await visitTenant({ walk: { means, tenantId, run, target, batch }, place: '', counts, goOn })
    } catch (error) {
      if (!(error instanceof WalkStopped)) throw error
    }
    await endRun(means, run)
  }
  return counts
}

/**
 * The version this run brings everything to, as this process's keyring has it; undefined where the keyring is of another
 * step, and an instance that is further has to do it.
 */
function targetOf({ keyring }: MigrationMeans, run: MigrationRun): number | undefined {
  const current = currentVersion(keyring, run.key)
  if (run.direction === 'forward') return current === run.version ? current : undefined
  const canGoBack =
    current !== run.version && readableVersions(keyring, run.key).includes(run.version)
  return canGoBack ? current : undefined
}

async function visitTenant(visit: Visit): Promise<void> {
  const { means, tenantId, run } = visit.walk
  const { version } = run
  const now = toInstant(means.clock())
  const first = JSON.stringify(fresh(run.attempt))
  const [, [row]] = await transact(means.db, tenantId, [
    ensureProgress({ tenantId, version, place: first, now }),
    findProgress({ tenantId, version }),
  ])
  if (row === undefined) return
  visit.place = row.place
  let place = JSON.parse(row.place) as Place
  if (place.attempt !== run.attempt) place = fresh(run.attempt)
  if (place.leg === DONE) return
  const looked = means.clock() - fromInstant(row.updated_at) < LOOK_AGAIN
  if (place.leg === WAITING && looked && !isDue(visit.walk)) return
  for (let walks = 0; walks < WALKS; walks++) {
    if ((await walkOnce(visit, place)) !== 'again') return
    place = fresh(run.attempt)
  }
}

/** One walk from where it stands to its end, and the count behind it. */
async function walkOnce(visit: Visit, from: Place): Promise<'again' | 'ended' | 'stopped'> {
  const { walk } = visit
  const before = await countWalk(walk)
  const legs = legsOf(walk, before)
  const known = legs.findIndex(({ name }) => name === from.leg)
  let place = from
  if (known === -1) {
    place = fresh(walk.run.attempt, legs[0]?.name ?? BEGIN)
    await settle(visit, place, (purged) =>
      summarise(before, wantedOf(walk), { failed: 0, purged, ended: false }),
    )
  }
  for (const leg of legs.slice(Math.max(known, 0))) {
    if (leg.name !== place.leg) place = { ...place, leg: leg.name, after: '' }
    const ended = await walkLeg(visit, leg, place)
    if (ended === undefined) return 'stopped'
    place = ended
  }
  return await judgeWalk(visit, place)
}

function countWalk({ means, tenantId, run, target }: Walk): Promise<VersionCount[]> {
  return countVersions(means.db, tenantId, run.key, target)
}

/** Every batch of a leg; the next one is read and worked out while the one before is written. Undefined: told to stop. */
async function walkLeg(visit: Visit, leg: Leg, from: Place): Promise<Place | undefined> {
  let place = from
  let next = leg.prepare(place.after)
  try {
    for (;;) {
      const batch = await next
      if (batch === undefined) return place
      next = leg.prepare(batch.last)
      place = await writeBatch(visit, batch, place)
      if (!(await visit.goOn())) return undefined
    }
  } finally {
    // What was read ahead and is not needed any more must not fail behind our back.
    await Promise.allSettled([next])
  }
}

/** Rows, place and counters, in one transaction. */
async function writeBatch(visit: Visit, batch: Batch, from: Place): Promise<Place> {
  const { means, tenantId, run } = visit.walk
  const { version } = run
  return await inTransaction(means.db, tenantId, async (tx) => {
    // The place names what the rows come to, so it is moved twice: first to hold it.
    await holdPlace(visit, tx, visit.place)
    const { moved, failed, purged, locked, event } = await batch.write(tx)
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

/** Locks run and place as this process knows them. Throws {@link WalkStopped} where either has moved on. */
async function holdPlace(visit: Visit, tx: Transaction, nextPlace: string): Promise<void> {
  const { means, tenantId, run } = visit.walk
  const { version, attempt } = run
  const now = toInstant(means.clock())
  const [held, [advanced]] = await tx.runAll([
    holdMigration({ version, attempt }),
    advanceProgress({ tenantId, version, place: visit.place, nextPlace, now }),
  ])
  if (held.length === 0 || advanced?.changed !== 1) throw new WalkStopped()
}

/** What the walk left, against what it may leave. */
async function judgeWalk(visit: Visit, place: Place): Promise<'again' | 'ended'> {
  const { walk } = visit
  const counts = await countWalk(walk)
  const wanted = wantedOf(walk)
  const { failed } = place
  const again = place.locked > 0 || !isWhole(counts, wanted, failed)
  const waits = walk.run.direction === 'forward' && !isDue(walk) && waiting(counts, wanted) > 0
  const leg = again ? BEGIN : waits ? WAITING : DONE
  await settle(visit, fresh(walk.run.attempt, leg), (purged) =>
    summarise(counts, wanted, { failed, purged, ended: !again }),
  )
  return again ? 'again' : 'ended'
}

/** Sets the tenant's counters to what was found, and the run's by the difference. */
async function settle(
  visit: Visit,
  place: Place,
  found: (purged: number) => MigrationCounts & { total: number },
): Promise<void> {
  const { means, tenantId, run } = visit.walk
  const { version } = run
  const nextPlace = JSON.stringify(place)
  await inTransaction(means.db, tenantId, async (tx) => {
    await holdPlace(visit, tx, nextPlace)
    const [row] = await tx.run(findProgress({ tenantId, version }))
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

/** Ends the run once every tenant is done; the last one to finish does it, once. */
async function endRun(means: MigrationMeans, { version, key }: MigrationRun): Promise<void> {
  await inTransaction(means.db, SYSTEM_TENANT, async (tx) => {
    const [end] = await tx.run(findMigrationEnd({ version }))
    if (end === undefined) return
    const now = toInstant(means.clock())
    const { status, error } = endOf(end.direction, end.failed)
    const detail = {
      type: 'key_migration_ended',
      actor: NAME,
      version,
      key,
      outcome: status,
    } as const
    await tx.runLast([
      completeMigration({ version, status, error, now }),
      insertAuditEvent(SYSTEM_TENANT, newId(), now, { detail }),
    ])
  })
}
