/** `keys create` and `keys check`. */
import { writeFileSync } from 'node:fs'
import { Command } from 'commander'
import { readConfig } from '../config.ts'
import { createKeyringText, listKeys } from '../crypto/keyring.ts'
import { checkKnownAnswers } from '../crypto/self-check.ts'
import { checkKeyring } from '../flow/check-keyring.ts'
import { SetupRefused } from '../store/setup-refused.ts'
import { withDatabase } from './database.ts'
import { type Terminal, tableOf } from './terminal.ts'

export function keysCommand(terminal: Terminal): Command {
  const keys = new Command('keys').description(
    'Keys A, B and C: make a keyring, or look whether one is right',
  )
  keys
    .command('create')
    .description('make a keyring of three new keys')
    .option('--out <file>', 'write it there, readable for you alone; standard output without it')
    .action(({ out }: { out?: string }) => createKeyring(terminal, out))
  keys
    .command('check')
    .description('check the keyring of KEYRING_FILE or KEYRING')
    .option(
      '--database',
      'and that it is the one the database was written with, as the service does at its start',
    )
    .action(({ database }: { database?: true }) => check(terminal, database === true))
  return keys
}

function createKeyring(terminal: Terminal, file: string | undefined): void {
  const text = createKeyringText()
  if (file === undefined) {
    terminal.out(text.trimEnd())
    return
  }
  try {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    const sentence = exists
      ? `${file} is there already. Keys are never overwritten: whoever loses them loses every person.`
      : `${file} cannot be written`
    throw new SetupRefused(sentence, { cause })
  }
  terminal.err(`Wrote ${file}. Keep a copy where the database is not; set KEYRING_FILE=${file}.`)
}

async function check(terminal: Terminal, withStored: boolean): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  if (secrets.keyring.kind === 'missing') {
    throw new SetupRefused('There is no keyring to check: set KEYRING_FILE or KEYRING.')
  }
  // The whole service comes with it, and no other command should wait for that.
  const { loadKeyring } = await import('../service.ts')
  const keyring = loadKeyring(secrets)
  checkKnownAnswers()
  const rows = listKeys(keyring).map(({ key, version, state }) => [key, String(version), state])
  terminal.out(tableOf(['key', 'version', 'state'], rows))
  if (!withStored) return
  await withDatabase(config, secrets, (db) => checkKeyring({ db, clock: Date.now }, keyring))
  terminal.err('It is the keyring of this database.')
}
