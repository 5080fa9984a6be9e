/** `keys exposed`: whom it is about, should a version of a key have got away. */
import { Argument, type Command } from 'commander'
import { readConfig } from '../config.ts'
import { KEY_NAMES, type KeyName } from '../crypto/keyring-text.ts'
import { readKeyExposure } from '../flow/read-key-exposure.ts'
import { withDatabase } from './database.ts'
import { readVersion } from './key-steps.ts'
import { type Terminal, tableOf } from './terminal.ts'
import { OPERATOR } from './tokens.ts'

/** Adds the command to `keys`. */
export function addKeyExposure(keys: Command, terminal: Terminal): void {
  keys
    .command('exposed')
    .description('show, tenant by tenant, how many people are under a version of a key')
    .addArgument(new Argument('<key>', 'which').choices(KEY_NAMES))
    .argument('<version>', 'its number', readVersion)
    .action((key: KeyName, version: number) => show(terminal, key, version))
}

async function show(terminal: Terminal, key: KeyName, version: number): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const found = await withDatabase(config, secrets, (db) =>
    readKeyExposure({ db }, OPERATOR, { key, version }),
  )
  const rows = found.map((one) => [
    ...[one.tenant, String(one.people), String(one.count), one.oldest, one.newest],
  ])
  terminal.out(tableOf(['tenant', 'people', 'rows', 'first known', 'last known'], rows))
}
