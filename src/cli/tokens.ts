/** `token create`, `token list` and `token revoke`: the administration's first token, and the way back in. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { readConfig } from '../config.ts'
import {
  ADMIN_SCOPE_NAMES,
  type AdminActor,
  type AdminScope,
  INSTITUTION,
} from '../domain/admin.ts'
import { createAdminToken } from '../flow/create-admin-token.ts'
import { listAdminTokens } from '../flow/list-admin-tokens.ts'
import { revokeAdminToken } from '../flow/revoke-admin-token.ts'
import { withDatabase } from './database.ts'
import { type Terminal, tableOf } from './terminal.ts'

/** Whoever can run this can write the database anyway. */
export const OPERATOR: AdminActor = { id: 'cli', scopes: ADMIN_SCOPE_NAMES }

interface CreateOptions {
  name: string
  scope: readonly (AdminScope | 'all')[]
  tenant?: string
  institution?: string
  days: number
}

export function tokenCommand(terminal: Terminal): Command {
  const token = new Command('token').description('Tokens of the admin API')
  token
    .command('create')
    .description('make a token and print it, this once')
    .requiredOption('--name <name>', 'what it is for', readName)
    .addOption(
      new Option('--scope <scope...>', 'what it may do')
        .choices(['all', ...ADMIN_SCOPE_NAMES])
        .makeOptionMandatory(),
    )
    .option('--tenant <slug>', 'the one tenant it is for; every tenant without it')
    .option('--institution <domain>', 'whose providers alone it manages', readInstitution)
    .option('--days <days>', 'how long it is valid', readDays, 90)
    .action((options: CreateOptions) => create(terminal, options))
  token
    .command('list')
    .description('list all tokens; never the tokens themselves')
    .action(() => list(terminal))
  token
    .command('revoke')
    .description('end a token at once')
    .argument('<id>', 'its id, as `token list` shows it')
    .action((id: string) => revoke(terminal, id))
  return token
}

async function create(terminal: Terminal, options: CreateOptions): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const scopes = options.scope.flatMap((scope) => (scope === 'all' ? ADMIN_SCOPE_NAMES : [scope]))
  const created = await withDatabase(config, secrets, (db) =>
    createAdminToken({ db, clock: Date.now }, OPERATOR, {
      name: options.name,
      scopes,
      tenant: options.tenant,
      institution: options.institution,
      days: options.days,
    }),
  )
  // The token alone goes to standard output, so that a script can take it from there.
  terminal.out(created.token)
  terminal.err(`Token ${created.id}, valid until ${created.expiresAt}. It is not shown again.`)
}

async function list(terminal: Terminal): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const tokens = await withDatabase(config, secrets, (db) => listAdminTokens({ db }, OPERATOR))
  const rows = tokens.map((one) => [
    one.id,
    one.name,
    [one.tenant ?? '(all)', one.institution].filter((part) => part !== undefined).join(' '),
    one.scopes.join(' '),
    one.expiresAt,
    one.lastUsedAt ?? 'never',
    one.revokedAt ?? '',
  ])
  const heading = ['id', 'name', 'tenant', 'scopes', 'expires', 'last used', 'revoked']
  terminal.out(tableOf(heading, rows))
}

async function revoke(terminal: Terminal, id: string): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  await withDatabase(config, secrets, (db) =>
    revokeAdminToken({ db, clock: Date.now }, OPERATOR, id),
  )
  terminal.err(`Token ${id} is revoked.`)
}

function readName(text: string): string {
  if (text.length > 0 && text.length <= 120 && !/\p{Cc}/u.test(text)) return text
  throw new InvalidArgumentError('1 to 120 characters, none of them a control character.')
}

function readInstitution(text: string): string {
  if (INSTITUTION.test(text)) return text
  throw new InvalidArgumentError('A domain name in lower case, as in schac_home_organization.')
}

function readDays(text: string): number {
  const days = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (days >= 1 && days <= 365) return days
  throw new InvalidArgumentError('A whole number from 1 to 365.')
}
