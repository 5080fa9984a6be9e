/**
 * A route of the administration: who calls is known before a byte of the body is read, what is sent is read strictly,
 * what is answered has a named shape, and its description in OpenAPI is written from the same shapes.
 */
import type { Context } from 'hono'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import { ADMIN_SCOPES, type AdminActor, type AdminScope } from '../../domain/admin.ts'
import { fail } from '../../domain/failure.ts'
import { MACHINE_SCOPE_NAMES } from '../../domain/machine.ts'
import { DATA_KIND_NAMES } from '../../domain/retention.ts'
import type { Json, JsonObject } from '../../domain/text.ts'
import { authenticateAdmin } from '../../flow/authenticate-admin.ts'
import { authenticateMachineActor } from '../../flow/authenticate-machine-actor.ts'
import { requireAdminScope } from '../../flow/deny-access.ts'
import { errorAnswer, jsonAnswer, pathParameter, TENANT_PARAMETER } from '../describe.ts'
import { queryOf } from '../parse.ts'
import type { Operation, Route } from '../route.ts'
import { parseWith, readJsonBody } from './read-json.ts'
import { describeShape, SHAPES, type Shape, type ShapeName } from './shapes.ts'

/** Everything the administration's flows need. */
export type AdminDeps = Pick<
  Deps,
  'db' | 'keyring' | 'outbound' | 'clock' | 'config' | 'tenants' | 'metrics'
>

/** One call, authenticated and read. */
export interface AdminCall<Body, Query> {
  readonly actor: AdminActor
  readonly body: Body
  readonly query: Query
  /** A parameter of the path, decoded. */
  readonly path: (name: string) => string
}

/** What a handler answers with. */
export interface AdminAnswer<Value> {
  value: Value
  /** Where a new thing can be read: a path. */
  location?: string
}

interface Spec<Body extends ShapeName | undefined, Query, Answer extends ShapeName | undefined> {
  method: Route['method']
  /** Below `/admin/v1`. */
  path: string
  operationId: string
  tag: string
  summary: string
  description?: string
  scope: AdminScope
  query?: z.ZodObject & z.ZodType<Query>
  body?: Body
  /** An example of the body. */
  sent?: Json
  answer?: Answer
  /** An example of the answer. */
  told?: JsonObject
  status: 200 | 201 | 204
  /** What may go wrong beyond what every route shares. */
  refusals?: { readonly [status in 404 | 409 | 422]?: string }
  run: (
    call: AdminCall<Body extends ShapeName ? z.output<Shape<Body>> : undefined, Query>,
  ) => Promise<Answer extends ShapeName ? AdminAnswer<z.input<Shape<Answer>>> : undefined>
}

const LARGEST_BODY = 256 * 1024
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]{1,512}=*)$/i

/** The route that Hono mounts. `deps` is what authentication needs. */
export function adminRoute<
  const Body extends ShapeName | undefined = undefined,
  Query = Record<never, never>,
  const Answer extends ShapeName | undefined = undefined,
>(deps: AdminDeps, spec: Spec<Body, Query, Answer>): Route {
  return {
    method: spec.method,
    path: `/admin/v1${spec.path}`,
    errors: 'problem',
    limit: 'admin',
    operation: describe(spec),
    async handle({ http }) {
      const actor = await authenticate(deps, http, spec.scope)
      await requireAdminScope(deps, actor, spec.scope)
      const query = readQuery(http, spec.query)
      const body =
        spec.body === undefined
          ? undefined
          : await readJsonBody(http, SHAPES[spec.body], LARGEST_BODY)
      const answer = await spec.run({
        actor,
        query: query as Query,
        body: body as Parameters<typeof spec.run>[0]['body'],
        path: (name) => readPathParameter(http, name),
      })
      return send(spec.status, answer)
    },
  }
}

/** Tokens of the administration are random texts; what looks like a JWT is a machine client's, and many times as long. */
const MACHINE_TOKEN = /^(?:bearer|dpop) +[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/i

async function authenticate(
  deps: AdminDeps,
  http: Context,
  scope: AdminScope,
): Promise<AdminActor> {
  const authorization = http.req.header('authorization') ?? ''
  if (!MACHINE_TOKEN.test(authorization))
    return await authenticateAdmin(deps, BEARER.exec(authorization)?.[1])
  const proof = http.req.header('dpop')
  const url = `${deps.config.publicUrl}${http.req.path}`
  const proven = proof === undefined ? {} : { proof: { proof, method: http.req.method, url } }
  const credentials = { authorization, ...proven }
  return await authenticateMachineActor(deps, http.req.param('tenant'), credentials, scope)
}

/** Nothing is known by a name with a NUL character; Postgres would refuse to look. */
function readPathParameter(http: Context, name: string): string {
  const value = http.req.param(name)
  return value === undefined || value.includes('\0') ? fail({ kind: 'not_found' }) : value
}

/** Parameters we do not know are refused: a filter with a typing error would show everything. */
function readQuery(http: Context, schema: z.ZodType | undefined): unknown {
  const parameters = [...queryOf(http)]
  if (new Set(parameters.map(([name]) => name)).size !== parameters.length) {
    fail({ kind: 'invalid_request', detail: 'query: a parameter occurs twice' })
  }
  if (parameters.some(([, value]) => value.includes('\0'))) {
    fail({ kind: 'invalid_request', detail: 'query: a parameter holds a NUL character' })
  }
  return parseWith(schema ?? z.strictObject({}), Object.fromEntries(parameters), 'query')
}

function send(status: number, answer: AdminAnswer<unknown> | undefined): Response {
  const headers = {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(answer?.location === undefined ? {} : { location: answer.location }),
  }
  if (answer === undefined) return new Response(null, { status, headers })
  return Response.json(answer.value, { status, headers })
}

function describe<Body extends ShapeName | undefined, Query, Answer extends ShapeName | undefined>(
  spec: Spec<Body, Query, Answer>,
): Operation {
  const { operationId, tag, summary, description, scope } = spec
  const parameters = [...pathParameters(spec.path), ...queryParameters(spec.query)]
  const paragraphs = [description, `Needs the scope \`${scope}\`: ${ADMIN_SCOPES[scope]}`]
  return {
    operationId,
    tags: [tag],
    summary,
    description: paragraphs.filter((part) => part !== undefined).join('\n\n'),
    security: [{ adminToken: [] }, ...(isShared(spec) ? [{ machineToken: [] }] : [])],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(spec.body === undefined ? {} : { requestBody: describeBody(spec.body, spec.sent) }),
    responses: { [spec.status]: describeAnswer(spec), ...describeRefusals(spec) },
  }
}

function describeBody(name: ShapeName, example: Json | undefined): JsonObject {
  const media = { schema: describeShape(name), ...(example === undefined ? {} : { example }) }
  return { required: true, content: { 'application/json': media } }
}

function describeAnswer(spec: {
  summary: string
  status: number
  answer?: ShapeName | undefined
  told?: JsonObject
}): JsonObject {
  if (spec.answer === undefined) return { description: 'Done.' }
  const answer = jsonAnswer(
    `${spec.status === 201 ? 'Created' : 'As it is now'}.`,
    describeShape(spec.answer),
    spec.told ?? {},
  )
  if (spec.status !== 201) return answer
  const location = { description: 'Where it can be read.', schema: { type: 'string' } }
  return { ...answer, headers: { Location: location } }
}

function describeRefusals(spec: {
  body?: ShapeName | undefined
  scope: AdminScope
  refusals?: { readonly [status in 404 | 409 | 422]?: string }
}): { [status: string]: JsonObject } {
  const sentences: { [status: string]: string } = {
    400: 'A parameter or a member of the body is missing, unknown or malformed; `detail` names it.',
    401: 'No token, or one that is unknown, expired or revoked.',
    403: `The token lacks the scope \`${spec.scope}\`, or is for one tenant where all are concerned.`,
    ...spec.refusals,
    ...(spec.body === undefined
      ? {}
      : { 413: 'The body is larger than 256 KiB.', 415: 'The body is not `application/json`.' }),
    429: 'Too many requests.',
    503: 'The database is out of reach; try again.',
  }
  return Object.fromEntries(
    Object.entries(sentences).map(([status, sentence]) => [
      status,
      errorAnswer('Problem', sentence),
    ]),
  )
}

const PATH_PARAMETERS: { readonly [name: string]: JsonObject } = {
  tenant: TENANT_PARAMETER,
  client_id: pathParameter(
    'client_id',
    'Client id of the relying party, percent-encoded.',
    'demo-app',
  ),
  kid: pathParameter('kid', 'Which key.', 'cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s'),
  provider: pathParameter('provider', 'Slug of the provider.', 'surf'),
  test: pathParameter('test', 'Id of the test login.', '2f1c9a60-7d0e-4c0b-9a55-3f1d2c4b5a69'),
  kind: {
    ...pathParameter('kind', 'Which of the five documents.', 'selector'),
    schema: { type: 'string', enum: ['trust', 'query', 'attributes', 'material', 'selector'] },
  },
  version: {
    ...pathParameter('version', 'Number of the version, from 1.', '3'),
    schema: { type: 'string', pattern: '^[1-9][0-9]{0,8}$' },
  },
  identity: pathParameter('identity', 'Id of the person.', '2f1c9a60-7d0e-4c0b-9a55-3f1d2c4b5a69'),
  match: pathParameter(
    'match',
    'Id of what the person is known by.',
    '2f1c9a60-7d0e-4c0b-9a55-3f1d2c4b5a69',
  ),
  merge: pathParameter('merge', 'Id of the merge.', '2f1c9a60-7d0e-4c0b-9a55-3f1d2c4b5a69'),
  data: {
    ...pathParameter('data', 'Kind of data.', 'links'),
    schema: { type: 'string', enum: [...DATA_KIND_NAMES] },
  },
  key: {
    ...pathParameter('key', 'Which key.', 'A'),
    schema: { type: 'string', enum: ['A', 'B', 'C'] },
  },
  job: pathParameter('job', 'Name of the job.', 'expire-journeys'),
  id: pathParameter(
    'id',
    'Id of the thing; of a token, not the token itself.',
    '2f1c9a60-7d0e-4c0b-9a55-3f1d2c4b5a69',
  ),
}

/** Whether a machine client's token may open it too: below a tenant, for a scope that machine clients know. */
function isShared({ path, scope }: { path: string; scope: AdminScope }): boolean {
  return path.includes('/:tenant') && MACHINE_SCOPE_NAMES.some((name) => name === scope)
}

function pathParameters(path: string): readonly JsonObject[] {
  return [...path.matchAll(/:([a-z_]+)/g)].map(([, name = '']) => {
    const known = PATH_PARAMETERS[name]
    if (known === undefined) throw new TypeError(`the path parameter ${name} is not described`)
    return known
  })
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
