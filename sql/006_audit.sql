-- The audit trail chains itself: whoever can write rows can still not write history.

CREATE TABLE audit_head (
  tenant_id text NOT NULL PRIMARY KEY CHECK (tenant_id <> ''),
  seq bigint NOT NULL,
  row_hash text NOT NULL,
  created_at iso_instant NOT NULL
);

-- Signed heads, exported to a place this database cannot reach.
CREATE TABLE audit_checkpoint (
  tenant_id text NOT NULL CHECK (tenant_id <> ''),
  seq bigint NOT NULL,
  row_hash text NOT NULL,
  kid text NOT NULL,
  signature text NOT NULL,
  created_at iso_instant NOT NULL,
  PRIMARY KEY (tenant_id, seq)
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
  NEW.seq := head.seq + 1;
  NEW.prev_hash := head.row_hash;
  IF head.created_at > NEW.created_at THEN
    NEW.created_at := head.created_at; -- clocks of two instances may differ; the trail's time never runs backwards
  END IF;
  NEW.row_hash := public.audit_row_hash(NEW.tenant_id, NEW.seq, NEW.prev_hash, NEW.id, NEW.event_type,
    NEW.correlation_id, NEW.subject_hash, NEW.client_id, NEW.detail, NEW.created_at);
  UPDATE public.audit_head
     SET seq = NEW.seq, row_hash = NEW.row_hash, created_at = NEW.created_at
   WHERE tenant_id = NEW.tenant_id;
  RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION audit_chain() FROM PUBLIC;
CREATE TRIGGER audit_event_chain BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION audit_chain();

-- Nobody edits history, the owner neither: pruning will be a function of its own that demands a signed checkpoint.
CREATE FUNCTION audit_refuse_change() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION 'audit_event is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event
  FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_event_no_truncate BEFORE TRUNCATE ON audit_event
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
