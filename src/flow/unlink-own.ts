/** A person ends one of their own links: a wallet they lost, an account they left. */
import type { Deps } from '../deps.ts'
import type { JourneyId, MatchId } from '../domain/ids.ts'
import { inTransaction, type Transaction } from '../store/database.ts'
import { endLink } from './end-link.ts'
import { noteLines } from './erasure-ledger.ts'
import { takeOwnJourney } from './own-journey-view.ts'
import type { PreparedTenant } from './tenants.ts'

/** As an administrator's unlink; throws `not_found` also as {@link takeOwnJourney} does. */
export async function unlinkOwn(
  means: Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>,
  prepared: PreparedTenant,
  asked: { id: JourneyId; browserId: string | undefined; matchId: MatchId },
): Promise<void> {
  const { id, browserId, matchId } = asked
  const { identityId } = await takeOwnJourney(means, prepared, id, browserId)
  const tenantId = prepared.tenant.id
  const ended = { identityId, matchId, reason: 'USER_UNLINK', actor: 'person' } as const
  const work = (tx: Transaction) => endLink(means, tx, tenantId, ended)
  await inTransaction(means.db, tenantId, work, { retries: 2 })
  await noteLines(means, tenantId)
}
