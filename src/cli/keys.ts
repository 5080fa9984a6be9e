/** `keys init`, `seal` and `check`: a keyring is made, sealed, and looked at; `key-steps.ts` has what happens to its keys. */
import { Command } from 'commander'
import { readConfig } from '../config.ts'
import { createKeyringText, listKeys } from '../crypto/keyring.ts'
import { checkKnownAnswers } from '../crypto/self-check.ts'
import { KEEPER_KINDS } from '../custody/keeper.ts'
import { changeKeyringFile, createKeyringFile, sealForFile } from '../custody/keyring-file.ts'
import { loadKeyring } from '../custody/load-keyring.ts'
import { compareKeyring } from '../flow/check-keyring.ts'
import { SetupRefused } from '../store/setup-refused.ts'
import { withDatabase } from './database.ts'
import { addKeyExposure } from './key-exposure.ts'
import { addKeySteps } from './key-steps.ts'
import { type Terminal, tableOf } from './terminal.ts'

const KEEPERS = `who keeps its root key: ${KEEPER_KINDS.join(', ')}, with :key where it has several`

export function keysCommand(terminal: Terminal): Command {
  const keys = new Command('keys').description(
    'Keys A, B and C: make a keyring, seal it, rotate its keys, look whether it is right',
  )
  keys
    .command('init')
    .alias('create')
    .description('make a keyring of three new keys')
    .option('--out <file>', 'write it there, readable for you alone; standard output without it')
    .option('--seal-with <keeper>', KEEPERS)
    .action((options: { out?: string; sealWith?: string }) => createKeyring(terminal, options))
  keys
    .command('seal')
    .description('seal the keyring in KEYRING_FILE, or have another keeper keep it')
    .argument('<keeper>', KEEPERS)
    .action((keeper: string) => seal(terminal, keeper))
  addKeySteps(keys, terminal)
  addKeyExposure(keys, terminal)
  keys
    .command('check')
    .description('check the keyring of KEYRING_FILE or KEYRING, and show its keys')
    .option(
      '--database',
      'and that it is the one the database was written with, as the service does at its start',
    )
    .action(({ database }: { database?: true }) => check(terminal, database === true))
  return keys
}

async function createKeyring(
  terminal: Terminal,
  { out, sealWith }: { out?: string; sealWith?: string },
): Promise<void> {
  // What the keyring to be made is called says nothing about the one to be opened.
  const { secrets } = readConfig({ ...terminal.environment, KEYRING_FILE: '', KEYRING: '' })
  const text = await sealForFile(createKeyringText(), sealWith, secrets, Date.now)
  if (out === undefined) {
    terminal.out(text.trimEnd())
    return
  }
  await createKeyringFile(out, text)
  terminal.err(`Wrote ${out}. Keep a copy where the database is not; set KEYRING_FILE=${out}.`)
}

async function seal(terminal: Terminal, keeper: string): Promise<void> {
  const { secrets } = readConfig(terminal.environment)
  const { keyring } = secrets
  if (keyring.kind !== 'text' || keyring.file === undefined) {
    throw new SetupRefused('There is no keyring to seal: set KEYRING_FILE.')
  }
  await changeKeyringFile(keyring.file, secrets, Date.now, async (text) => ({ text, keeper }))
  terminal.err(`Sealed, kept by ${keeper}. Destroy the copies that are not.`)
}

async function check(terminal: Terminal, withStored: boolean): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  if (secrets.keyring.kind === 'missing') {
    throw new SetupRefused('There is no keyring to check: set KEYRING_FILE or KEYRING.')
  }
  const keyring = await loadKeyring(secrets, Date.now)
  checkKnownAnswers()
  const keys = listKeys(keyring)
  const rows = keys.map(({ key, version, state }) => [key, String(version), state])
  terminal.out(tableOf(['key', 'version', 'state'], rows))
  if (!withStored) return
  const { fresh } = await withDatabase(config, secrets, (db) => compareKeyring({ db }, keyring))
  terminal.err(
    fresh.length === keys.length
      ? 'This database knows no keyring yet.'
      : 'It is the keyring of this database.',
  )
  if (fresh.length === 0 || fresh.length === keys.length) return
  const unseen = fresh.map(({ key, version }) => `${key} ${version}`).join(', ')
  terminal.err(`No service has started with these yet: ${unseen}.`)
}
