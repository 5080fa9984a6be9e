/** A person reads everything that is held about them. */
import type { Deps } from '../deps.ts'
import type { JourneyId } from '../domain/ids.ts'
import { takeOwnJourney } from './own-journey-view.ts'
import { exportPerson, type PersonExport } from './person-export.ts'
import type { PreparedTenant } from './tenants.ts'

/** What an administrator's export holds. Throws `not_found` as {@link takeOwnJourney} does. */
export async function readOwnData(
  means: Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>,
  prepared: PreparedTenant,
  id: JourneyId,
  browserId: string | undefined,
): Promise<{ language: 'en' | 'nl'; data: PersonExport }> {
  const { identityId, language } = await takeOwnJourney(means, prepared, id, browserId)
  return { language, data: await exportPerson(means, prepared.tenant, 'person', identityId) }
}
