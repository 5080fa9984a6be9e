/** The page that names both sides of a new link, and the button that makes it. */
import type { Deps } from '../deps.ts'
import { addressOf } from '../domain/tenant.ts'
import { confirmLink, readBothSides } from '../flow/confirm-link.ts'
import { continueJourney } from '../flow/continue-journey.ts'
import { answerPage, redirectTo } from './browser-answer.ts'
import { errorAnswer, pageAnswer, redirectAnswer, TENANT_PARAMETER } from './describe.ts'
import { browserOf, GONE, JOURNEY, journeyOf } from './login.ts'
import { answerButton } from './next-answer.ts'
import { renderConfirmPage } from './pages/confirm-page.ts'
import { type Exchange, type Operation, type Route, tenantOf } from './route.ts'
import { newNonce, pageTenant } from './serve.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

const PATH = '/t/:tenant/login/:journey/confirm'

export function confirmRoutes(deps: Means): Route[] {
  const common = { path: PATH, errors: 'page', limit: 'browser' } as const
  return [
    { ...common, method: 'GET', operation: SHOW, handle: (e) => show(deps, e) },
    { ...common, method: 'POST', operation: CONFIRM, handle: (e) => confirm(deps, e) },
  ]
}

async function show(deps: Means, exchange: Exchange): Promise<Response> {
  const prepared = tenantOf(exchange)
  const id = journeyOf(exchange)
  const sides = await readBothSides(deps, prepared, id, browserOf(exchange))
  if (sides === undefined) return redirectTo(addressOf.continue(prepared.issuer, id))
  const { correlationId, language, ...named } = sides
  exchange.reference = correlationId
  const nonce = newNonce()
  // Paths on this origin: the page never leaves it by itself.
  const below = new URL(prepared.issuer).pathname
  const html = renderConfirmPage({
    ...{ language, nonce, ...named, tenant: pageTenant(prepared, language) },
    confirmUrl: addressOf.confirm(below, id),
    cancelUrl: addressOf.cancel(below, id),
  })
  return answerPage(html, nonce, { popup: true })
}

async function confirm(deps: Means, exchange: Exchange): Promise<Response> {
  const prepared = tenantOf(exchange)
  const id = journeyOf(exchange)
  const browserId = browserOf(exchange)
  const confirmed = await confirmLink(deps, prepared, id, browserId)
  if (confirmed === undefined) return redirectTo(addressOf.continue(prepared.issuer, id))
  const next = await continueJourney(deps, prepared, browserId, { journeyId: id })
  return answerButton(exchange, confirmed.language, next)
}

const tags: [string] = ['Login page']
const ON = redirectAnswer(
  'There is nothing to confirm (any more): on to the next step.',
  '/t/demo/login/0d6b3c3e-3c0f-4f5e-9a57-6f5f1c1d2e3f/continue',
)
const OVER = errorAnswer('ErrorPage', 'What waited was confirmed or given up meanwhile.')
const SHOW: Operation = {
  ...{ operationId: 'showBothSides', tags, summary: 'Wallet and account before they are linked' },
  description:
    'After the first login of a wallet at the institution; a plan with `confirm: never` goes on without it.',
  parameters: [TENANT_PARAMETER, JOURNEY],
  responses: {
    '200': pageAnswer('Both sides, and a button.'),
    '303': ON,
    '403': OVER,
    '404': GONE,
  },
}
const CONFIRM: Operation = {
  ...{ operationId: 'confirmLink', tags, summary: 'Link wallet and account' },
  description: 'Once, in the browser that began, for five minutes. Nothing is written before.',
  parameters: [TENANT_PARAMETER, JOURNEY],
  responses: {
    '200': pageAnswer(
      'A page that leads to the relying party at once, with a code; or the login has ended, and the page says so.',
    ),
    '303': ON,
    '403': OVER,
    '404': GONE,
  },
}
