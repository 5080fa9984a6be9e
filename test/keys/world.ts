/** A database with people under the first generation of keys, and instances with keyrings of any step. */
import pg from 'pg'
import { loadPeople, loadProvider } from '../../bench/key-people.ts'
import { addNestedKey, addPendingKey, moveKey } from '../../src/crypto/key-states.ts'
import { createKeyringText, type Keyring, parseKeyring } from '../../src/crypto/keyring.ts'
import type { KeyName } from '../../src/crypto/keyring-text.ts'
import { ADMIN_SCOPE_NAMES, type AdminActor } from '../../src/domain/admin.ts'
import type { TenantId } from '../../src/domain/ids.ts'
import { type IsoInstant, toInstant } from '../../src/domain/time.ts'
import { runNow } from '../../src/job/lease.ts'
import { migrateKeysJob } from '../../src/job/migrate-keys.ts'
import { createLog } from '../../src/log.ts'
import { createMetrics } from '../../src/metrics.ts'
import { type Service, startService } from '../../src/service.ts'
import { type BridgeDatabase, closeDatabase, openDatabase } from '../../src/store/database.ts'
import type { Bridge } from '../support/bridge.ts'
import { createWatchedDatabase, query, type TestDatabase } from '../support/postgres.ts'

export const ACTOR: AdminActor = { id: 'test', scopes: ADMIN_SCOPE_NAMES }
export const TENANTS = ['one', 'two'] as TenantId[]

export interface KeyWorld {
  database: TestDatabase
  db: BridgeDatabase
  superuser: pg.Client
  /** Looks past row-level security. */
  look: <Row extends object>(text: string) => Promise<Row[]>
  stop(): Promise<void>
}

export async function startKeyWorld(): Promise<KeyWorld> {
  const database = await createWatchedDatabase()
  const superuser = new pg.Client({ connectionString: database.superuserUrl })
  await superuser.connect()
  const db = openDatabase({ connectionString: database.runtimeUrl, poolSize: 4 })
  const at = toInstant(Date.UTC(2026, 0, 1))
  await superuser.query(
    `INSERT INTO tenant (id, slug, name_en, name_nl, colour, created_at, updated_at)
     SELECT id, id, 'T', 'T', '#000000', '${at}', '${at}' FROM unnest($1::text[]) AS t (id)`,
    [TENANTS],
  )
  return {
    ...{ database, db, superuser, look: (text) => query(database.superuserUrl, text) },
    async stop() {
      await closeDatabase(db)
      await superuser.end()
      await database.drop()
    },
  }
}

/** Another instance of a bridge, with a keyring of its own; whoever starts it stops it. */
export async function startBeside(
  { deps: { config, clock }, database }: Bridge,
  keyring: string,
): Promise<Service> {
  return await startService(
    { ...config, port: 0 },
    {
      ...{ databaseUrl: database.runtimeUrl, keyring: parseKeyring(keyring) },
      ...{ clock, log: createLog('silent') },
    },
  )
}

/** Nobody, and no run, is left. */
export async function empty({ superuser }: KeyWorld): Promise<void> {
  await superuser.query(
    `DELETE FROM key_migration_progress; DELETE FROM key_migration_history; DELETE FROM identity_link_binding;
     DELETE FROM identity_match; DELETE FROM identity; DELETE FROM reconciliation_provider; DELETE FROM job`,
  )
}

/** Persons 0 to `count - 1` in each tenant, last here so many days before now. */
export async function fill(
  { superuser }: KeyWorld,
  keyring: Keyring,
  count: number,
  { days = 1, from = 0 } = {},
): Promise<void> {
  const lastUsedAt: IsoInstant = toInstant(Date.now() - days * 86_400_000)
  for (const tenantId of TENANTS) {
    const loading = { superuser, keyring, tenantId, lastUsedAt }
    if (from === 0) await loadProvider(loading)
    await loadPeople(loading, from, count)
  }
}

/** A keyring text at every step of one rotation. */
export function rotation(key: KeyName, before = createKeyringText()) {
  const pending = addPendingKey(before, key)
  const { version } = pending
  const rotated = moveKey(pending.text, key, version, 'current')
  return {
    ...{ version, before, pending: pending.text, rotated },
    /** With the nesting of version 1 under the new one; for A and B. */
    nested: () => addNestedKey(rotated, key, { outer: version, inner: 1 }).text,
    back: (text = rotated) => moveKey(text, key, 1, 'current'),
    retired: (text = rotated) => moveKey(text, key, 1, 'retired'),
  }
}

/** An instance with this keyring; `work` runs the migration job once, over every tenant. */
export function instance(
  { db }: Pick<KeyWorld, 'db'>,
  text: string,
  { clock = Date.now, batch = 20, renewEvery = 10_000 } = {},
) {
  const keyring = parseKeyring(text)
  const means = { db, keyring, clock }
  const log = createLog('silent')
  const metrics = createMetrics({ processMetrics: false })
  const job = migrateKeysJob(means, { batch, renewEvery })
  return {
    ...means,
    work: () => runNow({ db, clock, log, metrics }, job, crypto.randomUUID()),
    /** Past the lease: as if it had stalled and come back. */
    workAnyway: (tenant: TenantId, keepLease = () => Promise.resolve(true)) =>
      job.run({ db, clock, log, metrics }, tenant, keepLease),
  }
}
