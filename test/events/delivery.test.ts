/** Events on their way: webhooks as an independent library reads them, Security Event Tokens as `jose` does. */
import type { ServerResponse } from 'node:http'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { outboxRows } from '../../src/crypto/outbox-event.ts'
import type { PersonEvent } from '../../src/domain/event.ts'
import type { ClientId, TenantId } from '../../src/domain/ids.ts'
import { DAY, HOUR, MINUTE, toInstant } from '../../src/domain/time.ts'
import { eraseIdentity } from '../../src/flow/erase-identity.ts'
import { mergeIdentities } from '../../src/flow/merge-identities.ts'
import { splitIdentities } from '../../src/flow/split-identities.ts'
import { type SubscriptionRequest, subscribeToEvents } from '../../src/flow/subscribe-to-events.ts'
import { updateRelyingParty } from '../../src/flow/update-relying-party.ts'
import { deliverEventsJob } from '../../src/job/deliver-events.ts'
import { createOutbound } from '../../src/outbound/guard.ts'
import { startService } from '../../src/service.ts'
import { inTransaction, transact } from '../../src/store/database.ts'
import { findReceivers, insertOutbox } from '../../src/store/outbox.ts'
import { claimEvents } from '../../src/store/outbox-delivery.ts'
import { type Admin, adminWith } from '../http/admin/client.ts'
import { register } from '../op/clients.ts'
import { newPerson, type Person, rowsOf, startTenant } from '../people/people.ts'
import { ACTOR, type Bridge, startBridge, type TestTenant } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { deliverTenant } from './deliver.ts'
import { type EventReceiver, startReceiver } from './receiver.ts'

let bridge: Bridge
let admin: Admin
let receiver: EventReceiver
let slugs = 0
beforeAll(async () => {
  bridge = await startBridge()
  admin = await adminWith(bridge, ['clients:manage', 'identities:manage'])
})
beforeEach(async () => {
  receiver = await startReceiver()
  bridge.clock.advance(Date.now() - bridge.clock.now())
  return () => receiver.close()
})
afterAll(() => bridge.stop())

const idOf = async (tenant: TestTenant) =>
  (await bridge.deps.tenants.find(tenant.slug))?.tenant.id as TenantId
const deliver = async (tenant: TestTenant, deps = bridge.deps) =>
  await deliverTenant(deps, await idOf(tenant))

const rowsOfAll = (text: string) => query(bridge.database.superuserUrl, text)

interface Subscription {
  id: string
  secret: string
}
async function subscribe(tenant: TestTenant, wanted: object = {}): Promise<Subscription> {
  const path = `/tenants/${tenant.slug}/event-subscriptions`
  const { status, body } = await admin.post(path, {
    ...{ delivery: 'webhook', endpoint: `${receiver.url}/hook`, client_id: 'app', ...wanted },
  })
  expect(status).toBe(201)
  return { id: String(body.id), secret: String(body.secret) }
}

/** What a flow does: rows in its own transaction. */
async function tell(tenant: TestTenant, person: Person, event: PersonEvent, times = 1) {
  const tenantId = await idOf(tenant)
  await inTransaction(bridge.deps.db, tenantId, async (tx) => {
    for (let time = 0; time < times; time++) {
      const receivers = await tx.run(
        findReceivers({ tenantId, people: [person.id], type: event.type }),
      )
      const now = toInstant(bridge.clock.now() + time)
      await tx.run(insertOutbox(outboxRows(bridge.deps.keyring, tenantId, event, receivers, now)))
    }
    await tx.runLast([])
  })
}

async function oneTenant() {
  const tenant = await bridge.addTenant(`events-${++slugs}`)
  return { tenant, person: await newPerson(bridge, tenant, 'sanne') }
}

async function poll(tenant: TestTenant, { id, secret }: Subscription, body: object) {
  const response = await fetch(`${tenant.issuer}/events/${id}/poll`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(secret === '' ? {} : { authorization: `Bearer ${secret}` }),
    },
    body: JSON.stringify(body),
  })
  const challenge = response.headers.get('www-authenticate')
  const answer = (await response.json()) as {
    sets: Record<string, string>
    moreAvailable: boolean
  }
  return { status: response.status, challenge, ...answer }
}

interface Body {
  type: string
  timestamp: string
  data: { subject: string; new_subject?: string; reason?: string }
}
const bodies = () => receiver.received.map(({ body }) => JSON.parse(body) as Body)

describe('item 9 webhooks', () => {
  test('carry the headers and signature of Standard Webhooks, and the receiver’s own subject alone', async () => {
    const { tenant, person } = await oneTenant()
    const { secret } = await subscribe(tenant)
    await tell(tenant, person, { type: 'binding_updated' })
    expect(await deliver(tenant)).toMatchObject({ delivered: 1 })
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.received
    expect(new Webhook(secret).verify(body, headers)).toEqual({
      type: 'binding_updated',
      timestamp: expect.stringMatching(/^\d{4}-/) as string,
      data: { subject: person.sub },
    })
    expect(body).not.toContain(person.id)
    expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow()
    expect(await deliver(tenant), 'once').toMatchObject({ delivered: 0, deferred: 0 })
  })

  test('two secrets at a time: both verify, and after the older one is ended only the newer', async () => {
    const { tenant, person } = await oneTenant()
    const first = await subscribe(tenant)
    const path = `/tenants/${tenant.slug}/event-subscriptions/${first.id}/secrets`
    const second = String((await admin.post(path, undefined)).body.secret)
    await tell(tenant, person, { type: 'binding_updated' })
    await deliver(tenant)
    const [both = { headers: {}, body: '' }] = receiver.received
    for (const secret of [first.secret, second])
      expect(new Webhook(secret).verify(both.body, both.headers)).toBeTypeOf('object')
    expect((await admin.delete(`${path}/old`)).status).toBe(204)
    await tell(tenant, person, { type: 'binding_updated' })
    await deliver(tenant)
    const last = receiver.received.at(-1) ?? { headers: {}, body: '' }
    expect(new Webhook(second).verify(last.body, last.headers)).toBeTypeOf('object')
    expect(() => new Webhook(first.secret).verify(last.body, last.headers)).toThrow()
  })

  test('a link that is made, ended and restored is told; whoever does not know the person hears nothing', async () => {
    const { tenant, person } = await oneTenant()
    await subscribe(tenant)
    await newPerson(bridge, tenant, 'milan') // linked before the relying party knows him
    const path = `/tenants/${tenant.slug}/identities/${person.id}`
    const { matches } = (await admin.get(path)).body as { matches: { id: string; side: string }[] }
    const match = matches.find(({ side }) => side === 'wallet')?.id
    await admin.post(`${path}/matches/${match}/unlink`, { reason: 'USER_UNLINK' })
    await admin.post(`${path}/matches/${match}/restore`, {})
    await deliver(tenant)
    expect(bodies().map(({ type, data }) => [type, data])).toEqual([
      ['binding_removed', { subject: person.sub }],
      ['binding_created', { subject: person.sub }],
    ])
  })

  test('the tenant itself hears of a stranger’s first link, by the bridge’s own id', async () => {
    const tenant = await bridge.addTenant(`events-${++slugs}`)
    await subscribe(tenant, { client_id: undefined })
    const person = await newPerson(bridge, tenant, 'sanne')
    await deliver(tenant)
    expect(bodies()).toMatchObject([{ type: 'binding_created', data: { subject: person.id } }])
  })

  test('a merge and a split tell which subject became which', async () => {
    const { tenant, older, newer } = await startTenant(bridge, `events-${++slugs}`)
    await subscribe(tenant, { event_types: ['subject_changed'] })
    const { id } = await mergeIdentities(bridge.deps, ACTOR, tenant.slug, {
      ...{ mergedId: newer.id, survivingId: older.id },
    })
    await splitIdentities(bridge.deps, ACTOR, tenant.slug, id)
    await deliver(tenant)
    expect(bodies().map(({ data }) => data)).toEqual([
      { subject: newer.sub, reason: 'merged', new_subject: older.sub },
      { subject: older.sub, reason: 'split', new_subject: newer.sub },
    ])
  })

  test('an erasure is told by every name a receiver may have kept: that before a merge it never heard of, and the id', async () => {
    const { tenant, older, newer } = await startTenant(bridge, `events-${++slugs}`)
    await subscribe(tenant, { event_types: ['identity_erased'] })
    const dual = await register(
      bridge,
      {
        grantTypes: ['authorization_code', 'client_credentials'],
        machineScopes: ['devices:manage'],
      },
      tenant.slug,
    )
    await subscribe(tenant, {
      ...{ client_id: dual.id, endpoint: `${receiver.url}/dual` },
      event_types: ['identity_erased', 'binding_updated'],
    })
    await tell(tenant, older, { type: 'binding_updated' })
    await mergeIdentities(bridge.deps, ACTOR, tenant.slug, {
      ...{ mergedId: newer.id, survivingId: older.id },
    })
    await eraseIdentity(bridge.deps, ACTOR, tenant.slug, {
      ...{ identityId: older.id, ground: 'not_needed' },
    })
    await tell(tenant, older, { type: 'binding_updated' })
    await deliver(tenant)
    const toldAt = (path: string) =>
      receiver.received.flatMap((one) =>
        one.path === path ? [(JSON.parse(one.body) as Body).data.subject] : [],
      )
    expect(toldAt('/hook').toSorted()).toEqual([older.sub, newer.sub].toSorted())
    const names = [older.sub, newer.sub, older.id, newer.id]
    expect(toldAt('/dual').toSorted()).toEqual(names.toSorted())
  })

  test('an erasure reaches every receiver by its own subject, and its row names nobody', async () => {
    const { tenant, person } = await oneTenant()
    await subscribe(tenant)
    await subscribe(tenant, { client_id: undefined })
    await tell(tenant, person, { type: 'identity_erased' })
    const rows = await rowsOf<{ identity_id: string | null; payload: string }>(
      ...[bridge, tenant, 'outbox'],
    )
    expect(rows.map(({ identity_id }) => identity_id)).toEqual([null, null])
    expect(JSON.stringify(rows)).not.toContain(person.sub)
    await deliver(tenant)
    expect(new Set(bodies().map(({ data }) => data.subject))).toEqual(
      new Set([person.sub, person.id]),
    )
  })
})

describe('item 9 delivery', () => {
  test('a refusal is tried again later and later, then given up and told; a replay goes out under the same id', async () => {
    const { tenant, person } = await oneTenant()
    await subscribe(tenant)
    await tell(tenant, person, { type: 'binding_updated' })
    receiver.status = 500
    const pauses = [0, MINUTE, 10 * MINUTE, HOUR, 3 * HOUR, 7 * HOUR, 13 * HOUR, 13 * HOUR]
    for (const [index, pause] of pauses.entries()) {
      bridge.clock.advance(pause)
      const ended = await deliver(tenant)
      expect(ended).toEqual({ delivered: 0, deferred: index < 7 ? 1 : 0, dead: index < 7 ? 0 : 1 })
      expect(await deliver(tenant), 'not before its time').toMatchObject({ deferred: 0, dead: 0 })
    }
    expect(receiver.received).toHaveLength(8)
    const path = `/tenants/${tenant.slug}/events`
    const late = await adminWith(bridge, ['clients:manage']) // the first token is over by now
    const { body } = await late.get(`${path}?state=dead`)
    const [dead] = body.events as { id: string; last_error: string; attempts: number }[]
    expect(dead).toMatchObject({ last_error: 'refused', attempts: 8 })
    const told = await rowsOf(bridge, tenant, 'audit_event', "event_type = 'event_undeliverable'")
    expect(told).toHaveLength(1)
    receiver.status = 204
    expect((await late.post(`${path}/${dead?.id}/replay`, undefined)).status).toBe(204)
    expect(await deliver(tenant)).toMatchObject({ delivered: 1 })
    const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
    expect(new Set(ids)).toEqual(new Set([dead?.id]))
    expect((await late.post(`${path}/none/replay`, undefined)).status).toBe(404)
  })

  test('410 ends it at once', async () => {
    const { tenant, person } = await oneTenant()
    await subscribe(tenant)
    await tell(tenant, person, { type: 'binding_updated' })
    receiver.status = 410
    expect(await deliver(tenant)).toMatchObject({ dead: 1 })
  })

  test('fifty deliverers on two instances: every event once, none in two hands', async () => {
    const { tenant, person } = await oneTenant()
    await subscribe(tenant)
    await tell(tenant, person, { type: 'binding_updated' }, 60)
    bridge.clock.advance(MINUTE)
    const other = await bridge.startInstance()
    const runs = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        deliver(tenant, index % 2 === 0 ? bridge.deps : other.deps),
      ),
    )
    expect(runs.reduce((sum, { delivered = 0 }) => sum + delivered, 0)).toBe(60)
    const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
    expect(ids).toHaveLength(60)
    expect(new Set(ids).size).toBe(60)
    expect(receiver.most).toBe(1)
  })

  test('one receiver hears of things in the order they happened', async () => {
    const { tenant, person } = await oneTenant()
    await subscribe(tenant)
    await tell(tenant, person, { type: 'binding_updated' }, 30)
    bridge.clock.advance(MINUTE)
    await deliver(tenant)
    const times = bodies().map(({ timestamp }) => timestamp)
    expect(times).toHaveLength(30)
    expect(times).toEqual(times.toSorted())
  })

  test('a receiver far behind takes no place of another’s', async () => {
    const { tenant, person } = await oneTenant()
    await subscribe(tenant, { event_types: ['binding_updated'] })
    const late = { endpoint: `${receiver.url}/late`, event_types: ['binding_removed'] }
    await subscribe(tenant, late)
    await tell(tenant, person, { type: 'binding_updated' }, 60)
    bridge.clock.advance(MINUTE)
    await tell(tenant, person, { type: 'binding_removed' })
    expect(await deliver(tenant)).toMatchObject({ delivered: 61 })
    const place = receiver.received.findIndex(({ path }) => path === '/late')
    expect(place).toBeGreaterThanOrEqual(0)
    expect(place).toBeLessThan(10)
  })

  test('every receiver’s first event is claimed before anybody’s second, and a busy one’s not at all', async () => {
    const { tenant, person } = await oneTenant()
    const behind = { event_types: ['binding_updated'] }
    const [one, two] = [await subscribe(tenant, behind), await subscribe(tenant, behind)]
    const late = await subscribe(tenant, { event_types: ['binding_removed'] })
    await tell(tenant, person, { type: 'binding_updated' }, 5)
    bridge.clock.advance(MINUTE)
    await tell(tenant, person, { type: 'binding_removed' })
    const tenantId = await idOf(tenant)
    const [at, until] = [bridge.clock.now(), toInstant(bridge.clock.now() + MINUTE)]
    const claim = async (limit: number, busy: string[]) => {
      const step = claimEvents({ tenantId, now: toInstant(at), until, busy, each: 5, limit })
      const [events] = await transact(bridge.deps.db, tenantId, [step])
      return events.map((event) => event.subscription_id).toSorted()
    }
    expect(await claim(3, [])).toEqual([one.id, two.id, late.id].toSorted())
    expect(await claim(8, [one.id])).toEqual(Array.from({ length: 4 }, () => two.id))
  })

  test('a receiver that is slow holds up nothing of another’s, however much waits there', async () => {
    const { tenant, person } = await oneTenant()
    const slow = await startReceiver()
    let letGo: () => void = () => undefined
    slow.hold = new Promise((resolve) => {
      letGo = resolve
    })
    await subscribe(tenant, { endpoint: `${slow.url}/hook` })
    await subscribe(tenant)
    await tell(tenant, person, { type: 'binding_updated' }, 12)
    bridge.clock.advance(MINUTE)
    const outbound = createOutbound({ allowLoopback: true, totalTimeoutMs: MINUTE })
    const run = deliver(tenant, { ...bridge.deps, outbound })
    await expect.poll(() => receiver.received.length, { timeout: 10_000 }).toBe(12)
    expect(slow.received, 'one after the other').toHaveLength(1)
    letGo()
    const { delivered: first = 0 } = await run
    const { delivered: rest = 0 } = await deliver(tenant, { ...bridge.deps, outbound })
    expect(first + rest, 'it may have been late').toBe(24)
    await outbound.close()
    await slow.close()
    for (const { received } of [slow, receiver]) {
      const times = received.map(({ body }) => (JSON.parse(body) as Body).timestamp)
      expect(times).toHaveLength(12)
      expect(times).toEqual(times.toSorted())
    }
  })

  test('sixty receivers that do not answer keep their places for a second, and no other tenant waiting', async () => {
    const [{ tenant, person }, next] = [await oneTenant(), await oneTenant()]
    const silent = await startReceiver()
    let letGo: () => void = () => undefined
    silent.hold = new Promise((resolve) => {
      letGo = resolve
    })
    for (let many = 0; many < 60; many++)
      await subscribeToEvents(bridge.deps, ACTOR, tenant.slug, {
        ...{ clientId: 'app' as ClientId, delivery: 'webhook', audience: undefined },
        ...{ endpoint: `${silent.url}/hook`, eventTypes: ['binding_updated'] },
      })
    await subscribe(tenant, { event_types: ['binding_removed'] })
    await subscribe(next.tenant, { endpoint: `${receiver.url}/next` })
    await tell(tenant, person, { type: 'binding_updated' })
    await tell(next.tenant, next.person, { type: 'binding_updated' })
    bridge.clock.advance(MINUTE)
    await tell(tenant, person, { type: 'binding_removed' })
    const outbound = createOutbound({ allowLoopback: true, totalTimeoutMs: MINUTE })
    const deps = { ...bridge.deps, outbound }
    const job = deliverEventsJob(deps)
    const always = () => Promise.resolve(true)
    for (const one of [tenant, next.tenant]) await job.run(deps, await idOf(one), always)
    const rest = job.finish()
    await expect.poll(() => receiver.received.length, { timeout: 10_000 }).toBe(2)
    letGo()
    expect(await rest).toEqual({ delivered: 62, deferred: 0, dead: 0 })
    await outbound.close()
    await silent.close()
  })

  test('a receiver that is late is given no more than it has; what it has not begun is handed back, first in line', async () => {
    const { tenant, person } = await oneTenant()
    let letGo: () => void = () => undefined
    receiver.hold = new Promise((resolve) => {
      letGo = resolve
    })
    await subscribe(tenant)
    await tell(tenant, person, { type: 'binding_updated' }, 4)
    bridge.clock.advance(MINUTE)
    const outbound = createOutbound({ allowLoopback: true, totalTimeoutMs: MINUTE })
    const deps = { ...bridge.deps, outbound }
    const job = deliverEventsJob(deps)
    await job.run(deps, await idOf(tenant), () => Promise.resolve(true))
    const rest = job.finish()
    const now = performance.now.bind(performance)
    const time = vi.spyOn(performance, 'now').mockImplementation(() => now() + MINUTE)
    letGo()
    expect(await rest).toEqual({ delivered: 1, deferred: 0, dead: 0 })
    time.mockRestore()
    const waiting = await rowsOf<{ attempts: number }>(
      ...([bridge, tenant, 'outbox', 'delivered_at IS NULL AND due_at = created_at'] as const),
    )
    expect(waiting.map(({ attempts }) => attempts)).toEqual([0, 0, 0])
    expect(await deliver(tenant)).toMatchObject({ delivered: 3 })
    const times = bodies().map(({ timestamp }) => timestamp)
    expect(times).toEqual(times.toSorted())
    await outbound.close()
  })

  test('a receiver that does not answer is asked once, whatever waits for it, and others hear theirs', async () => {
    const { tenant, person } = await oneTenant()
    const silent = await startReceiver()
    silent.hold = new Promise(() => undefined)
    await subscribe(tenant, { endpoint: `${silent.url}/hook` })
    await subscribe(tenant)
    await tell(tenant, person, { type: 'binding_updated' }, 3)
    bridge.clock.advance(MINUTE)
    const outbound = createOutbound({ allowLoopback: true, totalTimeoutMs: 300 })
    const ended = await deliver(tenant, { ...bridge.deps, outbound })
    await outbound.close()
    expect(ended).toEqual({ delivered: 3, deferred: 3, dead: 0 })
    expect([silent.received.length, receiver.received.length]).toEqual([1, 3])
    await silent.close()
    bridge.clock.advance(HOUR)
    expect(await deliver(tenant), 'gone altogether').toMatchObject({ delivered: 0, deferred: 3 })
    const errors = await rowsOf(bridge, tenant, 'outbox', 'delivered_at IS NULL')
    expect(errors.map((row) => Reflect.get(row, 'last_error'))).toEqual(
      Array.from({ length: 3 }, () => 'unreachable'),
    )
  })

  test('a redirect is not followed, and of an answer only the status counts: its body may have no end', async () => {
    const { tenant, person } = await oneTenant()
    await subscribe(tenant)
    await tell(tenant, person, { type: 'binding_updated' })
    receiver.answer = (response) =>
      response.writeHead(307, { location: `${receiver.url}/elsewhere` }).end()
    expect(await deliver(tenant)).toMatchObject({ deferred: 1 })
    expect(receiver.received.map(({ path }) => path)).toEqual(['/hook'])
    const endless = (status: number) => (response: ServerResponse) => {
      response.writeHead(status)
      const pour = (): void => {
        if (response.destroyed) return
        if (response.write('x'.repeat(64 * 1024))) setImmediate(pour)
        else response.once('drain', pour)
      }
      pour()
    }
    receiver.answer = endless(500)
    bridge.clock.advance(MINUTE)
    expect(await deliver(tenant)).toMatchObject({ deferred: 1 })
    receiver.answer = endless(200)
    bridge.clock.advance(HOUR)
    expect(await deliver(tenant)).toMatchObject({ delivered: 1 })
    expect(receiver.received).toHaveLength(3)
  })

  test('who died in the middle of a delivery leaves it to the next, and its late word counts no more', async () => {
    const { tenant, person } = await oneTenant()
    await subscribe(tenant)
    await tell(tenant, person, { type: 'binding_updated' })
    let letGo: () => void = () => undefined
    receiver.hold = new Promise((resolve) => {
      letGo = resolve
    })
    receiver.status = 500
    const stalled = deliver(tenant)
    await expect.poll(() => receiver.received.length).toBe(1)
    expect(await deliver(tenant), 'it is in somebody’s hands').toMatchObject({ delivered: 0 })
    bridge.clock.advance(6 * MINUTE)
    const next = deliver(tenant)
    await expect.poll(() => receiver.received.length).toBe(2)
    receiver.status = 200
    letGo()
    await Promise.all([stalled, next])
    expect(await rowsOf(bridge, tenant, 'outbox', 'delivered_at IS NOT NULL')).toHaveLength(1)
  })

  test('what is settled is removed after its time', async () => {
    const { tenant, person } = await oneTenant()
    await subscribe(tenant)
    await tell(tenant, person, { type: 'binding_updated' })
    await deliver(tenant)
    bridge.clock.advance(6 * DAY)
    await deliver(tenant)
    expect(await rowsOf(bridge, tenant, 'outbox')).toHaveLength(1)
    bridge.clock.advance(2 * DAY)
    await deliver(tenant)
    expect(await rowsOf(bridge, tenant, 'outbox')).toHaveLength(0)
  })

  test('what nobody came for in thirty days is given up, each told in the trail', async () => {
    const { tenant, person } = await oneTenant()
    const { id } = await subscribe(tenant, { delivery: 'poll', endpoint: undefined })
    await tell(tenant, person, { type: 'identity_erased' }, 2)
    bridge.clock.advance(31 * DAY)
    await deliver(tenant)
    const dead = await rowsOf<{ id: string }>(bridge, tenant, 'outbox', 'dead_at IS NOT NULL')
    const told = await rowsOf<{ detail: string; client_id: string }>(
      ...([bridge, tenant, 'audit_event', `event_type = 'event_undeliverable'`] as const),
    )
    expect(told.map(({ detail }) => JSON.parse(detail) as object)).toEqual(
      expect.arrayContaining(
        dead.map((event) => ({ subscription: id, event: event.id, reason: 'not_fetched' })),
      ),
    )
    expect([dead.length, told.length]).toEqual([2, 2])
    await deliver(tenant)
    expect(
      await rowsOf(bridge, tenant, 'audit_event', `event_type = 'event_undeliverable'`),
    ).toHaveLength(2)
  })

  test('a subscription that ends takes what waits along; one switched off is told nothing', async () => {
    const { tenant, person } = await oneTenant()
    const { id } = await subscribe(tenant)
    const path = `/tenants/${tenant.slug}/event-subscriptions/${id}`
    expect((await admin.patch(path, { enabled: false })).body).toMatchObject({ enabled: false })
    await tell(tenant, person, { type: 'binding_updated' })
    expect(await rowsOf(bridge, tenant, 'outbox')).toHaveLength(0)
    await admin.patch(path, { enabled: true })
    await tell(tenant, person, { type: 'binding_updated' })
    expect((await admin.delete(path)).status).toBe(204)
    expect((await admin.get(path)).status).toBe(404)
    expect(await rowsOf(bridge, tenant, 'outbox')).toHaveLength(0)
  })

  test('a client that is switched off hears of erasures alone, whatever waited for it; switched on again, of the rest', async () => {
    const { tenant, person } = await oneTenant()
    await subscribe(tenant)
    const fetching = await subscribe(tenant, { delivery: 'poll', endpoint: undefined })
    await tell(tenant, person, { type: 'binding_updated' })
    await tell(tenant, person, { type: 'identity_erased' })
    const set = (enabled: boolean) =>
      updateRelyingParty(bridge.deps, ACTOR, tenant.slug, 'app' as ClientId, { enabled })
    const fetched = async () =>
      Object.keys((await poll(tenant, fetching, { returnImmediately: true })).sets).length
    await set(false)
    expect(await deliver(tenant)).toMatchObject({ delivered: 1 })
    expect(bodies().map(({ type }) => type)).toEqual(['identity_erased'])
    expect(await fetched()).toBe(1)
    await set(true)
    expect(await deliver(tenant)).toMatchObject({ delivered: 1 })
    expect(await fetched()).toBe(2)
  })

  test('there are a hundred at most, and all of them are listed: of fifty at once those that fit', async () => {
    const { tenant } = await oneTenant()
    await subscribe(tenant)
    await rowsOfAll(`
      INSERT INTO event_subscription (tenant_id, id, client_id, delivery, endpoint, audience, event_types, sealed_secrets, created_at, updated_at)
      SELECT tenant_id, id || '-' || n, client_id, delivery, endpoint, audience, event_types, sealed_secrets, created_at, updated_at
        FROM event_subscription, generate_series(2, 95) AS n WHERE tenant_id = '${await idOf(tenant)}'`)
    const asked: SubscriptionRequest = {
      ...{ clientId: undefined, delivery: 'poll', endpoint: undefined, audience: undefined },
      eventTypes: ['identity_erased'],
    }
    const made = await Promise.allSettled(
      Array.from({ length: 50 }, () => subscribeToEvents(bridge.deps, ACTOR, tenant.slug, asked)),
    )
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
    const { body } = await admin.get(`/tenants/${tenant.slug}/event-subscriptions`)
    expect(body.event_subscriptions).toHaveLength(100)
  })

  test('an endpoint that is never asked, or does not fit, is refused', async () => {
    const path = `/tenants/${bridge.tenant.slug}/event-subscriptions`
    const wanted = { delivery: 'webhook', client_id: 'app' }
    expect((await admin.post(path, { ...wanted, endpoint: 'http://10.0.0.1/x' })).status).toBe(422)
    expect((await admin.post(path, wanted)).status).toBe(400)
    expect((await admin.post(path, { ...wanted, client_id: 'nobody' })).status).toBe(400)
    const other = await adminWith(bridge, ['clients:manage'], 'demo')
    const { tenant } = await oneTenant()
    expect((await other.get(`/tenants/${tenant.slug}/event-subscriptions`)).status).toBe(404)
  })
})

describe('RFC 8935 push', () => {
  test('RFC 8417 a Security Event Token: its type, no sub, no exp, the person as sub_id, one event', async () => {
    const { tenant, person } = await oneTenant()
    const { secret } = await subscribe(tenant, { delivery: 'push' })
    await tell(tenant, person, { type: 'identity_erased' })
    receiver.status = 202
    expect(await deliver(tenant)).toMatchObject({ delivered: 1 })
    const [{ headers, body } = { headers: {} as Record<string, string>, body: '' }] =
      receiver.received
    expect(headers['content-type']).toBe('application/secevent+jwt')
    expect(headers.authorization).toBe(`Bearer ${secret}`)
    const keys = createRemoteJWKSet(new URL(`${tenant.issuer}/jwks`))
    const checks = { issuer: tenant.issuer, audience: 'app', typ: 'secevent+jwt' }
    const { payload } = await jwtVerify(body, keys, checks)
    expect(payload).toMatchObject({
      sub_id: { format: 'iss_sub', iss: tenant.issuer, sub: person.sub },
      events: { 'https://schemas.openid.net/secevent/risc/event-type/account-purged': {} },
    })
    expect(payload).not.toHaveProperty('sub')
    expect(payload).not.toHaveProperty('exp')
    const [row] = await rowsOf<{ id: string }>(bridge, tenant, 'outbox')
    expect(payload.jti).toBe(row?.id)
  })

  test('a removed link is CAEP’s credential-change', async () => {
    const { tenant, person } = await oneTenant()
    await subscribe(tenant, { delivery: 'push' })
    await tell(tenant, person, { type: 'binding_removed' })
    receiver.status = 202
    await deliver(tenant)
    const [, payload = ''] = (receiver.received[0]?.body ?? '').split('.')
    const { events } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as {
      events: object
    }
    expect(events).toMatchObject({
      'https://schemas.openid.net/secevent/caep/event-type/credential-change': {
        ...{ credential_type: 'verifiable-credential', change_type: 'delete' },
      },
    })
  })
})

describe('RFC 8936 poll', () => {
  test('events come again until they are acknowledged or refused; what is refused can be replayed', async () => {
    const { tenant, person } = await oneTenant()
    const own = await subscribe(tenant, { delivery: 'poll', endpoint: undefined })
    await tell(tenant, person, { type: 'binding_updated' }, 3)
    expect(await deliver(tenant), 'nothing is sent').toMatchObject({ delivered: 0, deferred: 0 })
    const now = { returnImmediately: true }
    const first = await poll(tenant, own, { ...now, maxEvents: 2 })
    expect(first).toMatchObject({ status: 200, moreAvailable: true })
    const [one = '', two = ''] = Object.keys(first.sets)
    expect((await poll(tenant, own, { ...now, maxEvents: 2 })).sets).toHaveProperty([one])
    const keys = createRemoteJWKSet(new URL(`${tenant.issuer}/jwks`))
    const checks = { issuer: tenant.issuer, audience: 'app', typ: 'secevent+jwt' }
    const { payload } = await jwtVerify(first.sets[one] ?? '', keys, checks)
    expect(payload).toMatchObject({ jti: one, sub_id: { sub: person.sub } })
    const rest = await poll(tenant, own, {
      ...{ ...now, ack: [one], setErrs: { [two]: { err: 'invalid_request' } } },
    })
    expect(Object.keys(rest.sets)).toHaveLength(1)
    expect(rest.sets).not.toHaveProperty([one])
    expect(rest.sets).not.toHaveProperty([two])
    await admin.post(`/tenants/${tenant.slug}/events/${two}/replay`, undefined)
    expect((await poll(tenant, own, now)).sets).toHaveProperty([two])
  })

  test('one that nobody can read is given up, and stands before no other', async () => {
    const { tenant, person } = await oneTenant()
    const own = await subscribe(tenant, { delivery: 'poll', endpoint: undefined })
    await tell(tenant, person, { type: 'binding_updated' }, 3)
    await rowsOfAll(`
      UPDATE outbox SET payload = 'v1.c1.AAAAAAAAAAAAAAAA.AAAA.AAAA' WHERE id IN (
        SELECT id FROM outbox WHERE tenant_id = '${await idOf(tenant)}' ORDER BY created_at, id LIMIT 2)`)
    const first = await poll(tenant, own, { returnImmediately: true, maxEvents: 1 })
    expect([first.status, Object.keys(first.sets).length]).toEqual([200, 1])
    const dead = await rowsOf<{ last_error: string }>(
      ...([bridge, tenant, 'outbox', 'dead_at IS NOT NULL'] as const),
    )
    expect(dead.map((row) => row.last_error)).toEqual(['not_signed', 'not_signed'])
  })

  test('who waits where a process ends is answered, and keeps it no longer', async () => {
    const { tenant } = await oneTenant()
    const own = await subscribe(tenant, { delivery: 'poll', endpoint: undefined })
    const { config, clock, keyring, log } = bridge.deps
    const means = { databaseUrl: bridge.database.runtimeUrl, clock, keyring, log }
    const other = await startService({ ...config, port: 0 }, means)
    const issuer = `${other.address}/t/${tenant.slug}`
    const { counters } = other.deps.db
    const before = counters.statements
    const waiting = poll({ ...tenant, issuer }, own, {})
    await expect.poll(() => counters.statements, { timeout: 5_000 }).toBeGreaterThan(before + 3)
    await other.stop()
    expect(await waiting).toMatchObject({ status: 200, sets: {}, moreAvailable: false })
  }, 10_000)

  test('who waits is answered as soon as something happens; another’s secret opens nothing', async () => {
    const { tenant, person } = await oneTenant()
    const own = await subscribe(tenant, { delivery: 'poll', endpoint: undefined })
    const idle = { event_types: ['binding_removed'] }
    const other = await subscribe(tenant, { delivery: 'poll', endpoint: undefined, ...idle })
    const waiting = poll(tenant, own, {})
    await tell(tenant, person, { type: 'identity_erased' })
    expect(Object.keys((await waiting).sets)).toHaveLength(1)
    const refused = await poll(tenant, { ...own, secret: other.secret }, {})
    expect([refused.status, refused.challenge]).toEqual([401, 'Bearer error="invalid_token"'])
    expect((await poll(tenant, { ...own, secret: '' }, {})).challenge).toBe('Bearer')
    const ended = poll(tenant, other, {})
    await admin.delete(`/tenants/${tenant.slug}/event-subscriptions/${other.id}`)
    expect((await ended).status, 'while it waited').toBe(401)
  })
})
