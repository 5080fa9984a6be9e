/**
 * `npm run bench -- op`: what relying parties ask most, at the service and at oidc-provider, in one run: code redemption,
 * refresh, client credentials, introspection, userinfo. `npm run bench -- token` is the first of them alone. Both sides
 * are warm before anything is measured, and take turns in slices, so that whatever else the machine does hits both.
 */
import { type Child, startChild, type Usage } from './child.ts'
import { type BenchDatabase, settle, startDatabase } from './cluster.ts'
import { databaseCpu } from './database-cpu.ts'
import type { DriveAnswer, DriveQuestion } from './op-driver.ts'
import { opRatios } from './op-ratios.ts'
import {
  EXPECTED,
  type Operation,
  type Prepared,
  prepareCodes,
  prepareRequests,
} from './op-requests.ts'
import { type Side, type Start, startSides } from './op-sides.ts'
import { machine, percentile, printJson, printTable, round } from './report.ts'
import { AGENT_ID, createWorld, type World } from './world.ts'

export interface OpOptions {
  /** Requests of each kind, at each side and level. */
  requests: number
  concurrency: readonly number[]
  nodeOptions: readonly string[]
}

/** Turns that each side takes at a level. */
const SLICES = 10
/** Enough for V8 to have compiled what there is to compile, at both sides. */
const WARM_UP = 12_000
const WARM_LEVEL = 8
/** Logins whose tokens are asked about; of these each slice of refreshes begins with some of its own. */
const LOGINS = 640

export interface Run {
  operation: Operation
  side: Side['name']
  at_a_time: number
  requests: number
  requests_per_second: number
  p50_ms: number
  p95_ms: number
  p99_ms: number
  cpu_ms: number
  /** The same of Postgres. */
  database_cpu_ms: number
  round_trips: number
}

/** Measures those that were asked for. */
export async function benchOp(asked: readonly Operation[], options: OpOptions): Promise<void> {
  const runs = await compare(asked, options)
  const operations = opRatios(asked, runs)
  const slowest = Math.min(...operations.map((one) => one.ratio_to_oidc_provider))
  const slowestTime = Math.min(...operations.map((one) => one.time_ratio))
  printRuns(runs, operations)
  printJson({
    ...{ bench: 'op', slowest_ratio_to_oidc_provider: slowest },
    slowest_time_ratio: slowestTime,
    ...{ operations, runs, machine: machine() },
  })
}

/** Measures code redemption alone. */
export async function benchToken(options: OpOptions): Promise<void> {
  const runs = await compare(['code'], options)
  const levels = options.concurrency.map((level) => {
    const at = runs.filter((run) => run.at_a_time === level)
    return { at_a_time: level, ...opRatios(['code'], at)[0] }
  })
  const all = opRatios(['code'], runs)
  printRuns(runs, [...levels, ...all.map((one) => ({ at_a_time: 'all', ...one }))])
  const [ratios] = all
  printJson({
    ...{ bench: 'token', ...ratios },
    ...{ levels, runs, machine: machine() },
  })
}

async function compare(operations: readonly Operation[], options: OpOptions): Promise<Run[]> {
  const database = await startDatabase()
  const processes: Child[] = []
  const start: Start = (file, nodeOptions = []) => {
    const child = startChild(file, nodeOptions)
    processes.push(child)
    return child
  }
  try {
    const world = await createWorld(database.runtimeUrl)
    const { requests, concurrency, nodeOptions } = options
    const codes = operations.includes('code') ? WARM_UP + requests * concurrency.length : 0
    const count = { codes, agentCodes: LOGINS * operations.length }
    const sides = await startSides(database, world, count, start, nodeOptions)
    const driver = start('./op-driver.ts')
    const runs: Run[] = []
    for (const operation of operations) {
      const targets: Target[] = []
      for (const side of sides) targets.push(await prepare(driver, world, side, operation))
      for (const target of targets) await drive(database, driver, target, WARM_UP, WARM_LEVEL)
      await settle(database.superuser)
      for (const level of concurrency)
        runs.push(...(await measure(database, driver, targets, requests, level)))
    }
    return runs
  } finally {
    await Promise.all(processes.map((child) => child.stop()))
    await database.stop()
  }
}

/** One operation at one side. */
interface Target {
  side: Side
  operation: Operation
  /** Codes and refresh tokens leave it as they are spent. */
  requests: Prepared[]
}

async function prepare(
  driver: Child,
  world: World,
  side: Side,
  operation: Operation,
): Promise<Target> {
  const tokens = await logIn(driver, world, side, operation)
  const codes = operation === 'code' ? side.codes : []
  return { side, operation, requests: prepareRequests(operation, { ...world, ...tokens, codes }) }
}

/** Tokens fresh from logins, for what needs them: made at each side by its own token endpoint. */
async function logIn(driver: Child, world: World, side: Side, operation: Operation) {
  if (operation === 'code' || operation === 'client_credentials')
    return { accessTokens: [], refreshTokens: [] }
  const codes = side.agentCodes.splice(0, LOGINS)
  const question: DriveQuestion = {
    ...{ address: side.address, path: side.paths.code, method: 'POST', concurrency: WARM_LEVEL },
    ...{ requests: prepareCodes(codes, AGENT_ID, world.agentSecret), count: codes.length },
    ...{ expected: EXPECTED.refresh, chained: false, keep: true },
  }
  const { answers } = await driver.ask<DriveAnswer>('drive', question)
  return {
    accessTokens: answers.map(({ access_token = '' }) => access_token),
    refreshTokens: answers.map(({ refresh_token = '' }) => refresh_token),
  }
}

async function drive(
  { superuser }: BenchDatabase,
  driver: Child,
  target: Target,
  count: number,
  concurrency: number,
) {
  const { side, operation, requests } = target
  const chained = operation === 'refresh'
  const spent = operation === 'code' ? count : concurrency
  const question: DriveQuestion = {
    ...{ address: side.address, path: side.paths[operation], count, concurrency, keep: false },
    method: operation === 'userinfo' ? 'GET' : 'POST',
    requests: operation === 'code' || chained ? requests.splice(0, spent) : requests,
    ...{ expected: EXPECTED[operation], chained },
  }
  const before = await side.process.ask<Usage>('usage')
  const databaseBefore = await databaseCpu(superuser)
  const { latencies, seconds } = await driver.ask<DriveAnswer>('drive', question)
  const after = await side.process.ask<Usage>('usage')
  const cpuMs = after.cpuMs - before.cpuMs
  const databaseCpuMs = (await databaseCpu(superuser)) - databaseBefore
  return {
    latencies,
    seconds,
    cpuMs,
    databaseCpuMs,
    roundTrips: after.roundTrips - before.roundTrips,
  }
}

async function measure(
  database: BenchDatabase,
  driver: Child,
  targets: readonly Target[],
  requests: number,
  concurrency: number,
): Promise<Run[]> {
  const slice = Math.ceil(requests / SLICES)
  const slices = targets.map((): Awaited<ReturnType<typeof drive>>[] => [])
  for (let turn = 0; turn < SLICES; turn++)
    for (const [place, target] of targets.entries())
      slices[place]?.push(await drive(database, driver, target, slice, concurrency))
  return targets.map((target, place) => summarise(target, concurrency, slices[place] ?? []))
}

function summarise(
  { operation, side }: Target,
  concurrency: number,
  slices: readonly Awaited<ReturnType<typeof drive>>[],
): Run {
  const sorted = Float64Array.from(slices.flatMap(({ latencies }) => [...latencies])).sort()
  const total = (of: 'seconds' | 'cpuMs' | 'databaseCpuMs' | 'roundTrips') =>
    slices.reduce((sum, slice) => sum + slice[of], 0)
  return {
    ...{ operation, side: side.name, at_a_time: concurrency, requests: sorted.length },
    requests_per_second: round(sorted.length / total('seconds'), 1),
    p50_ms: round(percentile(sorted, 0.5)),
    p95_ms: round(percentile(sorted, 0.95)),
    p99_ms: round(percentile(sorted, 0.99)),
    cpu_ms: round(total('cpuMs') / sorted.length, 3),
    database_cpu_ms: round(total('databaseCpuMs') / sorted.length, 3),
    round_trips: round(total('roundTrips') / sorted.length),
  }
}

function printRuns(
  runs: readonly Run[],
  ratios: readonly Readonly<Record<string, string | number>>[],
): void {
  printTable(runs.map((run) => ({ ...run })))
  console.log(
    '\nratio_to_oidc_provider: CPU of server and Postgres for the same requests, theirs / ours',
  )
  console.log('time_ratio: how long they took with the driver on the same cores, theirs / ours')
  printTable(ratios)
  console.log(`The service logs errors only, oidc-provider nothing. ${machine()}`)
}
