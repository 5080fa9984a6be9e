/**
 * The HTTP interface of identity-bridge as types: what each operation takes and answers. Written from the OpenAPI
 * description by `npm run openapi`; a test fails when the two differ. Copy this file into your program.
 */

export interface Operation<Method, Url, Path, Query, Header, Body, Answers> {
  method: Method
  url: Url
  parameters: { path: Path; query: Query; header: Header }
  body: Body
  /** By status. */
  answers: Answers
}

export interface Schemas {
  OAuthError: { error: string; error_description: string }
  WalletError: { error: string; error_description: string }
  Problem: { type: string; title: string; status: number; detail: string; code: string; problems?: readonly (string)[]; reference: string }
  NewTenant: { slug: string; name: { en: string; nl: string }; colour?: string; notice_url?: string | null; enabled?: boolean; cross_device?: boolean; digital_credentials?: boolean; haip?: boolean; direct_login?: boolean; require_pushed_authorization_requests?: boolean; consent?: boolean; single_sign_on_minutes?: number; trust_four_eyes?: boolean; last_used?: "exact" | "day"; client_id_prefix?: "x509_hash" | "x509_san_dns"; response_mode?: "direct_post.jwt" | "direct_post"; wallet_scheme?: string; request_certificate?: Schemas['RequestIdentity']; policies?: { trust?: Schemas['TrustPolicy']; query?: Schemas['DcqlQuery']; attributes?: Schemas['AttributePolicy']; material?: Schemas['MaterialPolicy']; selector?: Schemas['SelectorPolicy'] } }
  TenantChange: { name?: { en: string; nl: string }; colour?: string; notice_url?: string | null; enabled?: boolean; cross_device?: boolean; digital_credentials?: boolean; haip?: boolean; require_pushed_authorization_requests?: boolean; consent?: boolean; single_sign_on_minutes?: number; trust_four_eyes?: boolean; last_used?: "exact" | "day"; direct_login?: boolean; client_id_prefix?: "x509_hash" | "x509_san_dns"; response_mode?: "direct_post.jwt" | "direct_post"; wallet_scheme?: string }
  Tenant: { slug: string; issuer: string; name: { en: string; nl: string }; colour: string; notice_url: string | null; enabled: boolean; cross_device: boolean; digital_credentials: boolean; haip: boolean; require_pushed_authorization_requests: boolean; consent: boolean; single_sign_on_minutes: number; trust_four_eyes: boolean; last_used: "exact" | "day"; direct_login: boolean; client_id_prefix: "x509_hash" | "x509_san_dns"; response_mode: "direct_post.jwt" | "direct_post"; wallet_scheme: string; revision: number; request_certificate: Schemas['RequestCertificate'] | null; policies: Record<string, number> }
  TenantSummary: { slug: string; issuer: string; name: { en: string; nl: string }; colour: string; notice_url: string | null; enabled: boolean; cross_device: boolean; digital_credentials: boolean; haip: boolean; require_pushed_authorization_requests: boolean; consent: boolean; single_sign_on_minutes: number; trust_four_eyes: boolean; last_used: "exact" | "day"; direct_login: boolean; client_id_prefix: "x509_hash" | "x509_san_dns"; response_mode: "direct_post.jwt" | "direct_post"; wallet_scheme: string; revision: number }
  TenantList: { tenants: readonly (Schemas['TenantSummary'])[]; next_cursor: string | null }
  RequestIdentity: { certificate_chain: string; private_key: string }
  RequestIdentityChoice: { certificate_chain?: string; private_key?: string }
  RequestCertificate: { kid: string; client_id: string; certificate_chain: readonly (string)[]; trust_anchor: string | null; not_after: string; expires_soon: boolean }
  NewRelyingParty: { client_id?: string; client_name: string; redirect_uris: readonly (string)[]; token_endpoint_auth_method?: "client_secret_basic" | "client_secret_post" | "private_key_jwt" | "none"; jwks?: { keys: readonly (Schemas['UnjudgedDocument'])[] }; jwks_uri?: string; id_token_signed_response_alg?: "ES256" | "RS256" | "PS256"; require_pkce?: boolean; claims_in_id_token?: boolean; sector?: string; purpose?: { en: string; nl: string } | null; grant_types?: readonly ("authorization_code" | "refresh_token" | "client_credentials")[]; offline_access_needed?: boolean; subject_type?: "pairwise" | "public"; sector_identifier_uri?: string; userinfo_signed_response_alg?: "ES256" | "RS256" | "PS256" | null; dpop_bound_access_tokens?: boolean; require_pushed_authorization_requests?: boolean; scopes?: readonly (string)[] | null; claims?: readonly (string)[] | null; consent?: "tenant" | "ask" | "never"; post_logout_redirect_uris?: readonly (string)[]; backchannel_logout_uri?: string | null; backchannel_logout_session_required?: boolean; profile?: "standard" | "classic" | "fapi2"; machine_scopes?: readonly ("reconciliation:read" | "reconciliation:write" | "devices:manage" | "privacy:erase" | "audit:read" | "providers:manage" | "policies:manage")[]; data_access?: { claims: readonly (string)[]; auxiliary: readonly ({ category: string; read: "all" | readonly (string)[]; write: boolean })[] }; audiences?: readonly (string)[]; resource?: string | null; issued_by?: string }
  RelyingPartyChange: { client_name?: string; redirect_uris?: readonly (string)[]; jwks?: { keys: readonly (Schemas['UnjudgedDocument'])[] }; jwks_uri?: string; id_token_signed_response_alg?: "ES256" | "RS256" | "PS256"; require_pkce?: boolean; claims_in_id_token?: boolean; purpose?: { en: string; nl: string } | null; grant_types?: readonly ("authorization_code" | "refresh_token" | "client_credentials")[]; offline_access_needed?: boolean; userinfo_signed_response_alg?: "ES256" | "RS256" | "PS256" | null; dpop_bound_access_tokens?: boolean; require_pushed_authorization_requests?: boolean; scopes?: readonly (string)[] | null; claims?: readonly (string)[] | null; consent?: "tenant" | "ask" | "never"; post_logout_redirect_uris?: readonly (string)[]; backchannel_logout_uri?: string | null; backchannel_logout_session_required?: boolean; profile?: "standard" | "classic" | "fapi2"; machine_scopes?: readonly ("reconciliation:read" | "reconciliation:write" | "devices:manage" | "privacy:erase" | "audit:read" | "providers:manage" | "policies:manage")[]; data_access?: { claims: readonly (string)[]; auxiliary: readonly ({ category: string; read: "all" | readonly (string)[]; write: boolean })[] }; audiences?: readonly (string)[]; resource?: string | null; enabled?: boolean; secret_rotation?: "begin" | "finish" | "replace" }
  RelyingParty: { client_id: string; client_name: string; redirect_uris: readonly (string)[]; jwks: { keys: readonly (Schemas['UnjudgedDocument'])[] } | null; jwks_uri: string | null; id_token_signed_response_alg: "ES256" | "RS256" | "PS256"; require_pkce: boolean; claims_in_id_token: boolean; purpose: { en: string; nl: string } | null; token_endpoint_auth_method: "client_secret_basic" | "client_secret_post" | "private_key_jwt" | "none"; sector: string; subject_type: "pairwise" | "public"; sector_identifier_uri: string | null; grant_types: readonly (string)[]; offline_access_needed: boolean; userinfo_signed_response_alg: "ES256" | "RS256" | "PS256" | null; dpop_bound_access_tokens: boolean; require_pushed_authorization_requests: boolean; scopes: readonly (string)[] | null; claims: readonly (string)[] | null; consent: "tenant" | "ask" | "never"; post_logout_redirect_uris: readonly (string)[]; backchannel_logout_uri: string | null; backchannel_logout_session_required: boolean; profile: "standard" | "classic" | "fapi2"; machine_scopes: readonly ("reconciliation:read" | "reconciliation:write" | "devices:manage" | "privacy:erase" | "audit:read" | "providers:manage" | "policies:manage")[]; data_access: { claims: readonly (string)[]; auxiliary: readonly ({ category: string; read: "all" | readonly (string)[]; write: boolean })[] }; audiences: readonly (string)[]; resource: string | null; issued_by: string | null; secrets: number; enabled: boolean }
  RelyingPartyWithSecret: { client_id: string; client_name: string; redirect_uris: readonly (string)[]; jwks: { keys: readonly (Schemas['UnjudgedDocument'])[] } | null; jwks_uri: string | null; id_token_signed_response_alg: "ES256" | "RS256" | "PS256"; require_pkce: boolean; claims_in_id_token: boolean; purpose: { en: string; nl: string } | null; token_endpoint_auth_method: "client_secret_basic" | "client_secret_post" | "private_key_jwt" | "none"; sector: string; subject_type: "pairwise" | "public"; sector_identifier_uri: string | null; grant_types: readonly (string)[]; offline_access_needed: boolean; userinfo_signed_response_alg: "ES256" | "RS256" | "PS256" | null; dpop_bound_access_tokens: boolean; require_pushed_authorization_requests: boolean; scopes: readonly (string)[] | null; claims: readonly (string)[] | null; consent: "tenant" | "ask" | "never"; post_logout_redirect_uris: readonly (string)[]; backchannel_logout_uri: string | null; backchannel_logout_session_required: boolean; profile: "standard" | "classic" | "fapi2"; machine_scopes: readonly ("reconciliation:read" | "reconciliation:write" | "devices:manage" | "privacy:erase" | "audit:read" | "providers:manage" | "policies:manage")[]; data_access: { claims: readonly (string)[]; auxiliary: readonly ({ category: string; read: "all" | readonly (string)[]; write: boolean })[] }; audiences: readonly (string)[]; resource: string | null; issued_by: string | null; secrets: number; enabled: boolean; client_secret: string | null }
  RelyingPartyList: { relying_parties: readonly (Schemas['RelyingParty'])[]; next_cursor: string | null }
  TokenContract: { state: "off" | "recording" | "enforced"; recorded_at: string | null; claims: readonly ({ name: string; type: "string" | "number" | "boolean" | "list" | "object"; scope: string })[]; acr: readonly (string)[] }
  TokenContractRecording: { acr?: readonly ("urn:identity-bridge:acr:wallet-digital-credentials" | "urn:identity-bridge:acr:wallet-same-device" | "urn:identity-bridge:acr:wallet-cross-device" | "urn:identity-bridge:acr:wallet-digital-credentials+institution" | "urn:identity-bridge:acr:wallet-same-device+institution" | "urn:identity-bridge:acr:wallet-cross-device+institution" | "urn:identity-bridge:acr:institution")[] }
  NewRegistrationCertificate: { client_id?: string; format?: string; document: string }
  RegistrationCertificate: { id: string; client_id: string | null; format: string; document: string; not_after: string | null; created_at: string }
  RegistrationCertificateList: { certificates: readonly (Schemas['RegistrationCertificate'])[] }
  Expiry: { kind: "request_certificate" | "registration_certificate" | "trust_anchor" | "trusted_list" | "trust_answer" | "signing_key"; name: string; client_id: string | null; ends_at: string; state: "good" | "soon" | "expired" }
  ExpiryCalendar: { expiries: readonly (Schemas['Expiry'])[] }
  TrustAnswerState: { name: string; kind: "crl" | "ocsp" | "issuer_keys" | "federation"; about: string; fetched_at: string | null; fresh_until: string | null; checked_at: string; seen_at: string; problem: string | null }
  TrustAnswerStates: { answers: readonly (Schemas['TrustAnswerState'])[] }
  TrustedListState: { id: string; url: string; issue: { sequence: number; next_update: string; fetched_at: string; services: readonly ({ type: string; certificates: number })[] } | null; checked_at: string | null; problem: string | null }
  TrustedListStates: { lists: readonly (Schemas['TrustedListState'])[] }
  SigningKey: { kid: string; purpose: "token" | "request"; algorithm: "ES256" | "RS256" | "PS256"; state: "next" | "active" | "retiring" | "retired"; created_at: string; activated_at: string | null; retire_at: string | null }
  SigningKeyList: { signing_keys: readonly (Schemas['SigningKey'])[] }
  SigningKeyRotation: { algorithm: "ES256" | "RS256" | "PS256" }
  PublishedSigningKey: { kid: string; algorithm: "ES256" | "RS256" | "PS256" }
  NewKeyMigration: { version: number; stragglers?: "keep" | "nest" | "purge"; deadline?: string; inactive_days?: number }
  KeyMigration: { version: number; key: "A" | "B" | "C"; state: "running" | "paused" | "rolling_back" | "completed" | "failed" | "rolled_back"; processed: number; failed: number; skipped: number; purged: number; total: number; stragglers: "keep" | "nest" | "purge"; deadline: string; inactive_days: number; started_at: string; ended_at: string | null; error: string | null }
  KeyMigrationList: { key_migrations: readonly (Schemas['KeyMigration'])[] }
  KeyForecast: { key: "A" | "B" | "C"; version: number; tenants: readonly ({ tenant: string; rows: readonly ({ part: string; version: number; count: number })[]; left_behind: number; away: readonly ({ days_below: number | null; people: number })[] })[] }
  NewRegistrationToken: { name: string; uses?: number; expires_in_days?: number }
  CreatedRegistrationToken: { id: string; token: string; expires_at: string }
  RegistrationToken: { id: string; name: string; uses_left: number; created_at: string; expires_at: string }
  RegistrationTokenList: { tokens: readonly (Schemas['RegistrationToken'])[] }
  NewAuthorizationServer: { issuer: string; jwks_uri: string; audience?: string; token_type?: "at+jwt" | "JWT" }
  AuthorizationServer: { id: string; issuer: string; jwks_uri: string; audience: string; token_type: "at+jwt" | "JWT" }
  AuthorizationServerList: { authorization_servers: readonly (Schemas['AuthorizationServer'])[] }
  NewEventSubscription: { client_id?: string; delivery: "webhook" | "push" | "poll"; endpoint?: string; audience?: string; event_types?: readonly ("binding_created" | "binding_updated" | "binding_expiring" | "binding_removed" | "subject_changed" | "identity_restricted" | "restriction_lifted" | "identity_erased")[] }
  EventSubscriptionChange: { endpoint?: string; event_types?: readonly ("binding_created" | "binding_updated" | "binding_expiring" | "binding_removed" | "subject_changed" | "identity_restricted" | "restriction_lifted" | "identity_erased")[]; enabled?: boolean }
  EventSubscription: { id: string; client_id: string | null; delivery: "webhook" | "push" | "poll"; endpoint: string | null; audience: string; event_types: readonly ("binding_created" | "binding_updated" | "binding_expiring" | "binding_removed" | "subject_changed" | "identity_restricted" | "restriction_lifted" | "identity_erased")[]; enabled: boolean; created_at: string; updated_at: string }
  EventSubscriptionList: { event_subscriptions: readonly (Schemas['EventSubscription'])[] }
  EventSubscriptionWithSecret: { id: string; client_id: string | null; delivery: "webhook" | "push" | "poll"; endpoint: string | null; audience: string; event_types: readonly ("binding_created" | "binding_updated" | "binding_expiring" | "binding_removed" | "subject_changed" | "identity_restricted" | "restriction_lifted" | "identity_erased")[]; enabled: boolean; created_at: string; updated_at: string; secret: string }
  EventDelivery: { id: string; subscription: string | null; client_id: string | null; type: "binding_created" | "binding_updated" | "binding_expiring" | "binding_removed" | "subject_changed" | "identity_restricted" | "restriction_lifted" | "identity_erased" | "session_ended"; state: "waiting" | "delivered" | "dead"; attempts: number; last_error: string | null; created_at: string; at: string }
  EventDeliveryList: { events: readonly (Schemas['EventDelivery'])[]; next_cursor: string | null }
  NewProvider: { slug: string; name: string; issuer: string; client_id: string; token_endpoint_auth_method?: "client_secret_basic" | "client_secret_post" | "private_key_jwt"; client_secret?: string; private_key?: Schemas['UnjudgedDocument']; scope?: string; id_token_signed_response_alg?: string; confirmed_hosts?: readonly (string)[]; subject_type?: "public" | "pairwise" | "transient"; identifier_attribute?: string; attribute_mappings?: Record<string, string>; required_acr?: readonly (string)[]; required_amr?: readonly (string)[]; allowed_organizations?: readonly (string)[]; institution?: string; email_is_proof?: boolean; enabled?: boolean }
  ProviderChange: { name?: string; enabled?: boolean; client_secret?: string; private_key?: Schemas['UnjudgedDocument']; scope?: string; attribute_mappings?: Record<string, string>; required_acr?: readonly (string)[] | null; required_amr?: readonly (string)[] | null; allowed_organizations?: readonly (string)[] | null; email_is_proof?: boolean }
  Provider: { name: string; issuer: string; client_id: string; token_endpoint_auth_method: "client_secret_basic" | "client_secret_post" | "private_key_jwt"; scope: string; identifier_attribute: string; attribute_mappings: Record<string, string>; required_acr: readonly (string)[] | null; required_amr: readonly (string)[] | null; allowed_organizations: readonly (string)[] | null; institution: string | null; email_is_proof: boolean; slug: string; callback_url: string; authorization_endpoint: string; token_endpoint: string; userinfo_endpoint: string | null; jwks_uri: string; id_token_signed_response_alg: string; enabled: boolean; health: { last_success_at: string | null; last_failure_at: string | null; last_failure: string | null }; discovered_at: string; updated_at: string }
  ProviderList: { providers: readonly (Schemas['Provider'])[] }
  MappingSample: { claims: Schemas['UnjudgedDocument']; attribute_mappings?: Record<string, string> }
  MappingPreview: { identified: boolean; attributes: readonly ({ name: string; claim: string; value: unknown; kept: boolean; released: string | null })[]; missing: readonly (string)[]; unused: readonly (string)[] }
  NewProviderTest: { id: string; url: string; expires_at: string }
  ProviderTest: { id: string; state: "created" | "started" | "succeeded" | "failed"; reason: string | null; claims: readonly (string)[]; attributes: readonly (string)[]; missing: readonly (string)[]; expires_at: string }
  PolicyDocument: Schemas['TrustPolicy'] | Schemas['DcqlQuery'] | Schemas['AttributePolicy'] | Schemas['MaterialPolicy'] | Schemas['SelectorPolicy']
  PublishedPolicy: { kind: "trust" | "query" | "attributes" | "material" | "selector"; version: number; digest: string; published_at: string }
  PolicyVersion: { version: number; digest: string; published_at: string; published_by: string }
  Policy: { version: number; digest: string; published_at: string; published_by: string; kind: "trust" | "query" | "attributes" | "material" | "selector"; document: Schemas['PolicyDocument'] }
  PolicyHistory: { trust: readonly (Schemas['PolicyVersion'])[]; query: readonly (Schemas['PolicyVersion'])[]; attributes: readonly (Schemas['PolicyVersion'])[]; material: readonly (Schemas['PolicyVersion'])[]; selector: readonly (Schemas['PolicyVersion'])[] }
  PolicyDraft: { kind: "trust" | "query" | "attributes" | "material" | "selector"; state: "draft" | "validated"; digest: string; based_on: number; saved_at: string; saved_by: string }
  PolicyDraftList: { drafts: readonly ({ kind: "trust" | "query" | "attributes" | "material" | "selector"; state: "draft" | "validated"; digest: string; based_on: number; saved_at: string; saved_by: string; document: Schemas['UnjudgedDocument'] })[] }
  PolicyCheck: { documents?: { trust?: Schemas['TrustPolicy']; query?: Schemas['DcqlQuery']; attributes?: Schemas['AttributePolicy']; material?: Schemas['MaterialPolicy']; selector?: Schemas['SelectorPolicy'] } }
  PolicyFinding: { severity: "error" | "warning"; code: "shape" | "anchor_unusable" | "profile_missing" | "provider_missing" | "provider_unknown" | "query_missing" | "attribute_missing" | "over_asking" | "beyond_registration" | "attribute_never_filled" | "required_never_filled" | "type_untrusted" | "authority_unknown" | "same_person_unasked" | "weak_tuple" | "vague_tuple" | "material_never_given" | "key_alone" | "profile_refused"; kind: "trust" | "query" | "attributes" | "material" | "selector"; path: string; message: string }
  PolicyVerdict: { acceptable: boolean; findings: readonly (Schemas['PolicyFinding'])[] }
  RecordedLogin: { name: string; entry_point?: "wallet" | "direct"; way?: "digital_credentials" | "same_device" | "cross_device"; trigger?: "login" | "force_reconciliation"; credentials?: readonly ({ query: string; format?: "dc+sd-jwt" | "mso_mdoc" | "jwt_vc_json"; types: readonly (string)[]; issuer: string; authority_key_ids?: readonly (string)[]; trusted_lists?: readonly (string)[]; superiors?: readonly (string)[]; claims?: Record<string, unknown> })[]; state?: "MATCHED_HOLDER_KEY" | "MATCHED_SUBJECT" | "MATCHED_CLAIM_TUPLE" | "NOT_FOUND" | "EXPIRED_BINDING" | "AMBIGUOUS"; candidate?: boolean; refresh_due?: boolean; scope?: readonly (string)[]; client_id?: string }
  PolicyTrial: { documents?: { trust?: Schemas['TrustPolicy']; query?: Schemas['DcqlQuery']; attributes?: Schemas['AttributePolicy']; material?: Schemas['MaterialPolicy']; selector?: Schemas['SelectorPolicy'] }; logins?: readonly (Schemas['RecordedLogin'])[] }
  PolicyPlan: { acceptable: boolean; findings: readonly (Schemas['PolicyFinding'])[]; changes: readonly ({ kind: "trust" | "query" | "attributes" | "material" | "selector"; version: number; members: readonly ({ path: string; change: "added" | "removed" | "changed" | "reordered"; before?: unknown; after?: unknown })[] })[]; outcomes: readonly ({ name: string; changed: boolean; before: { refused: string | null; decision: { plan: Schemas['UnjudgedDocument']; rule: string; reasons: readonly (string)[] } | null } | null; after: { refused: string | null; decision: { plan: Schemas['UnjudgedDocument']; rule: string; reasons: readonly (string)[] } | null } | null })[] }
  PolicyExplanation: { acceptable: boolean; findings: readonly (Schemas['PolicyFinding'])[]; explanations: readonly ({ refused: string | null; decision: { plan: Schemas['UnjudgedDocument']; rule: string; reasons: readonly (string)[] } | null; name: string; missing: readonly ({ query: string; path: string })[]; untrusted: readonly (string)[]; shown: readonly (string)[]; open: readonly (string)[]; unidentified: readonly (string)[]; rules: readonly ({ rule: string; outcome: "chosen" | "outranked" | "not_matched" | "disabled"; held: readonly (string)[]; failed: readonly (string)[] })[] })[] }
  PolicyComparison: { from: number; to: number; logins?: readonly (Schemas['RecordedLogin'])[] }
  PolicyDifference: { kind: "trust" | "query" | "attributes" | "material" | "selector"; members: readonly ({ path: string; change: "added" | "removed" | "changed" | "reordered"; before?: unknown; after?: unknown })[]; outcomes: readonly ({ name: string; changed: boolean; before: { refused: string | null; decision: { plan: Schemas['UnjudgedDocument']; rule: string; reasons: readonly (string)[] } | null } | null; after: { refused: string | null; decision: { plan: Schemas['UnjudgedDocument']; rule: string; reasons: readonly (string)[] } | null } | null })[] }
  PublishedPolicies: { published: readonly (Schemas['PublishedPolicy'])[] }
  PolicyPublication: { trust_digest?: string }
  PolicyRestoration: { version: number }
  UnjudgedDocument: Record<string, unknown>
  NewAdminToken: { name: string; scopes: readonly ("tenants:manage" | "clients:manage" | "providers:manage" | "policies:manage" | "identities:manage" | "privacy:erase" | "privacy:export" | "privacy:retention" | "audit:read" | "jobs:manage" | "keys:manage")[]; tenant?: string | null; institution?: string | null; expires_in_days?: number }
  CreatedAdminToken: { id: string; token: string; expires_at: string }
  AdminToken: { id: string; name: string; scopes: readonly ("tenants:manage" | "clients:manage" | "providers:manage" | "policies:manage" | "identities:manage" | "privacy:erase" | "privacy:export" | "privacy:retention" | "audit:read" | "jobs:manage" | "keys:manage")[]; tenant: string | null; institution: string | null; created_at: string; expires_at: string; last_used_at: string | null; revoked_at: string | null }
  AdminTokenList: { tokens: readonly (Schemas['AdminToken'])[] }
  AuditEvent: { id: string; seq: number; type: string; correlation_id: string | null; subject_hash: string | null; client_id: string | null; detail: Schemas['UnjudgedDocument']; created_at: string; prev_hash: string; row_hash: string }
  AuditCheckpointList: { checkpoints: readonly ({ seq: number; start_seq: number; jws: string; created_at: string })[]; keys: readonly ({ kty: "OKP"; crv: "Ed25519"; x: string; kid: string; use: "sig" })[]; next_cursor: string | null }
  AuditEventList: { events: readonly (Schemas['AuditEvent'])[]; next_cursor: string | null }
  Job: { name: string; paused: boolean; due_at: string; running_until: string | null; started_at: string | null; finished_at: string | null; outcome: Record<string, number> | null }
  JobList: { jobs: readonly (Schemas['Job'])[] }
  RetentionRule: { days?: number | null; notice_days?: number | null; ground?: string | null }
  RetentionEntry: { kind: "links" | "ended_links" | "auxiliary" | "logins" | "grants" | "repeats" | "messages" | "audit_events" | "receipts"; what: string; days: number | null; lives: string | null; notice_days: number; ground: string; job: string | null; last_run_at: string | null; next_run_at: string | null; paused: boolean; due: number; warned: number; at_least: boolean }
  RetentionTable: { kinds: readonly (Schemas['RetentionEntry'])[] }
  RetentionTrial: { rules?: readonly ({ kind: "links" | "ended_links" | "auxiliary" | "logins" | "grants" | "repeats" | "messages" | "audit_events" | "receipts"; days?: number | null; notice_days?: number | null })[]; at?: string }
  RetentionPlan: { at: string; kinds: readonly ({ kind: "links" | "ended_links" | "auxiliary" | "logins" | "grants" | "repeats" | "messages" | "audit_events" | "receipts"; days: number | null; notice_days: number; due: number; warned: number; at_least: boolean })[] }
  ProcessingRecord: { tenant: string; controller: string; privacy_notice: string | null; generated_at: string; policies: Record<string, number>; purposes: readonly ({ recipient: string; purpose: string | null })[]; data_subjects: string; identifiers: readonly (string)[]; attributes: readonly ({ name: string; from: string; kept: boolean; passed_on_with: string | null })[]; sources: readonly ({ name: string; kind: string })[]; recipients: readonly ({ name: string; kind: string; sees: string })[]; retention: readonly ({ what: string; period: string; ground: string })[]; security: readonly (string)[]; to_be_said: readonly (string)[]; markdown: string }
  Lookup: { identifier_type: "SUBJECT_ID"; provider?: string; material?: string; issuer?: string; identifier: string } | { identifier_type: "KEY"; identifier: string } | { identifier_type: "DID"; identifier: string } | { identifier_type: "EMAIL"; provider?: string; issuer?: string; identifier: string } | { identifier_type: "CLAIM_TUPLE"; material: string; issuer?: string; claims: Record<string, unknown> }
  LookupAnswer: { found: boolean; strength: "identifies" | "suggests" | null; person: Schemas['DataPerson'] | null }
  DataPerson: { identity_id: string; claims: Record<string, unknown>; auxiliary: Record<string, Record<string, unknown>>; assurance: { acr: readonly (string)[]; amr: readonly (string)[]; auth_time: number | null } | null; last_verified_at: string | null }
  PersonClaims: { claims: Record<string, unknown> }
  Auxiliary: { category: string; fields: Record<string, unknown>; expires_at: string | null; updated_at: string }
  AuxiliaryList: { auxiliary: readonly (Schemas['Auxiliary'])[] }
  NewAuxiliary: { fields: Record<string, unknown>; expires_at?: string | null }
  WrittenAuxiliary: { category: string; expires_at: string | null; updated_at: string }
  Device: { id: string; linked_at: string; last_used_at: string; provider: string | null }
  DeviceList: { devices: readonly (Schemas['Device'])[]; next_cursor: string | null }
  EnrichmentRequest: { subject: string } | { identity_id: string }
  Enrichment: { claims: Record<string, unknown> }
  ErasurePolicy: { four_eyes: boolean; wait_hours: number }
  NewBulkErasure: { ground: "not_needed" | "consent_withdrawn" | "objection" | "unlawful" | "legal_duty"; persons: readonly (string)[] }
  BulkErasure: { id: string; state: "waiting" | "approved" | "cancelled" | "done"; ground: "not_needed" | "consent_withdrawn" | "objection" | "unlawful" | "legal_duty"; persons: number; requested_by: string; requested_at: string; approved_by: string | null; due_at: string; erased: number; ended_at: string | null }
  BulkErasureList: { policy: Schemas['ErasurePolicy']; requests: readonly (Schemas['BulkErasure'])[] }
  Erasure: { id: string; erased_at: string; receipt: string }
  ErasureRequest: { ground: "not_needed" | "consent_withdrawn" | "objection" | "unlawful" | "legal_duty" }
  IdentifierErasureRequest: { ground: "not_needed" | "consent_withdrawn" | "objection" | "unlawful" | "legal_duty"; identifier: Schemas['NamedIdentifier'] }
  NamedIdentifier: { kind: "account"; provider: string; value: string } | { kind: "key"; thumbprint: string } | Schemas['Lookup']
  ConsentList: { consents: readonly ({ client_id: string; client_name: string | null; scopes: readonly (string)[]; claims: readonly (string)[]; purpose: { en: string; nl: string } | null; given_at: string; given_again_at: string })[] }
  FoundIdentity: { id: string; status: "ACTIVE" | "RESTRICTED" | "MERGED" | "ERASED"; merged_into: string | null; created_at: string; matches: readonly ({ id: string; type: "KEY" | "SUBJECT_ID" | "EMAIL" | "DID" | "CLAIM_TUPLE"; side: "wallet" | "institution"; created_at: string; last_used_at: string; ended_at: string | null; reason: string | null })[]; bindings: readonly ({ id: string; match: string; provider: string | null; created_at: string; last_used_at: string; proved_at: string | null; ended_at: string | null; reason: string | null })[]; merges: readonly (Schemas['Merge'])[]; strength: "identifies" | "suggests" }
  Identity: { id: string; status: "ACTIVE" | "RESTRICTED" | "MERGED" | "ERASED"; merged_into: string | null; created_at: string; matches: readonly ({ id: string; type: "KEY" | "SUBJECT_ID" | "EMAIL" | "DID" | "CLAIM_TUPLE"; side: "wallet" | "institution"; created_at: string; last_used_at: string; ended_at: string | null; reason: string | null })[]; bindings: readonly ({ id: string; match: string; provider: string | null; created_at: string; last_used_at: string; proved_at: string | null; ended_at: string | null; reason: string | null })[]; merges: readonly (Schemas['Merge'])[] }
  UnlinkRequest: { reason: "USER_UNLINK" | "ADMIN_REQUEST" }
  NewMerge: { merged: string; surviving: string }
  Merge: { id: string; merged: string; surviving: string; merged_by: string; merged_at: string; split_until: string; split_by: string | null; split_at: string | null }
  Nothing: Record<string, never>
  PersonExport: { format: "identity-bridge-export/1"; tenant: string; exported_at: string; persons: readonly (Record<string, unknown>)[]; known_by: readonly (Record<string, unknown>)[]; links: readonly (Record<string, unknown>)[]; auxiliary: readonly (Record<string, unknown>)[]; subjects: readonly (Record<string, unknown>)[]; account_choices: readonly (Record<string, unknown>)[]; consents: readonly (Record<string, unknown>)[]; logins: readonly (Record<string, unknown>)[]; journeys: readonly (Record<string, unknown>)[]; institution_logins: readonly (Record<string, unknown>)[]; merges: readonly (Record<string, unknown>)[]; messages: readonly (Record<string, unknown>)[]; events: readonly (Record<string, unknown>)[] }
  TrustPolicy: { entries: readonly ({ id: string; status?: "check" | "require" | "ignore"; statusGraceSeconds?: number; statusPurposes?: readonly (string)[]; statusRecheckHours?: number; provesEmail?: boolean; format: "dc+sd-jwt"; vct: readonly (string)[]; expiry?: "required" | "optional"; mechanism: "x5c"; anchors?: readonly (string | { certificate: string; notBefore?: string; notAfter?: string })[]; trustedLists?: readonly ({ list: string; services: readonly (string)[] })[]; revocation?: { check?: "check" | "require" | "ignore"; first?: "crl" | "ocsp"; graceSeconds?: number; unavailable?: "refuse" | "accept" }; certificatePolicies?: readonly (string)[]; issuer?: { match: "san_uri" } | { match: "san_dns" } | { match: "exact"; value: string } | { match: "none" }; extendedKeyUsage?: readonly (string)[] } | { id: string; status?: "check" | "require" | "ignore"; statusGraceSeconds?: number; statusPurposes?: readonly (string)[]; statusRecheckHours?: number; provesEmail?: boolean; format: "dc+sd-jwt"; vct: readonly (string)[]; expiry?: "required" | "optional"; keysGraceSeconds?: number; mechanism: "jwt-vc-issuer"; issuer: string } | { id: string; status?: "check" | "require" | "ignore"; statusGraceSeconds?: number; statusPurposes?: readonly (string)[]; statusRecheckHours?: number; provesEmail?: boolean; format: "dc+sd-jwt"; vct: readonly (string)[]; expiry?: "required" | "optional"; mechanism: "openid-federation"; trustAnchors: readonly ({ entity: string; keys: readonly ({ kty: "EC" | "OKP" | "RSA"; kid: string; crv?: string; x?: string; y?: string; n?: string; e?: string; alg?: string; use?: "sig" })[] })[]; issuers: readonly (string)[]; entityTypes?: readonly (string)[]; trustMarks?: readonly (string)[]; keysGraceSeconds?: number } | { id: string; status?: "check" | "require" | "ignore"; statusGraceSeconds?: number; statusPurposes?: readonly (string)[]; statusRecheckHours?: number; provesEmail?: boolean; format: "mso_mdoc"; doctypes: readonly (string)[]; mechanism: "x5c"; anchors?: readonly (string | { certificate: string; notBefore?: string; notAfter?: string })[]; trustedLists?: readonly ({ list: string; services: readonly (string)[] })[]; revocation?: { check?: "check" | "require" | "ignore"; first?: "crl" | "ocsp"; graceSeconds?: number; unavailable?: "refuse" | "accept" }; certificatePolicies?: readonly (string)[]; issuer?: { match: "none" } | { match: "san_uri" } | { match: "san_dns" }; certificates?: "iso18013-5" | "rfc5280"; extendedKeyUsage?: readonly (string)[]; deviceMac?: "refuse" | "accept" } | { id: string; status?: "check" | "require" | "ignore"; statusGraceSeconds?: number; statusPurposes?: readonly (string)[]; statusRecheckHours?: number; provesEmail?: boolean; format: "jwt_vc_json"; types: readonly (string)[]; typeNames?: Record<string, string>; expiry?: "required" | "optional"; mechanism: "x5c"; anchors?: readonly (string | { certificate: string; notBefore?: string; notAfter?: string })[]; trustedLists?: readonly ({ list: string; services: readonly (string)[] })[]; revocation?: { check?: "check" | "require" | "ignore"; first?: "crl" | "ocsp"; graceSeconds?: number; unavailable?: "refuse" | "accept" }; certificatePolicies?: readonly (string)[]; issuer?: { match: "san_uri" } | { match: "san_dns" } | { match: "exact"; value: string } | { match: "none" }; extendedKeyUsage?: readonly (string)[] } | { id: string; status?: "check" | "require" | "ignore"; statusGraceSeconds?: number; statusPurposes?: readonly (string)[]; statusRecheckHours?: number; provesEmail?: boolean; format: "jwt_vc_json"; types: readonly (string)[]; typeNames?: Record<string, string>; expiry?: "required" | "optional"; keysGraceSeconds?: number; mechanism: "did"; issuers: readonly (string)[] } | { id: string; status?: "check" | "require" | "ignore"; statusGraceSeconds?: number; statusPurposes?: readonly (string)[]; statusRecheckHours?: number; provesEmail?: boolean; format: "jwt_vc_json"; types: readonly (string)[]; typeNames?: Record<string, string>; expiry?: "required" | "optional"; mechanism: "openid-federation"; trustAnchors: readonly ({ entity: string; keys: readonly ({ kty: "EC" | "OKP" | "RSA"; kid: string; crv?: string; x?: string; y?: string; n?: string; e?: string; alg?: string; use?: "sig" })[] })[]; issuers: readonly (string)[]; entityTypes?: readonly (string)[]; trustMarks?: readonly (string)[]; keysGraceSeconds?: number })[]; lists?: readonly ({ id: string; url: string; signers: readonly (string)[]; graceSeconds?: number; format: "lote-jwt"; loteType?: string } | { id: string; url: string; signers: readonly (string)[]; graceSeconds?: number; format: "tsl-xml"; tslType?: string; follow?: { territories: readonly (string)[]; tslType?: string } })[] }
  DcqlQuery: { credentials: readonly ({ id: string; multiple?: boolean; trusted_authorities?: readonly ({ type: "aki"; values: readonly (string)[] } | { type: "etsi_tl"; values: readonly (string)[] } | { type: "openid_federation"; values: readonly (string)[] })[]; require_cryptographic_holder_binding?: true; claims?: readonly ({ id?: string; path: readonly (string | number | null)[]; values?: readonly (string | number | boolean)[]; intent_to_retain?: boolean })[]; claim_sets?: readonly (readonly (string)[])[]; format: "dc+sd-jwt"; meta: { vct_values: readonly (string)[] } } | { id: string; multiple?: boolean; trusted_authorities?: readonly ({ type: "aki"; values: readonly (string)[] } | { type: "etsi_tl"; values: readonly (string)[] } | { type: "openid_federation"; values: readonly (string)[] })[]; require_cryptographic_holder_binding?: true; claims?: readonly ({ id?: string; path: readonly (string | number | null)[]; values?: readonly (string | number | boolean)[]; intent_to_retain?: boolean })[]; claim_sets?: readonly (readonly (string)[])[]; format: "mso_mdoc"; meta: { doctype_value: string } } | { id: string; multiple?: boolean; trusted_authorities?: readonly ({ type: "aki"; values: readonly (string)[] } | { type: "etsi_tl"; values: readonly (string)[] } | { type: "openid_federation"; values: readonly (string)[] })[]; require_cryptographic_holder_binding?: true; claims?: readonly ({ id?: string; path: readonly (string | number | null)[]; values?: readonly (string | number | boolean)[]; intent_to_retain?: boolean })[]; claim_sets?: readonly (readonly (string)[])[]; format: "jwt_vc_json"; meta: { type_values: readonly (readonly (string)[])[] } })[]; credential_sets?: readonly ({ options: readonly (readonly (string)[])[]; required?: boolean })[] }
  AttributePolicy: { rules: readonly ({ name: string; label?: { en: string; nl: string }; merge: "WALLET_ONLY" | "OIDC_ONLY" | "OIDC_WINS" | "WALLET_WINS" | "MERGE_ALL"; required?: boolean; persist?: boolean; project?: boolean; scope?: string; wallet?: readonly (string)[]; walletAlso?: readonly (readonly (string)[])[]; compare?: "exact" | "name" | "date" | "email" | "tax_code_it" | "no"; provider?: readonly (string)[] })[]; samePerson?: readonly (string)[] }
  MaterialPolicy: { profiles: readonly ({ id: string; materials: readonly ({ type: "holder_key" } | { type: "credential_subject"; name: string; credential: string; path: readonly (string)[]; strength?: "identifies" | "suggests" } | { type: "did"; name: string; credential: string; path: readonly (string)[]; strength?: "identifies" | "suggests" } | { type: "email"; name: string; credential: string; path: readonly (string)[] } | { type: "claim_tuple"; name: string; credential?: string; attributes: readonly ({ path: readonly (string)[]; read: "exact" | "name" | "date" | "email" | "scoped" | "tax_code_it" })[]; folding?: { case: boolean; diacritics: boolean }; strength?: "identifies" | "suggests" } | { type: "provider_subject" })[] })[]; keyAlone?: "allowed" | "refused"; keysKept?: number }
  SelectorPolicy: { rules?: readonly ({ id: string; enabled?: boolean; priority?: number; when?: { tenants?: readonly (string)[]; entryPoints?: readonly ("wallet" | "direct")[]; ways?: readonly ("digital_credentials" | "same_device" | "cross_device")[]; triggers?: readonly ("login" | "force_reconciliation")[]; queries?: readonly (string)[]; credentialSets?: readonly (number)[]; credentialTypes?: readonly (string)[]; issuers?: readonly (string)[]; attributes?: readonly ({ path: readonly (string)[]; operator: "EXISTS" } | { path: readonly (string)[]; operator: "NOT_EMPTY" } | { path: readonly (string)[]; operator: "EQUALS"; value: string | number | boolean } | { path: readonly (string)[]; operator: "CONTAINS"; value: string | number | boolean } | { path: readonly (string)[]; operator: "REGEX"; value: string })[]; states?: readonly ("MATCHED_HOLDER_KEY" | "MATCHED_SUBJECT" | "MATCHED_CLAIM_TUPLE" | "NOT_FOUND" | "EXPIRED_BINDING")[]; projections?: readonly (string)[]; relyingParties?: readonly (string)[]; refreshDue?: boolean }; plan: { plan: "RUN_IDV"; provider: string; profile: string; method?: "login" | "fresh_login" | "choose_account"; requiredAttributes?: readonly (string)[]; minimumAssurance?: { acr?: readonly (string)[]; amr?: readonly (string)[] }; bindingPolicy?: "REUSE_OR_CREATE" | "CREATE_NEW" | "REUSE_ONLY"; confirm?: "new_link" | "never"; bindingLifetimeDays?: number } | { plan: "STEP_UP"; provider: string; profile: string; method?: "login" | "fresh_login" | "choose_account"; requiredAttributes?: readonly (string)[]; minimumAssurance?: { acr?: readonly (string)[]; amr?: readonly (string)[] }; bindingPolicy?: "REUSE_OR_CREATE" | "CREATE_NEW" | "REUSE_ONLY"; confirm?: "new_link" | "never"; bindingLifetimeDays?: number } | { plan: "USE_EXISTING_BINDING"; requiredAttributes?: readonly (string)[]; minimumAssurance?: { acr?: readonly (string)[]; amr?: readonly (string)[] } } | { plan: "SKIP_RECONCILIATION"; requiredAttributes?: readonly (string)[] } | { plan: "FAIL_CLOSED"; reason: string } })[]; default: { plan: "RUN_IDV"; provider: string; profile: string; method?: "login" | "fresh_login" | "choose_account"; requiredAttributes?: readonly (string)[]; minimumAssurance?: { acr?: readonly (string)[]; amr?: readonly (string)[] }; bindingPolicy?: "REUSE_OR_CREATE" | "CREATE_NEW" | "REUSE_ONLY"; confirm?: "new_link" | "never"; bindingLifetimeDays?: number } | { plan: "STEP_UP"; provider: string; profile: string; method?: "login" | "fresh_login" | "choose_account"; requiredAttributes?: readonly (string)[]; minimumAssurance?: { acr?: readonly (string)[]; amr?: readonly (string)[] }; bindingPolicy?: "REUSE_OR_CREATE" | "CREATE_NEW" | "REUSE_ONLY"; confirm?: "new_link" | "never"; bindingLifetimeDays?: number } | { plan: "USE_EXISTING_BINDING"; requiredAttributes?: readonly (string)[]; minimumAssurance?: { acr?: readonly (string)[]; amr?: readonly (string)[] } } | { plan: "SKIP_RECONCILIATION"; requiredAttributes?: readonly (string)[] } | { plan: "FAIL_CLOSED"; reason: string } }
}

export interface Operations {
  /** Start a login. */
  authorize: Operation<'GET', "/t/{tenant}/authorize", { tenant: string }, { response_type: string; client_id: string; redirect_uri: string; scope: string; state?: string; nonce?: string; code_challenge?: string; code_challenge_method?: string; idp_hint?: string; acr_values?: string; max_age?: string; prompt?: string; response_mode?: string; claims?: string; request_uri?: string; id_token_hint?: string; ui_locales?: string }, {}, undefined, Record<200 | 400 | 404 | 429 | 503 | 'default', string> & Record<303, undefined>>
  /** Start a login by form. */
  authorizeByForm: Operation<'POST', "/t/{tenant}/authorize", { tenant: string }, {}, {}, { response_type: string; client_id: string; redirect_uri: string; scope: string; state?: string; nonce?: string; code_challenge?: string; code_challenge_method?: string; idp_hint?: string; acr_values?: string; max_age?: string; prompt?: string; response_mode?: string; claims?: string; request_uri?: string; id_token_hint?: string; ui_locales?: string }, Record<200 | 400 | 404 | 413 | 415 | 429 | 503 | 'default', string> & Record<303, undefined>>
  /** Fetch the request object. */
  fetchRequestObject: Operation<'GET', "/t/{tenant}/wallet/request/{request}", { tenant: string; request: string }, {}, {}, undefined, Record<200, string> & Record<400 | 404 | 415 | 429 | 503 | 'default', Schemas['WalletError']>>
  /** Fetch the request object by POST. */
  fetchRequestObjectByPost: Operation<'POST', "/t/{tenant}/wallet/request/{request}", { tenant: string; request: string }, {}, {}, { wallet_nonce?: string; wallet_metadata?: string }, Record<200, string> & Record<400 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['WalletError']>>
  /** Post a presentation. */
  postPresentation: Operation<'POST', "/t/{tenant}/wallet/response", { tenant: string }, {}, {}, { response?: string; vp_token?: string; state?: string; error?: string }, Record<200, { redirect_uri?: string }> & Record<400 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['WalletError']>>
  /** The login page again. */
  showLogin: Operation<'GET', "/t/{tenant}/login/{journey}", { tenant: string; journey: string }, {}, {}, undefined, Record<200 | 404 | 429 | 503 | 'default', string> & Record<303, undefined>>
  /** The QR code for a wallet on another device. */
  showQrCode: Operation<'GET', "/t/{tenant}/login/{journey}/qr.svg", { tenant: string; journey: string }, {}, {}, undefined, Record<200 | 404 | 429 | 503 | 'default', string>>
  /** What the login page polls. */
  readLoginStatus: Operation<'GET', "/t/{tenant}/login/{journey}/status", { tenant: string; journey: string }, {}, {}, undefined, Record<200, { state: "waiting" | "retrieved" | "continue" | "failed" | "expired"; next?: string }> & Record<404 | 429 | 503 | 'default', Schemas['WalletError']>>
  /** The wallet brings the browser back. */
  returnFromWallet: Operation<'GET', "/t/{tenant}/return", { tenant: string }, { response_code: string }, {}, undefined, Record<200 | 403 | 404 | 429 | 503 | 'default', string> & Record<303, undefined>>
  /** Whatever comes next. */
  continueLogin: Operation<'GET', "/t/{tenant}/login/{journey}/continue", { tenant: string; journey: string }, {}, {}, undefined, Record<200 | 403 | 404 | 429 | 503 | 'default', string> & Record<303, undefined>>
  /** Log in at a provider, without a wallet. */
  loginWithoutWallet: Operation<'POST', "/t/{tenant}/login/{journey}/direct", { tenant: string; journey: string }, {}, {}, { provider: string }, Record<200 | 400 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', string> & Record<303, undefined>>
  /** End the login and go back. */
  cancelLogin: Operation<'POST', "/t/{tenant}/login/{journey}/cancel", { tenant: string; journey: string }, {}, {}, undefined, Record<200 | 403 | 404 | 429 | 503 | 'default', string>>
  /** What the page hands to the browser. */
  askThroughBrowser: Operation<'POST', "/t/{tenant}/login/{journey}/credential-request", { tenant: string; journey: string }, {}, {}, undefined, Record<200, { requests: readonly ({ protocol: "openid4vp-v1-signed" | "openid4vp-v1-multisigned" | "openid4vp-v1-unsigned"; data: Record<string, unknown> })[] }> & Record<403 | 404 | 429 | 503 | 'default', Schemas['WalletError']>>
  /** What the browser got from a wallet. */
  answerThroughBrowser: Operation<'POST', "/t/{tenant}/login/{journey}/credential", { tenant: string; journey: string }, {}, {}, { protocol: "openid4vp-v1-signed" | "openid4vp-v1-multisigned" | "openid4vp-v1-unsigned"; data: Record<string, unknown> }, Record<200, { next: string }> & Record<400 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['WalletError']>>
  /** Which of several accounts. */
  showAccounts: Operation<'GET', "/t/{tenant}/login/{journey}/account", { tenant: string; journey: string }, {}, {}, undefined, Record<200 | 404 | 429 | 503 | 'default', string> & Record<303, undefined>>
  /** Log in with one of several accounts. */
  chooseAccount: Operation<'POST', "/t/{tenant}/login/{journey}/account", { tenant: string; journey: string }, {}, {}, { account: string; remember?: string }, Record<200 | 400 | 404 | 413 | 415 | 429 | 503 | 'default', string> & Record<303, undefined>>
  /** Wallet and account before they are linked. */
  showBothSides: Operation<'GET', "/t/{tenant}/login/{journey}/confirm", { tenant: string; journey: string }, {}, {}, undefined, Record<200 | 403 | 404 | 429 | 503 | 'default', string> & Record<303, undefined>>
  /** Link wallet and account. */
  confirmLink: Operation<'POST', "/t/{tenant}/login/{journey}/confirm", { tenant: string; journey: string }, {}, {}, undefined, Record<200 | 403 | 404 | 429 | 503 | 'default', string> & Record<303, undefined>>
  /** What the relying party would learn. */
  showConsent: Operation<'GET', "/t/{tenant}/login/{journey}/consent", { tenant: string; journey: string }, {}, {}, undefined, Record<200 | 404 | 429 | 503 | 'default', string> & Record<303, undefined>>
  /** Say yes or no. */
  decideConsent: Operation<'POST', "/t/{tenant}/login/{journey}/consent", { tenant: string; journey: string }, {}, {}, { proof: string; answer: string }, Record<200 | 400 | 404 | 413 | 415 | 429 | 503 | 'default', string> & Record<303, undefined>>
  /** The institution's answer. */
  institutionCallback: Operation<'GET', "/t/{tenant}/callback/{provider}", { tenant: string; provider: string }, { code?: string; state: string; iss?: string; error?: string }, {}, undefined, Record<303, undefined> & Record<400 | 403 | 404 | 429 | 503 | 'default', string>>
  /** Whether one is logged in. */
  showSession: Operation<'GET', "/t/{tenant}/session", { tenant: string }, {}, {}, undefined, Record<200 | 404 | 429 | 503 | 'default', string>>
  /** Log out here. */
  endSession: Operation<'POST', "/t/{tenant}/session", { tenant: string }, {}, {}, undefined, Record<200 | 404 | 429 | 503 | 'default', string> & Record<303, undefined>>
  /** Take back a yes. */
  withdrawConsent: Operation<'POST', "/t/{tenant}/session/consent", { tenant: string }, {}, {}, { client: string }, Record<303, undefined> & Record<400 | 404 | 413 | 415 | 429 | 503 | 'default', string>>
  /** Log the person out. */
  logOut: Operation<'GET', "/t/{tenant}/end_session", { tenant: string }, { id_token_hint?: string; client_id?: string; post_logout_redirect_uri?: string; state?: string; ui_locales?: string }, {}, undefined, Record<200 | 400 | 404 | 429 | 503 | 'default', string> & Record<303, undefined>>
  /** Log the person out, by form. */
  logOutByForm: Operation<'POST', "/t/{tenant}/end_session", { tenant: string }, {}, {}, { id_token_hint?: string; client_id?: string; post_logout_redirect_uri?: string; state?: string; ui_locales?: string }, Record<200 | 400 | 404 | 413 | 415 | 429 | 503 | 'default', string> & Record<303, undefined>>
  /** Yes, log me out. */
  confirmLogOut: Operation<'POST', "/t/{tenant}/end_session/confirmation", { tenant: string }, {}, {}, { id_token_hint?: string; client_id?: string; post_logout_redirect_uri?: string; state?: string; ui_locales?: string }, Record<200 | 400 | 404 | 413 | 415 | 429 | 503 | 'default', string>>
  /** Begin a test login. */
  beginProviderTest: Operation<'GET', "/t/{tenant}/provider-test/{start}", { tenant: string; start: string }, {}, {}, undefined, Record<303, undefined> & Record<404 | 429 | 503 | 'default', string>>
  /** See what came back. */
  showProviderTest: Operation<'GET', "/t/{tenant}/provider-test/{id}/result", { tenant: string; id: string }, {}, {}, undefined, Record<200 | 403 | 404 | 429 | 503 | 'default', string>>
  /** Where a person asks for their own data. */
  inviteToOwnData: Operation<'GET', "/t/{tenant}/privacy", { tenant: string }, { error?: string }, {}, undefined, Record<200 | 404 | 429 | 503 | 'default', string>>
  /** Prove that it is you. */
  beginOwnData: Operation<'POST', "/t/{tenant}/privacy", { tenant: string }, {}, {}, undefined, Record<200 | 400 | 404 | 429 | 503 | 'default', string> & Record<303, undefined>>
  /** What is held about the person. */
  showOwnData: Operation<'GET', "/t/{tenant}/privacy/{journey}", { tenant: string; journey: string }, {}, {}, undefined, Record<200 | 404 | 429 | 503 | 'default', string>>
  /** A copy of everything, as a file. */
  copyOwnData: Operation<'POST', "/t/{tenant}/privacy/{journey}/export", { tenant: string; journey: string }, {}, {}, undefined, Record<200, Schemas['PersonExport']> & Record<404 | 429 | 503 | 'default', string>>
  /** Erase attributes and categories. */
  eraseOwnAttributes: Operation<'POST', "/t/{tenant}/privacy/{journey}/attributes", { tenant: string; journey: string }, {}, {}, Record<string, string>, Record<303, undefined> & Record<400 | 404 | 413 | 415 | 429 | 503 | 'default', string>>
  /** End a link. */
  unlinkOwn: Operation<'POST', "/t/{tenant}/privacy/{journey}/unlink", { tenant: string; journey: string }, {}, {}, { match: string }, Record<303, undefined> & Record<400 | 404 | 413 | 415 | 429 | 503 | 'default', string>>
  /** Take back a yes. */
  withdrawOwnConsent: Operation<'POST', "/t/{tenant}/privacy/{journey}/consent", { tenant: string; journey: string }, {}, {}, { client: string }, Record<303, undefined> & Record<400 | 404 | 413 | 415 | 429 | 503 | 'default', string>>
  /** Erase everything. */
  eraseOwnData: Operation<'POST', "/t/{tenant}/privacy/{journey}/erase", { tenant: string; journey: string }, {}, {}, { sure: string }, Record<200 | 400 | 404 | 413 | 415 | 429 | 503 | 'default', string>>
  /** Send an authorization request ahead. */
  pushRequest: Operation<'POST', "/t/{tenant}/par", { tenant: string }, {}, {}, { response_type: string; client_id: string; redirect_uri: string; scope: string; state?: string; nonce?: string; code_challenge?: string; code_challenge_method?: string; idp_hint?: string; acr_values?: string; max_age?: string; prompt?: string; response_mode?: string; claims?: string; request_uri?: string; id_token_hint?: string; ui_locales?: string; client_secret?: string; client_assertion_type?: string; client_assertion?: string }, Record<201, { request_uri: string; expires_in: number }> & Record<400 | 401 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['OAuthError']>>
  /** Ask for tokens. */
  redeemCode: Operation<'POST', "/t/{tenant}/token", { tenant: string }, {}, {}, { grant_type: "authorization_code" | "refresh_token" | "client_credentials"; code?: string; redirect_uri?: string; code_verifier?: string; refresh_token?: string; scope?: string; resource?: string; client_id?: string; client_secret?: string; client_assertion_type?: string; client_assertion?: string }, Record<200, { access_token: string; token_type: "Bearer" | "DPoP"; expires_in: number; id_token?: string; refresh_token?: string; scope: string }> & Record<400 | 401 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['OAuthError']>>
  /** End a token. */
  revokeToken: Operation<'POST', "/t/{tenant}/revoke", { tenant: string }, {}, {}, { token: string; token_type_hint?: string; client_id?: string; client_secret?: string; client_assertion_type?: string; client_assertion?: string }, Record<200, undefined> & Record<400 | 401 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['OAuthError']>>
  /** Ask about a token. */
  introspectToken: Operation<'POST', "/t/{tenant}/introspect", { tenant: string }, {}, {}, { token: string; token_type_hint?: string; client_id?: string; client_secret?: string; client_assertion_type?: string; client_assertion?: string }, Record<200, { active: boolean; scope?: string; client_id?: string; sub?: string; exp?: number; [name: string]: unknown } | string> & Record<400 | 401 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['OAuthError']>>
  /** Register oneself. */
  registerByItself: Operation<'POST', "/t/{tenant}/register", { tenant: string }, {}, {}, { redirect_uris: readonly (string)[]; client_name?: string; token_endpoint_auth_method?: string; grant_types?: readonly (string)[]; jwks?: Record<string, unknown>; jwks_uri?: string; [name: string]: unknown }, Record<201, { client_id: string; client_secret?: string; redirect_uris: readonly (string)[]; [name: string]: unknown }> & Record<400 | 401 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['OAuthError']>>
  /** Claims about the person. */
  readUserinfo: Operation<'GET', "/t/{tenant}/userinfo", { tenant: string }, {}, {}, undefined, Record<200, { sub: string; [name: string]: unknown } | string> & Record<401 | 403 | 404 | 429 | 503 | 'default', Schemas['OAuthError']>>
  /** Claims about the person, by POST. */
  readUserinfoByPost: Operation<'POST', "/t/{tenant}/userinfo", { tenant: string }, {}, {}, { access_token?: string }, Record<200, { sub: string; [name: string]: unknown } | string> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['OAuthError']>>
  /** Fetch events. */
  pollEvents: Operation<'POST', "/t/{tenant}/events/{id}/poll", { tenant: string; id: string }, {}, {}, { maxEvents?: number; returnImmediately?: boolean; ack?: readonly (string)[]; setErrs?: Record<string, { err: string; description?: string }> }, Record<200, { sets: Record<string, string>; moreAvailable: boolean }> & Record<400 | 401 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Keys that verify ID tokens. */
  readKeys: Operation<'GET', "/t/{tenant}/jwks", { tenant: string }, {}, {}, undefined, Record<200, { keys: readonly (Record<string, unknown>)[] }> & Record<304, undefined> & Record<404 | 429 | 503 | 'default', Schemas['OAuthError']>>
  /** The tenant's OpenID Provider metadata. */
  openidConfiguration: Operation<'GET', "/t/{tenant}/.well-known/openid-configuration", { tenant: string }, {}, {}, undefined, Record<200, { issuer: string; authorization_endpoint: string; token_endpoint: string; jwks_uri: string; [name: string]: unknown }> & Record<404 | 429 | 503 | 'default', Schemas['OAuthError']>>
  /** The same document with the well-known part before the path. */
  openidConfigurationBeforePath: Operation<'GET', "/.well-known/openid-configuration/t/{tenant}", { tenant: string }, {}, {}, undefined, Record<200, { issuer: string; authorization_endpoint: string; token_endpoint: string; jwks_uri: string; [name: string]: unknown }> & Record<404 | 429 | 503 | 'default', Schemas['OAuthError']>>
  /** The same document where RFC 8414 looks for it. */
  authorizationServerMetadata: Operation<'GET', "/.well-known/oauth-authorization-server/t/{tenant}", { tenant: string }, {}, {}, undefined, Record<200, { issuer: string; authorization_endpoint: string; token_endpoint: string; jwks_uri: string; [name: string]: unknown }> & Record<404 | 429 | 503 | 'default', Schemas['OAuthError']>>
  /** The same document where many OAuth clients look for it. */
  authorizationServerMetadataBehindPath: Operation<'GET', "/t/{tenant}/.well-known/oauth-authorization-server", { tenant: string }, {}, {}, undefined, Record<200, { issuer: string; authorization_endpoint: string; token_endpoint: string; jwks_uri: string; [name: string]: unknown }> & Record<404 | 429 | 503 | 'default', Schemas['OAuthError']>>
  /** Find a person by an identifier. */
  lookUpPerson: Operation<'POST', "/t/{tenant}/api/v1/lookup", { tenant: string }, {}, {}, Schemas['Lookup'], Record<200, Schemas['LookupAnswer']> & Record<400 | 401 | 403 | 404 | 406 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Read a person. */
  readPerson: Operation<'GET', "/t/{tenant}/api/v1/identities/{identity}", { tenant: string; identity: string }, {}, {}, undefined, Record<200, Schemas['DataPerson']> & Record<400 | 401 | 403 | 404 | 406 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Erase a person. */
  erasePerson: Operation<'DELETE', "/t/{tenant}/api/v1/identities/{identity}", { tenant: string; identity: string }, {}, { "Idempotency-Key"?: string }, undefined, Record<200, Schemas['Erasure']> & Record<400 | 401 | 403 | 404 | 406 | 409 | 422 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Read a person's claims. */
  readPersonClaims: Operation<'GET', "/t/{tenant}/api/v1/identities/{identity}/claims", { tenant: string; identity: string }, {}, {}, undefined, Record<200, Schemas['PersonClaims']> & Record<400 | 401 | 403 | 404 | 406 | 429 | 503 | 'default', Schemas['Problem']>>
  /** What to add to a token. */
  enrichToken: Operation<'POST', "/t/{tenant}/api/v1/enrichment", { tenant: string }, {}, {}, Schemas['EnrichmentRequest'], Record<200, Schemas['Enrichment']> & Record<400 | 401 | 403 | 404 | 406 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Read all auxiliary data of a person. */
  listAuxiliary: Operation<'GET', "/t/{tenant}/api/v1/identities/{identity}/auxiliary", { tenant: string; identity: string }, {}, {}, undefined, Record<200, Schemas['AuxiliaryList']> & Record<400 | 401 | 403 | 404 | 406 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Read one category. */
  readAuxiliary: Operation<'GET', "/t/{tenant}/api/v1/identities/{identity}/auxiliary/{category}", { tenant: string; identity: string; category: string }, {}, { "If-Match"?: string; "If-None-Match"?: string }, undefined, Record<200, Schemas['Auxiliary']> & Record<304, undefined> & Record<400 | 401 | 403 | 404 | 406 | 412 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Put one category. */
  putAuxiliary: Operation<'PUT', "/t/{tenant}/api/v1/identities/{identity}/auxiliary/{category}", { tenant: string; identity: string; category: string }, {}, { "If-Match"?: string; "If-None-Match"?: string; "Idempotency-Key"?: string }, Schemas['NewAuxiliary'], Record<200 | 201, Schemas['WrittenAuxiliary']> & Record<400 | 401 | 403 | 404 | 406 | 409 | 412 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Remove one category. */
  deleteAuxiliary: Operation<'DELETE', "/t/{tenant}/api/v1/identities/{identity}/auxiliary/{category}", { tenant: string; identity: string; category: string }, {}, { "If-Match"?: string; "Idempotency-Key"?: string }, undefined, Record<204, undefined> & Record<400 | 401 | 403 | 404 | 409 | 412 | 422 | 429 | 503 | 'default', Schemas['Problem']>>
  /** List a person's wallets. */
  listDevices: Operation<'GET', "/t/{tenant}/api/v1/identities/{identity}/devices", { tenant: string; identity: string }, { cursor?: string; limit?: string }, {}, undefined, Record<200, Schemas['DeviceList']> & Record<400 | 401 | 403 | 404 | 406 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Revoke a wallet. */
  revokeDevice: Operation<'DELETE', "/t/{tenant}/api/v1/identities/{identity}/devices/{device}", { tenant: string; identity: string; device: string }, {}, { "Idempotency-Key"?: string }, undefined, Record<204, undefined> & Record<400 | 401 | 403 | 404 | 409 | 422 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Create a tenant. */
  createTenant: Operation<'POST', "/admin/v1/tenants", {}, {}, {}, Schemas['NewTenant'], Record<201, Schemas['Tenant']> & Record<400 | 401 | 403 | 409 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>>
  /** List tenants. */
  listTenants: Operation<'GET', "/admin/v1/tenants", {}, { cursor?: string; limit?: string }, {}, undefined, Record<200, Schemas['TenantList']> & Record<400 | 401 | 403 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Read a tenant. */
  readTenant: Operation<'GET', "/admin/v1/tenants/{tenant}", { tenant: string }, {}, {}, undefined, Record<200, Schemas['Tenant']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Change settings of a tenant. */
  updateTenant: Operation<'PATCH', "/admin/v1/tenants/{tenant}", { tenant: string }, {}, {}, Schemas['TenantChange'], Record<200, Schemas['Tenant']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Replace the certificate that wallet requests are signed under. */
  replaceRequestCertificate: Operation<'PUT', "/admin/v1/tenants/{tenant}/request-certificate", { tenant: string }, {}, {}, Schemas['RequestIdentityChoice'], Record<200, Schemas['RequestCertificate']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>>
  /** List the keys a tenant signs with. */
  listSigningKeys: Operation<'GET', "/admin/v1/tenants/{tenant}/signing-keys", { tenant: string }, {}, {}, undefined, Record<200, Schemas['SigningKeyList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Publish the next key for tokens. */
  rotateSigningKey: Operation<'POST', "/admin/v1/tenants/{tenant}/signing-keys", { tenant: string }, {}, {}, Schemas['SigningKeyRotation'], Record<201, Schemas['PublishedSigningKey']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Remove a key for tokens at once. */
  removeSigningKey: Operation<'DELETE', "/admin/v1/tenants/{tenant}/signing-keys/{kid}", { tenant: string; kid: string }, {}, {}, undefined, Record<204, undefined> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Register a relying party. */
  registerRelyingParty: Operation<'POST', "/admin/v1/tenants/{tenant}/relying-parties", { tenant: string }, {}, {}, Schemas['NewRelyingParty'], Record<201, Schemas['RelyingPartyWithSecret']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>>
  /** List relying parties. */
  listRelyingParties: Operation<'GET', "/admin/v1/tenants/{tenant}/relying-parties", { tenant: string }, { cursor?: string; limit?: string }, {}, undefined, Record<200, Schemas['RelyingPartyList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Read a relying party. */
  readRelyingParty: Operation<'GET', "/admin/v1/tenants/{tenant}/relying-parties/{client_id}", { tenant: string; client_id: string }, {}, {}, undefined, Record<200, Schemas['RelyingParty']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Change a relying party, rotate its secret, or switch it off. */
  updateRelyingParty: Operation<'PATCH', "/admin/v1/tenants/{tenant}/relying-parties/{client_id}", { tenant: string; client_id: string }, {}, {}, Schemas['RelyingPartyChange'], Record<200, Schemas['RelyingPartyWithSecret']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>>
  /** See what a relying party's tokens have to hold. */
  readTokenContract: Operation<'GET', "/admin/v1/tenants/{tenant}/relying-parties/{client_id}/contract", { tenant: string; client_id: string }, {}, {}, undefined, Record<200, Schemas['TokenContract']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Record what its tokens hold, anew. */
  recordTokenContract: Operation<'POST', "/admin/v1/tenants/{tenant}/relying-parties/{client_id}/contract", { tenant: string; client_id: string }, {}, {}, Schemas['TokenContractRecording'], Record<204, undefined> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Compare its tokens with nothing any more. */
  dropTokenContract: Operation<'DELETE', "/admin/v1/tenants/{tenant}/relying-parties/{client_id}/contract", { tenant: string; client_id: string }, {}, {}, undefined, Record<204, undefined> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Store a registration certificate. */
  putRegistrationCertificate: Operation<'PUT', "/admin/v1/tenants/{tenant}/registration-certificates", { tenant: string }, {}, {}, Schemas['NewRegistrationCertificate'], Record<200, Schemas['RegistrationCertificate']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>>
  /** List registration certificates. */
  listRegistrationCertificates: Operation<'GET', "/admin/v1/tenants/{tenant}/registration-certificates", { tenant: string }, {}, {}, undefined, Record<200, Schemas['RegistrationCertificateList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Remove a registration certificate. */
  removeRegistrationCertificate: Operation<'DELETE', "/admin/v1/tenants/{tenant}/registration-certificates/{id}", { tenant: string; id: string }, {}, {}, undefined, Record<204, undefined> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Give a relying party an access certificate of its own. */
  replaceAccessCertificate: Operation<'PUT', "/admin/v1/tenants/{tenant}/relying-parties/{client_id}/request-certificate", { tenant: string; client_id: string }, {}, {}, Schemas['RequestIdentityChoice'], Record<200, Schemas['RequestCertificate']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Let a relying party ask in the tenant’s name again. */
  dropAccessCertificate: Operation<'DELETE', "/admin/v1/tenants/{tenant}/relying-parties/{client_id}/request-certificate", { tenant: string; client_id: string }, {}, {}, undefined, Record<204, undefined> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** How new the trusted lists are that the trust policy names. */
  readTrustedLists: Operation<'GET', "/admin/v1/tenants/{tenant}/trusted-lists", { tenant: string }, {}, {}, undefined, Record<200, Schemas['TrustedListStates']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** How new what others publish about certificates and keys is. */
  readTrustAnswers: Operation<'GET', "/admin/v1/tenants/{tenant}/trust-answers", { tenant: string }, {}, {}, undefined, Record<200, Schemas['TrustAnswerStates']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** What ends when. */
  readExpiryCalendar: Operation<'GET', "/admin/v1/tenants/{tenant}/expiry-calendar", { tenant: string }, {}, {}, undefined, Record<200, Schemas['ExpiryCalendar']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Accept machine tokens of the tenant's own authorization server. */
  trustAuthorizationServer: Operation<'POST', "/admin/v1/tenants/{tenant}/authorization-servers", { tenant: string }, {}, {}, Schemas['NewAuthorizationServer'], Record<201, Schemas['AuthorizationServer']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>>
  /** List the authorization servers that are accepted. */
  listAuthorizationServers: Operation<'GET', "/admin/v1/tenants/{tenant}/authorization-servers", { tenant: string }, {}, {}, undefined, Record<200, Schemas['AuthorizationServerList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** No longer accept tokens of an authorization server. */
  distrustAuthorizationServer: Operation<'DELETE', "/admin/v1/tenants/{tenant}/authorization-servers/{id}", { tenant: string; id: string }, {}, {}, undefined, Record<204, undefined> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Make an initial access token. */
  createRegistrationToken: Operation<'POST', "/admin/v1/tenants/{tenant}/registration-tokens", { tenant: string }, {}, {}, Schemas['NewRegistrationToken'], Record<201, Schemas['CreatedRegistrationToken']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** List initial access tokens. */
  listRegistrationTokens: Operation<'GET', "/admin/v1/tenants/{tenant}/registration-tokens", { tenant: string }, {}, {}, undefined, Record<200, Schemas['RegistrationTokenList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** End an initial access token. */
  revokeRegistrationToken: Operation<'DELETE', "/admin/v1/tenants/{tenant}/registration-tokens/{id}", { tenant: string; id: string }, {}, {}, undefined, Record<204, undefined> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Tell somebody of events. */
  subscribeToEvents: Operation<'POST', "/admin/v1/tenants/{tenant}/event-subscriptions", { tenant: string }, {}, {}, Schemas['NewEventSubscription'], Record<201, Schemas['EventSubscriptionWithSecret']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>>
  /** List who hears of events. */
  listEventSubscriptions: Operation<'GET', "/admin/v1/tenants/{tenant}/event-subscriptions", { tenant: string }, {}, {}, undefined, Record<200, Schemas['EventSubscriptionList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Read one of them. */
  readEventSubscription: Operation<'GET', "/admin/v1/tenants/{tenant}/event-subscriptions/{id}", { tenant: string; id: string }, {}, {}, undefined, Record<200, Schemas['EventSubscription']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Change address or events, switch on or off. */
  updateEventSubscription: Operation<'PATCH', "/admin/v1/tenants/{tenant}/event-subscriptions/{id}", { tenant: string; id: string }, {}, {}, Schemas['EventSubscriptionChange'], Record<200, Schemas['EventSubscription']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Tell somebody nothing more. */
  endEventSubscription: Operation<'DELETE', "/admin/v1/tenants/{tenant}/event-subscriptions/{id}", { tenant: string; id: string }, {}, {}, undefined, Record<204, undefined> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Make a new secret beside the one there is. */
  addEventSecret: Operation<'POST', "/admin/v1/tenants/{tenant}/event-subscriptions/{id}/secrets", { tenant: string; id: string }, {}, {}, undefined, Record<201, Schemas['EventSubscriptionWithSecret']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** End the older secret. */
  endOldEventSecret: Operation<'DELETE', "/admin/v1/tenants/{tenant}/event-subscriptions/{id}/secrets/old", { tenant: string; id: string }, {}, {}, undefined, Record<204, undefined> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** See what became of events. */
  listEvents: Operation<'GET', "/admin/v1/tenants/{tenant}/events", { tenant: string }, { state?: "waiting" | "delivered" | "dead"; limit?: string; cursor?: string }, {}, undefined, Record<200, Schemas['EventDeliveryList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Offer an event once more. */
  replayEvent: Operation<'POST', "/admin/v1/tenants/{tenant}/events/{id}/replay", { tenant: string; id: string }, {}, {}, undefined, Record<204, undefined> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Register an institution's OpenID provider. */
  registerProvider: Operation<'POST', "/admin/v1/tenants/{tenant}/providers", { tenant: string }, {}, {}, Schemas['NewProvider'], Record<201, Schemas['Provider']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>>
  /** List providers. */
  listProviders: Operation<'GET', "/admin/v1/tenants/{tenant}/providers", { tenant: string }, {}, {}, undefined, Record<200, Schemas['ProviderList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Read a provider. */
  readProvider: Operation<'GET', "/admin/v1/tenants/{tenant}/providers/{provider}", { tenant: string; provider: string }, {}, {}, undefined, Record<200, Schemas['Provider']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Switch a provider on or off, rotate its secret, change its mappings or demands. */
  updateProvider: Operation<'PATCH', "/admin/v1/tenants/{tenant}/providers/{provider}", { tenant: string; provider: string }, {}, {}, Schemas['ProviderChange'], Record<200, Schemas['Provider']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Remove a provider that nothing hangs on. */
  deleteProvider: Operation<'DELETE', "/admin/v1/tenants/{tenant}/providers/{provider}", { tenant: string; provider: string }, {}, {}, undefined, Record<204, undefined> & Record<400 | 401 | 403 | 404 | 409 | 429 | 503 | 'default', Schemas['Problem']>>
  /** See what sample claims of a provider would become. */
  previewMapping: Operation<'POST', "/admin/v1/tenants/{tenant}/providers/{provider}/mapping-preview", { tenant: string; provider: string }, {}, {}, Schemas['MappingSample'], Record<200, Schemas['MappingPreview']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Begin a test login. */
  createProviderTest: Operation<'POST', "/admin/v1/tenants/{tenant}/providers/{provider}/tests", { tenant: string; provider: string }, {}, {}, undefined, Record<201, Schemas['NewProviderTest']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Read how a test login ended. */
  readProviderTest: Operation<'GET', "/admin/v1/tenants/{tenant}/providers/{provider}/tests/{test}", { tenant: string; provider: string; test: string }, {}, {}, undefined, Record<200, Schemas['ProviderTest']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Publish a policy document. */
  publishPolicy: Operation<'PUT', "/admin/v1/tenants/{tenant}/policies/{kind}", { tenant: string; kind: "trust" | "query" | "attributes" | "material" | "selector" }, {}, {}, Schemas['PolicyDocument'], Record<200, Schemas['PublishedPolicy']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Read the current policy document of a kind. */
  readPolicy: Operation<'GET', "/admin/v1/tenants/{tenant}/policies/{kind}", { tenant: string; kind: "trust" | "query" | "attributes" | "material" | "selector" }, {}, {}, undefined, Record<200, Schemas['Policy']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** List the versions of every kind, newest first. */
  listPolicyVersions: Operation<'GET', "/admin/v1/tenants/{tenant}/policies", { tenant: string }, {}, {}, undefined, Record<200, Schemas['PolicyHistory']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Read a policy document by its version. */
  readPolicyVersion: Operation<'GET', "/admin/v1/tenants/{tenant}/policies/{kind}/versions/{version}", { tenant: string; kind: "trust" | "query" | "attributes" | "material" | "selector"; version: string }, {}, {}, undefined, Record<200, Schemas['Policy']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Go back to an older version of a policy document. */
  restorePolicy: Operation<'POST', "/admin/v1/tenants/{tenant}/policies/{kind}/restore", { tenant: string; kind: "trust" | "query" | "attributes" | "material" | "selector" }, {}, {}, Schemas['PolicyRestoration'], Record<200, Schemas['PublishedPolicy']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Save a policy document as a draft. */
  savePolicyDraft: Operation<'PUT', "/admin/v1/tenants/{tenant}/policy-drafts/{kind}", { tenant: string; kind: "trust" | "query" | "attributes" | "material" | "selector" }, {}, {}, Schemas['UnjudgedDocument'], Record<200, Schemas['PolicyDraft']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Give a draft up. */
  dropPolicyDraft: Operation<'DELETE', "/admin/v1/tenants/{tenant}/policy-drafts/{kind}", { tenant: string; kind: "trust" | "query" | "attributes" | "material" | "selector" }, {}, {}, undefined, Record<204, undefined> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Read the drafts with their documents. */
  listPolicyDrafts: Operation<'GET', "/admin/v1/tenants/{tenant}/policy-drafts", { tenant: string }, {}, {}, undefined, Record<200, Schemas['PolicyDraftList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Judge the drafts, or documents sent along. */
  validatePolicies: Operation<'POST', "/admin/v1/tenants/{tenant}/policy-drafts/validate", { tenant: string }, {}, {}, Schemas['PolicyCheck'], Record<200, Schemas['PolicyVerdict']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Publish the validated drafts. */
  publishDrafts: Operation<'POST', "/admin/v1/tenants/{tenant}/policy-drafts/publish", { tenant: string }, {}, {}, Schemas['PolicyPublication'], Record<200, Schemas['PublishedPolicies']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>>
  /** See what publishing the drafts, or documents sent along, would change. */
  planPolicies: Operation<'POST', "/admin/v1/tenants/{tenant}/policy-drafts/plan", { tenant: string }, {}, {}, Schemas['PolicyTrial'], Record<200, Schemas['PolicyPlan']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Ask what the drafts, or documents sent along, make of recorded logins, and why. */
  explainPolicies: Operation<'POST', "/admin/v1/tenants/{tenant}/policy-drafts/explain", { tenant: string }, {}, {}, Schemas['PolicyTrial'], Record<200, Schemas['PolicyExplanation']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Compare two versions of a policy document. */
  comparePolicies: Operation<'POST', "/admin/v1/tenants/{tenant}/policies/{kind}/compare", { tenant: string; kind: "trust" | "query" | "attributes" | "material" | "selector" }, {}, {}, Schemas['PolicyComparison'], Record<200, Schemas['PolicyDifference']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Find a person by an identifier. */
  findIdentity: Operation<'POST', "/admin/v1/tenants/{tenant}/identities/find", { tenant: string }, {}, {}, Schemas['NamedIdentifier'], Record<200, Schemas['FoundIdentity']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Read a person. */
  readIdentity: Operation<'GET', "/admin/v1/tenants/{tenant}/identities/{identity}", { tenant: string; identity: string }, {}, {}, undefined, Record<200, Schemas['Identity']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** End a link. */
  unlink: Operation<'POST', "/admin/v1/tenants/{tenant}/identities/{identity}/matches/{match}/unlink", { tenant: string; identity: string; match: string }, {}, {}, Schemas['UnlinkRequest'], Record<200, Schemas['Identity']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Restore a link. */
  restoreLink: Operation<'POST', "/admin/v1/tenants/{tenant}/identities/{identity}/matches/{match}/restore", { tenant: string; identity: string; match: string }, {}, {}, Schemas['Nothing'], Record<200, Schemas['Identity']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Merge two persons found to be one. */
  mergeIdentities: Operation<'POST', "/admin/v1/tenants/{tenant}/merges", { tenant: string }, {}, {}, Schemas['NewMerge'], Record<200, Schemas['Merge']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Take a merge back. */
  splitIdentities: Operation<'POST', "/admin/v1/tenants/{tenant}/merges/{merge}/split", { tenant: string; merge: string }, {}, {}, Schemas['Nothing'], Record<200, Schemas['Merge']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** List what a person agreed to. */
  listConsents: Operation<'GET', "/admin/v1/tenants/{tenant}/identities/{identity}/consents", { tenant: string; identity: string }, {}, {}, undefined, Record<200, Schemas['ConsentList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Take back what a person agreed to. */
  withdrawConsentFor: Operation<'DELETE', "/admin/v1/tenants/{tenant}/identities/{identity}/consents/{client_id}", { tenant: string; identity: string; client_id: string }, {}, {}, undefined, Record<200, Schemas['ConsentList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Restrict processing. */
  restrictIdentity: Operation<'POST', "/admin/v1/tenants/{tenant}/identities/{identity}/restrict", { tenant: string; identity: string }, {}, {}, Schemas['Nothing'], Record<200, Schemas['Identity']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Lift a restriction. */
  liftRestriction: Operation<'POST', "/admin/v1/tenants/{tenant}/identities/{identity}/lift-restriction", { tenant: string; identity: string }, {}, {}, Schemas['Nothing'], Record<200, Schemas['Identity']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Export everything held about a person. */
  exportIdentity: Operation<'POST', "/admin/v1/tenants/{tenant}/identities/{identity}/export", { tenant: string; identity: string }, {}, {}, Schemas['Nothing'], Record<200, Schemas['PersonExport']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Export by an identifier. */
  exportByIdentifier: Operation<'POST', "/admin/v1/tenants/{tenant}/exports", { tenant: string }, {}, {}, Schemas['NamedIdentifier'], Record<200, Schemas['PersonExport']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Erase a person. */
  eraseIdentity: Operation<'POST', "/admin/v1/tenants/{tenant}/identities/{identity}/erase", { tenant: string; identity: string }, {}, {}, Schemas['ErasureRequest'], Record<200, Schemas['Erasure']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Erase whoever has an identifier. */
  eraseByIdentifier: Operation<'POST', "/admin/v1/tenants/{tenant}/erasures", { tenant: string }, {}, {}, Schemas['IdentifierErasureRequest'], Record<200, Schemas['Erasure']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Say what an erasure of many people needs. */
  changeErasurePolicy: Operation<'PUT', "/admin/v1/tenants/{tenant}/erasure-policy", { tenant: string }, {}, {}, Schemas['ErasurePolicy'], Record<200, Schemas['ErasurePolicy']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** List erasures of many people. */
  listErasureRequests: Operation<'GET', "/admin/v1/tenants/{tenant}/erasure-requests", { tenant: string }, {}, {}, undefined, Record<200, Schemas['BulkErasureList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Have many people erased. */
  requestErasures: Operation<'POST', "/admin/v1/tenants/{tenant}/erasure-requests", { tenant: string }, {}, {}, Schemas['NewBulkErasure'], Record<200, Schemas['BulkErasure']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Approve an erasure of many. */
  approveErasures: Operation<'POST', "/admin/v1/tenants/{tenant}/erasure-requests/{id}/approve", { tenant: string; id: string }, {}, {}, Schemas['Nothing'], Record<200, Schemas['BulkErasure']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Cancel an erasure of many. */
  cancelErasures: Operation<'POST', "/admin/v1/tenants/{tenant}/erasure-requests/{id}/cancel", { tenant: string; id: string }, {}, {}, Schemas['Nothing'], Record<200, Schemas['BulkErasure']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** How long each kind of data is kept, and what is due. */
  readRetention: Operation<'GET', "/admin/v1/tenants/{tenant}/retention", { tenant: string }, {}, {}, undefined, Record<200, Schemas['RetentionTable']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Say how long a kind of data is kept, and why. */
  changeRetention: Operation<'PUT', "/admin/v1/tenants/{tenant}/retention/{data}", { tenant: string; data: "links" | "ended_links" | "auxiliary" | "logins" | "grants" | "repeats" | "messages" | "audit_events" | "receipts" }, {}, {}, Schemas['RetentionRule'], Record<200, Schemas['RetentionEntry']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** What would go, without touching anything. */
  planRetention: Operation<'POST', "/admin/v1/tenants/{tenant}/retention/plan", { tenant: string }, {}, {}, Schemas['RetentionTrial'], Record<200, Schemas['RetentionPlan']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** The record of processing (Art. 30 GDPR), written from the configuration. */
  readProcessingRecord: Operation<'GET', "/admin/v1/tenants/{tenant}/record-of-processing", { tenant: string }, {}, {}, undefined, Record<200, Schemas['ProcessingRecord']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** List the runs of key migrations. */
  listKeyMigrations: Operation<'GET', "/admin/v1/key-migrations", {}, {}, {}, undefined, Record<200, Schemas['KeyMigrationList']> & Record<400 | 401 | 403 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Bring everything to the current version of a key. */
  startKeyMigration: Operation<'POST', "/admin/v1/key-migrations", {}, {}, {}, Schemas['NewKeyMigration'], Record<201, Schemas['KeyMigration']> & Record<400 | 401 | 403 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Read one run. */
  readKeyMigration: Operation<'GET', "/admin/v1/key-migrations/{version}", { version: string }, {}, {}, undefined, Record<200, Schemas['KeyMigration']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** What lies under which version of a key. */
  forecastKey: Operation<'GET', "/admin/v1/key-forecasts/{key}", { key: "A" | "B" | "C" }, {}, {}, undefined, Record<200, Schemas['KeyForecast']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Pause a run. */
  pauseKeyMigration: Operation<'POST', "/admin/v1/key-migrations/{version}/pause", { version: string }, {}, {}, Schemas['Nothing'], Record<200, Schemas['KeyMigration']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Resume a run. */
  resumeKeyMigration: Operation<'POST', "/admin/v1/key-migrations/{version}/resume", { version: string }, {}, {}, Schemas['Nothing'], Record<200, Schemas['KeyMigration']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Cancel a run. */
  cancelKeyMigration: Operation<'POST', "/admin/v1/key-migrations/{version}/cancel", { version: string }, {}, {}, Schemas['Nothing'], Record<200, Schemas['KeyMigration']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Take a run back. */
  rollbackKeyMigration: Operation<'POST', "/admin/v1/key-migrations/{version}/rollback", { version: string }, {}, {}, Schemas['Nothing'], Record<200, Schemas['KeyMigration']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** List background jobs. */
  listJobs: Operation<'GET', "/admin/v1/jobs", {}, {}, {}, undefined, Record<200, Schemas['JobList']> & Record<400 | 401 | 403 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Pause a job. */
  pauseJob: Operation<'POST', "/admin/v1/jobs/{job}/pause", { job: string }, {}, {}, Schemas['Nothing'], Record<200, Schemas['Job']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Resume a job. */
  resumeJob: Operation<'POST', "/admin/v1/jobs/{job}/resume", { job: string }, {}, {}, Schemas['Nothing'], Record<200, Schemas['Job']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Make a job due now. */
  hastenJob: Operation<'POST', "/admin/v1/jobs/{job}/hasten", { job: string }, {}, {}, Schemas['Nothing'], Record<200, Schemas['Job']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Make an admin token. */
  createAdminToken: Operation<'POST', "/admin/v1/tokens", {}, {}, {}, Schemas['NewAdminToken'], Record<201, Schemas['CreatedAdminToken']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>>
  /** List admin tokens. */
  listAdminTokens: Operation<'GET', "/admin/v1/tokens", {}, {}, {}, undefined, Record<200, Schemas['AdminTokenList']> & Record<400 | 401 | 403 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Revoke an admin token. */
  revokeAdminToken: Operation<'DELETE', "/admin/v1/tokens/{id}", { id: string }, {}, {}, undefined, Record<204, undefined> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Read a tenant's audit trail. */
  listTenantAuditEvents: Operation<'GET', "/admin/v1/tenants/{tenant}/audit-events", { tenant: string }, { cursor?: string; limit?: string; type?: string; client_id?: string; from?: string; until?: string; correlation_id?: string }, {}, undefined, Record<200, Schemas['AuditEventList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Read the audit trail of what belongs to no tenant. */
  listSystemAuditEvents: Operation<'GET', "/admin/v1/audit-events", {}, { cursor?: string; limit?: string; type?: string; client_id?: string; from?: string; until?: string; correlation_id?: string }, {}, undefined, Record<200, Schemas['AuditEventList']> & Record<400 | 401 | 403 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Read the signed checkpoints of a tenant's audit trail. */
  listTenantCheckpoints: Operation<'GET', "/admin/v1/tenants/{tenant}/audit-checkpoints", { tenant: string }, { cursor?: string; limit?: string }, {}, undefined, Record<200, Schemas['AuditCheckpointList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Read the signed checkpoints of the audit trail of what belongs to no tenant. */
  listSystemCheckpoints: Operation<'GET', "/admin/v1/audit-checkpoints", {}, { cursor?: string; limit?: string }, {}, undefined, Record<200, Schemas['AuditCheckpointList']> & Record<400 | 401 | 403 | 429 | 503 | 'default', Schemas['Problem']>>
  /** Find a person, or sign in. */
  showCompliancePage: Operation<'GET', "/compliance", {}, {}, {}, undefined, Record<200 | 429 | 'default', string>>
  /** Sign in with an admin token. */
  beginComplianceSession: Operation<'POST', "/compliance/session", {}, {}, {}, { tenant: string; token: string }, Record<303, undefined> & Record<400 | 401 | 413 | 415 | 429 | 'default', string>>
  /** Sign out. */
  endComplianceSession: Operation<'POST', "/compliance/session/end", {}, {}, {}, { csrf: string }, Record<303, undefined> & Record<400 | 413 | 415 | 429 | 'default', string>>
  /** Find a person. */
  findOnCompliancePage: Operation<'POST', "/compliance/find", {}, {}, {}, { csrf: string; by: string; value?: string; issuer?: string; value0?: string }, Record<303, undefined> & Record<400 | 404 | 409 | 413 | 415 | 429 | 'default', string>>
  /** What is held about a person, as counts. */
  showPersonToStaff: Operation<'GET', "/compliance/people/{identity}", { identity: string }, {}, {}, undefined, Record<200 | 404 | 429 | 'default', string> & Record<303, undefined>>
  /** End a link. */
  unlinkOnCompliancePage: Operation<'POST', "/compliance/people/{identity}/unlink", { identity: string }, {}, {}, { csrf: string; match: string; reason: string }, Record<303, undefined> & Record<400 | 404 | 413 | 415 | 429 | 'default', string>>
  /** Bring a link back. */
  restoreOnCompliancePage: Operation<'POST', "/compliance/people/{identity}/restore", { identity: string }, {}, {}, { csrf: string; match: string }, Record<303, undefined> & Record<400 | 404 | 413 | 415 | 429 | 'default', string>>
  /** Take back what a person agreed to. */
  withdrawOnCompliancePage: Operation<'POST', "/compliance/people/{identity}/consent", { identity: string }, {}, {}, { csrf: string; client: string }, Record<303, undefined> & Record<400 | 404 | 413 | 415 | 429 | 'default', string>>
  /** Restrict processing, or lift it. */
  restrictOnCompliancePage: Operation<'POST', "/compliance/people/{identity}/restriction", { identity: string }, {}, {}, { csrf: string; restricted: string }, Record<303, undefined> & Record<400 | 404 | 413 | 415 | 429 | 'default', string>>
  /** Export everything held about a person. */
  exportOnCompliancePage: Operation<'POST', "/compliance/people/{identity}/export", { identity: string }, {}, {}, { csrf: string }, Record<200, Schemas['PersonExport']> & Record<303, undefined> & Record<400 | 404 | 413 | 415 | 429 | 'default', string>>
  /** What would go, and the question. */
  askToErase: Operation<'GET', "/compliance/people/{identity}/erase", { identity: string }, {}, {}, undefined, Record<200 | 404 | 429 | 'default', string> & Record<303, undefined>>
  /** Erase a person. */
  eraseOnCompliancePage: Operation<'POST', "/compliance/people/{identity}/erase", { identity: string }, {}, {}, { csrf: string; ground: string; sure: string }, Record<303, undefined> & Record<400 | 404 | 413 | 415 | 429 | 'default', string>>
  /** The receipt of an erasure. */
  showReceipt: Operation<'GET', "/compliance/people/{identity}/receipt", { identity: string }, {}, {}, undefined, Record<200 | 404 | 429 | 'default', string> & Record<303, undefined>>
  /** The receipt as a file. */
  downloadReceipt: Operation<'GET', "/compliance/people/{identity}/receipt.jwt", { identity: string }, {}, {}, undefined, Record<200 | 404 | 429 | 'default', string> & Record<303, undefined>>
  /** The process answers. */
  health: Operation<'GET', "/health", {}, {}, {}, undefined, Record<200, { status: "up" | "down" }> & Record<429 | 'default', Schemas['Problem']>>
  /** The process can serve. */
  ready: Operation<'GET', "/ready", {}, {}, {}, undefined, Record<200 | 503, { status: "up" | "down"; database: "up" | "down"; keyring: "up" | "down"; schema: "up" | "down" }> & Record<429 | 'default', Schemas['Problem']>>
  /** Prometheus metrics. */
  metrics: Operation<'GET', "/metrics", {}, {}, {}, undefined, Record<200, string> & Record<429 | 'default', Schemas['Problem']>>
  /** The picture beside a page’s title. */
  icon: Operation<'GET', "/favicon.ico", {}, {}, {}, undefined, Record<200, string> & Record<429 | 'default', Schemas['Problem']>>
  /** This description. */
  readDescription: Operation<'GET', "/openapi.yaml", {}, {}, {}, undefined, Record<200, string> & Record<429 | 'default', Schemas['Problem']>>
  /** This description as a page. */
  readReference: Operation<'GET', "/reference", {}, {}, {}, undefined, Record<200 | 429 | 'default', string>>
}
