/**
 * A person looks after their own data, with the wallet or their institution as proof: what wallets call for a deletion request (EUDI TS7,
 * `supportURI`; `erasure_endpoint` of IT-Wallet) leads here.
 */
import type { Deps } from '../deps.ts'
import { attributeLabel } from '../domain/attributes.ts'
import { fail } from '../domain/failure.ts'
import type { ClientId, MatchId } from '../domain/ids.ts'
import { addressOf } from '../domain/tenant.ts'
import type { JsonObject } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { beginPrivacy } from '../flow/begin-privacy.ts'
import { eraseOwnAttributes } from '../flow/erase-own-attributes.ts'
import { eraseOwnData } from '../flow/erase-own-data.ts'
import { withdrawOwn } from '../flow/own-consents.ts'
import type { PersonExport } from '../flow/person-export.ts'
import { readOwnData } from '../flow/read-own-data.ts'
import type { PreparedTenant } from '../flow/tenants.ts'
import { unlinkOwn } from '../flow/unlink-own.ts'
import { EXPORT } from './admin/examples.ts'
import { browserCookie, isFromOwnPage, readBrowserId } from './browser.ts'
import { answerPage, redirectTo } from './browser-answer.ts'
import {
  errorAnswer,
  formBody,
  jsonAnswer,
  objectSchema,
  pageAnswer,
  queryParameter,
  redirectAnswer,
  TENANT_PARAMETER,
  text,
} from './describe.ts'
import { browserOf, JOURNEY, journeyOf } from './login.ts'
import { answerLoginPage } from './login-answer.ts'
import { renderOwnData, renderOwnDataStart, renderOwnReceipt } from './pages/own-data-page.ts'
import type { Language } from './pages/text.ts'
import { readFormBody } from './parse.ts'
import { type Exchange, type Operation, type Route, tenantOf } from './route.ts'
import { newNonce, pageSetting, pageTenant } from './serve.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>

const MAX_FORM = 16 * 1024
const START = '/t/:tenant/privacy'
const OWN = `${START}/:journey`

export function ownDataRoutes(deps: Means): Route[] {
  const common = { errors: 'page', limit: 'browser' } as const
  const post = { ...common, method: 'POST' } as const
  return [
    { ...common, method: 'GET', path: START, operation: INVITE, handle: invite },
    { ...post, path: START, operation: BEGIN, handle: (e) => begin(deps, e) },
    { ...common, method: 'GET', path: OWN, operation: SHOW, handle: (e) => show(deps, e) },
    { ...post, path: `${OWN}/export`, operation: COPY, handle: (e) => copy(deps, e) },
    { ...post, path: `${OWN}/attributes`, operation: SOME, handle: (e) => eraseSome(deps, e) },
    { ...post, path: `${OWN}/unlink`, operation: UNLINK, handle: (e) => unlink(deps, e) },
    { ...post, path: `${OWN}/consent`, operation: WITHDRAW, handle: (e) => withdraw(deps, e) },
    { ...post, path: `${OWN}/erase`, operation: ALL, handle: (e) => eraseAll(deps, e) },
  ]
}

async function invite(exchange: Exchange): Promise<Response> {
  const { language, tenant } = pageSetting(exchange)
  const nonce = newNonce()
  const startUrl = addressOf.privacy(new URL(tenantOf(exchange).issuer).pathname)
  const refused = exchange.http.req.query('error') !== undefined
  const { directLogin } = tenantOf(exchange).tenant
  const view = { language, nonce, tenant, startUrl, refused, directLogin }
  return answerPage(renderOwnDataStart(view), nonce)
}

async function begin(deps: Means, exchange: Exchange): Promise<Response> {
  const prepared = tenantOf(exchange)
  const { tenant } = prepared
  const { language } = pageSetting(exchange)
  // Another site's form comes without the cookie, and a new one would cut off the person's logins and their session.
  if (!isFromOwnPage(exchange.http))
    return redirectTo(addressOf.privacy(new URL(prepared.issuer).pathname))
  const id = readBrowserId(exchange.http, tenant.id)
  const begun = await beginPrivacy(deps, prepared, { id, language })
  exchange.reference = begun.correlationId
  const page = {
    ...{ ...begun, state: 'waiting' as const, purpose: undefined },
    relyingPartyName: tenant.name[language],
  }
  const cookie = { 'set-cookie': browserCookie(tenant.id, begun.browserId) }
  return answerLoginPage(deps, prepared, begun.journeyId, page, cookie)
}

async function show(deps: Means, exchange: Exchange): Promise<Response> {
  const prepared = tenantOf(exchange)
  const id = journeyOf(exchange)
  const { language, data } = await readOwnData(deps, prepared, id, browserOf(exchange))
  const nonce = newNonce()
  const html = renderOwnData({
    ...{ language, nonce, tenant: pageTenant(prepared, language), ...shown(data) },
    attributes: shownAttributes(data, prepared, language),
    done: exchange.http.req.query('done') !== undefined,
    url: pathOf(exchange),
  })
  return answerPage(html, nonce)
}

/** One value a name, whichever link it stands in, under what the tenant's people call it. */
function shownAttributes(data: PersonExport, prepared: PreparedTenant, language: Language) {
  const policy = prepared.policies?.documents.attributes ?? { rules: [] }
  const kept = data.links.flatMap((link) =>
    Object.entries({
      ...(link.wallet_attributes as JsonObject),
      ...(link.attributes as JsonObject),
    }),
  )
  return [...new Map(kept)].map(([name, value]) => ({
    ...{ name, label: attributeLabel(policy, name, language) },
    value: (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 200),
  }))
}

/** The rest of an export as the page draws it. */
function shown(data: PersonExport) {
  return {
    consents: data.consents.map((row) => ({
      clientId: String(row.client_id),
      name: typeof row.client_name === 'string' ? row.client_name : String(row.client_id),
      givenAt: row.given_at as IsoInstant,
    })),
    categories: data.auxiliary.map(({ category }) => String(category)),
    logins: data.logins.filter(({ revoked_at }) => revoked_at === null).length,
    links: data.known_by.map((row) => ({
      ...{ id: String(row.id), lastUsedAt: row.last_used_at as IsoInstant },
      side: row.side === 'wallet' ? ('wallet' as const) : ('institution' as const),
      endedAt: (row.ended_at as IsoInstant | null) ?? undefined,
    })),
  }
}

async function copy(deps: Means, exchange: Exchange): Promise<Response> {
  const id = journeyOf(exchange)
  const { data } = await readOwnData(deps, tenantOf(exchange), id, browserOf(exchange))
  return new Response(JSON.stringify(data, null, 2), {
    headers: {
      ...{ 'content-type': 'application/json', 'cache-control': 'no-store' },
      'content-disposition': 'attachment; filename="my-data.json"',
      'x-content-type-options': 'nosniff',
    },
  })
}

/** Ticks are named `attribute:…` and `category:…`; what is not there is not erased, and no error. */
async function eraseSome(deps: Means, exchange: Exchange): Promise<Response> {
  const names = [...(await readForm(exchange)).keys()]
  const after = (prefix: string) =>
    names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length))
  const chosen = { attributes: after('attribute:'), categories: after('category:') }
  if (chosen.attributes.length + chosen.categories.length > 0) {
    const asked = { id: journeyOf(exchange), browserId: browserOf(exchange), chosen }
    await eraseOwnAttributes(deps, tenantOf(exchange), asked)
  }
  return redirectTo(`${pathOf(exchange)}?done`)
}

async function unlink(deps: Means, exchange: Exchange): Promise<Response> {
  const matchId = ((await readForm(exchange)).get('match') ?? '') as MatchId
  const asked = { id: journeyOf(exchange), browserId: browserOf(exchange), matchId }
  await unlinkOwn(deps, tenantOf(exchange), asked)
  return redirectTo(`${pathOf(exchange)}?done`)
}

/** A client that has no yes is not there to be taken back, and no error. */
async function withdraw(deps: Means, exchange: Exchange): Promise<Response> {
  const clientId = ((await readForm(exchange)).get('client') ?? '') as ClientId
  const asked = { id: journeyOf(exchange), browserId: browserOf(exchange), clientId }
  await withdrawOwn(deps, tenantOf(exchange), asked)
  return redirectTo(`${pathOf(exchange)}?done`)
}

/** The answer is the receipt itself: what led here went with everything else. */
async function eraseAll(deps: Means, exchange: Exchange): Promise<Response> {
  const prepared = tenantOf(exchange)
  if ((await readForm(exchange)).get('sure') !== 'yes')
    return fail({ kind: 'invalid_request', detail: 'sure' })
  const { language, ...erased } = await eraseOwnData(
    ...([deps, prepared, journeyOf(exchange), browserOf(exchange)] as const),
  )
  const nonce = newNonce()
  const tenant = pageTenant(prepared, language)
  return answerPage(renderOwnReceipt({ language, nonce, tenant, ...erased }), nonce)
}

async function readForm({ http }: Exchange): Promise<URLSearchParams> {
  const body = Buffer.from(await readFormBody(http, MAX_FORM)).toString('utf8')
  if (body.includes('%00') || body.includes('\0'))
    return fail({ kind: 'invalid_request', detail: 'a parameter holds a NUL character' })
  return new URLSearchParams(body)
}

function pathOf(exchange: Exchange): string {
  return addressOf.ownData(new URL(tenantOf(exchange).issuer).pathname, journeyOf(exchange))
}

const tags: [string] = ['Own data']
const GONE = errorAnswer(
  'ErrorPage',
  "No such journey, another browser's, or past its quarter of an hour.",
)
const AGAIN = redirectAnswer('To what is held now.', '/t/demo/privacy/0d6b3c3e-…?done')
const below = { tags, parameters: [TENANT_PARAMETER, JOURNEY] }
const INVITE: Operation = {
  ...{ operationId: 'inviteToOwnData', tags, summary: 'Where a person asks for their own data' },
  description:
    'For a browser. Wallets send people here who want their data gone: `supportURI` of EUDI TS7, `erasure_endpoint` of IT-Wallet.',
  parameters: [
    TENANT_PARAMETER,
    queryParameter('error', 'The wallet did not answer as asked.', 'access_denied'),
  ],
  responses: { '200': pageAnswer('Why and how; one button.') },
}
const BEGIN: Operation = {
  ...{ operationId: 'beginOwnData', tags, summary: 'Prove that it is you' },
  description:
    'The same presentation as for a login, or a new login at the institution where people log in without a wallet; it ends at the own data and at no relying party.',
  parameters: [TENANT_PARAMETER],
  responses: {
    '200': pageAnswer('The page that waits for the wallet.'),
    '303': redirectAnswer(
      'The form came from another page: to the one with the button.',
      '/t/demo/privacy',
    ),
    '400': errorAnswer('ErrorPage', 'The tenant is not set up yet.'),
  },
}
const SHOW: Operation = {
  ...{ ...below, operationId: 'showOwnData', summary: 'What is held about the person' },
  responses: { '200': pageAnswer('The page.'), '404': GONE },
}
const COPY: Operation = {
  ...{ ...below, operationId: 'copyOwnData', summary: 'A copy of everything, as a file' },
  responses: {
    '200': jsonAnswer('A file.', { $ref: '#/components/schemas/PersonExport' }, EXPORT),
    '404': GONE,
  },
}
const SOME: Operation = {
  ...{ ...below, operationId: 'eraseOwnAttributes', summary: 'Erase attributes and categories' },
  description: 'Members are named `attribute:` or `category:` and what they stand for.',
  requestBody: formBody(
    { type: 'object', additionalProperties: { type: 'string' } },
    { 'attribute:given_name': 'yes' },
  ),
  responses: { '303': AGAIN, '404': GONE },
}
const UNLINK: Operation = {
  ...{ ...below, operationId: 'unlinkOwn', summary: 'End a link' },
  requestBody: formBody(objectSchema({ match: text('Which.') }), { match: '…' }),
  responses: { '303': AGAIN, '404': GONE },
}
const WITHDRAW: Operation = {
  ...{ ...below, operationId: 'withdrawOwnConsent', summary: 'Take back a yes' },
  description:
    'Tokens of that relying party end at once, it hears of a logout where it takes them, and its next login asks again.',
  requestBody: formBody(objectSchema({ client: text('Whose.') }), { client: 'demo-app' }),
  responses: { '303': AGAIN, '404': GONE },
}
const ALL: Operation = {
  ...{ ...below, operationId: 'eraseOwnData', summary: 'Erase everything' },
  requestBody: formBody(objectSchema({ sure: text('`yes`.') }), { sure: 'yes' }),
  responses: {
    '200': pageAnswer('The receipt, this once.'),
    '400': errorAnswer('ErrorPage', 'Not said to be sure.'),
    '404': GONE,
  },
}
