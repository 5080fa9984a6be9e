import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { SYSTEM_TENANT } from '../../src/domain/ids.ts'
import { isUniqueViolation } from '../../src/store/database.ts'
import {
  completeMigration,
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
const count = (version: number, fencing: number, processed: number) =>
  run(updateMigrationProgress({ version, fencing, processed, failed: 2, skipped: 3, purged: 4 }))
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
    ...{ created_at: day(1), completed_at: null, fencing: 0 },
  })
  expect(await count(2, 0, 1)).toEqual([{ changed: 1 }])
  expect(await row()).toMatchObject({
    ...{ records_processed: 1, records_failed: 2, records_skipped: 3, records_purged: 4 },
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
  expect(await count(2, 0, 9)).toEqual([{ changed: 0 }])
  expect(await complete(2, 'COMPLETED', 6)).toEqual([{ changed: 0 }])
  expect(await row()).toMatchObject({
    ...{ status: 'FAILED', error: 'lease_lost', completed_at: day(5), records_processed: 0 },
  })
})

test('a worker whose fencing number is past counts nothing', async () => {
  await begin(2)
  await tenants.look('UPDATE key_migration_history SET fencing = 7')
  expect(await count(2, 6, 9)).toEqual([{ changed: 0 }])
  expect(await count(2, 7, 9)).toEqual([{ changed: 1 }])
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
