/** The page on which a person with several accounts chooses one, and the form that says which. */
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import { addressOf } from '../domain/tenant.ts'
import { chooseAccount, readAccounts } from '../flow/choose-account.ts'
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
import { renderAccountPage } from './pages/account-page.ts'
import { readForm } from './parse.ts'
import { type Exchange, type Operation, type Route, tenantOf } from './route.ts'
import { newNonce, pageTenant } from './serve.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

/** A form that holds a position and a tick. */
const MAX_CHOICE = 1024
const POSITION = /^[0-9]{1,3}$/
const PATH = '/t/:tenant/login/:journey/account'

export function accountRoutes(deps: Means): Route[] {
  const common = { path: PATH, errors: 'page', limit: 'browser' } as const
  return [
    { ...common, method: 'GET', operation: SHOW, handle: (e) => show(deps, e) },
    { ...common, method: 'POST', operation: CHOOSE, handle: (e) => choose(deps, e) },
  ]
}

async function show(deps: Means, exchange: Exchange): Promise<Response> {
  const prepared = tenantOf(exchange)
  const id = journeyOf(exchange)
  const offered = await readAccounts(deps, prepared, id, browserOf(exchange))
  if (offered === undefined) return redirectTo(addressOf.continue(prepared.issuer, id))
  exchange.reference = offered.correlationId
  const nonce = newNonce()
  // Paths on this origin: the page never leaves it by itself.
  const below = new URL(prepared.issuer).pathname
  const { language, relyingPartyName, accounts, remembered } = offered
  const html = renderAccountPage({
    ...{ language, nonce, relyingPartyName, accounts, remembered },
    tenant: pageTenant(prepared, language),
    chooseUrl: addressOf.accounts(below, id),
    cancelUrl: addressOf.cancel(below, id),
  })
  return answerPage(html, nonce, { popup: true })
}

async function choose(deps: Means, exchange: Exchange): Promise<Response> {
  const prepared = tenantOf(exchange)
  const id = journeyOf(exchange)
  const form = await readForm(exchange.http, MAX_CHOICE)
  const position = form.get('account') ?? ''
  if (form.repeated.length > 0 || !POSITION.test(position)) return fail({ kind: 'not_found' })
  const chosen = await chooseAccount(deps, prepared, id, browserOf(exchange), {
    position: Number(position),
    remember: form.get('remember') === 'yes',
  })
  if (chosen === undefined) return redirectTo(addressOf.continue(prepared.issuer, id))
  return answerButton(exchange, chosen.language, chosen.next)
}

const tags: [string] = ['Login page']
const ON = redirectAnswer(
  'There is nothing to choose (any more): on to the next step.',
  '/t/demo/login/0d6b3c3e-3c0f-4f5e-9a57-6f5f1c1d2e3f/continue',
)
const SHOW: Operation = {
  ...{ operationId: 'showAccounts', tags, summary: 'Which of several accounts' },
  description: 'Only for a person whose wallet is linked to several accounts.',
  parameters: [TENANT_PARAMETER, JOURNEY],
  responses: { '200': pageAnswer('The accounts, one to be chosen.'), '303': ON, '404': GONE },
}
const CHOOSE: Operation = {
  ...{ operationId: 'chooseAccount', tags, summary: 'Log in with one of several accounts' },
  description:
    'Once. With `remember` the same account is taken at the next login to this relying party; without it an earlier choice is forgotten. `prompt=select_account` at `/authorize` asks in any case.',
  parameters: [TENANT_PARAMETER, JOURNEY],
  requestBody: formBody(
    objectSchema({
      account: text('Position on the page, counted from 0.'),
      'remember?': text('`yes` to be asked no more.'),
    }),
    { account: '0', remember: 'yes' },
  ),
  responses: {
    '200': pageAnswer(
      'A page that leads to the relying party at once, with a code; or the login has ended, and the page says so.',
    ),
    '303': ON,
    '404': errorAnswer('ErrorPage', 'No such login, not in this browser, or no such account.'),
    '413': errorAnswer('ErrorPage', 'The form is too long.'),
    '415': errorAnswer('ErrorPage', 'Not a form.'),
  },
}
