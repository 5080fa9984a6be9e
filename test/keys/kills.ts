/** A migration whose worker is killed again and again at random moments, and what must be true afterwards. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { expect } from 'vitest'
import { parseKeyring } from '../../src/crypto/keyring.ts'
import { readKeyMigration } from '../../src/flow/read-key-migrations.ts'
import { startKeyMigration } from '../../src/flow/start-key-migration.ts'
import { ACTOR, empty, fill, instance, type KeyWorld, rotation } from './world.ts'

interface Worker {
  process: ChildProcess
  /** Everything it said. */
  said: () => string
}

async function startWorker(world: KeyWorld, keyring: string, offset: number): Promise<Worker> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'worker.ts')], {
    env: {
      ...{ PATH: process.env.PATH ?? '', DATABASE_URL: world.database.runtimeUrl },
      ...{ KEYRING: keyring, OFFSET: String(offset), BATCH: '4' },
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  while (!said.includes('ready')) await once(child.stdout, 'data')
  return { process: child, said: () => said }
}

/** Works for so many milliseconds, then dies without warning. */
async function workAndDie(worker: Worker, ms: number): Promise<void> {
  const gone = once(worker.process, 'close')
  worker.process.stdin?.write('go\n')
  await new Promise((resolve) => setTimeout(resolve, ms))
  worker.process.kill('SIGKILL')
  await gone
}

/**
 * Rotates one key over `people` in each of two tenants, with so many kills on the way. Checks that the sums are right,
 * nothing was done twice, and nothing is left. Returns how many workers died in the middle.
 */
export async function migrateWithKills(
  world: KeyWorld,
  key: 'A' | 'B' | 'C',
  { people, kills }: { people: number; kills: number },
): Promise<number> {
  const run = await begin(world, key, people)
  const { keyring } = run
  let cut = 0
  // Two are ready before they are needed: starting a process takes longer than its work.
  const ready = [startWorker(world, keyring, 0), startWorker(world, keyring, 180_000)]
  for (let round = 0; round < kills; round++) {
    const working = await ready.shift()
    if (round < kills - 1) ready.push(startWorker(world, keyring, (round + 2) * 180_000))
    if (working === undefined) throw new Error('nobody works')
    await workAndDie(working, 5 + Math.random() * 60)
    if (!working.said().includes('done')) cut++
  }
  const last = await ready[0]
  if (last === undefined) throw new Error('nobody works')
  const ended = once(last.process, 'close')
  last.process.stdin?.write('go\n')
  await ended
  expect(last.said()).toContain('done')
  await expectWhole(world, run)
  return cut
}

/**
 * The same with a worker that is frozen in the middle, its lease run out, and comes back to life when another one has done
 * its work: it finds nothing to do, and undoes nothing. Returns whether it was frozen before its end.
 */
export async function migrateWithFrozen(
  world: KeyWorld,
  key: 'A' | 'B' | 'C',
  { people }: { people: number },
): Promise<boolean> {
  const run = await begin(world, key, people)
  const { at, keyring } = run
  const [frozen, other] = await Promise.all([
    startWorker(world, keyring, 0),
    startWorker(world, keyring, 180_000),
  ])
  const frozenEnds = once(frozen.process, 'close')
  const otherEnds = once(other.process, 'close')
  frozen.process.stdin?.write('go\n')
  const moved = async () => (await readKeyMigration(at, ACTOR, 2)).processed > 0
  while (!(await moved()));
  frozen.process.kill('SIGSTOP')
  const inTheMiddle = !frozen.said().includes('done')
  other.process.stdin?.write('go\n')
  await otherEnds
  expect(other.said()).toContain('done')
  await expectWhole(world, run)
  frozen.process.kill('SIGCONT')
  await frozenEnds
  await expectWhole(world, run)
  return inTheMiddle
}

interface Run {
  at: ReturnType<typeof instance>
  keyring: string
  key: 'A' | 'B' | 'C'
  people: number
  /** Runs of this key that ended before: their events stay. */
  before: number
}

async function begin(world: KeyWorld, key: 'A' | 'B' | 'C', people: number): Promise<Run> {
  await empty(world)
  const steps = rotation(key)
  const keyring = key === 'A' ? steps.nested() : steps.rotated
  await fill(world, parseKeyring(steps.before), people)
  const at = instance(world, keyring)
  await startKeyMigration(at, ACTOR, { version: 2, stragglers: key === 'A' ? 'nest' : 'keep' })
  return { at, keyring, key, people, before: await countEnds(world, key) }
}

const countEnds = async (world: KeyWorld, key: 'A' | 'B' | 'C') =>
  (
    await world.look(
      `SELECT id FROM audit_event WHERE event_type = 'key_migration_ended' AND detail LIKE '%"key":"${key}"%'`,
    )
  ).length

/** The sums are right, nothing was done twice, nothing is left. */
async function expectWhole(world: KeyWorld, { at, key, people, before }: Run): Promise<void> {
  const run = await readKeyMigration(at, ACTOR, 2)
  // Of A a match and a binding of each, of B the same, of C the person and the binding: two tenants.
  const total = 4 * people
  expect(run).toMatchObject({
    ...{ state: 'completed', processed: total, failed: 0, skipped: 0, purged: 0, total },
  })
  const [left] = await world.look<{ n: number }>(LEFT[key])
  expect(left?.n).toBe(0)
  const progress = await world.look<{ n: number }>(
    'SELECT sum(records_processed)::int AS n FROM key_migration_progress',
  )
  expect(progress).toEqual([{ n: total }])
  expect(await countEnds(world, key)).toBe(before + 1)
}

const LEFT = {
  A: `SELECT ((SELECT count(*) FROM identity_match WHERE hash_key = 'A' AND hash_key_version <> 3)
            + (SELECT count(*) FROM identity_link_binding WHERE holder_hash_key_version <> 3))::int AS n`,
  B: `SELECT ((SELECT count(*) FROM identity_match WHERE hash_key = 'B' AND hash_key_version <> 2)
            + (SELECT count(*) FROM identity_link_binding WHERE institution_hash_key_version <> 2))::int AS n`,
  C: `SELECT ((SELECT count(*) FROM identity WHERE data_key_version <> 2 OR wrapped_data_key NOT LIKE 'v1.c2.%' OR audit_salt NOT LIKE 'c2.%')
            + (SELECT count(*) FROM identity_link_binding WHERE encrypted_institution_id_key_version <> 2))::int AS n`,
}
