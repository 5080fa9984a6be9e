/**
 * One event on its way to its receiver: a signed webhook (Standard Webhooks), a Security Event Token by push (RFC 8935), or a
 * logout token (OpenID Connect Back-Channel Logout 1.0).
 */
import { openEventSecrets, webhookSignature } from '../crypto/event-secret.ts'
import { signLogoutToken } from '../crypto/logout-token.ts'
import { openOutboxEvent } from '../crypto/outbox-event.ts'
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
import { fromInstant, MINUTE, toSeconds } from '../domain/time.ts'
import type { ClaimedEvent } from '../store/outbox-delivery.ts'

type Means = Pick<Deps, 'clock' | 'keyring' | 'outbound'>
type Prepared = NonNullable<Awaited<ReturnType<Deps['tenants']['find']>>>

const LONGEST_ANSWER = 64 * 1024
const LOGOUT_TOKEN_TIME = 2 * MINUTE

/** How an attempt ended: taken, or a word of ours for why not. */
export type Outcome =
  | 'delivered'
  | 'gone' // 410: the receiver wants nothing more
  | 'refused' // any other answer
  | 'not_signed' // no key, or the row cannot be opened
  | OutboundReason

const TROUBLE: readonly string[] = ['unreachable', 'timeout', 'address_refused', 'url_refused']
/** Whether the receiver was not reached at all, so that its other events need not be tried now. */
export function isTrouble(outcome: Outcome): outcome is OutboundReason {
  return TROUBLE.includes(outcome)
}

/** Sends one event once, and says how it went; what is written down of it is the caller's. Throws for faults of our own. */
export async function sendEvent(
  means: Means,
  prepared: Prepared,
  event: ClaimedEvent,
): Promise<Outcome> {
  try {
    const content = openOutboxEvent(means.keyring, prepared.tenant.id, event)
    if (event.endpoint === null) return 'gone'
    const request = await write(means, prepared, event, content)
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

async function write(
  means: Means,
  prepared: Prepared,
  event: ClaimedEvent,
  content: OutboxContent,
): Promise<Written | undefined> {
  if (content.type === 'session_ended') return await writeLogout(means, prepared, event, content)
  const { subscription_id: id, sealed_secrets: sealed } = event
  if (id === null || sealed === null) return undefined
  const secrets = openEventSecrets(means.keyring, { tenantId: prepared.tenant.id, id }, sealed)
  return event.delivery === 'webhook'
    ? writeWebhook(means, event, content, secrets)
    : writePush(prepared, event, content, secrets)
}

/** Made anew for each attempt, since it lives two minutes; the same `jti` each time (Back-Channel Logout 1.0, 2.4). */
async function writeLogout(
  means: Means,
  prepared: Prepared,
  event: ClaimedEvent,
  { subject, sid }: SessionEnded,
): Promise<Written | undefined> {
  const key = event.algorithm === null ? undefined : prepared.tokenKeys.get(event.algorithm)
  if (key === undefined || event.algorithm === null) return undefined
  const now = means.clock()
  const token = await signLogoutToken(key, event.algorithm, {
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
