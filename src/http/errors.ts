/**
 * What the world hears of a failure: one exhaustive switch to a status, a code and a public sentence. A new failure without
 * an answer does not compile. Which form it gets is said in failure-answer.ts.
 */
import type { Failure, OAuthError, OutboundReason, ProviderReason } from '../domain/failure.ts'
import type { EndPageKind } from './pages/end-page.ts'

/** The answer before it has a form. */
export interface Told {
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

export function tell(failure: Failure): Told {
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
        description: PROVIDER_REFUSALS[failure.reason],
        page: 'failed',
      }
    case 'outbound_refused':
      return {
        status: 422,
        error: failure.reason,
        description: OUTBOUND_REFUSALS[failure.reason],
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

/** What to look at; nothing the provider said, and not whether anything stands at a private address (UP-55). */
const PROVIDER_REFUSALS: { readonly [reason in ProviderReason]: string } = {
  issuer_url_refused:
    'issuer: must be https at port 443 with a public host name, without a query; http and this machine only with ALLOW_LOOPBACK=yes',
  discovery_failed:
    'issuer: no JSON was had in time from its /.well-known/openid-configuration at a public address; redirects are not followed',
  issuer_mismatch: 'issuer: is not, letter for letter, the one its discovery document names',
  endpoint_refused:
    'an endpoint of the discovery document is missing, or on another host than the issuer: name such hosts in confirmed_hosts',
  code_flow_unsupported:
    'the provider does not offer the code flow, or only to those who push their requests',
  pkce_unsupported: 'the provider does not offer S256 in code_challenge_methods_supported',
  signing_algorithm_unsupported:
    'the provider offers no signature for ID tokens that is accepted here, or not the one asked for',
  client_authentication_unsupported:
    'the provider does not offer the authentication asked for, or the private key cannot be used',
  subject_type_unsupported:
    'subject_type: is not offered there, or is transient, which is somebody else at every login',
}

const OUTBOUND_REFUSALS: { readonly [reason in OutboundReason]: string } = {
  url_refused: 'the URL must be https at port 443 with a public host name',
  address_refused: 'the host has an address that is not public',
  unreachable: 'nobody answers there',
  timeout: 'the answer took too long',
  redirect_refused: 'the answer was a redirect, which is not followed',
  too_large: 'the answer was too large',
  content_type_refused: 'the answer had another content type than it must',
  bad_status: 'the answer was an error',
  not_json: 'the answer was not strict JSON',
  not_believed: 'the answer was not signed as it must be, or is out of date',
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
  if (Object.hasOwn(PROVIDER_REFUSALS, code)) return 'the provider cannot be used'
  if (Object.hasOwn(OUTBOUND_REFUSALS, code)) return 'the address cannot be asked'
  return TITLES[code] ?? description
}
