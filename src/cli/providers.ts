/** `provider list` and `provider set`: institutions' providers, without their secrets. */
import { Command } from 'commander'
import { readConfig } from '../config.ts'
import type { ProviderView } from '../flow/provider-view.ts'
import { readAllProviders } from '../flow/read-providers.ts'
import { type ProviderSwitches, switchProvider } from '../flow/update-provider.ts'
import { withDatabase } from './database.ts'
import { onOff, onOffOption } from './on-off.ts'
import { type Terminal, tableOf } from './terminal.ts'
import { OPERATOR } from './tokens.ts'

export function providerCommand(terminal: Terminal): Command {
  const provider = new Command('provider').description("Institutions' providers of a tenant")
  provider
    .command('list')
    .description('list them with their health')
    .argument('<slug>', 'the tenant')
    .action((slug: string) => list(terminal, slug))
  provider
    .command('set')
    .description('turn switches of a provider; logins that begin afterwards follow them')
    .argument('<slug>', 'the tenant')
    .argument('<provider>', 'its slug')
    .addOption(onOffOption('--enabled', 'whether anybody is sent there'))
    .addOption(
      onOffOption(
        '--email-is-proof',
        'whether its verified addresses are remembered as hashes; not behind a federation',
      ),
    )
    .action((slug: string, one: string, turned: ProviderSwitches) =>
      turn(terminal, slug, one, turned),
    )
  return provider
}

async function list(terminal: Terminal, slug: string): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const views = await withDatabase(config, secrets, (db) =>
    readAllProviders({ db, config }, OPERATOR, slug),
  )
  terminal.out(providerTable(views))
}

async function turn(
  terminal: Terminal,
  slug: string,
  provider: string,
  turned: ProviderSwitches,
): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const view = await withDatabase(config, secrets, (db) =>
    switchProvider({ db, config, clock: Date.now }, OPERATOR, slug, provider, turned),
  )
  terminal.out(providerTable([view]))
}

function providerTable(views: readonly ProviderView[]): string {
  return tableOf(
    ['provider', 'issuer', 'enabled', 'email is proof', 'last success', 'last failure'],
    views.map(({ provider: { slug, issuer, enabled, emailIsProof, health } }) => [
      ...[slug, issuer, onOff(enabled), onOff(emailIsProof)],
      ...[health.lastSuccessAt ?? 'never', health.lastFailure ?? 'none'],
    ]),
  )
}
