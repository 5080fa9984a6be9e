/** Where a journey goes from here, as an HTTP answer: another page, the relying party, or a clear end. */
import { addressOf } from '../domain/tenant.ts'
import type { ReturnForm, SignedOn } from '../flow/error-return.ts'
import type { Next } from '../flow/login-end.ts'
import { sessionCookie } from './browser.ts'
import { answerPage, redirectTo } from './browser-answer.ts'
import { type EndPageKind, renderEndPage } from './pages/end-page.ts'
import { renderFormPostPage } from './pages/form-post-page.ts'
import { renderOnwardPage } from './pages/onward-page.ts'
import { type Exchange, tenantOf } from './route.ts'
import { newNonce, pageSetting, pageTenant } from './serve.ts'

export function answerNext(exchange: Exchange, next: Next): Response {
  const prepared = tenantOf(exchange)
  switch (next.kind) {
    case 'redirect':
      return answerReturn(exchange, next)
    case 'wait':
      return redirectTo(addressOf.page(prepared.issuer, next.journey.id))
    case 'choose':
      return redirectTo(addressOf.accounts(prepared.issuer, next.journey.id))
    case 'privacy':
      return redirectTo(addressOf.ownData(prepared.issuer, next.journey.id))
    case 'confirm':
      return redirectTo(addressOf.confirm(prepared.issuer, next.journey.id))
    case 'consent':
      return redirectTo(addressOf.consent(prepared.issuer, next.journey.id))
    case 'end':
      exchange.reference = next.journey.correlationId
      return answerEnd(exchange, next)
  }
}

/** Back to the relying party (or on to an institution), in the response mode it asked for. */
export function answerReturn(exchange: Exchange, { url, form, session }: SignedOn): Response {
  const cookie = sessionHeader(exchange, session)
  return form === undefined
    ? redirectTo(url, cookie)
    : answerForm(exchange, pageSetting(exchange).language, form, cookie)
}

function sessionHeader(exchange: Exchange, session: string | undefined): Record<string, string> {
  if (session === undefined) return {}
  return { 'set-cookie': sessionCookie(tenantOf(exchange).tenant.id, session) }
}

/** After a button: on to another site, by a page and not by a redirect (`pages/onward-page.ts` says why). */
export function answerOnward(
  exchange: Exchange,
  language: 'en' | 'nl',
  { url, form, session }: SignedOn,
): Response {
  const cookie = sessionHeader(exchange, session)
  if (form !== undefined) return answerForm(exchange, language, form, cookie)
  const nonce = newNonce()
  const tenant = pageTenant(exchange.prepared, language)
  const page = renderOnwardPage({ language, nonce, tenant, url })
  return answerPage(page, nonce, { headers: cookie, popup: true })
}

/** After a button: {@link answerOnward} where the journey leads away from here, the next page otherwise. */
export function answerButton(exchange: Exchange, language: 'en' | 'nl', next: Next): Response {
  return next.kind === 'redirect'
    ? answerOnward(exchange, language, next)
    : answerNext(exchange, next)
}

/** The answer to the relying party by POST; the policy of the page lets its form go there and nowhere else. */
function answerForm(
  exchange: Exchange,
  language: 'en' | 'nl',
  form: ReturnForm,
  cookie: Record<string, string>,
): Response {
  const nonce = newNonce()
  const tenant = pageTenant(exchange.prepared, language)
  const formAction = [new URL(form.action).origin]
  const html = renderFormPostPage({ language, nonce, tenant, ...form })
  return answerPage(html, nonce, { headers: cookie, formAction, popup: true })
}

/** A clear end, with the way back to the relying party. */
export function answerEnd(exchange: Exchange, next: Extract<Next, { kind: 'end' }>): Response {
  const { language } = next.journey
  const nonce = newNonce()
  const html = renderEndPage({
    language,
    nonce,
    tenant: pageTenant(exchange.prepared, language),
    kind: endKind(next),
    backUrl: next.end === 'granted' || next.back.form !== undefined ? undefined : next.back.url,
    backForm:
      next.end === 'granted' || next.back.form === undefined
        ? undefined
        : addressOf.cancel(new URL(tenantOf(exchange).issuer).pathname, next.journey.id),
    reference: next.journey.correlationId,
  })
  return answerPage(html, nonce, { popup: true })
}

function endKind(next: Extract<Next, { kind: 'end' }>): EndPageKind {
  if (next.end === 'granted') return 'closed'
  if (next.end === 'expired') return 'expired'
  switch (next.failure) {
    case 'wallet_refused':
    case 'cancelled':
      return 'refused'
    case 'consent_refused':
      return 'not_agreed'
    case 'session_over':
      return 'expired'
    case 'ambiguous_identity':
    case 'identity_conflict':
    case 'identity_unavailable':
      return 'not_recognised'
    case 'candidate_not_confirmed':
      return 'not_recognised'
    case 'nobody_known':
      return 'nobody_known'
    case 'plan_refused':
    case 'binding_missing':
    case 'acr_unmet':
    case 'contract_broken':
    case 'hint_unmet':
    case 'candidate_missing':
    case 'candidate_unconfirmed':
      return 'not_allowed'
    case 'unavailable':
      return 'unavailable'
    case 'credential_expired':
    case 'credential_revoked':
    case 'credential_suspended':
      return 'credential_ended'
    case 'status_unavailable':
    case 'revocation_unavailable':
      return 'status_unknown'
    case 'person_conflict':
      return 'two_people'
    case 'identifier_missing':
      return 'too_little'
    case 'login_refused':
    case 'response_invalid':
    case 'token_request_failed':
    case 'id_token_invalid':
    case 'userinfo_invalid':
    case 'subject_missing':
    case 'attribute_missing':
    case 'assurance_insufficient':
    case 'institution_not_allowed':
      return 'institution_refused'
    default:
      return 'failed'
  }
}
