-- What operators and institutions set: relying parties, policies, keys, tokens of the admin API.

CREATE TABLE relying_party (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  client_id text NOT NULL CHECK (client_id <> ''),
  name text NOT NULL,
  redirect_uris text NOT NULL,                       -- JSON array, compared character by character
  token_endpoint_auth_method text NOT NULL
    CHECK (token_endpoint_auth_method IN ('client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none')),
  secret_hashes text NOT NULL DEFAULT '[]',          -- JSON array, at most two: SHA-256 of 256-bit secrets
  jwks text,                                         -- JSON Web Key Set for private_key_jwt
  jwks_uri text CHECK (jwks_uri IS NULL OR jwks IS NULL), -- or where it publishes that itself (OpenID Connect Registration 2)
  id_token_signed_response_alg text NOT NULL DEFAULT 'RS256' CHECK (id_token_signed_response_alg IN ('ES256', 'RS256', 'PS256')),
  require_pkce integer NOT NULL DEFAULT 1 CHECK (require_pkce IN (0, 1)),
  claims_in_id_token integer NOT NULL DEFAULT 0 CHECK (claims_in_id_token IN (0, 1)),
  sector text NOT NULL,                              -- host of the redirect URIs, or the declared sector identifier
  purpose_en text,
  purpose_nl text,
  enabled integer NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  grant_types text NOT NULL DEFAULT '["authorization_code"]',                -- JSON array: what it may ask the token endpoint for
  offline_access_needed integer NOT NULL DEFAULT 1 CHECK (offline_access_needed IN (0, 1)), -- 0: a refresh token with every code
  machine_scopes text NOT NULL DEFAULT '[]',         -- JSON array: what its own tokens may do (domain/machine.ts)
  data_access text NOT NULL DEFAULT '{"claims":[],"auxiliary":[]}', -- JSON: what of people its tokens show and change; nothing that is not named
  audiences text NOT NULL DEFAULT '[]',              -- JSON array: resources besides ours it may ask tokens for (RFC 8707)
  resource text,                                     -- what it is called as a resource server, whose tokens it may introspect
  issued_by text,                                    -- issuer of the tenant's own authorization server: its tokens come from there
  subject_type text NOT NULL DEFAULT 'pairwise' CHECK (subject_type IN ('pairwise', 'public')),
  sector_identifier_uri text,                        -- where its sector was declared (OpenID Connect Core 8.1)
  userinfo_signed_response_alg text CHECK (userinfo_signed_response_alg IN ('ES256', 'RS256', 'PS256')), -- NULL: JSON
  dpop_bound_access_tokens integer NOT NULL DEFAULT 0 CHECK (dpop_bound_access_tokens IN (0, 1)),
  profile text NOT NULL DEFAULT 'standard' CHECK (profile IN ('standard', 'classic', 'fapi2')),
  require_pushed_authorization_requests integer NOT NULL DEFAULT 0 CHECK (require_pushed_authorization_requests IN (0, 1)),
  scopes text,                                       -- JSON array: what it may ask for besides openid; NULL: every scope there is
  claims text,                                       -- JSON array: what it may be told of people; NULL: all that its scopes release
  parity text NOT NULL DEFAULT 'off' CHECK (parity IN ('off', 'recording', 'enforced')), -- whether its tokens are held to:
  contract text,                                     -- JSON: claims with type and scope, and acr values
  contract_recorded_at iso_instant,
  consent text NOT NULL DEFAULT 'tenant' CHECK (consent IN ('tenant', 'ask', 'never')), -- whether people are asked: as the tenant says, or as this says
  post_logout_redirect_uris text NOT NULL DEFAULT '[]', -- JSON array, compared character by character (RP-Initiated Logout 1.0)
  backchannel_logout_uri text,                       -- where logout tokens go (Back-Channel Logout 1.0); NULL: nowhere
  backchannel_logout_session_required integer NOT NULL DEFAULT 0 CHECK (backchannel_logout_session_required IN (0, 1)),
  created_at iso_instant NOT NULL,
  updated_at iso_instant NOT NULL,
  PRIMARY KEY (tenant_id, client_id),
  CHECK ((parity = 'off') = (contract IS NULL)),
  CHECK (token_endpoint_auth_method <> 'none' OR require_pkce = 1)
);
-- A name stands for one resource server only.
CREATE UNIQUE INDEX idx_relying_party_resource ON relying_party (tenant_id, resource) WHERE resource IS NOT NULL;

-- What a member state says of a relying party (registration certificate): sent to wallets with each request, by value.
CREATE TABLE registration_certificate (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  id text NOT NULL,
  client_id text NOT NULL DEFAULT '',                -- the relying party; '' for all that have none of their own
  format text NOT NULL,                              -- `format` in `verifier_info` (OpenID4VP 1.0 section 5.1)
  document text NOT NULL,                            -- public: wallets get it
  not_after iso_instant,
  created_at iso_instant NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, client_id, format)
);

-- Lists of trusted entities that others keep (ETSI TS 119 602 and 119 612), as they were believed last. Nothing about persons.
CREATE TABLE trusted_list (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  url text NOT NULL,
  signers text,                                      -- digest of the pinned signers; NULL until it was believed once
  sequence bigint CHECK (sequence >= 0),             -- never goes back
  issued_at iso_instant,
  next_update iso_instant,
  services text,                                     -- JSON: service types with their CA certificates
  pointers text,                                     -- JSON: of a list of lists, the others with whoever may sign them
  fetched_at iso_instant,
  checked_at iso_instant NOT NULL,
  problem text,                                      -- why the last attempt came to nothing
  PRIMARY KEY (tenant_id, url),
  CHECK ((signers IS NULL) = (services IS NULL) AND (services IS NULL) = (sequence IS NULL))
);

-- What authorities and issuers publish and logins rest on, as it was sent last: lists of revoked certificates, answers of
-- responders, keys, chains of a federation. All instances share it, and a job asks ahead of logins. Nothing about persons.
CREATE TABLE kept_answer (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  name text NOT NULL,                                -- SHA-256 of kind, about and source
  kind text NOT NULL CHECK (kind IN ('crl', 'ocsp', 'issuer_keys', 'federation')),
  about text NOT NULL,                               -- fingerprint of a certificate, or an issuer
  source text NOT NULL,                              -- JSON: what it takes to ask again
  document text,                                     -- as it was sent, and judged anew whenever it is read; NULL until there was one
  issued_at iso_instant,                             -- never goes back
  fetched_at iso_instant,
  fresh_until iso_instant,                           -- no login needs to ask before
  checked_at iso_instant NOT NULL,
  seen_at iso_instant NOT NULL,                      -- when a login needed it, to the day: what none needs any more goes
  problem text,                                      -- why the last attempt came to nothing
  PRIMARY KEY (tenant_id, name),
  CHECK ((document IS NULL) = (fetched_at IS NULL) AND (document IS NULL) = (issued_at IS NULL) AND (document IS NULL) = (fresh_until IS NULL))
);

-- Initial access tokens (RFC 7591): who may register relying parties without an administrator, how often, until when.
CREATE TABLE registration_token (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  id text NOT NULL,
  token_hash text NOT NULL,                          -- SHA-256 of 256 random bits
  name text NOT NULL,
  uses_left integer NOT NULL CHECK (uses_left >= 0),
  created_at iso_instant NOT NULL,
  expires_at iso_instant NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, token_hash)
);

-- The tenant's own authorization server: machine tokens of these issuers are taken from the clients registered for them.
CREATE TABLE authorization_server (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  id text NOT NULL,
  issuer text NOT NULL CHECK (issuer <> ''),
  jwks_uri text NOT NULL,
  audience text NOT NULL,                            -- what its tokens must be meant for
  token_type text NOT NULL DEFAULT 'at+jwt' CHECK (token_type IN ('at+jwt', 'JWT')), -- `typ` of its tokens (RFC 9068 says at+jwt)
  created_at iso_instant NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, issuer)
);

-- One strict document per tenant and kind: whole, numbered, published once, then immutable.
CREATE TABLE policy_version (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  kind text NOT NULL CHECK (kind IN ('trust', 'query', 'attributes', 'material', 'selector')),
  version integer NOT NULL CHECK (version > 0),
  document text NOT NULL,                            -- JSON
  digest text NOT NULL,                              -- SHA-256 of the document, base64url
  published_at iso_instant NOT NULL,
  published_by text NOT NULL,                        -- id of the admin token
  PRIMARY KEY (tenant_id, kind, version)
);

-- What is still being written, one draft a tenant and kind: saved as often as needed, judged, then published (which takes
-- it away). Tables of their own, so that the run-time login can be kept from changing anything published.
CREATE TABLE policy_draft (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  kind text NOT NULL CHECK (kind IN ('trust', 'query', 'attributes', 'material', 'selector')),
  document text NOT NULL,                            -- JSON, as it was sent; nothing says yet that it is any good
  digest text NOT NULL,                              -- SHA-256 of the document, base64url
  based_on integer NOT NULL CHECK (based_on >= 0),   -- the version that was current when it was begun, 0 for none
  state text NOT NULL CHECK (state IN ('draft', 'validated')),
  saved_at iso_instant NOT NULL,
  saved_by text NOT NULL,                            -- id of the admin token
  PRIMARY KEY (tenant_id, kind)
);

CREATE TABLE signing_key (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  kid text NOT NULL,
  purpose text NOT NULL CHECK (purpose IN ('token', 'request')),
  algorithm text NOT NULL CHECK (algorithm IN ('ES256', 'RS256', 'PS256')),
  state text NOT NULL CHECK (state IN ('next', 'active', 'retiring', 'retired')),
  public_jwk text NOT NULL,
  sealed_private_key text NOT NULL,                  -- PKCS#8, sealed under Key C; '' once retired
  certificate_chain text,                            -- purpose 'request': JSON array of base64 DER, leaf first
  client_id text NOT NULL DEFAULT '',                -- purpose 'request': the relying party whose access certificate it is; '' for the tenant's own
  created_at iso_instant NOT NULL,
  activated_at iso_instant,
  retire_at iso_instant,
  removed_at iso_instant,                            -- in an emergency: not even an old ID token of it is believed
  PRIMARY KEY (tenant_id, kid),
  CHECK ((purpose = 'request') = (certificate_chain IS NOT NULL)),
  CHECK ((state = 'retired') = (sealed_private_key = '')),
  CHECK (client_id = '' OR purpose = 'request')
);
-- One active key for each tenant, purpose and algorithm, and for each relying party that has an access certificate.
CREATE UNIQUE INDEX idx_signing_key_active ON signing_key (tenant_id, purpose, algorithm, client_id) WHERE state = 'active';
-- And one that waits for its turn.
CREATE UNIQUE INDEX idx_signing_key_next ON signing_key (tenant_id, purpose, algorithm) WHERE state = 'next';

-- What a tenant says of how long each kind of data is kept, where it says other than the defaults (domain/retention.ts).
CREATE TABLE retention_rule (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  kind text NOT NULL CHECK (kind IN
    ('links', 'ended_links', 'auxiliary', 'logins', 'grants', 'repeats', 'messages', 'audit_events', 'receipts')),
  days integer CHECK (days BETWEEN 1 AND 36500),     -- NULL: as the service has it
  notice_days integer CHECK (notice_days BETWEEN 0 AND 365), -- of links: how long before their end it is told
  ground text CHECK (ground <> ''),                  -- the tenant's own words, for the record of processing
  changed_at iso_instant NOT NULL,
  changed_by text NOT NULL,                          -- id of the admin token
  PRIMARY KEY (tenant_id, kind)
);

-- Tokens of the admin API. They all belong to the reserved tenant; for_tenant NULL means every tenant.
CREATE TABLE admin_token (
  tenant_id text NOT NULL DEFAULT 'system' CHECK (tenant_id = 'system'),
  id text NOT NULL PRIMARY KEY,
  token_hash text NOT NULL UNIQUE,
  name text NOT NULL,
  for_tenant text REFERENCES tenant (id),
  scopes text NOT NULL,                              -- JSON array
  -- The one institution whose providers it manages, as schac_home_organization; such a token can do nothing else.
  for_institution text CHECK (for_institution <> ''),
  created_at iso_instant NOT NULL,
  expires_at iso_instant NOT NULL,
  last_used_at iso_instant,
  revoked_at iso_instant,
  CHECK (for_institution IS NULL OR (for_tenant IS NOT NULL AND scopes = '["providers:manage"]'))
);

-- A browser of the compliance page that was signed in with a token; ends with it, or after a quarter of an hour.
CREATE TABLE admin_session (
  tenant_id text NOT NULL DEFAULT 'system' CHECK (tenant_id = 'system'),
  session_hash text NOT NULL,                        -- SHA-256 of the cookie
  token_id text NOT NULL,                            -- admin_token.id; looked at each time
  about_tenant text NOT NULL REFERENCES tenant (id), -- whose people it is about
  created_at iso_instant NOT NULL,
  expires_at iso_instant NOT NULL,
  PRIMARY KEY (session_hash, tenant_id)
);
CREATE INDEX idx_admin_session_expires ON admin_session (expires_at, tenant_id);

-- HMAC of a constant under every key version: a wrong keyring stops the service at its start.
CREATE TABLE key_check (
  tenant_id text NOT NULL DEFAULT 'system' CHECK (tenant_id = 'system'),
  key_name text NOT NULL CHECK (key_name IN ('A', 'B', 'C')),
  version integer NOT NULL,
  check_value text NOT NULL,
  created_at iso_instant NOT NULL,
  PRIMARY KEY (key_name, version)
);
