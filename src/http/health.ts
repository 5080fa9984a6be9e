/** /health, /ready and /metrics: for machines that keep the service alive and watch it. */
import type { Deps } from '../deps.ts'
import { checkReadiness } from '../flow/check-readiness.ts'
import { measureJobs } from '../flow/measure-jobs.ts'
import { measureSeals } from '../flow/measure-seals.ts'
import { jsonAnswer, objectSchema, text } from './describe.ts'
import type { Operation, Route } from './route.ts'

export function healthRoutes(deps: Pick<Deps, 'db' | 'metrics' | 'clock' | 'keyring'>): Route[] {
  const common = { method: 'GET', errors: 'problem', limit: 'public' } as const
  return [
    {
      ...common,
      path: '/health',
      operation: HEALTH,
      handle: () => Response.json({ status: 'up' }, NO_STORE),
    },
    {
      ...common,
      path: '/ready',
      operation: READY,
      async handle() {
        const readiness = await checkReadiness(deps)
        const status = Object.values(readiness).every((word) => word === 'up') ? 200 : 503
        return Response.json(
          { status: status === 200 ? 'up' : 'down', ...readiness },
          { ...NO_STORE, status },
        )
      },
    },
    {
      ...common,
      path: '/metrics',
      operation: METRICS,
      async handle() {
        await measureJobs(deps)
        measureSeals(deps)
        const { contentType, text: exposition } = await deps.metrics.expose()
        return new Response(exposition, {
          headers: { 'content-type': contentType, 'cache-control': 'no-store' },
        })
      },
    },
  ]
}

const NO_STORE = { headers: { 'cache-control': 'no-store' } }
const tags: [string] = ['Operations']
const WORD = { type: 'string', enum: ['up', 'down'] }

const HEALTH: Operation = {
  ...{ operationId: 'health', tags, summary: 'The process answers' },
  responses: { '200': jsonAnswer('Alive.', objectSchema({ status: WORD }), { status: 'up' }) },
}
const READY: Operation = {
  ...{ operationId: 'ready', tags, summary: 'The process can serve' },
  description:
    'Database, keyring and schema. Not the institutions: their outage must not take the service out of the balancer.',
  responses: {
    '200': jsonAnswer(
      'Ready.',
      objectSchema({ status: WORD, database: WORD, keyring: WORD, schema: WORD }),
      {
        ...{ status: 'up', database: 'up', keyring: 'up', schema: 'up' },
      },
    ),
    '503': jsonAnswer(
      'Not ready.',
      objectSchema({ status: WORD, database: WORD, keyring: WORD, schema: WORD }),
      {
        ...{ status: 'down', database: 'down', keyring: 'down', schema: 'down' },
      },
    ),
  },
}
const METRICS: Operation = {
  ...{ operationId: 'metrics', tags, summary: 'Prometheus metrics' },
  description:
    'Counts and durations by route, flow and outcome; of each job its last end and how late it is; how much was sealed under Key C. Nothing about a person. Keep it inside your network.',
  responses: {
    '200': {
      description: 'Text exposition format.',
      content: {
        'text/plain': {
          schema: text('Lines.'),
          example: 'bridge_flow_outcomes_total{flow="login",outcome="known_holder"} 12',
        },
      },
    },
  },
}
