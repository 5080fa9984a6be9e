/**
 * Login without a wallet: the person picks one of the tenant's providers on the login page, or the relying party has
 * picked one with `idp_hint`. The journey waits for no wallet any more, and the dispatcher sends the browser there.
 */
import { hashSecret } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { JourneyId } from '../domain/ids.ts'
import { type Journey, NOTHING_SHOWN, RETURN_TIME } from '../domain/journey.ts'
import { toInstant } from '../domain/time.ts'
import { read, transact } from '../store/database.ts'
import { chooseDirect, findJourney } from '../store/journey.ts'
import { readJourney } from '../store/journey-row.ts'
import { directProviders } from './begin-authorization.ts'
import { sealPresentation } from './journey-secrets.ts'
import type { PreparedTenant } from './tenants.ts'

/**
 * Journey started or retrieved → presented by the way `direct`. Nothing happens to one that is past that: the dispatcher
 * goes on with whatever was first. Returns the journey as it was. Throws `not_found` for a provider that is not offered and for a journey that is not
 * there, `journey_not_open` for another browser's.
 */
export async function chooseProvider(
  means: Pick<Deps, 'db' | 'keyring' | 'clock'>,
  prepared: PreparedTenant,
  id: JourneyId,
  browserId: string | undefined,
  providerSlug: string,
): Promise<Journey> {
  const tenantId = prepared.tenant.id
  const provider = directProviders(prepared).find(({ slug }) => slug === providerSlug)
  const [[row]] = await read(means.db, tenantId, [findJourney({ tenantId, id })])
  if (provider === undefined || row === undefined) return fail({ kind: 'not_found' })
  const now = means.clock()
  const journey = readJourney(row, now)
  if (browserId === undefined || hashSecret(browserId) !== journey.browserHash)
    return fail({ kind: 'journey_not_open' })
  if (journey.state !== 'started' && journey.state !== 'retrieved') return journey

  const place = { tenant: tenantId, journey: id }
  await transact(means.db, tenantId, [
    chooseDirect({
      ...{ tenantId, id, providerId: provider.id },
      presentation: sealPresentation(means.keyring, place, NOTHING_SHOWN),
      now: toInstant(now),
      // The next step is the browser's own, at once.
      expiresAt: toInstant(now + RETURN_TIME),
    }),
  ])
  return journey
}
