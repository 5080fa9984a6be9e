/** Emergency: a key for tokens got away, and nothing it signed counts any more (protocols OP-91). */
import { newId } from '../crypto/random.ts'
import { makeTokenKey } from '../crypto/sealed-signing-key.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { TenantId } from '../domain/ids.ts'
import { type IsoInstant, toInstant } from '../domain/time.ts'
import type { TokenAlgorithm } from '../domain/token-algorithm.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read, type Transaction } from '../store/database.ts'
import {
  activateSigningKey,
  insertSigningKey,
  listSigningKeys,
  revokeAllGrants,
  removeSigningKey as writeRemoval,
} from '../store/signing-key.ts'
import { raiseRevision } from '../store/tenant.ts'
import { findAdminTenant } from './admin-tenant.ts'

type NewKey = Awaited<ReturnType<typeof makeTokenKey>>

/**
 * Takes the key out of the published set, destroys its private half and ends every login's tokens. If it was signing, the
 * waiting key takes over, or one made here: relying parties that cached the key set fetch it anew when they meet it. Other
 * instances follow within a second. Throws `admin_forbidden`, and `not_found` for a key that is retired or not for tokens.
 */
export async function removeSigningKey(
  deps: Pick<Deps, 'db' | 'keyring' | 'clock'> & Partial<Pick<Deps, 'tenants'>>,
  actor: AdminActor,
  slug: string,
  kid: string,
): Promise<void> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'keys:manage', slug)
  const [keys] = await read(deps.db, tenantId, [listSigningKeys({ tenantId })])
  const removed = keys.find((key) => key.kid === kid && key.purpose === 'token')
  if (removed === undefined) return fail({ kind: 'not_found' })
  const { algorithm } = removed
  // Made beforehand and outside the transaction: an RSA key takes a second.
  const spare = await makeTokenKey(deps.keyring, tenantId, algorithm)
  const now = toInstant(deps.clock())
  const remove = async (tx: Transaction): Promise<void> => {
    const [[was], [grants]] = await tx.runAll([
      writeRemoval({ tenantId, kid, now }),
      revokeAllGrants({ tenantId, now }),
      raiseRevision({ id: tenantId, now }),
    ])
    if (was === undefined) return fail({ kind: 'not_found' })
    if (was.was === 'active') await replace(tx, { tenantId, algorithm, spare, now })
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'signing_key_removed', actor: actor.id, kid, grants: grants?.changed ?? 0 },
      }),
    ])
  }
  // All of a tenant's grants are held for it, and any login may be in its way.
  await inTransaction(deps.db, tenantId, remove, { retries: 3 })
  deps.tenants?.forget(slug)
}

/** Somebody must sign: the key that waits, else the spare one. */
async function replace(
  tx: Transaction,
  to: { tenantId: TenantId; algorithm: TokenAlgorithm; spare: NewKey; now: IsoInstant },
): Promise<void> {
  const { tenantId, algorithm, spare, now } = to
  const [keys = []] = await tx.runAll([listSigningKeys({ tenantId })])
  const next = keys.find(
    (key) => key.purpose === 'token' && key.algorithm === algorithm && key.state === 'next',
  )
  await tx.run(
    next === undefined
      ? insertSigningKey({
          ...{ tenantId, ...spare, purpose: 'token', algorithm, state: 'active' },
          ...{ certificateChain: null, clientId: '', now },
        })
      : activateSigningKey({ tenantId, kid: next.kid, now }),
  )
}
