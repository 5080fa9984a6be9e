/** Key migrations as an operator starts and watches them: over the API, and from the command line. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keyMigrationCommand } from '../../src/cli/key-migration.ts'
import { keysCommand } from '../../src/cli/keys.ts'
import { addPendingKey, moveKey } from '../../src/crypto/key-states.ts'
import { createKeyringText, parseKeyring } from '../../src/crypto/keyring.ts'
import { checkKeyring } from '../../src/flow/check-keyring.ts'
import { type Admin, adminWith } from '../http/admin/client.ts'
import { type Bridge, logIn, startBridge } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { instance } from './world.ts'

/** Key B is rotated already when the bridge begins. */
const FIRST = createKeyringText()
const ROTATED = moveKey(addPendingKey(FIRST, 'B').text, 'B', 2, 'current')

let bridge: Bridge
let admin: Admin
let folder: string
let file: string
beforeAll(async () => {
  bridge = await startBridge({ keyring: ROTATED })
  admin = await adminWith(bridge, ['keys:manage'])
  folder = mkdtempSync(path.join(os.tmpdir(), 'bridge-migration-'))
  file = path.join(folder, 'keyring.json')
  writeFileSync(file, ROTATED, { mode: 0o600 })
  await logIn(bridge, await bridge.newWallet())
})
afterAll(async () => {
  await bridge.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs a command in this process and returns what it printed; throws what it refuses with. */
async function run(make: typeof keysCommand, ...words: string[]): Promise<string> {
  const lines: string[] = []
  const line = (text: string) => void lines.push(text)
  const environment = { KEYRING_FILE: file, DATABASE_URL: bridge.database.runtimeUrl }
  const command = make({ environment, out: line, err: line })
  for (const each of [command, ...command.commands])
    each.exitOverride().configureOutput({ writeErr: () => undefined })
  await command.parseAsync(words, { from: 'user' })
  return lines.join('\n')
}
const cli = (...words: string[]) => run(keyMigrationCommand, ...words)

describe('issue 5.5 over the API', () => {
  test('a run is started, read, paused, resumed, cancelled, and carried out', async () => {
    const forecast = await admin.get('/key-forecasts/B')
    expect(forecast.body).toMatchObject({
      version: 2,
      tenants: [
        { tenant: 'demo', left_behind: 0, rows: [{ part: 'match', version: 2, count: 1 }, {}] },
      ],
    })
    const started = await admin.post('/key-migrations', { version: 2 })
    expect(started).toMatchObject({ status: 201, body: { key: 'B', state: 'running' } })
    expect(started.headers.get('location')).toBe('/admin/v1/key-migrations/2')
    const change = async (word: string) => (await admin.post(`/key-migrations/2/${word}`, {})).body
    expect(await change('pause')).toMatchObject({ state: 'paused' })
    expect(await change('resume')).toMatchObject({ state: 'running' })
    expect(await change('cancel')).toMatchObject({ state: 'failed', error: 'cancelled' })
    expect(await change('resume')).toMatchObject({ state: 'running' })
    await instance(bridge.deps, ROTATED).work()
    expect((await admin.get('/key-migrations/2')).body).toMatchObject({
      ...{ state: 'completed', processed: 2, failed: 0, skipped: 0, purged: 0, total: 2 },
    })
    const all = await admin.get('/key-migrations')
    expect(all.body.key_migrations).toHaveLength(1)
  })

  test('what cannot be is refused with a sentence', async () => {
    expect(await admin.post('/key-migrations', { version: 2 })).toMatchObject({ status: 409 })
    expect(await admin.post('/key-migrations', { version: 1 })).toMatchObject({ status: 409 })
    expect(await admin.post('/key-migrations', { version: 2, force: true })).toMatchObject({
      status: 400,
    })
    expect(await admin.post('/key-migrations/2/pause', {})).toMatchObject({ status: 409 })
    expect(await admin.post('/key-migrations/7/pause', {})).toMatchObject({ status: 404 })
    expect(await admin.get('/key-migrations/two')).toMatchObject({ status: 404 })
    expect(await admin.get('/key-forecasts/D')).toMatchObject({ status: 404 })
    const ofOne = await adminWith(bridge, ['keys:manage'], 'demo')
    expect(await ofOne.get('/key-migrations')).toMatchObject({ status: 403 })
  })

  test('AU every step of a run is in the audit trail', async () => {
    const events = await query<{ type: string }>(
      bridge.database.superuserUrl,
      `SELECT event_type AS type FROM audit_event WHERE event_type LIKE 'key_migration%' ORDER BY seq`,
    )
    expect(events.map(({ type }) => type.replace('key_migration_', ''))).toEqual([
      ...['started', 'changed', 'changed', 'changed', 'changed', 'ended'],
    ])
  })
})

describe('issue 5.5 from the command line', () => {
  test('a whole rotation of A: added, nested, promoted, migrated with a progress line, retired', async () => {
    // Each keyring was in a service before the next step.
    const start = async () => {
      const keyring = parseKeyring(readFileSync(file, 'utf8'))
      await checkKeyring({ db: bridge.deps.db, clock: Date.now }, keyring)
    }
    expect(await run(keysCommand, 'add', 'A')).toMatch(/^3\n/)
    await start()
    expect(await run(keysCommand, 'nest', 'A', '--outer', '3', '--inner', '1')).toMatch(/^4\n/)
    await start()
    await run(keysCommand, 'promote', 'A', '3')
    const forecast = await cli('forecast', 'A')
    expect(forecast).toMatch(/demo +match +1 +1/)
    expect(forecast).toMatch(/demo +1 +1 +0/)
    expect(await cli('start', '3', '--stragglers', 'nest')).toMatch(/^key A version 3: running/)
    const shown = await cli('run', '3')
    expect(shown).toMatch(/\[#{24}\] {2}100 % {2}2 of 2/)
    expect(shown).toMatch(/key A version 3: completed; 2 moved, 0 failed, 0 left, 0 purged of 2$/)
    expect(await cli('list')).toMatch(/3 +A +completed +2 +0 +0 +0 +2/)
    await run(keysCommand, 'retire', 'A', '1')
    await expect(run(keysCommand, 'retire', 'A', '4')).rejects.toThrow('is still needed')
  })

  test('CR-46 a leaked key is marked once another is current, and never writes again', async () => {
    await run(keysCommand, 'leaked', 'B', '1')
    await expect(run(keysCommand, 'promote', 'B', '1')).rejects.toThrow('cannot go leaked')
    await expect(cli('start', '9')).rejects.toMatchObject({ failure: { kind: 'conflict' } })
  })
})
