/** A receiver hears of nothing any more, and what waited for it is gone. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { SubscriptionId } from '../domain/ids.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction } from '../store/database.ts'
import { deleteEventSubscription } from '../store/event-subscription.ts'
import { findAdminTenant } from './admin-tenant.ts'

/** Throws `admin_forbidden`, `not_found`. */
export async function endEventSubscription(
  means: Pick<Deps, 'db' | 'clock'>,
  actor: AdminActor,
  slug: string,
  text: string,
): Promise<void> {
  const { id: tenantId } = await findAdminTenant(means.db, actor, 'clients:manage', slug)
  const id = text as SubscriptionId
  const now = toInstant(means.clock())
  await inTransaction(means.db, tenantId, async (tx) => {
    const [removed] = await tx.run(deleteEventSubscription({ tenantId, id }))
    if (removed?.changed !== 1) fail({ kind: 'not_found' })
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'event_subscription_removed', actor: actor.id, subscription: id },
      }),
    ])
  })
}
