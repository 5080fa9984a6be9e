/** The journey of a person who looks after their own data, in the browser that proved it. */
import { hashSecret } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { JourneyId } from '../domain/ids.ts'
import type { Managing } from '../domain/journey.ts'
import { read } from '../store/database.ts'
import { findJourney } from '../store/journey.ts'
import { readJourney } from '../store/journey-row.ts'
import type { PreparedTenant } from './tenants.ts'

/** Throws `not_found` alike for none, another browser's, one past its time, and one of another purpose. */
export async function takeOwnJourney(
  means: Pick<Deps, 'db' | 'clock'>,
  prepared: PreparedTenant,
  id: JourneyId,
  browserId: string | undefined,
): Promise<Managing> {
  const tenantId = prepared.tenant.id
  const [[row]] = await read(means.db, tenantId, [findJourney({ tenantId, id })])
  if (row === undefined || browserId === undefined || hashSecret(browserId) !== row.browser_hash)
    return fail({ kind: 'not_found' })
  const journey = readJourney(row, means.clock())
  return journey.state === 'managing' ? journey : fail({ kind: 'not_found' })
}
