/** POST /events/{id}/poll: a receiver fetches Security Event Tokens (RFC 8936). */
import { z } from 'zod'
import type { Deps } from '../deps.ts'
import { pollEvents } from '../flow/poll-events.ts'
import { readJsonBody } from './admin/read-json.ts'
import {
  errorAnswer,
  jsonAnswer,
  objectSchema,
  pathParameter,
  TENANT_PARAMETER,
} from './describe.ts'
import { type Exchange, type Operation, type Route, tenantOf } from './route.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'stopping'>

const LARGEST_BODY = 64 * 1024
const BEARER = /^Bearer +([A-Za-z0-9_-]{1,128})$/i
const id = z.string().regex(/^[0-9a-f-]{36}$/)

const Poll = z.object({
  maxEvents: z.int().min(0).max(100).default(20),
  returnImmediately: z.boolean().default(false),
  ack: z.array(id).max(500).default([]),
  setErrs: z
    .record(
      id,
      z.object({ err: z.string().max(100), description: z.string().max(1_000).optional() }),
    )
    .default({}),
})

export function eventPollRoutes(deps: Means): Route[] {
  return [
    {
      ...{ method: 'POST', path: '/t/:tenant/events/:id/poll', errors: 'problem', limit: 'token' },
      alsoDisabled: true,
      operation: POLL,
      handle: (exchange) => poll(deps, exchange),
    },
  ]
}

async function poll(deps: Means, exchange: Exchange): Promise<Response> {
  const { http } = exchange
  const body = await readJsonBody(http, Poll, LARGEST_BODY)
  const authorization = http.req.header('authorization') ?? ''
  const caller = {
    subscription: http.req.param('id') ?? '',
    secret: BEARER.exec(authorization)?.[1],
    isKnown: authorization !== '',
  }
  const answer = await pollEvents(deps, tenantOf(exchange), caller, {
    ...{ maxEvents: body.maxEvents, returnImmediately: body.returnImmediately },
    ...{ acknowledged: body.ack, refused: Object.keys(body.setErrs) },
    signal: AbortSignal.any([http.req.raw.signal, deps.stopping]),
  })
  return Response.json(answer, { headers: { 'cache-control': 'no-store' } })
}

const TOKENS = { type: 'object', additionalProperties: { type: 'string' } } as const
const JTI = '2f1c9a60-7d0e-4c0b-9a55-3f1d2c4b5a69'

const POLL: Operation = {
  ...{ operationId: 'pollEvents', tags: ['Relying parties'], summary: 'Fetch events' },
  description:
    'RFC 8936, for subscriptions with `delivery` `poll`; the secret of the subscription is the bearer token. Events come again until they are named in `ack` or `setErrs`. Without `returnImmediately` an answer may take 20 seconds.',
  security: [{ eventSecret: [] }],
  parameters: [TENANT_PARAMETER, pathParameter('id', 'Id of the subscription.', JTI)],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: objectSchema({
          'maxEvents?': { type: 'integer', minimum: 0, maximum: 100, default: 20 },
          'returnImmediately?': { type: 'boolean', default: false },
          'ack?': {
            ...{ type: 'array', maxItems: 500 },
            items: { type: 'string', pattern: '^[0-9a-f-]{36}$' },
          },
          'setErrs?': {
            type: 'object',
            propertyNames: { pattern: '^[0-9a-f-]{36}$' },
            additionalProperties: objectSchema({
              err: { type: 'string', maxLength: 100 },
              'description?': { type: 'string', maxLength: 1_000 },
            }),
          },
        }),
        example: { ack: [JTI], returnImmediately: true },
      },
    },
  },
  responses: {
    '200': jsonAnswer(
      'What waits, oldest first.',
      objectSchema({ sets: TOKENS, moreAvailable: { type: 'boolean' } }),
      { sets: { [JTI]: 'eyJ0eXAiOiJzZWNldmVudCtqd3QifQ.eyJ…' }, moreAvailable: false },
    ),
    '400': errorAnswer('Problem', 'The body is not of this shape.'),
    '401': errorAnswer('Problem', 'Not the secret of this subscription, or none that is fetched.'),
    '413': errorAnswer('Problem', 'The body is larger than 64 KiB.'),
    '415': errorAnswer('Problem', 'The body is not `application/json`.'),
    '429': errorAnswer('Problem', 'Too many requests.'),
    '503': errorAnswer('Problem', 'The database is out of reach, or the tenant has no key.'),
  },
}
