-- What happens by itself: one row a job with its lease, and what must be told to others.

-- Every instance may run every job; the lease decides, and the fencing number outlives a worker that stalled.
CREATE TABLE job (
  tenant_id text NOT NULL DEFAULT 'system' CHECK (tenant_id = 'system'),
  name text NOT NULL PRIMARY KEY,
  due_at iso_instant NOT NULL,
  paused integer NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
  lease_owner text,
  lease_until iso_instant,
  fencing bigint NOT NULL DEFAULT 0,
  last_started_at iso_instant,
  last_finished_at iso_instant,
  last_outcome text,                                 -- JSON: counts, or a word for what went wrong
  created_at iso_instant NOT NULL
);

-- Counters and place of a key migration, for each tenant (key_migration_history has the run as a whole).
CREATE TABLE key_migration_progress (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  version integer NOT NULL REFERENCES key_migration_history (version),
  place text NOT NULL,                               -- JSON: attempt, leg of the walk, after which id
  records_total integer NOT NULL DEFAULT 0,
  records_processed integer NOT NULL DEFAULT 0,
  records_failed integer NOT NULL DEFAULT 0,
  records_skipped integer NOT NULL DEFAULT 0,
  records_purged integer NOT NULL DEFAULT 0,
  updated_at iso_instant NOT NULL,
  PRIMARY KEY (tenant_id, version)
);

-- Who hears of events, and how: signed webhooks, Security Event Tokens pushed to them, or fetched by them.
CREATE TABLE event_subscription (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  id text NOT NULL,
  client_id text,                                    -- relying party or machine client; NULL for the tenant itself
  delivery text NOT NULL CHECK (delivery IN ('webhook', 'push', 'poll')),
  endpoint text,                                     -- NULL where events are fetched
  audience text NOT NULL,                            -- aud of its Security Event Tokens
  event_types text NOT NULL,                         -- JSON array
  sealed_secrets text NOT NULL,                      -- sealed JSON array, newest first, at most two
  enabled integer NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  created_at iso_instant NOT NULL,
  updated_at iso_instant NOT NULL,
  PRIMARY KEY (id, tenant_id),
  FOREIGN KEY (tenant_id, client_id) REFERENCES relying_party (tenant_id, client_id),
  CHECK ((delivery = 'poll') = (endpoint IS NULL))
);
CREATE INDEX idx_event_subscription_client ON event_subscription (tenant_id, client_id);

-- Events for the outside world, written in the transaction they tell of: one row a receiver, since each knows the person
-- by a subject of its own, and an erasure leaves no other trace of it.
CREATE TABLE outbox (
  tenant_id text NOT NULL REFERENCES tenant (id) CHECK (tenant_id <> ''),
  id text NOT NULL,
  subscription_id text,                              -- NULL for a logout token
  client_id text,                                    -- whose logout token it is; NULL for everything that was subscribed to
  event_type text NOT NULL,
  identity_id text,                                  -- NULL once the person is erased
  payload text NOT NULL,                             -- sealed
  created_at iso_instant NOT NULL,
  due_at iso_instant NOT NULL,                       -- while somebody delivers it: when another may try
  attempts integer NOT NULL DEFAULT 0,               -- also the fencing number of who delivers it
  last_error text,                                   -- a word of ours
  delivered_at iso_instant,
  dead_at iso_instant,
  PRIMARY KEY (id, tenant_id),
  FOREIGN KEY (subscription_id, tenant_id) REFERENCES event_subscription (id, tenant_id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, client_id) REFERENCES relying_party (tenant_id, client_id),
  CHECK ((subscription_id IS NULL) = (client_id IS NOT NULL))
);
-- What is due, by receiver: however far behind one is, the first of another is found at once. Then what is fetched.
CREATE INDEX idx_outbox_due ON outbox (tenant_id, subscription_id, due_at, created_at, id)
  WHERE delivered_at IS NULL AND dead_at IS NULL;
CREATE INDEX idx_outbox_due_logout ON outbox (tenant_id, client_id, due_at, created_at, id)
  WHERE delivered_at IS NULL AND dead_at IS NULL AND client_id IS NOT NULL;
CREATE INDEX idx_outbox_fetched ON outbox (tenant_id, subscription_id, created_at, id)
  WHERE delivered_at IS NULL AND dead_at IS NULL;
-- Each state by age: what an administrator lists, and what is given up or removed.
CREATE INDEX idx_outbox_waiting ON outbox (tenant_id, created_at, id) WHERE delivered_at IS NULL AND dead_at IS NULL;
CREATE INDEX idx_outbox_delivered ON outbox (tenant_id, created_at, id) WHERE delivered_at IS NOT NULL AND dead_at IS NULL;
CREATE INDEX idx_outbox_dead ON outbox (tenant_id, created_at, id) WHERE dead_at IS NOT NULL;
CREATE INDEX idx_outbox_identity ON outbox (tenant_id, identity_id) WHERE identity_id IS NOT NULL;
CREATE INDEX idx_outbox_subscription ON outbox (tenant_id, subscription_id);   -- a subscription that ends takes its rows along
