/** CR-46: Key A got away. From the command line to the login: what lies under it proves nobody any more, until their institution does. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { walletOf } from '../../demo/people.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { keyMigrationCommand } from '../../src/cli/key-migration.ts'
import { keysCommand } from '../../src/cli/keys.ts'
import { createKeyringText, parseKeyring } from '../../src/crypto/keyring.ts'
import { createLog } from '../../src/log.ts'
import { type Service, startService } from '../../src/service.ts'
import { accountOf, demoPerson } from '../people/people.ts'
import { divertTraffic } from '../resilience/traffic.ts'
import { type Bridge, logIn, startBridge } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'

const FIRST = createKeyringText()
let bridge: Bridge
let folder: string
let file: string
let service: Service | undefined
beforeAll(async () => {
  bridge = await startBridge({ keyring: FIRST })
  folder = mkdtempSync(path.join(os.tmpdir(), 'bridge-emergency-'))
  file = path.join(folder, 'keyring.json')
  writeFileSync(file, FIRST, { mode: 0o600 })
})
afterEach(() => vi.unstubAllGlobals())
afterAll(async () => {
  await service?.stop()
  await bridge.stop()
  rmSync(folder, { recursive: true, force: true })
})

const ask = <Row extends object>(text: string) => query<Row>(bridge.database.superuserUrl, text)

async function cli(make: typeof keysCommand, ...words: string[]): Promise<string> {
  const lines: string[] = []
  const line = (text: string) => void lines.push(text)
  const environment = { KEYRING_FILE: file, DATABASE_URL: bridge.database.runtimeUrl }
  const command = make({ environment, out: line, err: line })
  for (const each of [command, ...command.commands]) each.exitOverride()
  await command.parseAsync(words, { from: 'user' })
  return lines.join('\n')
}

/** Every instance is restarted with the keyring as the file has it now. */
async function restart(): Promise<void> {
  await service?.stop()
  const { config, clock } = bridge.deps
  service = await startService(
    { ...config, port: 0 },
    {
      ...{ databaseUrl: bridge.database.runtimeUrl, clock, log: createLog('silent') },
      keyring: parseKeyring(readFileSync(file, 'utf8')),
    },
  )
  vi.unstubAllGlobals()
  const { address } = service
  divertTraffic(bridge.url, () => address)
}

const enter = async (wallet: Wallet, username: string) => {
  const { login, viaInstitution } = await logIn(bridge, wallet, { user: accountOf(username) })
  return { sub: login.claims.sub, viaInstitution }
}
const newWallet = (username: string) =>
  walletOf(demoPerson(username), bridge.issuer, (input, init) => globalThis.fetch(input, init))

test('CR-46 a key that got away, by command: strangers with planted rows are nobody, owners prove themselves once, and nobody becomes somebody else', async () => {
  const wallets = {
    sanne: await newWallet('sanne'),
    milan: await newWallet('milan'),
    noor: await newWallet('noor'),
  }
  const sanne = await enter(wallets.sanne, 'sanne')
  const milan = await enter(wallets.milan, 'milan')
  await enter(wallets.noor, 'noor')
  // Whoever has the key, and can write, knows what a row for a wallet of theirs has to say.
  await ask(`
    WITH planted AS (SELECT id FROM identity_match WHERE hash_key = 'A' ORDER BY created_at DESC LIMIT 1),
         own AS (DELETE FROM identity_link_binding WHERE match_id = (SELECT id FROM planted))
    UPDATE identity_match SET internal_identity_id = (SELECT identity_id FROM pairwise_subject WHERE subject = '${sanne.sub}')
     WHERE id = (SELECT id FROM planted)`)
  const asSanne = { sub: sanne.sub, viaInstitution: false }
  expect(await enter(wallets.noor, 'noor'), 'the danger is real').toEqual(asSanne)

  // Art. 33 and 34 GDPR: whom it is about, before anything moves; Sanne has the planted row besides her own.
  expect(await cli(keysCommand, 'exposed', 'A', '1')).toMatch(/^demo +2 +3 +2\d{3}-/m)
  expect(await cli(keysCommand, 'exposed', 'C', '1')).toMatch(/^demo +3 +3 +2\d{3}-/m)
  expect(await cli(keysCommand, 'add', 'A')).toMatch(/^2\n/)
  expect(await cli(keysCommand, 'nest', 'A', '--outer', '2', '--inner', '1')).toMatch(/^3\n/)
  await restart()
  await cli(keysCommand, 'promote', 'A', '2')
  await cli(keysCommand, 'leaked', 'A', '1')
  await restart()

  await expect(enter(wallets.noor, 'noor')).rejects.toThrow('the login ended at')
  expect(await enter(wallets.sanne, 'sanne')).toEqual({ sub: sanne.sub, viaInstitution: true })
  expect(await enter(wallets.sanne, 'sanne')).toEqual(asSanne)

  // Who stays away is nested, and has to be confirmed still.
  await cli(keyMigrationCommand, 'start', '2', '--stragglers', 'nest')
  expect(await cli(keyMigrationCommand, 'run', '2')).toContain('key A version 2: completed')
  await restart()
  expect(await enter(wallets.milan, 'milan')).toEqual({ sub: milan.sub, viaInstitution: true })
  expect(await enter(wallets.milan, 'milan')).toEqual({ sub: milan.sub, viaInstitution: false })
  await expect(enter(wallets.noor, 'noor')).rejects.toThrow('the login ended at')

  const left = await ask<{ version: number; count: number }>(
    `SELECT hash_key_version AS version, count(*)::int AS count FROM identity_match
      WHERE hash_key = 'A' AND deleted_at IS NULL GROUP BY 1 ORDER BY 1`,
  )
  expect(left, 'the planted row alone').toEqual([
    { version: 2, count: 2 },
    { version: 3, count: 1 },
  ])
  await expect(cli(keysCommand, 'retire', 'A', '1')).rejects.toThrow('got away')
  await expect(cli(keysCommand, 'retire', 'A', '3')).rejects.toThrow('is still needed')
  const [told] = await ask<{ detail: string }>(
    `SELECT detail FROM audit_event WHERE event_type = 'key_state_changed' AND detail LIKE '%leaked%'`,
  )
  expect(JSON.parse(told?.detail ?? '{}')).toMatchObject({ actor: 'cli', key: 'A', version: 1 })
  expect(await cli(keysCommand, 'exposed', 'A', '1'), 'nobody is left under it').not.toContain(
    'demo',
  )
  expect(await cli(keysCommand, 'exposed', 'A', '3'), 'nested').toMatch(/^demo +1 +1 /m)
  // A slip of the finger is not "nobody".
  await expect(cli(keysCommand, 'exposed', 'A', '9')).rejects.toThrow('not_found')
})
