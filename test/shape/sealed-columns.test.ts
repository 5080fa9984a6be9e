/** The catalogue of sealed columns is the schema's: nobody adds one without saying what migrating Key C does to it. */
import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import { addPendingKey, moveKey } from '../../src/crypto/key-states.ts'
import { createKeyringText } from '../../src/crypto/keyring.ts'
import type { TenantId } from '../../src/domain/ids.ts'
import { readKeyMigration } from '../../src/flow/read-key-migrations.ts'
import { startKeyMigration } from '../../src/flow/start-key-migration.ts'
import { verifySeals } from '../../src/flow/verify-seals.ts'
import { DATA_KEY_COLUMNS, PERSON_COLUMNS, SEALED_COLUMNS } from '../../src/store/sealed-columns.ts'
import { instance } from '../keys/world.ts'
import { ACTOR, type Bridge, logIn, presentAt, startBridge } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'

const BEFORE = createKeyringText()
const AFTER = moveKey(addPendingKey(BEFORE, 'C').text, 'C', 2, 'current')

let bridge: Bridge
beforeAll(async () => {
  bridge = await startBridge({ keyring: BEFORE })
})
afterAll(() => bridge.stop())

const catalogue = () =>
  [...SEALED_COLUMNS, ...DATA_KEY_COLUMNS, ...PERSON_COLUMNS].map(
    ({ table, column }) => `${table}.${column}`,
  )

test('design 4 every column that the code calls sealed is in it, and no other', () => {
  const schema = readFileSync('src/store/schema.ts', 'utf8')
  const tables = new Map(
    [...schema.matchAll(/^ {2}(\w+): (\w+Table)$/gm)].map(([, name, type]) => [type, name]),
  )
  const found = [...schema.matchAll(/^export interface (\w+Table) \{([^}]*)\}/gm)].flatMap(
    ([, type, body = '']) =>
      [...body.matchAll(/^ {2}(\w+): .*\bSealed\b/gm)].map(
        ([, column]) => `${tables.get(type)}.${column}`,
      ),
  )
  expect(found.length).toBeGreaterThan(15)
  const salt = 'identity.audit_salt'
  expect([...found, salt].toSorted()).toEqual(catalogue().toSorted())
})

test('row 41 whoever seals something of a person tells the trail a mark of it', async () => {
  const files = await readdir('src/flow')
  const texts = files.map((file) => readFileSync(`src/flow/${file}`, 'utf8'))
  const sealing = texts.filter((text) => text.includes('sealWithDataKey('))
  expect(sealing.length).toBeGreaterThan(4)
  for (const text of sealing) expect(text).toContain('markSeal(')
})

test('design 4 whatever a service has sealed is in it, and opens under the next Key C alone', async () => {
  const wallet = await bridge.newWallet()
  await logIn(bridge, wallet)
  await presentAt(createBrowser(), wallet, await bridge.tenant.relyingParty.begin())
  await presentAt(
    createBrowser(),
    await bridge.newWallet(),
    await bridge.tenant.relyingParty.begin(),
  )
  const columns = await query<{ table: string; column: string }>(
    bridge.database.superuserUrl,
    `SELECT c.relname AS table, a.attname AS column FROM pg_class c
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.atttypid = 'text'::regtype`,
  )
  const of = (pattern: string) =>
    query<{ place: string }>(
      bridge.database.superuserUrl,
      columns
        .map(
          ({ table, column }) =>
            `SELECT '${table}.${column}' AS place FROM ${table} WHERE ${column} ~ '${pattern}'`,
        )
        .join(' UNION '),
    )
  const sealed = (await of('^(v1[.])?[cd][0-9]+[.][A-Za-z0-9_-]{8}')).map(({ place }) => place)
  expect(sealed.length).toBeGreaterThan(7)
  expect(catalogue()).toEqual(expect.arrayContaining(sealed))

  const at = instance(bridge.deps, AFTER, { clock: bridge.clock.now })
  await startKeyMigration(at, ACTOR, { version: 2, stragglers: 'keep' })
  await at.work()
  const run = await readKeyMigration(at, ACTOR, 2)
  expect(run).toMatchObject({ state: 'completed', failed: 0, skipped: 0 })
  expect(run.processed).toBeGreaterThan(sealed.length)
  expect(await of('^(v1[.])?c1[.]')).toEqual([])
  // Row 41: a data key in its new wrapping is no older text, and under it nothing has changed.
  const [{ id: tenantId } = { id: '' as TenantId }] = await query<{ id: TenantId }>(
    ...([bridge.database.superuserUrl, `SELECT id FROM tenant WHERE slug = 'demo'`] as const),
  )
  const seals = await verifySeals(at, tenantId, () => Promise.resolve(true))
  expect(seals).toEqual({ texts: 2, untold: 0, unreadable: 0, older: 0, places: [] })
  const [done] = await query<{ tenants_done: number; tenants: number }>(
    bridge.database.superuserUrl,
    'SELECT tenants_done, (SELECT count(*)::int FROM tenant) AS tenants FROM key_migration_history',
  )
  expect(done?.tenants_done).toBe(done?.tenants)
})
