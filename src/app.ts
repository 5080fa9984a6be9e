/** The routes in the order a journey meets them: the only place where HTTP meets the flows. */
import { type Context, Hono } from 'hono'
import type { Deps } from './deps.ts'
import type { Failure } from './domain/failure.ts'
import { accountRoutes } from './http/account.ts'
import { adminRoutes } from './http/admin.ts'
import { authorizeRoutes } from './http/authorize.ts'
import { callbackRoutes } from './http/callback.ts'
import { complianceRoutes } from './http/compliance.ts'
import { confirmRoutes } from './http/confirm.ts'
import { consentRoutes } from './http/consent.ts'
import { dataRoutes } from './http/data.ts'
import { digitalCredentialRoutes } from './http/digital-credentials.ts'
import { discoveryRoutes } from './http/discovery.ts'
import { endSessionRoutes } from './http/end-session.ts'
import { eventPollRoutes } from './http/events.ts'
import { answerFailure } from './http/failure-answer.ts'
import { healthRoutes } from './http/health.ts'
import { iconRoutes } from './http/icon.ts'
import { loginRoutes } from './http/login.ts'
import { ownDataRoutes } from './http/own-data.ts'
import { pushedRequestRoutes } from './http/par.ts'
import { providerTestRoutes } from './http/provider-test.ts'
import { createRateLimits } from './http/rate-limit.ts'
import { referenceRoutes } from './http/reference.ts'
import { registrationRoutes } from './http/registration.ts'
import type { Route } from './http/route.ts'
import { pageSetting, serveRoute } from './http/serve.ts'
import { sessionRoutes } from './http/session.ts'
import { tokenRoutes } from './http/token.ts'
import { tokenStateRoutes } from './http/token-state.ts'
import { userinfoRoutes } from './http/userinfo.ts'
import { walletRoutes } from './http/wallet.ts'

/** Every route there is; `openapi.yaml` is written from this list. */
export function allRoutes(deps: Deps): Route[] {
  const journey = [
    ...authorizeRoutes(deps),
    ...walletRoutes(deps),
    ...loginRoutes(deps),
    ...digitalCredentialRoutes(deps),
    ...accountRoutes(deps),
    ...confirmRoutes(deps),
    ...consentRoutes(deps),
    ...callbackRoutes(deps),
    ...sessionRoutes(deps),
    ...endSessionRoutes(deps),
    ...providerTestRoutes(deps),
    ...ownDataRoutes(deps),
    ...pushedRequestRoutes(deps),
    ...tokenRoutes(deps),
    ...tokenStateRoutes(deps),
    ...registrationRoutes(deps),
    ...userinfoRoutes(deps),
    ...eventPollRoutes(deps),
  ]
  const routes = [
    ...journey,
    ...discoveryRoutes(journey),
    ...dataRoutes(deps),
    ...adminRoutes(deps),
    ...complianceRoutes(deps),
    ...healthRoutes(deps),
    ...iconRoutes(),
  ]
  return [...routes, ...referenceRoutes(routes, deps.config.publicUrl)]
}

/** The service as a function from request to response. */
export function createApp(deps: Deps): Hono {
  const app = new Hono()
  const limits = createRateLimits({
    perMinute: deps.config.rateLimitPerMinute,
    trustedProxies: deps.config.trustedProxies,
  })
  const routes = allRoutes(deps)
  for (const route of routes) {
    const serve = serveRoute(deps, limits, route)
    // Hono answers HEAD by running the GET.
    app.on(route.method, route.path, (http) =>
      http.req.method === 'HEAD' && route.changes ? answerUnmounted(http, routes) : serve(http),
    )
  }
  app.notFound((http) => answerUnmounted(http, routes))
  return app
}

/** Where programs alone ask: whatever they say they would like to read, an error is problem details (RFC 9457). */
const PROGRAMS = /^\/(t\/[^/]+\/api|admin)\/v1(\/|$)/

/** A path that exists under another method says so (RFC 9110 section 15.5.6); any other is nowhere. */
function answerUnmounted(http: Context, routes: readonly Route[]): Response {
  const found = routes.filter(({ path }) => matches(path, http.req.path))
  const methods = [...new Set(found.map(({ method }) => method))].join(', ')
  if (http.req.method === 'OPTIONS' && found.some((route) => route.crossOrigin))
    return new Response(null, { status: 204, headers: preflightHeaders(methods) })
  const failure: Failure =
    found.length > 0 ? { kind: 'method_not_allowed', allowed: methods } : { kind: 'not_found' }
  const reference = crypto.randomUUID()
  const exchange = { http, prepared: undefined, reference, failure: undefined }
  const known = PROGRAMS.test(http.req.path) ? 'problem' : found[0]?.errors
  const wantsPage = http.req.header('accept')?.includes('text/html') === true
  const form = wantsPage && known !== 'problem' ? 'page' : (known ?? 'problem')
  return answerFailure(failure, form, pageSetting(exchange))
}

/** What a page of another origin may send: any header, which `*` says of all but `authorization`; no cookies, since nothing there reads one. */
function preflightHeaders(methods: string): Record<string, string> {
  return {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': methods,
    'access-control-allow-headers': 'authorization, content-type, dpop, *',
    'access-control-max-age': '600',
  }
}

/** Whether a path fits a route's pattern, segment by segment. */
function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/')
  const given = path.split('/')
  return (
    wanted.length === given.length &&
    wanted.every((segment, index) => segment.startsWith(':') || segment === given[index])
  )
}
