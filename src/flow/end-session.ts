/** The person looks at their single-sign-on session, and ends it. */
import { hashSecret } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { SIGN_ON_IDLE_TIME } from '../domain/journey.ts'
import { MINUTE, toInstant } from '../domain/time.ts'
import { read } from '../store/database.ts'
import { countSignOn } from '../store/single-sign-on.ts'
import { recordLogout } from './record-logout.ts'
import type { PreparedTenant } from './tenants.ts'

/** Whether this browser would be logged in without being asked. */
export async function hasSession(
  means: Pick<Deps, 'db' | 'clock'>,
  { tenant }: PreparedTenant,
  browserId: string | undefined,
): Promise<boolean> {
  if (browserId === undefined) return false
  const now = means.clock()
  const [[row]] = await read(means.db, tenant.id, [
    countSignOn({
      ...{ tenantId: tenant.id, browserHash: hashSecret(browserId) },
      startedAfter: toInstant(now - tenant.singleSignOnMinutes * MINUTE),
      usedAfter: toInstant(now - SIGN_ON_IDLE_TIME),
    }),
  ])
  return (row?.count ?? 0) > 0
}

/** Ends the browser's session at this tenant; relying parties that want to know are told. Ending none is no fault. */
export async function endSession(
  means: Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>,
  prepared: PreparedTenant,
  browserId: string | undefined,
): Promise<void> {
  if (browserId !== undefined) await recordLogout(means, prepared, browserId)
}
