/** Ends a token of the administration at once. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { type AdminActor, requireScope } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import { toInstant } from '../domain/time.ts'
import { revokeAdminToken as endAdminToken, findAdminTokenById } from '../store/admin-token.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction } from '../store/database.ts'

/**
 * Returns when the token can no longer be used; one revoked before stays as it was. Throws `not_found` where the actor
 * sees no such token, `admin_forbidden` without the scope.
 */
export async function revokeAdminToken(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: AdminActor,
  id: string,
): Promise<void> {
  requireScope(actor, 'keys:manage')
  const now = toInstant(deps.clock())
  await inTransaction(deps.db, SYSTEM_TENANT, async (tx) => {
    const [row] = await tx.run(findAdminTokenById({ id }))
    if (row === undefined) return fail({ kind: 'not_found' })
    if (actor.forTenant !== undefined && actor.forTenant !== row.for_tenant) {
      return fail({ kind: 'not_found' })
    }
    const [ended] = await tx.run(endAdminToken({ id, now }))
    if (ended?.changed !== 1) return
    await tx.runLast([
      insertAuditEvent(SYSTEM_TENANT, newId(), now, {
        detail: { type: 'admin_token_revoked', actor: actor.id, token: id },
      }),
    ])
  })
}
