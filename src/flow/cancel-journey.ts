/** The person changes their mind on the login page; the relying party hears `access_denied`. */

import { hashSecret, newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { JourneyId } from '../domain/ids.ts'
import type { Journey } from '../domain/journey.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read } from '../store/database.ts'
import { failJourney, findJourney } from '../store/journey.ts'
import { readJourney } from '../store/journey-row.ts'
import { type ErrorReturn, errorReturn } from './error-return.ts'
import type { PreparedTenant } from './tenants.ts'

/**
 * Ends the journey and gives the way back; `tooLate` when it has ended in a code meanwhile, which no button takes back.
 * Throws `not_found`, or `journey_not_open` for another browser's journey.
 */
export async function cancelJourney(
  means: Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>,
  prepared: PreparedTenant,
  id: JourneyId,
  browserId: string | undefined,
): Promise<ErrorReturn & { journey: Journey; tooLate: boolean }> {
  const tenantId = prepared.tenant.id
  const [[row]] = await read(means.db, tenantId, [findJourney({ tenantId, id })])
  if (row === undefined) return fail({ kind: 'not_found' })
  const journey = readJourney(row, means.clock())
  if (browserId === undefined || hashSecret(browserId) !== journey.browserHash)
    return fail({ kind: 'journey_not_open' })
  const now = toInstant(means.clock())
  const tooLate = await inTransaction(means.db, tenantId, async (tx) => {
    const [moved] = await tx.run(failJourney({ tenantId, id, failure: 'cancelled', now }))
    if (moved?.changed !== 1) {
      const [ended] = await tx.run(findJourney({ tenantId, id }))
      return ended?.state === 'granted'
    }
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'login_refused', reason: 'cancelled' },
        correlationId: journey.correlationId,
        clientId: journey.clientId,
      }),
    ])
    return false
  })
  if (!tooLate) means.metrics.outcome('login', 'cancelled')
  return { ...errorReturn(means.keyring, prepared, journey), journey, tooLate }
}
