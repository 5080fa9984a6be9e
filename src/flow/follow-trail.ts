/** Reads a tenant's audit trail row by row and holds it against its chain and its checkpoints. */
import { checkTrail, genesisHash } from '../crypto/audit-chain.ts'
import { type CheckpointKeys, readCheckpoint } from '../crypto/audit-checkpoint.ts'
import { JwsError } from '../crypto/jws.ts'
import type { Deps } from '../deps.ts'
import {
  type CheckpointClaims,
  isNewer,
  type TrailFault,
  type TrailPlace,
} from '../domain/audit-trail.ts'
import type { TenantId } from '../domain/ids.ts'
import { findNewestCheckpoint, listCheckpoints, readTrail } from '../store/audit-trail.ts'
import { read } from '../store/database.ts'

const BATCH = 1000

export interface TrailVerdict {
  /** Where the check began: events up to there were taken on trust, or are pruned. */
  from: TrailPlace
  /** Behind the last event that is as it must be. */
  place: TrailPlace
  /** When that event was written; empty where none was checked. */
  time: string
  /** How many events were checked. */
  events: number
  /** How many checkpoints agreed, and how many are of keys that were not at hand. */
  checkpoints: number
  unknown: number
  /** The first bad place; undefined for a whole trail. */
  fault: TrailFault | undefined
}

export interface Following {
  keys: CheckpointKeys
  /** Checkpoints from outside the database, of this tenant, their signatures verified. */
  witnessed?: readonly CheckpointClaims[]
  /** Begins here instead of at the trail's start: behind an event that was checked before. */
  from?: TrailPlace | undefined
  /** Told after each batch; false stops the check there. */
  onBatch?: (place: TrailPlace) => Promise<boolean>
}

/** What the newest checkpoint says, in the database or among the witnessed; `unknown` for one of a key not at hand. */
export async function findNewest(
  db: Deps['db'],
  tenantId: TenantId,
  { keys, witnessed = [] }: Pick<Following, 'keys' | 'witnessed'>,
): Promise<CheckpointClaims | 'unknown' | TrailFault | undefined> {
  const [[row]] = await read(db, tenantId, [findNewestCheckpoint({ tenantId })])
  const stored = row === undefined ? undefined : believe(row, keys)
  if (stored !== undefined && stored !== 'unknown' && 'reason' in stored) return stored
  let newest = stored
  for (const claims of witnessed)
    if (newest === undefined || newest === 'unknown' || isNewer(claims, newest)) newest = claims
  return newest
}

/**
 * Checks the trail from its start to its end. Bounded batches, each read for itself: events that are added meanwhile are
 * checked too, and nothing is locked.
 */
export async function followTrail(
  db: Deps['db'],
  tenantId: TenantId,
  following: Following,
): Promise<TrailVerdict> {
  const { keys, witnessed = [] } = following
  const nothing = { seq: 0, rowHash: genesisHash(tenantId) }
  const counts = { events: 0, checkpoints: 0, unknown: 0 }
  const newest = await findNewest(db, tenantId, following)
  if (newest !== undefined && newest !== 'unknown' && 'reason' in newest)
    return { from: nothing, place: nothing, time: '', ...counts, fault: newest }
  const known = newest === undefined || newest === 'unknown' ? [] : [newest]
  const start = known[0] === undefined ? nothing : startOf(known[0])
  const goesOn = following.from !== undefined && following.from.seq > start.seq
  const from = goesOn && following.from !== undefined ? following.from : start
  const check = checkTrail(tenantId, from)
  for (const claims of [...witnessed, ...known]) check.expect(claims)
  const end = (fault: TrailFault | undefined): TrailVerdict => {
    const { place, time } = check
    return { from, place, time, ...counts, fault }
  }
  const moved = goesOn ? await judgePlace(db, tenantId, from) : undefined
  if (moved !== undefined) return end(moved)
  for (;;) {
    const after = check.place.seq
    const [rows] = await read(db, tenantId, [readTrail({ tenantId, after, limit: BATCH })])
    const last = rows.at(-1)
    if (last === undefined) return end(check.end())
    const until = last.seq
    const [stored] = await read(db, tenantId, [listCheckpoints({ tenantId, after, until })])
    for (const row of stored) {
      const claims = believe(row, keys)
      if (claims === 'unknown') counts.unknown++
      else if ('reason' in claims) return end(claims)
      else {
        check.expect(claims)
        counts.checkpoints++
      }
    }
    for (const row of rows) {
      const fault = check.take(row)
      if (fault !== undefined) return end(fault)
      counts.events++
    }
    if ((await following.onBatch?.(check.place)) === false) return end(undefined)
  }
}

/** Where the trail begins, as the checkpoint says. */
export function startOf(claims: CheckpointClaims): TrailPlace {
  return { seq: claims.start_seq, rowHash: claims.start_hash }
}

/** What is wrong with the event that a check goes on behind: it is gone, or not the one it was. */
async function judgePlace(
  db: Deps['db'],
  tenantId: TenantId,
  { seq, rowHash }: TrailPlace,
): Promise<TrailFault | undefined> {
  const [[row]] = await read(db, tenantId, [readTrail({ tenantId, after: seq - 1, limit: 1 })])
  if (row === undefined) return { seq, reason: 'tail_missing' }
  if (row.seq !== seq) return { seq, reason: 'row_missing' }
  return row.row_hash === rowHash ? undefined : { seq, reason: 'not_as_signed' }
}

/** The claims of a stored checkpoint; a fault where its key did not sign it, or its columns say something else. */
function believe(
  row: { tenant_id: string; seq: number; row_hash: string; start_seq: number; jws: string },
  keys: CheckpointKeys,
): CheckpointClaims | 'unknown' | TrailFault {
  const forged = { seq: row.seq, reason: 'checkpoint_forged' } as const
  try {
    const claims = readCheckpoint(row.jws, keys)
    if (claims === undefined) return 'unknown'
    const same =
      claims.tenant === row.tenant_id &&
      claims.seq === row.seq &&
      claims.row_hash === row.row_hash &&
      claims.start_seq === row.start_seq
    return same ? claims : forged
  } catch (error) {
    if (error instanceof JwsError) return forged
    throw error
  }
}
