/** A receiver of events gets another address, other events, another secret, or is switched off. */
import { newEventSecret, openEventSecrets, sealEventSecrets } from '../crypto/event-secret.ts'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import type { AuditDetail } from '../domain/audit.ts'
import type { EventType } from '../domain/event.ts'
import { fail } from '../domain/failure.ts'
import type { SubscriptionId } from '../domain/ids.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction } from '../store/database.ts'
import {
  type EventSubscription,
  lockEventSubscription,
  readEventSubscription,
  updateEventSubscription,
} from '../store/event-subscription.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { checkEndpoint } from './event-settings.ts'

type Means = Pick<Deps, 'db' | 'clock' | 'keyring' | 'outbound'>

/** Members that are undefined stay as they are. */
export interface SubscriptionChange {
  endpoint?: string | undefined
  eventTypes?: readonly EventType[] | undefined
  enabled?: boolean | undefined
}

interface Rotated {
  subscription: EventSubscription
  secret: string | undefined
}

/** Returns it as it is then. Throws `admin_forbidden`, `not_found`, `invalid_request`, `outbound_refused`. */
export async function changeEventSubscription(
  means: Means,
  actor: AdminActor,
  slug: string,
  id: string,
  change: SubscriptionChange,
): Promise<EventSubscription> {
  const done = await apply(means, actor, slug, id, { change, secrets: 'keep' })
  return done.subscription
}

/** A new secret beside the newest one; an older one is over. Told this once. Throws `admin_forbidden`, `not_found`. */
export async function addEventSecret(
  means: Means,
  actor: AdminActor,
  slug: string,
  id: string,
): Promise<{ subscription: EventSubscription; secret: string }> {
  const { subscription, secret } = await apply(means, actor, slug, id, {
    ...{ change: {}, secrets: 'add' },
  })
  return secret === undefined ? fail({ kind: 'not_found' }) : { subscription, secret }
}

/** Only the newest secret counts from now on. Throws `admin_forbidden`, `not_found`. */
export async function endOldEventSecret(
  means: Means,
  actor: AdminActor,
  slug: string,
  id: string,
): Promise<void> {
  await apply(means, actor, slug, id, { change: {}, secrets: 'newest' })
}

async function apply(
  means: Means,
  actor: AdminActor,
  slug: string,
  text: string,
  wanted: { change: SubscriptionChange; secrets: 'keep' | 'add' | 'newest' },
): Promise<Rotated> {
  const { id: tenantId } = await findAdminTenant(means.db, actor, 'clients:manage', slug)
  const id = text as SubscriptionId
  const now = toInstant(means.clock())
  return await inTransaction(means.db, tenantId, async (tx) => {
    const [row] = await tx.run(lockEventSubscription({ tenantId, id }))
    if (row === undefined) return fail({ kind: 'not_found' })
    const known = readEventSubscription(row)
    const subscription: EventSubscription = {
      ...known,
      endpoint: wanted.change.endpoint ?? known.endpoint,
      eventTypes: [...new Set(wanted.change.eventTypes ?? known.eventTypes)],
      enabled: wanted.change.enabled ?? known.enabled,
      updatedAt: now,
    }
    checkEndpoint(means, subscription.delivery, subscription.endpoint)
    const secret = wanted.secrets === 'add' ? newEventSecret(known.delivery) : undefined
    const old = openEventSecrets(means.keyring, { tenantId, id }, row.sealed_secrets)
    const secrets = [
      ...(secret === undefined ? [] : [secret]),
      ...(wanted.secrets === 'keep' ? old : old.slice(0, 1)),
    ]
    const said = { actor: actor.id, subscription: id }
    const detail: AuditDetail =
      wanted.secrets === 'keep'
        ? { type: 'event_subscription_updated', ...said }
        : { type: 'event_secret_rotated', ...said, secrets: secrets.length }
    await tx.runLast([
      updateEventSubscription({
        ...{ tenantId, id, now },
        endpoint: subscription.endpoint ?? null,
        eventTypes: JSON.stringify(subscription.eventTypes),
        secrets: sealEventSecrets(means.keyring, { tenantId, id }, secrets),
        enabled: subscription.enabled ? 1 : 0,
      }),
      insertAuditEvent(tenantId, newId(), now, { detail, clientId: known.clientId }),
    ])
    return { subscription, secret }
  })
}
