/** Events on their way to two receivers, and workers that are killed while they deliver them. */
import { randomInt } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { decodeJwt } from 'jose'
import { outboxRows } from '../../src/crypto/outbox-event.ts'
import type { TenantId } from '../../src/domain/ids.ts'
import { toInstant } from '../../src/domain/time.ts'
import { subscribeToEvents } from '../../src/flow/subscribe-to-events.ts'
import { inTransaction } from '../../src/store/database.ts'
import { findReceivers, insertOutbox } from '../../src/store/outbox.ts'
import { type EventReceiver, startReceiver } from '../events/receiver.ts'
import { newPerson, type Person, rowsOf } from '../people/people.ts'
import { ACTOR, type Bridge } from '../support/bridge.ts'
import { killInTurn } from './workers.ts'

/** So many events for each of a webhook and a receiver of Security Event Tokens, as a flow writes them, one a millisecond. */
async function fill(bridge: Bridge, person: Person, events: number): Promise<void> {
  const { deps, tenant } = bridge
  const tenantId = (await deps.tenants.find(tenant.slug))?.tenant.id as TenantId
  const start = bridge.clock.now() - events
  await inTransaction(deps.db, tenantId, async (tx) => {
    for (let index = 0; index < events; index++) {
      const event = { type: 'binding_updated' } as const
      const receivers = await tx.run(findReceivers({ tenantId, people: [person.id], ...event }))
      const now = toInstant(start + index)
      await tx.run(insertOutbox(outboxRows(deps.keyring, tenantId, event, receivers, now)))
    }
  })
}

/** Once so many events came, more or less, and somebody has one in hand. */
async function inTheMiddle(receivers: readonly EventReceiver[], share: number): Promise<void> {
  const count = () => receivers.reduce((sum, { received }) => sum + received.length, 0)
  const enough = count() + randomInt(1, Math.max(2, Math.floor(share)))
  while (count() < enough) await pause(1)
}

/** What there is to be seen after so many kills at random moments and one run to the end. */
export async function killDeliveries(
  bridge: Bridge,
  keyring: string,
  { kills, events }: { kills: number; events: number },
) {
  const [webhook, push] = [await startReceiver(), await startReceiver()]
  push.status = 202
  try {
    for (const [delivery, receiver] of [
      ['webhook', webhook],
      ['push', push],
    ] as const)
      await subscribeToEvents(bridge.deps, ACTOR, 'demo', {
        ...{ clientId: undefined, delivery, endpoint: `${receiver.url}/events` },
        ...{ audience: delivery, eventTypes: ['binding_updated'] },
      })
    const person = await newPerson(bridge, bridge.tenant, 'sanne')
    await fill(bridge, person, events)
    const environment = {
      ...{ DATABASE_URL: bridge.database.runtimeUrl, KEYRING: keyring, PUBLIC_URL: bridge.url },
      ALLOW_LOOPBACK: 'yes',
    }
    const interrupted = await killInTurn('delivery-child.ts', environment, {
      ...{
        kills,
        minutes: 6,
        moment: () => inTheMiddle([webhook, push], (2 * events) / (kills + 1)),
      },
    })
    return { interrupted, ...(await look(bridge, webhook, push)) }
  } finally {
    await webhook.close()
    await push.close()
  }
}

async function look(bridge: Bridge, webhook: EventReceiver, push: EventReceiver) {
  const rows = await rowsOf<{ id: string; delivered_at: string | null }>(
    ...([bridge, bridge.tenant, 'outbox'] as const),
  )
  const posted = webhook.received.map(({ headers, body }) => ({
    id: headers['webhook-id'] ?? '',
    at: (JSON.parse(body) as { timestamp: string }).timestamp,
    body,
  }))
  const first = new Map(posted.toReversed().map(({ id, body }) => [id, body]))
  const pushed = push.received.map(({ body }) => decodeJwt(body).jti ?? '')
  const told = [...posted.map(({ id }) => id), ...pushed]
  const idsByTime = Map.groupBy(posted, ({ at }) => at)
  return {
    rows: rows.length,
    undelivered: rows.filter(({ delivered_at }) => delivered_at === null).length,
    lost: rows.filter(({ id }) => !told.includes(id)).length,
    unknown: told.filter((id) => !rows.some((row) => row.id === id)).length,
    /** Happenings that a receiver heard of under more than one id. */
    underTwoIds: [...idsByTime.values()].filter(
      (same) => new Set(same.map(({ id }) => id)).size > 1,
    ).length,
    /** Came again in other words than at first. */
    changed: posted.filter(({ id, body }) => first.get(id) !== body).length,
    repeated: told.length - new Set(told).size,
  }
}
