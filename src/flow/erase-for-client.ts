/** A machine client with the right to erase takes a person out of the bridge. */
import type { Deps } from '../deps.ts'
import type { ErasureGround } from '../domain/erasure.ts'
import type { IdentityId } from '../domain/ids.ts'
import type { MachineClient } from '../domain/machine.ts'
import { inTransaction } from '../store/database.ts'
import { answerOnce, type OnceRequest, type WriteAnswer } from './answer-once.ts'
import { erasePerson } from './record-erasure.ts'
import type { PreparedTenant } from './tenants.ts'

/**
 * Answers with the receipt when nothing reaches the person any more; a repeat has the same receipt, with or without an
 * Idempotency-Key. The answer is kept after the erasure, not with it: an attempt that died between is simply repeated.
 * Throws `not_found` for nobody, `conflict` where the tenant has no key to sign with, and what {@link answerOnce} throws.
 */
export async function eraseForClient(
  means: Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>,
  prepared: PreparedTenant,
  client: MachineClient,
  request: { identityId: IdentityId; ground: ErasureGround; once: OnceRequest },
): Promise<WriteAnswer> {
  const { identityId, ground, once } = request
  const { tenant } = prepared
  return await answerOnce(means, prepared, client, once, async (settle) => {
    const view = await erasePerson(means, tenant, 'machine-client', { identityId, ground })
    const body = { id: view.id, erased_at: view.erasedAt, receipt: view.receipt }
    const answer: WriteAnswer = { status: 200, body }
    await inTransaction(means.db, tenant.id, (tx) => settle(tx, answer))
    return answer
  })
}
