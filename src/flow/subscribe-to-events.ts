/** Somebody begins to hear of events: a relying party, a machine client, or the tenant itself. */
import { newEventSecret, sealEventSecrets } from '../crypto/event-secret.ts'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import type { Delivery, EventType } from '../domain/event.ts'
import { fail } from '../domain/failure.ts'
import type { ClientId, SubscriptionId } from '../domain/ids.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction } from '../store/database.ts'
import {
  type EventSubscription,
  insertEventSubscription,
  listEventSubscriptions,
} from '../store/event-subscription.ts'
import { findRelyingParty } from '../store/relying-party.ts'
import { raiseRevision } from '../store/tenant.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { checkEndpoint } from './event-settings.ts'

const MOST = 100

export interface SubscriptionRequest {
  /** Undefined for the tenant itself. */
  clientId: ClientId | undefined
  delivery: Delivery
  endpoint: string | undefined
  /** Undefined: the client id, or the subscription's own id. */
  audience: string | undefined
  eventTypes: readonly EventType[]
}

/**
 * Returns the subscription and its secret, which is told this once. Throws `admin_forbidden`, `not_found` for the tenant,
 * `invalid_request` where endpoint and delivery do not fit or the client is unknown, `outbound_refused` for an endpoint
 * that is never asked, `conflict` beyond a hundred.
 */
export async function subscribeToEvents(
  deps: Pick<Deps, 'db' | 'clock' | 'keyring' | 'outbound'>,
  actor: AdminActor,
  slug: string,
  request: SubscriptionRequest,
): Promise<{ subscription: EventSubscription; secret: string }> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'clients:manage', slug)
  const { clientId, delivery, endpoint } = request
  checkEndpoint(deps, delivery, endpoint)
  const id = newId() as SubscriptionId
  const now = toInstant(deps.clock())
  const secret = newEventSecret(delivery)
  const eventTypes = [...new Set(request.eventTypes)]
  const subscription: EventSubscription = {
    ...{ id, clientId, delivery, endpoint, eventTypes, enabled: true },
    audience: request.audience ?? clientId ?? id,
    ...{ createdAt: now, updatedAt: now },
  }
  await inTransaction(deps.db, tenantId, async (tx) => {
    // Holds the tenant's row: of two who come at once one counts the other's.
    const [, known] = await tx.runAll([
      raiseRevision({ id: tenantId, now }),
      listEventSubscriptions({ tenantId }),
    ])
    if (known.length >= MOST) fail({ kind: 'conflict', detail: 'there are a hundred already' })
    if (clientId !== undefined) {
      const [client] = await tx.run(findRelyingParty({ tenantId, clientId }))
      if (client === undefined) fail({ kind: 'invalid_request', detail: 'client_id: unknown' })
    }
    await tx.runLast([
      insertEventSubscription({
        ...{ tenantId, id, delivery, now, audience: subscription.audience },
        ...{ clientId: clientId ?? null, endpoint: endpoint ?? null },
        eventTypes: JSON.stringify(eventTypes),
        secrets: sealEventSecrets(deps.keyring, { tenantId, id }, [secret]),
      }),
      insertAuditEvent(tenantId, newId(), now, {
        detail: {
          ...{ type: 'event_subscription_created', actor: actor.id },
          ...{ subscription: id, delivery },
        },
        clientId,
      }),
    ])
  })
  return { subscription, secret }
}
