/** What OpenAPI says of a route of the data API. */
import { z } from 'zod'
import { MACHINE_SCOPES, type MachineScope } from '../../domain/machine.ts'
import type { Json, JsonObject } from '../../domain/text.ts'
import { describeShape, type ShapeName } from '../admin/shapes.ts'
import { errorAnswer, jsonAnswer, pathParameter, TENANT_PARAMETER } from '../describe.ts'
import { problemExample } from '../openapi-components.ts'
import type { Operation, Route } from '../route.ts'

type StatusSentences = { readonly [status in 304 | 404 | 409 | 412 | 422]?: string }

export interface DescribedRoute {
  method: Route['method']
  /** Below `/t/:tenant/api/v1`. */
  path: string
  operationId: string
  summary: string
  description?: string
  scope: MachineScope
  query?: z.ZodObject
  body?: ShapeName | undefined
  /** An example of the body. */
  sent?: Json
  /** Good answers: each status with its shape and an example, or neither. */
  answers: { readonly [status in 200 | 201 | 204]?: readonly [ShapeName, JsonObject] | 'nothing' }
  refusals?: StatusSentences
  headers?: readonly JsonObject[]
  /** Its good answers carry a version. */
  versioned?: true
}

/** Whether any good answer has a body. */
export function tellsSomething({ answers }: Pick<DescribedRoute, 'answers'>): boolean {
  return Object.values(answers).some((answer) => answer !== 'nothing')
}

const IDEMPOTENCY_KEY: JsonObject = {
  ...{ name: 'Idempotency-Key', in: 'header', required: false },
  description: 'The same key and request within 24 hours is done once and answered alike.',
  schema: { type: 'string', minLength: 1, maxLength: 257 },
  example: '"8e03978e-40d5-43e8-bc93-6894a57f9324"',
}

/** The operation in OpenAPI: every parameter, answer and refusal, with examples. */
export function describeDataRoute(spec: DescribedRoute): Operation {
  const { operationId, summary, description, scope } = spec
  const writes = spec.method === 'PUT' || spec.method === 'DELETE'
  const parameters = [
    ...pathParameters(spec.path),
    ...queryParameters(spec.query),
    ...(spec.headers ?? []),
    ...(writes ? [IDEMPOTENCY_KEY] : []),
  ]
  const paragraphs = [description, `Needs the scope \`${scope}\`: ${MACHINE_SCOPES[scope]}`]
  return {
    ...{ operationId, tags: ['Data'], summary },
    description: paragraphs.filter((part) => part !== undefined).join('\n\n'),
    security: [{ machineToken: [] }],
    parameters,
    ...(spec.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: {
              'application/json': {
                schema: describeShape(spec.body),
                ...(spec.sent === undefined ? {} : { example: spec.sent }),
              },
            },
          },
        }),
    responses: {
      ...Object.fromEntries(
        Object.entries(spec.answers).map(([status, answer]) => [
          status,
          answer === 'nothing'
            ? { description: 'Done.' }
            : {
                ...jsonAnswer(SENTENCE[status] ?? '', describeShape(answer[0]), answer[1]),
                ...(spec.versioned === true ? { headers: ETAG } : {}),
              },
        ]),
      ),
      ...describeRefusals(spec, writes),
    },
  }
}

const SENTENCE: { readonly [status: string]: string } = {
  200: 'As it is now.',
  201: 'There was none before.',
}

function describeRefusals(spec: DescribedRoute, writes: boolean): { [status: string]: JsonObject } {
  const { 304: unchanged, ...refusals } = spec.refusals ?? {}
  const sentences: { [status: string]: string } = {
    400: 'A parameter or a member of the body is missing, unknown or malformed; `detail` names it.',
    401: 'No token, or one that is not valid here (any more).',
    403: `The token or the registration lacks the scope \`${spec.scope}\`, or what is asked for.`,
    404: 'Nobody, or nobody of this tenant, or nobody who may be shown: all alike.',
    ...(tellsSomething(spec) ? { 406: '`Accept` does not allow `application/json`.' } : {}),
    ...(writes
      ? {
          409: 'The same request under this Idempotency-Key is under way.',
          422: 'The Idempotency-Key was used for another request.',
        }
      : {}),
    ...refusals,
    ...(spec.body === undefined
      ? {}
      : { 413: 'The body is larger than 32 KiB.', 415: 'The body is not `application/json`.' }),
    429: 'Too many requests.',
    503: 'The database is out of reach; try again.',
  }
  return {
    ...(unchanged === undefined ? {} : { 304: { description: unchanged, headers: ETAG } }),
    ...Object.fromEntries(
      Object.entries(sentences).map(([status, sentence]) => [
        status,
        describeRefusal(Number(status), sentence),
      ]),
    ),
  }
}

const ETAG: JsonObject = {
  ETag: { description: 'Its version.', schema: { type: 'string' }, example: '"x1y2"' },
}
/** What stands in the headers beside a refusal. */
const REFUSAL_HEADERS: { readonly [status: number]: JsonObject } = {
  401: {
    'WWW-Authenticate': {
      description: 'RFC 6750 section 3.',
      ...{ schema: { type: 'string' }, example: 'Bearer error="invalid_token"' },
    },
  },
  429: {
    'Retry-After': { description: 'Seconds.', schema: { type: 'integer' }, example: 20 },
  },
}
/** Where the usual example of a status is one of the administration. */
const EXAMPLES: { readonly [status: number]: readonly [code: string, detail: string] } = {
  400: ['invalid_request', 'identifier: too_big'],
  401: ['invalid_token', 'the access token is not valid'],
  403: ['category_forbidden', 'the registration does not allow this category'],
  409: ['conflict', 'Idempotency-Key: the same request is under way'],
  422: ['idempotency_key_reused', 'Idempotency-Key: was used for another request'],
}

function describeRefusal(status: number, sentence: string): JsonObject {
  const [code, detail] = EXAMPLES[status] ?? []
  const headers = REFUSAL_HEADERS[status]
  const answer = errorAnswer('Problem', sentence)
  const described = headers === undefined ? answer : { ...answer, headers }
  if (code === undefined || detail === undefined) return described
  const schema = { $ref: '#/components/schemas/Problem' }
  const example = problemExample(status, code, detail)
  return { ...described, content: { 'application/problem+json': { schema, example } } }
}

const ID = '2f1c9a60-7d0e-4c0b-9a55-3f1d2c4b5a69'
const PATH_PARAMETERS: { readonly [name: string]: JsonObject } = {
  identity: pathParameter('identity', 'Id of the person.', ID),
  category: {
    ...pathParameter('category', 'Which data.', 'enrolment'),
    schema: { type: 'string', pattern: '^[a-z][a-z0-9_]{0,63}$' },
  },
  device: pathParameter('device', 'Id of the wallet.', ID),
}

function pathParameters(path: string): readonly JsonObject[] {
  const own = [...path.matchAll(/:([a-z_]+)/g)].map(([, name = '']) => {
    const known = PATH_PARAMETERS[name]
    if (known === undefined) throw new TypeError(`the path parameter ${name} is not described`)
    return known
  })
  return [TENANT_PARAMETER, ...own]
}

function queryParameters(schema: z.ZodObject | undefined): readonly JsonObject[] {
  if (schema === undefined) return []
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input' }) as {
    properties?: { [name: string]: JsonObject }
  }
  return Object.entries(properties).map(([name, { description = '', example = '', ...type }]) => ({
    ...{ name, in: 'query', required: false, description, schema: type, example },
  }))
}
