/** Who hears of events: `/admin/v1/tenants/{tenant}/event-subscriptions`; what became of them: `…/events`. */
import { z } from 'zod'
import type { ClientId } from '../../domain/ids.ts'
import {
  addEventSecret,
  changeEventSubscription,
  endOldEventSecret,
} from '../../flow/change-event-subscription.ts'
import { endEventSubscription } from '../../flow/end-event-subscription.ts'
import {
  readEventSubscriptions,
  readEvents,
  readOneEventSubscription,
} from '../../flow/read-events.ts'
import { replayEvent } from '../../flow/replay-event.ts'
import { subscribeToEvents } from '../../flow/subscribe-to-events.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import { EVENT, EVENT_SUBSCRIPTION, NEW_EVENT_SUBSCRIPTION, WEBHOOK_SECRET } from './examples.ts'

const tag = 'Administration: events'
const scope = 'clients:manage'
const ALL = '/tenants/:tenant/event-subscriptions'
const ONE = `${ALL}/:id`
const EVENTS = '/tenants/:tenant/events'
const NOT_FOUND = { 404: 'No such tenant or subscription, or not one of this token.' }
const REFUSED = 'An address that is never asked; the code says why.'

export function eventRoutes(deps: AdminDeps): Route[] {
  return [...subscriptionRoutes(deps), ...secretRoutes(deps), ...deliveryRoutes(deps)]
}

function subscriptionRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...{ method: 'POST', path: ALL, operationId: 'subscribeToEvents', tag, scope },
      summary: 'Tell somebody of events',
      description:
        'A relying party hears of the people it has a subject for, by that subject alone. The tenant itself, and machine clients with `reconciliation:read`, hear of everybody by the id the data API uses.',
      ...{ body: 'NewEventSubscription', sent: NEW_EVENT_SUBSCRIPTION },
      answer: 'EventSubscriptionWithSecret',
      ...{ told: { ...EVENT_SUBSCRIPTION, secret: WEBHOOK_SECRET }, status: 201 },
      refusals: {
        404: 'No such tenant, or not one of this token.',
        409: 'There are a hundred.',
        422: REFUSED,
      },
      async run({ actor, body, path }) {
        const { subscription, secret } = await subscribeToEvents(deps, actor, path('tenant'), {
          clientId: body.client_id as ClientId | undefined,
          delivery: body.delivery,
          endpoint: body.endpoint,
          audience: body.audience,
          eventTypes: body.event_types,
        })
        const location = `/admin/v1/tenants/${path('tenant')}/event-subscriptions/${subscription.id}`
        return { value: { ...tell(subscription), secret }, location }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'GET', path: ALL, operationId: 'listEventSubscriptions', tag, scope },
      summary: 'List who hears of events',
      ...{ answer: 'EventSubscriptionList', status: 200 },
      told: { event_subscriptions: [EVENT_SUBSCRIPTION] },
      refusals: { 404: 'No such tenant, or not one of this token.' },
      run: async ({ actor, path }) => ({
        value: {
          event_subscriptions: (await readEventSubscriptions(deps, actor, path('tenant'))).map(
            tell,
          ),
        },
      }),
    }),
    adminRoute(deps, {
      ...{ method: 'GET', path: ONE, operationId: 'readEventSubscription', tag, scope },
      summary: 'Read one of them',
      ...{ answer: 'EventSubscription', told: EVENT_SUBSCRIPTION, status: 200 },
      refusals: NOT_FOUND,
      run: async ({ actor, path }) => ({
        value: tell(await readOneEventSubscription(deps, actor, path('tenant'), path('id'))),
      }),
    }),
    adminRoute(deps, {
      ...{ method: 'PATCH', path: ONE, operationId: 'updateEventSubscription', tag, scope },
      summary: 'Change address or events, switch on or off',
      ...{ body: 'EventSubscriptionChange', sent: { enabled: false } },
      ...{ answer: 'EventSubscription', told: { ...EVENT_SUBSCRIPTION, enabled: false } },
      ...{ status: 200, refusals: { ...NOT_FOUND, 422: REFUSED } },
      async run({ actor, body, path }) {
        const change = {
          endpoint: body.endpoint,
          eventTypes: body.event_types,
          enabled: body.enabled,
        }
        const id = path('id')
        return {
          value: tell(await changeEventSubscription(deps, actor, path('tenant'), id, change)),
        }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'DELETE', path: ONE, operationId: 'endEventSubscription', tag, scope },
      summary: 'Tell somebody nothing more',
      description: 'What still waited for it is gone.',
      ...{ status: 204, refusals: NOT_FOUND },
      async run({ actor, path }) {
        await endEventSubscription(deps, actor, path('tenant'), path('id'))
        return undefined
      },
    }),
  ]
}

function secretRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...{ method: 'POST', path: `${ONE}/secrets`, operationId: 'addEventSecret', tag, scope },
      summary: 'Make a new secret beside the one there is',
      description:
        'Webhooks carry a signature of each of the two, and fetching works with either, until the old one is ended.',
      answer: 'EventSubscriptionWithSecret',
      ...{ told: { ...EVENT_SUBSCRIPTION, secret: WEBHOOK_SECRET }, status: 201 },
      refusals: NOT_FOUND,
      async run({ actor, path }) {
        const made = await addEventSecret(deps, actor, path('tenant'), path('id'))
        const location = `/admin/v1/tenants/${path('tenant')}/event-subscriptions/${path('id')}`
        return { value: { ...tell(made.subscription), secret: made.secret }, location }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'DELETE', path: `${ONE}/secrets/old`, operationId: 'endOldEventSecret' },
      ...{ tag, scope, status: 204, refusals: NOT_FOUND },
      summary: 'End the older secret',
      async run({ actor, path }) {
        await endOldEventSecret(deps, actor, path('tenant'), path('id'))
        return undefined
      },
    }),
  ]
}

const EventQuery = z.strictObject({
  state: z
    .enum(['waiting', 'delivered', 'dead'])
    .default('dead')
    .meta({ description: 'Which ones; those given up when absent.', example: 'dead' }),
  limit: z
    .string()
    .regex(/^([1-9][0-9]?|100)$/)
    .default('50')
    .meta({ description: 'How many, 1 to 100; 50 when absent.', example: '50' }),
  cursor: z.string().max(80).optional().meta({
    description: '`next_cursor` of the page before.',
    example: '2026-03-01T09:00:00.000Z_2f1c9a60-7d0e-4c0b-9a55-3f1d2c4b5a69',
  }),
})

function deliveryRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...{ method: 'GET', path: EVENTS, operationId: 'listEvents', tag, scope },
      summary: 'See what became of events',
      description:
        'Newest first. Delivered ones are kept for 7 days, those given up for 30. Whom an event is about is not told here.',
      query: EventQuery,
      ...{ answer: 'EventDeliveryList', told: { events: [EVENT], next_cursor: null }, status: 200 },
      refusals: { 404: 'No such tenant, or not one of this token.' },
      async run({ actor, query, path }) {
        const limit = Number(query.limit)
        const { events, next } = await readEvents(deps, actor, path('tenant'), {
          ...query,
          limit,
          cursor: query.cursor,
        })
        const value = {
          events: events.map(({ createdAt, lastError, subscription, client, ...event }) => ({
            ...{ ...event, subscription: subscription ?? null, client_id: client ?? null },
            ...{ last_error: lastError ?? null, created_at: createdAt },
          })),
          next_cursor: next ?? null,
        }
        return { value }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'POST', path: `${EVENTS}/:id/replay`, operationId: 'replayEvent', tag, scope },
      summary: 'Offer an event once more',
      description: 'Under the same id, so that a receiver who had it knows.',
      status: 204,
      refusals: { 404: 'No such tenant or event, not one of this token, or it waits still.' },
      async run({ actor, path }) {
        await replayEvent(deps, actor, path('tenant'), path('id'))
        return undefined
      },
    }),
  ]
}

function tell(subscription: Awaited<ReturnType<typeof readOneEventSubscription>>) {
  return {
    id: subscription.id,
    client_id: subscription.clientId ?? null,
    delivery: subscription.delivery,
    endpoint: subscription.endpoint ?? null,
    audience: subscription.audience,
    event_types: [...subscription.eventTypes],
    enabled: subscription.enabled,
    created_at: subscription.createdAt,
    updated_at: subscription.updatedAt,
  }
}
