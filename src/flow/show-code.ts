/**
 * The QR code of a login: made when it is first looked at, so a login that needs none has none, and made anew every half
 * minute until a wallet has fetched its request. A picture of it that somebody passes on is soon worth nothing (VP-133).
 */
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { JourneyId } from '../domain/ids.ts'
import { CODE_SHOWN_TIME, crossDeviceEnd, mayShowCode } from '../domain/journey.ts'
import { linkFor } from './journey-signer.ts'
import { newLink, renewQuestions } from './renew-questions.ts'
import type { PreparedTenant } from './tenants.ts'

/**
 * What the QR code says now. The one before is dead as soon as this one is there. Throws `not_found` where there is none to
 * show (any more): the tenant wants none, the person asks for their own data, the two minutes are over, or another browser asks.
 */
export async function showCode(
  means: Pick<Deps, 'db' | 'keyring' | 'clock'>,
  prepared: PreparedTenant,
  id: JourneyId,
  browserId: string | undefined,
): Promise<string> {
  const now = means.clock()
  const { journey, secrets } = await renewQuestions(
    ...([means, prepared, id, browserId] as const),
    (known, { state, createdAt, purpose }) => {
      if (!mayShowCode(prepared.tenant, purpose)) return fail({ kind: 'not_found' })
      if (crossDeviceEnd(createdAt) <= now) return known
      const { crossDevice } = known
      // A wallet that has the request keeps it: its person is being asked.
      const stays =
        crossDevice !== undefined &&
        (state === 'retrieved' || now < crossDevice.madeAt + CODE_SHOWN_TIME)
      return stays ? known : { ...known, crossDevice: { ...newLink(), madeAt: now } }
    },
  )
  if (secrets.crossDevice === undefined || crossDeviceEnd(journey.createdAt) <= now)
    return fail({ kind: 'not_found' })
  return linkFor(prepared, journey.requestKid, secrets, secrets.crossDevice)
}
