/**
 * `npm run bench -- login`: complete logins of known holders, against the floor, with few and with many people. Each number
 * of people has a Postgres and a service of its own, and all are measured in turns: whatever else the machine does meets
 * all of them alike.
 */
import { createPublicKey } from 'node:crypto'
import { type Child, startChild, type Usage } from './child.ts'
import { type BenchDatabase, settle, startDatabase } from './cluster.ts'
import type { RunAnswer, RunQuestion, TargetQuestion } from './driver.ts'
import type { FloorQuestion } from './floor.ts'
import { loadPeople } from './load.ts'
import { type LoginRun, reportLogins } from './login-report.ts'
import { createFloorKey, createSample } from './people.ts'
import { percentile, round } from './report.ts'
import type { ServiceQuestion } from './service-process.ts'
import { createWorld, ENVIRONMENT } from './world.ts'

export interface LoginOptions {
  /** Numbers of people, ascending; `flat` compares the last with the first. */
  persons: readonly number[]
  /** How long each side is measured at each level. */
  seconds: number
  concurrency: readonly number[]
  /** Node's options for the services' processes, for a profile. */
  nodeOptions: readonly string[]
}

const POOL_SIZE = 10
/** People who log in, of all who are loaded. */
const SAMPLE = 512
/** Logins that compile each side's code and fill pools and short-lived tables; not measured. */
const WARM_UP = { seconds: 12, atATime: 32 }
const TURNS = 3

/** A process under measurement: a service with a database of its own, or the floor on the smallest one. */
interface Target {
  name: string
  side: 'service' | 'floor'
  persons: number
  process: Child
  database: BenchDatabase
}

interface Started {
  databases: BenchDatabase[]
  processes: Child[]
}

export async function benchLogin(options: LoginOptions): Promise<void> {
  const started: Started = { databases: [], processes: [] }
  try {
    const driver = startProcess(started, './driver.ts')
    const targets: Target[] = []
    for (const persons of options.persons)
      targets.push(...(await startTargets(started, driver, persons, options)))
    for (const target of targets) {
      await measure(driver, [target], WARM_UP.atATime, WARM_UP.seconds)
      await settle(target.database.superuser)
    }
    const runs: LoginRun[] = []
    for (const level of options.concurrency)
      runs.push(...(await measure(driver, targets, level, options.seconds)))
    reportLogins(options, runs)
  } finally {
    await Promise.all(started.processes.map((child) => child.stop()))
    await Promise.all(started.databases.map((database) => database.stop()))
  }
}

function startProcess(started: Started, file: string, nodeOptions: readonly string[] = []): Child {
  const child = startChild(file, nodeOptions)
  started.processes.push(child)
  return child
}

/** A database with its people and the service on it; with the first one, the floor too. */
async function startTargets(
  started: Started,
  driver: Child,
  persons: number,
  options: LoginOptions,
): Promise<Target[]> {
  const database = await startDatabase()
  started.databases.push(database)
  const databaseUrl = database.runtimeUrl
  const world = await createWorld(databaseUrl)
  const floorKey = createFloorKey()
  const sample = await createSample(world.issuer, Math.min(SAMPLE, persons), floorKey)

  const prepare = async (side: Target['side'], process: Child, start: object) => {
    const target: Target = { name: `${side} ${persons}`, side, persons, process, database }
    const address = await process.ask<string>('start', start)
    const { clientSecret } = world
    const question: TargetQuestion = {
      ...{ name: target.name, kind: side, address, people: sample, clientSecret },
    }
    await driver.ask('prepare', question)
    return target
  }
  const serviceStart: ServiceQuestion = {
    ...{ databaseUrl, keyringText: world.keyringText },
    environment: { ...ENVIRONMENT, DATABASE_POOL_SIZE: String(POOL_SIZE) },
  }
  const service = startProcess(started, './service-process.ts', options.nodeOptions)
  // Before the people come: loading a million takes minutes, and whoever edits sql/ meanwhile would stop the start.
  const targets = [await prepare('service', service, serviceStart)]
  const began = performance.now()
  const thumbprints = sample.map((person) => person.thumbprint)
  const range = { from: 0, until: persons }
  const known = await loadPeople(database.superuser, world, thumbprints, range)
  await settle(database.superuser)
  console.log(`${persons} people loaded (${round((performance.now() - began) / 1000, 1)} s)`)
  if (persons !== options.persons[0]) return targets
  const issuerKey = createPublicKey(world.issuer.privateKey)
  const floorStart: FloorQuestion = {
    ...{ databaseUrl, poolSize: POOL_SIZE, tenantId: world.tenantId },
    privateKey: floorKey.privateKey,
    issuerKey: issuerKey.export({ format: 'pem', type: 'spki' }).toString(),
    people: sample.map(({ holderPublicKey }, index) => ({
      ...{ holderPublicKey, holderHash: known[index]?.holderHash ?? '' },
    })),
  }
  targets.push(await prepare('floor', startProcess(started, './floor.ts'), floorStart))
  return targets
}

/** Everything that was seen of one target at one level, over all its turns. */
interface Seen {
  latencies: number[]
  seconds: number
  cpuMs: number
  roundTrips: number
  last: Usage | undefined
}

async function measure(
  driver: Child,
  targets: readonly Target[],
  concurrency: number,
  seconds: number,
): Promise<LoginRun[]> {
  const seen = targets.map(
    (): Seen => ({ latencies: [], seconds: 0, cpuMs: 0, roundTrips: 0, last: undefined }),
  )
  for (let turn = 0; turn < TURNS; turn++)
    for (const [index, target] of targets.entries()) {
      const one = seen[index]
      if (one !== undefined) await takeTurn(driver, target, concurrency, seconds / TURNS, one)
    }
  return targets.map((target, index) => summarise(target, concurrency, seen[index]))
}

async function takeTurn(
  driver: Child,
  { name, process }: Target,
  concurrency: number,
  seconds: number,
  seen: Seen,
): Promise<void> {
  const before = await process.ask<Usage>('usage')
  const question: RunQuestion = { target: name, seconds, concurrency }
  const answer = await driver.ask<RunAnswer>('run', question)
  const after = await process.ask<Usage>('usage')
  for (const latency of answer.latencies) seen.latencies.push(latency)
  seen.seconds += answer.seconds
  seen.cpuMs += after.cpuMs - before.cpuMs
  seen.roundTrips += after.roundTrips - before.roundTrips
  seen.last = after
}

function summarise(
  { side, persons }: Target,
  concurrency: number,
  seen: Seen | undefined,
): LoginRun {
  const sorted = new Float64Array(seen?.latencies ?? []).toSorted()
  const logins = sorted.length
  return {
    ...{ side, persons, at_a_time: concurrency, logins },
    logins_per_second: round(logins / (seen?.seconds ?? 0), 1),
    p50_ms: round(percentile(sorted, 0.5)),
    p95_ms: round(percentile(sorted, 0.95)),
    p99_ms: round(percentile(sorted, 0.99)),
    cpu_ms_per_login: round((seen?.cpuMs ?? 0) / logins, 3),
    round_trips_per_login: round((seen?.roundTrips ?? 0) / logins),
    rss_mb: round(seen?.last?.rssMb ?? 0, 0),
    heap_mb: round(seen?.last?.heapMb ?? 0, 0),
  }
}
