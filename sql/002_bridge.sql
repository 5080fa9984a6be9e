-- The seven tables of the schema reference: names, types, nullability, defaults, keys and index names are its own.
-- What is added says why.

CREATE TABLE identity_match (
  id text NOT NULL PRIMARY KEY,
  tenant_id text NOT NULL CHECK (tenant_id <> ''),
  identifier_hash text NOT NULL,                     -- HMAC-SHA256 under Key A or B; 'deleted:<id>' once soft-deleted
  identifier_type text NOT NULL
    CHECK (identifier_type IN ('KEY', 'SUBJECT_ID', 'EMAIL', 'DID', 'CLAIM_TUPLE')),
  internal_identity_id text NOT NULL,                -- identity.id; no foreign key: a tombstone points at nobody
  hash_key_version integer NOT NULL DEFAULT 1,
  metadata_json text,
  created_at iso_instant NOT NULL,
  updated_at iso_instant NOT NULL,
  last_used_at iso_instant NOT NULL,
  deleted_at iso_instant,
  deletion_reason text,
  hash_key text NOT NULL CHECK (hash_key IN ('A', 'B')),  -- added: which key made the hash; rotation must know
  deleted_identifier_hash text,                      -- added: where the hash goes on soft delete, so that the UNIQUE below never collides
  UNIQUE (tenant_id, identifier_hash, identifier_type),
  UNIQUE (tenant_id, id),                            -- added: the target of the binding's composite foreign key
  CHECK ((deleted_at IS NULL) = (identifier_hash NOT LIKE 'deleted:%'))
);
CREATE INDEX idx_match_identity ON identity_match (tenant_id, internal_identity_id);
-- added: the purge job's way in; live rows are not in it
CREATE INDEX idx_match_deleted ON identity_match (tenant_id, deleted_at) WHERE deleted_at IS NOT NULL;
-- added: whoever asks to be erased is found by what was unlinked, too
CREATE INDEX idx_match_deleted_hash ON identity_match (tenant_id, deleted_identifier_hash)
  WHERE deleted_identifier_hash IS NOT NULL;
-- added: rotation walks the rows of one key version
CREATE INDEX idx_match_key_version ON identity_match (tenant_id, hash_key, hash_key_version, id);
-- A login touches last_used_at. No index holds that column, and the pages keep room, so the touch stays a HOT update;
-- the inactivity job walks the primary key in batches instead.
ALTER TABLE identity_match SET (fillfactor = 85);

CREATE TABLE identity_link_binding (
  id text NOT NULL PRIMARY KEY,
  tenant_id text NOT NULL CHECK (tenant_id <> ''),
  match_id text NOT NULL REFERENCES identity_match (id),
  holder_identifier_hash text NOT NULL,              -- HMAC under Key A; 'no-wallet:<id>', which no hash can be, for a login without a wallet
  holder_hash_key_version integer NOT NULL DEFAULT 1,
  institution_identifier_hash text,                  -- HMAC under Key B
  institution_hash_key_version integer,
  encrypted_institution_id text,                     -- AES-256-GCM under the person's data key, which Key C wraps
  encrypted_institution_id_key_version integer,
  persisted_attributes_envelope text,                -- the same; its key id travels inside the text
  provider_id text,
  institution_id_label text,
  assurance_summary text,
  canonical_schema_version text,
  material_profile_version text,
  selector_rule_version text,
  material_fingerprints text,
  created_at iso_instant NOT NULL,
  updated_at iso_instant NOT NULL,
  last_used_at iso_instant NOT NULL,
  reconcile_time iso_instant,
  deleted_at iso_instant,                            -- added: the schema reference's own queries need both
  deletion_reason text,
  key_identity_id text,                              -- added: whose data key seals this row where that is not the match's person (a merge)
  expires_at iso_instant,                            -- added: how long the proof is believed; NULL for no end
  stale_since iso_instant,                           -- added: when a login showed other materials than were proved; NULL once proved again
  credential_status text,                            -- added: sealed under the data key: where the credential's status is looked up again, if its trust entry wants that
  status_due_at iso_instant,                         -- added: when that is due
  inactivity_warned_at iso_instant,                  -- added: when it was told that the link ends unless it is used; older than last_used_at, it counts for nothing
  -- added: no key made the reserved value, and rotating Key A must pass it by
  CHECK ((holder_identifier_hash LIKE 'no-wallet:%') = (holder_hash_key_version = 0)),
  -- added: a foreign key check bypasses row-level security, so the single-column one alone could cross tenants
  FOREIGN KEY (tenant_id, match_id) REFERENCES identity_match (tenant_id, id)
);
CREATE INDEX idx_binding_match ON identity_link_binding (tenant_id, match_id);
CREATE INDEX idx_binding_holder ON identity_link_binding (tenant_id, holder_identifier_hash);
-- added: a second wallet of a known account is found by it
CREATE INDEX idx_binding_institution ON identity_link_binding (tenant_id, institution_identifier_hash)
  WHERE institution_identifier_hash IS NOT NULL;
CREATE INDEX idx_binding_deleted ON identity_link_binding (tenant_id, deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX idx_binding_key_version ON identity_link_binding
  (tenant_id, encrypted_institution_id_key_version, id);
-- added: rotation of A and B walks the rows of one version; no login changes these columns but the one that upgrades
CREATE INDEX idx_binding_holder_version ON identity_link_binding (tenant_id, holder_hash_key_version, id);
CREATE INDEX idx_binding_institution_version ON identity_link_binding (tenant_id, institution_hash_key_version, id);
CREATE INDEX idx_binding_status_due ON identity_link_binding (tenant_id, status_due_at, id) WHERE status_due_at IS NOT NULL;
ALTER TABLE identity_link_binding SET (fillfactor = 85);

CREATE TABLE reconciliation_provider (
  id text NOT NULL PRIMARY KEY,
  name text NOT NULL,
  oidc_client_id text NOT NULL,
  identifier_attr_name text NOT NULL DEFAULT 'sub',
  enabled integer NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  attribute_mappings text,
  assurance_acr text,
  assurance_amr text,
  created_at iso_instant NOT NULL,
  updated_at iso_instant NOT NULL,
  -- added: institutions register providers at run time, so what a login needs stands in the row
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  slug text NOT NULL CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  issuer text NOT NULL,
  client_auth_method text NOT NULL
    CHECK (client_auth_method IN ('client_secret_basic', 'client_secret_post', 'private_key_jwt')),
  sealed_client_secret text,                         -- secret, or private key as PKCS#8; sealed under Key C
  scopes text NOT NULL,
  metadata text NOT NULL,                            -- what discovery said, checked; JSON
  allowed_organizations text,                        -- JSON array: schac_home_organization values this tenant accepts
  institution text,                                  -- whose tokens may manage it besides the tenant's own
  email_is_proof integer NOT NULL DEFAULT 0 CHECK (email_is_proof IN (0, 1)), -- its verified addresses are hashed under Key B and kept
  -- Health, for whoever looks after it; written without touching updated_at, for nothing about the provider changes.
  last_success_at iso_instant,                       -- a login went well, to the minute
  last_failure_at iso_instant,
  last_failure text,                                 -- a word from our own list
  UNIQUE (tenant_id, slug),
  UNIQUE (tenant_id, issuer, oidc_client_id),
  UNIQUE (tenant_id, id)
);

CREATE TABLE reconciliation_session (
  id text NOT NULL PRIMARY KEY,
  tenant_id text NOT NULL CHECK (tenant_id <> ''),
  status text NOT NULL CHECK (status IN ('PENDING', 'AUTHORIZED', 'COMPLETED', 'FAILED', 'EXPIRED')),
  identifier_hash text,
  identifier_type text,
  provider_id text NOT NULL,
  authorization_url text,                            -- without its query: state and nonce are not for keeping
  state text,                                        -- SHA-256 of the state sent
  nonce text,                                        -- sealed
  code_verifier text,                                -- sealed
  redirect_uri text,
  token_endpoint text,
  encrypted_identity text,
  encrypted_identity_key_version integer,
  error_message text,                                -- a word from our own list, never a sentence from outside
  created_at iso_instant NOT NULL,
  expires_at iso_instant NOT NULL,
  journey_id text NOT NULL,                          -- added: the browser's journey this login belongs to
  provider_updated_at iso_instant NOT NULL,          -- added: which state of the provider row the login began with
  provider_snapshot text NOT NULL,                   -- added: JSON of what of it counts; a change touches new logins only
  FOREIGN KEY (tenant_id, provider_id) REFERENCES reconciliation_provider (tenant_id, id),
  -- added: nothing usable stays behind once a session has left PENDING
  CHECK (status = 'PENDING' OR (nonce IS NULL AND code_verifier IS NULL AND state IS NULL))
);
CREATE UNIQUE INDEX idx_recon_session_state ON reconciliation_session (state) WHERE state IS NOT NULL;
CREATE INDEX idx_recon_session_status ON reconciliation_session (tenant_id, status);
CREATE INDEX idx_recon_session_expires ON reconciliation_session (tenant_id, expires_at);
CREATE INDEX idx_recon_session_journey ON reconciliation_session (tenant_id, journey_id);

CREATE TABLE auxiliary_data (
  id text NOT NULL PRIMARY KEY,
  tenant_id text NOT NULL CHECK (tenant_id <> ''),
  identity_id text NOT NULL,
  category text NOT NULL,
  encrypted_payload text NOT NULL,                   -- AES-256-GCM under the person's data key; key id inside
  schema_version text NOT NULL DEFAULT '1',
  created_at iso_instant NOT NULL,
  updated_at iso_instant NOT NULL,
  expires_at iso_instant,
  UNIQUE (tenant_id, identity_id, category)
);
CREATE INDEX idx_aux_identity ON auxiliary_data (tenant_id, identity_id);
CREATE INDEX idx_aux_expires ON auxiliary_data (expires_at) WHERE expires_at IS NOT NULL;

-- One version line for the whole keyring, so the version alone is the key. Belongs to the reserved tenant.
CREATE TABLE key_migration_history (
  version integer NOT NULL PRIMARY KEY,
  status text NOT NULL CHECK (status IN ('IN_PROGRESS', 'COMPLETED', 'FAILED', 'ROLLED_BACK')),
  config_snapshot text,
  records_processed integer NOT NULL DEFAULT 0,
  records_failed integer NOT NULL DEFAULT 0,
  records_skipped integer NOT NULL DEFAULT 0,
  records_purged integer NOT NULL DEFAULT 0,
  created_at iso_instant NOT NULL,
  completed_at iso_instant,
  key_name text NOT NULL CHECK (key_name IN ('A', 'B', 'C')),  -- added: which key this version rotates
  error text,                                        -- added: a word from our own list
  direction text NOT NULL DEFAULT 'forward' CHECK (direction IN ('forward', 'back')),  -- added: 'back' once it is rolled back
  paused_at iso_instant,                             -- added: nobody works on it while this is set
  attempt integer NOT NULL DEFAULT 1,                -- added: a run that goes on after its end walks everything again
  records_total integer NOT NULL DEFAULT 0,          -- added: what the four counters come to at the end
  tenants_done integer NOT NULL DEFAULT 0            -- added: in this attempt; the last one ends the run
);
-- added: one key is on its way once
CREATE UNIQUE INDEX idx_key_migration_open ON key_migration_history (key_name) WHERE status = 'IN_PROGRESS';

CREATE TABLE audit_event (
  id text NOT NULL PRIMARY KEY,
  tenant_id text NOT NULL CHECK (tenant_id <> ''),
  event_type text NOT NULL,
  correlation_id text,
  subject_hash text,
  client_id text,
  detail text,
  created_at iso_instant NOT NULL,
  -- added: tamper evidence, filled by the trigger of 006_audit.sql
  seq bigint NOT NULL,
  prev_hash text NOT NULL,
  row_hash text NOT NULL,
  UNIQUE (tenant_id, seq),
  UNIQUE (tenant_id, prev_hash)                      -- a fork is impossible even if the lock were forgotten
);
CREATE INDEX idx_audit_type ON audit_event (tenant_id, event_type);
CREATE INDEX idx_audit_time ON audit_event (created_at);
CREATE INDEX idx_audit_correlation ON audit_event (correlation_id);
-- added: tenant-first, as every query under row-level security asks
CREATE INDEX idx_audit_tenant_time ON audit_event (tenant_id, created_at);
CREATE INDEX idx_audit_tenant_correlation ON audit_event (tenant_id, correlation_id);
