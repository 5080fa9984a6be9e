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
  id_token_signed_response_alg text NOT NULL DEFAULT 'ES256' CHECK (id_token_signed_response_alg IN ('ES256', 'RS256')),
  require_pkce integer NOT NULL DEFAULT 1 CHECK (require_pkce IN (0, 1)),
  claims_in_id_token integer NOT NULL DEFAULT 0 CHECK (claims_in_id_token IN (0, 1)),
  sector text NOT NULL,                              -- host of the redirect URIs, or the declared sector identifier
  purpose_en text,
  purpose_nl text,
  enabled integer NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  created_at iso_instant NOT NULL,
  updated_at iso_instant NOT NULL,
  PRIMARY KEY (tenant_id, client_id),
  CHECK (token_endpoint_auth_method <> 'none' OR require_pkce = 1)
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
  algorithm text NOT NULL CHECK (algorithm IN ('ES256', 'RS256')),
  state text NOT NULL CHECK (state IN ('next', 'active', 'retiring', 'retired')),
  public_jwk text NOT NULL,
  sealed_private_key text NOT NULL,                  -- PKCS#8, sealed under Key C
  certificate_chain text,                            -- purpose 'request': JSON array of base64 DER, leaf first
  created_at iso_instant NOT NULL,
  activated_at iso_instant,
  retire_at iso_instant,
  PRIMARY KEY (tenant_id, kid),
  CHECK ((purpose = 'request') = (certificate_chain IS NOT NULL))
);
-- One active key for each tenant, purpose and algorithm.
CREATE UNIQUE INDEX idx_signing_key_active ON signing_key (tenant_id, purpose, algorithm) WHERE state = 'active';

-- Tokens of the admin API. They all belong to the reserved tenant; for_tenant NULL means every tenant.
CREATE TABLE admin_token (
  tenant_id text NOT NULL DEFAULT 'system' CHECK (tenant_id = 'system'),
  id text NOT NULL PRIMARY KEY,
  token_hash text NOT NULL UNIQUE,
  name text NOT NULL,
  for_tenant text REFERENCES tenant (id),
  scopes text NOT NULL,                              -- JSON array
  created_at iso_instant NOT NULL,
  expires_at iso_instant NOT NULL,
  last_used_at iso_instant,
  revoked_at iso_instant
);

-- HMAC of a constant under every key version: a wrong keyring stops the service at its start.
CREATE TABLE key_check (
  tenant_id text NOT NULL DEFAULT 'system' CHECK (tenant_id = 'system'),
  key_name text NOT NULL CHECK (key_name IN ('A', 'B', 'C')),
  version integer NOT NULL,
  check_value text NOT NULL,
  created_at iso_instant NOT NULL,
  PRIMARY KEY (key_name, version)
);
