/** `retention list`, `set`, `plan` and `record`: how long data is kept, what would go, and the record of processing. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { readConfig } from '../config.ts'
import { recordAsMarkdown } from '../domain/processing-record.ts'
import { DATA_KIND_NAMES, type DataKind, type RetentionRule } from '../domain/retention.ts'
import { changeRetention } from '../flow/change-retention.ts'
import { planRetention } from '../flow/plan-retention.ts'
import { readRetention } from '../flow/read-retention.ts'
import { writeProcessingRecord } from '../flow/write-processing-record.ts'
import type { BridgeDatabase } from '../store/database.ts'
import { withDatabase } from './database.ts'
import { type Terminal, tableOf } from './terminal.ts'
import { OPERATOR } from './tokens.ts'

interface Periods {
  days?: number
  notice?: number
  ground?: string
}

export function retentionCommand(terminal: Terminal): Command {
  const retention = new Command('retention').description('How long data is kept')
  const of = (word: string, description: string) =>
    retention.command(word).description(description).argument('<slug>', 'the tenant')
  of('list', 'every kind of data with its period, ground, runs and rows due').action(
    (slug: string) => list(terminal, slug),
  )
  withPeriods(of('set', 'say how long a kind is kept; what is not named is as the service has it'))
    .option('--ground <text>', 'why, for the record of processing')
    .action((slug: string, kind: DataKind, said: Periods) => set(terminal, slug, kind, said))
  withPeriods(of('plan', 'what would go if a kind were kept so; touches nothing'))
    .option('--at <time>', 'when, were nothing used until then (ISO 8601)', readTime)
    .action((slug: string, kind: DataKind, said: Periods & { at?: number }) =>
      plan(terminal, slug, kind, said),
    )
  of('record', 'print the record of processing (Art. 30 GDPR), written from the configuration')
    .addOption(
      new Option('--format <name>', 'how').choices(['markdown', 'json']).default('markdown'),
    )
    .action((slug: string, { format }: { format: string }) => record(terminal, slug, format))
  return retention
}

function withPeriods(command: Command): Command {
  return command
    .argument('<kind>', DATA_KIND_NAMES.join(', '), readKind)
    .option('--days <number>', 'how long', readDays)
    .option('--notice <number>', 'of links: how many days before its end it is told', readDays)
}

function readKind(text: string): DataKind {
  const kind = DATA_KIND_NAMES.find((name) => name === text)
  if (kind === undefined) throw new InvalidArgumentError(`one of ${DATA_KIND_NAMES.join(', ')}.`)
  return kind
}

function readDays(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('a number of days.')
  return Number(text)
}

function readTime(text: string): number {
  const at = Date.parse(text)
  if (Number.isNaN(at)) throw new InvalidArgumentError('a time such as 2027-01-01T00:00:00Z.')
  return at
}

function ruleOf({ days, notice, ground }: Periods): RetentionRule {
  return { days, noticeDays: notice, ground }
}

async function using<Result>(
  terminal: Terminal,
  work: (means: { db: BridgeDatabase; clock: () => number }) => Promise<Result>,
): Promise<Result> {
  const { config, secrets } = readConfig(terminal.environment)
  return await withDatabase(config, secrets, (db) => work({ db, clock: Date.now }))
}

async function list(terminal: Terminal, slug: string): Promise<void> {
  const entries = await using(terminal, (means) => readRetention(means, OPERATOR, slug))
  const rows = entries.map((entry) => [
    entry.kind,
    entry.days === undefined ? (entry.lives ?? '') : `${entry.days} days`,
    countOf(entry.due, entry),
    entry.lastRunAt ?? 'never',
    entry.paused ? 'paused' : (entry.nextRunAt ?? ''),
    entry.ground,
  ])
  terminal.out(tableOf(['kind', 'kept', 'due', 'last run', 'next run', 'ground'], rows))
}

/** `100000+` where there may be more. */
function countOf(count: number, { atLeast }: { atLeast: boolean }): string {
  return atLeast ? `${count}+` : String(count)
}

async function set(terminal: Terminal, slug: string, kind: DataKind, said: Periods): Promise<void> {
  const entry = await using(terminal, (means) =>
    changeRetention(means, OPERATOR, slug, kind, ruleOf(said)),
  )
  terminal.out(entry.days === undefined ? (entry.lives ?? '') : `${entry.days} days`)
  terminal.err(`${countOf(entry.due, entry)} rows are past their time now.`)
}

async function plan(
  terminal: Terminal,
  slug: string,
  kind: DataKind,
  said: Periods & { at?: number },
): Promise<void> {
  const rules = new Map([[kind, ruleOf(said)]])
  const found = await using(terminal, (means) =>
    planRetention(means, OPERATOR, slug, { rules, at: said.at }),
  )
  const rows = found.kinds.map((one) => [one.kind, countOf(one.due, one), countOf(one.warned, one)])
  terminal.out(tableOf(['kind', 'would go', 'would be told'], rows))
  terminal.err(`At ${found.at}. Nothing was touched.`)
}

async function record(terminal: Terminal, slug: string, format: string): Promise<void> {
  const found = await using(terminal, (means) => writeProcessingRecord(means, OPERATOR, slug))
  terminal.out(
    format === 'json' ? JSON.stringify(found, null, 2) : recordAsMarkdown(found).trimEnd(),
  )
}
