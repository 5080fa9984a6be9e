/** The page on which a person sees whether they are logged in at this tenant, and the button that ends it. */
import type { Deps } from '../deps.ts'
import type { ClientId } from '../domain/ids.ts'
import type { ConsentView } from '../flow/consent-view.ts'
import { endSession, hasSession } from '../flow/end-session.ts'
import { readSessionConsents, withdrawInSession } from '../flow/own-consents.ts'
import { endedSessionCookie, isFromOwnPage, readBrowserId, readSession } from './browser.ts'
import { answerPage, redirectTo } from './browser-answer.ts'
import {
  errorAnswer,
  formBody,
  objectSchema,
  pageAnswer,
  redirectAnswer,
  TENANT_PARAMETER,
  text,
} from './describe.ts'
import { renderSessionPage } from './pages/session-page.ts'
import { readForm } from './parse.ts'
import { type Exchange, type Operation, type Route, tenantOf } from './route.ts'
import { newNonce, pageSetting } from './serve.ts'

const MAX_FORM = 1024

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'config' | 'metrics'>

export function sessionRoutes(deps: Means): Route[] {
  const common = { path: '/t/:tenant/session', errors: 'page', limit: 'browser' } as const
  return [
    { ...common, method: 'GET', operation: SHOW, handle: (e) => show(deps, e) },
    { ...common, method: 'POST', operation: END, handle: (e) => end(deps, e) },
    {
      ...{ ...common, method: 'POST', path: '/t/:tenant/session/consent', operation: WITHDRAW },
      handle: (e) => withdraw(deps, e),
    },
  ]
}

async function show(deps: Means, exchange: Exchange): Promise<Response> {
  const prepared = tenantOf(exchange)
  const browserId = readBrowserId(exchange.http, prepared.tenant.id)
  const there = await hasSession(deps, prepared, browserId)
  const consents = await readSessionConsents(deps, prepared, cookiesOf(exchange))
  return answerState(exchange, there ? 'there' : 'none', {}, consents)
}

function cookiesOf(exchange: Exchange) {
  const { id } = tenantOf(exchange).tenant
  return { browserId: readBrowserId(exchange.http, id), session: readSession(exchange.http, id) }
}

async function withdraw(deps: Means, exchange: Exchange): Promise<Response> {
  if (!isFromOwnPage(exchange.http)) return showPage(exchange)
  const prepared = tenantOf(exchange)
  const clientId = (await readForm(exchange.http, MAX_FORM)).get('client') ?? ''
  await withdrawInSession(deps, prepared, cookiesOf(exchange), clientId as ClientId)
  return showPage(exchange, '?done')
}

/** Also the answer to another page's form, which changes nothing: the person is shown the button, and may press it. */
function showPage(exchange: Exchange, query = ''): Response {
  return redirectTo(`${new URL(tenantOf(exchange).issuer).pathname}/session${query}`)
}

async function end(deps: Means, exchange: Exchange): Promise<Response> {
  if (!isFromOwnPage(exchange.http)) return showPage(exchange)
  const prepared = tenantOf(exchange)
  const { id } = prepared.tenant
  await endSession(deps, prepared, readBrowserId(exchange.http, id))
  return answerState(exchange, 'ended', { 'set-cookie': endedSessionCookie(id) })
}

function answerState(
  exchange: Exchange,
  state: 'there' | 'none' | 'ended',
  headers: Record<string, string> = {},
  given: readonly ConsentView[] = [],
): Response {
  const { language, tenant } = pageSetting(exchange)
  const nonce = newNonce()
  const endUrl = `${new URL(tenantOf(exchange).issuer).pathname}/session`
  const consents = given.map(({ clientId, clientName, givenAt }) => ({
    ...{ clientId, name: clientName ?? clientId, givenAt },
  }))
  const done = exchange.http.req.query('done') !== undefined
  const page = { language, nonce, tenant, state, endUrl, consents, done }
  return answerPage(renderSessionPage(page), nonce, { headers })
}

const SHOW: Operation = {
  ...{ operationId: 'showSession', tags: ['Login page'], summary: 'Whether one is logged in' },
  description:
    "For the person: this browser's single-sign-on session at the tenant, with a button that ends it, and what they said yes to.",
  parameters: [TENANT_PARAMETER],
  responses: { '200': pageAnswer('The page.') },
}
const END: Operation = {
  ...{ operationId: 'endSession', tags: ['Login page'], summary: 'Log out here' },
  description:
    'Ends the single-sign-on session of this browser. Relying parties with a `backchannel_logout_uri` get a logout token; refresh tokens without `offline_access` end.',
  parameters: [TENANT_PARAMETER],
  responses: {
    '200': pageAnswer('It is over, or there was none.'),
    '303': redirectAnswer(
      'The form came from another page: nothing is ended, and the person is shown the page.',
      '/t/demo/session',
    ),
  },
}
const WITHDRAW: Operation = {
  ...{ operationId: 'withdrawConsent', tags: ['Login page'], summary: 'Take back a yes' },
  description:
    "Of the person of this browser's session. Tokens of that relying party end at once, it hears of a logout where it takes them, and its next login asks again.",
  parameters: [TENANT_PARAMETER],
  requestBody: formBody(objectSchema({ client: text('Whose.') }), { client: 'demo-app' }),
  responses: {
    '303': redirectAnswer(
      'To the page of the session; a form of another page took nothing back.',
      '/t/demo/session?done',
    ),
    '404': errorAnswer('ErrorPage', 'Nobody is logged in here in this browser.'),
    '413': errorAnswer('ErrorPage', 'The form is too long.'),
    '415': errorAnswer('ErrorPage', 'Not a form.'),
  },
}
