-- What lives minutes, not years. Never UNLOGGED: a journey survives a crash between two requests.
--
-- Keys and indexes here begin with what is selective and end with the tenant. These tables grow from nothing faster than
-- statistics are gathered, and a planner without statistics takes a tenant's whole table for one row: an index that began
-- with the tenant would be read from end to end.

CREATE TABLE journey (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  id text NOT NULL,                                  -- known to the browser only
  state text NOT NULL CHECK (state IN
    ('started', 'retrieved', 'presented', 'choosing', 'reconciling', 'confirming', 'recognised', 'consenting', 'managing', 'granted', 'failed', 'expired')),
  purpose text NOT NULL DEFAULT 'login' CHECK (purpose IN ('login', 'privacy')), -- 'privacy': the person asks for their own data, no relying party does
  correlation_id text NOT NULL,
  client_id text NOT NULL,
  browser_hash text NOT NULL,                        -- SHA-256 of the browser's cookie
  language text NOT NULL CHECK (language IN ('en', 'nl')),
  request text NOT NULL,                             -- sealed: what the relying party asked
  wallet_secrets text,                               -- sealed: what the wallet alone is given; NULL as soon as it has answered (VP-082)
  request_kid text NOT NULL,                         -- the request signing key this journey began with (VP-042)
  policies text NOT NULL,                            -- JSON: kind -> version of the policies this journey began with
  -- SHA-256 of what the wallet is given, one pair for each way in; NULL as soon as they are spent
  same_device_request_hash text,
  same_device_state_hash text,
  cross_device_request_hash text,
  cross_device_state_hash text,
  way text CHECK (way IN ('digital_credentials', 'same_device', 'cross_device', 'direct')),
  refusals integer NOT NULL DEFAULT 0,               -- presentations refused so far (VP-081)
  provider_id text,                                  -- way 'direct': the provider the person chose instead of a wallet
  presented_at iso_instant,                          -- of a wallet's answer, or of that choice
  identifiers text,                                  -- JSON: the presentation's identifiers (without a wallet the account), each with type, key, strength and its hashes, current one first
  identifier_hashes text[],                          -- all of those hashes: what one query looks up (CR-42)
  presentation text,                                 -- sealed: the wallet attributes a rule of the tenant uses
  response_code_hash text,
  identity_id text,
  binding_id text,
  decision text,                                     -- JSON: what the selector decided, once it was asked: plan, rule, reasons, state
  accounts text[],                                   -- bindings that the person chooses from, in the order of the page
  assurance text,                                    -- JSON: acr, amr and time of the upstream login, once there was one
  failure text,                                      -- a word from our own list
  pushed_request_hash text,                          -- the pushed request it began with (RFC 9126)
  spent_request_hash text,                           -- the same once a code was issued for it: that happens once (OP-33)
  created_at iso_instant NOT NULL,
  updated_at iso_instant NOT NULL,
  expires_at iso_instant NOT NULL,
  PRIMARY KEY (id, tenant_id)
);
CREATE UNIQUE INDEX idx_journey_same_request ON journey (same_device_request_hash, tenant_id)
  WHERE same_device_request_hash IS NOT NULL;
CREATE UNIQUE INDEX idx_journey_same_state ON journey (same_device_state_hash, tenant_id)
  WHERE same_device_state_hash IS NOT NULL;
CREATE UNIQUE INDEX idx_journey_cross_request ON journey (cross_device_request_hash, tenant_id)
  WHERE cross_device_request_hash IS NOT NULL;
CREATE UNIQUE INDEX idx_journey_cross_state ON journey (cross_device_state_hash, tenant_id)
  WHERE cross_device_state_hash IS NOT NULL;
CREATE UNIQUE INDEX idx_journey_response_code ON journey (response_code_hash, tenant_id)
  WHERE response_code_hash IS NOT NULL;
CREATE UNIQUE INDEX idx_journey_spent_request ON journey (spent_request_hash, tenant_id)
  WHERE spent_request_hash IS NOT NULL;
CREATE INDEX idx_journey_expires ON journey (expires_at, tenant_id);
CREATE INDEX idx_journey_identity ON journey (identity_id, tenant_id) WHERE identity_id IS NOT NULL;
ALTER TABLE journey SET (fillfactor = 60);

-- Authorization requests that clients pushed (RFC 9126): judged when they came, and again when the browser brings them.
CREATE TABLE pushed_request (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  reference_hash text NOT NULL,                      -- SHA-256 of the random part of its request_uri
  client_id text NOT NULL,
  request text NOT NULL,                             -- sealed: the parameters as they came
  created_at iso_instant NOT NULL,
  expires_at iso_instant NOT NULL,
  PRIMARY KEY (reference_hash, tenant_id)
);
CREATE INDEX idx_pushed_request_expires ON pushed_request (expires_at, tenant_id);

-- What a finished login lets one relying party ask about one person.
CREATE TABLE login_grant (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  id text NOT NULL,
  client_id text NOT NULL,
  identity_id text,
  binding_id text,
  subject text NOT NULL,                             -- what its tokens call the person, as long as they live
  correlation_id text NOT NULL,
  scope text NOT NULL,
  acr text NOT NULL,
  amr text NOT NULL,                                 -- JSON array
  auth_time integer,                                 -- seconds; NULL where the institution alone was asked and did not say
  upstream text,                                     -- JSON: acr, amr and time of the institution's login, if it was part of this very one
  attribute_policy_version integer NOT NULL,
  claims text,                                       -- JSON: claims asked for by name, by place, and what the person agreed to where they were asked; NULL where neither
  wallet_attributes text,                            -- sealed; NULL where no rule projects an attribute of the wallet
  created_at iso_instant NOT NULL,
  expires_at iso_instant NOT NULL,
  revoked_at iso_instant,
  -- The single-sign-on session it was made in: SHA-256 of its secret and of the browser's id, and when the person really
  -- logged in. The browser alone: a later session of the same person took its place, and a logout is told for both. Columns
  -- here and no table, so that it ends with the grants.
  session_hash text,
  session_browser_hash text,
  session_started_at iso_instant,
  -- Random; the same in every grant of a session. Each relying party sees a hash of it and of its own id as `sid`, so that no
  -- two can compare theirs. Made here, because it stands for nothing but itself.
  sid text NOT NULL DEFAULT gen_random_uuid()::text,
  PRIMARY KEY (id, tenant_id),
  CHECK ((identity_id IS NULL) = (binding_id IS NULL)),  -- neither: a login that links nobody
  FOREIGN KEY (identity_id, tenant_id) REFERENCES identity (id, tenant_id)
);
CREATE INDEX idx_grant_identity ON login_grant (identity_id, tenant_id);
CREATE INDEX idx_grant_session ON login_grant (session_hash, tenant_id) WHERE session_hash IS NOT NULL;
CREATE INDEX idx_grant_session_browser ON login_grant (session_browser_hash, tenant_id)
  WHERE session_browser_hash IS NOT NULL;
CREATE INDEX idx_grant_expires ON login_grant (expires_at, tenant_id);

CREATE TABLE authorization_code (
  tenant_id text NOT NULL CHECK (tenant_id <> ''),
  code_hash text NOT NULL,
  grant_id text NOT NULL,
  client_id text NOT NULL,
  redirect_uri text NOT NULL,
  code_challenge text,
  dpop_jkt text,                                     -- the key that must redeem it (RFC 9449 section 10); NULL: any, or none
  nonce text,
  created_at iso_instant NOT NULL,
  expires_at iso_instant NOT NULL,
  consumed_at iso_instant,                           -- kept until the grant ends: a late replay must be known (OP-43)
  -- The access token it became, SHA-256. Here and not in access_token, because redeeming is then one update of one row;
  -- under no index, because such a token names its code's hash itself, so that the update stays a HOT one.
  token_hash text,
  token_jkt text,
  token_expires_at iso_instant,
  PRIMARY KEY (code_hash, tenant_id),
  FOREIGN KEY (grant_id, tenant_id) REFERENCES login_grant (id, tenant_id) ON DELETE CASCADE
);
CREATE INDEX idx_code_grant ON authorization_code (grant_id, tenant_id);
ALTER TABLE authorization_code SET (fillfactor = 70);   -- room on the page: spending a code stays a HOT update

-- Those that came of no row of their own: of a refresh token that stays, or given once more when an answer was lost.
CREATE TABLE access_token (
  tenant_id text NOT NULL CHECK (tenant_id <> ''),
  token_hash text NOT NULL,
  grant_id text NOT NULL,
  scope text,                                        -- less than the grant's, asked for at a refresh; NULL: all of it
  jkt text,                                          -- thumbprint of the key it is bound to (RFC 9449); NULL: a bearer token
  created_at iso_instant NOT NULL,
  expires_at iso_instant NOT NULL,
  PRIMARY KEY (token_hash, tenant_id),
  FOREIGN KEY (grant_id, tenant_id) REFERENCES login_grant (id, tenant_id) ON DELETE CASCADE
);
CREATE INDEX idx_access_token_grant ON access_token (grant_id, tenant_id);

-- One family a grant: each token is used once and followed by the next, and a used one that comes again ends them all.
CREATE TABLE refresh_token (
  tenant_id text NOT NULL CHECK (tenant_id <> ''),
  family_hash text NOT NULL,                         -- SHA-256 of what every token of the family begins with
  grant_id text NOT NULL,
  token_hash text NOT NULL,                          -- SHA-256 of the token that is good now; another of the family was used (OP-74)
  predecessor_hash text,                             -- the one before it, whose answer may have been lost; NULL while it is the first
  salt text,                                         -- with the one before it, it made this one
  jkt text,                                          -- public clients with DPoP: the key that must come along (RFC 9449 section 5)
  created_at iso_instant NOT NULL,                   -- when the token that is good now was given
  expires_at iso_instant NOT NULL,                   -- when it ends unless it is used
  family_ends_at iso_instant NOT NULL,               -- when the last of the family ends, however often it is used
  -- The access token that was born with it, SHA-256, in the same row for the same reason as a code's.
  access_hash text,
  access_scope text,                                 -- less than the grant's, asked for at a refresh; NULL: all of it
  access_jkt text,                                   -- thumbprint of the key it is bound to (RFC 9449); NULL: a bearer token
  access_expires_at iso_instant,
  -- The one before that, which goes on: requests that carry it may be under way. One before that one ends early.
  prior_access_hash text,
  prior_access_scope text,
  prior_access_jkt text,
  prior_access_created_at iso_instant,
  prior_access_expires_at iso_instant,
  PRIMARY KEY (family_hash, tenant_id),
  FOREIGN KEY (grant_id, tenant_id) REFERENCES login_grant (id, tenant_id) ON DELETE CASCADE
);
CREATE INDEX idx_refresh_token_grant ON refresh_token (grant_id, tenant_id);
ALTER TABLE refresh_token SET (fillfactor = 50);   -- room on the page for the next version: a refresh stays a HOT update

-- Tokens that are JWTs of our own and were revoked before their end; by their jti.
CREATE TABLE revoked_token (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  jti_hash text NOT NULL,
  expires_at iso_instant NOT NULL,
  PRIMARY KEY (jti_hash, tenant_id)
);
CREATE INDEX idx_revoked_token_expires ON revoked_token (expires_at, tenant_id);

-- Writes of the data API that carried an Idempotency-Key: claimed by one attempt, then with its answer, for a day.
CREATE TABLE idempotency_key (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  client_id text NOT NULL,
  key_hash text NOT NULL,                            -- SHA-256 of the caller's key
  request text NOT NULL,                             -- sealed: SHA-256 of what was asked for, for what is written of people can be guessed
  claim text NOT NULL,                               -- which attempt is at it
  claimed_until iso_instant NOT NULL,                -- an attempt that died is followed by another one then
  answer text,                                       -- sealed; NULL while in flight
  expires_at iso_instant NOT NULL,
  PRIMARY KEY (key_hash, client_id, tenant_id)
);
CREATE INDEX idx_idempotency_key_expires ON idempotency_key (tenant_id, expires_at);

-- jti values of client assertions that were spent (OP-47).
CREATE TABLE client_assertion (
  tenant_id text NOT NULL CHECK (tenant_id <> ''),
  client_id text NOT NULL,
  jti_hash text NOT NULL,
  expires_at iso_instant NOT NULL,
  PRIMARY KEY (tenant_id, client_id, jti_hash)
);
CREATE INDEX idx_client_assertion_expires ON client_assertion (tenant_id, expires_at);

-- A round trip that an administrator makes at a provider to see what comes back. Nobody becomes known by it. What it
-- showed is sealed until it has been looked at once; what stays for the administration is names, no value.
CREATE TABLE provider_test (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  id text NOT NULL,
  provider_id text NOT NULL,
  state text NOT NULL CHECK (state IN ('created', 'started', 'succeeded', 'failed')),
  start_hash text,                                   -- SHA-256 of what the address to begin at holds
  browser_hash text,                                 -- SHA-256 of the browser's cookie, once it began
  state_hash text,                                   -- SHA-256 of the state sent to the provider
  provider_updated_at iso_instant,                   -- the provider row as it was then
  sealed text,                                       -- first nonce and verifier, then what came back
  outcome text,                                      -- JSON: reason, and names of claims and attributes
  created_by text NOT NULL,                          -- id of the admin token
  created_at iso_instant NOT NULL,
  expires_at iso_instant NOT NULL,
  PRIMARY KEY (id, tenant_id),
  FOREIGN KEY (tenant_id, provider_id) REFERENCES reconciliation_provider (tenant_id, id)
);
CREATE UNIQUE INDEX idx_provider_test_start ON provider_test (start_hash, tenant_id) WHERE start_hash IS NOT NULL;
CREATE UNIQUE INDEX idx_provider_test_state ON provider_test (state_hash, tenant_id) WHERE state_hash IS NOT NULL;
CREATE INDEX idx_provider_test_provider ON provider_test (provider_id, tenant_id);
CREATE INDEX idx_provider_test_expires ON provider_test (expires_at, tenant_id);
