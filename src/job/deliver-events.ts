/**
 * Brings waiting events to their receivers: signed webhooks (Standard Webhooks), Security Event Tokens by push (RFC 8935),
 * logout tokens (OpenID Connect Back-Channel Logout 1.0).
 * Each attempt is claimed first and settled after, so a process that dies in between leaves an event that somebody else
 * offers again: at least once, never at the same time, and the same id every time for the receiver to know it by.
 *
 * One receiver's events go one after the other, oldest first; receivers do not wait for one another.
 */
import { openEventSecrets, webhookSignature } from '../crypto/event-secret.ts'
import { signLogoutToken } from '../crypto/logout-token.ts'
import { openOutboxEvent } from '../crypto/outbox-event.ts'
import { newId } from '../crypto/random.ts'
import { signSecurityEvent } from '../crypto/security-event-token.ts'
import type { Deps } from '../deps.ts'
import {
  type EventContent,
  type OutboxContent,
  type SessionEnded,
  securityEventClaims,
  webhookBody,
} from '../domain/event.ts'
import { BridgeError, type OutboundReason } from '../domain/failure.ts'
import { SYSTEM_TENANT, type TenantId } from '../domain/ids.ts'
import { KEPT } from '../domain/retention.ts'
import { pauseAfter } from '../domain/retry.ts'
import { fromInstant, MINUTE, SECOND, toInstant, toSeconds } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read, transact } from '../store/database.ts'
import {
  buryEvents,
  type ClaimedEvent,
  claimEvents,
  deleteOldEvents,
  settleEvent,
} from '../store/outbox-delivery.ts'
import { findTenantById } from '../store/tenant.ts'
import type { Job, JobCounts } from './lease.ts'

type Means = Pick<Deps, 'db' | 'clock' | 'keyring' | 'outbound' | 'tenants'>
type Counts = { delivered: number; deferred: number; dead: number }
type Prepared = NonNullable<Awaited<ReturnType<Deps['tenants']['find']>>>

const EVERY = 5 * SECOND
/** Events in a batch, and receivers that are sent something at the same time. */
const BATCH = 50
/** Of one receiver in a batch. */
const EACH = 5
/** Longer than a whole batch to one receiver that answers at the last moment. */
const CLAIM_TIME = 5 * MINUTE
/** After so long the next tenant has its turn, however much waits here: it is due again in a moment. */
const TURN = 20 * SECOND
const LONGEST_ANSWER = 64 * 1024
const REMOVED = 500
const LOGOUT_TOKEN_TIME = 2 * MINUTE

export function deliverEventsJob(means: Means): Job {
  return {
    name: 'deliver-events',
    quiet: true,
    next: (now) => now + EVERY,
    run: (_, tenant, keepLease) => deliverTenant(means, tenant, keepLease),
  }
}

/**
 * Delivers what is due in this tenant, in turns: a receiver that is slow does not hold up what waits for another one, and
 * keeps another tenant waiting for no longer than its few events of a batch take. Several may run it at once: no event is in two hands.
 */
export async function deliverTenant(
  means: Means,
  tenantId: TenantId,
  keepLease: () => Promise<boolean>,
): Promise<JobCounts> {
  const counts = { delivered: 0, deferred: 0, dead: 0 }
  await tidy(means, tenantId)
  const [[row]] = await read(means.db, SYSTEM_TENANT, [findTenantById({ id: tenantId })])
  const prepared = row === undefined ? undefined : await means.tenants.findAlsoDisabled(row.slug)
  if (prepared === undefined) return counts
  await deliverInTurn(means, prepared, counts, keepLease)
  return counts
}

/**
 * Who is done is given more at once, whoever else is still at it; what was begun is ended in any case. A receiver at rest to
 * whom something happens meanwhile hears of it once one of those under way is done.
 */
async function deliverInTurn(
  means: Means,
  prepared: Prepared,
  counts: Counts,
  keepLease: () => Promise<boolean>,
): Promise<void> {
  const tenantId = prepared.tenant.id
  const began = means.clock()
  const busy = new Map<string, Promise<unknown>>()
  const errors: unknown[] = []
  try {
    do {
      const [at, limit, underWay] = [means.clock(), BATCH - busy.size, [...busy.values()]]
      const times = { now: toInstant(at), until: toInstant(at + CLAIM_TIME) }
      const claim = { tenantId, ...times, busy: [...busy.keys()], each: EACH, limit }
      const [events] = await transact(means.db, tenantId, [claimEvents(claim)])
      if (events.length === 0 && underWay.length === 0) break
      for (const [receiver, own] of Map.groupBy(events, receiverOf)) {
        const sent = deliverInOrder(means, prepared, own, counts)
          .catch((error: unknown) => errors.push(error))
          .finally(() => busy.delete(receiver))
        busy.set(receiver, sent)
      }
      // Who ended during the claim had no part in it: its promise is among these and ends the wait at once.
      if (events.length < limit || busy.size === BATCH)
        await Promise.race([...underWay, ...busy.values()])
    } while (errors.length === 0 && means.clock() - began <= TURN && (await keepLease()))
  } finally {
    await Promise.all(busy.values())
  }
  if (errors.length > 0) throw errors[0]
}

function receiverOf(event: ClaimedEvent): string {
  return event.subscription_id ?? event.audience
}

async function tidy(means: Means, tenantId: TenantId): Promise<void> {
  const at = means.clock()
  const deadBefore = toInstant(at - KEPT.givenUp)
  await transact(means.db, tenantId, [
    buryEvents({ tenantId, before: deadBefore, now: toInstant(at), limit: REMOVED }),
    deleteOldEvents({
      ...{ tenantId, deadBefore, limit: REMOVED },
      deliveredBefore: toInstant(at - KEPT.delivered),
    }),
  ])
}

/** A receiver that cannot be reached is not asked again for each of its events. */
async function deliverInOrder(
  means: Means,
  prepared: Prepared,
  events: readonly ClaimedEvent[],
  counts: Counts,
): Promise<void> {
  let trouble: OutboundReason | undefined
  for (const event of events) {
    const outcome = trouble ?? (await attempt(means, prepared, event))
    if (isTrouble(outcome)) trouble = outcome
    counts[await settle(means, prepared.tenant.id, event, outcome)] += 1
  }
}

/** How an attempt ended: taken, or a word of ours for why not. */
type Outcome =
  | 'delivered'
  | 'gone' // 410: the receiver wants nothing more
  | 'refused' // any other answer
  | 'not_signed' // no key, or the row cannot be opened
  | OutboundReason

const TROUBLE: readonly string[] = ['unreachable', 'timeout', 'address_refused', 'url_refused']
function isTrouble(outcome: Outcome): outcome is OutboundReason {
  return TROUBLE.includes(outcome)
}

async function attempt(means: Means, prepared: Prepared, event: ClaimedEvent): Promise<Outcome> {
  try {
    const content = openOutboxEvent(means.keyring, prepared.tenant.id, event)
    if (event.endpoint === null) return 'gone'
    const request = write(means, prepared, event, content)
    if (request === undefined) return 'not_signed'
    const limits = { maxBytes: LONGEST_ANSWER, statusOnly: true }
    const answer = await means.outbound.fetch(
      event.endpoint,
      { method: 'POST', ...request },
      limits,
    )
    if (answer.status === 410) return 'gone'
    return answer.ok ? 'delivered' : 'refused'
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error
    if (error.failure.kind === 'outbound_refused') return error.failure.reason
    if (error.failure.kind === 'sealed_unreadable') return 'not_signed'
    throw error
  }
}

interface Written {
  headers: Record<string, string>
  body: string
}

function write(
  means: Means,
  prepared: Prepared,
  event: ClaimedEvent,
  content: OutboxContent,
): Written | undefined {
  if (content.type === 'session_ended') return writeLogout(means, prepared, event, content)
  const { subscription_id: id, sealed_secrets: sealed } = event
  if (id === null || sealed === null) return undefined
  const secrets = openEventSecrets(means.keyring, { tenantId: prepared.tenant.id, id }, sealed)
  return event.delivery === 'webhook'
    ? writeWebhook(means, event, content, secrets)
    : writePush(prepared, event, content, secrets)
}

/** Made anew for each attempt, since it lives two minutes; the same `jti` each time (Back-Channel Logout 1.0, 2.4). */
function writeLogout(
  means: Means,
  prepared: Prepared,
  event: ClaimedEvent,
  { subject, sid }: SessionEnded,
): Written | undefined {
  const key = event.algorithm === null ? undefined : prepared.tokenKeys.get(event.algorithm)
  if (key === undefined || event.algorithm === null) return undefined
  const now = means.clock()
  const token = signLogoutToken(key, event.algorithm, {
    ...{ iss: prepared.issuer, aud: event.audience, jti: event.id, sub: subject },
    ...{ iat: toSeconds(now), exp: toSeconds(now + LOGOUT_TOKEN_TIME) },
    ...(sid === undefined ? {} : { sid }),
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  })
  return {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ logout_token: token }).toString(),
  }
}

/** Source: Standard Webhooks, "Webhook headers". The time is that of this attempt, the id that of the event. */
function writeWebhook(
  means: Means,
  event: ClaimedEvent,
  content: EventContent,
  secrets: readonly string[],
): Written {
  const timestamp = toSeconds(means.clock())
  const body = webhookBody(content)
  const headers = {
    'content-type': 'application/json',
    'webhook-id': event.id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': webhookSignature(secrets, { id: event.id, timestamp, body }),
  }
  return { headers, body }
}

/** Source: RFC 8935 section 2.1. The newest secret is the bearer token the receiver knows us by. */
function writePush(
  prepared: Prepared,
  event: ClaimedEvent,
  content: EventContent,
  [secret = '']: readonly string[],
): Written | undefined {
  const key = prepared.tokenKeys.get('ES256')
  if (key === undefined) return undefined
  const { issuer } = prepared
  const body = signSecurityEvent(key, {
    ...{ iss: issuer, aud: event.audience, jti: event.id },
    iat: toSeconds(fromInstant(event.created_at)),
    ...securityEventClaims(issuer, content),
  })
  const headers = {
    'content-type': 'application/secevent+jwt',
    accept: 'application/json',
    authorization: `Bearer ${secret}`,
  }
  return { headers, body }
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
    const detail = { event: event.id, reason: outcome }
    const subscription = event.subscription_id ?? ''
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'event_undeliverable', subscription, ...detail },
        clientId: event.client_id ?? undefined,
      }),
    ])
  })
  return state
}
