/** `signing-keys list`, `rotate` and `remove`: what a tenant signs tokens with. */
import { Command, Option } from 'commander'
import { readConfig } from '../config.ts'
import { TOKEN_ALGORITHMS, type TokenAlgorithm } from '../domain/token-algorithm.ts'
import { readSigningKeys } from '../flow/read-signing-keys.ts'
import { removeSigningKey } from '../flow/remove-signing-key.ts'
import { rotateSigningKey } from '../flow/rotate-signing-key.ts'
import { withDatabase, withKeyring } from './database.ts'
import { type Terminal, tableOf } from './terminal.ts'
import { OPERATOR } from './tokens.ts'

export function signingKeysCommand(terminal: Terminal): Command {
  const keys = new Command('signing-keys').description("A tenant's keys for tokens")
  keys
    .command('list')
    .description('list them; never a private half')
    .argument('<slug>', 'the tenant')
    .action((slug: string) => list(terminal, slug))
  keys
    .command('rotate')
    .description('publish the next key; it signs from a day later on')
    .argument('<slug>', 'the tenant')
    .addOption(new Option('--algorithm <name>', 'which').choices(TOKEN_ALGORITHMS).default('ES256'))
    .action((slug: string, { algorithm }: { algorithm: TokenAlgorithm }) =>
      rotate(terminal, slug, algorithm),
    )
  keys
    .command('remove')
    .description('a key got away: destroy it, and end every token of every login')
    .argument('<slug>', 'the tenant')
    .argument('<kid>', 'the key, as `signing-keys list` shows it')
    .action((slug: string, kid: string) => remove(terminal, slug, kid))
  return keys
}

async function list(terminal: Terminal, slug: string): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const found = await withDatabase(config, secrets, (db) => readSigningKeys({ db }, OPERATOR, slug))
  const rows = found.map((key) => [
    ...[key.kid, key.purpose, key.algorithm, key.state],
    key.activatedAt ?? '',
  ])
  terminal.out(tableOf(['kid', 'for', 'algorithm', 'state', 'signs since'], rows))
}

async function rotate(terminal: Terminal, slug: string, algorithm: TokenAlgorithm): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const kid = await withKeyring(config, secrets, (place) =>
    rotateSigningKey({ ...place, clock: Date.now }, OPERATOR, slug, algorithm),
  )
  terminal.out(kid)
  terminal.err('Published. It signs from a day later on.')
}

async function remove(terminal: Terminal, slug: string, kid: string): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  await withKeyring(config, secrets, (place) =>
    removeSigningKey({ ...place, clock: Date.now }, OPERATOR, slug, kid),
  )
  terminal.err('Removed. Every token of every login of this tenant is over.')
}
