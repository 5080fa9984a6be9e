/** `contract show`, `record` and `drop`: what a relying party's tokens have to hold. */
import { Command } from 'commander'
import { readConfig } from '../config.ts'
import type { ClientId } from '../domain/ids.ts'
import { changeContract } from '../flow/change-contract.ts'
import { readOneRelyingParty } from '../flow/read-relying-parties.ts'
import { withDatabase } from './database.ts'
import { type Terminal, tableOf } from './terminal.ts'
import { OPERATOR } from './tokens.ts'

export function contractCommand(terminal: Terminal): Command {
  const contract = new Command('contract').description("What a relying party's tokens have to hold")
  const add = (name: string, about: string) =>
    contract
      .command(name)
      .description(about)
      .argument('<slug>', 'the tenant')
      .argument('<client-id>', 'the relying party')
  add('show', 'claims with type and scope, and acr values').action((slug: string, id: string) =>
    show(terminal, slug, id as ClientId),
  )
  add('record', 'the next login makes it, in place of an earlier one')
    .option('--acr <values...>', 'other values of acr that are kept to', [])
    .action((slug: string, id: string, { acr }: { acr: string[] }) =>
      change(terminal, slug, id as ClientId, { record: { acr } }),
    )
  add('drop', 'compare with nothing any more').action((slug: string, id: string) =>
    change(terminal, slug, id as ClientId, 'drop'),
  )
  return contract
}

async function show(terminal: Terminal, slug: string, id: ClientId): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const { parity } = await withDatabase(config, secrets, (db) =>
    readOneRelyingParty({ db }, OPERATOR, slug, id),
  )
  if (parity.state !== 'enforced') return terminal.out(parity.state)
  const { claims, acr } = parity.contract
  const rows = claims.map(({ name, type, scope }) => [name, type, scope])
  terminal.out(
    tableOf(['claim', 'type', 'scope'], [...rows, ...acr.map((one) => ['acr', one, ''])]),
  )
}

async function change(
  terminal: Terminal,
  slug: string,
  id: ClientId,
  wanted: { record: { acr: readonly string[] } } | 'drop',
): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  await withDatabase(config, secrets, (db) =>
    changeContract({ db, clock: Date.now }, OPERATOR, slug, id, wanted),
  )
  terminal.err(wanted === 'drop' ? 'Dropped.' : 'The next login makes it.')
}
