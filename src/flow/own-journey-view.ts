/** The journey of a person who looks after their own data, in the browser that proved it. */
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { JourneyId } from '../domain/ids.ts'
import type { Managing } from '../domain/journey.ts'
import { takeOwn } from './own-journey.ts'
import type { PreparedTenant } from './tenants.ts'

/** Throws `not_found` alike for none, another browser's, one past its time, and one of another purpose. */
export async function takeOwnJourney(
  means: Pick<Deps, 'db' | 'clock'>,
  prepared: PreparedTenant,
  id: JourneyId,
  browserId: string | undefined,
): Promise<Managing> {
  const journey = await takeOwn(means, prepared, id, browserId)
  return journey.state === 'managing' ? journey : fail({ kind: 'not_found' })
}
