/** GET and POST /end_session: a relying party sends the browser to log the person out, and the page that asks whether it is meant. */
import type { Deps } from '../deps.ts'
import type { Parameters } from '../domain/authorization-request.ts'
import { LOGOUT_PARAMETERS } from '../domain/logout.ts'
import type { JsonObject } from '../domain/text.ts'
import { type LogoutAnswer, logOut } from '../flow/log-out.ts'
import { askAgainByGet, cameWithoutCookie } from './again.ts'
import { endedSessionCookie, isFromOwnPage, readBrowserId } from './browser.ts'
import { answerPage, redirectTo } from './browser-answer.ts'
import {
  errorAnswer,
  formBody,
  objectSchema,
  pageAnswer,
  queryParameter,
  redirectAnswer,
  TENANT_PARAMETER,
  text,
} from './describe.ts'
import { answerOnward } from './next-answer.ts'
import { renderLogoutPage } from './pages/logout-page.ts'
import { renderSessionPage } from './pages/session-page.ts'
import { chooseLanguage } from './pages/text.ts'
import { parametersIn, queryOf, readForm, readFormBody, readParameters } from './parse.ts'
import { type Exchange, type Operation, type Route, tenantOf } from './route.ts'
import { newNonce, pageTenant } from './serve.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

const MAX_FORM = 32 * 1024
const PATH = '/t/:tenant/end_session'

export function endSessionRoutes(deps: Means): Route[] {
  const common = { errors: 'page', limit: 'browser' } as const
  return [
    {
      ...{ ...common, method: 'GET', path: PATH, changes: true, operation: describe('logOut') },
      handle: (exchange) => byQuery(deps, exchange),
    },
    {
      ...{ ...common, method: 'POST', path: PATH, operation: describe('logOutByForm') },
      handle: (exchange) => byForm(deps, exchange),
    },
    {
      ...{ ...common, method: 'POST', path: `${PATH}/confirmation`, operation: CONFIRM },
      handle: (exchange) => confirm(deps, exchange),
    },
  ]
}

async function byQuery(deps: Means, exchange: Exchange): Promise<Response> {
  return await answer(deps, exchange, readParameters(queryOf(exchange.http)))
}

async function byForm(deps: Means, exchange: Exchange): Promise<Response> {
  const body = await readFormBody(exchange.http, MAX_FORM)
  const again = askAgainByGet(exchange, body, '/end_session')
  return again ?? (await answer(deps, exchange, parametersIn(body)))
}

async function answer(deps: Means, exchange: Exchange, parameters: Parameters): Promise<Response> {
  const prepared = tenantOf(exchange)
  const id = readBrowserId(exchange.http, prepared.tenant.id)
  const browser = { id, confirmed: false, unsure: cameWithoutCookie(exchange) && isForm(exchange) }
  const answered = await logOut(deps, prepared, parameters, browser)
  if (answered.kind === 'ask') return answerQuestion(exchange, parameters, answered)
  if (answered.returnTo === undefined) return answerState(exchange, parameters, answered)
  return redirectTo(answered.returnTo, endingCookie(exchange, answered))
}

/** Only our own button agrees to anything: a form of another page is a request like any other. */
async function confirm(deps: Means, exchange: Exchange): Promise<Response> {
  const parameters = await readForm(exchange.http, MAX_FORM)
  const prepared = tenantOf(exchange)
  const browser = {
    id: readBrowserId(exchange.http, prepared.tenant.id),
    ...{ confirmed: isFromOwnPage(exchange.http), unsure: false },
  }
  const answered = await logOut(deps, prepared, parameters, browser)
  if (answered.kind === 'ask') return answerQuestion(exchange, parameters, answered)
  if (answered.returnTo === undefined) return answerState(exchange, parameters, answered)
  const onward = answerOnward(exchange, languageOf(exchange, parameters), {
    url: answered.returnTo,
  })
  for (const [name, value] of Object.entries(endingCookie(exchange, answered)))
    onward.headers.set(name, value)
  return onward
}

const isForm = ({ http }: Exchange) => http.req.method === 'POST'

function languageOf({ http }: Exchange, parameters: Parameters): 'en' | 'nl' {
  return chooseLanguage(parameters.get('ui_locales'), http.req.header('accept-language'))
}

function endingCookie(exchange: Exchange, answered: LogoutAnswer): Record<string, string> {
  if (answered.kind === 'ask' || !answered.ended) return {}
  return { 'set-cookie': endedSessionCookie(tenantOf(exchange).tenant.id) }
}

/** The page that asks; its button sends the same request once more. The hint names the client; who it is the browser says. */
function answerQuestion(
  exchange: Exchange,
  parameters: Parameters,
  { asking }: Extract<LogoutAnswer, { kind: 'ask' }>,
): Response {
  const language = languageOf(exchange, parameters)
  const nonce = newNonce()
  const fields = LOGOUT_PARAMETERS.flatMap((name) => {
    const value = parameters.get(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  const page = renderLogoutPage({
    ...{ language, nonce, tenant: pageTenant(exchange.prepared, language), asking, fields },
    confirmUrl: `${new URL(tenantOf(exchange).issuer).pathname}/end_session/confirmation`,
  })
  return answerPage(page, nonce, { popup: true })
}

function answerState(exchange: Exchange, parameters: Parameters, answered: LogoutAnswer): Response {
  const language = languageOf(exchange, parameters)
  const nonce = newNonce()
  const ended = answered.kind === 'over' && answered.ended
  const page = renderSessionPage({
    ...{ language, nonce, tenant: pageTenant(exchange.prepared, language) },
    ...{ state: ended ? 'ended' : 'none', consents: [], done: false },
    endUrl: `${new URL(tenantOf(exchange).issuer).pathname}/session`,
  })
  return answerPage(page, nonce, { headers: endingCookie(exchange, answered), popup: true })
}

const PARAMETERS: readonly [name: string, description: string, example: string][] = [
  [
    'id_token_hint',
    'An ID token that the relying party has of the person, however old. Without one, or where it is of another session, the person is asked.',
    'eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImsifQ.e30.c2ln',
  ],
  ['client_id', 'The relying party; the same as in the hint.', 'demo-app'],
  [
    'post_logout_redirect_uri',
    'Where the browser goes afterwards; registered, compared character by character. Needs the hint or `client_id`.',
    'https://app.example/logged-out',
  ],
  ['state', 'Comes back unchanged.', 'af0ifjsldkj'],
  ['ui_locales', 'Languages the person prefers: `en`, `nl`.', 'nl en'],
]

const RESPONSES = {
  '200': pageAnswer('The person is asked; or it is over, and there is nowhere to go.'),
  '303': redirectAnswer(
    'The session is over, if there was one: back to the relying party.',
    'https://app.example/logged-out?state=af0ifjsldkj',
  ),
  '400': errorAnswer('ErrorPage', 'The request contradicts itself or the registration.'),
  '404': errorAnswer('ErrorPage', 'No such tenant.'),
  '429': errorAnswer('ErrorPage', 'Too many requests.'),
  '503': errorAnswer('ErrorPage', 'The database is out of reach; try again.'),
}
const MEMBERS: { readonly [name: string]: JsonObject } = Object.fromEntries(
  PARAMETERS.map(([name, about]) => [`${name}?`, text(about)]),
)
const BODY = formBody(
  objectSchema(MEMBERS),
  Object.fromEntries(PARAMETERS.map(([name, , example]) => [name, example])),
)
const TOO_LONG = errorAnswer('ErrorPage', 'The form is too long.')
const NO_FORM = errorAnswer('ErrorPage', 'Not a form.')

function describe(operationId: 'logOut' | 'logOutByForm'): Operation {
  const common = {
    ...{ operationId, tags: ['Relying parties'] as [string] },
    description:
      'OpenID Connect RP-Initiated Logout 1.0. Ends the single-sign-on session of this browser; relying parties with a `backchannel_logout_uri` get a logout token. `logout_hint` is passed over.',
  }
  if (operationId === 'logOut')
    return {
      ...{ ...common, summary: 'Log the person out', responses: RESPONSES },
      parameters: [
        TENANT_PARAMETER,
        ...PARAMETERS.map(([name, about, example]) => queryParameter(name, about, example)),
      ],
    }
  return {
    ...{ ...common, summary: 'Log the person out, by form', parameters: [TENANT_PARAMETER] },
    ...{ requestBody: BODY, responses: { ...RESPONSES, '413': TOO_LONG, '415': NO_FORM } },
  }
}

const CONFIRM: Operation = {
  ...{ operationId: 'confirmLogOut', tags: ['Login page'], summary: 'Yes, log me out' },
  description: 'The button of the page that asks. Works in the browser that has the session only.',
  parameters: [TENANT_PARAMETER],
  requestBody: BODY,
  responses: {
    '200': pageAnswer('It is over: the page says so, or leads back to the relying party at once.'),
    ...{ '400': RESPONSES['400'], '404': RESPONSES['404'], '413': TOO_LONG, '415': NO_FORM },
    ...{ '429': RESPONSES['429'], '503': RESPONSES['503'] },
  },
}
