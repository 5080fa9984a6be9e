/** The secrets of a receiver of events, newest first, at most two; and what is made with them. */
import { createHmac, randomBytes } from 'node:crypto'
import type { Delivery } from '../domain/event.ts'
import type { SubscriptionId, TenantId } from '../domain/ids.ts'
import type { Sealed } from '../domain/text.ts'
import type { Keyring } from './keyring.ts'
import { equalText, randomText } from './random.ts'
import { openUnder, type SealContext, sealUnder } from './seal.ts'

const WEBHOOK_PREFIX = 'whsec_'

/** 256 random bits: `whsec_` and base64 for a webhook's key, base64url for a bearer token. */
export function newEventSecret(delivery: Delivery): string {
  return delivery === 'webhook'
    ? `${WEBHOOK_PREFIX}${randomBytes(32).toString('base64')}`
    : randomText()
}

export function sealEventSecrets(
  keyring: Keyring,
  place: { tenantId: TenantId; id: SubscriptionId },
  secrets: readonly string[],
): Sealed {
  return sealUnder(keyring, 'webhook', contextOf(place), JSON.stringify(secrets.slice(0, 2)))
}

/** Newest first. Throws `sealed_unreadable`. */
export function openEventSecrets(
  keyring: Keyring,
  place: { tenantId: TenantId; id: SubscriptionId },
  sealed: Sealed,
): readonly string[] {
  const bytes = openUnder(keyring, 'webhook', contextOf(place), sealed)
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as string[]
}

/**
 * `webhook-signature`: one signature for each secret, so that a receiver may change over in its own time. Source: Standard
 * Webhooks, "Signature scheme": HMAC-SHA256 over `id.timestamp.body`. `timestamp` in seconds.
 */
export function webhookSignature(
  secrets: readonly string[],
  message: { id: string; timestamp: number; body: string },
): string {
  const text = `${message.id}.${message.timestamp}.${message.body}`
  return secrets
    .map((secret) => {
      const key = Buffer.from(secret.slice(WEBHOOK_PREFIX.length), 'base64')
      return `v1,${createHmac('sha256', key).update(text, 'utf8').digest('base64')}`
    })
    .join(' ')
}

/** Whether the text is one of the secrets; every one is compared. */
export function isEventSecret(secrets: readonly string[], text: string): boolean {
  return secrets.map((secret) => equalText(secret, text)).includes(true)
}

function contextOf({ tenantId, id }: { tenantId: TenantId; id: SubscriptionId }): SealContext {
  return { tenant: tenantId, table: 'event_subscription', column: 'sealed_secrets', row: id }
}
