/** Who uses the compliance page: a cookie of a quarter of an hour, and a token of its own in every form. */
import type { Context } from 'hono'
import type { Deps } from '../deps.ts'
import type { Parameters } from '../domain/authorization-request.ts'
import { readAdminSession, type Staff } from '../flow/read-admin-session.ts'
import { redirectTo } from './browser-answer.ts'
import type { PageTenant } from './pages/layout.ts'
import { chooseLanguage, type Language } from './pages/text.ts'
import { readForm } from './parse.ts'
import type { Exchange, Operation } from './route.ts'
import { newNonce } from './serve.ts'

export const COMPLIANCE = '/compliance'
const COOKIE = '__Host-bridge-compliance'
const SECRET = /^[A-Za-z0-9_-]{43}$/
const MAX_FORM = 8 * 1024

/** The cookie's secret; undefined when the browser has none of the right form. */
export function readSecret(http: Context): string | undefined {
  const cookies = http.req.header('cookie') ?? ''
  if (cookies.length > 16_384) return undefined
  const pair = cookies.split(';').find((each) => each.trimStart().startsWith(`${COOKIE}=`))
  const value = pair?.trim().slice(COOKIE.length + 1) ?? ''
  return SECRET.test(value) ? value : undefined
}

/** Strict: nothing that another site starts brings it along. */
export function staffCookie(secret: string, seconds: number): string {
  return `${COOKIE}=${secret}; Path=/; Max-Age=${seconds}; HttpOnly; Secure; SameSite=Strict`
}

/** Everything a page of somebody who is signed in needs. */
export interface Signed extends Staff {
  language: Language
  nonce: string
  page: PageTenant
}

/** Who is signed in; undefined where nobody is. */
export async function findSigned(
  deps: Pick<Deps, 'db' | 'clock'>,
  { http }: Exchange,
): Promise<Signed | undefined> {
  const staff = await readAdminSession(deps, readSecret(http))
  if (staff === undefined) return undefined
  const language = languageOf(http)
  const { name, colour, noticeUrl } = staff.tenant
  const page = { name: name[language], colour, noticeUrl }
  return { ...staff, language, page, nonce: newNonce() }
}

export function languageOf(http: Context): Language {
  return chooseLanguage(undefined, http.req.header('accept-language'))
}

/** The handler of a page for staff; whoever is not signed in is sent to where one signs in. */
export function forStaff(
  deps: Pick<Deps, 'db' | 'clock'>,
  show: (signed: Signed, exchange: Exchange) => Promise<Response>,
): (exchange: Exchange) => Promise<Response> {
  return async (exchange) => {
    const signed = await findSigned(deps, exchange)
    return signed === undefined ? redirectTo(`${COMPLIANCE}?over`) : await show(signed, exchange)
  }
}

/** The same for a form: one that does not carry the session's own token was not made here, and does nothing. */
export function forStaffForm(
  deps: Pick<Deps, 'db' | 'clock'>,
  act: (signed: Signed, form: Parameters, exchange: Exchange) => Promise<Response>,
): (exchange: Exchange) => Promise<Response> {
  return forStaff(deps, async (signed, exchange) => {
    const form = await readStaffForm(exchange)
    if (!signed.isOwnForm(form.get('csrf') ?? '')) return redirectTo(`${COMPLIANCE}?over`)
    return await act(signed, form, exchange)
  })
}

export async function readStaffForm({ http }: Exchange): Promise<Parameters> {
  return await readForm(http, MAX_FORM)
}

/** What these pages share in the description. */
export const STAFF: Pick<Operation, 'tags' | 'security'> = {
  tags: ['Compliance page'],
  security: [{ complianceSession: [] }],
}
