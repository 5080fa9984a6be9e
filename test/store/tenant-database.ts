/** A database with two tenants and a means to ask as either: for tests of single statements, table by table. */
import type { TenantId } from '../../src/domain/ids.ts'
import { type IsoInstant, toInstant } from '../../src/domain/time.ts'
import {
  type BridgeDatabase,
  closeDatabase,
  openDatabase,
  transact,
} from '../../src/store/database.ts'
import type { Step } from '../../src/store/statement.ts'
import { createTestDatabase, query } from '../support/postgres.ts'

export const ONE = 'tenant-one' as TenantId
export const TWO = 'tenant-two' as TenantId

/** Day `n` of 2026, at midnight. */
export const day = (n: number): IsoInstant => toInstant(Date.UTC(2026, 0, n))

export interface TenantDatabase {
  db: BridgeDatabase
  runtimeUrl: string
  /** Runs one step in a transaction of its own. */
  run: <Row>(step: Step<Row>, tenant?: TenantId) => Promise<Row[]>
  /** Looks past row-level security. */
  look: <Row extends object>(text: string) => Promise<Row[]>
  stop: () => Promise<void>
}

export async function startTenantDatabase(): Promise<TenantDatabase> {
  const database = await createTestDatabase()
  const look: TenantDatabase['look'] = (text) => query(database.superuserUrl, text)
  await look(`
    INSERT INTO tenant (id, slug, name_en, name_nl, colour, created_at, updated_at)
    SELECT id, id, 'T', 'T', '#000000', '${day(1)}', '${day(1)}' FROM unnest(ARRAY['${ONE}', '${TWO}']) AS t (id)`)
  const db = openDatabase({ connectionString: database.runtimeUrl, poolSize: 2 })
  return {
    db,
    runtimeUrl: database.runtimeUrl,
    look,
    run: async (step, tenant = ONE) => (await transact(db, tenant, [step]))[0],
    async stop() {
      await closeDatabase(db)
      await database.drop()
    },
  }
}
