/** `events` and `contract`, in this process: what they say is what the administration answers. */
import type { Command } from 'commander'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { contractCommand } from '../../src/cli/contracts.ts'
import { eventsCommand } from '../../src/cli/events.ts'
import type { Terminal } from '../../src/cli/terminal.ts'
import { type Bridge, logIn, startBridge } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'

let bridge: Bridge
beforeAll(async () => {
  bridge = await startBridge()
})
afterAll(() => bridge.stop())

/** What a command wrote. Rejects with what it throws. */
async function run(command: (terminal: Terminal) => Command, ...words: string[]) {
  const out: string[] = []
  const environment = { DATABASE_URL: bridge.database.runtimeUrl }
  const write = (line: string) => void out.push(line)
  const made = command({ environment, out: write, err: write }).exitOverride()
  await made.parseAsync(words, { from: 'user' })
  return out.join('\n')
}

test('issue 4.9 events: dead letters are listed and offered once more; what is not there is said', async () => {
  const id = crypto.randomUUID()
  const at = '2026-01-01T00:00:00.000Z'
  await query(
    bridge.database.superuserUrl,
    `INSERT INTO outbox (tenant_id, id, client_id, event_type, payload, created_at, due_at, attempts, last_error, dead_at)
     SELECT id, '${id}', 'app', 'session_ended', 'v1.x', '${at}', '${at}', 8, 'unreachable', '${at}' FROM tenant WHERE slug = 'demo'`,
  )
  const listed = await run(eventsCommand, 'list', 'demo')
  expect(listed.split('\n').at(-1)?.split(/ {2,}/)).toEqual([
    ...[id, 'session_ended', 'app', '8', 'unreachable', at],
  ])
  expect(await run(eventsCommand, 'replay', 'demo', id)).toBe('Offered once more: 1.')
  expect(await run(eventsCommand, 'list', 'demo')).not.toContain(id)
  expect(await run(eventsCommand, 'list', 'demo', '--state', 'waiting')).toContain(id)
  await expect(run(eventsCommand, 'replay', 'demo', 'nothing')).rejects.toMatchObject({
    failure: { kind: 'not_found' },
  })
})

test('issue 4.4 contract: recorded by the next login, shown, dropped', async () => {
  expect(await run(contractCommand, 'show', 'demo', 'app')).toBe('off')
  await run(contractCommand, 'record', 'demo', 'app', '--acr', 'urn:one', 'urn:two')
  expect(await run(contractCommand, 'show', 'demo', 'app')).toBe('recording')
  bridge.clock.advance(1_100)
  await logIn(bridge, await bridge.newWallet())
  const shown = await run(contractCommand, 'show', 'demo', 'app')
  expect(shown).toMatch(/^given_name +string +profile$/m)
  expect(shown).toMatch(/^acr +urn:two$/m)
  await run(contractCommand, 'drop', 'demo', 'app')
  expect(await run(contractCommand, 'show', 'demo', 'app')).toBe('off')
})
