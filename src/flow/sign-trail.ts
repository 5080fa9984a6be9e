/** Signs where a tenant's audit trail stands, sends that away, and writes it down. */

import { genesisHash } from '../crypto/audit-chain.ts'
import {
  checkpointJwks,
  checkpointKid,
  readCheckpointKeys,
  signCheckpoint,
} from '../crypto/audit-checkpoint.ts'
import type { Deps } from '../deps.ts'
import {
  type CheckpointClaims,
  checkpointIsDue,
  TrailBroken,
  type TrailPlace,
} from '../domain/audit-trail.ts'
import type { TenantId } from '../domain/ids.ts'
import { fromInstant, type IsoInstant, toInstant } from '../domain/time.ts'
import { findNewestCheckpoint, findTrailHead, insertCheckpoint } from '../store/audit-trail.ts'
import { read, transact } from '../store/database.ts'
import { findTenantById } from '../store/tenant.ts'
import { findNewest, followTrail, startOf } from './follow-trail.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'checkpointPlaces'>

/**
 * Returns the checkpoint if one was due, after checking everything written since the one before: what is broken is not
 * signed. `start` moves the trail's beginning, for who is about to prune; `last` closes a trail; either is always due.
 * Throws {@link TrailBroken}, and what the places outside throw: then nothing is written down, and the next run tries again.
 */
export async function signTrail(
  means: Means,
  tenantId: TenantId,
  wish: { start?: TrailPlace; last?: true } = {},
): Promise<CheckpointClaims | undefined> {
  const { db, keyring, clock } = means
  const keys = readCheckpointKeys(checkpointJwks(keyring))
  const kid = checkpointKid(keyring)
  const [[head], [row], [tenant]] = await read(db, tenantId, [
    findTrailHead({ tenantId }),
    findNewestCheckpoint({ tenantId }),
    findTenantById({ id: tenantId }),
  ])
  if (head === undefined && row === undefined) return undefined
  const last = row === undefined ? undefined : { ...row, signedAt: fromInstant(row.created_at) }
  const asked = wish.start !== undefined || wish.last === true
  const due = checkpointIsDue(head ?? { seq: 0 }, last, { at: clock(), kid })
  // A head before the newest checkpoint is a fault, which the check below names.
  if (!asked && !due && (head?.seq ?? 0) >= (last?.seq ?? 0)) return undefined

  const newest = await findNewest(db, tenantId, { keys })
  const believed =
    newest === undefined || newest === 'unknown' || 'reason' in newest ? undefined : newest
  const from =
    believed === undefined ? undefined : { seq: believed.seq, rowHash: believed.row_hash }
  const { place, time, fault } = await followTrail(db, tenantId, { keys, from })
  if (fault !== undefined) throw new TrailBroken(fault)
  const unpruned = { seq: 0, rowHash: genesisHash(tenantId) }
  const start = wish.start ?? (believed === undefined ? unpruned : startOf(believed))
  const claims: CheckpointClaims = {
    ...{ v: 1, tenant: tenantId, seq: place.seq, row_hash: place.rowHash },
    ...{ start_seq: start.seq, start_hash: start.rowHash },
    event_at: time === '' ? (believed?.event_at ?? '') : time,
    signed_at: toInstant(clock()),
    ...(wish.last === true || hasEnded(tenant) ? { last: true } : {}),
  }
  await keepAndRecord(means, tenantId, claims, kid)
  return claims
}

function hasEnded(tenant: { ended_at: IsoInstant | null } | undefined): boolean {
  return tenant !== undefined && tenant.ended_at !== null
}

/** Outside first: what this database says was signed, others have. A crash in between leaves one more signature there. */
async function keepAndRecord(
  means: Means,
  tenantId: TenantId,
  claims: CheckpointClaims,
  kid: string,
): Promise<void> {
  const jws = signCheckpoint(means.keyring, claims)
  const { seq } = claims
  await means.checkpointPlaces.keep({ tenant: tenantId, seq, kid, jws })
  await transact(means.db, tenantId, [
    insertCheckpoint({
      ...{ tenantId, seq, rowHash: claims.row_hash, kid, jws, now: claims.signed_at as IsoInstant },
      ...{ startSeq: claims.start_seq, startHash: claims.start_hash },
    }),
  ])
}
