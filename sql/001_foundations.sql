-- The group role every grant names, the type of every timestamp, and the tenants.
-- Forward-only. The runner wraps each file in one transaction; by hand: psql -1 -v ON_ERROR_STOP=1 -f, in name order.

-- The run-time login is a member of this role. It owns nothing, so row-level security binds it.
DO $$
BEGIN
  -- Asked first: CREATE ROLE wants the right to create before it looks whether there is anything to do.
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'identity_bridge_app') THEN
    CREATE ROLE identity_bridge_app NOLOGIN;
  END IF;
EXCEPTION
  WHEN duplicate_object OR unique_violation THEN NULL; -- another database of this cluster made it at the same moment
END
$$;

-- The seed keeps timestamps as TEXT. One fixed form (UTC, milliseconds, Z) under the C collation makes text order time
-- order; information_schema still calls a domain over text "text".
CREATE DOMAIN iso_instant AS text COLLATE "C"
  CHECK (VALUE ~ '^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\.[0-9]{3}Z$');

-- A tenant is one institution or one federation portal. Its own id is its tenant, and its row holds no personal data,
-- so this table has no row-level security: the path's slug must be found before any tenant can be set.
CREATE TABLE tenant (
  id text NOT NULL PRIMARY KEY CHECK (id <> ''),
  slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  name_en text NOT NULL,
  name_nl text NOT NULL,
  colour text NOT NULL CHECK (colour ~ '^#[0-9a-f]{6}$'),
  notice_url text,                                   -- the privacy notice shown before a wallet is opened (GDPR 13, 14)
  enabled integer NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  cross_device integer NOT NULL DEFAULT 1 CHECK (cross_device IN (0, 1)),   -- may the page show a QR code
  digital_credentials integer NOT NULL DEFAULT 1 CHECK (digital_credentials IN (0, 1)), -- may the page ask for credentials through the browser
  haip integer NOT NULL DEFAULT 0 CHECK (haip IN (0, 1)),                   -- the high assurance profile, and nothing it refuses
  direct_login integer NOT NULL DEFAULT 0 CHECK (direct_login IN (0, 1)),   -- may a person log in at a provider, without a wallet
  require_pushed_authorization_requests integer NOT NULL DEFAULT 0 CHECK (require_pushed_authorization_requests IN (0, 1)), -- of every client
  consent integer NOT NULL DEFAULT 0 CHECK (consent IN (0, 1)),             -- is a person asked before a relying party first learns about them
  single_sign_on_minutes integer NOT NULL DEFAULT 0 CHECK (single_sign_on_minutes BETWEEN 0 AND 60), -- 0: every login asks the person
  trust_four_eyes integer NOT NULL DEFAULT 0 CHECK (trust_four_eyes IN (0, 1)), -- does a trust policy need a second administrator to publish it
  last_used text NOT NULL DEFAULT 'exact' CHECK (last_used IN ('exact', 'day')), -- how exactly it is kept when a link was last used
  client_id_prefix text NOT NULL DEFAULT 'x509_hash' CHECK (client_id_prefix IN ('x509_hash', 'x509_san_dns')),
  response_mode text NOT NULL DEFAULT 'direct_post.jwt' CHECK (response_mode IN ('direct_post', 'direct_post.jwt')),
  wallet_scheme text NOT NULL DEFAULT 'openid4vp://' CHECK (wallet_scheme ~ '^[a-z][a-z0-9+.-]*:(//[^ ]*)?$'),
  revision integer NOT NULL DEFAULT 1,               -- raised by every change of the tenant's configuration
  created_at iso_instant NOT NULL,
  updated_at iso_instant NOT NULL,
  ended_at iso_instant,                              -- off-boarded: nobody is left, and the slug is nobody else's
  CHECK (ended_at IS NULL OR enabled = 0)
);

-- The reserved tenant that cross-tenant facts (keys, jobs, admin tokens) belong to; it serves nobody.
INSERT INTO tenant (id, slug, name_en, name_nl, colour, enabled, cross_device, created_at, updated_at)
VALUES ('system', 'system', 'System', 'Systeem', '#000000', 0, 0,
        '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z');
