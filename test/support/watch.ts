/**
 * A watch over every transaction of the service's own login: once it has told the audit trail something, it writes nothing
 * more. Put into a copy of the template, which every bridge of a test runs on; so every flow that any test takes is watched.
 *
 * One statement may: while a key rotates, what follows the hashes of a login (`store/hash-move.ts`) hangs on its grant, whose
 * statement writes the event, and goes out with it in the same round trip; it waits for no row.
 */
export const WATCH = `
  CREATE FUNCTION watch_told() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM set_config('watch.told', 'yes', true);
    RETURN NULL;
  END $$;
  CREATE FUNCTION watch_written() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF current_setting('watch.told', true) = 'yes' AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = session_user)
      AND current_query() NOT LIKE '%WITH moves AS MATERIALIZED%' THEN
      RAISE EXCEPTION 'written after the audit event: %', TG_TABLE_NAME;
    END IF;
    RETURN NULL;
  END $$;
  CREATE TRIGGER watch_told AFTER INSERT ON audit_event EXECUTE FUNCTION watch_told();
  DO $$
  DECLARE
    name text;
  BEGIN
    FOR name IN SELECT relname FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname NOT IN ('audit_event', 'audit_head')
    LOOP
      EXECUTE format('CREATE TRIGGER watch_written BEFORE INSERT OR UPDATE OR DELETE ON %I EXECUTE FUNCTION watch_written()', name);
    END LOOP;
  END $$`
