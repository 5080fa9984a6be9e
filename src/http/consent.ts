/** The page that asks whether a relying party may learn what it asks for, and the form that answers. */
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import { addressOf } from '../domain/tenant.ts'
import { decideConsent, readConsentQuestion } from '../flow/decide-consent.ts'
import { readSession } from './browser.ts'
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
import { browserOf, GONE, JOURNEY, journeyOf } from './login.ts'
import { answerButton } from './next-answer.ts'
import { renderConsentPage } from './pages/consent-page.ts'
import { readForm } from './parse.ts'
import { type Exchange, type Operation, type Route, tenantOf } from './route.ts'
import { newNonce, pageTenant } from './serve.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

/** A form that holds a proof and a word. */
const MAX_ANSWER = 1024
const PATH = '/t/:tenant/login/:journey/consent'

export function consentRoutes(deps: Means): Route[] {
  const common = { path: PATH, errors: 'page', limit: 'browser' } as const
  return [
    { ...common, method: 'GET', operation: SHOW, handle: (e) => show(deps, e) },
    { ...common, method: 'POST', operation: DECIDE, handle: (e) => decide(deps, e) },
  ]
}

async function show(deps: Means, exchange: Exchange): Promise<Response> {
  const prepared = tenantOf(exchange)
  const id = journeyOf(exchange)
  const question = await readConsentQuestion(deps, prepared, id, browserOf(exchange))
  if (question === undefined) return redirectTo(addressOf.continue(prepared.issuer, id))
  const { correlationId, language, ...asked } = question
  exchange.reference = correlationId
  const nonce = newNonce()
  // Paths on this origin: the page never leaves it by itself.
  const below = new URL(prepared.issuer).pathname
  const html = renderConsentPage({
    ...{ language, nonce, ...asked, tenant: pageTenant(prepared, language) },
    answerUrl: addressOf.consent(below, id),
    ownDataUrl: addressOf.privacy(below),
  })
  return answerPage(html, nonce, { popup: true })
}

async function decide(deps: Means, exchange: Exchange): Promise<Response> {
  const prepared = tenantOf(exchange)
  const id = journeyOf(exchange)
  const form = await readForm(exchange.http, MAX_ANSWER)
  const answer = form.get('answer')
  if (form.repeated.length > 0 || (answer !== 'yes' && answer !== 'no'))
    return fail({ kind: 'invalid_request', detail: 'answer' })
  const session = readSession(exchange.http, prepared.tenant.id)
  const decided = await decideConsent(
    ...([deps, prepared, id, { browserId: browserOf(exchange), session }] as const),
    { proof: form.get('proof') ?? '', agreed: answer === 'yes' },
  )
  if (decided === undefined) return redirectTo(addressOf.continue(prepared.issuer, id))
  return answerButton(exchange, decided.language, decided.next)
}

const tags: [string] = ['Login page']
const ON = redirectAnswer(
  'There is nothing to answer (any more), or something else is asked by now: on to the next step.',
  '/t/demo/login/0d6b3c3e-3c0f-4f5e-9a57-6f5f1c1d2e3f/continue',
)
const SHOW: Operation = {
  ...{ operationId: 'showConsent', tags, summary: 'What the relying party would learn' },
  description:
    'Where the tenant or the relying party wants people to be asked (`consent`): before its first login, when it asks for more or for another purpose than before, and for `prompt=consent`.',
  parameters: [TENANT_PARAMETER, JOURNEY],
  responses: {
    '200': pageAnswer('Who asks, for what, and why; a yes and a no.'),
    '303': ON,
    '404': GONE,
  },
}
const DECIDE: Operation = {
  ...{ operationId: 'decideConsent', tags, summary: 'Say yes or no' },
  description:
    'Once, in the browser that began, for five minutes. A yes is remembered until it is taken back, on the page of the own data or of the session; a no ends the login with `access_denied`.',
  parameters: [TENANT_PARAMETER, JOURNEY],
  requestBody: formBody(
    objectSchema({ proof: text('From the page.'), answer: text('`yes` or `no`.') }),
    { proof: 'sRmDkoSXnsEWcVYvJxqvPFLbkPV1nqzkuvGAR2Drcys', answer: 'yes' },
  ),
  responses: {
    '200': pageAnswer(
      'A page that leads to the relying party at once, with a code or with `error=access_denied`; or the login has ended, and the page says so.',
    ),
    '303': ON,
    '400': errorAnswer('ErrorPage', 'Neither yes nor no.'),
    '404': GONE,
    '413': errorAnswer('ErrorPage', 'The form is too long.'),
    '415': errorAnswer('ErrorPage', 'Not a form.'),
  },
}
