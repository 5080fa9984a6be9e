import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestDatabase, query, type TestDatabase } from '../support/postgres.ts'

/** What the run-time login may do, table by table. A table that is not here may not be touched at all. */
const READ = ['SELECT']
const APPEND = ['SELECT', 'INSERT']
const KEEP = ['SELECT', 'INSERT', 'UPDATE']
const ALL = ['SELECT', 'INSERT', 'UPDATE', 'DELETE']
const GRANTS: { readonly [table: string]: readonly string[] } = {
  access_token: ALL,
  account_choice: ALL,
  admin_session: ALL,
  admin_token: KEEP,
  audit_checkpoint: APPEND,
  audit_event: APPEND,
  audit_head: [],
  authorization_code: ALL,
  authorization_server: ALL,
  auxiliary_data: ALL,
  client_assertion: ALL,
  consent: ALL,
  erasure: KEEP,
  erasure_policy: KEEP,
  erasure_request: KEEP,
  event_subscription: ALL,
  idempotency_key: ALL,
  identity: KEEP,
  identity_link_binding: ALL,
  identity_match: ALL,
  identity_merge: ALL,
  identity_merge_edge: ALL,
  job: KEEP,
  journey: ALL,
  kept_answer: ALL,
  key_check: APPEND,
  key_migration_history: KEEP,
  key_migration_progress: ALL,
  ledger_line: ALL,
  login_grant: ALL,
  match_guard: ALL,
  outbox: ALL,
  pairwise_subject: ALL,
  policy_draft: ALL,
  policy_version: APPEND,
  provider_test: ALL,
  pushed_request: ALL,
  reconciliation_provider: ALL,
  reconciliation_session: ALL,
  refresh_token: ALL,
  registration_certificate: ALL,
  registration_token: ALL,
  relying_party: ALL,
  retention_rule: ALL,
  revoked_token: ALL,
  schema_migration: READ,
  signing_key: ALL,
  tenant: KEEP,
  trusted_list: ALL,
}
/** Without a tenant column: tenants themselves, the keyring's one version line, and the record of migrations. */
const NO_TENANT = ['key_migration_history', 'schema_migration', 'tenant']

let database: TestDatabase
let runtime: pg.Client
beforeAll(async () => {
  database = await createTestDatabase()
  runtime = new pg.Client({ connectionString: database.runtimeUrl })
  await runtime.connect()
})
afterAll(async () => {
  await runtime.end()
  await database.drop()
})

const ask = <Row extends object>(text: string) => query<Row>(database.superuserUrl, text)

describe('row-level security', () => {
  test('PG-01 PG-03 every table with a tenant has it enabled and forced, with one policy for reading and writing', async () => {
    const tables = await ask<{ name: string; tenant: boolean; on: boolean; forced: boolean }>(`
      SELECT c.relname AS name, c.relrowsecurity AS on, c.relforcerowsecurity AS forced,
             EXISTS (SELECT FROM pg_attribute a
                      WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND a.attnotnull) AS tenant
        FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY 1`)
    expect(tables.map(({ name }) => name)).toEqual(Object.keys(GRANTS))
    expect(tables.filter(({ tenant }) => !tenant).map(({ name }) => name)).toEqual(NO_TENANT)
    for (const table of tables)
      expect(table).toEqual({ ...table, on: table.tenant, forced: table.tenant })

    const policies = await ask<{
      table: string
      command: string
      mode: string
      using: string
      check: string
    }>(`
      SELECT tablename AS table, cmd AS command, permissive AS mode, qual AS using, with_check AS check
        FROM pg_policies WHERE schemaname = 'public' ORDER BY 1`)
    const rule = /^\(tenant_id = current_setting\('app\.tenant_id'::text, true\)\)$/
    expect(policies.map(({ table }) => table)).toEqual(
      tables.filter(({ tenant }) => tenant).map(({ name }) => name),
    )
    for (const { command, mode, using, check } of policies) {
      expect([command, mode]).toEqual(['ALL', 'PERMISSIVE'])
      expect(using).toMatch(rule)
      expect(check).toMatch(rule)
    }
  })

  test('PG-04 a tenant without a name cannot exist, so an unset tenant sees nothing', async () => {
    const checks = await ask<{ table: string; checks: string }>(`
      SELECT conrelid::regclass::text AS table, string_agg(pg_get_constraintdef(oid), ' ') AS checks
        FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0 GROUP BY 1`)
    for (const table of Object.keys(GRANTS).filter((name) => !NO_TENANT.includes(name))) {
      const found = checks.find((each) => each.table === table)?.checks ?? ''
      expect(found, table).toMatch(/tenant_id <> ''|tenant_id = 'system'/)
    }
    await ask(`INSERT INTO match_guard (tenant_id, identifier_type, identifier_hash, created_at)
               VALUES ('t1', 'KEY', 'h', '2026-01-01T00:00:00.000Z')`)
    const count = async () => (await runtime.query('SELECT FROM match_guard')).rowCount
    expect(await count()).toBe(0)
    await runtime.query(`BEGIN; SELECT set_config('app.tenant_id', 't1', true)`)
    expect(await count()).toBe(1)
    await runtime.query('COMMIT')
    expect(await count(), 'the setting is now the empty text on this connection').toBe(0)
  })

  test('PG-03 a row of another tenant can be neither written nor taken over', async () => {
    const inTenant = (text: string) =>
      runtime.query(`BEGIN; SELECT set_config('app.tenant_id', 't2', true); ${text}; COMMIT`)
    await expect(
      inTenant(`INSERT INTO match_guard (tenant_id, identifier_type, identifier_hash, created_at)
                VALUES ('t1', 'KEY', 'h2', '2026-01-01T00:00:00.000Z')`),
    ).rejects.toMatchObject({ code: '42501' })
    await runtime.query('ROLLBACK')
    await inTenant(`DELETE FROM match_guard; UPDATE match_guard SET identifier_hash = 'x'`)
    expect(await ask('SELECT identifier_hash FROM match_guard')).toEqual([{ identifier_hash: 'h' }])
  })
})

describe('rights of the run-time login', () => {
  const VERBS: { readonly [verb: string]: (table: string, column: string) => string } = {
    SELECT: (table, column) => `SELECT ${column} FROM ${table} LIMIT 0`,
    INSERT: (table, column) => `INSERT INTO ${table} (${column}) SELECT NULL WHERE false`,
    UPDATE: (table, column) => `UPDATE ${table} SET ${column} = NULL WHERE false`,
    DELETE: (table) => `DELETE FROM ${table} WHERE false`,
    TRUNCATE: (table) => `TRUNCATE ${table}`,
  }

  test.each(Object.entries(GRANTS))(
    'AU-08 PG-10 each verb is tried on %s',
    async (table, granted) => {
      // Text columns take any NULL; the first one of each table will do.
      const [{ column } = { column: '' }] = await ask<{ column: string }>(`
      SELECT attname AS column FROM pg_attribute
       WHERE attrelid = '${table}'::regclass AND attnum > 0
         AND atttypid IN ('text'::regtype, 'iso_instant'::regtype) AND NOT attisdropped
       ORDER BY attnum LIMIT 1`)
      const allowed: string[] = []
      for (const [verb, write] of Object.entries(VERBS)) {
        try {
          await runtime.query(write(table, column))
          allowed.push(verb)
        } catch (error) {
          expect(error, `${verb} ${table}`).toMatchObject({ code: '42501' })
        }
      }
      expect(allowed).toEqual(granted)
    },
  )

  test('AU-08 nobody changes history: not the owner, and TRUNCATE not even a superuser', async () => {
    const refused = { code: '42501', message: 'audit_event is append-only' }
    const asOwner = (text: string) =>
      query(database.ownerUrl, `BEGIN; SELECT set_config('app.tenant_id', 't1', true); ${text}`)
    await asOwner(`INSERT INTO audit_event (id, tenant_id, event_type, created_at)
                   VALUES ('e1', 't1', 'tenant_created', '2026-01-01T00:00:00.000Z'); COMMIT`)
    await expect(asOwner(`UPDATE audit_event SET detail = '{}'`)).rejects.toMatchObject(refused)
    await expect(asOwner('DELETE FROM audit_event')).rejects.toMatchObject(refused)
    await expect(asOwner('TRUNCATE audit_event')).rejects.toMatchObject(refused)
    await expect(ask(`UPDATE audit_event SET detail = '{}'`)).rejects.toMatchObject(refused)
    await expect(ask('TRUNCATE audit_event')).rejects.toMatchObject(refused)
    expect(await ask('SELECT id FROM audit_event')).toEqual([{ id: 'e1' }])
  })

  test('PG-10 two functions run with the rights of the owner, its search path pinned; no views', async () => {
    const functions = await ask<{ name: string; path: string[] }>(`
      SELECT proname AS name, proconfig AS path FROM pg_proc
       WHERE pronamespace = 'public'::regnamespace AND prosecdef ORDER BY 1`)
    const path = ['search_path=pg_catalog, public']
    expect(functions).toEqual([
      { name: 'audit_chain', path },
      { name: 'audit_prune', path },
    ])
    await expect(runtime.query('SELECT audit_chain()')).rejects.toMatchObject({ code: '42501' })
    const views = await ask(
      `SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')`,
    )
    expect(views).toEqual([])
  })
})

describe('keys and indexes', () => {
  test('PG-08 every unique key holds the tenant, but those of the seed and of the reserved tenant', async () => {
    const without = await ask<{ index: string }>(`
      SELECT i.indexrelid::regclass::text AS index FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
       WHERE c.relnamespace = 'public'::regnamespace AND i.indisunique
         AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = i.indrelid
                          AND a.attnum = ANY (i.indkey::smallint[]) AND a.attname = 'tenant_id')
       ORDER BY 1`)
    expect(without.map(({ index }) => index)).toEqual([
      ...['admin_token_pkey', 'admin_token_token_hash_key'], // reserved tenant only
      ...[
        'audit_event_pkey',
        'auxiliary_data_pkey',
        'identity_link_binding_pkey',
        'identity_match_pkey',
      ], // the seed
      'idx_key_migration_open', // of the whole installation
      'idx_recon_session_state', // the seed; hashes of 256 random bits, so a collision tells nothing
      ...['job_pkey', 'key_check_pkey'], // reserved tenant only
      'key_migration_history_pkey', // the seed
      ...['reconciliation_provider_pkey', 'reconciliation_session_pkey'], // the seed
      ...['schema_migration_pkey', 'tenant_pkey', 'tenant_slug_key'],
    ])
  })

  test('PG-09 every foreign key between tenant tables carries the tenant along; the seed has one more', async () => {
    const keys = await ask<{ key: string }>(`
      SELECT conrelid::regclass || ': ' || pg_get_constraintdef(oid) AS key FROM pg_constraint
       WHERE contype = 'f' AND confrelid <> 'tenant'::regclass AND pg_get_constraintdef(oid) !~ '^FOREIGN KEY \\([^)]*tenant_id'
       ORDER BY 1`)
    expect(keys.map(({ key }) => key)).toEqual([
      'identity_link_binding: FOREIGN KEY (match_id) REFERENCES identity_match(id)',
      'key_migration_progress: FOREIGN KEY (version) REFERENCES key_migration_history(version)',
    ])
  })

  test('PG-12 every index holds the tenant; for those of the seed that do not, one that begins with it stands beside', async () => {
    const others = await ask<{ index: string }>(`
      SELECT i.indexrelid::regclass::text AS index FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
       WHERE c.relnamespace = 'public'::regnamespace AND NOT i.indisunique
         AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = i.indrelid
                          AND a.attnum = ANY (i.indkey::smallint[]) AND a.attname = 'tenant_id')
       ORDER BY 1`)
    expect(others.map(({ index }) => index)).toEqual([
      'idx_audit_correlation',
      'idx_audit_time',
      'idx_aux_expires',
    ])
  })
})
