/**
 * Where an export has each column about a person (Art. 15 and 20 GDPR), or why it has not. A table about people that is not
 * here fails a test, and so does a column (`test/erasure/catalogue.test.ts`).
 */
export type ExportRule =
  /** In `member`: what each column is called there, and by reason the columns that are not. */
  | {
      member: string
      columns: { readonly [column: string]: string }
      without: { readonly [reason: string]: readonly string[] }
    }
  | { leftOut: string }

const TENANT = 'the tenant stands at the top'
const OWNER = 'the person, or one they were merged with: all of `persons`'
const NAMELESS = 'a random name that nothing else in the export refers to'
const HASH = 'a keyed hash: it would let others compare, and says nothing'
const KEYS = 'versions of keys and policies of the tenant, and times of our own work'
const SECRET = 'a secret, or the hash of one, of a login'

export const EXPORTED: { readonly [table: string]: ExportRule } = {
  identity: {
    member: 'persons',
    columns: { id: 'id', status: 'status', merged_into: 'merged_into', created_at: 'created_at' },
    without: {
      [TENANT]: ['tenant_id'],
      'opens what is exported opened': ['wrapped_data_key'],
      [KEYS]: ['data_key_version'],
      'makes the pseudonym by which `events` were found': ['audit_salt'],
      'empty but for people who are not there any more': ['erasure_id'],
    },
  },
  identity_match: {
    member: 'known_by',
    columns: {
      ...{ id: 'id', internal_identity_id: 'person', identifier_type: 'type', hash_key: 'side' },
      ...{ metadata_json: 'shared', created_at: 'created_at', last_used_at: 'last_used_at' },
      ...{ deleted_at: 'ended_at', deletion_reason: 'reason' },
    },
    without: {
      [TENANT]: ['tenant_id'],
      [HASH]: ['identifier_hash', 'deleted_identifier_hash'],
      [KEYS]: ['hash_key_version', 'updated_at'],
    },
  },
  identity_link_binding: {
    member: 'links',
    columns: {
      ...{ id: 'id', match_id: 'known_by', provider_id: 'provider', created_at: 'created_at' },
      ...{ encrypted_institution_id: 'account', institution_id_label: 'account_attribute' },
      ...{ persisted_attributes_envelope: 'attributes', assurance_summary: 'assurance' },
      ...{ material_fingerprints: 'proved_by', reconcile_time: 'proved_at' },
      ...{ expires_at: 'believed_until', stale_since: 'to_be_proved_again_since' },
      ...{ inactivity_warned_at: 'told_of_its_end_at', credential_status: 'credential_status' },
      ...{ last_used_at: 'last_used_at', deleted_at: 'ended_at', deletion_reason: 'reason' },
    },
    without: {
      [TENANT]: ['tenant_id'],
      [OWNER]: ['key_identity_id'],
      [HASH]: ['holder_identifier_hash', 'institution_identifier_hash'],
      [KEYS]: [
        ...['holder_hash_key_version', 'institution_hash_key_version', 'updated_at'],
        ...['encrypted_institution_id_key_version', 'canonical_schema_version', 'status_due_at'],
        ...['material_profile_version', 'selector_rule_version'],
      ],
    },
  },
  auxiliary_data: {
    member: 'auxiliary',
    columns: {
      ...{ category: 'category', encrypted_payload: 'data', created_at: 'created_at' },
      ...{ updated_at: 'updated_at', expires_at: 'expires_at' },
    },
    without: {
      ...{ [TENANT]: ['tenant_id'], [OWNER]: ['identity_id'], [NAMELESS]: ['id'] },
      [KEYS]: ['schema_version'],
    },
  },
  pairwise_subject: {
    member: 'subjects',
    columns: { sector: 'sector', subject: 'subject', created_at: 'created_at' },
    without: { [TENANT]: ['tenant_id'], [OWNER]: ['identity_id', 'origin_id'] },
  },
  account_choice: {
    member: 'account_choices',
    columns: { client_id: 'client_id', binding_id: 'link', created_at: 'created_at' },
    without: { [TENANT]: ['tenant_id'], [OWNER]: ['identity_id'], [KEYS]: ['updated_at'] },
  },
  consent: {
    member: 'consents',
    columns: {
      ...{ client_id: 'client_id', scopes: 'scopes', claims: 'claims', purpose: 'purpose' },
      ...{ created_at: 'given_at', updated_at: 'given_again_at' },
    },
    without: { [TENANT]: ['tenant_id'], [OWNER]: ['identity_id'] },
  },
  login_grant: {
    member: 'logins',
    columns: {
      ...{ client_id: 'client_id', binding_id: 'link', subject: 'subject', scope: 'scope' },
      ...{ acr: 'acr', amr: 'amr', auth_time: 'auth_time', upstream: 'upstream', claims: 'claims' },
      ...{ wallet_attributes: 'wallet_attributes', created_at: 'created_at' },
      ...{ expires_at: 'expires_at', revoked_at: 'revoked_at' },
      session_started_at: 'session_started_at',
    },
    without: {
      ...{
        [TENANT]: ['tenant_id'],
        [OWNER]: ['identity_id'],
        [NAMELESS]: ['id', 'correlation_id'],
      },
      ...{ [KEYS]: ['attribute_policy_version'] },
      [SECRET]: ['session_hash', 'session_browser_hash', 'sid'],
    },
  },
  journey: {
    member: 'journeys',
    columns: {
      ...{ client_id: 'client_id', purpose: 'purpose', way: 'way', language: 'language' },
      ...{ state: 'state', failure: 'failure', presented_at: 'presented_at' },
      ...{ created_at: 'created_at', expires_at: 'expires_at' },
    },
    without: {
      ...{
        [TENANT]: ['tenant_id'],
        [OWNER]: ['identity_id'],
        [NAMELESS]: ['id', 'correlation_id'],
      },
      'what the wallet showed a moment ago, gone with the login; what is kept of it is among `links`':
        ['presentation', 'identifiers', 'assurance'],
      'of a login under way: among `links` and `institution_logins` once it has one': [
        ...['binding_id', 'accounts', 'provider_id'],
      ],
      "the relying party's own words, and the tenant's rules": ['request', 'policies', 'decision'],
      [HASH]: ['identifier_hashes'],
      [SECRET]: [
        ...['browser_hash', 'wallet_secrets', 'request_kid', 'response_code_hash'],
        ...['same_device_request_hash', 'same_device_state_hash', 'cross_device_request_hash'],
        ...['cross_device_state_hash', 'pushed_request_hash', 'spent_request_hash'],
      ],
      [KEYS]: ['refusals', 'updated_at'],
    },
  },
  reconciliation_session: {
    member: 'institution_logins',
    columns: {
      ...{ provider_id: 'provider', status: 'state', error_message: 'failure' },
      ...{ created_at: 'created_at', expires_at: 'expires_at' },
    },
    without: {
      ...{ [TENANT]: ['tenant_id'], [NAMELESS]: ['id', 'journey_id'], [HASH]: ['identifier_hash'] },
      'what the institution said a moment ago, gone with the login; what is kept of it is among `links`':
        ['encrypted_identity', 'identifier_type'],
      [KEYS]: ['encrypted_identity_key_version'],
      "the institution's own addresses": [
        ...['authorization_url', 'redirect_uri', 'token_endpoint', 'provider_updated_at'],
        'provider_snapshot',
      ],
      [SECRET]: ['state', 'nonce', 'code_verifier'],
    },
  },
  identity_merge: {
    member: 'merges',
    columns: {
      ...{ merged_id: 'merged', surviving_id: 'surviving', merged_at: 'merged_at' },
      ...{ split_until: 'split_until', split_at: 'split_at' },
    },
    without: {
      ...{ [TENANT]: ['tenant_id'], [NAMELESS]: ['id'] },
      'the administrator who did it': ['merged_by', 'split_by'],
    },
  },
  outbox: {
    member: 'messages',
    columns: {
      ...{ event_type: 'type', subscription_id: 'receiver', client_id: 'receiver' },
      ...{ created_at: 'created_at', delivered_at: 'delivered_at' },
    },
    without: {
      ...{ [TENANT]: ['tenant_id'], [OWNER]: ['identity_id'], [NAMELESS]: ['id'] },
      'the kind of the message and the subject, which stands under `subjects`': ['payload'],
      'how delivering it goes': ['due_at', 'attempts', 'last_error', 'dead_at'],
    },
  },
  audit_event: {
    member: 'events',
    columns: {
      ...{ event_type: 'type', client_id: 'client_id', detail: 'detail' },
      created_at: 'created_at',
    },
    without: {
      ...{ [TENANT]: ['tenant_id'], [NAMELESS]: ['id', 'correlation_id'] },
      'the pseudonym by which they were found': ['subject_hash'],
      'the chain of the trail': ['seq', 'prev_hash', 'row_hash'],
    },
  },
  identity_merge_edge: { leftOut: 'ids of rows that are listed as they are now' },
  ledger_line: { leftOut: 'a note of what is among the events' },
  match_guard: { leftOut: 'a lock, and nothing but a hash' },
  authorization_code: { leftOut: 'a secret of its login, which is listed' },
  access_token: { leftOut: 'a secret of its login, which is listed' },
  refresh_token: { leftOut: 'a secret of its login, which is listed' },
  pushed_request: { leftOut: "a client's own words, of nobody yet" },
  idempotency_key: { leftOut: "a client's own answers; nothing leads from a person to them" },
  erasure_request: { leftOut: 'ids in a list of an administrator' },
  erasure: { leftOut: 'of persons who are not there any more' },
}
