/** `key-migration start`, `run`, `watch` and the rest: everything comes to the current version of a key, and one can see how. */
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { readConfig } from '../config.ts'
import type { Keyring } from '../crypto/keyring.ts'
import { KEY_NAMES, type KeyName } from '../crypto/keyring-text.ts'
import {
  INACTIVE_DAYS,
  type RunChange,
  STRAGGLERS,
  type Stragglers,
} from '../domain/key-migration.ts'
import { progressLine, type Sample } from '../domain/migration-progress.ts'
import { DAY, SECOND, toInstant } from '../domain/time.ts'
import { changeKeyMigration } from '../flow/change-key-migration.ts'
import { AWAY_DAYS, forecastKeyMigration } from '../flow/forecast-key-migration.ts'
import type { MigrationView } from '../flow/key-migration-view.ts'
import { readKeyMigration, readKeyMigrations } from '../flow/read-key-migrations.ts'
import { startKeyMigration } from '../flow/start-key-migration.ts'
import type { BridgeDatabase } from '../store/database.ts'
import { SetupRefused } from '../store/setup-refused.ts'
import { withKeyring } from './database.ts'
import { type Terminal, tableOf } from './terminal.ts'
import { OPERATOR } from './tokens.ts'

interface StartOptions {
  stragglers: Stragglers
  inDays: number
  inactiveDays: number
}

const CHANGES: readonly { word: RunChange; description: string }[] = [
  { word: 'pause', description: 'it stops at its next batch' },
  { word: 'resume', description: 'it goes on; also one that failed or was cancelled' },
  { word: 'cancel', description: 'it ends as failed; what was moved stays moved' },
  { word: 'rollback', description: 'after `keys promote` of the older version: back to it' },
]

export function keyMigrationCommand(terminal: Terminal): Command {
  const migration = new Command('key-migration').description(
    'After a rotation: bring everything to the current version of a key',
  )
  const onVersion = (word: string, description: string) =>
    migration
      .command(word)
      .description(description)
      .argument('<version>', 'the version of the keyring', readNumber)
  migration
    .command('forecast')
    .description('what lies under which version, and who would be left behind')
    .addArgument(new Argument('<key>', 'which').choices(KEY_NAMES))
    .action((key: KeyName) => forecast(terminal, key))
  onVersion('start', 'begin; the running service does the work')
    .addOption(
      new Option('--stragglers <what>', 'hashes whose owners have not come back at the deadline')
        .choices(STRAGGLERS)
        .default('keep'),
    )
    .option('--in-days <days>', 'when that is', readDays, 0)
    .option('--inactive-days <days>', 'with purge: away at least so long', readDays, INACTIVE_DAYS)
    .action((version: number, options: StartOptions) => start(terminal, version, options))
  migration
    .command('list')
    .description('every run, the newest first')
    .action(() => list(terminal))
  onVersion('watch', 'its progress, until it ends or waits').action((version: number) =>
    follow(terminal, version, false),
  )
  onVersion('run', 'the same, and do the work here').action((version: number) =>
    follow(terminal, version, true),
  )
  for (const { word, description } of CHANGES)
    onVersion(word, description).action((version: number) => change(terminal, version, word))
  return migration
}

interface Place {
  db: BridgeDatabase
  keyring: Keyring
  clock: () => number
}

async function within<Result>(
  terminal: Terminal,
  work: (place: Place) => Promise<Result>,
): Promise<Result> {
  const { config, secrets } = readConfig(terminal.environment)
  return await withKeyring(config, secrets, (place) => work({ ...place, clock: Date.now }))
}

async function forecast(terminal: Terminal, key: KeyName): Promise<void> {
  const found = await within(terminal, (place) => forecastKeyMigration(place, OPERATOR, key))
  terminal.out(`Key ${key}: version ${found.version} is current.`)
  const rows = found.tenants.flatMap(({ tenant, rows: parts }) =>
    parts.map(({ part, version, count }) => {
      const under = version === 0 ? 'another' : String(version)
      return [tenant, part, under, String(count)]
    }),
  )
  terminal.out(tableOf(['tenant', 'what', 'version', 'rows'], rows))
  if (key === 'C') return
  const people = found.tenants.map(({ tenant, leftBehind, away }) => [
    ...[tenant, String(leftBehind)],
    ...away.map(String),
  ])
  const since = [...AWAY_DAYS.map((days) => `< ${days} days`), 'longer']
  terminal.out(tableOf(['tenant', 'left behind', ...since], people))
}

async function start(terminal: Terminal, version: number, options: StartOptions): Promise<void> {
  const { stragglers, inDays, inactiveDays } = options
  const started = await within(terminal, (place) => {
    const deadline = toInstant(place.clock() + inDays * DAY)
    return startKeyMigration(place, OPERATOR, { version, stragglers, deadline, inactiveDays })
  })
  terminal.out(summary(started))
  terminal.err('Started. The service does the work; `key-migration watch` shows it.')
}

async function list(terminal: Terminal): Promise<void> {
  const runs = await within(terminal, (place) => readKeyMigrations(place, OPERATOR))
  const rows = runs.map((run) => [
    ...[String(run.version), run.key, run.state, String(run.processed), String(run.failed)],
    ...[String(run.skipped), String(run.purged), String(run.total), run.createdAt],
    run.completedAt ?? '',
  ])
  const counts = ['processed', 'failed', 'left', 'purged', 'total']
  terminal.out(tableOf(['version', 'key', 'state', ...counts, 'started', 'ended'], rows))
}

async function change(terminal: Terminal, version: number, word: RunChange): Promise<void> {
  const run = await within(terminal, (place) => changeKeyMigration(place, OPERATOR, version, word))
  terminal.out(summary(run))
}

/** Shows where the run is once a second; `working` does the work as well, unless the service is at it. */
async function follow(terminal: Terminal, version: number, working: boolean): Promise<void> {
  const { config } = readConfig(terminal.environment)
  const { runJobHere } = await import('../jobs.ts')
  const ended = await within(terminal, async (place) => {
    let first: Sample | undefined
    for (;;) {
      const worked = working
        ? runJobHere({ config, ...place, checkpointToken: undefined }, 'migrate-keys')
        : undefined
      const pause = new Promise((resolve) => setTimeout(resolve, SECOND))
      await (worked === undefined ? pause : Promise.race([worked, pause]))
      const run = await readKeyMigration(place, OPERATOR, version)
      const now = sampleOf(run, place.clock())
      first ??= now
      terminal.err(progressLine(first, now))
      await worked
      const seen = await readKeyMigration(place, OPERATOR, version)
      if (!isAtWork(seen)) return seen
    }
  })
  terminal.out(summary(ended))
  if (ended.state === 'failed') throw new SetupRefused(`The run has failed: ${ended.error}.`)
}

function sampleOf(run: MigrationView, at: number): Sample {
  const { processed, failed, skipped, purged, total } = run
  return { done: processed + failed + skipped + purged, total, at }
}

/** Whether anything is to be done now: not by somebody who has to come back first. */
function isAtWork(run: MigrationView): boolean {
  if (run.state !== 'running' && run.state !== 'rolling_back') return false
  const { done, total } = sampleOf(run, 0)
  return total === 0 || done < total || run.skipped === 0
}

function summary(run: MigrationView): string {
  const { version, key, state, processed, failed, skipped, purged, total } = run
  return `key ${key} version ${version}: ${state}; ${processed} moved, ${failed} failed, ${skipped} left, ${purged} purged of ${total}`
}

function readNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('it is a whole number from 1.')
  return Number(text)
}

function readDays(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('it is a number of days.')
  return Number(text)
}
