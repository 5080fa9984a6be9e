/** A failure as an HTTP answer, in one of four forms: OAuth's JSON, the wallet's, a problem (RFC 9457), or a page. */
import type { ErrorRedirect, Failure } from '../domain/failure.ts'
import { withFragment, withParameters } from '../domain/return-address.ts'
import { answerPage, redirectTo } from './browser-answer.ts'
import { type Told, tell, titleOf } from './errors.ts'
import { renderEndPage } from './pages/end-page.ts'
import { renderFormPostPage } from './pages/form-post-page.ts'
import type { PageTenant } from './pages/layout.ts'
import type { Language } from './pages/text.ts'
import type { ErrorForm } from './route.ts'

/** As discovery announces them (RFC 9449 section 7.1). */
const PROOF_ALGORITHMS = 'ES256 ES384 EdDSA Ed25519'

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
      return answerBrowser(failure, told, page)
  }
}

/** RFC 6750 section 3: a refused access token says so in the challenge; a client that failed basic gets one too. */
function bearerChallenge(failure: Failure): Record<string, string> {
  if (failure.kind !== 'oauth') return {}
  if (failure.dpopNonce !== undefined) return { 'dpop-nonce': failure.dpopNonce }
  // RFC 6750 section 3: who showed nothing is told no error.
  if (failure.challenge === 'Bearer') return { 'www-authenticate': 'Bearer' }
  if (failure.challenge === 'DPoP')
    return { 'www-authenticate': `DPoP error="${failure.error}", algs="${PROOF_ALGORITHMS}"` }
  if (failure.error === 'invalid_token' || failure.error === 'insufficient_scope')
    return { 'www-authenticate': `Bearer error="${failure.error}"` }
  if (failure.error === 'invalid_client')
    return { 'www-authenticate': 'Basic realm="identity-bridge"' }
  return {}
}

/** An OAuth error with a redirect goes back to the relying party (303, RFC 9700 section 4.12); the rest is a page. */
function answerBrowser(failure: Failure, told: Told, page: PageSetting): Response {
  if (failure.kind === 'oauth' && failure.redirect !== undefined) {
    const { redirectUri, state, issuer } = failure.redirect
    if (failure.redirect.formPost === true) return answerByPost(failure, failure.redirect, page)
    const { error, description } = failure
    const answer = { error, error_description: description, state, iss: issuer }
    const write = failure.redirect.fragment === true ? withFragment : withParameters
    return redirectTo(write(redirectUri, answer))
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
  const { status, headers = {} } = told
  return answerPage(html, nonce, { status, headers, popup: true })
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
  return answerPage(html, nonce, { formAction: [new URL(redirectUri).origin], popup: true })
}
