/** A relying party's token contract is recorded anew, or dropped; both are an administrator's to say. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { ClientId } from '../domain/ids.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { beginContract, dropContract } from '../store/contract.ts'
import { inTransaction } from '../store/database.ts'
import { raiseRevision } from '../store/tenant.ts'
import { findAdminTenant } from './admin-tenant.ts'

/**
 * `record`: the next login makes the contract, in place of an earlier one; its `acr` may be any of those named, too. `drop`: there is none any more. Throws
 * `admin_forbidden`, `not_found`, also for dropping what is not there.
 */
export async function changeContract(
  deps: Pick<Deps, 'db' | 'clock'> & Partial<Pick<Deps, 'tenants'>>,
  actor: AdminActor,
  slug: string,
  clientId: ClientId,
  change: { record: { acr: readonly string[] } } | 'drop',
): Promise<void> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'clients:manage', slug)
  const now = toInstant(deps.clock())
  const names = { tenantId, clientId, now }
  const step =
    change === 'drop'
      ? dropContract(names)
      : beginContract({
          ...names,
          contract: JSON.stringify({ claims: [], acr: change.record.acr }),
        })
  await inTransaction(deps.db, tenantId, async (tx) => {
    const [, [changed]] = await tx.runAll([raiseRevision({ id: tenantId, now }), step])
    if (changed === undefined) return fail({ kind: 'not_found' })
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: {
          ...{ type: 'token_contract_changed', actor: actor.id },
          change: change === 'drop' ? 'dropped' : 'recording',
        },
        clientId,
      }),
    ])
  })
  deps.tenants?.forget(slug)
}
