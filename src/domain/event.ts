/**
 * What others are told about a person: that something happened, and by which name they know the person; never data about
 * the person. Each receiver has its own name for them.
 */
import type { JsonObject } from './text.ts'
import { fromInstant, type IsoInstant, toSeconds } from './time.ts'

/** What can be told, each with the sentence that tells people so. */
export const EVENTS = {
  binding_created: 'A wallet or account was linked to the person.',
  binding_updated: 'A link was confirmed, or its data refreshed.',
  binding_expiring: 'A link of the person ends for not being used, unless it is used before.',
  binding_removed: 'A link of the person ended.',
  subject_changed: 'From now on the person is known by another subject.',
  identity_restricted: 'Data about the person may be kept, and used for nothing (Art. 18 GDPR).',
  restriction_lifted: 'Data about the person may be used again.',
  identity_erased: 'The person was erased. Erase what you received.',
} as const
export type EventType = keyof typeof EVENTS
export const EVENT_TYPES = Object.keys(EVENTS) as [EventType, ...EventType[]]

/** What waits in the outbox: events that were subscribed to, and what logout tokens are made of. */
export type OutboxType = EventType | 'session_ended'

/** A login at a relying party is over (Back-Channel Logout 1.0); without `sid` all of the person's there. */
export interface SessionEnded {
  type: 'session_ended'
  subject: string
  sid?: string | undefined
}

/** What happened, before it is known who hears of it. */
export type PersonEvent =
  | { type: Exclude<EventType, 'subject_changed' | 'binding_expiring'> }
  | { type: 'binding_expiring'; endsAt: IsoInstant }
  | { type: 'subject_changed'; reason: 'merged' | 'split'; newSubject: string }

/** The same as one receiver hears it; sealed in the outbox until then. */
export type EventContent = PersonEvent & { subject: string; occurredAt: IsoInstant }

/** A row of the outbox, opened. */
export type OutboxContent = EventContent | SessionEnded

/** How events reach a receiver: Standard Webhooks, RFC 8935, RFC 8936. */
export const DELIVERIES = ['webhook', 'push', 'poll'] as const
export type Delivery = (typeof DELIVERIES)[number]

const RISC = 'https://schemas.openid.net/secevent/risc/event-type'
const CAEP = 'https://schemas.openid.net/secevent/caep/event-type'
const BINDING_EXPIRING = 'urn:identity-bridge:event-type:binding-expiring'
/** RISC has such an event for e-mail addresses and telephone numbers only. */
const SUBJECT_CHANGED = 'urn:identity-bridge:event-type:subject-changed'

/** The body of a webhook: type, time, and the least that says whom it is about. */
export function webhookBody(content: EventContent): string {
  return JSON.stringify({
    type: content.type,
    timestamp: content.occurredAt,
    data: { subject: content.subject, ...changeOf(content) },
  })
}

/**
 * The claims of a Security Event Token besides who made it for whom: the person as `sub_id` (RFC 9493 section 3.2.2), and
 * one event (RFC 8417 section 2.2): RISC's `account-purged`, `-disabled` or `-enabled`, CAEP's `credential-change`, or one of our own.
 */
export function securityEventClaims(issuer: string, content: EventContent): JsonObject {
  const time = toSeconds(fromInstant(content.occurredAt))
  return {
    sub_id: { format: 'iss_sub', iss: issuer, sub: content.subject },
    toe: time,
    events: eventOf(content, time),
  }
}

function eventOf(content: EventContent, time: number): JsonObject {
  switch (content.type) {
    case 'identity_erased':
      return { [`${RISC}/account-purged`]: {} }
    case 'identity_restricted':
      return { [`${RISC}/account-disabled`]: {} }
    case 'restriction_lifted':
      return { [`${RISC}/account-enabled`]: {} }
    case 'binding_created':
      return credentialChange('create', time)
    case 'binding_updated':
      return credentialChange('update', time)
    case 'binding_removed':
      return credentialChange('delete', time)
    case 'binding_expiring':
      return { [BINDING_EXPIRING]: changeOf(content) }
    case 'subject_changed':
      return { [SUBJECT_CHANGED]: changeOf(content) }
  }
}

function credentialChange(change: 'create' | 'update' | 'delete', time: number): JsonObject {
  return {
    [`${CAEP}/credential-change`]: {
      ...{ credential_type: 'verifiable-credential', change_type: change, event_timestamp: time },
    },
  }
}

function changeOf(content: EventContent): JsonObject {
  if (content.type === 'binding_expiring') return { ends_at: content.endsAt }
  return content.type === 'subject_changed'
    ? { reason: content.reason, new_subject: content.newSubject }
    : {}
}
