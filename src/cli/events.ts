/** `events list` and `replay`: what became of events, and once more for those that were given up. */
import { Command, Option } from 'commander'
import { readConfig } from '../config.ts'
import { type EventState, type EventView, readEvents } from '../flow/read-events.ts'
import { replayEvent } from '../flow/replay-event.ts'
import { withDatabase } from './database.ts'
import { type Terminal, tableOf } from './terminal.ts'
import { OPERATOR } from './tokens.ts'

const PAGE = 100

export function eventsCommand(terminal: Terminal): Command {
  const events = new Command('events').description('Events on their way to receivers')
  events
    .command('list')
    .description('list them, newest first; whom they are about is not told')
    .argument('<slug>', 'the tenant')
    .addOption(
      new Option('--state <state>', 'which')
        .choices(['dead', 'waiting', 'delivered'])
        .default('dead'),
    )
    .action((slug: string, { state }: { state: EventState }) => list(terminal, slug, state))
  events
    .command('replay')
    .description('offer events that were delivered or given up once more, under the same ids')
    .argument('<slug>', 'the tenant')
    .argument('<ids...>', 'as `events list` shows them')
    .action((slug: string, ids: string[]) => replay(terminal, slug, ids))
  return events
}

async function list(terminal: Terminal, slug: string, state: EventState): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const found = await withDatabase(config, secrets, async (db) => {
    const all: EventView[] = []
    let cursor: string | undefined
    do {
      const page = await readEvents({ db }, OPERATOR, slug, { state, limit: PAGE, cursor })
      all.push(...page.events)
      cursor = page.next
    } while (cursor !== undefined)
    return all
  })
  const rows = found.map((event) => [
    ...[event.id, event.type, event.subscription ?? event.client ?? '', String(event.attempts)],
    ...[event.lastError ?? '', event.at],
  ])
  terminal.out(tableOf(['event', 'what', 'whom', 'attempts', 'last error', 'at'], rows))
}

async function replay(terminal: Terminal, slug: string, ids: readonly string[]): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  await withDatabase(config, secrets, async (db) => {
    for (const id of ids) await replayEvent({ db, clock: Date.now }, OPERATOR, slug, id)
  })
  terminal.err(`Offered once more: ${ids.length}.`)
}
