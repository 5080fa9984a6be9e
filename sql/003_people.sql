-- The person, and what keeps a first login from making two of one.

CREATE TABLE identity (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  id text NOT NULL,                                  -- the seed's internal_identity_id
  status text NOT NULL CHECK (status IN ('ACTIVE', 'RESTRICTED', 'MERGED', 'ERASED')),
  merged_into text,
  wrapped_data_key text,                             -- the person's data key under Key C; NULL once erased
  data_key_version integer,                          -- version of Key C that wraps it
  audit_salt text,                                   -- what subject_hash in the audit trail is made of; NULL once erased
  created_at iso_instant NOT NULL,
  PRIMARY KEY (id, tenant_id),                       -- the selective column first: see 005_journey.sql
  FOREIGN KEY (merged_into, tenant_id) REFERENCES identity (id, tenant_id),
  CHECK ((status = 'MERGED') = (merged_into IS NOT NULL)),
  CHECK ((status = 'ERASED') = (wrapped_data_key IS NULL AND audit_salt IS NULL AND data_key_version IS NULL))
);
CREATE INDEX idx_identity_key_version ON identity (tenant_id, data_key_version, id);

-- Rows that two first logins of one person both have to lock, one for each readable version's hash (ARCHITECTURE,
-- "First login, once"). They carry nothing but the lock, and are swept.
CREATE TABLE match_guard (
  tenant_id text NOT NULL CHECK (tenant_id <> ''),
  identifier_type text NOT NULL,
  identifier_hash text NOT NULL,
  created_at iso_instant NOT NULL,
  PRIMARY KEY (tenant_id, identifier_type, identifier_hash)
);
CREATE INDEX idx_match_guard_created ON match_guard (tenant_id, created_at);

-- What relying parties know a person by: random and stored, so no key rotation can change it and erasure ends it.
CREATE TABLE pairwise_subject (
  tenant_id text NOT NULL CHECK (tenant_id <> ''),
  identity_id text NOT NULL,
  sector text NOT NULL,
  subject text NOT NULL,
  created_at iso_instant NOT NULL,
  PRIMARY KEY (identity_id, sector, tenant_id),
  UNIQUE (subject, tenant_id),
  FOREIGN KEY (identity_id, tenant_id) REFERENCES identity (id, tenant_id)
);
