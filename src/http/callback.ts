/** GET /callback/{provider}: the browser comes back from the institution. One address a provider (RFC 9700 section 4.4.2). */
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { ProviderId } from '../domain/ids.ts'
import { finishProviderTest } from '../flow/finish-provider-test.ts'
import { finishReconciliation } from '../flow/finish-reconciliation.ts'
import { readBrowserId } from './browser.ts'
import { redirectTo } from './browser-answer.ts'
import {
  errorAnswer,
  pathParameter,
  queryParameter,
  redirectAnswer,
  TENANT_PARAMETER,
} from './describe.ts'
import { queryOf } from './parse.ts'
import { type Exchange, type Operation, type Route, tenantOf } from './route.ts'

const PROVIDER_ID = /^[A-Za-z0-9_-]{1,64}$/

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

export function callbackRoutes(deps: Means): Route[] {
  return [
    {
      ...{
        method: 'GET',
        path: '/t/:tenant/callback/:provider',
        errors: 'page',
        limit: 'browser',
        changes: true,
        operation: CALLBACK,
      },
      handle: (exchange) => callBack(deps, exchange),
    },
  ]
}

async function callBack(deps: Means, exchange: Exchange): Promise<Response> {
  const prepared = tenantOf(exchange)
  const provider = exchange.http.req.param('provider') ?? ''
  if (!PROVIDER_ID.test(provider)) fail({ kind: 'not_found' })
  const browserId = readBrowserId(exchange.http, prepared.tenant.id)
  const answered = [provider as ProviderId, queryOf(exchange.http), browserId] as const
  // Both ways leave by the one redirect URI that is registered at the provider.
  const next =
    (await finishProviderTest(deps, prepared, ...answered)) ??
    (await finishReconciliation(deps, prepared, ...answered))
  // A clean address: the code leaves the address bar before anything else loads (UP-25).
  return redirectTo(next.url)
}

const CALLBACK: Operation = {
  ...{
    operationId: 'institutionCallback',
    tags: ['Institutions'],
    summary: "The institution's answer",
  },
  description:
    'The redirect URI to register at the provider. State, code and verifier are used once, in the browser that began.',
  parameters: [
    TENANT_PARAMETER,
    pathParameter(
      'provider',
      'The id the provider got at its registration.',
      '9b2f2a44-6a55-4c0e-8a52-0f0f6f6a7d10',
    ),
    queryParameter('code', 'The authorization code.', 'SplxlOBeZQQYbYS6WxSbIA'),
    queryParameter(
      'state',
      'Ours, unchanged.',
      'd3Vh8r0aJZp1YxkVw2bQ7n5LqTg9mEoC4iUsXfAhR6B',
      true,
    ),
    queryParameter(
      'iss',
      'The issuer, where the provider says it (RFC 9207).',
      'https://connect.surfconext.nl',
    ),
    queryParameter('error', 'Instead of a code.', 'access_denied'),
  ],
  responses: {
    '303': redirectAnswer(
      'On to the next step of the login, whichever way it went.',
      '/t/demo/login/0d6b3c3e-3c0f-4f5e-9a57-6f5f1c1d2e3f/continue',
    ),
    '400': errorAnswer('ErrorPage', 'Parameters missing, repeated or too long.'),
    '403': errorAnswer(
      'ErrorPage',
      'No login is waiting for this, or it waits in another browser.',
    ),
  },
}
