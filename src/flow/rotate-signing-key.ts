/** An administrator has the next key for tokens published before its time; the job does the rest. */
import { newId } from '../crypto/random.ts'
import { makeTokenKey } from '../crypto/sealed-signing-key.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import { toInstant } from '../domain/time.ts'
import type { TokenAlgorithm } from '../domain/token-algorithm.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction } from '../store/database.ts'
import { publishNextKey } from '../store/signing-key.ts'
import { raiseRevision } from '../store/tenant.ts'
import { findAdminTenant } from './admin-tenant.ts'

/**
 * Returns the `kid` of the key that is published now and signs from a day later on (protocols OP-90). Throws
 * `admin_forbidden`, `not_found`, and `conflict` when one is waiting already.
 */
export async function rotateSigningKey(
  deps: Pick<Deps, 'db' | 'keyring' | 'clock'>,
  actor: AdminActor,
  slug: string,
  algorithm: TokenAlgorithm,
): Promise<string> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'keys:manage', slug)
  const made = await makeTokenKey(deps.keyring, tenantId, algorithm)
  const now = toInstant(deps.clock())
  await inTransaction(deps.db, tenantId, async (tx) => {
    const published = await tx.run(publishNextKey({ tenantId, algorithm, ...made, now }))
    if (published.length === 0)
      fail({ kind: 'conflict', detail: 'a next key is published already' })
    await tx.runLast([
      raiseRevision({ id: tenantId, now }),
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'signing_key_created', actor: actor.id, purpose: 'token', algorithm },
      }),
    ])
  })
  return made.kid
}
