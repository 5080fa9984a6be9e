/** `tenant list` and `tenant set`. */
import { Command, Option } from 'commander'
import { readConfig } from '../config.ts'
import { LAST_USE } from '../domain/last-use.ts'
import { readAllTenants } from '../flow/read-tenants.ts'
import { type Switches, switchTenant } from '../flow/switch-tenant.ts'
import { withDatabase } from './database.ts'
import { onOff, onOffOption } from './on-off.ts'
import { type EndOptions, endTenantHere } from './tenant-end.ts'
import { type Terminal, tableOf } from './terminal.ts'
import { OPERATOR } from './tokens.ts'

const PAGE = 200

export function tenantCommand(terminal: Terminal): Command {
  const tenant = new Command('tenant').description('Tenants')
  tenant
    .command('list')
    .description('list all tenants with their issuers')
    .action(() => printTenants(terminal))
  tenant
    .command('set')
    .description('turn switches of a tenant')
    .argument('<slug>', 'the tenant')
    .addOption(onOffOption('--enabled', 'whether it serves anybody'))
    .addOption(onOffOption('--cross-device', 'whether its login page shows a QR code'))
    .addOption(
      onOffOption('--digital-credentials', 'whether its login page asks through the browser'),
    )
    .addOption(onOffOption('--haip', 'whether wallets are held to the high assurance profile'))
    .addOption(onOffOption('--pushed-requests-only', 'whether every client must push its requests'))
    .addOption(
      onOffOption('--consent', 'whether people are asked before a client learns about them'),
    )
    .addOption(
      onOffOption('--trust-four-eyes', 'whether a trust policy needs a second administrator'),
    )
    .addOption(onOffOption('--direct-login', 'whether people may log in without a wallet'))
    .addOption(
      new Option(
        '--last-used <exact|day>',
        'how exactly it is kept when a link was last used',
      ).choices(LAST_USE),
    )
    .action((slug: string, turned: Partial<Switches>) => turn(terminal, slug, turned))
  tenant
    .command('end')
    .description(
      'an institution leaves: export, erase everybody, destroy keys and secrets, close the trail; for good',
    )
    .argument('<slug>', 'the tenant')
    .requiredOption('--export <folder>', 'where to write what the institution takes along')
    .requiredOption('--confirm <slug>', 'the slug once more')
    .option('--drop-messages', 'do not wait until receivers have heard of every erasure', false)
    .action((slug: string, options: EndOptions) => endTenantHere(terminal, slug, options))
  return tenant
}

async function turn(terminal: Terminal, slug: string, turned: Partial<Switches>): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const tenant = await withDatabase(config, secrets, (db) =>
    switchTenant({ db, clock: Date.now }, OPERATOR, slug, turned),
  )
  const rows = [
    ['enabled', onOff(tenant.enabled)],
    ['cross device', onOff(tenant.crossDevice)],
    ['digital credentials', onOff(tenant.digitalCredentials)],
    ['haip', onOff(tenant.haip)],
    ['direct login', onOff(tenant.directLogin)],
    ['pushed requests only', onOff(tenant.pushedRequestsOnly)],
    ['last used', tenant.lastUsed],
    ['consent', onOff(tenant.consent)],
    ['trust four eyes', onOff(tenant.trustFourEyes)],
  ]
  terminal.out(tableOf(['switch', tenant.slug], rows))
}

async function printTenants(terminal: Terminal): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const rows = await withDatabase(config, secrets, async (db) => {
    const found: string[][] = []
    let after: string | undefined = ''
    while (after !== undefined) {
      const page = await readAllTenants({ db, config }, OPERATOR, { after, limit: PAGE })
      for (const { tenant, issuer } of page.tenants) {
        found.push([
          tenant.slug,
          tenant.name.en,
          onOff(tenant.enabled),
          onOff(tenant.directLogin),
          issuer,
        ])
      }
      after = page.next
    }
    return found
  })
  terminal.out(tableOf(['slug', 'name', 'enabled', 'direct login', 'issuer'], rows))
}
