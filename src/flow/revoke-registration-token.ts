/** An initial access token ends at once. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction } from '../store/database.ts'
import { deleteRegistrationToken } from '../store/registration-token.ts'
import { raiseRevision } from '../store/tenant.ts'
import { findAdminTenant } from './admin-tenant.ts'

/** Clients that were registered with it stay. Throws `admin_forbidden`, `not_found`. */
export async function revokeRegistrationToken(
  deps: Pick<Deps, 'db' | 'clock' | 'tenants'>,
  actor: AdminActor,
  slug: string,
  id: string,
): Promise<void> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'clients:manage', slug)
  const now = toInstant(deps.clock())
  await inTransaction(deps.db, tenantId, async (tx) => {
    const [, [removed]] = await tx.runAll([
      raiseRevision({ id: tenantId, now }),
      deleteRegistrationToken({ tenantId, id }),
    ])
    if (removed?.changed !== 1) fail({ kind: 'not_found' })
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'registration_token_revoked', actor: actor.id, token: id },
      }),
    ])
  })
  deps.tenants.forget(slug)
}
