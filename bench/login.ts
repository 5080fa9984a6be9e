/**
 * `npm run bench -- login`: complete logins of known holders, against the floor, at a small and a large number of people.
 * What is compared is CPU per login of the two processes; the rest is printed beside it.
 */
import { createPublicKey } from 'node:crypto'
import { type Child, startChild, type Usage } from './child.ts'
import { type BenchDatabase, settle, startDatabase } from './cluster.ts'
import type { DriverQuestion, RunAnswer, RunQuestion } from './driver.ts'
import type { FloorQuestion } from './floor.ts'
import { type KnownPerson, loadPeople } from './load.ts'
import { createFloorKey, createSample, type SamplePerson } from './people.ts'
import { machine, percentile, printJson, printTable, round } from './report.ts'
import type { ServiceQuestion } from './service-process.ts'
import { createWorld, ENVIRONMENT, type World } from './world.ts'

export interface LoginOptions {
  /** Numbers of people, ascending; `flat` compares the last with the first. */
  persons: readonly number[]
  /** How long each side is measured at each level. */
  seconds: number
  concurrency: readonly number[]
  /** Node's options for the service's process, for a profile. */
  nodeOptions: readonly string[]
}

const SAMPLE = 512
const POOL_SIZE = 10
/** Logins that compile both sides' code, fill their pools and the short-lived tables; not measured. */
const WARM_UP_SECONDS = 8
const FLAT = 1.2

export interface Run {
  side: 'service' | 'floor'
  persons: number
  at_a_time: number
  logins: number
  logins_per_second: number
  p50_ms: number
  p95_ms: number
  p99_ms: number
  cpu_ms_per_login: number
  round_trips_per_login: number
  rss_mb: number
  heap_mb: number
}

interface Stage {
  driver: Child
  service: Child
  floor: Child
}

export async function benchLogin(options: LoginOptions): Promise<void> {
  const database = await startDatabase()
  const children: Child[] = []
  const start = (file: string, nodeOptions: readonly string[] = []) => {
    const child = startChild(file, nodeOptions)
    children.push(child)
    return child
  }
  try {
    const floorKey = createFloorKey()
    const world = await createWorld(database.runtimeUrl)
    const sample = await createSample(world.issuer, SAMPLE, floorKey)
    const stage = {
      driver: start('./driver.ts'),
      service: start('./service-process.ts', options.nodeOptions),
      floor: start('./floor.ts'),
    }
    const load = peopleLoader(database, world, sample)
    const known = await load(options.persons[0] ?? 0)
    await startStage(stage, { database, world, sample, known, privateKey: floorKey.privateKey })
    const runs = await runAll(stage, options, { load, settle: () => settle(database.superuser) })
    report(options, runs)
  } finally {
    await Promise.all(children.map((child) => child.stop()))
    await database.stop()
  }
}

/** Loads up to a number of people, on top of those who are there. Returns the sample as it was loaded first. */
function peopleLoader(database: BenchDatabase, world: World, sample: readonly SamplePerson[]) {
  let loaded = 0
  return async (until: number): Promise<KnownPerson[]> => {
    const began = performance.now()
    const thumbprints = sample.map((person) => person.thumbprint)
    const range = { from: loaded, until }
    const known = await loadPeople(database.superuser, world, thumbprints, range)
    loaded = until
    await settle(database.superuser)
    console.log(`${until} people loaded (${round((performance.now() - began) / 1000, 1)} s)`)
    return known
  }
}

async function startStage(
  { driver, service, floor }: Stage,
  made: {
    database: BenchDatabase
    world: World
    sample: readonly SamplePerson[]
    known: readonly KnownPerson[]
    privateKey: string
  },
): Promise<void> {
  const { database, world, sample, known, privateKey } = made
  const databaseUrl = database.runtimeUrl
  const { tenantId, keyringText, issuer, clientSecret } = world
  const issuerKey = createPublicKey(issuer.privateKey).export({ format: 'pem', type: 'spki' })
  const environment = { ...ENVIRONMENT, DATABASE_POOL_SIZE: String(POOL_SIZE) }
  const people = sample.map(({ holderPublicKey }, index) => ({
    ...{ holderPublicKey, holderHash: known[index]?.holderHash ?? '' },
  }))
  const serviceQuestion: ServiceQuestion = { databaseUrl, keyringText, environment }
  const floorQuestion: FloorQuestion = {
    ...{ databaseUrl, poolSize: POOL_SIZE, tenantId, privateKey, people },
    issuerKey: issuerKey.toString(),
  }
  const question: DriverQuestion = {
    ...{ people: sample, clientSecret },
    service: await service.ask<string>('start', serviceQuestion),
    floor: await floor.ask<string>('start', floorQuestion),
  }
  await driver.ask('prepare', question)
}

/** The floor is measured beside the service at the first number of people, turn by turn, so that both meet one machine. */
async function runAll(
  stage: Stage,
  { persons, seconds, concurrency }: LoginOptions,
  database: { load: (until: number) => Promise<unknown>; settle: () => Promise<void> },
): Promise<Run[]> {
  const runs: Run[] = []
  for (const [index, count] of persons.entries()) {
    if (index > 0) await database.load(count)
    const sides = index === 0 ? (['service', 'floor'] as const) : (['service'] as const)
    for (const side of sides) await measure(stage, side, count, 8, WARM_UP_SECONDS)
    await database.settle()
    for (const level of concurrency)
      for (const side of sides) runs.push(await measure(stage, side, count, level, seconds))
  }
  return runs
}

async function measure(
  stage: Stage,
  side: 'service' | 'floor',
  persons: number,
  concurrency: number,
  seconds: number,
): Promise<Run> {
  const before = await stage[side].ask<Usage>('usage')
  const question: RunQuestion = { side, seconds, concurrency }
  const { latencies, seconds: took } = await stage.driver.ask<RunAnswer>('run', question)
  const after = await stage[side].ask<Usage>('usage')
  const sorted = latencies.toSorted()
  const logins = sorted.length
  return {
    ...{ side, persons, at_a_time: concurrency, logins },
    logins_per_second: round(logins / took, 1),
    p50_ms: round(percentile(sorted, 0.5)),
    p95_ms: round(percentile(sorted, 0.95)),
    p99_ms: round(percentile(sorted, 0.99)),
    cpu_ms_per_login: round((after.cpuMs - before.cpuMs) / logins, 3),
    round_trips_per_login: round((after.roundTrips - before.roundTrips) / logins),
    rss_mb: round(after.rssMb, 0),
    heap_mb: round(after.heapMb, 0),
  }
}

function report({ persons, seconds, concurrency }: LoginOptions, runs: readonly Run[]): void {
  const [fewest = 0] = persons
  const most = persons.at(-1) ?? fewest
  const find = (side: string, count: number, level: number) =>
    runs.find((run) => run.side === side && run.persons === count && run.at_a_time === level)
  const levels = concurrency.map((level) => {
    const [service, floor] = [find('service', fewest, level), find('floor', fewest, level)]
    const grown = find('service', most, level)
    return {
      at_a_time: level,
      ratio_to_floor: round((floor?.cpu_ms_per_login ?? 0) / (service?.cpu_ms_per_login ?? 0)),
      p50_growth: round((grown?.p50_ms ?? 0) / (service?.p50_ms ?? 0)),
    }
  })
  const perLogin = (side: string) => {
    const own = runs.filter((run) => run.side === side && run.persons === fewest)
    const logins = own.reduce((sum, run) => sum + run.logins, 0)
    return own.reduce((sum, run) => sum + run.cpu_ms_per_login * run.logins, 0) / logins
  }
  const ratio = round(perLogin('floor') / perLogin('service'))
  const isFlat = persons.length > 1 && levels.every((level) => level.p50_growth <= FLAT)
  printTable(runs.map((run) => ({ ...run })))
  console.log(`\nratio_to_floor ${ratio}: CPU per login of the floor / of the service`)
  for (const level of levels) console.log(`  ${JSON.stringify(level)}`)
  console.log(`flat ${isFlat}: p50 at ${most} people <= ${FLAT} x p50 at ${fewest}, at every level`)
  console.log(`The service logs errors only, the floor and the driver log nothing. ${machine()}`)
  printJson({
    ...{ bench: 'login', ratio_to_floor: ratio, flat: isFlat, flat_compares: [fewest, most] },
    ...{ levels, runs, seconds, sample: SAMPLE, machine: machine() },
  })
}
