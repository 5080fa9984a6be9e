/** `trust lists` and `answers`: how new everything is that others publish about issuers, and what is wrong with it. */
import { Command } from 'commander'
import { readConfig } from '../config.ts'
import { readTrustAnswers } from '../flow/read-trust-answers.ts'
import { readTrustedLists } from '../flow/read-trusted-lists.ts'
import { withDatabase } from './database.ts'
import { type Terminal, tableOf } from './terminal.ts'
import { OPERATOR } from './tokens.ts'

export function trustCommand(terminal: Terminal): Command {
  const trust = new Command('trust').description('What others publish about issuers')
  trust
    .command('lists')
    .description('trusted lists that the trust policy names, and those they point to')
    .argument('<slug>', 'the tenant')
    .action((slug: string) => lists(terminal, slug))
  trust
    .command('answers')
    .description('revocation lists, answers of responders, published keys, chains of federations')
    .argument('<slug>', 'the tenant')
    .action((slug: string) => answers(terminal, slug))
  return trust
}

async function lists(terminal: Terminal, slug: string): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const found = await withDatabase(config, secrets, (db) =>
    readTrustedLists({ db }, OPERATOR, slug),
  )
  const rows = found.map(({ id, issue, checkedAt, problem }) => [
    ...[id, issue === undefined ? '' : String(issue.sequence), issue?.nextUpdate ?? ''],
    ...[checkedAt ?? 'never', problem ?? ''],
  ])
  terminal.out(tableOf(['list', 'number', 'next update', 'looked at', 'problem'], rows))
}

async function answers(terminal: Terminal, slug: string): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const found = await withDatabase(config, secrets, (db) =>
    readTrustAnswers({ db }, OPERATOR, slug),
  )
  const rows = found.map((one) => [
    ...[one.kind, one.about, one.fresh_until ?? '', one.checked_at, one.problem ?? ''],
  ])
  terminal.out(tableOf(['what', 'about', 'fresh until', 'asked', 'problem'], rows))
}
