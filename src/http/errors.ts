/**
 * What the world hears of a failure: one exhaustive switch to a status, a code and a public sentence, then one of four
 * forms. A new failure without an answer does not compile.
 */
import type { ErrorRedirect, Failure, OAuthError } from '../domain/failure.ts'
import { pageHeaders } from './pages/content-security-policy.ts'
import { type EndPageKind, renderEndPage } from './pages/end-page.ts'
import { renderFormPostPage } from './pages/form-post-page.ts'
import type { PageTenant } from './pages/layout.ts'
import type { Language } from './pages/text.ts'
import type { ErrorForm } from './route.ts'

/** The answer before it has a form. */
interface Told {
  status: number
  /** Machine-readable word: OAuth's where there is one, else our own. */
  error: string
  description: string
  page: EndPageKind
  headers?: Record<string, string>
}

const OAUTH_STATUS: Partial<Record<OAuthError, number>> = {
  invalid_client: 401,
  invalid_token: 401,
  insufficient_scope: 403,
  server_error: 500,
  temporarily_unavailable: 503,
}

function tell(failure: Failure): Told {
  switch (failure.kind) {
    case 'invalid_request':
      return { status: 400, error: 'invalid_request', description: failure.detail, page: 'failed' }
    case 'oauth':
      return {
        status: failure.challenge === undefined ? (OAUTH_STATUS[failure.error] ?? 400) : 401,
        error: failure.error,
        description: failure.description,
        page: 'failed',
      }
    case 'authorization_refused':
      return {
        status: 400,
        error: 'invalid_request',
        description: failure.description,
        page: 'authorization_refused',
      }
    case 'logout_refused':
      return {
        status: 400,
        error: 'invalid_request',
        description: failure.description,
        page: 'logout_refused',
      }
    case 'not_found':
      return {
        status: 404,
        error: 'not_found',
        description: 'there is nothing here',
        page: 'not_found',
      }
    case 'journey_not_open':
      return {
        status: 403,
        error: 'access_denied',
        description: 'this login is not open here',
        page: 'other_browser',
      }
    case 'presentation_refused':
      return {
        status: 400,
        error: 'invalid_request',
        description: 'the presentation was refused',
        page: 'failed',
      }
    case 'institution_refused':
      if (failure.reason === 'unavailable') return tell({ kind: 'unavailable' })
      return {
        status: 400,
        error: 'access_denied',
        description: 'the institution did not confirm',
        page: 'institution_refused',
      }
    case 'provider_refused':
      return {
        status: 422,
        error: failure.reason,
        description: 'the provider cannot be used',
        page: 'failed',
      }
    case 'outbound_refused':
      return {
        status: 422,
        error: failure.reason,
        description: 'the address cannot be asked',
        page: 'failed',
      }
    case 'ambiguous_identity':
    case 'identity_unavailable':
      return {
        status: 403,
        error: 'access_denied',
        description: 'the person cannot be recognised',
        page: 'not_recognised',
      }
    case 'policy_refused':
      return {
        status: 422,
        error: 'policy_refused',
        description: 'the document was refused',
        page: 'failed',
      }
    case 'admin_unauthenticated':
      return {
        status: 401,
        error: 'invalid_token',
        description: 'a valid admin token is needed',
        page: 'failed',
        headers: { 'www-authenticate': 'Bearer realm="identity-bridge admin"' },
      }
    case 'admin_forbidden':
      return {
        status: 403,
        error: 'insufficient_scope',
        description: `scope ${failure.scope} is needed`,
        page: 'failed',
      }
    case 'conflict':
      return { status: 409, error: 'conflict', description: failure.detail, page: 'failed' }
    case 'category_forbidden':
      return {
        status: 403,
        error: 'category_forbidden',
        description: 'the registration does not allow this category',
        page: 'failed',
      }
    case 'precondition_failed':
      return {
        status: 412,
        error: 'precondition_failed',
        description: 'it is not what the condition says',
        page: 'failed',
      }
    case 'idempotency_key_reused':
      return {
        status: 422,
        error: 'idempotency_key_reused',
        description: 'Idempotency-Key: was used for another request',
        page: 'failed',
      }
    case 'rate_limited':
      return {
        status: 429,
        error: 'rate_limited',
        description: 'too many requests',
        page: 'rate_limited',
        headers: { 'retry-after': String(failure.retryAfterSeconds) },
      }
    case 'payload_too_large':
      return {
        status: 413,
        error: 'payload_too_large',
        description: 'the body is too large',
        page: 'failed',
      }
    case 'unsupported_media_type':
      return {
        status: 415,
        error: 'unsupported_media_type',
        description: 'the content type is not accepted here',
        page: 'failed',
      }
    case 'not_acceptable':
      return {
        status: 406,
        error: 'not_acceptable',
        description: 'the answer would be application/json',
        page: 'failed',
      }
    case 'method_not_allowed':
      return {
        status: 405,
        error: 'method_not_allowed',
        description: 'the method is not accepted here',
        page: 'not_found',
        headers: { allow: failure.allowed },
      }
    case 'unavailable':
      return {
        status: 503,
        error: 'temporarily_unavailable',
        description: 'try again in a moment',
        page: 'unavailable',
        headers: { 'retry-after': '2' },
      }
    case 'unexpected':
    case 'sealed_unreadable':
      return {
        status: 500,
        error: 'server_error',
        description: 'something went wrong on our side',
        page: 'unavailable',
      }
  }
}

/** Of problems that are told in more than one sentence: what they have in common (RFC 9457 section 3.1.3). */
const TITLES: { readonly [code: string]: string } = {
  invalid_request: 'the request is not as it has to be',
  conflict: 'it does not go with what is there',
  invalid_token: 'the token is not valid here',
  insufficient_scope: 'the token lacks a scope',
  access_denied: 'this is not allowed',
}

/** The title of problem details with this code, where `detail` is `description`. */
export function titleOf(code: string, description: string): string {
  return TITLES[code] ?? description
}

/** What a page needs besides the failure. */
export interface PageSetting {
  language: Language
  tenant: PageTenant
  nonce: () => string
  reference: string
}

/** The answer to a failure in a route's form. */
export function answerFailure(failure: Failure, form: ErrorForm, page: PageSetting): Response {
  const told = tell(failure)
  const headers = {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...told.headers,
  }
  switch (form) {
    case 'oauth':
      return Response.json(
        { error: told.error, error_description: told.description },
        { status: told.status, headers: { ...headers, ...bearerChallenge(failure) } },
      )
    case 'wallet':
      return Response.json(
        { error: told.error, error_description: told.description },
        { status: told.status, headers },
      )
    case 'problem':
      return new Response(
        JSON.stringify({
          type: `urn:identity-bridge:problem:${told.error}`,
          title: titleOf(told.error, told.description),
          status: told.status,
          detail: told.description,
          code: told.error,
          ...(failure.kind === 'policy_refused' ? { problems: failure.problems } : {}),
          reference: page.reference,
        }),
        {
          status: told.status,
          headers: {
            ...headers,
            ...bearerChallenge(failure),
            'content-type': 'application/problem+json',
          },
        },
      )
    case 'page':
      return answerPage(failure, told, page)
  }
}

/** RFC 6750 section 3: a refused access token says so in the challenge; a client that failed basic gets one too. */
function bearerChallenge(failure: Failure): Record<string, string> {
  if (failure.kind !== 'oauth') return {}
  if (failure.dpopNonce !== undefined) return { 'dpop-nonce': failure.dpopNonce }
  // RFC 6750 section 3: who showed nothing is told no error.
  if (failure.challenge === 'Bearer') return { 'www-authenticate': 'Bearer' }
  if (failure.challenge === 'DPoP')
    return { 'www-authenticate': `DPoP error="${failure.error}", algs="ES256 ES384 EdDSA"` }
  if (failure.error === 'invalid_token' || failure.error === 'insufficient_scope')
    return { 'www-authenticate': `Bearer error="${failure.error}"` }
  if (failure.error === 'invalid_client')
    return { 'www-authenticate': 'Basic realm="identity-bridge"' }
  return {}
}

/** An OAuth error with a redirect goes back to the relying party (303, RFC 9700 section 4.12); the rest is a page. */
function answerPage(failure: Failure, told: Told, page: PageSetting): Response {
  if (failure.kind === 'oauth' && failure.redirect !== undefined) {
    const { redirectUri, state, issuer } = failure.redirect
    if (failure.redirect.formPost === true) return answerByPost(failure, failure.redirect, page)
    const url = new URL(redirectUri)
    url.searchParams.append('error', failure.error)
    url.searchParams.append('error_description', failure.description)
    if (state !== undefined) url.searchParams.append('state', state)
    url.searchParams.append('iss', issuer)
    return redirectTo(url.href)
  }
  const nonce = page.nonce()
  const html = renderEndPage({
    language: page.language,
    nonce,
    tenant: page.tenant,
    kind: told.page,
    detail:
      failure.kind === 'authorization_refused' || failure.kind === 'logout_refused'
        ? failure.description
        : undefined,
    reference: page.reference,
  })
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    ...pageHeaders(nonce),
    ...told.headers,
  }
  return new Response(html, { status: told.status, headers })
}

/** The same by POST, for a client that asked for it. */
function answerByPost(
  failure: Extract<Failure, { kind: 'oauth' }>,
  { redirectUri, state, issuer }: ErrorRedirect,
  page: PageSetting,
): Response {
  const nonce = page.nonce()
  const html = renderFormPostPage({
    ...{ language: page.language, nonce, tenant: page.tenant, action: redirectUri },
    fields: [
      ['error', failure.error],
      ['error_description', failure.description],
      ...(state === undefined ? [] : [['state', state] as const]),
      ['iss', issuer],
    ],
  })
  const formAction = [new URL(redirectUri).origin]
  return new Response(html, {
    headers: { 'content-type': 'text/html; charset=utf-8', ...pageHeaders(nonce, { formAction }) },
  })
}

/** A redirect after something was decided: always 303, never cached, no referrer (OP-25, UP-25). */
export function redirectTo(url: string, headers: Record<string, string> = {}): Response {
  return new Response(null, {
    status: 303,
    headers: {
      location: url,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      ...headers,
    },
  })
}
