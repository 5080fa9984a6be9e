/** The browser's side of a test login at a provider: where it begins, and where what came back is seen once. */
import type { Deps } from '../deps.ts'
import { beginProviderTest } from '../flow/begin-provider-test.ts'
import { showProviderTest } from '../flow/show-provider-test.ts'
import { browserCookie, readBrowserId } from './browser.ts'
import { answerPage, redirectTo } from './browser-answer.ts'
import {
  errorAnswer,
  pageAnswer,
  pathParameter,
  redirectAnswer,
  TENANT_PARAMETER,
} from './describe.ts'
import { renderProviderTestPage } from './pages/provider-test-page.ts'
import { type Exchange, type Operation, type Route, tenantOf } from './route.ts'
import { pageSetting } from './serve.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock'>

export function providerTestRoutes(deps: Means): Route[] {
  const shared = { method: 'GET', errors: 'page', limit: 'browser', changes: true } as const
  return [
    {
      ...{ ...shared, path: '/t/:tenant/provider-test/:start', operation: BEGIN },
      handle: (exchange) => begin(deps, exchange),
    },
    {
      ...{ ...shared, path: '/t/:tenant/provider-test/:id/result', operation: RESULT },
      handle: (exchange) => show(deps, exchange),
    },
  ]
}

async function begin(deps: Means, exchange: Exchange): Promise<Response> {
  const prepared = tenantOf(exchange)
  const known = readBrowserId(exchange.http, prepared.tenant.id)
  const start = exchange.http.req.param('start') ?? ''
  const { url, browserId } = await beginProviderTest(deps, prepared, start, known)
  return redirectTo(url, { 'set-cookie': browserCookie(prepared.tenant.id, browserId) })
}

async function show(deps: Means, exchange: Exchange): Promise<Response> {
  const prepared = tenantOf(exchange)
  const browserId = readBrowserId(exchange.http, prepared.tenant.id)
  const id = (exchange.http.req.param('id') ?? '').replaceAll('\0', '')
  const test = await showProviderTest(deps, prepared, id, browserId)
  const setting = pageSetting(exchange)
  const nonce = setting.nonce()
  const { language, tenant } = setting
  const html = renderProviderTestPage({ ...test, language, tenant, nonce })
  return answerPage(html, nonce)
}

const BEGIN: Operation = {
  ...{ operationId: 'beginProviderTest', tags: ['Institutions'], summary: 'Begin a test login' },
  description:
    'The address that `POST /admin/v1/tenants/{tenant}/providers/{provider}/tests` answered with, opened in a browser.',
  parameters: [
    TENANT_PARAMETER,
    pathParameter('start', 'As answered.', 'd3Vh8r0aJZp1YxkVw2bQ7n5LqTg9mEoC4iUsXfAhR6B'),
  ],
  responses: {
    '303': redirectAnswer(
      'To the provider.',
      'https://connect.surfconext.example/oidc/authorize?…',
    ),
    '404': errorAnswer('ErrorPage', 'No such test, or it is over.'),
  },
}

const RESULT: Operation = {
  ...{ operationId: 'showProviderTest', tags: ['Institutions'], summary: 'See what came back' },
  description: 'Once, in the browser that made the test login; then it is forgotten.',
  parameters: [
    TENANT_PARAMETER,
    pathParameter('id', 'Id of the test.', '2f1c9a60-7d0e-4c0b-9a55-3f1d2c4b5a69'),
  ],
  responses: {
    '200': pageAnswer('Every claim, and what becomes of it.'),
    '403': errorAnswer('ErrorPage', 'Seen already, too late, or in another browser.'),
  },
}
