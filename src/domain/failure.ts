/**
 * Everything that can end a request, as one closed union. A failure carries names and counts, never a value that came
 * from a person, a wallet or a provider: it may be logged whole. `http/errors.ts` says what the world hears of it.
 */

/** Why a wallet's answer was not believed. The word goes into the audit detail; the wallet hears `invalid_request`. */
export type PresentationReason =
  | 'malformed_response' // not the form, JSON or JWE that OpenID4VP 1.0 section 8 describes
  | 'unencrypted_response' // a vp_token in the clear where encryption was asked for
  | 'decryption_failed'
  | 'state_mismatch'
  | 'too_large'
  | 'malformed_presentation'
  | 'unexpected_credential' // a query id, count, format or type that was not asked for
  | 'query_not_satisfied'
  | 'untrusted_issuer'
  | 'issuer_signature_invalid'
  | 'issuer_key_unavailable' // the issuer's web metadata could not be fetched or did not hold the key
  | 'certificate_invalid'
  | 'certificate_revoked' // one of the issuer's chain was taken back
  | 'revocation_unavailable' // nobody can be asked about one now, and the policy does not accept that
  | 'algorithm_refused'
  | 'credential_expired'
  | 'credential_not_yet_valid'
  | 'disclosure_invalid'
  | 'holder_key_missing'
  | 'key_binding_missing'
  | 'key_binding_invalid' // typ, signature, iat or sd_hash of the key binding JWT
  | 'nonce_mismatch'
  | 'audience_mismatch'
  | 'status_not_supported' // a status of a kind that we do not look up, and the policy does not say to ignore it
  | 'status_missing' // the policy wants a status and the credential carries none
  | 'status_unavailable' // the status list cannot be had now; trying again may help
  | 'status_list_invalid' // the status list was had and not believed
  | 'credential_revoked'
  | 'credential_suspended'
  | 'holder_conflict' // credentials of two holders in one response
  | 'wallet_refused' // the wallet answered with an error instead of a presentation

/** Why what an institution's provider said was not believed, or could not be asked for. */
export type InstitutionReason =
  | 'login_refused' // the provider answered with an error
  | 'response_invalid' // parameters missing, doubled or not for this provider (RFC 9207)
  | 'token_request_failed'
  | 'id_token_invalid'
  | 'userinfo_invalid'
  | 'subject_missing'
  | 'attribute_missing' // a required canonical attribute has no value
  | 'candidate_not_confirmed' // STEP_UP: the account is not the expected person's
  | 'binding_missing' // REUSE_ONLY: this wallet has no binding to the account
  | 'person_conflict' // wallet and institution state two different people
  | 'identifier_missing' // the wallet showed nothing whole that the profile can link by
  | 'assurance_insufficient'
  | 'institution_not_allowed'
  | 'unavailable' // network, time-out, 5xx

/** Why a provider could not be registered (protocols UP-01 to UP-05). */
export type ProviderReason =
  | 'issuer_url_refused'
  | 'discovery_failed'
  | 'issuer_mismatch'
  | 'endpoint_refused'
  | 'code_flow_unsupported'
  | 'pkce_unsupported'
  | 'signing_algorithm_unsupported'
  | 'client_authentication_unsupported'
  | 'subject_type_unsupported'

/** Why an outgoing request was not made, or its answer not read (protocols UP-50 to UP-56). */
export type OutboundReason =
  | 'url_refused'
  | 'address_refused'
  | 'unreachable'
  | 'timeout'
  | 'redirect_refused'
  | 'too_large'
  | 'content_type_refused'
  | 'bad_status'
  | 'not_json' // the body of a JSON answer could not be parsed
  | 'not_believed' // an answer was had that is not signed as it must be, or is out of date

/** Error codes of RFC 6749, OpenID Connect Core, RFC 9126 and RFC 6750 that we answer with. */
export type OAuthError =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'invalid_target' // RFC 8707
  | 'invalid_dpop_proof' // RFC 9449
  | 'use_dpop_nonce'
  | 'invalid_redirect_uri' // RFC 7591
  | 'invalid_client_metadata'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'access_denied'
  | 'login_required'
  | 'interaction_required'
  | 'consent_required'
  | 'unmet_authentication_requirements' // OpenID Connect Core Unmet Authentication Requirements 1.0
  | 'request_not_supported'
  | 'request_uri_not_supported'
  | 'registration_not_supported'
  | 'server_error'
  | 'temporarily_unavailable'

/** Where an authorization error may be sent (RFC 6749 section 4.1.2.1, RFC 9207). */
export interface ErrorRedirect {
  redirectUri: string
  state: string | undefined
  issuer: string
  /** By POST (OAuth 2.0 Form Post Response Mode); absent: in the query. */
  formPost?: true
  /** In the fragment, where clients look that asked for tokens there; absent: in the query. */
  fragment?: true
}

export type Failure =
  /** The request's own form is wrong: `detail` is a fixed sentence that names the part, never its value. */
  | { kind: 'invalid_request'; detail: string }
  /** An OAuth or OpenID error; with `redirect` it goes back to the relying party, else it is answered here. */
  | {
      kind: 'oauth'
      error: OAuthError
      description: string
      redirect?: ErrorRedirect
      /** At a resource. DPoP: it was that scheme that was refused; Bearer: nothing was shown at all. */
      challenge?: 'DPoP' | 'Bearer'
      /** What the next DPoP proof must carry. */
      dpopNonce?: string
    }
  /** The browser is shown a page; used where redirecting would be unsafe (unknown client or redirect URI). */
  | { kind: 'authorization_refused'; description: string }
  /** A logout that contradicts itself or the registration; nothing was ended (RP-Initiated Logout 1.0 section 4). */
  | { kind: 'logout_refused'; description: string }
  /** Unknown, expired and foreign things look alike. */
  | { kind: 'not_found' }
  /** The journey is over, expired, or belongs to another browser. */
  | { kind: 'journey_not_open' }
  | { kind: 'presentation_refused'; reason: PresentationReason }
  | { kind: 'institution_refused'; reason: InstitutionReason }
  | { kind: 'provider_refused'; reason: ProviderReason }
  | { kind: 'outbound_refused'; reason: OutboundReason }
  /** Two hits on two people: never "the first one". */
  | { kind: 'ambiguous_identity' }
  /** The person was erased, restricted or merged away while the login was under way. */
  | { kind: 'identity_unavailable' }
  /** A policy document was refused as a whole; `problems` name paths in the document, never a value. */
  | { kind: 'policy_refused'; problems: readonly string[] }
  | { kind: 'admin_unauthenticated' }
  | { kind: 'admin_forbidden'; scope: string }
  | { kind: 'conflict'; detail: string }
  /** The client's registration does not name the category. */
  | { kind: 'category_forbidden' }
  /** If-Match or If-None-Match does not hold (RFC 9110 section 13). */
  | { kind: 'precondition_failed' }
  /** An Idempotency-Key came with another request than before. */
  | { kind: 'idempotency_key_reused' }
  | { kind: 'rate_limited'; retryAfterSeconds: number }
  | { kind: 'payload_too_large' }
  | { kind: 'unsupported_media_type' }
  /** The caller would not read the only form there is. */
  | { kind: 'not_acceptable' }
  /** The path is there, under other methods: those, separated by commas. */
  | { kind: 'method_not_allowed'; allowed: string }
  /** Postgres or a needed dependency cannot be reached now; the caller may try again. */
  | { kind: 'unavailable' }
  /** Something nobody foresaw: a fault of ours. The log has its class and place. */
  | { kind: 'unexpected' }
  /** A sealed text could not be opened, or a key is missing. Never reads as "unknown holder". */
  | { kind: 'sealed_unreadable' }

/** The one error class: carries a {@link Failure}; a foreign error stays in `cause` and out of the logs. */
export class BridgeError extends Error {
  readonly failure: Failure
  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.kind, options)
    this.name = 'BridgeError'
    this.failure = failure
  }
}

/** Throws the failure. */
export function fail(failure: Failure, cause?: unknown): never {
  throw new BridgeError(failure, cause === undefined ? undefined : { cause })
}
