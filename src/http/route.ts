/**
 * A route: where it is mounted, what the world may read about it, and what answers. `app.ts` mounts a list of these,
 * and `openapi.yaml` is written from the same list, so the two cannot differ.
 */
import type { Context } from 'hono'
import type { Failure } from '../domain/failure.ts'
import type { JsonObject } from '../domain/text.ts'
import type { PreparedTenant } from '../flow/tenants.ts'

/** How failures are told on a route: OAuth JSON, a page, the wallet's JSON, or RFC 9457 problem details. */
export type ErrorForm = 'oauth' | 'page' | 'wallet' | 'problem'

/** An OpenAPI 3.1 operation object, as far as we use it. */
export interface Operation {
  operationId: string
  tags: [string]
  summary: string
  description?: string
  security?: readonly Record<string, readonly string[]>[]
  parameters?: readonly JsonObject[]
  requestBody?: JsonObject
  responses: { readonly [status: string]: JsonObject }
}

/** One request under way: filled in by `serve.ts`, read by handlers. */
export interface Exchange {
  readonly http: Context
  /** The tenant of the path; on every route below `/t/:tenant`. */
  prepared: PreparedTenant | undefined
  /** Correlation id: the journey's as soon as a handler knows it. */
  reference: string
  failure: Failure | undefined
}

/** Families that share a rate limit; undefined where the caller is authenticated or the answer costs nothing. */
export type LimitFamily = 'browser' | 'status' | 'wallet' | 'token' | 'admin' | 'public'

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Hono's spelling: `/t/:tenant/token`. */
  path: string
  errors: ErrorForm
  limit: LimitFamily | undefined
  /** Pages of other origins may call it: what it gives hangs on a token or is public (OP-68). */
  crossOrigin?: true
  /**
   * A GET that changes something, because browsers are sent here by others. HEAD, which must be safe (RFC 9110 section
   * 9.2.1), is refused there.
   */
  changes?: true
  /** Goes on where the tenant is disabled: erasure, and what it takes to ask for it and hear of it. */
  alsoDisabled?: true
  operation: Operation
  handle: (exchange: Exchange) => Response | Promise<Response>
}

/** What an answer of a {@link Route.crossOrigin} route carries; `serve.ts` adds it to failures. */
export const CROSS_ORIGIN = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'DPoP-Nonce, WWW-Authenticate',
} as const

/** The tenant of a route below `/t/:tenant`; `serve.ts` has put it there. */
export function tenantOf(exchange: Exchange): PreparedTenant {
  if (exchange.prepared === undefined) throw new TypeError('a route without a tenant asked for one')
  return exchange.prepared
}
