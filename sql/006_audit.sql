-- The audit trail chains itself: whoever can write rows can still not write history.

CREATE TABLE audit_head (
  tenant_id text NOT NULL PRIMARY KEY CHECK (tenant_id <> ''),
  seq bigint NOT NULL,
  row_hash text NOT NULL,
  created_at iso_instant NOT NULL,
  start_seq bigint NOT NULL DEFAULT 0,               -- events up to this one may be gone: a signed checkpoint says so
  closed_at iso_instant                              -- the tenant ended: its chain takes no more events
);

-- Signed heads, sent to places this database cannot reach before they are written here. Each repeats where the trail
-- begins, so that the newest one alone tells a pruned trail from one whose beginning was cut off.
CREATE TABLE audit_checkpoint (
  tenant_id text NOT NULL CHECK (tenant_id <> ''),
  seq bigint NOT NULL,
  row_hash text NOT NULL,
  start_seq bigint NOT NULL,                         -- 0: nothing was pruned
  start_hash text NOT NULL,                          -- row_hash of that event; the genesis hash for 0
  kid text NOT NULL,
  jws text NOT NULL,                                 -- all of this, signed by a key that is not in this database
  created_at iso_instant NOT NULL,
  PRIMARY KEY (tenant_id, seq, start_seq, kid)
);

-- One field of the hashed bytes: four bytes of length (all ones for NULL), then the UTF-8 text.
CREATE FUNCTION audit_field(value text) RETURNS bytea
  LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog
  RETURN CASE WHEN value IS NULL THEN '\xffffffff'::bytea
              ELSE int4send(octet_length(convert_to(value, 'UTF8'))) || convert_to(value, 'UTF8') END;

-- SHA-256 over a zero byte and every field of the row, in this order (docs/audit-trail.md has a worked example).
CREATE FUNCTION audit_row_hash(
  tenant_id text, seq bigint, prev_hash text, id text, event_type text, correlation_id text,
  subject_hash text, client_id text, detail text, created_at text
) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public
  RETURN encode(sha256('\x00'::bytea
    || public.audit_field('identity-bridge/audit/v1') || public.audit_field(tenant_id)
    || public.audit_field(seq::text) || public.audit_field(prev_hash) || public.audit_field(id)
    || public.audit_field(event_type) || public.audit_field(correlation_id)
    || public.audit_field(subject_hash) || public.audit_field(client_id) || public.audit_field(detail)
    || public.audit_field(created_at)), 'hex');

-- The first row of a tenant hangs on its own name, so two tenants never share a prefix.
CREATE FUNCTION audit_genesis(tenant_id text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, public
  RETURN encode(sha256(public.audit_field('identity-bridge/audit/genesis/v1') || public.audit_field(tenant_id)), 'hex');

-- Runs as the owner: the run-time role has no right on the head. The head's row lock is held until commit, which is
-- why the event is the last statement of its transaction.
CREATE FUNCTION audit_chain() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  head public.audit_head%ROWTYPE;
BEGIN
  SELECT * INTO head FROM public.audit_head h WHERE h.tenant_id = NEW.tenant_id FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO public.audit_head (tenant_id, seq, row_hash, created_at)
    VALUES (NEW.tenant_id, 0, public.audit_genesis(NEW.tenant_id), NEW.created_at)
    ON CONFLICT (tenant_id) DO NOTHING;
    SELECT * INTO STRICT head FROM public.audit_head h WHERE h.tenant_id = NEW.tenant_id FOR UPDATE;
  END IF;
  IF head.closed_at IS NOT NULL THEN
    RAISE EXCEPTION 'this audit trail is closed' USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  NEW.seq := head.seq + 1;
  NEW.prev_hash := head.row_hash;
  IF head.created_at > NEW.created_at THEN
    NEW.created_at := head.created_at; -- clocks of two instances may differ; the trail's time never runs backwards
  END IF;
  NEW.row_hash := public.audit_row_hash(NEW.tenant_id, NEW.seq, NEW.prev_hash, NEW.id, NEW.event_type,
    NEW.correlation_id, NEW.subject_hash, NEW.client_id, NEW.detail, NEW.created_at);
  UPDATE public.audit_head
     SET seq = NEW.seq, row_hash = NEW.row_hash, created_at = NEW.created_at,
         closed_at = CASE WHEN NEW.event_type = 'tenant_ended' THEN NEW.created_at END
   WHERE tenant_id = NEW.tenant_id;
  RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION audit_chain() FROM PUBLIC;
CREATE TRIGGER audit_event_chain BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION audit_chain();

-- Nobody edits history, the owner neither. What lies before the trail's start may go; only audit_prune moves that.
CREATE FUNCTION audit_refuse_change() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.seq <= (SELECT h.start_seq FROM public.audit_head h WHERE h.tenant_id = OLD.tenant_id) THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION 'audit_event is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event
  FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();

-- Removes at most so many events from the beginning of a tenant's trail, up to the start that a signed checkpoint names,
-- and the checkpoints from before it. Runs as the owner, for the run-time login may delete nothing of the trail; and
-- whoever has that login and no key for signing removes nothing of the last 30 days, nor anything unseen.
CREATE FUNCTION audit_prune(of_tenant text, at_most integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  head public.audit_head%ROWTYPE;
  signed public.audit_checkpoint%ROWTYPE;
  removed integer;
BEGIN
  SELECT * INTO head FROM public.audit_head h WHERE h.tenant_id = of_tenant FOR UPDATE;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  SELECT * INTO signed FROM public.audit_checkpoint c
   WHERE c.tenant_id = of_tenant AND c.start_seq > head.start_seq ORDER BY c.start_seq DESC LIMIT 1;
  IF FOUND THEN
    PERFORM FROM public.audit_event e
      WHERE e.tenant_id = of_tenant AND e.seq = signed.start_seq AND e.row_hash = signed.start_hash
        AND e.created_at < to_char((now() - interval '30 days') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
    IF NOT FOUND OR signed.start_seq >= head.seq THEN
      RAISE EXCEPTION 'this checkpoint allows no pruning' USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    UPDATE public.audit_head h SET start_seq = signed.start_seq WHERE h.tenant_id = of_tenant;
    head.start_seq := signed.start_seq;
  END IF;
  DELETE FROM public.audit_event e
   WHERE e.tenant_id = of_tenant AND e.seq IN (
     SELECT o.seq FROM public.audit_event o
      WHERE o.tenant_id = of_tenant AND o.seq <= head.start_seq ORDER BY o.seq LIMIT at_most);
  GET DIAGNOSTICS removed = ROW_COUNT;
  DELETE FROM public.audit_checkpoint c WHERE c.tenant_id = of_tenant AND c.seq < head.start_seq;
  RETURN removed;
END
$$;
REVOKE ALL ON FUNCTION audit_prune(text, integer) FROM PUBLIC;
