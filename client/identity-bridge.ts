/**
 * The HTTP interface of identity-bridge as types: what each operation takes and answers. Written from the OpenAPI
 * description by `npm run openapi`; a test fails when the two differ. Copy this file into your program.
 */

export interface Schemas {
  OAuthError: { error: string; error_description: string }
  WalletError: { error: string; error_description: string }
  Problem: { type: string; title: string; status: number; code: string; problems?: readonly (string)[]; reference: string }
  NewTenant: { slug: string; name: { en: string; nl: string }; colour?: string; notice_url?: string | null; enabled?: boolean; cross_device?: boolean; digital_credentials?: boolean; haip?: boolean; direct_login?: boolean; require_pushed_authorization_requests?: boolean; consent?: boolean; single_sign_on_minutes?: number; last_used?: "exact" | "day"; client_id_prefix?: "x509_hash" | "x509_san_dns"; response_mode?: "direct_post.jwt" | "direct_post"; wallet_scheme?: string; request_certificate?: Schemas['RequestIdentity']; policies?: { trust?: Schemas['TrustPolicy']; query?: Schemas['DcqlQuery']; attributes?: Schemas['AttributePolicy']; material?: Schemas['MaterialPolicy']; selector?: Schemas['SelectorPolicy'] } }
  TenantChange: { name?: { en: string; nl: string }; colour?: string; notice_url?: string | null; enabled?: boolean; cross_device?: boolean; digital_credentials?: boolean; haip?: boolean; require_pushed_authorization_requests?: boolean; consent?: boolean; single_sign_on_minutes?: number; last_used?: "exact" | "day"; direct_login?: boolean; client_id_prefix?: "x509_hash" | "x509_san_dns"; response_mode?: "direct_post.jwt" | "direct_post"; wallet_scheme?: string }
  Tenant: { slug: string; issuer: string; name: { en: string; nl: string }; colour: string; notice_url: string | null; enabled: boolean; cross_device: boolean; digital_credentials: boolean; haip: boolean; require_pushed_authorization_requests: boolean; consent: boolean; single_sign_on_minutes: number; last_used: "exact" | "day"; direct_login: boolean; client_id_prefix: "x509_hash" | "x509_san_dns"; response_mode: "direct_post.jwt" | "direct_post"; wallet_scheme: string; revision: number; request_certificate: Schemas['RequestCertificate'] | null; policies: Record<string, number> }
  TenantSummary: { slug: string; issuer: string; name: { en: string; nl: string }; colour: string; notice_url: string | null; enabled: boolean; cross_device: boolean; digital_credentials: boolean; haip: boolean; require_pushed_authorization_requests: boolean; consent: boolean; single_sign_on_minutes: number; last_used: "exact" | "day"; direct_login: boolean; client_id_prefix: "x509_hash" | "x509_san_dns"; response_mode: "direct_post.jwt" | "direct_post"; wallet_scheme: string; revision: number }
  TenantList: { tenants: readonly (Schemas['TenantSummary'])[]; next_cursor: string | null }
  RequestIdentity: { certificate_chain: string; private_key: string }
  RequestIdentityChoice: { certificate_chain?: string; private_key?: string }
  RequestCertificate: { kid: string; client_id: string; certificate_chain: readonly (string)[]; trust_anchor: string | null; not_after: string; expires_soon: boolean }
  NewRelyingParty: { client_id?: string; client_name: string; redirect_uris: readonly (string)[]; token_endpoint_auth_method?: "client_secret_basic" | "client_secret_post" | "private_key_jwt" | "none"; jwks?: { keys: readonly (Schemas['UnjudgedDocument'])[] }; id_token_signed_response_alg?: "ES256" | "RS256"; require_pkce?: boolean; claims_in_id_token?: boolean; sector?: string; purpose?: { en: string; nl: string } | null; grant_types?: readonly ("authorization_code" | "refresh_token" | "client_credentials")[]; offline_access_needed?: boolean; subject_type?: "pairwise" | "public"; sector_identifier_uri?: string; userinfo_signed_response_alg?: "ES256" | "RS256" | null; dpop_bound_access_tokens?: boolean; require_pushed_authorization_requests?: boolean; scopes?: readonly (string)[] | null; claims?: readonly (string)[] | null; consent?: "tenant" | "ask" | "never"; post_logout_redirect_uris?: readonly (string)[]; backchannel_logout_uri?: string | null; backchannel_logout_session_required?: boolean; profile?: "standard" | "fapi2"; machine_scopes?: readonly ("reconciliation:read" | "reconciliation:write" | "devices:manage" | "privacy:erase" | "audit:read" | "providers:manage" | "policies:manage")[]; data_access?: { claims: readonly (string)[]; auxiliary: readonly ({ category: string; read: "all" | readonly (string)[]; write: boolean })[] }; audiences?: readonly (string)[]; resource?: string | null; issued_by?: string }
  RelyingPartyChange: { client_name?: string; redirect_uris?: readonly (string)[]; jwks?: { keys: readonly (Schemas['UnjudgedDocument'])[] }; id_token_signed_response_alg?: "ES256" | "RS256"; require_pkce?: boolean; claims_in_id_token?: boolean; purpose?: { en: string; nl: string } | null; grant_types?: readonly ("authorization_code" | "refresh_token" | "client_credentials")[]; offline_access_needed?: boolean; userinfo_signed_response_alg?: "ES256" | "RS256" | null; dpop_bound_access_tokens?: boolean; require_pushed_authorization_requests?: boolean; scopes?: readonly (string)[] | null; claims?: readonly (string)[] | null; consent?: "tenant" | "ask" | "never"; post_logout_redirect_uris?: readonly (string)[]; backchannel_logout_uri?: string | null; backchannel_logout_session_required?: boolean; profile?: "standard" | "fapi2"; machine_scopes?: readonly ("reconciliation:read" | "reconciliation:write" | "devices:manage" | "privacy:erase" | "audit:read" | "providers:manage" | "policies:manage")[]; data_access?: { claims: readonly (string)[]; auxiliary: readonly ({ category: string; read: "all" | readonly (string)[]; write: boolean })[] }; audiences?: readonly (string)[]; resource?: string | null; enabled?: boolean; secret_rotation?: "begin" | "finish" | "replace" }
  RelyingParty: { client_id: string; client_name: string; redirect_uris: readonly (string)[]; jwks: { keys: readonly (Schemas['UnjudgedDocument'])[] } | null; id_token_signed_response_alg: "ES256" | "RS256"; require_pkce: boolean; claims_in_id_token: boolean; purpose: { en: string; nl: string } | null; token_endpoint_auth_method: "client_secret_basic" | "client_secret_post" | "private_key_jwt" | "none"; sector: string; subject_type: "pairwise" | "public"; sector_identifier_uri: string | null; grant_types: readonly (string)[]; offline_access_needed: boolean; userinfo_signed_response_alg: "ES256" | "RS256" | null; dpop_bound_access_tokens: boolean; require_pushed_authorization_requests: boolean; scopes: readonly (string)[] | null; claims: readonly (string)[] | null; consent: "tenant" | "ask" | "never"; post_logout_redirect_uris: readonly (string)[]; backchannel_logout_uri: string | null; backchannel_logout_session_required: boolean; profile: "standard" | "fapi2"; machine_scopes: readonly ("reconciliation:read" | "reconciliation:write" | "devices:manage" | "privacy:erase" | "audit:read" | "providers:manage" | "policies:manage")[]; data_access: { claims: readonly (string)[]; auxiliary: readonly ({ category: string; read: "all" | readonly (string)[]; write: boolean })[] }; audiences: readonly (string)[]; resource: string | null; issued_by: string | null; secrets: number; enabled: boolean }
  RelyingPartyWithSecret: { client_id: string; client_name: string; redirect_uris: readonly (string)[]; jwks: { keys: readonly (Schemas['UnjudgedDocument'])[] } | null; id_token_signed_response_alg: "ES256" | "RS256"; require_pkce: boolean; claims_in_id_token: boolean; purpose: { en: string; nl: string } | null; token_endpoint_auth_method: "client_secret_basic" | "client_secret_post" | "private_key_jwt" | "none"; sector: string; subject_type: "pairwise" | "public"; sector_identifier_uri: string | null; grant_types: readonly (string)[]; offline_access_needed: boolean; userinfo_signed_response_alg: "ES256" | "RS256" | null; dpop_bound_access_tokens: boolean; require_pushed_authorization_requests: boolean; scopes: readonly (string)[] | null; claims: readonly (string)[] | null; consent: "tenant" | "ask" | "never"; post_logout_redirect_uris: readonly (string)[]; backchannel_logout_uri: string | null; backchannel_logout_session_required: boolean; profile: "standard" | "fapi2"; machine_scopes: readonly ("reconciliation:read" | "reconciliation:write" | "devices:manage" | "privacy:erase" | "audit:read" | "providers:manage" | "policies:manage")[]; data_access: { claims: readonly (string)[]; auxiliary: readonly ({ category: string; read: "all" | readonly (string)[]; write: boolean })[] }; audiences: readonly (string)[]; resource: string | null; issued_by: string | null; secrets: number; enabled: boolean; client_secret: string | null }
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
  SigningKey: { kid: string; purpose: "token" | "request"; algorithm: "ES256" | "RS256"; state: "next" | "active" | "retiring" | "retired"; created_at: string; activated_at: string | null; retire_at: string | null }
  SigningKeyList: { signing_keys: readonly (Schemas['SigningKey'])[] }
  SigningKeyRotation: { algorithm: "ES256" | "RS256" }
  PublishedSigningKey: { kid: string; algorithm: "ES256" | "RS256" }
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
  PolicyFinding: { severity: "error" | "warning"; code: "shape" | "anchor_unusable" | "profile_missing" | "provider_missing" | "provider_unknown" | "query_missing" | "attribute_missing" | "over_asking" | "beyond_registration" | "attribute_never_filled" | "required_never_filled" | "type_untrusted" | "weak_tuple" | "vague_tuple" | "material_never_given" | "key_alone" | "profile_refused"; kind: "trust" | "query" | "attributes" | "material" | "selector"; path: string; message: string }
  PolicyVerdict: { acceptable: boolean; findings: readonly (Schemas['PolicyFinding'])[] }
  RecordedLogin: { name: string; entry_point?: "wallet" | "direct"; trigger?: "login" | "force_reconciliation"; credentials?: readonly ({ query: string; format?: "dc+sd-jwt" | "mso_mdoc" | "jwt_vc_json"; types: readonly (string)[]; issuer: string; authority_key_ids?: readonly (string)[]; claims?: Record<string, unknown> })[]; state?: "MATCHED_HOLDER_KEY" | "MATCHED_SUBJECT" | "MATCHED_CLAIM_TUPLE" | "NOT_FOUND" | "EXPIRED_BINDING" | "AMBIGUOUS"; candidate?: boolean; refresh_due?: boolean; scope?: readonly (string)[]; client_id?: string }
  PolicyTrial: { documents?: { trust?: Schemas['TrustPolicy']; query?: Schemas['DcqlQuery']; attributes?: Schemas['AttributePolicy']; material?: Schemas['MaterialPolicy']; selector?: Schemas['SelectorPolicy'] }; logins?: readonly (Schemas['RecordedLogin'])[] }
  PolicyPlan: { acceptable: boolean; findings: readonly (Schemas['PolicyFinding'])[]; changes: readonly ({ kind: "trust" | "query" | "attributes" | "material" | "selector"; version: number; members: readonly ({ path: string; change: "added" | "removed" | "changed" | "reordered"; before?: unknown; after?: unknown })[] })[]; outcomes: readonly ({ name: string; changed: boolean; before: { refused: string | null; decision: { plan: Schemas['UnjudgedDocument']; rule: string; reasons: readonly (string)[] } | null } | null; after: { refused: string | null; decision: { plan: Schemas['UnjudgedDocument']; rule: string; reasons: readonly (string)[] } | null } | null })[] }
  PolicyExplanation: { acceptable: boolean; findings: readonly (Schemas['PolicyFinding'])[]; explanations: readonly ({ refused: string | null; decision: { plan: Schemas['UnjudgedDocument']; rule: string; reasons: readonly (string)[] } | null; name: string; missing: readonly ({ query: string; path: string })[]; untrusted: readonly (string)[]; shown: readonly (string)[]; open: readonly (string)[]; unidentified: readonly (string)[]; rules: readonly ({ rule: string; outcome: "chosen" | "outranked" | "not_matched" | "disabled"; held: readonly (string)[]; failed: readonly (string)[] })[] })[] }
  PolicyComparison: { from: number; to: number; logins?: readonly (Schemas['RecordedLogin'])[] }
  PolicyDifference: { kind: "trust" | "query" | "attributes" | "material" | "selector"; members: readonly ({ path: string; change: "added" | "removed" | "changed" | "reordered"; before?: unknown; after?: unknown })[]; outcomes: readonly ({ name: string; changed: boolean; before: { refused: string | null; decision: { plan: Schemas['UnjudgedDocument']; rule: string; reasons: readonly (string)[] } | null } | null; after: { refused: string | null; decision: { plan: Schemas['UnjudgedDocument']; rule: string; reasons: readonly (string)[] } | null } | null })[] }
  PublishedPolicies: { published: readonly (Schemas['PublishedPolicy'])[] }
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
  RetentionEntry: { kind: "links" | "ended_links" | "auxiliary" | "logins" | "grants" | "repeats" | "messages" | "audit_events" | "receipts"; what: string; days: number | null; lives: string | null; notice_days: number; ground: string; job: string | null; last_run_at: string | null; next_run_at: string | null; paused: boolean; due: number; warned: number }
  RetentionTable: { kinds: readonly (Schemas['RetentionEntry'])[] }
  RetentionTrial: { rules?: readonly ({ kind: "links" | "ended_links" | "auxiliary" | "logins" | "grants" | "repeats" | "messages" | "audit_events" | "receipts"; days?: number | null; notice_days?: number | null })[]; at?: string }
  RetentionPlan: { at: string; kinds: readonly ({ kind: "links" | "ended_links" | "auxiliary" | "logins" | "grants" | "repeats" | "messages" | "audit_events" | "receipts"; days: number | null; notice_days: number; due: number; warned: number })[] }
  ProcessingRecord: { tenant: string; controller: string; privacy_notice: string | null; generated_at: string; policies: Record<string, number>; purposes: readonly ({ recipient: string; purpose: string | null })[]; data_subjects: string; identifiers: readonly (string)[]; attributes: readonly ({ name: string; from: string; kept: boolean; passed_on_with: string | null })[]; sources: readonly ({ name: string; kind: string })[]; recipients: readonly ({ name: string; kind: string; sees: string })[]; retention: readonly ({ what: string; period: string; ground: string })[]; security: readonly (string)[]; to_be_said: readonly (string)[]; markdown: string }
  Lookup: { identifier_type: "SUBJECT_ID"; provider?: string; material?: string; issuer?: string; identifier: string } | { identifier_type: "KEY"; identifier: string } | { identifier_type: "DID"; identifier: string } | { identifier_type: "EMAIL"; issuer: string; identifier: string } | { identifier_type: "CLAIM_TUPLE"; material: string; issuer?: string; claims: Record<string, unknown> }
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
  NamedIdentifier: { kind: "account"; provider: string; value: string } | { kind: "key"; thumbprint: string }
  ConsentList: { consents: readonly ({ client_id: string; client_name: string | null; scopes: readonly (string)[]; claims: readonly (string)[]; purpose: { en: string; nl: string } | null; given_at: string; given_again_at: string })[] }
  Identity: { id: string; status: "ACTIVE" | "RESTRICTED" | "MERGED" | "ERASED"; merged_into: string | null; created_at: string; matches: readonly ({ id: string; type: "KEY" | "SUBJECT_ID" | "EMAIL" | "DID" | "CLAIM_TUPLE"; side: "wallet" | "institution"; created_at: string; last_used_at: string; ended_at: string | null; reason: string | null })[]; bindings: readonly ({ id: string; match: string; provider: string | null; created_at: string; last_used_at: string; proved_at: string | null; ended_at: string | null; reason: string | null })[]; merges: readonly (Schemas['Merge'])[] }
  UnlinkRequest: { reason: "USER_UNLINK" | "ADMIN_REQUEST" }
  NewMerge: { merged: string; surviving: string }
  Merge: { id: string; merged: string; surviving: string; merged_by: string; merged_at: string; split_until: string; split_by: string | null; split_at: string | null }
  Nothing: Record<string, never>
  PersonExport: { format: "identity-bridge-export/1"; tenant: string; exported_at: string; persons: readonly (Record<string, unknown>)[]; known_by: readonly (Record<string, unknown>)[]; links: readonly (Record<string, unknown>)[]; auxiliary: readonly (Record<string, unknown>)[]; subjects: readonly (Record<string, unknown>)[]; account_choices: readonly (Record<string, unknown>)[]; consents: readonly (Record<string, unknown>)[]; logins: readonly (Record<string, unknown>)[]; journeys: readonly (Record<string, unknown>)[]; institution_logins: readonly (Record<string, unknown>)[]; merges: readonly (Record<string, unknown>)[]; messages: readonly (Record<string, unknown>)[]; events: readonly (Record<string, unknown>)[] }
  TrustPolicy: { entries: readonly ({ id: string; status?: "check" | "require" | "ignore"; statusGraceSeconds?: number; statusPurposes?: readonly (string)[]; statusRecheckHours?: number; provesEmail?: boolean; format: "dc+sd-jwt"; vct: readonly (string)[]; expiry?: "required" | "optional"; mechanism: "x5c"; anchors?: readonly (string | { certificate: string; notBefore?: string; notAfter?: string })[]; trustedLists?: readonly ({ list: string; services: readonly (string)[] })[]; revocation?: { check?: "check" | "require" | "ignore"; first?: "crl" | "ocsp"; graceSeconds?: number; unavailable?: "refuse" | "accept" }; certificatePolicies?: readonly (string)[]; issuer?: { match: "san_uri" } | { match: "san_dns" } | { match: "exact"; value: string } | { match: "none" }; extendedKeyUsage?: readonly (string)[] } | { id: string; status?: "check" | "require" | "ignore"; statusGraceSeconds?: number; statusPurposes?: readonly (string)[]; statusRecheckHours?: number; provesEmail?: boolean; format: "dc+sd-jwt"; vct: readonly (string)[]; expiry?: "required" | "optional"; keysGraceSeconds?: number; mechanism: "jwt-vc-issuer"; issuer: string } | { id: string; status?: "check" | "require" | "ignore"; statusGraceSeconds?: number; statusPurposes?: readonly (string)[]; statusRecheckHours?: number; provesEmail?: boolean; format: "mso_mdoc"; doctypes: readonly (string)[]; mechanism: "x5c"; anchors?: readonly (string | { certificate: string; notBefore?: string; notAfter?: string })[]; trustedLists?: readonly ({ list: string; services: readonly (string)[] })[]; revocation?: { check?: "check" | "require" | "ignore"; first?: "crl" | "ocsp"; graceSeconds?: number; unavailable?: "refuse" | "accept" }; certificatePolicies?: readonly (string)[]; issuer?: { match: "none" } | { match: "san_uri" } | { match: "san_dns" }; certificates?: "iso18013-5" | "rfc5280"; extendedKeyUsage?: readonly (string)[]; deviceMac?: "refuse" | "accept" } | { id: string; status?: "check" | "require" | "ignore"; statusGraceSeconds?: number; statusPurposes?: readonly (string)[]; statusRecheckHours?: number; provesEmail?: boolean; format: "jwt_vc_json"; types: readonly (string)[]; typeNames?: Record<string, string>; expiry?: "required" | "optional"; mechanism: "x5c"; anchors?: readonly (string | { certificate: string; notBefore?: string; notAfter?: string })[]; trustedLists?: readonly ({ list: string; services: readonly (string)[] })[]; revocation?: { check?: "check" | "require" | "ignore"; first?: "crl" | "ocsp"; graceSeconds?: number; unavailable?: "refuse" | "accept" }; certificatePolicies?: readonly (string)[]; issuer?: { match: "san_uri" } | { match: "san_dns" } | { match: "exact"; value: string } | { match: "none" }; extendedKeyUsage?: readonly (string)[] } | { id: string; status?: "check" | "require" | "ignore"; statusGraceSeconds?: number; statusPurposes?: readonly (string)[]; statusRecheckHours?: number; provesEmail?: boolean; format: "jwt_vc_json"; types: readonly (string)[]; typeNames?: Record<string, string>; expiry?: "required" | "optional"; keysGraceSeconds?: number; mechanism: "did"; issuers: readonly (string)[] })[]; lists?: readonly ({ id: string; url: string; signers: readonly (string)[]; graceSeconds?: number; format: "lote-jwt" } | { id: string; url: string; signers: readonly (string)[]; graceSeconds?: number; format: "tsl-xml"; tslType?: string; follow?: { territories: readonly (string)[]; tslType?: string } })[] }
  DcqlQuery: { credentials: readonly ({ id: string; multiple?: boolean; trusted_authorities?: readonly ({ type: "aki"; values: readonly (string)[] })[]; require_cryptographic_holder_binding?: true; claims?: readonly ({ id?: string; path: readonly (string | number | null)[]; values?: readonly (string | number | boolean)[]; intent_to_retain?: boolean })[]; claim_sets?: readonly (readonly (string)[])[]; format: "dc+sd-jwt"; meta: { vct_values: readonly (string)[] } } | { id: string; multiple?: boolean; trusted_authorities?: readonly ({ type: "aki"; values: readonly (string)[] })[]; require_cryptographic_holder_binding?: true; claims?: readonly ({ id?: string; path: readonly (string | number | null)[]; values?: readonly (string | number | boolean)[]; intent_to_retain?: boolean })[]; claim_sets?: readonly (readonly (string)[])[]; format: "mso_mdoc"; meta: { doctype_value: string } } | { id: string; multiple?: boolean; trusted_authorities?: readonly ({ type: "aki"; values: readonly (string)[] })[]; require_cryptographic_holder_binding?: true; claims?: readonly ({ id?: string; path: readonly (string | number | null)[]; values?: readonly (string | number | boolean)[]; intent_to_retain?: boolean })[]; claim_sets?: readonly (readonly (string)[])[]; format: "jwt_vc_json"; meta: { type_values: readonly (readonly (string)[])[] } })[]; credential_sets?: readonly ({ options: readonly (readonly (string)[])[]; required?: boolean })[] }
  AttributePolicy: { rules: readonly ({ name: string; label?: { en: string; nl: string }; merge: "WALLET_ONLY" | "OIDC_ONLY" | "OIDC_WINS" | "WALLET_WINS" | "MERGE_ALL"; required?: boolean; persist?: boolean; project?: boolean; scope?: string; wallet?: readonly (string)[]; walletAlso?: readonly (readonly (string)[])[]; compare?: "exact" | "name" | "date" | "email" | "tax_code_it" | "no"; provider?: readonly (string)[] })[] }
  MaterialPolicy: { profiles: readonly ({ id: string; materials: readonly ({ type: "holder_key" } | { type: "credential_subject"; name: string; credential: string; path: readonly (string)[]; strength?: "identifies" | "suggests" } | { type: "did"; name: string; credential: string; path: readonly (string)[]; strength?: "identifies" | "suggests" } | { type: "email"; name: string; credential: string; path: readonly (string)[] } | { type: "claim_tuple"; name: string; credential?: string; attributes: readonly ({ path: readonly (string)[]; read: "exact" | "name" | "date" | "email" | "scoped" | "tax_code_it" })[]; folding?: { case: boolean; diacritics: boolean }; strength?: "identifies" | "suggests" } | { type: "provider_subject" })[] })[]; keyAlone?: "allowed" | "refused"; keysKept?: number }
  SelectorPolicy: { rules?: readonly ({ id: string; enabled?: boolean; priority?: number; when?: { tenants?: readonly (string)[]; entryPoints?: readonly ("wallet" | "direct")[]; triggers?: readonly ("login" | "force_reconciliation")[]; queries?: readonly (string)[]; credentialSets?: readonly (number)[]; credentialTypes?: readonly (string)[]; issuers?: readonly (string)[]; attributes?: readonly ({ path: readonly (string)[]; operator: "EXISTS" } | { path: readonly (string)[]; operator: "NOT_EMPTY" } | { path: readonly (string)[]; operator: "EQUALS"; value: string | number | boolean } | { path: readonly (string)[]; operator: "CONTAINS"; value: string | number | boolean } | { path: readonly (string)[]; operator: "REGEX"; value: string })[]; states?: readonly ("MATCHED_HOLDER_KEY" | "MATCHED_SUBJECT" | "MATCHED_CLAIM_TUPLE" | "NOT_FOUND" | "EXPIRED_BINDING")[]; projections?: readonly (string)[]; relyingParties?: readonly (string)[]; refreshDue?: boolean }; plan: { plan: "RUN_IDV"; provider: string; profile: string; method?: "login" | "fresh_login" | "choose_account"; requiredAttributes?: readonly (string)[]; minimumAssurance?: { acr?: readonly (string)[]; amr?: readonly (string)[] }; bindingPolicy?: "REUSE_OR_CREATE" | "CREATE_NEW" | "REUSE_ONLY"; confirm?: "new_link" | "never"; bindingLifetimeDays?: number } | { plan: "STEP_UP"; provider: string; profile: string; method?: "login" | "fresh_login" | "choose_account"; requiredAttributes?: readonly (string)[]; minimumAssurance?: { acr?: readonly (string)[]; amr?: readonly (string)[] }; bindingPolicy?: "REUSE_OR_CREATE" | "CREATE_NEW" | "REUSE_ONLY"; confirm?: "new_link" | "never"; bindingLifetimeDays?: number } | { plan: "USE_EXISTING_BINDING"; requiredAttributes?: readonly (string)[]; minimumAssurance?: { acr?: readonly (string)[]; amr?: readonly (string)[] } } | { plan: "SKIP_RECONCILIATION"; requiredAttributes?: readonly (string)[] } | { plan: "FAIL_CLOSED"; reason: string } })[]; default: { plan: "RUN_IDV"; provider: string; profile: string; method?: "login" | "fresh_login" | "choose_account"; requiredAttributes?: readonly (string)[]; minimumAssurance?: { acr?: readonly (string)[]; amr?: readonly (string)[] }; bindingPolicy?: "REUSE_OR_CREATE" | "CREATE_NEW" | "REUSE_ONLY"; confirm?: "new_link" | "never"; bindingLifetimeDays?: number } | { plan: "STEP_UP"; provider: string; profile: string; method?: "login" | "fresh_login" | "choose_account"; requiredAttributes?: readonly (string)[]; minimumAssurance?: { acr?: readonly (string)[]; amr?: readonly (string)[] }; bindingPolicy?: "REUSE_OR_CREATE" | "CREATE_NEW" | "REUSE_ONLY"; confirm?: "new_link" | "never"; bindingLifetimeDays?: number } | { plan: "USE_EXISTING_BINDING"; requiredAttributes?: readonly (string)[]; minimumAssurance?: { acr?: readonly (string)[]; amr?: readonly (string)[] } } | { plan: "SKIP_RECONCILIATION"; requiredAttributes?: readonly (string)[] } | { plan: "FAIL_CLOSED"; reason: string } }
}

export interface Operations {
  /** Start a login. */
  authorize: {
    method: 'GET'
    url: "/t/{tenant}/authorize"
    parameters: { path: { tenant: string }; query: { response_type: string; client_id: string; redirect_uri: string; scope: string; state?: string; nonce?: string; code_challenge?: string; code_challenge_method?: string; idp_hint?: string; acr_values?: string; max_age?: string; prompt?: string; response_mode?: string; claims?: string; request_uri?: string; id_token_hint?: string; ui_locales?: string }; header: {} }
    body: undefined
    answers: Record<200 | 400 | 404 | 429 | 503 | 'default', string> & Record<303, undefined>
  }
  /** Start a login by form. */
  authorizeByForm: {
    method: 'POST'
    url: "/t/{tenant}/authorize"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: { response_type: string; client_id: string; redirect_uri: string; scope: string; state?: string; nonce?: string; code_challenge?: string; code_challenge_method?: string; idp_hint?: string; acr_values?: string; max_age?: string; prompt?: string; response_mode?: string; claims?: string; request_uri?: string; id_token_hint?: string; ui_locales?: string }
    answers: Record<200 | 400 | 404 | 429 | 503 | 'default', string> & Record<303, undefined>
  }
  /** Fetch the request object. */
  fetchRequestObject: {
    method: 'GET'
    url: "/t/{tenant}/wallet/request/{request}"
    parameters: { path: { tenant: string; request: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, string> & Record<400 | 404 | 415 | 429 | 'default', Schemas['WalletError']>
  }
  /** Fetch the request object by POST. */
  fetchRequestObjectByPost: {
    method: 'POST'
    url: "/t/{tenant}/wallet/request/{request}"
    parameters: { path: { tenant: string; request: string }; query: {}; header: {} }
    body: { wallet_nonce?: string; wallet_metadata?: string }
    answers: Record<200, string> & Record<400 | 404 | 415 | 429 | 'default', Schemas['WalletError']>
  }
  /** Post a presentation. */
  postPresentation: {
    method: 'POST'
    url: "/t/{tenant}/wallet/response"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: { response?: string; vp_token?: string; state?: string; error?: string }
    answers: Record<200, { redirect_uri?: string }> & Record<400 | 404 | 413 | 415 | 429 | 'default', Schemas['WalletError']>
  }
  /** The login page again. */
  showLogin: {
    method: 'GET'
    url: "/t/{tenant}/login/{journey}"
    parameters: { path: { tenant: string; journey: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200 | 404 | 'default', string> & Record<303, undefined>
  }
  /** The QR code for a wallet on another device. */
  showQrCode: {
    method: 'GET'
    url: "/t/{tenant}/login/{journey}/qr.svg"
    parameters: { path: { tenant: string; journey: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200 | 404 | 'default', string>
  }
  /** What the login page polls. */
  readLoginStatus: {
    method: 'GET'
    url: "/t/{tenant}/login/{journey}/status"
    parameters: { path: { tenant: string; journey: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, { state: "waiting" | "retrieved" | "continue" | "failed" | "expired"; next?: string }> & Record<404 | 'default', Schemas['WalletError']>
  }
  /** The wallet brings the browser back. */
  returnFromWallet: {
    method: 'GET'
    url: "/t/{tenant}/return"
    parameters: { path: { tenant: string }; query: { response_code: string }; header: {} }
    body: undefined
    answers: Record<200 | 403 | 404 | 'default', string> & Record<303, undefined>
  }
  /** Whatever comes next. */
  continueLogin: {
    method: 'GET'
    url: "/t/{tenant}/login/{journey}/continue"
    parameters: { path: { tenant: string; journey: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200 | 403 | 404 | 'default', string> & Record<303, undefined>
  }
  /** Log in at a provider, without a wallet. */
  loginWithoutWallet: {
    method: 'POST'
    url: "/t/{tenant}/login/{journey}/direct"
    parameters: { path: { tenant: string; journey: string }; query: {}; header: {} }
    body: { provider: string }
    answers: Record<200 | 403 | 404 | 413 | 415 | 'default', string> & Record<303, undefined>
  }
  /** End the login and go back. */
  cancelLogin: {
    method: 'POST'
    url: "/t/{tenant}/login/{journey}/cancel"
    parameters: { path: { tenant: string; journey: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200 | 403 | 404 | 'default', string>
  }
  /** What the page hands to the browser. */
  askThroughBrowser: {
    method: 'POST'
    url: "/t/{tenant}/login/{journey}/credential-request"
    parameters: { path: { tenant: string; journey: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, { requests: readonly ({ protocol: "openid4vp-v1-signed" | "openid4vp-v1-multisigned" | "openid4vp-v1-unsigned"; data: Record<string, unknown> })[] }> & Record<403 | 404 | 429 | 'default', Schemas['WalletError']>
  }
  /** What the browser got from a wallet. */
  answerThroughBrowser: {
    method: 'POST'
    url: "/t/{tenant}/login/{journey}/credential"
    parameters: { path: { tenant: string; journey: string }; query: {}; header: {} }
    body: { protocol: "openid4vp-v1-signed" | "openid4vp-v1-multisigned" | "openid4vp-v1-unsigned"; data: Record<string, unknown> }
    answers: Record<200, { next: string }> & Record<400 | 403 | 404 | 413 | 415 | 429 | 'default', Schemas['WalletError']>
  }
  /** Which of several accounts. */
  showAccounts: {
    method: 'GET'
    url: "/t/{tenant}/login/{journey}/account"
    parameters: { path: { tenant: string; journey: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200 | 404 | 'default', string> & Record<303, undefined>
  }
  /** Log in with one of several accounts. */
  chooseAccount: {
    method: 'POST'
    url: "/t/{tenant}/login/{journey}/account"
    parameters: { path: { tenant: string; journey: string }; query: {}; header: {} }
    body: { account: string; remember?: string }
    answers: Record<200 | 404 | 413 | 415 | 'default', string> & Record<303, undefined>
  }
  /** Wallet and account before they are linked. */
  showBothSides: {
    method: 'GET'
    url: "/t/{tenant}/login/{journey}/confirm"
    parameters: { path: { tenant: string; journey: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200 | 403 | 404 | 'default', string> & Record<303, undefined>
  }
  /** Link wallet and account. */
  confirmLink: {
    method: 'POST'
    url: "/t/{tenant}/login/{journey}/confirm"
    parameters: { path: { tenant: string; journey: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200 | 403 | 404 | 'default', string> & Record<303, undefined>
  }
  /** What the relying party would learn. */
  showConsent: {
    method: 'GET'
    url: "/t/{tenant}/login/{journey}/consent"
    parameters: { path: { tenant: string; journey: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200 | 404 | 'default', string> & Record<303, undefined>
  }
  /** Say yes or no. */
  decideConsent: {
    method: 'POST'
    url: "/t/{tenant}/login/{journey}/consent"
    parameters: { path: { tenant: string; journey: string }; query: {}; header: {} }
    body: { proof: string; answer: string }
    answers: Record<200 | 400 | 404 | 413 | 415 | 'default', string> & Record<303, undefined>
  }
  /** The institution's answer. */
  institutionCallback: {
    method: 'GET'
    url: "/t/{tenant}/callback/{provider}"
    parameters: { path: { tenant: string; provider: string }; query: { code?: string; state: string; iss?: string; error?: string }; header: {} }
    body: undefined
    answers: Record<303, undefined> & Record<400 | 403 | 'default', string>
  }
  /** Whether one is logged in. */
  showSession: {
    method: 'GET'
    url: "/t/{tenant}/session"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200 | 'default', string>
  }
  /** Log out here. */
  endSession: {
    method: 'POST'
    url: "/t/{tenant}/session"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200 | 'default', string>
  }
  /** Take back a yes. */
  withdrawConsent: {
    method: 'POST'
    url: "/t/{tenant}/session/consent"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: { client: string }
    answers: Record<303, undefined> & Record<404 | 413 | 415 | 'default', string>
  }
  /** Log the person out. */
  logOut: {
    method: 'GET'
    url: "/t/{tenant}/end_session"
    parameters: { path: { tenant: string }; query: { id_token_hint?: string; client_id?: string; post_logout_redirect_uri?: string; state?: string; ui_locales?: string }; header: {} }
    body: undefined
    answers: Record<200 | 400 | 404 | 429 | 503 | 'default', string> & Record<303, undefined>
  }
  /** Log the person out, by form. */
  logOutByForm: {
    method: 'POST'
    url: "/t/{tenant}/end_session"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: { id_token_hint?: string; client_id?: string; post_logout_redirect_uri?: string; state?: string; ui_locales?: string }
    answers: Record<200 | 400 | 404 | 413 | 415 | 429 | 503 | 'default', string> & Record<303, undefined>
  }
  /** Yes, log me out. */
  confirmLogOut: {
    method: 'POST'
    url: "/t/{tenant}/end_session/confirmation"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: { id_token_hint?: string; client_id?: string; post_logout_redirect_uri?: string; state?: string; ui_locales?: string }
    answers: Record<200 | 400 | 404 | 413 | 415 | 429 | 503 | 'default', string>
  }
  /** Begin a test login. */
  beginProviderTest: {
    method: 'GET'
    url: "/t/{tenant}/provider-test/{start}"
    parameters: { path: { tenant: string; start: string }; query: {}; header: {} }
    body: undefined
    answers: Record<303, undefined> & Record<404 | 'default', string>
  }
  /** See what came back. */
  showProviderTest: {
    method: 'GET'
    url: "/t/{tenant}/provider-test/{id}/result"
    parameters: { path: { tenant: string; id: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200 | 403 | 'default', string>
  }
  /** Where a person asks for their own data. */
  inviteToOwnData: {
    method: 'GET'
    url: "/t/{tenant}/privacy"
    parameters: { path: { tenant: string }; query: { error?: string }; header: {} }
    body: undefined
    answers: Record<200 | 'default', string>
  }
  /** Prove with a wallet that it is you. */
  beginOwnData: {
    method: 'POST'
    url: "/t/{tenant}/privacy"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200 | 400 | 'default', string>
  }
  /** What is held about the person. */
  showOwnData: {
    method: 'GET'
    url: "/t/{tenant}/privacy/{journey}"
    parameters: { path: { tenant: string; journey: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200 | 404 | 'default', string>
  }
  /** A copy of everything, as a file. */
  copyOwnData: {
    method: 'POST'
    url: "/t/{tenant}/privacy/{journey}/export"
    parameters: { path: { tenant: string; journey: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['PersonExport']> & Record<404 | 'default', string>
  }
  /** Erase attributes and categories. */
  eraseOwnAttributes: {
    method: 'POST'
    url: "/t/{tenant}/privacy/{journey}/attributes"
    parameters: { path: { tenant: string; journey: string }; query: {}; header: {} }
    body: Record<string, string>
    answers: Record<303, undefined> & Record<404 | 'default', string>
  }
  /** End a link. */
  unlinkOwn: {
    method: 'POST'
    url: "/t/{tenant}/privacy/{journey}/unlink"
    parameters: { path: { tenant: string; journey: string }; query: {}; header: {} }
    body: { match: string }
    answers: Record<303, undefined> & Record<404 | 'default', string>
  }
  /** Take back a yes. */
  withdrawOwnConsent: {
    method: 'POST'
    url: "/t/{tenant}/privacy/{journey}/consent"
    parameters: { path: { tenant: string; journey: string }; query: {}; header: {} }
    body: { client: string }
    answers: Record<303, undefined> & Record<404 | 'default', string>
  }
  /** Erase everything. */
  eraseOwnData: {
    method: 'POST'
    url: "/t/{tenant}/privacy/{journey}/erase"
    parameters: { path: { tenant: string; journey: string }; query: {}; header: {} }
    body: { sure: string }
    answers: Record<200 | 400 | 404 | 'default', string>
  }
  /** Send an authorization request ahead. */
  pushRequest: {
    method: 'POST'
    url: "/t/{tenant}/par"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: { response_type: string; client_id: string; redirect_uri: string; scope: string; state?: string; nonce?: string; code_challenge?: string; code_challenge_method?: string; idp_hint?: string; acr_values?: string; max_age?: string; prompt?: string; response_mode?: string; claims?: string; request_uri?: string; id_token_hint?: string; ui_locales?: string; client_secret?: string; client_assertion_type?: string; client_assertion?: string }
    answers: Record<201, { request_uri: string; expires_in: number }> & Record<400 | 401 | 413 | 415 | 429 | 'default', Schemas['OAuthError']>
  }
  /** Ask for tokens. */
  redeemCode: {
    method: 'POST'
    url: "/t/{tenant}/token"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: { grant_type: "authorization_code" | "refresh_token" | "client_credentials"; code?: string; redirect_uri?: string; code_verifier?: string; refresh_token?: string; scope?: string; resource?: string; client_id?: string; client_secret?: string; client_assertion_type?: string; client_assertion?: string }
    answers: Record<200, { access_token: string; token_type: "Bearer" | "DPoP"; expires_in: number; id_token?: string; refresh_token?: string; scope: string }> & Record<400 | 401 | 413 | 415 | 429 | 'default', Schemas['OAuthError']>
  }
  /** End a token. */
  revokeToken: {
    method: 'POST'
    url: "/t/{tenant}/revoke"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: { token: string; token_type_hint?: string; client_id?: string; client_secret?: string; client_assertion_type?: string; client_assertion?: string }
    answers: Record<200, undefined> & Record<400 | 401 | 413 | 415 | 429 | 'default', Schemas['OAuthError']>
  }
  /** Ask about a token. */
  introspectToken: {
    method: 'POST'
    url: "/t/{tenant}/introspect"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: { token: string; token_type_hint?: string; client_id?: string; client_secret?: string; client_assertion_type?: string; client_assertion?: string }
    answers: Record<200, { active: boolean; scope?: string; client_id?: string; sub?: string; exp?: number; [name: string]: unknown } | string> & Record<400 | 401 | 413 | 415 | 429 | 'default', Schemas['OAuthError']>
  }
  /** Register oneself. */
  registerByItself: {
    method: 'POST'
    url: "/t/{tenant}/register"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: { redirect_uris: readonly (string)[]; client_name?: string; token_endpoint_auth_method?: string; grant_types?: readonly (string)[]; jwks?: Record<string, unknown>; [name: string]: unknown }
    answers: Record<201, { client_id: string; client_secret?: string; redirect_uris: readonly (string)[]; [name: string]: unknown }> & Record<400 | 401 | 404 | 413 | 415 | 429 | 'default', Schemas['OAuthError']>
  }
  /** Claims about the person. */
  readUserinfo: {
    method: 'GET'
    url: "/t/{tenant}/userinfo"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, { sub: string; [name: string]: unknown } | string> & Record<401 | 403 | 429 | 'default', Schemas['OAuthError']>
  }
  /** Claims about the person, by POST. */
  readUserinfoByPost: {
    method: 'POST'
    url: "/t/{tenant}/userinfo"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, { sub: string; [name: string]: unknown } | string> & Record<401 | 403 | 429 | 'default', Schemas['OAuthError']>
  }
  /** Fetch events. */
  pollEvents: {
    method: 'POST'
    url: "/t/{tenant}/events/{id}/poll"
    parameters: { path: { tenant: string; id: string }; query: {}; header: {} }
    body: { maxEvents?: number; returnImmediately?: boolean; ack?: readonly (string)[]; setErrs?: Record<string, { err: string; description?: string }> }
    answers: Record<200, { sets: Record<string, string>; moreAvailable: boolean }> & Record<400 | 401 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Keys that verify ID tokens. */
  readKeys: {
    method: 'GET'
    url: "/t/{tenant}/jwks"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, { keys: readonly (Record<string, unknown>)[] }> & Record<304, undefined> & Record<404 | 'default', Schemas['OAuthError']>
  }
  /** The tenant's OpenID Provider metadata. */
  openidConfiguration: {
    method: 'GET'
    url: "/t/{tenant}/.well-known/openid-configuration"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, { issuer: string; authorization_endpoint: string; token_endpoint: string; jwks_uri: string; [name: string]: unknown }> & Record<404 | 'default', Schemas['OAuthError']>
  }
  /** The same document with the well-known part before the path. */
  openidConfigurationBeforePath: {
    method: 'GET'
    url: "/.well-known/openid-configuration/t/{tenant}"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, { issuer: string; authorization_endpoint: string; token_endpoint: string; jwks_uri: string; [name: string]: unknown }> & Record<404 | 'default', Schemas['OAuthError']>
  }
  /** The same document where RFC 8414 looks for it. */
  authorizationServerMetadata: {
    method: 'GET'
    url: "/.well-known/oauth-authorization-server/t/{tenant}"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, { issuer: string; authorization_endpoint: string; token_endpoint: string; jwks_uri: string; [name: string]: unknown }> & Record<404 | 'default', Schemas['OAuthError']>
  }
  /** Find a person by an identifier. */
  lookUpPerson: {
    method: 'POST'
    url: "/t/{tenant}/api/v1/lookup"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: Schemas['Lookup']
    answers: Record<200, Schemas['LookupAnswer']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Read a person. */
  readPerson: {
    method: 'GET'
    url: "/t/{tenant}/api/v1/identities/{identity}"
    parameters: { path: { tenant: string; identity: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['DataPerson']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Erase a person. */
  erasePerson: {
    method: 'DELETE'
    url: "/t/{tenant}/api/v1/identities/{identity}"
    parameters: { path: { tenant: string; identity: string }; query: {}; header: { "Idempotency-Key"?: string } }
    body: undefined
    answers: Record<200, Schemas['Erasure']> & Record<400 | 401 | 403 | 404 | 409 | 422 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Read a person's claims. */
  readPersonClaims: {
    method: 'GET'
    url: "/t/{tenant}/api/v1/identities/{identity}/claims"
    parameters: { path: { tenant: string; identity: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['PersonClaims']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** What to add to a token. */
  enrichToken: {
    method: 'POST'
    url: "/t/{tenant}/api/v1/enrichment"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: Schemas['EnrichmentRequest']
    answers: Record<200, Schemas['Enrichment']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Read all auxiliary data of a person. */
  listAuxiliary: {
    method: 'GET'
    url: "/t/{tenant}/api/v1/identities/{identity}/auxiliary"
    parameters: { path: { tenant: string; identity: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['AuxiliaryList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Read one category. */
  readAuxiliary: {
    method: 'GET'
    url: "/t/{tenant}/api/v1/identities/{identity}/auxiliary/{category}"
    parameters: { path: { tenant: string; identity: string; category: string }; query: {}; header: { "If-None-Match"?: string } }
    body: undefined
    answers: Record<200, Schemas['Auxiliary']> & Record<304, undefined> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Put one category. */
  putAuxiliary: {
    method: 'PUT'
    url: "/t/{tenant}/api/v1/identities/{identity}/auxiliary/{category}"
    parameters: { path: { tenant: string; identity: string; category: string }; query: {}; header: { "If-Match"?: string; "If-None-Match"?: string; "Idempotency-Key"?: string } }
    body: Schemas['NewAuxiliary']
    answers: Record<200 | 201, Schemas['WrittenAuxiliary']> & Record<400 | 401 | 403 | 404 | 409 | 412 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Remove one category. */
  deleteAuxiliary: {
    method: 'DELETE'
    url: "/t/{tenant}/api/v1/identities/{identity}/auxiliary/{category}"
    parameters: { path: { tenant: string; identity: string; category: string }; query: {}; header: { "If-Match"?: string; "Idempotency-Key"?: string } }
    body: undefined
    answers: Record<204, undefined> & Record<400 | 401 | 403 | 404 | 409 | 412 | 422 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** List a person's wallets. */
  listDevices: {
    method: 'GET'
    url: "/t/{tenant}/api/v1/identities/{identity}/devices"
    parameters: { path: { tenant: string; identity: string }; query: { cursor?: string; limit?: string }; header: {} }
    body: undefined
    answers: Record<200, Schemas['DeviceList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Revoke a wallet. */
  revokeDevice: {
    method: 'DELETE'
    url: "/t/{tenant}/api/v1/identities/{identity}/devices/{device}"
    parameters: { path: { tenant: string; identity: string; device: string }; query: {}; header: { "Idempotency-Key"?: string } }
    body: undefined
    answers: Record<204, undefined> & Record<400 | 401 | 403 | 404 | 409 | 422 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Create a tenant. */
  createTenant: {
    method: 'POST'
    url: "/admin/v1/tenants"
    parameters: { path: {}; query: {}; header: {} }
    body: Schemas['NewTenant']
    answers: Record<201, Schemas['Tenant']> & Record<400 | 401 | 403 | 409 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** List tenants. */
  listTenants: {
    method: 'GET'
    url: "/admin/v1/tenants"
    parameters: { path: {}; query: { cursor?: string; limit?: string }; header: {} }
    body: undefined
    answers: Record<200, Schemas['TenantList']> & Record<400 | 401 | 403 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Read a tenant. */
  readTenant: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['Tenant']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Change settings of a tenant. */
  updateTenant: {
    method: 'PATCH'
    url: "/admin/v1/tenants/{tenant}"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: Schemas['TenantChange']
    answers: Record<200, Schemas['Tenant']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Replace the certificate that wallet requests are signed under. */
  replaceRequestCertificate: {
    method: 'PUT'
    url: "/admin/v1/tenants/{tenant}/request-certificate"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: Schemas['RequestIdentityChoice']
    answers: Record<200, Schemas['RequestCertificate']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** List the keys a tenant signs with. */
  listSigningKeys: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/signing-keys"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['SigningKeyList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Publish the next key for tokens. */
  rotateSigningKey: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/signing-keys"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: Schemas['SigningKeyRotation']
    answers: Record<201, Schemas['PublishedSigningKey']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Remove a key for tokens at once. */
  removeSigningKey: {
    method: 'DELETE'
    url: "/admin/v1/tenants/{tenant}/signing-keys/{kid}"
    parameters: { path: { tenant: string; kid: string }; query: {}; header: {} }
    body: undefined
    answers: Record<204, undefined> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Register a relying party. */
  registerRelyingParty: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/relying-parties"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: Schemas['NewRelyingParty']
    answers: Record<201, Schemas['RelyingPartyWithSecret']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** List relying parties. */
  listRelyingParties: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/relying-parties"
    parameters: { path: { tenant: string }; query: { cursor?: string; limit?: string }; header: {} }
    body: undefined
    answers: Record<200, Schemas['RelyingPartyList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Read a relying party. */
  readRelyingParty: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/relying-parties/{client_id}"
    parameters: { path: { tenant: string; client_id: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['RelyingParty']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Change a relying party, rotate its secret, or switch it off. */
  updateRelyingParty: {
    method: 'PATCH'
    url: "/admin/v1/tenants/{tenant}/relying-parties/{client_id}"
    parameters: { path: { tenant: string; client_id: string }; query: {}; header: {} }
    body: Schemas['RelyingPartyChange']
    answers: Record<200, Schemas['RelyingPartyWithSecret']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** See what a relying party's tokens have to hold. */
  readTokenContract: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/relying-parties/{client_id}/contract"
    parameters: { path: { tenant: string; client_id: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['TokenContract']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Record what its tokens hold, anew. */
  recordTokenContract: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/relying-parties/{client_id}/contract"
    parameters: { path: { tenant: string; client_id: string }; query: {}; header: {} }
    body: Schemas['TokenContractRecording']
    answers: Record<204, undefined> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Compare its tokens with nothing any more. */
  dropTokenContract: {
    method: 'DELETE'
    url: "/admin/v1/tenants/{tenant}/relying-parties/{client_id}/contract"
    parameters: { path: { tenant: string; client_id: string }; query: {}; header: {} }
    body: undefined
    answers: Record<204, undefined> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Store a registration certificate. */
  putRegistrationCertificate: {
    method: 'PUT'
    url: "/admin/v1/tenants/{tenant}/registration-certificates"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: Schemas['NewRegistrationCertificate']
    answers: Record<200, Schemas['RegistrationCertificate']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** List registration certificates. */
  listRegistrationCertificates: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/registration-certificates"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['RegistrationCertificateList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Remove a registration certificate. */
  removeRegistrationCertificate: {
    method: 'DELETE'
    url: "/admin/v1/tenants/{tenant}/registration-certificates/{id}"
    parameters: { path: { tenant: string; id: string }; query: {}; header: {} }
    body: undefined
    answers: Record<204, undefined> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Give a relying party an access certificate of its own. */
  replaceAccessCertificate: {
    method: 'PUT'
    url: "/admin/v1/tenants/{tenant}/relying-parties/{client_id}/request-certificate"
    parameters: { path: { tenant: string; client_id: string }; query: {}; header: {} }
    body: Schemas['RequestIdentityChoice']
    answers: Record<200, Schemas['RequestCertificate']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Let a relying party ask in the tenant’s name again. */
  dropAccessCertificate: {
    method: 'DELETE'
    url: "/admin/v1/tenants/{tenant}/relying-parties/{client_id}/request-certificate"
    parameters: { path: { tenant: string; client_id: string }; query: {}; header: {} }
    body: undefined
    answers: Record<204, undefined> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** How new the trusted lists are that the trust policy names. */
  readTrustedLists: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/trusted-lists"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['TrustedListStates']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** How new what others publish about certificates and keys is. */
  readTrustAnswers: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/trust-answers"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['TrustAnswerStates']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** What ends when. */
  readExpiryCalendar: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/expiry-calendar"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['ExpiryCalendar']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Accept machine tokens of the tenant's own authorization server. */
  trustAuthorizationServer: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/authorization-servers"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: Schemas['NewAuthorizationServer']
    answers: Record<201, Schemas['AuthorizationServer']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** List the authorization servers that are accepted. */
  listAuthorizationServers: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/authorization-servers"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['AuthorizationServerList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** No longer accept tokens of an authorization server. */
  distrustAuthorizationServer: {
    method: 'DELETE'
    url: "/admin/v1/tenants/{tenant}/authorization-servers/{id}"
    parameters: { path: { tenant: string; id: string }; query: {}; header: {} }
    body: undefined
    answers: Record<204, undefined> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Make an initial access token. */
  createRegistrationToken: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/registration-tokens"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: Schemas['NewRegistrationToken']
    answers: Record<201, Schemas['CreatedRegistrationToken']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** List initial access tokens. */
  listRegistrationTokens: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/registration-tokens"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['RegistrationTokenList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** End an initial access token. */
  revokeRegistrationToken: {
    method: 'DELETE'
    url: "/admin/v1/tenants/{tenant}/registration-tokens/{id}"
    parameters: { path: { tenant: string; id: string }; query: {}; header: {} }
    body: undefined
    answers: Record<204, undefined> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Tell somebody of events. */
  subscribeToEvents: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/event-subscriptions"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: Schemas['NewEventSubscription']
    answers: Record<201, Schemas['EventSubscriptionWithSecret']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** List who hears of events. */
  listEventSubscriptions: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/event-subscriptions"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['EventSubscriptionList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Read one of them. */
  readEventSubscription: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/event-subscriptions/{id}"
    parameters: { path: { tenant: string; id: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['EventSubscription']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Change address or events, switch on or off. */
  updateEventSubscription: {
    method: 'PATCH'
    url: "/admin/v1/tenants/{tenant}/event-subscriptions/{id}"
    parameters: { path: { tenant: string; id: string }; query: {}; header: {} }
    body: Schemas['EventSubscriptionChange']
    answers: Record<200, Schemas['EventSubscription']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Tell somebody nothing more. */
  endEventSubscription: {
    method: 'DELETE'
    url: "/admin/v1/tenants/{tenant}/event-subscriptions/{id}"
    parameters: { path: { tenant: string; id: string }; query: {}; header: {} }
    body: undefined
    answers: Record<204, undefined> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Make a new secret beside the one there is. */
  addEventSecret: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/event-subscriptions/{id}/secrets"
    parameters: { path: { tenant: string; id: string }; query: {}; header: {} }
    body: undefined
    answers: Record<201, Schemas['EventSubscriptionWithSecret']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** End the older secret. */
  endOldEventSecret: {
    method: 'DELETE'
    url: "/admin/v1/tenants/{tenant}/event-subscriptions/{id}/secrets/old"
    parameters: { path: { tenant: string; id: string }; query: {}; header: {} }
    body: undefined
    answers: Record<204, undefined> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** See what became of events. */
  listEvents: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/events"
    parameters: { path: { tenant: string }; query: { state?: "waiting" | "delivered" | "dead"; limit?: string; cursor?: string }; header: {} }
    body: undefined
    answers: Record<200, Schemas['EventDeliveryList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Offer an event once more. */
  replayEvent: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/events/{id}/replay"
    parameters: { path: { tenant: string; id: string }; query: {}; header: {} }
    body: undefined
    answers: Record<204, undefined> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Register an institution's OpenID provider. */
  registerProvider: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/providers"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: Schemas['NewProvider']
    answers: Record<201, Schemas['Provider']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** List providers. */
  listProviders: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/providers"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['ProviderList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Read a provider. */
  readProvider: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/providers/{provider}"
    parameters: { path: { tenant: string; provider: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['Provider']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Switch a provider on or off, rotate its secret, change its mappings or demands. */
  updateProvider: {
    method: 'PATCH'
    url: "/admin/v1/tenants/{tenant}/providers/{provider}"
    parameters: { path: { tenant: string; provider: string }; query: {}; header: {} }
    body: Schemas['ProviderChange']
    answers: Record<200, Schemas['Provider']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Remove a provider that nothing hangs on. */
  deleteProvider: {
    method: 'DELETE'
    url: "/admin/v1/tenants/{tenant}/providers/{provider}"
    parameters: { path: { tenant: string; provider: string }; query: {}; header: {} }
    body: undefined
    answers: Record<204, undefined> & Record<400 | 401 | 403 | 404 | 409 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** See what sample claims of a provider would become. */
  previewMapping: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/providers/{provider}/mapping-preview"
    parameters: { path: { tenant: string; provider: string }; query: {}; header: {} }
    body: Schemas['MappingSample']
    answers: Record<200, Schemas['MappingPreview']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Begin a test login. */
  createProviderTest: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/providers/{provider}/tests"
    parameters: { path: { tenant: string; provider: string }; query: {}; header: {} }
    body: undefined
    answers: Record<201, Schemas['NewProviderTest']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Read how a test login ended. */
  readProviderTest: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/providers/{provider}/tests/{test}"
    parameters: { path: { tenant: string; provider: string; test: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['ProviderTest']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Publish a policy document. */
  publishPolicy: {
    method: 'PUT'
    url: "/admin/v1/tenants/{tenant}/policies/{kind}"
    parameters: { path: { tenant: string; kind: "trust" | "query" | "attributes" | "material" | "selector" }; query: {}; header: {} }
    body: Schemas['PolicyDocument']
    answers: Record<200, Schemas['PublishedPolicy']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Read the current policy document of a kind. */
  readPolicy: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/policies/{kind}"
    parameters: { path: { tenant: string; kind: "trust" | "query" | "attributes" | "material" | "selector" }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['Policy']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** List the versions of every kind, newest first. */
  listPolicyVersions: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/policies"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['PolicyHistory']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Read a policy document by its version. */
  readPolicyVersion: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/policies/{kind}/versions/{version}"
    parameters: { path: { tenant: string; kind: "trust" | "query" | "attributes" | "material" | "selector"; version: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['Policy']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Go back to an older version of a policy document. */
  restorePolicy: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/policies/{kind}/restore"
    parameters: { path: { tenant: string; kind: "trust" | "query" | "attributes" | "material" | "selector" }; query: {}; header: {} }
    body: Schemas['PolicyRestoration']
    answers: Record<200, Schemas['PublishedPolicy']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 422 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Save a policy document as a draft. */
  savePolicyDraft: {
    method: 'PUT'
    url: "/admin/v1/tenants/{tenant}/policy-drafts/{kind}"
    parameters: { path: { tenant: string; kind: "trust" | "query" | "attributes" | "material" | "selector" }; query: {}; header: {} }
    body: Schemas['UnjudgedDocument']
    answers: Record<200, Schemas['PolicyDraft']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Give a draft up. */
  dropPolicyDraft: {
    method: 'DELETE'
    url: "/admin/v1/tenants/{tenant}/policy-drafts/{kind}"
    parameters: { path: { tenant: string; kind: "trust" | "query" | "attributes" | "material" | "selector" }; query: {}; header: {} }
    body: undefined
    answers: Record<204, undefined> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Read the drafts with their documents. */
  listPolicyDrafts: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/policy-drafts"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['PolicyDraftList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Judge the drafts, or documents sent along. */
  validatePolicies: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/policy-drafts/validate"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: Schemas['PolicyCheck']
    answers: Record<200, Schemas['PolicyVerdict']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Publish the validated drafts. */
  publishDrafts: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/policy-drafts/publish"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['PublishedPolicies']> & Record<400 | 401 | 403 | 404 | 409 | 422 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** See what publishing the drafts, or documents sent along, would change. */
  planPolicies: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/policy-drafts/plan"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: Schemas['PolicyTrial']
    answers: Record<200, Schemas['PolicyPlan']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Ask what the drafts, or documents sent along, make of recorded logins, and why. */
  explainPolicies: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/policy-drafts/explain"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: Schemas['PolicyTrial']
    answers: Record<200, Schemas['PolicyExplanation']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Compare two versions of a policy document. */
  comparePolicies: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/policies/{kind}/compare"
    parameters: { path: { tenant: string; kind: "trust" | "query" | "attributes" | "material" | "selector" }; query: {}; header: {} }
    body: Schemas['PolicyComparison']
    answers: Record<200, Schemas['PolicyDifference']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Find a person by an identifier. */
  findIdentity: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/identities/find"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: Schemas['NamedIdentifier']
    answers: Record<200, Schemas['Identity']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Read a person. */
  readIdentity: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/identities/{identity}"
    parameters: { path: { tenant: string; identity: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['Identity']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** End a link. */
  unlink: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/identities/{identity}/matches/{match}/unlink"
    parameters: { path: { tenant: string; identity: string; match: string }; query: {}; header: {} }
    body: Schemas['UnlinkRequest']
    answers: Record<200, Schemas['Identity']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Restore a link. */
  restoreLink: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/identities/{identity}/matches/{match}/restore"
    parameters: { path: { tenant: string; identity: string; match: string }; query: {}; header: {} }
    body: Schemas['Nothing']
    answers: Record<200, Schemas['Identity']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Merge two persons found to be one. */
  mergeIdentities: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/merges"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: Schemas['NewMerge']
    answers: Record<200, Schemas['Merge']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Take a merge back. */
  splitIdentities: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/merges/{merge}/split"
    parameters: { path: { tenant: string; merge: string }; query: {}; header: {} }
    body: Schemas['Nothing']
    answers: Record<200, Schemas['Merge']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** List what a person agreed to. */
  listConsents: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/identities/{identity}/consents"
    parameters: { path: { tenant: string; identity: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['ConsentList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Take back what a person agreed to. */
  withdrawConsentFor: {
    method: 'DELETE'
    url: "/admin/v1/tenants/{tenant}/identities/{identity}/consents/{client_id}"
    parameters: { path: { tenant: string; identity: string; client_id: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['ConsentList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Restrict processing. */
  restrictIdentity: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/identities/{identity}/restrict"
    parameters: { path: { tenant: string; identity: string }; query: {}; header: {} }
    body: Schemas['Nothing']
    answers: Record<200, Schemas['Identity']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Lift a restriction. */
  liftRestriction: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/identities/{identity}/lift-restriction"
    parameters: { path: { tenant: string; identity: string }; query: {}; header: {} }
    body: Schemas['Nothing']
    answers: Record<200, Schemas['Identity']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Export everything held about a person. */
  exportIdentity: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/identities/{identity}/export"
    parameters: { path: { tenant: string; identity: string }; query: {}; header: {} }
    body: Schemas['Nothing']
    answers: Record<200, Schemas['PersonExport']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Export by an identifier. */
  exportByIdentifier: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/exports"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: Schemas['NamedIdentifier']
    answers: Record<200, Schemas['PersonExport']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Erase a person. */
  eraseIdentity: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/identities/{identity}/erase"
    parameters: { path: { tenant: string; identity: string }; query: {}; header: {} }
    body: Schemas['ErasureRequest']
    answers: Record<200, Schemas['Erasure']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Erase whoever has an identifier. */
  eraseByIdentifier: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/erasures"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: Schemas['IdentifierErasureRequest']
    answers: Record<200, Schemas['Erasure']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Say what an erasure of many people needs. */
  changeErasurePolicy: {
    method: 'PUT'
    url: "/admin/v1/tenants/{tenant}/erasure-policy"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: Schemas['ErasurePolicy']
    answers: Record<200, Schemas['ErasurePolicy']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** List erasures of many people. */
  listErasureRequests: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/erasure-requests"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['BulkErasureList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Have many people erased. */
  requestErasures: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/erasure-requests"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: Schemas['NewBulkErasure']
    answers: Record<200, Schemas['BulkErasure']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Approve an erasure of many. */
  approveErasures: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/erasure-requests/{id}/approve"
    parameters: { path: { tenant: string; id: string }; query: {}; header: {} }
    body: Schemas['Nothing']
    answers: Record<200, Schemas['BulkErasure']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Cancel an erasure of many. */
  cancelErasures: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/erasure-requests/{id}/cancel"
    parameters: { path: { tenant: string; id: string }; query: {}; header: {} }
    body: Schemas['Nothing']
    answers: Record<200, Schemas['BulkErasure']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** How long each kind of data is kept, and what is due. */
  readRetention: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/retention"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['RetentionTable']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Say how long a kind of data is kept, and why. */
  changeRetention: {
    method: 'PUT'
    url: "/admin/v1/tenants/{tenant}/retention/{data}"
    parameters: { path: { tenant: string; data: "links" | "ended_links" | "auxiliary" | "logins" | "grants" | "repeats" | "messages" | "audit_events" | "receipts" }; query: {}; header: {} }
    body: Schemas['RetentionRule']
    answers: Record<200, Schemas['RetentionEntry']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** What would go, without touching anything. */
  planRetention: {
    method: 'POST'
    url: "/admin/v1/tenants/{tenant}/retention/plan"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: Schemas['RetentionTrial']
    answers: Record<200, Schemas['RetentionPlan']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** The record of processing (Art. 30 GDPR), written from the configuration. */
  readProcessingRecord: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/record-of-processing"
    parameters: { path: { tenant: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['ProcessingRecord']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** List the runs of key migrations. */
  listKeyMigrations: {
    method: 'GET'
    url: "/admin/v1/key-migrations"
    parameters: { path: {}; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['KeyMigrationList']> & Record<400 | 401 | 403 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Bring everything to the current version of a key. */
  startKeyMigration: {
    method: 'POST'
    url: "/admin/v1/key-migrations"
    parameters: { path: {}; query: {}; header: {} }
    body: Schemas['NewKeyMigration']
    answers: Record<201, Schemas['KeyMigration']> & Record<400 | 401 | 403 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Read one run. */
  readKeyMigration: {
    method: 'GET'
    url: "/admin/v1/key-migrations/{version}"
    parameters: { path: { version: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['KeyMigration']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** What lies under which version of a key. */
  forecastKey: {
    method: 'GET'
    url: "/admin/v1/key-forecasts/{key}"
    parameters: { path: { key: "A" | "B" | "C" }; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['KeyForecast']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Pause a run. */
  pauseKeyMigration: {
    method: 'POST'
    url: "/admin/v1/key-migrations/{version}/pause"
    parameters: { path: { version: string }; query: {}; header: {} }
    body: Schemas['Nothing']
    answers: Record<200, Schemas['KeyMigration']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Resume a run. */
  resumeKeyMigration: {
    method: 'POST'
    url: "/admin/v1/key-migrations/{version}/resume"
    parameters: { path: { version: string }; query: {}; header: {} }
    body: Schemas['Nothing']
    answers: Record<200, Schemas['KeyMigration']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Cancel a run. */
  cancelKeyMigration: {
    method: 'POST'
    url: "/admin/v1/key-migrations/{version}/cancel"
    parameters: { path: { version: string }; query: {}; header: {} }
    body: Schemas['Nothing']
    answers: Record<200, Schemas['KeyMigration']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Take a run back. */
  rollbackKeyMigration: {
    method: 'POST'
    url: "/admin/v1/key-migrations/{version}/rollback"
    parameters: { path: { version: string }; query: {}; header: {} }
    body: Schemas['Nothing']
    answers: Record<200, Schemas['KeyMigration']> & Record<400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** List background jobs. */
  listJobs: {
    method: 'GET'
    url: "/admin/v1/jobs"
    parameters: { path: {}; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['JobList']> & Record<400 | 401 | 403 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Pause a job. */
  pauseJob: {
    method: 'POST'
    url: "/admin/v1/jobs/{job}/pause"
    parameters: { path: { job: string }; query: {}; header: {} }
    body: Schemas['Nothing']
    answers: Record<200, Schemas['Job']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Resume a job. */
  resumeJob: {
    method: 'POST'
    url: "/admin/v1/jobs/{job}/resume"
    parameters: { path: { job: string }; query: {}; header: {} }
    body: Schemas['Nothing']
    answers: Record<200, Schemas['Job']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Make a job due now. */
  hastenJob: {
    method: 'POST'
    url: "/admin/v1/jobs/{job}/hasten"
    parameters: { path: { job: string }; query: {}; header: {} }
    body: Schemas['Nothing']
    answers: Record<200, Schemas['Job']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Make an admin token. */
  createAdminToken: {
    method: 'POST'
    url: "/admin/v1/tokens"
    parameters: { path: {}; query: {}; header: {} }
    body: Schemas['NewAdminToken']
    answers: Record<201, Schemas['CreatedAdminToken']> & Record<400 | 401 | 403 | 404 | 413 | 415 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** List admin tokens. */
  listAdminTokens: {
    method: 'GET'
    url: "/admin/v1/tokens"
    parameters: { path: {}; query: {}; header: {} }
    body: undefined
    answers: Record<200, Schemas['AdminTokenList']> & Record<400 | 401 | 403 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Revoke an admin token. */
  revokeAdminToken: {
    method: 'DELETE'
    url: "/admin/v1/tokens/{id}"
    parameters: { path: { id: string }; query: {}; header: {} }
    body: undefined
    answers: Record<204, undefined> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Read a tenant's audit trail. */
  listTenantAuditEvents: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/audit-events"
    parameters: { path: { tenant: string }; query: { cursor?: string; limit?: string; type?: string; client_id?: string; from?: string; until?: string; correlation_id?: string }; header: {} }
    body: undefined
    answers: Record<200, Schemas['AuditEventList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Read the audit trail of what belongs to no tenant. */
  listSystemAuditEvents: {
    method: 'GET'
    url: "/admin/v1/audit-events"
    parameters: { path: {}; query: { cursor?: string; limit?: string; type?: string; client_id?: string; from?: string; until?: string; correlation_id?: string }; header: {} }
    body: undefined
    answers: Record<200, Schemas['AuditEventList']> & Record<400 | 401 | 403 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Read the signed checkpoints of a tenant's audit trail. */
  listTenantCheckpoints: {
    method: 'GET'
    url: "/admin/v1/tenants/{tenant}/audit-checkpoints"
    parameters: { path: { tenant: string }; query: { cursor?: string; limit?: string }; header: {} }
    body: undefined
    answers: Record<200, Schemas['AuditCheckpointList']> & Record<400 | 401 | 403 | 404 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Read the signed checkpoints of the audit trail of what belongs to no tenant. */
  listSystemCheckpoints: {
    method: 'GET'
    url: "/admin/v1/audit-checkpoints"
    parameters: { path: {}; query: { cursor?: string; limit?: string }; header: {} }
    body: undefined
    answers: Record<200, Schemas['AuditCheckpointList']> & Record<400 | 401 | 403 | 429 | 503 | 'default', Schemas['Problem']>
  }
  /** Find a person, or sign in. */
  showCompliancePage: {
    method: 'GET'
    url: "/compliance"
    parameters: { path: {}; query: {}; header: {} }
    body: undefined
    answers: Record<200 | 'default', string>
  }
  /** Sign in with an admin token. */
  beginComplianceSession: {
    method: 'POST'
    url: "/compliance/session"
    parameters: { path: {}; query: {}; header: {} }
    body: { tenant: string; token: string }
    answers: Record<303, undefined> & Record<401 | 'default', string>
  }
  /** Sign out. */
  endComplianceSession: {
    method: 'POST'
    url: "/compliance/session/end"
    parameters: { path: {}; query: {}; header: {} }
    body: { csrf: string }
    answers: Record<303, undefined> & Record<'default', string>
  }
  /** Find a person. */
  findOnCompliancePage: {
    method: 'POST'
    url: "/compliance/find"
    parameters: { path: {}; query: {}; header: {} }
    body: { csrf: string; by: string; value: string }
    answers: Record<303, undefined> & Record<400 | 404 | 409 | 'default', string>
  }
  /** What is held about a person, as counts. */
  showPersonToStaff: {
    method: 'GET'
    url: "/compliance/people/{identity}"
    parameters: { path: { identity: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200 | 404 | 'default', string> & Record<303, undefined>
  }
  /** End a link. */
  unlinkOnCompliancePage: {
    method: 'POST'
    url: "/compliance/people/{identity}/unlink"
    parameters: { path: { identity: string }; query: {}; header: {} }
    body: { csrf: string; match: string; reason: string }
    answers: Record<303, undefined> & Record<404 | 'default', string>
  }
  /** Bring a link back. */
  restoreOnCompliancePage: {
    method: 'POST'
    url: "/compliance/people/{identity}/restore"
    parameters: { path: { identity: string }; query: {}; header: {} }
    body: { csrf: string; match: string }
    answers: Record<303, undefined> & Record<404 | 'default', string>
  }
  /** Restrict processing, or lift it. */
  restrictOnCompliancePage: {
    method: 'POST'
    url: "/compliance/people/{identity}/restriction"
    parameters: { path: { identity: string }; query: {}; header: {} }
    body: { csrf: string; restricted: string }
    answers: Record<303, undefined> & Record<404 | 'default', string>
  }
  /** Export everything held about a person. */
  exportOnCompliancePage: {
    method: 'POST'
    url: "/compliance/people/{identity}/export"
    parameters: { path: { identity: string }; query: {}; header: {} }
    body: { csrf: string }
    answers: Record<200, Schemas['PersonExport']> & Record<303, undefined> & Record<404 | 'default', string>
  }
  /** What would go, and the question. */
  askToErase: {
    method: 'GET'
    url: "/compliance/people/{identity}/erase"
    parameters: { path: { identity: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200 | 404 | 'default', string> & Record<303, undefined>
  }
  /** Erase a person. */
  eraseOnCompliancePage: {
    method: 'POST'
    url: "/compliance/people/{identity}/erase"
    parameters: { path: { identity: string }; query: {}; header: {} }
    body: { csrf: string; ground: string; sure: string }
    answers: Record<303, undefined> & Record<404 | 'default', string>
  }
  /** The receipt of an erasure. */
  showReceipt: {
    method: 'GET'
    url: "/compliance/people/{identity}/receipt"
    parameters: { path: { identity: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200 | 404 | 'default', string> & Record<303, undefined>
  }
  /** The receipt as a file. */
  downloadReceipt: {
    method: 'GET'
    url: "/compliance/people/{identity}/receipt.jwt"
    parameters: { path: { identity: string }; query: {}; header: {} }
    body: undefined
    answers: Record<200 | 404 | 'default', string> & Record<303, undefined>
  }
  /** The process answers. */
  health: {
    method: 'GET'
    url: "/health"
    parameters: { path: {}; query: {}; header: {} }
    body: undefined
    answers: Record<200, { status: "up" | "down" }> & Record<'default', Schemas['Problem']>
  }
  /** The process can serve. */
  ready: {
    method: 'GET'
    url: "/ready"
    parameters: { path: {}; query: {}; header: {} }
    body: undefined
    answers: Record<200 | 503, { status: "up" | "down"; database: "up" | "down"; keyring: "up" | "down"; schema: "up" | "down" }> & Record<'default', Schemas['Problem']>
  }
  /** Prometheus metrics. */
  metrics: {
    method: 'GET'
    url: "/metrics"
    parameters: { path: {}; query: {}; header: {} }
    body: undefined
    answers: Record<200, string> & Record<'default', Schemas['Problem']>
  }
  /** The picture beside a page’s title. */
  icon: {
    method: 'GET'
    url: "/favicon.ico"
    parameters: { path: {}; query: {}; header: {} }
    body: undefined
    answers: Record<200, string> & Record<'default', Schemas['Problem']>
  }
  /** This description. */
  readDescription: {
    method: 'GET'
    url: "/openapi.yaml"
    parameters: { path: {}; query: {}; header: {} }
    body: undefined
    answers: Record<200, string> & Record<'default', Schemas['Problem']>
  }
  /** This description as a page. */
  readReference: {
    method: 'GET'
    url: "/reference"
    parameters: { path: {}; query: {}; header: {} }
    body: undefined
    answers: Record<200 | 'default', string>
  }
}
