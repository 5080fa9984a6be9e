/**
 * A route of the data API: who calls and what they may do is known before a byte of the body is read, what is sent is read
 * strictly, and the description in OpenAPI (`describe-data.ts`) is written from the same shapes.
 */

import type { Context } from 'hono'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import { fail } from '../../domain/failure.ts'
import type { MachineClient } from '../../domain/machine.ts'
import type { JsonObject } from '../../domain/text.ts'
import type { OnceRequest, WriteAnswer } from '../../flow/answer-once.ts'
import { authenticateMachine } from '../../flow/authenticate-machine.ts'
import type { PreparedTenant } from '../../flow/tenants.ts'
import { parseWith, readJsonBody } from '../admin/read-json.ts'
import { SHAPES, type Shape, type ShapeName } from '../admin/shapes.ts'
import { answerJson } from '../json-answer.ts'
import { acceptsJson, queryOf } from '../parse.ts'
import { type Route, tenantOf } from '../route.ts'
import { type DescribedRoute, describeDataRoute, tellsSomething } from './describe-data.ts'

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

interface Spec<Body extends ShapeName | undefined, Query> extends DescribedRoute {
  query?: z.ZodObject & z.ZodType<Query>
  body?: Body
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
    operation: describeDataRoute(spec),
    async handle(exchange) {
      const { http } = exchange
      const prepared = tenantOf(exchange)
      const client = await authenticateMachine(
        deps,
        prepared,
        credentialsOf(http, deps),
        spec.scope,
      )
      if (tellsSomething(spec) && !acceptsJson(http.req.header('accept')))
        return fail({ kind: 'not_acceptable' })
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
  return answerJson(value, { ...HEADERS, ...version })
}

/** What a write is answered with, the first time and again. */
export function tellWritten({ status, body, etag }: WriteAnswer): Response {
  const version = etag === undefined ? {} : { etag: `"${etag}"` }
  const headers = { ...HEADERS, ...version }
  if (body === undefined) return new Response(null, { status, headers })
  return answerJson(body, headers, status)
}

/** RFC 9110 section 15.4.5. */
export function tellUnchanged(etag: string): Response {
  return new Response(null, { status: 304, headers: { ...HEADERS, etag: `"${etag}"` } })
}
