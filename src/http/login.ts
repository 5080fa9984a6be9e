/** The browser's side of a journey: the page, its QR code and status, the wallet's return, cancelling, going on. */
import type { Deps } from '../deps.ts'
import { BridgeError, fail } from '../domain/failure.ts'
import type { JourneyId } from '../domain/ids.ts'
import { addressOf } from '../domain/tenant.ts'
import { cancelJourney } from '../flow/cancel-journey.ts'
import { chooseProvider } from '../flow/choose-provider.ts'
import { continueJourney, type JourneyHandle } from '../flow/continue-journey.ts'
import type { Next } from '../flow/login-end.ts'
import { showCode } from '../flow/show-code.ts'
import { readOpenPage, readStatus } from '../flow/show-journey.ts'
import { readBrowserId } from './browser.ts'
import { redirectTo } from './browser-answer.ts'
import {
  errorAnswer,
  formBody,
  jsonAnswer,
  objectSchema,
  pageAnswer,
  pathParameter,
  queryParameter,
  redirectAnswer,
  TENANT_PARAMETER,
  text,
} from './describe.ts'
import { answerLoginPage } from './login-answer.ts'
import { answerButton, answerEnd, answerNext, answerOnward } from './next-answer.ts'
import { renderQr } from './pages/qr.ts'
import { queryOf, readForm, readParameters } from './parse.ts'
import { type Exchange, type Operation, type Route, tenantOf } from './route.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
/** A form that holds one slug. */
const MAX_CHOICE = 1024
const RESPONSE_CODE = /^[A-Za-z0-9_-]{43}$/

export function loginRoutes(deps: Means): Route[] {
  const common = { method: 'GET', errors: 'page', limit: 'browser' } as const
  return [
    {
      ...common,
      path: '/t/:tenant/login/:journey',
      operation: PAGE,
      handle: (e) => showPage(deps, e),
    },
    {
      ...common,
      path: '/t/:tenant/login/:journey/qr.svg',
      changes: true,
      operation: QR,
      handle: (e) => showQr(deps, e),
    },
    {
      ...common,
      path: '/t/:tenant/login/:journey/status',
      limit: 'status',
      errors: 'wallet',
      operation: STATUS,
      handle: (e) => showStatus(deps, e),
    },
    {
      ...common,
      path: '/t/:tenant/return',
      changes: true,
      operation: RETURN,
      handle: (e) => goOn(deps, e, { responseCode: responseCodeOf(e) }),
    },
    {
      ...common,
      path: '/t/:tenant/login/:journey/continue',
      changes: true,
      operation: CONTINUE,
      handle: (e) => goOn(deps, e, { journeyId: journeyOf(e) }),
    },
    {
      ...{ ...common, method: 'POST' },
      path: '/t/:tenant/login/:journey/direct',
      operation: DIRECT,
      handle: (e) => goDirect(deps, e),
    },
    {
      ...{ ...common, method: 'POST' },
      path: '/t/:tenant/login/:journey/cancel',
      operation: CANCEL,
      handle: (e) => cancel(deps, e),
    },
  ]
}

export function journeyOf(exchange: Exchange): JourneyId {
  const id = exchange.http.req.param('journey') ?? ''
  return UUID.test(id) ? (id as JourneyId) : fail({ kind: 'not_found' })
}

function responseCodeOf(exchange: Exchange): string {
  const parameters = readParameters(queryOf(exchange.http))
  const code = parameters.repeated.length > 0 ? undefined : parameters.get('response_code')
  return code !== undefined && RESPONSE_CODE.test(code) ? code : fail({ kind: 'not_found' })
}

export function browserOf(exchange: Exchange): string | undefined {
  return readBrowserId(exchange.http, tenantOf(exchange).tenant.id)
}

async function showPage(deps: Means, exchange: Exchange): Promise<Response> {
  const prepared = tenantOf(exchange)
  const id = journeyOf(exchange)
  const page = await readOpenPage(deps, prepared, id, browserOf(exchange))
  if (page === undefined) return redirectTo(addressOf.continue(prepared.issuer, id))
  exchange.reference = page.correlationId
  return answerLoginPage(deps, prepared, id, page)
}

async function showQr(deps: Means, exchange: Exchange): Promise<Response> {
  const link = await showCode(deps, tenantOf(exchange), journeyOf(exchange), browserOf(exchange))
  const headers = {
    'content-type': 'image/svg+xml',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'",
    'cross-origin-resource-policy': 'same-origin',
  }
  return new Response(renderQr(link), { headers })
}

async function showStatus(deps: Means, exchange: Exchange): Promise<Response> {
  const prepared = tenantOf(exchange)
  const id = journeyOf(exchange)
  const state = await readStatus(deps, prepared, id, browserOf(exchange))
  const next = addressOf.continue(new URL(prepared.issuer).pathname, id)
  const body = state === 'waiting' || state === 'retrieved' ? { state } : { state, next }
  return Response.json(body, { headers: { 'cache-control': 'no-store' } })
}

async function cancel(deps: Means, exchange: Exchange): Promise<Response> {
  const { journey, tooLate, ...back } = await cancelJourney(
    deps,
    tenantOf(exchange),
    journeyOf(exchange),
    browserOf(exchange),
  )
  exchange.reference = journey.correlationId
  if (!tooLate) return answerOnward(exchange, journey.language, back)
  return answerEnd(exchange, {
    ...{ kind: 'end', end: 'granted', failure: undefined, back, journey },
  })
}

/** A provider's button on the login page. */
async function goDirect(deps: Means, exchange: Exchange): Promise<Response> {
  const prepared = tenantOf(exchange)
  const id = journeyOf(exchange)
  const form = await readForm(exchange.http, MAX_CHOICE)
  const browserId = browserOf(exchange)
  const provider = form.get('provider') ?? fail({ kind: 'not_found' })
  const { language } = await chooseProvider(deps, prepared, id, browserId, provider)
  const next = await continueJourney(deps, prepared, browserId, { journeyId: id }).catch(
    (error: unknown): Next => {
      // The button was pressed twice, and the other press was faster: on with the journey as it is now.
      if (!(error instanceof BridgeError) || error.failure.kind !== 'journey_not_open') throw error
      return { kind: 'redirect', url: addressOf.continue(prepared.issuer, id) }
    },
  )
  return answerButton(exchange, language, next)
}

async function goOn(deps: Means, exchange: Exchange, handle: JourneyHandle): Promise<Response> {
  const prepared = tenantOf(exchange)
  return answerNext(exchange, await continueJourney(deps, prepared, browserOf(exchange), handle))
}

export const JOURNEY = pathParameter(
  'journey',
  "The journey's id; of use only in the browser that began it.",
  '0d6b3c3e-3c0f-4f5e-9a57-6f5f1c1d2e3f',
)
export const GONE = errorAnswer('ErrorPage', 'No such login, or not in this browser.')
const tags: [string] = ['Login page']

const PAGE: Operation = {
  ...{ operationId: 'showLogin', tags, summary: 'The login page again' },
  parameters: [TENANT_PARAMETER, JOURNEY],
  responses: {
    '200': pageAnswer('Still waiting for the wallet.'),
    '303': redirectAnswer(
      'Something happened: on to the next step.',
      '/t/demo/login/0d6b3c3e-3c0f-4f5e-9a57-6f5f1c1d2e3f/continue',
    ),
    '404': GONE,
  },
}
const QR: Operation = {
  ...{ operationId: 'showQrCode', tags, summary: 'The QR code for a wallet on another device' },
  parameters: [TENANT_PARAMETER, JOURNEY],
  responses: {
    '200': {
      description:
        'An SVG image. Another one every half minute until a wallet has read it, for two minutes; the one before is dead then.',
      content: {
        'image/svg+xml': {
          schema: { type: 'string' },
          example: '<svg xmlns="http://www.w3.org/2000/svg">…</svg>',
        },
      },
    },
    '404': errorAnswer('ErrorPage', 'The tenant shows no QR code, its time is up, or it was used.'),
  },
}
const STATUS: Operation = {
  ...{ operationId: 'readLoginStatus', tags, summary: 'What the login page polls' },
  parameters: [TENANT_PARAMETER, JOURNEY],
  responses: {
    '200': jsonAnswer(
      'The state as the page acts on it.',
      objectSchema({
        state: { type: 'string', enum: ['waiting', 'retrieved', 'continue', 'failed', 'expired'] },
        'next?': text('Where the browser goes next: a path on this origin.'),
      }),
      { state: 'continue', next: '/t/demo/login/0d6b3c3e-3c0f-4f5e-9a57-6f5f1c1d2e3f/continue' },
    ),
    '404': errorAnswer('WalletError', 'No such login, or not in this browser.'),
  },
}
const NEXT_ANSWERS = {
  '200': pageAnswer('The login has ended without a code; the page says so and leads back.'),
  '303': redirectAnswer(
    'On to the institution, to the relying party with a code, or back to the login page.',
    'https://app.example/callback?code=SplxlOBeZQQYbYS6WxSbIA&iss=https%3A%2F%2Fbridge.example%2Ft%2Fdemo',
  ),
  '403': errorAnswer('ErrorPage', 'This login belongs to another browser.'),
  '404': GONE,
}
const RETURN: Operation = {
  ...{ operationId: 'returnFromWallet', tags, summary: 'The wallet brings the browser back' },
  description:
    'OpenID4VP 1.0 section 8.2: the response code is worth something only in the browser that began, once, for 60 seconds.',
  parameters: [
    TENANT_PARAMETER,
    queryParameter(
      'response_code',
      'From the answer to the wallet.',
      'Qf2lXvOAY6Y5b8m1o0cJc2Tt8m0xZ7b1Jx3o0pC2yYk',
      true,
    ),
  ],
  responses: NEXT_ANSWERS,
}
const CONTINUE: Operation = {
  ...{ operationId: 'continueLogin', tags, summary: 'Whatever comes next' },
  parameters: [TENANT_PARAMETER, JOURNEY],
  responses: NEXT_ANSWERS,
}
const DIRECT: Operation = {
  ...{ operationId: 'loginWithoutWallet', tags, summary: 'Log in at a provider, without a wallet' },
  description:
    'Where the tenant allows it (`direct_login`). The same login then goes on at the institution; `idp_hint` at `/authorize` comes here without the button.',
  parameters: [TENANT_PARAMETER, JOURNEY],
  requestBody: formBody(objectSchema({ provider: text('Slug of an enabled provider.') }), {
    provider: 'surf',
  }),
  responses: {
    '200': pageAnswer(
      'A page that leads to the institution at once; or the login has ended, and the page says so.',
    ),
    '303': redirectAnswer(
      'Something else happened before: on to the next step.',
      '/t/demo/login/0d6b3c3e-3c0f-4f5e-9a57-6f5f1c1d2e3f/continue',
    ),
    '403': NEXT_ANSWERS['403'],
    '404': errorAnswer('ErrorPage', 'No such login, or the provider is not offered.'),
    '413': errorAnswer('ErrorPage', 'The form is too long.'),
    '415': errorAnswer('ErrorPage', 'Not a form.'),
  },
}
const CANCEL: Operation = {
  ...{ operationId: 'cancelLogin', tags, summary: 'End the login and go back' },
  parameters: [TENANT_PARAMETER, JOURNEY],
  responses: {
    '200': pageAnswer(
      'A page that leads to the relying party at once, with `error=access_denied`, `state` and `iss`; or, where the login was over before, one that says so.',
    ),
    '403': NEXT_ANSWERS['403'],
    '404': GONE,
  },
}
