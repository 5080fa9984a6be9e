/**
 * What happens around every handler, in one place: limits, tenant, handler, failure, log line, metrics. One function
 * rather than a stack of layers, so that the order can be read.
 */
import type { Context } from 'hono'
import type { Deps } from '../deps.ts'
import { BridgeError, type Failure } from '../domain/failure.ts'
import type { PreparedTenant } from '../flow/tenants.ts'
import { describeError } from '../log.ts'
import { answerFailure } from './failure-answer.ts'
import { NO_TENANT, type PageTenant } from './pages/layout.ts'
import { chooseLanguage } from './pages/text.ts'
import type { RateLimits } from './rate-limit.ts'
import { CROSS_ORIGIN, type Exchange, type Route } from './route.ts'

const SLUG = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

type Means = Pick<Deps, 'tenants' | 'log' | 'metrics' | 'clock'>

/** The handler that Hono mounts for a route. */
export function serveRoute(
  deps: Means,
  limits: RateLimits,
  route: Route,
): (http: Context) => Promise<Response> {
  return async (http) => {
    const began = performance.now()
    const exchange: Exchange = {
      http,
      prepared: undefined,
      reference: newReference(),
      failure: undefined,
    }
    const response = await answer(deps, limits, route, exchange)
    const seconds = (performance.now() - began) / 1000
    deps.metrics.request(route.path, route.method, response.status, seconds)
    // Probes and public documents come every few seconds; they are worth a line when something is wrong.
    const level = route.limit === 'public' && response.ok ? 'debug' : 'info'
    deps.log[level]('request', {
      correlation_id: exchange.reference,
      tenant: exchange.prepared?.tenant.slug,
      method: route.method,
      route: route.path,
      status: response.status,
      ms: Math.round(seconds * 10_000) / 10,
      failure: exchange.failure?.kind,
      reason:
        exchange.failure !== undefined && 'reason' in exchange.failure
          ? exchange.failure.reason
          : undefined,
    })
    return response
  }
}

async function answer(
  deps: Means,
  limits: RateLimits,
  route: Route,
  exchange: Exchange,
): Promise<Response> {
  try {
    if (route.limit !== undefined) await limits.take(route.limit, exchange.http)
    if (route.path.includes('/t/:tenant'))
      exchange.prepared = await findTenant(deps, route, exchange.http)
    return await route.handle(exchange)
  } catch (error) {
    exchange.failure = failureOf(deps, error, exchange)
    const response = answerFailure(exchange.failure, route.errors, pageSetting(exchange))
    if (route.crossOrigin)
      for (const [name, value] of Object.entries(CROSS_ORIGIN)) response.headers.set(name, value)
    return response
  }
}

async function findTenant(
  deps: Means,
  { alsoDisabled }: Route,
  http: Context,
): Promise<PreparedTenant> {
  const slug = http.req.param('tenant') ?? ''
  const { tenants } = deps
  const find = alsoDisabled === true ? tenants.findAlsoDisabled : tenants.find
  const prepared = SLUG.test(slug) ? await find(slug) : undefined
  if (prepared === undefined) throw new BridgeError({ kind: 'not_found' })
  return prepared
}

/** A failure of ours, or what is left of a foreign error: its class and place go to the log, nothing of it to anybody. */
function failureOf(deps: Means, error: unknown, exchange: Exchange): Failure {
  if (error instanceof BridgeError) {
    if (error.failure.kind === 'sealed_unreadable' || error.failure.kind === 'unavailable')
      deps.log.error(error.failure.kind, {
        correlation_id: exchange.reference,
        ...describeError(error),
      })
    return error.failure
  }
  deps.log.error('unexpected error', {
    correlation_id: exchange.reference,
    ...describeError(error),
  })
  return { kind: 'unexpected' }
}

/** Language, colours and nonce of a page for this request. */
export function pageSetting(exchange: Exchange) {
  const { http, prepared, reference } = exchange
  const language = chooseLanguage(queryLocales(http), http.req.header('accept-language'))
  return { language, tenant: pageTenant(prepared, language), nonce: newNonce, reference }
}

function queryLocales(http: Context): string | undefined {
  return http.req.query('ui_locales')
}

export function pageTenant(
  prepared: PreparedTenant | undefined,
  language: 'en' | 'nl',
): PageTenant {
  if (prepared === undefined) return NO_TENANT
  const { name, colour, noticeUrl } = prepared.tenant
  return { name: name[language], colour, noticeUrl }
}

/** A nonce for one page's Content-Security-Policy: 128 bits. */
export function newNonce(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64')
}

/** Until a journey's own correlation id is known, a request has one of its own. */
function newReference(): string {
  return crypto.randomUUID()
}
