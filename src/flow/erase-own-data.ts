/** A person erases everything that is held about them. */
import type { Deps } from '../deps.ts'
import type { JourneyId } from '../domain/ids.ts'
import { takeOwnJourney } from './own-journey-view.ts'
import { type ErasureView, erasePerson } from './record-erasure.ts'
import type { PreparedTenant } from './tenants.ts'

/**
 * The receipt. The journey that proved who asks goes with everything else, so a repeat finds nothing. Throws `not_found` as
 * {@link takeOwnJourney} does, and `conflict` where the tenant has no key to sign with.
 */
export async function eraseOwnData(
  means: Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>,
  prepared: PreparedTenant,
  id: JourneyId,
  browserId: string | undefined,
): Promise<ErasureView & { language: 'en' | 'nl' }> {
  const { identityId, language } = await takeOwnJourney(means, prepared, id, browserId)
  const request = { identityId, ground: 'consent_withdrawn' } as const
  return { ...(await erasePerson(means, prepared.tenant, 'person', request)), language }
}
