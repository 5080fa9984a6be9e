/** GET and POST /authorize: the relying party's request, answered with the login page. */
import type { Deps } from '../deps.ts'
import { addressOf } from '../domain/tenant.ts'
import type { JsonObject } from '../domain/text.ts'
import { beginAuthorization } from '../flow/begin-authorization.ts'
import { chooseProvider } from '../flow/choose-provider.ts'
import { continueJourney } from '../flow/continue-journey.ts'
import { askAgainByGet } from './again.ts'
import { browserCookie, readBrowserId, readSession } from './browser.ts'
import { redirectTo } from './browser-answer.ts'
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
import { answerLoginPage } from './login-answer.ts'
import { answerReturn } from './next-answer.ts'
import { chooseLanguage } from './pages/text.ts'
import { queryOf, readFormBody, readParameters } from './parse.ts'
import { type Exchange, type Operation, type Route, tenantOf } from './route.ts'

const MAX_FORM = 16 * 1024

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

export function authorizeRoutes(deps: Means): Route[] {
  const path = '/t/:tenant/authorize'
  return [
    {
      ...{
        method: 'GET',
        path,
        errors: 'page',
        limit: 'browser',
        changes: true,
        operation: describe('authorize'),
      },
      handle: (exchange) => authorize(deps, exchange, queryOf(exchange.http)),
    },
    {
      ...{
        method: 'POST',
        path,
        errors: 'page',
        limit: 'browser',
        operation: describe('authorizeByForm'),
      },
      async handle(exchange) {
        const body = await readFormBody(exchange.http, MAX_FORM)
        const again = askAgainByGet(exchange, body, '/authorize')
        if (again !== undefined) return again
        return authorize(deps, exchange, new URLSearchParams(Buffer.from(body).toString('utf8')))
      },
    },
  ]
}

async function authorize(
  deps: Means,
  exchange: Exchange,
  source: URLSearchParams,
): Promise<Response> {
  const { http } = exchange
  const prepared = tenantOf(exchange)
  const accepted = http.req.header('accept-language')
  const begun = await beginAuthorization(deps, prepared, readParameters(source), {
    id: readBrowserId(http, prepared.tenant.id),
    session: readSession(http, prepared.tenant.id),
    language: (uiLocales) => chooseLanguage(uiLocales, accepted),
  })
  exchange.reference = begun.correlationId
  if ('back' in begun) return answerReturn(exchange, begun.back)
  if ('consent' in begun) return redirectTo(addressOf.consent(prepared.issuer, begun.consent))
  const cookie = browserCookie(prepared.tenant.id, begun.browserId)
  if (begun.hint !== undefined) {
    const { browserId, journeyId } = begun
    await chooseProvider(deps, prepared, journeyId, browserId, begun.hint)
    const next = await continueJourney(deps, prepared, browserId, { journeyId })
    // What is no redirect is told on the journey's own page.
    const url = next.kind === 'redirect' ? next.url : addressOf.continue(prepared.issuer, journeyId)
    return redirectTo(url, { 'set-cookie': cookie })
  }
  // A path, for behind a proxy the request's own URL has another scheme and host than the browser's.
  const { pathname, search } = new URL(http.req.url)
  const page = {
    ...{ ...begun, state: 'waiting' as const },
    // A form cannot be repeated by a link, and a pushed request not after its minute.
    tryAgainUrl:
      http.req.method === 'GET' && !source.has('request_uri') ? pathname + search : undefined,
  }
  return answerLoginPage(deps, prepared, begun.journeyId, page, { 'set-cookie': cookie })
}

const PARAMETERS: readonly [
  name: string,
  description: string,
  example: string,
  required: boolean,
][] = [
  ['response_type', 'Always `code`.', 'code', true],
  ['client_id', 'The relying party.', 'demo-app', true],
  [
    'redirect_uri',
    'Registered, compared character by character.',
    'https://app.example/callback',
    true,
  ],
  ['scope', 'Must contain `openid`; unknown scopes are ignored.', 'openid profile email', true],
  ['state', 'Comes back unchanged.', 'af0ifjsldkj', false],
  ['nonce', 'Comes back in the ID token.', 'n-0S6_WzA2Mj', false],
  [
    'code_challenge',
    'PKCE (RFC 7636), S256.',
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    false,
  ],
  ['code_challenge_method', 'Always `S256`.', 'S256', false],
  [
    'idp_hint',
    'Slug of an enabled provider: where the tenant allows login without a wallet, the browser goes there at once. Anything else is ignored.',
    'surf',
    false,
  ],
  [
    'acr_values',
    'In order of preference. A value with `+institution` first: the institution is asked even for a person who is known.',
    'urn:identity-bridge:acr:wallet-same-device+institution',
    false,
  ],
  [
    'max_age',
    'Seconds; how old a login may be that the person brings along, here or at the institution. 0 is `prompt=login`.',
    '3600',
    false,
  ],
  [
    'prompt',
    '`login`: no login that the person brings along. `select_account`: a person with several accounts is asked which. `none`: nobody is asked; a code where single sign-on gives one, else `login_required`, or `consent_required` where only a yes is missing. `consent`: where people are asked for one, they are asked again. Any other value is `invalid_request`.',
    'login',
    false,
  ],
  ['response_mode', '`query` or `form_post`.', 'query', false],
  [
    'claims',
    'OpenID Connect Core 5.5: claims by name, for `id_token` or `userinfo`, in addition to those of the scopes and among those the client declared; unknown ones are ignored, and none that is missing is an error. An essential `acr` needs one of its values, or `unmet_authentication_requirements`; `sub` with a value means that person, or `login_required`.',
    '{"userinfo":{"given_name":{"essential":true}},"id_token":{"acr":{"essential":true,"values":["urn:identity-bridge:acr:wallet-same-device"]}}}',
    false,
  ],
  [
    'request_uri',
    'Of a pushed request, with `client_id`; what else stands beside it may only repeat it.',
    'urn:ietf:params:oauth:request_uri:Qf2lXvOAY6Y5b8m1o0cJc2Tt8m0xZ7b1Jx3o0pC2yYk',
    false,
  ],
  [
    'id_token_hint',
    'An ID token of this client, however old: that person, or `login_required`.',
    'eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImsifQ.e30.c2ln',
    false,
  ],
  ['ui_locales', 'Languages the person prefers: `en`, `nl`.', 'nl en', false],
]

/** The same as members of a form. */
export const AUTHORIZATION_MEMBERS: { readonly [name: string]: JsonObject } = Object.fromEntries(
  PARAMETERS.map(
    ([name, about, , required]) => [required ? name : `${name}?`, text(about)] as const,
  ),
)

function describe(operationId: 'authorize' | 'authorizeByForm'): Operation {
  const responses = {
    '200': pageAnswer(
      'The login page: a link that opens a wallet on this device and, where the tenant allows it, a QR code.',
    ),
    '303': redirectAnswer(
      'Single sign-on: back to the relying party with a code, or to the page that asks for a yes. Or to the provider that `idp_hint` picked; or the request is at fault: back to the relying party with `error`, `state` and `iss`.',
      'https://app.example/callback?error=invalid_request&iss=https%3A%2F%2Fbridge.example%2Ft%2Fdemo',
    ),
    '400': errorAnswer(
      'ErrorPage',
      'Unknown relying party or unregistered redirect URI: never redirected.',
    ),
    '404': errorAnswer('ErrorPage', 'No such tenant.'),
    '429': errorAnswer('ErrorPage', 'Too many requests.'),
    '503': errorAnswer('ErrorPage', 'The database is out of reach; try again.'),
  }
  const common = {
    operationId,
    tags: ['Relying parties'] as [string],
    description: 'OpenID Connect Core 3.1.2, RFC 6749 section 4.1.1, RFC 9207.',
    responses,
  }
  if (operationId === 'authorize')
    return {
      ...common,
      summary: 'Start a login',
      parameters: [
        TENANT_PARAMETER,
        ...PARAMETERS.map(([name, about, example, required]) =>
          queryParameter(name, about, example, required),
        ),
      ],
    }
  const example = PARAMETERS.map(([name, , value]) => [name, value] as const)
  return {
    ...common,
    summary: 'Start a login by form',
    parameters: [TENANT_PARAMETER],
    requestBody: formBody(objectSchema(AUTHORIZATION_MEMBERS), Object.fromEntries(example)),
  }
}
