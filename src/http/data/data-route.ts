/**
 * A route of the data API: who calls and what they may do is known before a byte of the body is read, what is sent is read
 * strictly, and the description in OpenAPI is written from the same shapes.
 */
import type { Context } from 'hono'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import { fail } from '../../domain/failure.ts'
import { MACHINE_SCOPES, type MachineClient, type MachineScope } from '../../domain/machine.ts'
import type { Json, JsonObject } from '../../domain/text.ts'
import type { OnceRequest, WriteAnswer } from '../../flow/answer-once.ts'
import { authenticateMachine } from '../../flow/authenticate-machine.ts'
import type { PreparedTenant } from '../../flow/tenants.ts'
import { parseWith, readJsonBody } from '../admin/read-json.ts'
import { describeShape, SHAPES, type Shape, type ShapeName } from '../admin/shapes.ts'
import { errorAnswer, jsonAnswer, pathParameter, TENANT_PARAMETER } from '../describe.ts'
import { queryOf } from '../parse.ts'
import { type Operation, type Route, tenantOf } from '../route.ts'

export type DataDeps = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics' | 'config'>

/** One call, authenticated and read. */
export interface DataCall<Body, Query> {
  readonly prepared: PreparedTenant
  readonly client: MachineClient
  readonly body: Body
  readonly query: Query
  readonly http: Context
  /** What makes a repeat of this request a repeat. */
  readonly once: OnceRequest
  /** A parameter of the path, decoded. */
  readonly path: (name: string) => string
}

type StatusSentences = { readonly [status in 304 | 404 | 409 | 412 | 422]?: string }

interface Spec<Body extends ShapeName | undefined, Query> {
  method: Route['method']
  /** Below `/t/:tenant/api/v1`. */
  path: string
  operationId: string
  summary: string
  description?: string
  scope: MachineScope
  query?: z.ZodObject & z.ZodType<Query>
  body?: Body
  /** An example of the body. */
  sent?: Json
  /** Good answers: each status with its shape and an example, or neither. */
  answers: { readonly [status in 200 | 201 | 204]?: readonly [ShapeName, JsonObject] | 'nothing' }
  refusals?: StatusSentences
  headers?: readonly JsonObject[]
  alsoDisabled?: true
  run: (
    call: DataCall<Body extends ShapeName ? z.output<Shape<Body>> : undefined, Query>,
  ) => Promise<Response>
}

const LARGEST_BODY = 32 * 1024
const DEEPEST = 10

/** The route that Hono mounts. */
export function dataRoute<
  const Body extends ShapeName | undefined = undefined,
  Query = Record<never, never>,
>(deps: DataDeps, spec: Spec<Body, Query>): Route {
  return {
    method: spec.method,
    path: `/t/:tenant/api/v1${spec.path}`,
    errors: 'problem',
    limit: 'token',
    ...(spec.alsoDisabled === true ? { alsoDisabled: true } : {}),
    operation: describe(spec),
    async handle(exchange) {
      const { http } = exchange
      const prepared = tenantOf(exchange)
      const client = await authenticateMachine(
        deps,
        prepared,
        credentialsOf(http, deps),
        spec.scope,
      )
      const query = readQuery(http, spec.query)
      const body =
        spec.body === undefined
          ? undefined
          : await readJsonBody(http, SHAPES[spec.body], LARGEST_BODY, { maxDepth: DEEPEST })
      return await spec.run({
        ...{ prepared, client, http, query: query as Query },
        body: body as Parameters<typeof spec.run>[0]['body'],
        once: onceOf(http, body),
        path: (name) => readPathParameter(http, name),
      })
    },
  }
}

function credentialsOf(http: Context, { config }: DataDeps) {
  const authorization = http.req.header('authorization')
  const proof = http.req.header('dpop')
  if (proof === undefined) return { authorization }
  const url = `${config.publicUrl}${http.req.path}`
  return { authorization, proof: { proof, method: http.req.method, url } }
}

const KEY = /^"([!#-[\]-~ ]{1,255})"$|^([!#-+\--[\]-~]{1,255})$/

/** The key as a structured field's text or bare; together with all that a repeat must repeat. */
function onceOf(http: Context, body: unknown): OnceRequest {
  const header = http.req.header('idempotency-key')
  const parts = [
    ...[http.req.method, http.req.path, JSON.stringify(body ?? null)],
    ...[http.req.header('if-match') ?? '', http.req.header('if-none-match') ?? ''],
  ]
  if (header === undefined) return { key: undefined, parts }
  const [, quoted, bare] = KEY.exec(header.trim()) ?? []
  const key = quoted ?? bare
  if (key === undefined)
    return fail({ kind: 'invalid_request', detail: 'Idempotency-Key: not a text of 1 to 255' })
  return { key, parts }
}

/** Nothing is known by a name with a NUL character; Postgres would refuse to look. */
function readPathParameter(http: Context, name: string): string {
  const value = http.req.param(name)
  return value === undefined || value.includes('\0') || value.length > 255 || !value.isWellFormed()
    ? fail({ kind: 'not_found' })
    : value
}

function readQuery(http: Context, schema: z.ZodType | undefined): unknown {
  const parameters = [...queryOf(http)]
  if (new Set(parameters.map(([name]) => name)).size !== parameters.length)
    fail({ kind: 'invalid_request', detail: 'query: a parameter occurs twice' })
  if (parameters.some(([, value]) => value.includes('\0')))
    fail({ kind: 'invalid_request', detail: 'query: a parameter holds a NUL character' })
  return parseWith(schema ?? z.strictObject({}), Object.fromEntries(parameters), 'query')
}

const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

/** A value that was read, with its version where it has one. */
export function tellValue(value: JsonObject, etag?: string): Response {
  const version = etag === undefined ? {} : { etag: `"${etag}"` }
  return Response.json(value, { headers: { ...HEADERS, ...version } })
}

/** What a write is answered with, the first time and again. */
export function tellWritten({ status, body, etag }: WriteAnswer): Response {
  const version = etag === undefined ? {} : { etag: `"${etag}"` }
  const headers = { ...HEADERS, ...version }
  if (body === undefined) return new Response(null, { status, headers })
  return Response.json(body, { status, headers })
}

/** RFC 9110 section 15.4.5. */
export function tellUnchanged(etag: string): Response {
  return new Response(null, { status: 304, headers: { ...HEADERS, etag: `"${etag}"` } })
}

const IDEMPOTENCY_KEY: JsonObject = {
  ...{ name: 'Idempotency-Key', in: 'header', required: false },
  description: 'The same key and request within 24 hours is done once and answered alike.',
  schema: { type: 'string', minLength: 1, maxLength: 257 },
  example: '"8e03978e-40d5-43e8-bc93-6894a57f9324"',
}

function describe<Body extends ShapeName | undefined, Query>(spec: Spec<Body, Query>): Operation {
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
            : jsonAnswer(SENTENCE[status] ?? '', describeShape(answer[0]), answer[1]),
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

function describeRefusals(
  spec: { body?: ShapeName | undefined; scope: MachineScope; refusals?: StatusSentences },
  writes: boolean,
): { [status: string]: JsonObject } {
  const { 304: unchanged, ...refusals } = spec.refusals ?? {}
  const sentences: { [status: string]: string } = {
    400: 'A parameter or a member of the body is missing, unknown or malformed; the title names it.',
    401: 'No token, or one that is not valid here (any more).',
    403: `The token or the registration lacks the scope \`${spec.scope}\`, or what is asked for.`,
    404: 'Nobody, or nobody of this tenant, or nobody who may be shown: all alike.',
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
    ...(unchanged === undefined ? {} : { 304: { description: unchanged } }),
    ...Object.fromEntries(
      Object.entries(sentences).map(([status, sentence]) => [
        status,
        errorAnswer('Problem', sentence),
      ]),
    ),
  }
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
