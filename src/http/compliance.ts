/** The page of compliance staff: signing in with an admin token, and finding a person. */
import type { Deps } from '../deps.ts'
import type { Parameters } from '../domain/authorization-request.ts'
import { BridgeError } from '../domain/failure.ts'
import { toldIn } from '../domain/findable.ts'
import type { IdentityId } from '../domain/ids.ts'
import type { ToldIdentifier } from '../domain/sought-identifier.ts'
import { authenticateAdmin } from '../flow/authenticate-admin.ts'
import { ADMIN_SESSION_TIME, beginAdminSession } from '../flow/begin-admin-session.ts'
import { endAdminSession } from '../flow/end-admin-session.ts'
import { findIdentityBy } from '../flow/find-identity.ts'
import { readIdentity } from '../flow/read-identity.ts'
import { isFromOwnPage } from './browser.ts'
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
  if (!isFromOwnPage(exchange.http)) return redirectTo(COMPLIANCE)
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
  const { actor, tenant } = signed
  const value = (form.get('value') ?? '').trim()
  try {
    if (form.get('by') === 'id') {
      const { id } = await readIdentity(deps, actor, tenant.slug, value as IdentityId)
      return redirectTo(`${COMPLIANCE}/people/${id}`)
    }
    const told = toldBy(signed, form, value)
    if (told === undefined) return answerFind(signed, 'malformed', 400)
    const { id, strength } = await findIdentityBy(deps, actor, tenant.slug, told)
    const outcome = strength === 'suggests' ? '?outcome=suggested' : ''
    return redirectTo(`${COMPLIANCE}/people/${id}${outcome}`)
  } catch (error) {
    if (isKind(error, ['conflict'])) return answerFind(signed, 'two', 409)
    if (isKind(error, ['not_found'])) return answerFind(signed, 'nobody', 404)
    throw error
  }
}

/** `by` is a kind and what it is of; undefined for what has not the form of an identifier. */
function toldBy(signed: Signed, form: Parameters, value: string): ToldIdentifier | undefined {
  const [kind = '', of = ''] = (form.get('by') ?? '').split(':')
  switch (kind) {
    case 'account':
      return { type: 'SUBJECT_ID', provider: of, value }
    case 'email':
      return { type: 'EMAIL', provider: of, address: value }
    case 'key':
      return /^[A-Za-z0-9_-]{43}$/.test(value) ? { type: 'KEY', thumbprint: value } : undefined
    case 'did':
      return value.startsWith('did:') ? { type: 'DID', did: value } : undefined
    case 'material': {
      const findable = signed.findables.find(({ material }) => material === of)
      const values = findable?.paths.map((_, place) => form.get(`value${place}`)) ?? []
      return findable && toldIn(findable, { issuer: form.get('issuer'), values })
    }
    default:
      return undefined
  }
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
  const { language, nonce, page: tenant, csrf, providers, findables, issuers } = signed
  const view = { language, nonce, tenant, csrf, providers, findables, issuers, problem }
  return answerPage(renderFind(view), nonce, { status })
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
      by: text(
        '`account:` or `email:` and the slug of a provider, `key`, `did`, `id`, or `material:` and its name.',
      ),
      'value?': text('Account, address, thumbprint, DID or id.'),
      'issuer?': text('Of a material: who issued the credential.'),
      'value0?': text('Of a material: its first value; `value1` and so on for more.'),
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
