/**
 * The tables as Kysely knows them, column by column as in `sql/`. A row does not leave this room: every store file
 * turns it into a value of its own. `created_at` and keys are typed so that no update can carry them.
 */

import type { ColumnType } from 'kysely'
import type { Way } from '../domain/assurance.ts'
import type { ClientProfile } from '../domain/client-profile.ts'
import type { ErasureGround } from '../domain/erasure.ts'
import type { OutboxType } from '../domain/event.ts'
import type {
  BindingId,
  ClientId,
  CorrelationId,
  ErasureId,
  ErasureRequestId,
  EventId,
  GrantId,
  IdentityId,
  JourneyId,
  LedgerLineId,
  MatchId,
  MergeId,
  ProviderId,
  SessionId,
  SubscriptionId,
  TenantId,
} from '../domain/ids.ts'
import type { DataKind } from '../domain/retention.ts'
import type {
  HolderHash,
  IdentifierType,
  InstitutionHash,
  NoHolder,
  Sealed,
  SecretHash,
} from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { TokenAlgorithm } from '../domain/token-algorithm.ts'

/** A column that is written once. */
type Fixed<T> = ColumnType<T, T, never>
/** A column with a default in the database. */
type Defaulted<T> = ColumnType<T, T | undefined, T>
type Flag = 0 | 1

export interface TenantTable {
  id: Fixed<TenantId>
  slug: Fixed<string>
  name_en: string
  name_nl: string
  colour: string
  notice_url: string | null
  enabled: Defaulted<Flag>
  cross_device: Defaulted<Flag>
  digital_credentials: Defaulted<Flag>
  haip: Defaulted<Flag>
  direct_login: Defaulted<Flag>
  require_pushed_authorization_requests: Defaulted<Flag>
  consent: Defaulted<Flag>
  single_sign_on_minutes: Defaulted<number>
  trust_four_eyes: Defaulted<Flag>
  last_used: Defaulted<'exact' | 'day'>
  client_id_prefix: Defaulted<'x509_hash' | 'x509_san_dns'>
  response_mode: Defaulted<'direct_post' | 'direct_post.jwt'>
  wallet_scheme: Defaulted<string>
  revision: Defaulted<number>
  created_at: Fixed<IsoInstant>
  updated_at: IsoInstant
  ended_at: IsoInstant | null
}

export interface IdentityMatchTable {
  id: Fixed<MatchId>
  tenant_id: Fixed<TenantId>
  identifier_hash: HolderHash | InstitutionHash | `deleted:${string}`
  identifier_type: Fixed<IdentifierType>
  internal_identity_id: IdentityId
  hash_key_version: number
  metadata_json: string | null
  created_at: Fixed<IsoInstant>
  updated_at: IsoInstant
  last_used_at: IsoInstant
  deleted_at: IsoInstant | null
  deletion_reason: string | null
  hash_key: Fixed<'A' | 'B'>
  deleted_identifier_hash: HolderHash | InstitutionHash | null
}

export interface IdentityLinkBindingTable {
  id: Fixed<BindingId>
  tenant_id: Fixed<TenantId>
  match_id: MatchId
  holder_identifier_hash: HolderHash | NoHolder
  holder_hash_key_version: number
  institution_identifier_hash: InstitutionHash | null
  institution_hash_key_version: number | null
  encrypted_institution_id: Sealed | null
  encrypted_institution_id_key_version: number | null
  persisted_attributes_envelope: Sealed | null
  provider_id: ProviderId | null
  institution_id_label: string | null
  assurance_summary: string | null
  canonical_schema_version: string | null
  material_profile_version: string | null
  selector_rule_version: string | null
  material_fingerprints: string | null
  created_at: Fixed<IsoInstant>
  updated_at: IsoInstant
  last_used_at: IsoInstant
  reconcile_time: IsoInstant | null
  deleted_at: IsoInstant | null
  deletion_reason: string | null
  key_identity_id: IdentityId | null
  expires_at: IsoInstant | null
  stale_since: IsoInstant | null
  credential_status: Sealed | null
  status_due_at: IsoInstant | null
  inactivity_warned_at: IsoInstant | null
}

export interface ReconciliationProviderTable {
  id: Fixed<ProviderId>
  name: string
  oidc_client_id: string
  identifier_attr_name: Defaulted<string>
  enabled: Defaulted<Flag>
  attribute_mappings: string | null
  assurance_acr: string | null
  assurance_amr: string | null
  created_at: Fixed<IsoInstant>
  updated_at: IsoInstant
  tenant_id: Fixed<TenantId>
  slug: Fixed<string>
  issuer: Fixed<string>
  client_auth_method: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'
  sealed_client_secret: Sealed | null
  scopes: string
  metadata: string
  allowed_organizations: string | null
  institution: Fixed<string | null>
  email_is_proof: Defaulted<Flag>
  last_success_at: IsoInstant | null
  last_failure_at: IsoInstant | null
  last_failure: string | null
}

export interface ReconciliationSessionTable {
  id: Fixed<SessionId>
  tenant_id: Fixed<TenantId>
  status: 'PENDING' | 'AUTHORIZED' | 'COMPLETED' | 'FAILED' | 'EXPIRED'
  identifier_hash: HolderHash | null
  identifier_type: IdentifierType | null
  provider_id: Fixed<ProviderId>
  authorization_url: string | null
  state: SecretHash | null
  nonce: Sealed | null
  code_verifier: Sealed | null
  redirect_uri: string | null
  token_endpoint: string | null
  encrypted_identity: Sealed | null
  encrypted_identity_key_version: number | null
  error_message: string | null
  created_at: Fixed<IsoInstant>
  expires_at: Fixed<IsoInstant>
  journey_id: Fixed<JourneyId>
  provider_updated_at: Fixed<IsoInstant>
  provider_snapshot: Fixed<string>
}

export interface AuxiliaryDataTable {
  id: Fixed<string>
  tenant_id: Fixed<TenantId>
  identity_id: IdentityId
  category: Fixed<string>
  encrypted_payload: Sealed
  schema_version: Defaulted<string>
  created_at: Fixed<IsoInstant>
  updated_at: IsoInstant
  expires_at: IsoInstant | null
}

export type MigrationStatus = 'IN_PROGRESS' | 'COMPLETED' | 'FAILED' | 'ROLLED_BACK'
export interface KeyMigrationHistoryTable {
  version: Fixed<number>
  status: MigrationStatus
  config_snapshot: string | null
  records_processed: Defaulted<number>
  records_failed: Defaulted<number>
  records_skipped: Defaulted<number>
  records_purged: Defaulted<number>
  created_at: Fixed<IsoInstant>
  completed_at: IsoInstant | null
  key_name: Fixed<'A' | 'B' | 'C'>
  error: string | null
  direction: Defaulted<'forward' | 'back'>
  paused_at: IsoInstant | null
  attempt: Defaulted<number>
  records_total: Defaulted<number>
  tenants_done: Defaulted<number>
}

export interface AuditEventTable {
  id: Fixed<string>
  tenant_id: Fixed<TenantId>
  event_type: Fixed<string>
  correlation_id: Fixed<CorrelationId | null>
  subject_hash: Fixed<string | null>
  client_id: Fixed<string | null>
  detail: Fixed<string | null>
  created_at: Fixed<IsoInstant>
  seq: ColumnType<number, never, never>
  prev_hash: ColumnType<string, never, never>
  row_hash: ColumnType<string, never, never>
}

export type IdentityStatus = 'ACTIVE' | 'RESTRICTED' | 'MERGED' | 'ERASED'
export interface IdentityTable {
  tenant_id: Fixed<TenantId>
  id: Fixed<IdentityId>
  status: IdentityStatus
  merged_into: IdentityId | null
  wrapped_data_key: Sealed | null
  data_key_version: number | null
  audit_salt: string | null
  created_at: Fixed<IsoInstant>
  erasure_id: ErasureId | null
}

export interface ErasurePolicyTable {
  tenant_id: Fixed<TenantId>
  four_eyes: Flag
  wait_hours: number
  updated_at: IsoInstant
}

export interface ErasureRequestTable {
  tenant_id: Fixed<TenantId>
  id: Fixed<ErasureRequestId>
  state: 'waiting' | 'approved' | 'cancelled' | 'done'
  ground: Fixed<ErasureGround>
  people: readonly IdentityId[]
  requested_by: Fixed<string>
  requested_at: Fixed<IsoInstant>
  approved_by: string | null
  approved_at: IsoInstant | null
  due_at: IsoInstant
  erased: Defaulted<number>
  ended_at: IsoInstant | null
}

export interface ErasureTable {
  tenant_id: Fixed<TenantId>
  id: Fixed<ErasureId>
  ground: Fixed<ErasureGround>
  receipt: Fixed<string>
  erased_at: Fixed<IsoInstant>
  noted_at: IsoInstant | null
}

export interface LedgerLineTable {
  tenant_id: Fixed<TenantId>
  id: Fixed<LedgerLineId>
  identity_id: Fixed<IdentityId>
  said: Fixed<string>
  said_at: Fixed<IsoInstant>
  noted_at: IsoInstant | null
}

export interface MatchGuardTable {
  tenant_id: Fixed<TenantId>
  identifier_type: Fixed<IdentifierType>
  identifier_hash: Fixed<HolderHash | InstitutionHash>
  created_at: IsoInstant
}

export interface AccountChoiceTable {
  tenant_id: Fixed<TenantId>
  identity_id: IdentityId
  client_id: Fixed<ClientId>
  binding_id: BindingId
  created_at: Fixed<IsoInstant>
  updated_at: IsoInstant
}

export interface ConsentTable {
  tenant_id: Fixed<TenantId>
  identity_id: Fixed<IdentityId>
  client_id: Fixed<ClientId>
  scopes: string
  claims: string
  purpose: string | null
  created_at: Fixed<IsoInstant>
  updated_at: IsoInstant
}

export interface PairwiseSubjectTable {
  tenant_id: Fixed<TenantId>
  identity_id: IdentityId | null
  sector: Fixed<string>
  subject: Fixed<string>
  created_at: Fixed<IsoInstant>
  origin_id: IdentityId | null
}

export interface IdentityMergeTable {
  tenant_id: Fixed<TenantId>
  id: Fixed<MergeId>
  merged_id: Fixed<IdentityId>
  surviving_id: Fixed<IdentityId>
  merged_by: Fixed<string>
  merged_at: Fixed<IsoInstant>
  split_until: Fixed<IsoInstant>
  split_by: string | null
  split_at: IsoInstant | null
}

export interface IdentityMergeEdgeTable {
  tenant_id: Fixed<TenantId>
  merge_id: Fixed<MergeId>
  kind: Fixed<'match' | 'binding' | 'subject' | 'auxiliary'>
  edge_id: Fixed<string>
}

export interface RelyingPartyTable {
  tenant_id: Fixed<TenantId>
  client_id: Fixed<ClientId>
  name: string
  redirect_uris: string
  token_endpoint_auth_method:
    | 'client_secret_basic'
    | 'client_secret_post'
    | 'private_key_jwt'
    | 'none'
  secret_hashes: Defaulted<string>
  jwks: string | null
  jwks_uri: string | null
  id_token_signed_response_alg: Defaulted<TokenAlgorithm>
  require_pkce: Defaulted<Flag>
  claims_in_id_token: Defaulted<Flag>
  sector: string
  purpose_en: string | null
  purpose_nl: string | null
  enabled: Defaulted<Flag>
  grant_types: Defaulted<string>
  offline_access_needed: Defaulted<Flag>
  machine_scopes: Defaulted<string>
  data_access: Defaulted<string>
  audiences: Defaulted<string>
  resource: string | null
  issued_by: string | null
  subject_type: Defaulted<'pairwise' | 'public'>
  sector_identifier_uri: string | null
  userinfo_signed_response_alg: TokenAlgorithm | null
  dpop_bound_access_tokens: Defaulted<Flag>
  profile: Defaulted<ClientProfile>
  require_pushed_authorization_requests: Defaulted<Flag>
  scopes: string | null
  claims: string | null
  parity: Defaulted<'off' | 'recording' | 'enforced'>
  contract: string | null
  contract_recorded_at: IsoInstant | null
  consent: Defaulted<'tenant' | 'ask' | 'never'>
  post_logout_redirect_uris: Defaulted<string>
  backchannel_logout_uri: string | null
  backchannel_logout_session_required: Defaulted<Flag>
  created_at: Fixed<IsoInstant>
  updated_at: IsoInstant
}

export interface AuthorizationServerTable {
  tenant_id: Fixed<TenantId>
  id: Fixed<string>
  issuer: Fixed<string>
  jwks_uri: string
  audience: string
  token_type: Defaulted<'at+jwt' | 'JWT'>
  created_at: Fixed<IsoInstant>
}

export interface RegistrationTokenTable {
  tenant_id: Fixed<TenantId>
  id: Fixed<string>
  token_hash: Fixed<SecretHash>
  name: Fixed<string>
  uses_left: number
  created_at: Fixed<IsoInstant>
  expires_at: Fixed<IsoInstant>
}

export interface RegistrationCertificateTable {
  tenant_id: Fixed<TenantId>
  id: Fixed<string>
  client_id: Fixed<string>
  format: Fixed<string>
  document: string
  not_after: IsoInstant | null
  created_at: IsoInstant
}

export interface TrustedListTable {
  tenant_id: Fixed<TenantId>
  url: Fixed<string>
  signers: string | null
  sequence: number | null
  issued_at: IsoInstant | null
  next_update: IsoInstant | null
  services: string | null
  pointers: string | null
  fetched_at: IsoInstant | null
  checked_at: IsoInstant
  problem: string | null
}

export type KeptAnswerKind = 'crl' | 'ocsp' | 'issuer_keys' | 'federation'

export interface KeptAnswerTable {
  tenant_id: Fixed<TenantId>
  name: Fixed<string>
  kind: Fixed<KeptAnswerKind>
  about: Fixed<string>
  source: Fixed<string>
  document: string | null
  issued_at: IsoInstant | null
  fetched_at: IsoInstant | null
  fresh_until: IsoInstant | null
  checked_at: IsoInstant
  seen_at: IsoInstant
  problem: string | null
}

export interface RevokedTokenTable {
  tenant_id: Fixed<TenantId>
  jti_hash: Fixed<SecretHash>
  expires_at: Fixed<IsoInstant>
}

export type PolicyKind = 'trust' | 'query' | 'attributes' | 'material' | 'selector'
export interface PolicyVersionTable {
  tenant_id: Fixed<TenantId>
  kind: Fixed<PolicyKind>
  version: Fixed<number>
  document: Fixed<string>
  digest: Fixed<string>
  published_at: Fixed<IsoInstant>
  published_by: Fixed<string>
}

export interface ProviderTestTable {
  tenant_id: Fixed<TenantId>
  id: Fixed<string>
  provider_id: Fixed<ProviderId>
  state: 'created' | 'started' | 'succeeded' | 'failed'
  start_hash: SecretHash | null
  browser_hash: SecretHash | null
  state_hash: SecretHash | null
  provider_updated_at: IsoInstant | null
  sealed: Sealed | null
  outcome: string | null
  created_by: Fixed<string>
  created_at: Fixed<IsoInstant>
  expires_at: IsoInstant
}

export interface IdempotencyKeyTable {
  tenant_id: Fixed<TenantId>
  client_id: Fixed<ClientId>
  key_hash: Fixed<SecretHash>
  request: Sealed
  claim: string
  claimed_until: IsoInstant
  answer: Sealed | null
  expires_at: Fixed<IsoInstant>
}

export interface PolicyDraftTable {
  tenant_id: Fixed<TenantId>
  kind: Fixed<PolicyKind>
  document: string
  digest: string
  based_on: number
  state: 'draft' | 'validated'
  saved_at: IsoInstant
  saved_by: string
}

export type SigningKeyState = 'next' | 'active' | 'retiring' | 'retired'
export interface SigningKeyTable {
  tenant_id: Fixed<TenantId>
  kid: Fixed<string>
  purpose: Fixed<'token' | 'request'>
  algorithm: Fixed<TokenAlgorithm>
  state: SigningKeyState
  public_jwk: Fixed<string>
  sealed_private_key: Sealed
  certificate_chain: string | null
  client_id: Defaulted<string>
  created_at: Fixed<IsoInstant>
  activated_at: IsoInstant | null
  retire_at: IsoInstant | null
  removed_at: IsoInstant | null
}

export interface RetentionRuleTable {
  tenant_id: Fixed<TenantId>
  kind: Fixed<DataKind>
  days: number | null
  notice_days: number | null
  ground: string | null
  changed_at: IsoInstant
  changed_by: string
}

export interface AdminTokenTable {
  tenant_id: Defaulted<TenantId>
  id: Fixed<string>
  token_hash: Fixed<SecretHash>
  name: Fixed<string>
  for_tenant: Fixed<TenantId | null>
  scopes: Fixed<string>
  for_institution: Fixed<string | null>
  created_at: Fixed<IsoInstant>
  expires_at: Fixed<IsoInstant>
  last_used_at: IsoInstant | null
  revoked_at: IsoInstant | null
}

export interface AdminSessionTable {
  tenant_id: Defaulted<TenantId>
  session_hash: Fixed<SecretHash>
  token_id: Fixed<string>
  about_tenant: Fixed<TenantId>
  created_at: Fixed<IsoInstant>
  expires_at: Fixed<IsoInstant>
}

export interface KeyCheckTable {
  tenant_id: Defaulted<TenantId>
  key_name: Fixed<'A' | 'B' | 'C'>
  version: Fixed<number>
  check_value: Fixed<string>
  created_at: Fixed<IsoInstant>
}

export type JourneyState =
  | 'started'
  | 'retrieved'
  | 'presented'
  | 'choosing'
  | 'confirming'
  | 'managing'
  | 'reconciling'
  | 'recognised'
  | 'consenting'
  | 'granted'
  | 'failed'
  | 'expired'

export interface JourneyTable {
  purpose: Defaulted<'login' | 'privacy'>
  tenant_id: Fixed<TenantId>
  id: Fixed<JourneyId>
  state: JourneyState
  correlation_id: Fixed<CorrelationId>
  client_id: Fixed<ClientId>
  browser_hash: Fixed<SecretHash>
  language: Fixed<'en' | 'nl'>
  request: Sealed
  wallet_secrets: Sealed | null
  request_kid: Fixed<string>
  policies: Fixed<string>
  same_device_request_hash: SecretHash | null
  same_device_state_hash: SecretHash | null
  cross_device_request_hash: SecretHash | null
  cross_device_state_hash: SecretHash | null
  way: Way | null
  refusals: Defaulted<number>
  provider_id: ProviderId | null
  presented_at: IsoInstant | null
  identifiers: string | null
  identifier_hashes: readonly HolderHash[] | null
  presentation: Sealed | null
  response_code_hash: SecretHash | null
  identity_id: IdentityId | null
  binding_id: BindingId | null
  decision: string | null
  accounts: readonly BindingId[] | null
  assurance: string | null
  failure: string | null
  pushed_request_hash: Fixed<SecretHash | null>
  spent_request_hash: SecretHash | null
  created_at: Fixed<IsoInstant>
  updated_at: IsoInstant
  expires_at: IsoInstant
}

export interface PushedRequestTable {
  tenant_id: Fixed<TenantId>
  reference_hash: Fixed<SecretHash>
  client_id: Fixed<ClientId>
  request: Fixed<Sealed>
  created_at: Fixed<IsoInstant>
  expires_at: Fixed<IsoInstant>
}

export interface LoginGrantTable {
  tenant_id: Fixed<TenantId>
  id: Fixed<GrantId>
  client_id: Fixed<ClientId>
  identity_id: IdentityId | null
  binding_id: Fixed<BindingId | null>
  subject: Fixed<string>
  correlation_id: Fixed<CorrelationId>
  scope: Fixed<string>
  acr: Fixed<string>
  amr: Fixed<string>
  auth_time: Fixed<number | null>
  upstream: Fixed<string | null>
  attribute_policy_version: Fixed<number>
  claims: string | null
  wallet_attributes: Sealed | null
  created_at: Fixed<IsoInstant>
  expires_at: IsoInstant
  revoked_at: IsoInstant | null
  session_hash: SecretHash | null
  session_browser_hash: SecretHash | null
  session_started_at: IsoInstant | null
  sid: Defaulted<string>
}

export interface AuthorizationCodeTable {
  tenant_id: Fixed<TenantId>
  code_hash: Fixed<SecretHash>
  grant_id: Fixed<GrantId>
  client_id: Fixed<ClientId>
  redirect_uri: Fixed<string>
  code_challenge: Fixed<string | null>
  dpop_jkt: Fixed<string | null>
  nonce: Fixed<string | null>
  created_at: Fixed<IsoInstant>
  expires_at: Fixed<IsoInstant>
  consumed_at: IsoInstant | null
  token_hash: SecretHash | null
  token_jkt: string | null
  token_expires_at: IsoInstant | null
}

export interface AccessTokenTable {
  tenant_id: Fixed<TenantId>
  token_hash: Fixed<SecretHash>
  grant_id: Fixed<GrantId>
  scope: Fixed<string | null>
  jkt: Fixed<string | null>
  created_at: Fixed<IsoInstant>
  expires_at: IsoInstant
}

export interface RefreshTokenTable {
  tenant_id: Fixed<TenantId>
  family_hash: Fixed<SecretHash>
  grant_id: Fixed<GrantId>
  token_hash: SecretHash
  predecessor_hash: SecretHash | null
  salt: string | null
  jkt: Fixed<string | null>
  created_at: IsoInstant
  expires_at: IsoInstant
  family_ends_at: Fixed<IsoInstant>
  access_hash: SecretHash | null
  access_scope: string | null
  access_jkt: string | null
  access_expires_at: IsoInstant | null
  prior_access_hash: SecretHash | null
  prior_access_scope: string | null
  prior_access_jkt: string | null
  prior_access_created_at: IsoInstant | null
  prior_access_expires_at: IsoInstant | null
}

export interface ClientAssertionTable {
  tenant_id: Fixed<TenantId>
  client_id: Fixed<ClientId>
  jti_hash: Fixed<SecretHash>
  expires_at: Fixed<IsoInstant>
}

export interface AuditHeadTable {
  tenant_id: Fixed<TenantId>
  seq: number
  row_hash: string
  created_at: IsoInstant
  start_seq: Defaulted<number>
  closed_at: IsoInstant | null
}

export interface AuditCheckpointTable {
  tenant_id: Fixed<TenantId>
  seq: Fixed<number>
  row_hash: Fixed<string>
  start_seq: Fixed<number>
  start_hash: Fixed<string>
  kid: Fixed<string>
  jws: Fixed<string>
  created_at: Fixed<IsoInstant>
}

export interface JobTable {
  tenant_id: Defaulted<TenantId>
  name: Fixed<string>
  due_at: IsoInstant
  paused: Defaulted<Flag>
  lease_owner: string | null
  lease_until: IsoInstant | null
  fencing: Defaulted<number>
  last_started_at: IsoInstant | null
  last_finished_at: IsoInstant | null
  last_outcome: string | null
  created_at: Fixed<IsoInstant>
}

export interface KeyMigrationProgressTable {
  tenant_id: Fixed<TenantId>
  version: Fixed<number>
  place: string
  records_total: Defaulted<number>
  records_processed: Defaulted<number>
  records_failed: Defaulted<number>
  records_skipped: Defaulted<number>
  records_purged: Defaulted<number>
  updated_at: IsoInstant
}

export interface EventSubscriptionTable {
  tenant_id: Fixed<TenantId>
  id: Fixed<SubscriptionId>
  client_id: Fixed<ClientId | null>
  delivery: Fixed<'webhook' | 'push' | 'poll'>
  endpoint: string | null
  audience: Fixed<string>
  event_types: string
  sealed_secrets: Sealed
  enabled: Defaulted<Flag>
  created_at: Fixed<IsoInstant>
  updated_at: IsoInstant
}

export interface OutboxTable {
  tenant_id: Fixed<TenantId>
  id: Fixed<EventId>
  subscription_id: Fixed<SubscriptionId | null>
  client_id: Fixed<ClientId | null>
  event_type: Fixed<OutboxType>
  identity_id: IdentityId | null
  payload: Sealed
  created_at: Fixed<IsoInstant>
  due_at: IsoInstant
  attempts: Defaulted<number>
  last_error: string | null
  delivered_at: IsoInstant | null
  dead_at: IsoInstant | null
}

/** Every table of `sql/`; `test/shape/schema.test.ts` compares it with the catalogue. */
export interface Database {
  tenant: TenantTable
  identity_match: IdentityMatchTable
  identity_link_binding: IdentityLinkBindingTable
  reconciliation_provider: ReconciliationProviderTable
  reconciliation_session: ReconciliationSessionTable
  auxiliary_data: AuxiliaryDataTable
  key_migration_history: KeyMigrationHistoryTable
  audit_event: AuditEventTable
  erasure_policy: ErasurePolicyTable
  erasure_request: ErasureRequestTable
  erasure: ErasureTable
  identity: IdentityTable
  ledger_line: LedgerLineTable
  match_guard: MatchGuardTable
  account_choice: AccountChoiceTable
  consent: ConsentTable
  pairwise_subject: PairwiseSubjectTable
  identity_merge: IdentityMergeTable
  identity_merge_edge: IdentityMergeEdgeTable
  relying_party: RelyingPartyTable
  policy_version: PolicyVersionTable
  policy_draft: PolicyDraftTable
  provider_test: ProviderTestTable
  signing_key: SigningKeyTable
  retention_rule: RetentionRuleTable
  admin_token: AdminTokenTable
  admin_session: AdminSessionTable
  key_check: KeyCheckTable
  journey: JourneyTable
  pushed_request: PushedRequestTable
  login_grant: LoginGrantTable
  authorization_code: AuthorizationCodeTable
  access_token: AccessTokenTable
  refresh_token: RefreshTokenTable
  client_assertion: ClientAssertionTable
  authorization_server: AuthorizationServerTable
  registration_token: RegistrationTokenTable
  registration_certificate: RegistrationCertificateTable
  trusted_list: TrustedListTable
  kept_answer: KeptAnswerTable
  revoked_token: RevokedTokenTable
  idempotency_key: IdempotencyKeyTable
  audit_head: AuditHeadTable
  audit_checkpoint: AuditCheckpointTable
  job: JobTable
  key_migration_progress: KeyMigrationProgressTable
  event_subscription: EventSubscriptionTable
  outbox: OutboxTable
}
