/** `erasures list`, `request`, `approve`, `cancel`, `policy` and `run`: many people erased together, under the tenant's rules for it. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { readConfig } from '../config.ts'
import type { Deps } from '../deps.ts'
import { ERASURE_GROUNDS, type ErasureGround } from '../domain/erasure.ts'
import type { ErasureRequestId, IdentityId } from '../domain/ids.ts'
import { changeErasurePolicy } from '../flow/change-erasure-policy.ts'
import { decideErasures } from '../flow/decide-erasures.ts'
import type { ErasurePolicy, ErasureRequestView } from '../flow/erasure-request-view.ts'
import { readErasureRequests } from '../flow/read-erasure-requests.ts'
import { requestErasures } from '../flow/request-erasures.ts'
import { withDatabase } from './database.ts'
import { runJob } from './jobs.ts'
import { type Terminal, tableOf } from './terminal.ts'
import { OPERATOR } from './tokens.ts'

type Means = Pick<Deps, 'db' | 'clock'>

/** Whoever asked here is `cli`: of four eyes the other two are an admin token's, and the other way round. */
export function erasuresCommand(terminal: Terminal): Command {
  const erasures = new Command('erasures').description('People erased together')
  const of = (name: string, about: string) =>
    erasures.command(name).description(about).argument('<slug>', 'the tenant')
  of('list', 'what was asked for, newest first, and what the tenant asks of it').action(
    (slug: string) => list(terminal, slug),
  )
  of('request', 'ask for it; done by itself once it is approved and has waited')
    .addOption(
      new Option('--ground <word>', 'why, as in Art. 17(1) GDPR')
        .choices(ERASURE_GROUNDS)
        .makeOptionMandatory(),
    )
    .requiredOption('--person <id...>', 'whom, by id')
    .action((slug: string, { ground, person }: { ground: ErasureGround; person: IdentityId[] }) =>
      show(terminal, (means) => requestErasures(means, OPERATOR, slug, { people: person, ground })),
    )
  for (const [word, about] of [
    ['approve', 'as the second pair of eyes'],
    ['cancel', 'until it is done'],
  ] as const)
    of(word, about)
      .argument('<request>', 'its id, as `erasures list` has it')
      .action((slug: string, id: ErasureRequestId) =>
        show(terminal, (means) => decideErasures(means, OPERATOR, slug, { id, word })),
      )
  of('policy', 'what the tenant asks of it from now on')
    .addOption(
      new Option('--four-eyes <switch>', 'somebody else has to approve')
        .choices(['on', 'off'])
        .makeOptionMandatory(),
    )
    .requiredOption(
      '--wait-hours <hours>',
      'how long it waits then, and can be cancelled',
      readHours,
    )
    .action((slug: string, options: { fourEyes: 'on' | 'off'; waitHours: number }) =>
      setPolicy(terminal, slug, {
        fourEyes: options.fourEyes === 'on',
        waitHours: options.waitHours,
      }),
    )
  erasures
    .command('run')
    .description('do here and now what is due, of every tenant (`jobs run erase-requested`)')
    .action(() => runJob(terminal, 'erase-requested'))
  return erasures
}

function readHours(text: string): number {
  if (!/^\d{1,3}$/.test(text) || Number(text) > 720)
    throw new InvalidArgumentError('It is 0 to 720 hours.')
  return Number(text)
}

async function run<Result>(
  terminal: Terminal,
  work: (means: Means) => Promise<Result>,
): Promise<Result> {
  const { config, secrets } = readConfig(terminal.environment)
  return await withDatabase(config, secrets, (db) => work({ db, clock: Date.now }))
}

async function list(terminal: Terminal, slug: string): Promise<void> {
  const { policy, requests } = await run(terminal, ({ db }) =>
    readErasureRequests({ db }, OPERATOR, slug),
  )
  terminal.err(sayPolicy(policy))
  const heading = [
    'request',
    'state',
    'ground',
    'people',
    'asked by',
    'approved by',
    'due',
    'erased',
  ]
  terminal.out(tableOf(heading, requests.map(rowOf)))
}

async function show(
  terminal: Terminal,
  work: (means: Means) => Promise<ErasureRequestView>,
): Promise<void> {
  terminal.out(
    rowOf(await run(terminal, work))
      .join('  ')
      .trimEnd(),
  )
}

function rowOf(view: ErasureRequestView): string[] {
  return [
    ...[view.id, view.state, view.ground, String(view.persons), view.requestedBy],
    ...[view.approvedBy ?? '', view.endedAt ?? view.dueAt, String(view.erased)],
  ]
}

async function setPolicy(terminal: Terminal, slug: string, policy: ErasurePolicy): Promise<void> {
  await run(terminal, (means) => changeErasurePolicy(means, OPERATOR, slug, policy))
  terminal.err(sayPolicy(policy))
}

function sayPolicy({ fourEyes, waitHours }: ErasurePolicy): string {
  const eyes = fourEyes ? 'Somebody else has to approve' : 'Nobody has to approve'
  return `${eyes}; then it waits ${waitHours} hours.`
}
