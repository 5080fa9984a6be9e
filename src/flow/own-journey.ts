/** A journey as its own browser may see it, and nobody else. */
import { hashSecret } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { JourneyId } from '../domain/ids.ts'
import type { Journey } from '../domain/journey.ts'
import { read } from '../store/database.ts'
import { findJourney } from '../store/journey.ts'
import { readJourney } from '../store/journey-row.ts'
import type { PreparedTenant } from './tenants.ts'

/** Reads it, if it is this browser's. Throws `not_found` for any other: another browser learns no more. */
export async function takeOwn(
  means: Pick<Deps, 'db' | 'clock'>,
  prepared: PreparedTenant,
  id: JourneyId,
  browserId: string | undefined,
): Promise<Journey> {
  const tenantId = prepared.tenant.id
  const [[row]] = await read(means.db, tenantId, [findJourney({ tenantId, id })])
  if (row === undefined || browserId === undefined || hashSecret(browserId) !== row.browser_hash)
    return fail({ kind: 'not_found' })
  return readJourney(row, means.clock())
}
