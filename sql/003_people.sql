-- The person, and what keeps a first login from making two of one.

-- What is kept of an erasure: that it happened, what went, and the receipt. Nothing in it tells who it was.
CREATE TABLE erasure (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  id text NOT NULL,
  ground text NOT NULL CHECK (ground IN
    ('not_needed', 'consent_withdrawn', 'objection', 'unlawful', 'legal_duty')), -- Art. 17(1)(a) to (e) GDPR
  receipt text NOT NULL,                             -- JWS by the tenant's key for tokens
  erased_at iso_instant NOT NULL,
  noted_at iso_instant,                              -- when the ledger outside this database had it; NULL until then
  PRIMARY KEY (id, tenant_id)
);
CREATE INDEX idx_erasure_unnoted ON erasure (erased_at, tenant_id) WHERE noted_at IS NULL;

-- What a tenant asks of an erasure of many people at once; without a row, nothing.
CREATE TABLE erasure_policy (
  tenant_id text NOT NULL PRIMARY KEY REFERENCES tenant (id) CHECK (tenant_id <> ''),
  four_eyes integer NOT NULL CHECK (four_eyes IN (0, 1)),          -- somebody else than who asked has to approve
  wait_hours integer NOT NULL CHECK (wait_hours BETWEEN 0 AND 720), -- after that, and until then it can be cancelled
  updated_at iso_instant NOT NULL
);

-- Many people to be erased together. Whom it is about is forgotten when it has ended: each has a receipt of their own.
CREATE TABLE erasure_request (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  id text NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'approved', 'cancelled', 'done')),
  ground text NOT NULL CHECK (ground IN
    ('not_needed', 'consent_withdrawn', 'objection', 'unlawful', 'legal_duty')),
  people text[] NOT NULL,                            -- identity.id; empty once it has ended
  requested_by text NOT NULL,                        -- id of the admin token
  requested_at iso_instant NOT NULL,
  approved_by text,
  approved_at iso_instant,
  due_at iso_instant NOT NULL,
  erased integer NOT NULL DEFAULT 0,
  ended_at iso_instant,
  PRIMARY KEY (id, tenant_id)
);
CREATE INDEX idx_erasure_request_due ON erasure_request (due_at, tenant_id) WHERE state = 'approved';
CREATE INDEX idx_erasure_request_open ON erasure_request (tenant_id) WHERE state IN ('waiting', 'approved');

CREATE TABLE identity (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  id text NOT NULL,                                  -- the seed's internal_identity_id
  status text NOT NULL CHECK (status IN ('ACTIVE', 'RESTRICTED', 'MERGED', 'ERASED')),
  merged_into text,
  wrapped_data_key text,                             -- the person's data key under Key C; NULL once erased
  data_key_version integer,                          -- version of Key C that wraps it
  audit_salt text,                                   -- what subject_hash in the audit trail is made of; NULL once erased
  created_at iso_instant NOT NULL,
  erasure_id text,                                   -- the erasure that ended them: its receipt answers a repeat
  PRIMARY KEY (id, tenant_id),                       -- the selective column first: see 005_journey.sql
  FOREIGN KEY (merged_into, tenant_id) REFERENCES identity (id, tenant_id),
  FOREIGN KEY (erasure_id, tenant_id) REFERENCES erasure (id, tenant_id),
  CHECK ((status = 'MERGED') = (merged_into IS NOT NULL)),
  CHECK ((status = 'ERASED') = (wrapped_data_key IS NULL AND audit_salt IS NULL AND data_key_version IS NULL))
);
CREATE INDEX idx_identity_key_version ON identity (tenant_id, data_key_version, id);
CREATE INDEX idx_identity_erasure ON identity (erasure_id, tenant_id) WHERE erasure_id IS NOT NULL;
CREATE INDEX idx_identity_merged_into ON identity (merged_into, tenant_id) WHERE merged_into IS NOT NULL;

-- What else a restored backup must not undo: attributes erased, links ended and brought back, a restriction. Each becomes a
-- line of the ledger outside this database, and its row here tells a replay that it is known.
CREATE TABLE ledger_line (
  tenant_id text NOT NULL CHECK (tenant_id <> ''),
  id text NOT NULL,
  identity_id text NOT NULL,
  said text NOT NULL,                                -- JSON: ids, and names of attributes as the tenant's rules spell them
  said_at iso_instant NOT NULL,
  noted_at iso_instant,                              -- when the ledger had it; NULL until then
  PRIMARY KEY (id, tenant_id),
  FOREIGN KEY (identity_id, tenant_id) REFERENCES identity (id, tenant_id)
);
CREATE INDEX idx_ledger_line_identity ON ledger_line (identity_id, tenant_id);
CREATE INDEX idx_ledger_line_unnoted ON ledger_line (said_at, tenant_id) WHERE noted_at IS NULL;

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

-- Which of several accounts a person uses at a relying party, once they asked to have it remembered.
CREATE TABLE account_choice (
  tenant_id text NOT NULL CHECK (tenant_id <> ''),
  identity_id text NOT NULL,
  client_id text NOT NULL,
  binding_id text NOT NULL,                          -- one that is gone is asked about again
  created_at iso_instant NOT NULL,
  updated_at iso_instant NOT NULL,
  PRIMARY KEY (identity_id, client_id, tenant_id),
  FOREIGN KEY (identity_id, tenant_id) REFERENCES identity (id, tenant_id)
);

-- What a person agreed that a relying party learns about them, where they are asked. Whoever is asked for more, or for
-- another purpose, is asked again; taken back, the row is gone.
CREATE TABLE consent (
  tenant_id text NOT NULL CHECK (tenant_id <> ''),
  identity_id text NOT NULL,
  client_id text NOT NULL,
  scopes text NOT NULL,                              -- JSON array
  claims text NOT NULL,                              -- JSON array: names in the tenant's rules, never a value
  purpose text,                                      -- JSON: what the relying party said it is for, in both languages
  created_at iso_instant NOT NULL,                   -- when the person first agreed
  updated_at iso_instant NOT NULL,                   -- when they did so last
  PRIMARY KEY (identity_id, client_id, tenant_id),
  FOREIGN KEY (identity_id, tenant_id) REFERENCES identity (id, tenant_id)
);

-- What relying parties know a person by: random and stored, so no key rotation can change it and erasure ends it. A merge
-- keeps the subjects of both persons: in each sector the oldest is used, the others wait without a person for a split.
CREATE TABLE pairwise_subject (
  tenant_id text NOT NULL CHECK (tenant_id <> ''),
  identity_id text,                                  -- who is known by it; NULL while an older one is used instead
  sector text NOT NULL,
  subject text NOT NULL,
  created_at iso_instant NOT NULL,
  origin_id text,                                    -- whom it was made for, where that is not identity_id
  PRIMARY KEY (subject, tenant_id),
  UNIQUE (identity_id, sector, tenant_id),
  FOREIGN KEY (identity_id, tenant_id) REFERENCES identity (id, tenant_id),
  FOREIGN KEY (origin_id, tenant_id) REFERENCES identity (id, tenant_id),
  CHECK (identity_id IS NOT NULL OR origin_id IS NOT NULL),
  CHECK (origin_id <> identity_id)
);
CREATE INDEX idx_subject_origin ON pairwise_subject (origin_id, tenant_id) WHERE origin_id IS NOT NULL;

-- Two persons found to be one, and what it takes to tell them apart again.
CREATE TABLE identity_merge (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  id text NOT NULL,
  merged_id text NOT NULL,                           -- the person who is MERGED while this holds
  surviving_id text NOT NULL,
  merged_by text NOT NULL,                           -- the administrator, as in the audit trail
  merged_at iso_instant NOT NULL,
  split_until iso_instant NOT NULL,
  split_by text,
  split_at iso_instant,
  PRIMARY KEY (id, tenant_id),
  FOREIGN KEY (merged_id, tenant_id) REFERENCES identity (id, tenant_id),
  FOREIGN KEY (surviving_id, tenant_id) REFERENCES identity (id, tenant_id),
  CHECK (merged_id <> surviving_id),
  CHECK ((split_at IS NULL) = (split_by IS NULL))
);
-- A person is merged once at a time, whatever races.
CREATE UNIQUE INDEX idx_merge_in_force ON identity_merge (merged_id, tenant_id) WHERE split_at IS NULL;
CREATE INDEX idx_merge_surviving ON identity_merge (surviving_id, tenant_id);
CREATE INDEX idx_merge_time ON identity_merge (tenant_id, merged_at, id);

-- Everything that was the merged person's when the merge was made. A split gives back what is listed here and still
-- there, and nothing else: what came later stays with the survivor.
CREATE TABLE identity_merge_edge (
  tenant_id text NOT NULL CHECK (tenant_id <> ''),
  merge_id text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('match', 'binding', 'subject', 'auxiliary')),
  edge_id text NOT NULL,                             -- match, binding or auxiliary row; of a subject its sector
  PRIMARY KEY (merge_id, kind, edge_id, tenant_id),
  FOREIGN KEY (merge_id, tenant_id) REFERENCES identity_merge (id, tenant_id) ON DELETE CASCADE
);
