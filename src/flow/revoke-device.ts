/** A machine client takes a wallet from its person: the same as an unlink of that wallet. */
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { IdentityId, MatchId } from '../domain/ids.ts'
import type { MachineClient } from '../domain/machine.ts'
import { lockDataPersonForWriting } from '../store/data-person.ts'
import { inTransaction, type Transaction } from '../store/database.ts'
import { findAllBindings, findAllMatches } from '../store/person.ts'
import { answerOnce, type OnceRequest, type WriteAnswer } from './answer-once.ts'
import { type DataMeans, takeLocked } from './data-person.ts'
import { endLink } from './end-link.ts'
import { noteLines } from './erasure-ledger.ts'
import { liveBindings } from './identity-view.ts'
import type { PreparedTenant } from './tenants.ts'

/**
 * Answers 204 when no login is granted by that wallet any more. Throws `not_found` alike for an unknown person, a device
 * that is not theirs, one that is revoked already, and a match that is no wallet; and what {@link answerOnce} throws.
 */
export async function revokeDevice(
  means: DataMeans & Pick<Deps, 'config'>,
  prepared: PreparedTenant,
  client: MachineClient,
  request: { id: IdentityId; device: MatchId; once: OnceRequest },
): Promise<WriteAnswer> {
  const tenantId = prepared.tenant.id
  const { clientId } = client
  const answer: WriteAnswer = { status: 204 }
  return await answerOnce(means, prepared, client, request.once, async (settle) => {
    const work = async (tx: Transaction) => {
      const person = await takeLocked(tx, lockDataPersonForWriting({ tenantId, id: request.id }))
      const identityId = person.id
      const [matches, bindings] = await tx.runAll([
        findAllMatches({ tenantId, identityId }),
        findAllBindings({ tenantId, identityId }),
      ])
      const device = matches.find(({ id }) => id === request.device)
      if (device?.hash_key !== 'A' || device.deleted_at !== null) return fail({ kind: 'not_found' })
      // What else a wallet showed is none of its own: it is not in the list either.
      if (!liveBindings(bindings).some(({ matchId }) => matchId === device.id))
        return fail({ kind: 'not_found' })
      const link = { identityId, matchId: device.id, reason: 'ADMIN_REQUEST' } as const
      const before = (open: Transaction) => settle(open, answer)
      await endLink(means, tx, tenantId, { ...link, actor: 'machine-client', clientId, before })
    }
    await inTransaction(means.db, tenantId, work, { retries: 2 })
    await noteLines(means, tenantId)
    return answer
  })
}
