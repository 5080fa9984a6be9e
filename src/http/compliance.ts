/** The page of compliance staff: signing in with an admin token, and finding a person. */
import type { Deps } from '../deps.ts'
import type { Parameters } from '../domain/authorization-request.ts'
import { BridgeError } from '../domain/failure.ts'
import type { IdentityId } from '../domain/ids.ts'
import { authenticateAdmin } from '../flow/authenticate-admin.ts'
import { ADMIN_SESSION_TIME, beginAdminSession } from '../flow/begin-admin-session.ts'
import { endAdminSession } from '../flow/end-admin-session.ts'
import { findIdentityBy } from '../flow/find-identity.ts'
import { readIdentity } from '../flow/read-identity.ts'
import { answerPage, redirectTo } from './browser-answer.ts'
import { compliancePersonRoutes } from './compliance-person.ts'
import {
  COMPLIANCE,
  findSigned,
  forStaffForm,
  languageOf,
  readSecret,
  readStaffForm,
  type Signed,
  STAFF,
  staffCookie,
} from './compliance-session.ts'
import { formBody, objectSchema, pageAnswer, redirectAnswer, text } from './describe.ts'
import {
  type FindProblem,
  renderFind,
  renderSignIn,
  type SignInProblem,
} from './pages/compliance-page.ts'
import type { Exchange, Operation, Route } from './route.ts'
import { newNonce } from './serve.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>

export function complianceRoutes(deps: Means): Route[] {
  const common = { errors: 'page', limit: 'admin' } as const
  const session = `${COMPLIANCE}/session`
  return [
    {
      ...{ ...common, method: 'GET', path: COMPLIANCE, operation: SHOW },
      handle: (exchange) => show(deps, exchange),
    },
    {
      ...{ ...common, method: 'POST', path: session, operation: SIGN_IN },
      handle: (exchange) => signIn(deps, exchange),
    },
    {
      ...{ ...common, method: 'POST', path: `${session}/end`, operation: SIGN_OUT },
      handle: forStaffForm(deps, async (_signed, _form, { http }) => {
        await endAdminSession(deps, readSecret(http))
        return redirectTo(COMPLIANCE, { 'set-cookie': staffCookie('', 0) })
      }),
    },
    {
      ...{ ...common, method: 'POST', path: `${COMPLIANCE}/find`, operation: FIND },
      handle: forStaffForm(deps, (signed, form) => find(deps, signed, form)),
    },
    ...compliancePersonRoutes(deps),
  ]
}

async function show(deps: Means, exchange: Exchange): Promise<Response> {
  const signed = await findSigned(deps, exchange)
  if (signed !== undefined) return answerFind(signed, undefined, 200)
  const over = exchange.http.req.query('over') !== undefined
  return answerSignIn(exchange, '', over ? 'over' : undefined, 200)
}

/** Who may not is told no more than that: not whether the token, its scopes or the tenant was wrong. */
async function signIn(deps: Means, exchange: Exchange): Promise<Response> {
  const site = exchange.http.req.header('sec-fetch-site')
  if (site !== undefined && site !== 'same-origin') return redirectTo(COMPLIANCE)
  const form = await readStaffForm(exchange)
  const slug = form.get('tenant') ?? ''
  try {
    const actor = await authenticateAdmin(deps, form.get('token'))
    const secret = await beginAdminSession(deps, actor, slug)
    const cookie = staffCookie(secret, ADMIN_SESSION_TIME / 1000)
    return redirectTo(COMPLIANCE, { 'set-cookie': cookie })
  } catch (error) {
    if (!isKind(error, ['admin_unauthenticated', 'admin_forbidden', 'not_found'])) throw error
    return answerSignIn(exchange, '', 'refused', 401)
  }
}

function isKind(error: unknown, kinds: readonly string[]): boolean {
  return error instanceof BridgeError && kinds.includes(error.failure.kind)
}

async function find(deps: Means, signed: Signed, form: Parameters): Promise<Response> {
  const by = form.get('by') ?? ''
  const value = (form.get('value') ?? '').trim()
  if (by === 'key' && !/^[A-Za-z0-9_-]{43}$/.test(value))
    return answerFind(signed, 'malformed', 400)
  try {
    const { id } = await lookUp(deps, signed, by, value)
    return redirectTo(`${COMPLIANCE}/people/${id}`)
  } catch (error) {
    if (isKind(error, ['conflict'])) return answerFind(signed, 'two', 409)
    if (isKind(error, ['not_found'])) return answerFind(signed, 'nobody', 404)
    throw error
  }
}

async function lookUp(deps: Means, { actor, tenant }: Signed, by: string, value: string) {
  if (by === 'id') return await readIdentity(deps, actor, tenant.slug, value as IdentityId)
  const identifier =
    by === 'key'
      ? ({ kind: 'key', thumbprint: value } as const)
      : ({ kind: 'account', provider: by.replace(/^account:/, ''), value } as const)
  return await findIdentityBy(deps, actor, tenant.slug, identifier)
}

function answerSignIn(
  { http }: Exchange,
  slug: string,
  problem: SignInProblem | undefined,
  status: number,
): Response {
  const nonce = newNonce()
  const html = renderSignIn({ language: languageOf(http), nonce, slug, problem })
  return answerPage(html, nonce, { status })
}

function answerFind(signed: Signed, problem: FindProblem | undefined, status: number): Response {
  const { language, nonce, page: tenant, csrf, providers } = signed
  const html = renderFind({ language, nonce, tenant, csrf, providers, problem })
  return answerPage(html, nonce, { status })
}

const tags: [string] = ['Compliance page']
const SHOW: Operation = {
  ...{ operationId: 'showCompliancePage', tags, summary: 'Find a person, or sign in' },
  description: 'For compliance staff, in a browser. Works for a tenant that is switched off, too.',
  responses: { '200': pageAnswer('The form to sign in, or to find a person.') },
}
const SIGN_IN: Operation = {
  ...{ operationId: 'beginComplianceSession', tags, summary: 'Sign in with an admin token' },
  description:
    'The token needs `identities:manage`; erasing needs `privacy:erase`, exporting `privacy:export`. The session lasts a quarter of an hour and no longer than the token.',
  requestBody: formBody(
    objectSchema({ tenant: text('Slug of the tenant.'), token: text('An admin token.') }),
    { tenant: 'demo', token: 'iba_…' },
  ),
  responses: {
    '303': redirectAnswer('Signed in, with a cookie.', COMPLIANCE),
    '401': pageAnswer('The form again.'),
  },
}
const SIGN_OUT: Operation = {
  ...{ ...STAFF, operationId: 'endComplianceSession', summary: 'Sign out' },
  requestBody: formBody(objectSchema({ csrf: text('From the page.') }), { csrf: '…' }),
  responses: { '303': redirectAnswer('Signed out.', COMPLIANCE) },
}
const FIND: Operation = {
  ...{ ...STAFF, operationId: 'findOnCompliancePage', summary: 'Find a person' },
  requestBody: formBody(
    objectSchema({
      csrf: text('From the page.'),
      by: text('`account:` and the slug of a provider, `key` or `id`.'),
      value: text('Account, thumbprint or id.'),
    }),
    { csrf: '…', by: 'account:surf', value: '7b1f0c2e@noorderhaven.example' },
  ),
  responses: {
    '303': redirectAnswer('To the person.', `${COMPLIANCE}/people/…`),
    '400': pageAnswer('The form again: the value has another form.'),
    '404': pageAnswer('The form again: nobody.'),
    '409': pageAnswer('The form again: two people.'),
  },
}
