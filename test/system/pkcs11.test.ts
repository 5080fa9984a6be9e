/** A keyring kept by an HSM: SoftHSM as the system's package installs it, spoken to over PKCS#11. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createKeyringText } from '../../src/crypto/keyring.ts'
import { sealForFile } from '../../src/custody/keyring-file.ts'
import { openKeyring } from '../../src/custody/load-keyring.ts'
import { custodyOf } from '../custody/fixtures.ts'

const FOLDER = mkdtempSync(path.join(os.tmpdir(), 'bridge-hsm-'))
const [MODULE, PIN] = ['/usr/lib/softhsm/libsofthsm2.so', '2468']
const VARIABLES = {
  ...{ PATH: '/usr/bin:/bin', SOFTHSM2_CONF: path.join(FOLDER, 'softhsm2.conf') },
  ...{ PKCS11_MODULE: MODULE, PKCS11_PIN: PIN },
}
const TEXT = createKeyringText()

const run = (program: string, ...words: string[]) =>
  execFileSync(program, words, { env: VARIABLES, stdio: ['ignore', 'pipe', 'pipe'] })
const sealed = (keeper: string, change: Record<string, string> = {}) =>
  sealForFile(TEXT, keeper, custodyOf({ ...VARIABLES, ...change }), Date.now)
const opened = async (text: string, change: Record<string, string> = {}) =>
  (await openKeyring(text, custodyOf({ ...VARIABLES, ...change }), Date.now)).text

beforeAll(() => {
  mkdirSync(path.join(FOLDER, 'tokens'))
  writeFileSync(
    VARIABLES.SOFTHSM2_CONF,
    `directories.tokendir = ${FOLDER}/tokens\nobjectstore.backend = file\n`,
  )
  run(
    'softhsm2-util',
    '--init-token',
    '--free',
    '--label',
    'bridge',
    '--so-pin',
    '1357',
    '--pin',
    PIN,
  )
  // As docs/cryptography.md says; the second one stands before nobody asked for it.
  for (const id of ['01', '02'])
    run(
      ...(['pkcs11-tool', '--module', MODULE, '--token-label', 'bridge', '--login'] as const),
      ...['--pin', 'env:PKCS11_PIN', '--keygen', '--key-type', 'GENERIC:32', '--id', id],
      ...['--label', `kek-${id}`, '--sensitive', '--usage-sign'],
    )
})
afterAll(() => rmSync(FOLDER, { recursive: true }))

test('CR-34 a keyring sealed by an HSM opens with that key of it, and with no other', async () => {
  const text = await sealed('pkcs11:bridge/02')
  expect(await opened(text)).toBe(TEXT)
  expect(text).not.toContain(PIN)
  for (const { secret } of JSON.parse(TEXT).keys) expect(text).not.toContain(secret)
  await expect(opened(text.replace('bridge/02', 'bridge/01'))).rejects.toThrow(
    'the key of pkcs11:bridge/01 does not open the sealed keyring',
  )
})

test.each([
  ['a key that is not there', 'pkcs11:bridge/0f', {}, 'pkcs11-tool failed'],
  ['a token that is not there', 'pkcs11:other/01', {}, 'pkcs11-tool failed'],
  ['a wrong PIN', 'pkcs11:bridge/01', { PKCS11_PIN: '9999' }, 'pkcs11-tool failed'],
  [
    'a module that is not there',
    'pkcs11:bridge/01',
    { PKCS11_MODULE: '/nowhere.so' },
    'pkcs11-tool failed',
  ],
  [
    'no tool',
    'pkcs11:bridge/01',
    { PATH: '/nowhere' },
    'pkcs11-tool cannot be run: install opensc',
  ],
])('CR-34 %s is a sentence without the PIN', async (_name, keeper, change, sentence) => {
  const refusal = await sealed(keeper, change).catch((error: Error) => error.message)
  expect(refusal).toContain(sentence)
  expect(refusal).not.toContain('9999')
})
