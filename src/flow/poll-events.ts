/** A receiver fetches its events as Security Event Tokens, and says what became of those it had (RFC 8936). */
import { setTimeout as wait } from 'node:timers/promises'
import { isEventSecret, openEventSecrets } from '../crypto/event-secret.ts'
import { openOutboxEvent } from '../crypto/outbox-event.ts'
import { newId } from '../crypto/random.ts'
import { signSecurityEvent } from '../crypto/security-event-token.ts'
import type { Deps } from '../deps.ts'
import { type OutboxContent, securityEventClaims } from '../domain/event.ts'
import { BridgeError, fail } from '../domain/failure.ts'
import type { EventId, SubscriptionId, TenantId } from '../domain/ids.ts'
import { fromInstant, SECOND, toInstant, toSeconds } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read } from '../store/database.ts'
import { findEventSubscription } from '../store/event-subscription.ts'
import { acknowledgeEvents, findWaitingEvents, refuseEvents } from '../store/outbox-delivery.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'clock' | 'keyring'>

const LOOK_EVERY = SECOND
/** How often somebody who waits is looked for: 20 seconds in all. */
const LOOKS = 20

export interface PollRequest {
  /** At most 100; none where 0. */
  maxEvents: number
  returnImmediately: boolean
  acknowledged: readonly string[]
  refused: readonly string[]
  /** The caller is gone, or the process ends. */
  signal: AbortSignal
}

export interface PollCaller {
  subscription: string
  /** The bearer token, as far as it may be one. */
  secret: string | undefined
  /** Whether anything was shown at all. */
  isKnown: boolean
}

/** `sets` by `jti`; `moreAvailable` when the next call has some at once. */
export interface PollAnswer {
  sets: { readonly [jti: string]: string }
  moreAvailable: boolean
}

/**
 * Returns the oldest events that were neither acknowledged nor refused, the same again until they are. Waits for one for 20
 * seconds unless told not to. Throws `invalid_token` for every subscription that is not the bearer's, or not one to fetch.
 */
export async function pollEvents(
  means: Means,
  prepared: PreparedTenant,
  caller: PollCaller,
  request: PollRequest,
): Promise<PollAnswer> {
  const row = await findOwn(means, prepared, caller)
  const key = prepared.tokenKeys.get('ES256')
  if (key === undefined) return fail({ kind: 'unavailable' })
  await settle(means, prepared, row.id, request)
  const tenantId = prepared.tenant.id
  const limit = request.maxEvents + 1
  for (let look = 1; ; look++) {
    const [found] = await read(means.db, tenantId, [
      findWaitingEvents({ tenantId, subscriptionId: row.id, limit }),
    ])
    const waits = request.maxEvents > 0 && !request.returnImmediately
    if (found.length === 0 && waits && look < LOOKS && !request.signal.aborted) {
      await wait(LOOK_EVERY)
      // Whose secret ended meanwhile, or who was switched off, hears nothing of what comes then.
      await findOwn(means, prepared, caller)
      continue
    }
    const opened = found.map((event) => ({ event, content: openOrNothing(means, tenantId, event) }))
    const unreadable = opened.filter(({ content }) => content === undefined)
    if (unreadable.length > 0) {
      // One that nobody can read must not stand before those that come after it.
      const refused = unreadable.map(({ event }) => event.id)
      await settle(means, prepared, row.id, { acknowledged: [], refused, error: 'not_signed' })
      continue
    }
    const sets = opened.slice(0, request.maxEvents).map(({ event, content }): [string, string] => {
      if (content === undefined || content.type === 'session_ended')
        throw new TypeError('neither is fetched')
      const { issuer } = prepared
      const iat = toSeconds(fromInstant(event.created_at))
      const claims = { iss: issuer, aud: row.audience, jti: event.id, iat }
      return [
        event.id,
        signSecurityEvent(key, { ...claims, ...securityEventClaims(issuer, content) }),
      ]
    })
    return { sets: Object.fromEntries(sets), moreAvailable: found.length > request.maxEvents }
  }
}

async function findOwn(
  means: Means,
  { tenant: { id: tenantId } }: PreparedTenant,
  { subscription, secret, isKnown }: PollCaller,
) {
  const refuse = (): never =>
    fail({
      ...{ kind: 'oauth', error: 'invalid_token', description: 'the token is not valid' },
      // Who showed nothing is told no error (RFC 6750 section 3).
      ...(isKnown ? {} : { challenge: 'Bearer' }),
    })
  const id = subscription as SubscriptionId
  if (secret === undefined || id.includes('\0')) return refuse()
  const [[row]] = await read(means.db, tenantId, [findEventSubscription({ tenantId, id })])
  if (row === undefined || row.delivery !== 'poll' || row.enabled !== 1) return refuse()
  const secrets = openEventSecrets(means.keyring, { tenantId, id }, row.sealed_secrets)
  return isEventSecret(secrets, secret) ? row : refuse()
}

/** What a row says; undefined for one that does not open. */
function openOrNothing(
  { keyring }: Means,
  tenantId: TenantId,
  row: Parameters<typeof openOutboxEvent>[2],
): OutboxContent | undefined {
  try {
    return openOutboxEvent(keyring, tenantId, row)
  } catch (error) {
    if (error instanceof BridgeError && error.failure.kind === 'sealed_unreadable') return undefined
    throw error
  }
}

/** What was refused, or cannot be read, is for an administrator to see, and in the trail (section 2.4.4 of RFC 8936). */
async function settle(
  means: Means,
  { tenant: { id: tenantId } }: PreparedTenant,
  subscriptionId: SubscriptionId,
  {
    acknowledged,
    refused,
    error = 'refused',
  }: Pick<PollRequest, 'acknowledged' | 'refused'> & { error?: 'refused' | 'not_signed' },
): Promise<void> {
  if (acknowledged.length + refused.length === 0) return
  const now = toInstant(means.clock())
  const own = { tenantId, subscriptionId, now }
  await inTransaction(means.db, tenantId, async (tx) => {
    const [, dead] = await tx.runAll([
      acknowledgeEvents({ ...own, ids: acknowledged as readonly EventId[] }),
      refuseEvents({ ...own, error, ids: refused as readonly EventId[] }),
    ])
    const said = { subscription: subscriptionId, reason: error }
    await tx.runLast(
      dead.map(({ id }) =>
        insertAuditEvent(tenantId, newId(), now, {
          detail: { type: 'event_undeliverable', ...said, event: id },
        }),
      ),
    )
  })
}
