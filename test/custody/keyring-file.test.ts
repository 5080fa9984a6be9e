import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { addPendingKey, moveKey } from '../../src/crypto/key-states.ts'
import { createKeyringText, listKeys, parseKeyring } from '../../src/crypto/keyring.ts'
import {
  changeKeyringFile,
  createKeyringFile,
  sealForFile,
} from '../../src/custody/keyring-file.ts'
import { openKeyring } from '../../src/custody/load-keyring.ts'
import { custodyOf, ROOT_KEY } from './fixtures.ts'

const FOLDER = mkdtempSync(path.join(os.tmpdir(), 'bridge-keyring-'))
afterAll(() => rmSync(FOLDER, { recursive: true }))

const secrets = custodyOf({ KEYRING_ROOT_KEY: ROOT_KEY })
const inFile = async (file: string) =>
  (await openKeyring(readFileSync(file, 'utf8'), secrets, Date.now)).text
const change = (file: string, to: Parameters<typeof changeKeyringFile>[3]) =>
  changeKeyringFile(file, secrets, Date.now, to)

async function newFile(name: string, keeper?: string): Promise<string> {
  const file = path.join(FOLDER, name)
  await createKeyringFile(file, await sealForFile(createKeyringText(), keeper, secrets, Date.now))
  return file
}

test('CR-35 a keyring is written for its owner alone, and never over another', async () => {
  const file = await newFile('made.json')
  const text = readFileSync(file, 'utf8')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  await expect(createKeyringFile(file, createKeyringText())).rejects.toThrow(
    'Keys are never overwritten',
  )
  expect(readFileSync(file, 'utf8')).toBe(text)
})

test('CR-34 a sealed keyring stays sealed by the same keeper when its keys change', async () => {
  const file = await newFile('sealed.json', 'root-key')
  const before = await inFile(file)
  await change(file, async (text) => addPendingKey(text, 'A'))
  const text = await inFile(file)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ keeper: 'root-key' })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(JSON.parse(text).keys.slice(0, 3)).toEqual(JSON.parse(before).keys)
  expect(listKeys(parseKeyring(text)).at(-1)).toEqual({ key: 'A', version: 2, state: 'pending' })
})

test('CR-34 an open keyring is sealed in place, its keys unchanged', async () => {
  const file = await newFile('to-seal.json')
  const before = readFileSync(file, 'utf8')
  await change(file, async (text) => ({ text, keeper: 'root-key' }))
  expect(readFileSync(file, 'utf8')).not.toContain(JSON.parse(before).keys[0].secret)
  expect(await inFile(file)).toBe(before)
})

test('CR-32 behind a link the file it leads to is changed, and no key lies on where the link led', async () => {
  const file = await newFile('behind.json')
  const { secret } = JSON.parse(readFileSync(file, 'utf8')).keys[0]
  const link = path.join(FOLDER, 'link.json')
  symlinkSync('behind.json', link)
  await change(link, async (text) => {
    const rotated = moveKey(addPendingKey(text, 'A').text, 'A', 2, 'current')
    return { text: moveKey(moveKey(rotated, 'A', 1, 'retired'), 'A', 1, 'destroyed') }
  })
  expect(lstatSync(link).isSymbolicLink()).toBe(true)
  expect(readFileSync(file, 'utf8')).not.toContain(secret)
  expect(await inFile(link)).toBe(await inFile(file))
  symlinkSync('nowhere.json', path.join(FOLDER, 'dangling.json'))
  const dangling = path.join(FOLDER, 'dangling.json')
  await expect(change(dangling, async (text) => ({ text }))).rejects.toThrow('cannot be read')
  await expect(createKeyringFile(dangling, createKeyringText())).rejects.toThrow('there already')
})

test('CR-32 a change that is refused, or makes no keyring, leaves the file as it was and nothing beside it', async () => {
  const file = await newFile('refused.json')
  const before = readFileSync(file, 'utf8')
  const refused = change(file, async () => {
    throw new Error('the audit event could not be written')
  })
  await expect(refused).rejects.toThrow('the audit event could not be written')
  await expect(change(file, async () => ({ text: '{"keys":[]}' }))).rejects.toThrow('keyring:')
  await expect(change(file, async (text) => ({ text, keeper: 'vault:x' }))).rejects.toThrow(
    'VAULT_ADDR',
  )
  await expect(
    change(file, async (text) => ({ text: moveKey(text, 'A', 1, 'retired') })),
  ).rejects.toThrow('cannot go current → retired')
  expect(readFileSync(file, 'utf8')).toBe(before)
  expect(readdirSync(FOLDER).filter((name) => name.startsWith('refused.json.'))).toEqual([])
})

test('CR-32 of 50 who change one keyring at once, each succeeds whole or is told to wait', async () => {
  const file = await newFile('busy.json')
  const tries = Array.from({ length: 50 }, (_, index) =>
    change(file, async (text) => {
      const key = (['A', 'B', 'C'] as const)[index % 3] ?? 'A'
      const added = addPendingKey(text, key)
      return { text: moveKey(added.text, key, added.version, 'current') }
    }),
  )
  const ended = await Promise.allSettled(tries)
  const done = ended.filter(({ status }) => status === 'fulfilled').length
  const refusals = ended.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []))
  expect(done).toBeGreaterThan(0)
  expect(done + refusals.length).toBe(50)
  for (const refusal of refusals) expect(refusal).toContain('Somebody else is changing')
  expect(listKeys(parseKeyring(readFileSync(file, 'utf8')))).toHaveLength(3 + done)
})

test('CR-32 what a killed command left behind is named, and its half-written file does not count', async () => {
  const file = await newFile('killed.json')
  writeFileSync(`${file}.lock`, '')
  writeFileSync(`${file}.new`, 'half a key')
  await expect(change(file, async (text) => ({ text }))).rejects.toThrow(`remove ${file}.lock`)
  rmSync(`${file}.lock`)
  await change(file, async (text) => addPendingKey(text, 'B'))
  expect(listKeys(parseKeyring(readFileSync(file, 'utf8')))).toHaveLength(4)
  chmodSync(file, 0o600)
})
