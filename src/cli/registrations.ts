/** `registrations calendar`, `list`, `put` and `remove`: how a tenant is registered with wallets, and what ends when. */
import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { readConfig } from '../config.ts'
import type { ClientId } from '../domain/ids.ts'
import { REGISTRATION_FORMAT } from '../domain/registration.ts'
import { readExpiryCalendar } from '../flow/read-expiry-calendar.ts'
import {
  putRegistrationCertificate,
  readRegistrationCertificates,
  removeRegistrationCertificate,
} from '../flow/store-registration-certificate.ts'
import { withDatabase } from './database.ts'
import { type Terminal, tableOf } from './terminal.ts'
import { OPERATOR } from './tokens.ts'

/** Another process serves: it sees the raised revision within a second. */
const NO_TENANTS = { forget: () => undefined }

export function registrationsCommand(terminal: Terminal): Command {
  const registrations = new Command('registrations').description(
    'How a tenant is registered with wallets, and what ends when',
  )
  registrations
    .command('calendar')
    .description('what ends when: certificates, anchors, lists, keys')
    .argument('<slug>', 'the tenant')
    .action((slug: string) => calendar(terminal, slug))
  registrations
    .command('list')
    .description('list registration certificates')
    .argument('<slug>', 'the tenant')
    .action((slug: string) => list(terminal, slug))
  registrations
    .command('put')
    .description('store a registration certificate; it goes to wallets with each request')
    .argument('<slug>', 'the tenant')
    .argument('<file>', 'the compact JWS')
    .option('--client <id>', 'for this relying party, not for all')
    .option('--format <name>', '`format` in `verifier_info`', REGISTRATION_FORMAT)
    .action((slug: string, file: string, options: { client?: string; format: string }) =>
      put(terminal, slug, file, options),
    )
  registrations
    .command('remove')
    .description('requests go without it from now on')
    .argument('<slug>', 'the tenant')
    .argument('<id>', 'the certificate, as `registrations list` shows it')
    .action((slug: string, id: string) => remove(terminal, slug, id))
  return registrations
}

async function calendar(terminal: Terminal, slug: string): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const found = await withDatabase(config, secrets, (db) =>
    readExpiryCalendar({ db, clock: Date.now }, OPERATOR, slug),
  )
  const rows = found.map((one) => [
    ...[one.endsAt, one.state, one.kind, one.name],
    one.clientId ?? '',
  ])
  terminal.out(tableOf(['ends', 'state', 'what', 'name', 'relying party'], rows))
}

async function list(terminal: Terminal, slug: string): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const found = await withDatabase(config, secrets, (db) =>
    readRegistrationCertificates({ db }, OPERATOR, slug),
  )
  const rows = found.map((one) => [...[one.id, one.format, one.clientId ?? ''], one.notAfter ?? ''])
  terminal.out(tableOf(['id', 'format', 'relying party', 'ends'], rows))
}

async function put(
  terminal: Terminal,
  slug: string,
  file: string,
  options: { client?: string; format: string },
): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const document = (await readFile(file, 'utf8')).trim()
  const stored = await withDatabase(config, secrets, (db) =>
    putRegistrationCertificate({ db, clock: Date.now, tenants: NO_TENANTS }, OPERATOR, slug, {
      ...{ clientId: options.client as ClientId | undefined, format: options.format, document },
    }),
  )
  terminal.out(stored.id)
}

async function remove(terminal: Terminal, slug: string, id: string): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  await withDatabase(config, secrets, (db) =>
    removeRegistrationCertificate({ db, clock: Date.now, tenants: NO_TENANTS }, OPERATOR, slug, id),
  )
  terminal.err('Removed.')
}
