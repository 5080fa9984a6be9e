/** Is a tenant's audit trail what was written? From its start, against every checkpoint there is. */
import { checkpointJwks, readCheckpoint, readCheckpointKeys } from '../crypto/audit-checkpoint.ts'
import { JwsError } from '../crypto/jws.ts'
import type { Deps } from '../deps.ts'
import { type CheckpointClaims, TrailBroken } from '../domain/audit-trail.ts'
import type { TenantId } from '../domain/ids.ts'
import { followTrail } from './follow-trail.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'checkpointPlaces'>

/**
 * The daily check of the service itself: returns how many events were checked, undefined where `goOn` said to stop. Throws
 * {@link TrailBroken}; also where a checkpoint in a folder outside was not signed by the key it names.
 */
export async function verifyTrail(
  means: Means,
  tenantId: TenantId,
  goOn: () => Promise<boolean>,
): Promise<number | undefined> {
  const keys = readCheckpointKeys(checkpointJwks(means.keyring))
  const witnessed = means.checkpointPlaces.newest(tenantId).flatMap((jws): CheckpointClaims[] => {
    const claims = believe(jws, keys)
    return claims?.tenant === tenantId ? [claims] : []
  })
  let stopped = false
  const onBatch = async () => {
    stopped = !(await goOn())
    return !stopped
  }
  const { events, fault } = await followTrail(means.db, tenantId, { keys, witnessed, onBatch })
  if (fault !== undefined) throw new TrailBroken(fault)
  return stopped ? undefined : events
}

function believe(jws: string, keys: ReturnType<typeof readCheckpointKeys>) {
  try {
    return readCheckpoint(jws, keys)
  } catch (error) {
    if (error instanceof JwsError) throw new TrailBroken({ seq: 0, reason: 'checkpoint_forged' })
    throw error
  }
}
