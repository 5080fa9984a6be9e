/**
 * What a schema is, as sorted lines of text: two databases with the same lines are alike in tables, columns, types,
 * defaults, constraints, indexes, policies, triggers, functions and grants. Names of roles stay, but the owner is called
 * `owner`, for it may differ from place to place.
 */
import type pg from 'pg'

/** The lines of schema public, without the migrations' own record. */
export async function readCatalogue(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>(LINES)
  return rows.map(({ line }) => line)
}

/** One sentence for each line that only one of the two has; empty when they are alike. */
export function differences(expected: readonly string[], found: readonly string[]): string[] {
  const [wanted, present] = [new Set(expected), new Set(found)]
  return [
    ...expected.filter((line) => !present.has(line)).map((line) => `missing: ${line}`),
    ...found.filter((line) => !wanted.has(line)).map((line) => `unexpected: ${line}`),
  ]
}

const LINES = `
  WITH relations AS (
    SELECT c.* FROM pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
       AND c.relname NOT IN ('schema_migration')
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
  ), functions AS (
    SELECT p.* FROM pg_proc p
     WHERE p.pronamespace = 'public'::regnamespace AND p.prokind IN ('f', 'p')
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  ), lines AS (
    SELECT format('table %s: kind %s, persistence %s, row security %s, forced %s, options %s',
                  relname, relkind, relpersistence, relrowsecurity, relforcerowsecurity, reloptions) AS line
      FROM relations
    UNION ALL
    SELECT format('column %s.%s: %s, not null %s, default %s, collation %s, identity %s, generated %s',
                  r.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                  pg_get_expr(d.adbin, d.adrelid),
                  (SELECT collname FROM pg_collation WHERE oid = a.attcollation), a.attidentity, a.attgenerated)
      FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    UNION ALL
    SELECT format('view %s: %s', relname, pg_get_viewdef(oid)) FROM relations WHERE relkind IN ('v', 'm')
    UNION ALL
    SELECT format('sequence %s: %s, start %s, increment %s, minimum %s, maximum %s, cycle %s', r.relname,
                  format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcycle)
      FROM relations r JOIN pg_sequence s ON s.seqrelid = r.oid
    UNION ALL
    SELECT format('constraint %s.%s: %s, validated %s', r.relname, c.conname, pg_get_constraintdef(c.oid), c.convalidated)
      FROM relations r JOIN pg_constraint c ON c.conrelid = r.oid
    UNION ALL
    SELECT format('index %s.%s: %s, valid %s', r.relname, i.indexrelid::regclass, pg_get_indexdef(i.indexrelid), i.indisvalid)
      FROM relations r JOIN pg_index i ON i.indrelid = r.oid
    UNION ALL
    SELECT format('policy %s.%s: %s, %s to %s using %s with check %s', p.tablename, p.policyname,
                  p.permissive, p.cmd, p.roles, p.qual, p.with_check)
      FROM pg_policies p WHERE p.schemaname = 'public'
    UNION ALL
    SELECT format('trigger %s.%s: %s, enabled %s', r.relname, t.tgname, pg_get_triggerdef(t.oid), t.tgenabled)
      FROM relations r JOIN pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal
    UNION ALL
    SELECT format('function %s(%s): %s', proname, pg_get_function_identity_arguments(oid), pg_get_functiondef(oid))
      FROM functions
    UNION ALL
    SELECT format('domain %s: %s, not null %s, default %s, collation %s', t.typname,
                  format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault,
                  (SELECT collname FROM pg_collation WHERE oid = t.typcollation))
      FROM pg_type t WHERE t.typnamespace = 'public'::regnamespace AND t.typtype = 'd'
    UNION ALL
    SELECT format('constraint of domain %s.%s: %s', t.typname, c.conname, pg_get_constraintdef(c.oid))
      FROM pg_type t JOIN pg_constraint c ON c.contypid = t.oid WHERE t.typnamespace = 'public'::regnamespace
    UNION ALL
    SELECT format('enum %s: %s', t.typname, string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder))
      FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid
     WHERE t.typnamespace = 'public'::regnamespace GROUP BY t.typname
    UNION ALL
    SELECT format('grant on %s: %s to %s, grantable %s', r.relname, acl.privilege_type,
                  CASE acl.grantee WHEN 0 THEN 'PUBLIC' WHEN r.relowner THEN 'owner' ELSE pg_get_userbyid(acl.grantee) END,
                  acl.is_grantable)
      FROM relations r CROSS JOIN aclexplode(coalesce(r.relacl,
             acldefault(CASE r.relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END, r.relowner))) acl
    UNION ALL
    SELECT format('grant on %s.%s: %s to %s, grantable %s', r.relname, a.attname, acl.privilege_type,
                  CASE acl.grantee WHEN 0 THEN 'PUBLIC' WHEN r.relowner THEN 'owner' ELSE pg_get_userbyid(acl.grantee) END,
                  acl.is_grantable)
      FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid AND NOT a.attisdropped
     CROSS JOIN aclexplode(a.attacl) acl
    UNION ALL
    SELECT format('grant on function %s(%s): to %s, grantable %s', f.proname, pg_get_function_identity_arguments(f.oid),
                  CASE acl.grantee WHEN 0 THEN 'PUBLIC' WHEN f.proowner THEN 'owner' ELSE pg_get_userbyid(acl.grantee) END,
                  acl.is_grantable)
      FROM functions f CROSS JOIN aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) acl
    UNION ALL
    SELECT format('grant on schema public: %s to %s', acl.privilege_type, pg_get_userbyid(acl.grantee))
      FROM pg_namespace n CROSS JOIN aclexplode(n.nspacl) acl
     WHERE n.nspname = 'public' AND acl.grantee NOT IN (0, n.nspowner)
  )
  SELECT line FROM lines ORDER BY line COLLATE "C"`
