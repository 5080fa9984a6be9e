/** An event that was delivered, or given up, is offered once more. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { EventId } from '../domain/ids.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction } from '../store/database.ts'
import { replayOutboxEvent } from '../store/outbox-delivery.ts'
import { findAdminTenant } from './admin-tenant.ts'

/** Under the same id, so that a receiver who had it knows. Throws `admin_forbidden`, `not_found` also for one that waits still. */
export async function replayEvent(
  means: Pick<Deps, 'db' | 'clock'>,
  actor: AdminActor,
  slug: string,
  text: string,
): Promise<void> {
  const { id: tenantId } = await findAdminTenant(means.db, actor, 'clients:manage', slug)
  const id = text as EventId
  const now = toInstant(means.clock())
  await inTransaction(means.db, tenantId, async (tx) => {
    const [row] = await tx.run(replayOutboxEvent({ tenantId, id, now }))
    if (row === undefined) return fail({ kind: 'not_found' })
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'event_replayed', actor: actor.id, event: id },
      }),
    ])
  })
}
