/** Tokens of an authorization server no longer count. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { deleteAuthorizationServer } from '../store/authorization-server.ts'
import { inTransaction } from '../store/database.ts'
import { raiseRevision } from '../store/tenant.ts'
import { findAdminTenant } from './admin-tenant.ts'

/** Here at once, on other instances within a second. Throws `admin_forbidden`, `not_found`. */
export async function distrustAuthorizationServer(
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
      deleteAuthorizationServer({ tenantId, id }),
    ])
    if (removed?.changed !== 1) fail({ kind: 'not_found' })
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'authorization_server_distrusted', actor: actor.id, server: id },
      }),
    ])
  })
  deps.tenants.forget(slug)
}
