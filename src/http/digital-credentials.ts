/** The Digital Credentials API between our page and us: the question for the browser, and its answer (OpenID4VP 1.0 appendix A). */
import { z } from 'zod'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import { addressOf } from '../domain/tenant.ts'
import type { JsonObject } from '../domain/text.ts'
import { askThroughBrowser } from '../flow/ask-through-browser.ts'
import { receiveThroughBrowser } from '../flow/receive-through-browser.ts'
import { readJsonBody } from './admin/read-json.ts'
import {
  errorAnswer,
  jsonAnswer,
  jsonBody,
  objectSchema,
  TENANT_PARAMETER,
  text,
} from './describe.ts'
import { browserOf, JOURNEY, journeyOf } from './login.ts'
import { type Exchange, type Operation, type Route, tenantOf } from './route.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

const MAX_ANSWER = 1024 * 1024
const PROTOCOLS = [
  'openid4vp-v1-signed',
  'openid4vp-v1-multisigned',
  'openid4vp-v1-unsigned',
] as const

/** What the page hands in: a DigitalCredential, as the browser gave it. */
const Answer = z.strictObject({
  protocol: z.enum(PROTOCOLS),
  data: z.record(z.string(), z.unknown()),
})

export function digitalCredentialRoutes(deps: Means): Route[] {
  const common = { method: 'POST', errors: 'wallet', limit: 'browser' } as const
  return [
    {
      ...common,
      path: '/t/:tenant/login/:journey/credential-request',
      operation: ASK,
      handle: (exchange) => ask(deps, exchange),
    },
    {
      ...common,
      path: '/t/:tenant/login/:journey/credential',
      operation: ANSWER,
      handle: (exchange) => receive(deps, exchange),
    },
  ]
}

async function ask(deps: Means, exchange: Exchange): Promise<Response> {
  requireOwnPage(exchange)
  const id = journeyOf(exchange)
  const requests = await askThroughBrowser(deps, tenantOf(exchange), id, browserOf(exchange))
  return Response.json({ requests }, { headers: { 'cache-control': 'no-store' } })
}

async function receive(deps: Means, exchange: Exchange): Promise<Response> {
  requireOwnPage(exchange)
  const prepared = tenantOf(exchange)
  const id = journeyOf(exchange)
  const { data } = await readJsonBody(exchange.http, Answer, MAX_ANSWER)
  await receiveThroughBrowser(deps, prepared, id, browserOf(exchange), data as JsonObject)
  const next = addressOf.continue(new URL(prepared.issuer).pathname, id)
  return Response.json({ next }, { headers: { 'cache-control': 'no-store' } })
}

/** Browsers say at every POST which page it is from; ours is the only one that has a say here (VP-120). */
function requireOwnPage(exchange: Exchange): void {
  const { origin } = new URL(tenantOf(exchange).issuer)
  if (exchange.http.req.header('origin') !== origin) fail({ kind: 'journey_not_open' })
}

const tags: [string] = ['Login page']
const REFUSALS = {
  '403': errorAnswer('WalletError', 'Not from a page of this origin.'),
  '404': errorAnswer(
    'WalletError',
    'No open login, not in this browser, or the tenant does not ask through the browser.',
  ),
  '429': errorAnswer('WalletError', 'Too many requests.'),
}

const ASK: Operation = {
  ...{ operationId: 'askThroughBrowser', tags, summary: 'What the page hands to the browser' },
  description:
    'OpenID4VP 1.0 appendix A: the question for `navigator.credentials.get({ digital: { requests } })`, signed, multi-signed where the certificate bears two client identifiers, and unsigned. Each time with a new nonce and a new key; the question before is dead then.',
  parameters: [TENANT_PARAMETER, JOURNEY],
  responses: {
    '200': jsonAnswer(
      'The requests, best first.',
      objectSchema({
        requests: {
          type: 'array',
          items: objectSchema({
            protocol: { type: 'string', enum: PROTOCOLS },
            data: { type: 'object', description: 'Goes to the browser as it is.' },
          }),
        },
      }),
      {
        requests: [
          {
            protocol: 'openid4vp-v1-signed',
            data: { request: 'eyJhbGciOiJFUzI1NiIsInR5cCI6Im9hdXRoLWF1dGh6LXJlcStqd3QifQ.eyJ…' },
          },
        ],
      },
    ),
    ...REFUSALS,
  },
}

const ANSWER: Operation = {
  ...{ operationId: 'answerThroughBrowser', tags, summary: 'What the browser got from a wallet' },
  description:
    'OpenID4VP 1.0 appendix A.4: the `DigitalCredential`. Its `data` holds `response` (a JWE), `vp_token` where the tenant asks without encryption, or `error`.',
  parameters: [TENANT_PARAMETER, JOURNEY],
  requestBody: jsonBody(
    objectSchema({
      protocol: { type: 'string', enum: PROTOCOLS },
      data: { type: 'object', description: 'As the wallet gave it.' },
    }),
    {
      protocol: 'openid4vp-v1-signed',
      data: { response: 'eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSJ9..aW4uLi4.Y2lwaGVy.dGFn' },
    },
  ),
  responses: {
    '200': jsonAnswer(
      'Accepted.',
      objectSchema({ next: text('Where the browser goes next: a path on this origin.') }),
      { next: '/t/demo/login/0d6b3c3e-3c0f-4f5e-9a57-6f5f1c1d2e3f/continue' },
    ),
    '400': errorAnswer(
      'WalletError',
      'Refused; the log and the audit trail know why. The login stays open twice, for another try or another way.',
    ),
    ...REFUSALS,
    '413': errorAnswer('WalletError', 'More than 1 MiB.'),
    '415': errorAnswer('WalletError', 'Not JSON.'),
  },
}
