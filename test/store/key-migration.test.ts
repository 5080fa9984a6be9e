import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { SYSTEM_TENANT } from '../../src/domain/ids.ts'
import { isUniqueViolation } from '../../src/store/database.ts'
import {
  completeMigration,
  holdMigration,
  insertMigration,
  updateMigrationProgress,
} from '../../src/store/key-migration.ts'
import type { Step } from '../../src/store/statement.ts'
import { day, startTenantDatabase, type TenantDatabase } from './tenant-database.ts'

let tenants: TenantDatabase
beforeAll(async () => {
  tenants = await startTenantDatabase()
})
beforeEach(() => tenants.look('DELETE FROM key_migration_history'))
afterAll(() => tenants.stop())

const run = <Row>(step: Step<Row>) => tenants.run(step, SYSTEM_TENANT)
const begin = (version: number) =>
  run(insertMigration({ version, keyName: 'A', configSnapshot: '{}', now: day(1) }))
const count = (version: number, processed: number) =>
  run(
    updateMigrationProgress({
      ...{ version, processed, failed: 2, skipped: 3, purged: 4, total: 10, tenantsDone: 0 },
    }),
  )
const complete = (version: number, status: 'COMPLETED' | 'FAILED' | 'ROLLED_BACK', n: number) =>
  run(
    completeMigration({
      version,
      status,
      error: status === 'FAILED' ? 'lease_lost' : null,
      now: day(n),
    }),
  )
const row = async () => (await tenants.look('SELECT * FROM key_migration_history'))[0]

test('SG-06 a migration begins with its counters at nought, counts, and is completed', async () => {
  await begin(2)
  expect(await row()).toMatchObject({
    ...{ version: 2, status: 'IN_PROGRESS', key_name: 'A', config_snapshot: '{}' },
    ...{ records_processed: 0, records_failed: 0, records_skipped: 0, records_purged: 0 },
    ...{ created_at: day(1), completed_at: null, direction: 'forward', attempt: 1 },
  })
  expect(await count(2, 1)).toEqual([{ changed: 1 }])
  expect(await count(2, 1)).toEqual([{ changed: 1 }])
  expect(await row()).toMatchObject({
    ...{ records_processed: 2, records_failed: 4, records_skipped: 6, records_purged: 8 },
    records_total: 20,
  })
  expect(await complete(2, 'COMPLETED', 5)).toEqual([{ changed: 1 }])
  expect(await row()).toMatchObject({ status: 'COMPLETED', completed_at: day(5), error: null })
})

test('a version is used once', async () => {
  await begin(2)
  await expect(begin(2)).rejects.toSatisfy((error) =>
    isUniqueViolation(error, 'key_migration_history_pkey'),
  )
})

test('an end is final: neither counters nor a second end move it', async () => {
  await begin(2)
  await complete(2, 'FAILED', 5)
  expect(await count(2, 9)).toEqual([{ changed: 0 }])
  expect(await complete(2, 'COMPLETED', 6)).toEqual([{ changed: 0 }])
  expect(await row()).toMatchObject({
    ...{ status: 'FAILED', error: 'lease_lost', completed_at: day(5), records_processed: 0 },
  })
})

test('a batch begins only while the run is open, not paused, and in its attempt', async () => {
  await begin(2)
  const hold = (attempt: number) => run(holdMigration({ version: 2, attempt }))
  expect(await hold(1)).toHaveLength(1)
  expect(await hold(2)).toHaveLength(0)
  await tenants.look(`UPDATE key_migration_history SET paused_at = '${day(2)}'`)
  expect(await hold(1)).toHaveLength(0)
})

test('one key is on its way once', async () => {
  await begin(2)
  await expect(begin(3)).rejects.toSatisfy((error) =>
    isUniqueViolation(error, 'idx_key_migration_open'),
  )
  await complete(2, 'COMPLETED', 5)
  await begin(3)
})

test('a migration is of Key A, B or C', async () => {
  const step = insertMigration({
    version: 3,
    keyName: 'D' as 'A',
    configSnapshot: '{}',
    now: day(1),
  })
  await expect(run(step)).rejects.toMatchObject({ sqlState: '23514' })
})
