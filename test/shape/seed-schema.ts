/**
 * The seven tables of the schema reference as facts: columns in their order, keys, unique constraints, indexes. Beside
 * each table the columns that this project adds, so that one more is a decision and never an accident.
 */
export interface SeedTable {
  /** `name type`, then `not null` and `default …` as information_schema spells them. */
  columns: readonly string[]
  added: readonly string[]
  primaryKey: readonly string[]
  unique: readonly (readonly string[])[]
  indexes: { readonly [name: string]: SeedIndex }
}

export interface SeedIndex {
  columns: readonly string[]
  unique?: true
  where?: string
}

const TENANT = ['id text not null', 'tenant_id text not null']
const DATED = ['created_at text not null', 'updated_at text not null']

export const SEED_TABLES: { readonly [name: string]: SeedTable } = {
  identity_match: {
    columns: [
      ...TENANT,
      'identifier_hash text not null',
      'identifier_type text not null',
      'internal_identity_id text not null',
      'hash_key_version integer not null default 1',
      'metadata_json text',
      ...DATED,
      'last_used_at text not null',
      'deleted_at text',
      'deletion_reason text',
    ],
    added: ['hash_key', 'deleted_identifier_hash'],
    primaryKey: ['id'],
    unique: [['tenant_id', 'identifier_hash', 'identifier_type']],
    indexes: { idx_match_identity: { columns: ['tenant_id', 'internal_identity_id'] } },
  },
  identity_link_binding: {
    columns: [
      ...TENANT,
      'match_id text not null',
      'holder_identifier_hash text not null',
      'holder_hash_key_version integer not null default 1',
      'institution_identifier_hash text',
      'institution_hash_key_version integer',
      'encrypted_institution_id text',
      'encrypted_institution_id_key_version integer',
      'persisted_attributes_envelope text',
      'provider_id text',
      'institution_id_label text',
      'assurance_summary text',
      'canonical_schema_version text',
      'material_profile_version text',
      'selector_rule_version text',
      'material_fingerprints text',
      ...DATED,
      'last_used_at text not null',
      'reconcile_time text',
    ],
    added: [
      ...['deleted_at', 'deletion_reason', 'key_identity_id', 'expires_at', 'stale_since'],
      ...['credential_status', 'status_due_at', 'inactivity_warned_at'],
    ],
    primaryKey: ['id'],
    unique: [],
    indexes: {
      idx_binding_match: { columns: ['tenant_id', 'match_id'] },
      idx_binding_holder: { columns: ['tenant_id', 'holder_identifier_hash'] },
    },
  },
  reconciliation_session: {
    columns: [
      ...TENANT,
      'status text not null',
      'identifier_hash text',
      'identifier_type text',
      'provider_id text not null',
      'authorization_url text',
      'state text',
      'nonce text',
      'code_verifier text',
      'redirect_uri text',
      'token_endpoint text',
      'encrypted_identity text',
      'encrypted_identity_key_version integer',
      'error_message text',
      'created_at text not null',
      'expires_at text not null',
    ],
    added: ['journey_id', 'provider_updated_at', 'provider_snapshot'],
    primaryKey: ['id'],
    unique: [],
    indexes: {
      idx_recon_session_state: { columns: ['state'], unique: true, where: '(state IS NOT NULL)' },
      idx_recon_session_status: { columns: ['tenant_id', 'status'] },
    },
  },
  reconciliation_provider: {
    columns: [
      'id text not null',
      'name text not null',
      'oidc_client_id text not null',
      "identifier_attr_name text not null default 'sub'",
      'enabled integer not null default 1',
      'attribute_mappings text',
      'assurance_acr text',
      'assurance_amr text',
      ...DATED,
    ],
    added: [
      'tenant_id',
      'slug',
      'issuer',
      'client_auth_method',
      'sealed_client_secret',
      'scopes',
      'metadata',
      'allowed_organizations',
      'institution',
      'email_is_proof',
      'last_success_at',
      'last_failure_at',
      'last_failure',
    ],
    primaryKey: ['id'],
    unique: [],
    indexes: {},
  },
  auxiliary_data: {
    columns: [
      ...TENANT,
      'identity_id text not null',
      'category text not null',
      'encrypted_payload text not null',
      "schema_version text not null default '1'",
      ...DATED,
      'expires_at text',
    ],
    added: [],
    primaryKey: ['id'],
    unique: [['tenant_id', 'identity_id', 'category']],
    indexes: {
      idx_aux_identity: { columns: ['tenant_id', 'identity_id'] },
      idx_aux_expires: { columns: ['expires_at'], where: '(expires_at IS NOT NULL)' },
    },
  },
  key_migration_history: {
    columns: [
      'version integer not null',
      'status text not null',
      'config_snapshot text',
      'records_processed integer not null default 0',
      'records_failed integer not null default 0',
      'records_skipped integer not null default 0',
      'records_purged integer not null default 0',
      'created_at text not null',
      'completed_at text',
    ],
    added: [
      ...['key_name', 'error', 'direction', 'paused_at', 'attempt', 'records_total'],
      'tenants_done',
    ],
    primaryKey: ['version'],
    unique: [],
    indexes: {},
  },
  audit_event: {
    columns: [
      ...TENANT,
      'event_type text not null',
      'correlation_id text',
      'subject_hash text',
      'client_id text',
      'detail text',
      'created_at text not null',
    ],
    added: ['seq', 'prev_hash', 'row_hash'],
    primaryKey: ['id'],
    unique: [],
    indexes: {
      idx_audit_type: { columns: ['tenant_id', 'event_type'] },
      idx_audit_time: { columns: ['created_at'] },
      idx_audit_correlation: { columns: ['correlation_id'] },
    },
  },
}

/** The named queries of the schema reference, by the table they are about. */
export const SEED_QUERIES: { readonly [table: string]: readonly string[] } = {
  identity_match: [
    'findMatchByHash',
    'findMatchesByIdentity',
    'insertMatch',
    'softDeleteMatch',
    'hardDeleteMatch',
    'findSoftDeletedMatchesPastRetention',
    'countMatches',
  ],
  identity_link_binding: [
    'findBindingsByMatch',
    'findBindingByHolder',
    'findInactiveBindings',
    'insertBinding',
    'updateBinding',
    'hardDeleteBinding',
    'findSoftDeletedBindingsPastRetention',
    'countAllBindings',
    'countInactiveBindings',
  ],
  reconciliation_session: [
    'insertSession',
    'findSessionByState',
    'updateSessionStatus',
    'deleteExpiredSessions',
  ],
  auxiliary_data: [
    'findAuxByIdentity',
    'upsertAux',
    'findExpiredAux',
    'deleteAuxByIdentity',
    'countAllAux',
  ],
  audit_event: ['insertAuditEvent', 'findAuditEventsByType', 'findAuditEventsByCorrelation'],
  key_migration_history: ['insertMigration', 'updateMigrationProgress', 'completeMigration'],
}
