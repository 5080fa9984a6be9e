/** The page on which a person sees whether they are logged in at this tenant, and the button that ends it. */
import type { Deps } from '../deps.ts'
import { endSession, hasSession } from '../flow/end-session.ts'
import { endedSessionCookie, readBrowserId } from './browser.ts'
import { pageAnswer, TENANT_PARAMETER } from './describe.ts'
import { pageHeaders } from './pages/content-security-policy.ts'
import { renderSessionPage } from './pages/session-page.ts'
import { type Exchange, type Operation, type Route, tenantOf } from './route.ts'
import { newNonce, pageSetting } from './serve.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

export function sessionRoutes(deps: Means): Route[] {
  const common = { path: '/t/:tenant/session', errors: 'page', limit: 'browser' } as const
  return [
    { ...common, method: 'GET', operation: SHOW, handle: (e) => show(deps, e) },
    { ...common, method: 'POST', operation: END, handle: (e) => end(deps, e) },
  ]
}

async function show(deps: Means, exchange: Exchange): Promise<Response> {
  const prepared = tenantOf(exchange)
  const browserId = readBrowserId(exchange.http, prepared.tenant.id)
  const there = await hasSession(deps, prepared, browserId)
  return answerPage(exchange, there ? 'there' : 'none')
}

/** The browser's Lax cookie does not come with a form of another site, so only this page's button ends anything. */
async function end(deps: Means, exchange: Exchange): Promise<Response> {
  const prepared = tenantOf(exchange)
  const { id } = prepared.tenant
  await endSession(deps, prepared, readBrowserId(exchange.http, id))
  return answerPage(exchange, 'ended', { 'set-cookie': endedSessionCookie(id) })
}

function answerPage(
  exchange: Exchange,
  state: 'there' | 'none' | 'ended',
  headers: Record<string, string> = {},
): Response {
  const { language, tenant } = pageSetting(exchange)
  const nonce = newNonce()
  const endUrl = `${new URL(tenantOf(exchange).issuer).pathname}/session`
  return new Response(renderSessionPage({ language, nonce, tenant, state, endUrl }), {
    headers: { 'content-type': 'text/html; charset=utf-8', ...pageHeaders(nonce), ...headers },
  })
}

const SHOW: Operation = {
  ...{ operationId: 'showSession', tags: ['Login page'], summary: 'Whether one is logged in' },
  description:
    "For the person: this browser's single-sign-on session at the tenant, with a button that ends it.",
  parameters: [TENANT_PARAMETER],
  responses: { '200': pageAnswer('The page.') },
}
const END: Operation = {
  ...{ operationId: 'endSession', tags: ['Login page'], summary: 'Log out here' },
  description:
    'Ends the single-sign-on session of this browser. Relying parties with a `backchannel_logout_uri` get a logout token; refresh tokens without `offline_access` end.',
  parameters: [TENANT_PARAMETER],
  responses: { '200': pageAnswer('It is over, or there was none.') },
}
