/**
 * Brings waiting events to their receivers, whose turn is when; `send-event.ts` knows what they are sent.
 *
 * Each attempt is claimed first and settled after, so a process that dies in between leaves an event that somebody else
 * offers again: at least once, never at the same time, and the same id every time for the receiver to know it by.
 *
 * One receiver's events go one after the other, oldest first; receivers do not wait for one another. Who takes longer than a
 * second to answer gives up its place, and neither the rest of its tenant nor the next tenant waits for it.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { OutboundReason } from '../domain/failure.ts'
import { type EventId, SYSTEM_TENANT, type TenantId } from '../domain/ids.ts'
import { KEPT } from '../domain/retention.ts'
import { pauseAfter } from '../domain/retry.ts'
import { type IsoInstant, MINUTE, SECOND, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read, transact } from '../store/database.ts'
import {
  buryEvents,
  type ClaimedEvent,
  claimEvents,
  deleteOldEvents,
  handBackEvent,
  settleEvent,
} from '../store/outbox-delivery.ts'
import { findTenantById } from '../store/tenant.ts'
import type { Job, JobCounts } from './lease.ts'
import { isTrouble, type Outcome, sendEvent } from './send-event.ts'

type Means = Pick<Deps, 'db' | 'clock' | 'keyring' | 'outbound' | 'tenants'>
type Counts = { delivered: number; deferred: number; dead: number }
type Prepared = NonNullable<Awaited<ReturnType<Deps['tenants']['find']>>>

const EVERY = 5 * SECOND
/** Events in a batch, and receivers that are sent something at the same time and may yet answer at once. */
const BATCH = 50
/** Whoever takes longer, milliseconds, is late and gives up its place to somebody else. */
const PROMPT = 1 * SECOND
/** Receivers that are sent something at the same time, late ones counted: of one tenant, and of all. */
const MOST = { ofTenant: 300, ofAll: 1_000 } as const
/** How long late ones may go on with what they were given once every tenant had its turn. */
const LATE = 5 * SECOND
/** Of one receiver in a batch. */
const EACH = 5
/** Longer than a whole batch to one receiver that answers at the last moment. */
const CLAIM_TIME = 5 * MINUTE
/** After so long the next tenant has its turn, however much waits here: it is due again in a moment. */
const TURN = 20 * SECOND
const REMOVED = 500
const BURIED = 100
const NOT_FETCHED = 'not_fetched'

/** What a receiver is being sent; `since` when it is asked for the answer we wait for, by the process's own clock. */
interface Sending {
  since: number
  done: Promise<unknown>
}

/** What a tenant is being sent, by receiver. */
interface Turn {
  readonly tenantId: TenantId
  /** Every tenant's turn of this run, this one among them. */
  readonly all: readonly Turn[]
  readonly counts: Counts
  readonly errors: unknown[]
  readonly busy: Map<string, Sending>
  /** From then on nobody is sent the next of several. */
  endsAt: number
}

export function deliverEventsJob(means: Means): Job & Required<Pick<Job, 'finish'>> {
  const turns: Turn[] = []
  return {
    name: 'deliver-events',
    quiet: true,
    next: (now) => now + EVERY,
    run: async (_, tenantId, keepLease) => {
      const turn = newTurn(tenantId, turns)
      turns.push(turn)
      await takeTurn(means, turn, keepLease)
      return {}
    },
    finish: () => endTurns(turns.splice(0)),
  }
}

function newTurn(tenantId: TenantId, all: readonly Turn[]): Turn {
  const counts = { delivered: 0, deferred: 0, dead: 0 }
  const endsAt = Number.POSITIVE_INFINITY
  return { tenantId, all, counts, errors: [], busy: new Map(), endsAt }
}

/** Waits for who is late, each with what was begun and for a few seconds with the rest of what it was given. */
async function endTurns(turns: readonly Turn[]): Promise<JobCounts> {
  const endsAt = performance.now() + LATE
  for (const turn of turns) turn.endsAt = endsAt
  await Promise.all(turns.flatMap(({ busy }) => Array.from(busy.values(), ({ done }) => done)))
  const [error] = turns.flatMap(({ errors }) => errors)
  if (error !== undefined) throw error
  const sum = (name: keyof Counts) => turns.reduce((all, { counts }) => all + counts[name], 0)
  return { delivered: sum('delivered'), deferred: sum('deferred'), dead: sum('dead') }
}

/** Delivers until nothing is due any more but to receivers that are late; those go on by themselves. */
async function takeTurn(
  means: Means,
  turn: Turn,
  keepLease: () => Promise<boolean>,
): Promise<void> {
  const { tenantId } = turn
  await tidy(means, tenantId)
  const [[row]] = await read(means.db, SYSTEM_TENANT, [findTenantById({ id: tenantId })])
  const prepared = row === undefined ? undefined : await means.tenants.findAlsoDisabled(row.slug)
  if (prepared !== undefined) await deliverInTurn(means, prepared, turn, keepLease)
}

/**
 * Who is done is given more at once, whoever else is still at it. A receiver at rest to whom something happens meanwhile hears
 * of it once one of those under way is done, or late.
 */
async function deliverInTurn(
  means: Means,
  prepared: Prepared,
  turn: Turn,
  keepLease: () => Promise<boolean>,
): Promise<void> {
  const { tenantId, busy, errors } = turn
  const began = means.clock()
  do {
    const [at, limit] = [means.clock(), placesOf(turn)]
    const times = { now: toInstant(at), until: toInstant(at + CLAIM_TIME) }
    const claim = { tenantId, ...times, busy: [...busy.keys()], each: EACH, limit }
    const [events] = await transact(means.db, tenantId, [claimEvents(claim)])
    for (const [receiver, own] of Map.groupBy(events, receiverOf)) {
      const sending: Sending = { since: performance.now(), done: Promise.resolve() }
      busy.set(receiver, sending)
      sending.done = deliverInOrder(means, prepared, own, { turn, sending })
        .catch((error: unknown) => errors.push(error))
        .finally(() => busy.delete(receiver))
    }
    if (promptOf(turn).length === 0) break
    if (events.length < limit || placesOf(turn) === 0) await nextOf(turn)
  } while (errors.length === 0 && means.clock() - began <= TURN && (await keepLease()))
}

/** Since when each of those is being sent something who is not late yet. */
function promptOf({ busy }: Turn): readonly number[] {
  const now = performance.now()
  return Array.from(busy.values(), ({ since }) => since).filter((since) => now - since < PROMPT)
}

function placesOf(turn: Turn): number {
  const ofAll = turn.all.reduce((sum, { busy }) => sum + busy.size, 0)
  const left = Math.min(MOST.ofTenant - turn.busy.size, MOST.ofAll - ofAll)
  return Math.max(0, Math.min(BATCH - promptOf(turn).length, left))
}

/** Until somebody is done, or late. */
async function nextOf(turn: Turn): Promise<void> {
  const stop = new AbortController()
  const first = Math.min(...promptOf(turn), performance.now())
  const late = wait(first + PROMPT + 1 - performance.now(), undefined, { signal: stop.signal })
  const done = Array.from(turn.busy.values(), (one) => one.done)
  await Promise.race([...done, late]).finally(() => stop.abort())
  await late.catch(() => undefined)
}

function receiverOf(event: ClaimedEvent): string {
  return event.subscription_id ?? event.audience
}

/** What nobody came for is given up, and told in the trail; what was settled long ago is removed. */
async function tidy(means: Means, tenantId: TenantId): Promise<void> {
  const at = means.clock()
  const now = toInstant(at)
  const deadBefore = toInstant(at - KEPT.givenUp)
  const deliveredBefore = toInstant(at - KEPT.delivered)
  await inTransaction(means.db, tenantId, async (tx) => {
    const [buried] = await tx.runAll([
      buryEvents({ tenantId, before: deadBefore, now, limit: BURIED }),
      deleteOldEvents({ tenantId, deadBefore, deliveredBefore, limit: REMOVED }),
    ])
    await tx.runLast(
      buried.map((row) => toldOf(tenantId, row, { event: row.id, reason: NOT_FETCHED }, now)),
    )
  })
}

/** The event of an event that is given up. */
function toldOf(
  tenantId: TenantId,
  row: Pick<ClaimedEvent, 'subscription_id' | 'client_id'>,
  said: { event: EventId; reason: string },
  now: IsoInstant,
) {
  const subscription = row.subscription_id ?? ''
  return insertAuditEvent(tenantId, newId(), now, {
    detail: { type: 'event_undeliverable', subscription, ...said },
    clientId: row.client_id ?? undefined,
  })
}

/** A receiver that cannot be reached is not asked again for each of its events. */
async function deliverInOrder(
  means: Means,
  prepared: Prepared,
  events: readonly ClaimedEvent[],
  { turn, sending }: { turn: Turn; sending: Sending },
): Promise<void> {
  const { tenantId, counts } = turn
  let trouble: OutboundReason | undefined
  for (const [done, event] of events.entries()) {
    if (done > 0 && trouble === undefined && performance.now() > turn.endsAt)
      return await handBack(means, tenantId, events.slice(done))
    sending.since = performance.now()
    const outcome = trouble ?? (await sendEvent(means, prepared, event))
    if (isTrouble(outcome)) trouble = outcome
    counts[await settle(means, tenantId, event, outcome)] += 1
  }
}

/** Not begun, and no attempt: due again at once, before what came later. */
async function handBack(
  means: Means,
  tenantId: TenantId,
  events: readonly ClaimedEvent[],
): Promise<void> {
  await transact(
    means.db,
    tenantId,
    events.map(({ id, attempts }) => handBackEvent({ tenantId, id, attempts })),
  )
}

/** Writes down how the attempt ended; what died is in the audit trail. */
async function settle(
  means: Means,
  tenantId: TenantId,
  event: ClaimedEvent,
  outcome: Outcome,
): Promise<'delivered' | 'deferred' | 'dead'> {
  const at = means.clock()
  const now = toInstant(at)
  const pause = outcome === 'gone' ? undefined : pauseAfter(event.attempts, Math.random())
  const state =
    outcome === 'delivered' ? 'delivered' : pause === undefined ? 'dead' : ('deferred' as const)
  const row = { tenantId, id: event.id, attempts: event.attempts }
  const settled = settleEvent({
    ...row,
    dueAt: toInstant(at + (pause ?? 0)),
    deliveredAt: state === 'delivered' ? now : null,
    deadAt: state === 'dead' ? now : null,
    error: state === 'delivered' ? null : outcome,
  })
  await inTransaction(means.db, tenantId, async (tx) => {
    const [changed] = await tx.run(settled)
    if (state !== 'dead' || changed?.changed !== 1) return
    await tx.runLast([toldOf(tenantId, event, { event: event.id, reason: outcome }, now)])
  })
  return state
}
