import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createKeyringText, parseKeyring } from '../../src/crypto/keyring.ts'
import { sealForFile } from '../../src/custody/keyring-file.ts'
import { checkKeyring } from '../../src/flow/check-keyring.ts'
import { type BridgeDatabase, closeDatabase, openDatabase } from '../../src/store/database.ts'
import { custodyOf, ROOT_KEY } from '../custody/fixtures.ts'
import { createTestDatabase, query, type TestDatabase } from '../support/postgres.ts'
import { runChild } from './child.ts'

let database: TestDatabase
let db: BridgeDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  db = openDatabase({ connectionString: database.runtimeUrl })
})
afterAll(async () => {
  await closeDatabase(db)
  await database.drop()
})

const mine = parseKeyring(createKeyringText())
const check = (keyring = mine) => checkKeyring({ db, clock: Date.now }, keyring)
const recorded = () =>
  query(database.superuserUrl, 'SELECT key_name, version, check_value FROM key_check ORDER BY 1, 2')

test('CR-33 the first start records every key; later ones with the same keyring change nothing', async () => {
  await check()
  const rows = await recorded()
  expect(rows).toMatchObject([
    { key_name: 'A', version: 1 },
    { key_name: 'B', version: 1 },
    { key_name: 'C', version: 1 },
  ])
  await check()
  expect(await recorded()).toEqual(rows)
})

test('CR-33 another keyring is refused and leaves nothing behind', async () => {
  const rows = await recorded()
  await expect(check(parseKeyring(createKeyringText()))).rejects.toMatchObject({
    ...{ name: 'KeyringMismatch' },
    message: 'Key A version 1 is not the key this database was written with',
  })
  expect(await recorded()).toEqual(rows)
})

test('CR-33 a version the database knows and the keyring lacks is refused', async () => {
  await query(
    database.superuserUrl,
    `INSERT INTO key_check (key_name, version, check_value, created_at)
     SELECT 'B', 2, check_value, created_at FROM key_check WHERE key_name = 'B'`,
  )
  await expect(check()).rejects.toThrow('Key B version 2 is missing from the keyring')
})

test('CR-33 a keyring that is lost, or that nothing opens, stops the start; nothing is made in its place', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bridge-lost-'))
  const [file, data] = [path.join(folder, 'keyring.json'), path.join(folder, 'data')]
  const common = { KEYRING_FILE: file, DATA_DIR: data, PORT: '0' }
  try {
    const lost = runChild(common)
    const sealed = await sealForFile(
      createKeyringText(),
      'root-key',
      custodyOf({ KEYRING_ROOT_KEY: ROOT_KEY }),
      Date.now,
    )
    expect(await lost).toMatchObject({
      code: 1,
      lines: [{ msg: expect.stringContaining('KEYRING_FILE: names a file that is not there') }],
    })
    writeFileSync(file, sealed, { mode: 0o600 })
    expect(await runChild(common)).toMatchObject({
      code: 1,
      lines: [{ msg: expect.stringContaining('set KEYRING_ROOT_KEY') }],
    })
    expect(readdirSync(folder)).toEqual(['keyring.json'])
    expect(existsSync(data)).toBe(false)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
