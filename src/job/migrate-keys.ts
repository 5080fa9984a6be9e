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
  type MigrationRun,
  summarise,
  takeWrong,
  type VersionCount,
  waiting,
} from '../domain/key-migration.ts'
import { fromInstant, MINUTE, SECOND, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read, transact } from '../store/database.ts'
import {
  completeMigration,
  ensureProgress,
  findMigrationEnd,
  findProgress,
  listOpenMigrations,
  readMigration,
} from '../store/key-migration.ts'
import { countVersions } from '../store/key-versions.ts'
import type { Job, JobCounts } from './lease.ts'
import {
  BEGIN,
  DONE,
  fresh,
  type Place,
  settle,
  type Visit,
  WAITING,
  WalkStopped,
  writeBatch,
} from './migration-place.ts'
import { isDue, legsOf, wantedOf } from './migration-plan.ts'
import { countWrong } from './migration-proof.ts'
import { batchesOf, type Leg, type MigrationMeans, type Walk } from './migration-walk.ts'

const NAME = 'migrate-keys'
const EVERY = 5 * SECOND
/** How often those who may still come back are counted again. */
const LOOK_AGAIN = MINUTE
const RENEW_LEASE = 10 * SECOND
/** Walks one visit makes over what others had locked. */
const WALKS = 5

/** Rows at a time: a login that needs one of them waits for no more than one such transaction. */
export const BATCH = 500

/** `batch`: how many rows at a time. `renewEvery`: after how many milliseconds it asks whether the lease is still its own. */
export function migrateKeysJob(
  means: MigrationMeans,
  { batch = BATCH, renewEvery = RENEW_LEASE } = {},
): Job {
  return {
    name: NAME,
    next: (now) => now + EVERY,
    // A run ends when every tenant there is was walked; of one that ended hardly anything is left.
    alsoEnded: true,
    run: (_, tenant, keepLease) => migrateTenant({ means, batch, renewEvery }, tenant, keepLease),
  }
}

async function migrateTenant(
  { means, batch, renewEvery }: Pick<Walk, 'means' | 'batch'> & { renewEvery: number },
  tenantId: TenantId,
  keepLease: () => Promise<boolean>,
): Promise<JobCounts> {
  const counts = { processed: 0, failed: 0, purged: 0 }
  let renewed = means.clock()
  const goOn = async () => {
    if (means.clock() - renewed < renewEvery) return true
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

/** Every batch of a leg; the next one is worked out while the one before is written. Undefined: told to stop. */
async function walkLeg(visit: Visit, leg: Leg, from: Place): Promise<Place | undefined> {
  let place = from
  const take = batchesOf(leg, place.after)
  let next = take()
  try {
    for (;;) {
      const batch = await next
      if (batch === undefined) return place
      if (!(await visit.goOn())) return undefined
      next = take()
      next.catch(() => undefined) // it is awaited once this batch is written; until then it may fail unheard
      place = await writeBatch(visit, batch, place)
    }
  } finally {
    // What was read ahead and is not needed any more must not fail behind our back.
    await Promise.allSettled([next])
  }
}

/** What the walk left, against what it may leave; at the end some of what it brought there is looked at too. */
async function judgeWalk(visit: Visit, place: Place): Promise<'again' | 'ended'> {
  const { walk } = visit
  const counts = await countWalk(walk)
  const wanted = wantedOf(walk)
  const { failed } = place
  const again = place.locked > 0 || !isWhole(counts, wanted, failed)
  const waits = walk.run.direction === 'forward' && !isDue(walk) && waiting(counts, wanted) > 0
  const leg = again ? BEGIN : waits ? WAITING : DONE
  const wrong = leg === DONE ? await countWrong(walk, counts) : []
  const found = takeWrong(counts, wanted, wrong)
  const lost = failed + wrong.reduce((sum, { count }) => sum + count, 0)
  await settle(visit, fresh(walk.run.attempt, leg), (purged) =>
    summarise(found, wanted, { failed: lost, purged, ended: !again }),
  )
  return again ? 'again' : 'ended'
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
