/** `people`: a person is found, shown, exported, restricted, unlinked and brought back from the command line. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { readConfig } from '../config.ts'
import type { Deps } from '../deps.ts'
import type { ClientId, IdentityId, MatchId } from '../domain/ids.ts'
import { UNLINK_REASONS, type UnlinkReason } from '../domain/unlink.ts'
import { readConsents, withdrawFor } from '../flow/change-consents.ts'
import type { ConsentView } from '../flow/consent-view.ts'
import { exportIdentity } from '../flow/export-identity.ts'
import { findIdentityBy } from '../flow/find-identity.ts'
import type { IdentityView } from '../flow/identity-view.ts'
import { readIdentity } from '../flow/read-identity.ts'
import { restoreLink } from '../flow/restore-link.ts'
import { restrictIdentity } from '../flow/restrict-identity.ts'
import { unlink } from '../flow/unlink.ts'
import { withKeyring } from './database.ts'
import { addNaming, type NamingOptions, readNamed, readPair } from './named-person.ts'
import { type Terminal, tableOf } from './terminal.ts'
import { OPERATOR } from './tokens.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>

export function peopleCommand(terminal: Terminal): Command {
  const people = new Command('people').description('People a tenant knows')
  const one = (name: string, about: string) =>
    people
      .command(name)
      .description(about)
      .argument('<slug>', 'the tenant')
      .argument('<person>', 'whom, by id')
  addNaming(
    people
      .command('find')
      .description('find a person by an identifier; the search is in the audit trail')
      .argument('<slug>', 'the tenant')
      .argument('[provider=value]', 'an account, in place of an option', readPair),
  ).action((slug: string, account: string | undefined, options: NamingOptions) => {
    const told = readNamed(account === undefined ? options : { ...options, account })
    if (told === undefined) throw new InvalidArgumentError('Say whom.')
    return show(terminal, (means) => findIdentityBy(means, OPERATOR, slug, told))
  })
  one('show', 'what links there are and were').action((slug: string, person: IdentityId) =>
    show(terminal, (means) => readIdentity(means, OPERATOR, slug, person)),
  )
  one('export', 'print everything that is held about a person, as JSON').action(
    async (slug: string, person: IdentityId) => {
      const told = await run(terminal, (means) => exportIdentity(means, OPERATOR, slug, person))
      terminal.out(JSON.stringify(told, null, 2))
      terminal.err('This is personal data: keep it no longer than it takes to hand it over.')
    },
  )
  one('restrict', 'keep everything, use nothing (Art. 18 GDPR)').action(
    (slug: string, identityId: IdentityId) =>
      show(terminal, (means) =>
        restrictIdentity(means, OPERATOR, slug, { identityId, restricted: true }),
      ),
  )
  one('lift', 'end a restriction').action((slug: string, identityId: IdentityId) =>
    show(terminal, (means) =>
      restrictIdentity(means, OPERATOR, slug, { identityId, restricted: false }),
    ),
  )
  one('unlink', 'end what a person is known by, and what rests on it')
    .argument('<match>', 'its id, as `people show` has it')
    .addOption(
      new Option('--reason <word>', 'who wished it')
        .choices(UNLINK_REASONS)
        .default('ADMIN_REQUEST' satisfies UnlinkReason),
    )
    .action(
      (
        slug: string,
        identityId: IdentityId,
        matchId: MatchId,
        { reason }: { reason: UnlinkReason },
      ) =>
        show(terminal, (means) => unlink(means, OPERATOR, slug, { identityId, matchId, reason })),
    )
  one('restore', 'bring back what ended together with a match')
    .argument('<match>', 'its id, as `people show` has it')
    .action((slug: string, identityId: IdentityId, matchId: MatchId) =>
      show(terminal, (means) => restoreLink(means, OPERATOR, slug, { identityId, matchId })),
    )
  one('consents', 'what a person agreed that relying parties learn').action(
    (slug: string, person: IdentityId) =>
      showConsents(terminal, (means) => readConsents(means, OPERATOR, slug, person)),
  )
  one('withdraw', 'take back, at the wish of a person, what they agreed to')
    .argument('<client>', 'the relying party, by its client id')
    .action((slug: string, identityId: IdentityId, clientId: ClientId) =>
      showConsents(terminal, (means) =>
        withdrawFor(means, OPERATOR, slug, { identityId, clientId }),
      ),
    )
  return people
}

async function run<Result>(
  terminal: Terminal,
  work: (means: Means) => Promise<Result>,
): Promise<Result> {
  const { config, secrets } = readConfig(terminal.environment)
  return await withKeyring(config, secrets, (place) => work({ ...place, config, clock: Date.now }))
}

async function show(
  terminal: Terminal,
  work: (means: Means) => Promise<IdentityView>,
): Promise<void> {
  const view = await run(terminal, work)
  terminal.out(`${view.id}  ${view.status}  since ${view.createdAt}`)
  const rows = view.matches.map((match) => [
    ...[match.id, match.side, match.type, match.lastUsedAt],
    match.endedAt === undefined ? '' : `${match.endedAt} ${match.reason ?? ''}`,
  ])
  terminal.out(tableOf(['known by', 'side', 'type', 'last used', 'ended'], rows))
}

async function showConsents(
  terminal: Terminal,
  work: (means: Means) => Promise<ConsentView[]>,
): Promise<void> {
  const rows = (await run(terminal, work)).map((view) => [
    ...[view.clientId, view.clientName ?? '', view.scopes.join(' '), view.claims.join(' ')],
    view.givenAgainAt,
  ])
  terminal.out(tableOf(['client', 'name', 'scopes', 'claims', 'agreed'], rows))
}
