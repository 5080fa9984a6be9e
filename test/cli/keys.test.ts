/** The life of a key from the command line, on the database of a running bridge. The commands run in this process. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keysCommand } from '../../src/cli/keys.ts'
import { readConfig } from '../../src/config.ts'
import { parseKeyring } from '../../src/crypto/keyring.ts'
import { loadKeyring } from '../../src/custody/load-keyring.ts'
import { checkKeyring } from '../../src/flow/check-keyring.ts'
import { ROOT_KEY } from '../custody/fixtures.ts'
import { type Bridge, logIn, startBridge } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'

let bridge: Bridge
let folder: string
/** The keyring of the bridge, as its operator keeps it. */
let file: string

beforeAll(async () => {
  bridge = await startBridge()
  folder = mkdtempSync(path.join(os.tmpdir(), 'bridge-keys-'))
  file = path.join(folder, 'keyring.json')
  await logIn(bridge, await bridge.newWallet())
})
afterAll(async () => {
  await bridge.stop()
  rmSync(folder, { recursive: true, force: true })
})

const environment = () => ({
  ...{ KEYRING_FILE: file, KEYRING_ROOT_KEY: ROOT_KEY, DATABASE_URL: bridge.database.runtimeUrl },
})

/** Runs `keys …` and returns what it printed; throws what it refuses with. */
async function keys(...words: string[]): Promise<string> {
  const lines: string[] = []
  const line = (text: string) => void lines.push(text)
  const command = keysCommand({ environment: environment(), out: line, err: line })
  for (const each of [command, ...command.commands])
    each.exitOverride().configureOutput({ writeErr: () => undefined })
  await command.parseAsync(words, { from: 'user' })
  return lines.join('\n')
}

const states = async () =>
  (await keys('check'))
    .split('\n')
    .slice(1)
    .map((row) => row.split(/ +/))
const events = () =>
  query<{ detail: string }>(
    bridge.database.superuserUrl,
    "SELECT detail FROM audit_event WHERE event_type = 'key_state_changed' ORDER BY seq",
  )
/** What a start of the service does with the keyring. */
const start = async () =>
  checkKeyring(
    { db: bridge.deps.db, clock: Date.now },
    await loadKeyring(readConfig(environment()).secrets, Date.now),
  )

describe('issue 5 item 6 keys from the command line', () => {
  test('CR-32 a keyring is made sealed, and the database knows whose it is', async () => {
    await keys('init', '--out', file, '--seal-with', 'root-key')
    expect(readFileSync(file, 'utf8')).toContain('"keeper": "root-key"')
    await expect(keys('check', '--database')).rejects.toThrow(
      'Key A version 1 is not the key this database was written with',
    )
    await expect(keys('init', '--out', file)).rejects.toThrow('Keys are never overwritten')
    await expect(keys('add', 'A')).rejects.toThrow('is not the key this database was written with')
    expect(await events()).toEqual([])
    rmSync(file)
    await keys('init', '--out', file)
  })

  test('CR-32 CR-41 a key is added, started with, promoted; every other order is refused', async () => {
    // A database that this keyring belongs to.
    await query(bridge.database.superuserUrl, 'DELETE FROM key_check')
    expect(await keys('check', '--database')).toContain('This database knows no keyring yet.')
    await start()
    expect(await keys('check', '--database')).toContain('It is the keyring of this database.')
    await expect(keys('promote', 'A', '2')).rejects.toThrow('key A has no version 2')
    await expect(keys('retire', 'A', '1')).rejects.toThrow('cannot go current → retired')
    await expect(keys('destroy', 'A', '1')).rejects.toThrow('cannot go current → destroyed')
    expect(await keys('add', 'A')).toMatch(/^2\n/)
    await expect(keys('add', 'A')).rejects.toThrow('key A has a pending version already')
    expect(await keys('check', '--database')).toContain(
      'No service has started with these yet: A 2.',
    )
    await expect(keys('promote', 'A', '2')).rejects.toThrow(
      'no service has started with key A version 2 yet',
    )
    await start()
    await keys('promote', 'A', '2')
    expect(await states()).toEqual([
      ['A', '1', 'previous'],
      ['B', '1', 'current'],
      ['C', '1', 'current'],
      ['A', '2', 'current'],
    ])
  })

  test('CR-45 a version that anything lies under is not retired, and what lies there is named', async () => {
    await expect(keys('retire', 'A', '1')).rejects.toThrow(
      /^key A version 1 is still needed, in tenant demo: identity_link_binding \(1\), identity_match \(\d+\)$/,
    )
    await keys('add', 'C')
    await keys('add', 'B')
    await start()
    await keys('promote', 'C', '3')
    await keys('promote', 'B', '4')
    await expect(keys('retire', 'B', '1')).rejects.toThrow(
      'key B version 1 is still needed, in tenant demo: identity_link_binding (1)',
    )
    const refused = await keys('retire', 'C', '1').catch((error: Error) => error.message)
    for (const place of [
      'identity.wrapped_data_key',
      'identity.audit_salt',
      'signing_key.sealed_private_key',
    ])
      expect(refused).toContain(place)
    expect((await states())[0]).toEqual(['A', '1', 'previous'])
  })

  test('CR-32 an unused version is retired, then destroyed: its secret is gone from the file, its number is not', async () => {
    await query(
      bridge.database.superuserUrl,
      `UPDATE identity_match SET hash_key_version = 2 WHERE hash_key = 'A';
       UPDATE identity_link_binding SET holder_hash_key_version = 2`,
    )
    const [{ secret }] = JSON.parse(readFileSync(file, 'utf8')).keys
    await keys('retire', 'A', '1')
    await start()
    expect(readFileSync(file, 'utf8')).toContain(secret)
    await keys('destroy', 'A', '1')
    expect(readFileSync(file, 'utf8')).not.toContain(secret)
    await start()
    expect((await states())[0]).toEqual(['A', '1', 'destroyed'])
    await expect(keys('promote', 'A', '1')).rejects.toThrow('cannot go destroyed → current')
  })

  test('AU-04 every step is in the audit trail, by whom and to what, and no refused one', async () => {
    expect((await events()).map(({ detail }) => JSON.parse(detail))).toEqual(
      (
        [
          ...[
            ['A', 2, 'pending'],
            ['A', 2, 'current'],
            ['C', 3, 'pending'],
            ['B', 4, 'pending'],
          ],
          ...[
            ['C', 3, 'current'],
            ['B', 4, 'current'],
            ['A', 1, 'retired'],
            ['A', 1, 'destroyed'],
          ],
        ] as const
      ).map(([key, version, state]) => ({ actor: 'cli', key, version, state })),
    )
  })

  test('CR-34 an open keyring is sealed where it lies', async () => {
    const before = readFileSync(file, 'utf8')
    expect(await keys('seal', 'root-key')).toContain('Sealed, kept by root-key.')
    const after = readFileSync(file, 'utf8')
    for (const { secret } of JSON.parse(before).keys)
      if (secret) expect(after).not.toContain(secret)
    expect(() => parseKeyring(after)).toThrow()
    await start()
    expect(await keys('add', 'A')).toMatch(/^5\n/)
  })

  test.each([
    [['promote', 'D', '1'], 'Allowed choices are A, B, C'],
    [['promote', 'A', '1.5'], 'it is a whole number from 1'],
    [['promote', 'A'], "missing required argument 'version'"],
    [['seal', 'safe'], 'there is no keeper "safe"'],
  ])('keys %j is refused', async (words, sentence) => {
    await expect(keys(...words)).rejects.toThrow(sentence)
  })
})
