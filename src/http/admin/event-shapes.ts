/** Receivers of events, and events, as the administration reads and answers them. */
import { z } from 'zod'
import { DELIVERIES, EVENT_TYPES } from '../../domain/event.ts'
import { url } from './common-shapes.ts'

const eventTypes = z
  .array(z.enum(EVENT_TYPES))
  .min(1)
  .max(EVENT_TYPES.length)
  .describe('Which events are told.')
const endpoint = url.describe('Where events are sent; not for `poll`.')

export const NewEventSubscription = z.strictObject({
  client_id: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe('The relying party or machine client that listens; the tenant itself when absent.'),
  delivery: z
    .enum(DELIVERIES)
    .describe(
      '`webhook`: signed as Standard Webhooks says. `push`: Security Event Tokens by RFC 8935. `poll`: fetched by RFC 8936.',
    ),
  endpoint: endpoint.optional(),
  audience: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe(
      '`aud` of Security Event Tokens; the client id, or the subscription id, when absent.',
    ),
  event_types: eventTypes.default([...EVENT_TYPES]),
})
export const EventSubscriptionChange = z.strictObject({
  endpoint: endpoint.optional(),
  event_types: eventTypes.optional(),
  enabled: z.boolean().optional().describe('Switched off, it is told of nothing new.'),
})
const members = {
  id: z.string(),
  client_id: z.string().nullable(),
  delivery: z.enum(DELIVERIES),
  endpoint: z.string().nullable(),
  audience: z.string(),
  event_types: z.array(z.enum(EVENT_TYPES)),
  enabled: z.boolean(),
  created_at: z.string(),
  updated_at: z.string(),
}
export const EventSubscription = z.object(members)
export const EventSubscriptionWithSecret = z.object({
  ...members,
  secret: z
    .string()
    .describe(
      'Told this once. Signs webhooks; for `push` the bearer token we bring, for `poll` the one you bring.',
    ),
})
export const EventSubscriptionList = z.object({ event_subscriptions: z.array(EventSubscription) })
export const EventDelivery = z.object({
  id: z.string().describe('`webhook-id`, or `jti` of the Security Event Token.'),
  subscription: z.string().nullable().describe('Whose event it is; null for a logout token.'),
  client_id: z.string().nullable().describe('The relying party whose logout token it is.'),
  type: z.enum([...EVENT_TYPES, 'session_ended']),
  state: z.enum(['waiting', 'delivered', 'dead']),
  attempts: z.int(),
  last_error: z.string().nullable(),
  created_at: z.string(),
  at: z.string().describe('When it was delivered, given up, or is tried next.'),
})
export const EventDeliveryList = z.object({
  events: z.array(EventDelivery),
  next_cursor: z.string().nullable(),
})
