/**
 * `npm run bench -- token`: the same code redemption at the service and at oidc-provider, in one run. Nothing is taken
 * from the opponent: the same Postgres and pool, one prepared statement for each call of its adapter, the same client
 * authentication and algorithm; and it runs in memory too.
 */

import { randomText } from '../src/crypto/random.ts'
import { type Child, startChild, type Usage } from './child.ts'
import { type BenchDatabase, settle, startDatabase } from './cluster.ts'
import { insertCodes, VERIFIER } from './codes.ts'
import { loadPeople } from './load.ts'
import type { CodesQuestion, OpponentQuestion } from './oidc-provider-process.ts'
import { OPPONENT_SCHEMA } from './oidc-provider-store.ts'
import { machine, percentile, printJson, printTable, round } from './report.ts'
import type { ServiceQuestion } from './service-process.ts'
import type { RedeemAnswer, RedeemQuestion } from './token-driver.ts'
import { CLIENT_ID, createWorld, ENVIRONMENT, SLUG, type World } from './world.ts'

export interface TokenOptions {
  /** Redemptions of each side at each level. */
  redemptions: number
  concurrency: readonly number[]
  nodeOptions: readonly string[]
}

const PEOPLE = 1_000
const POOL_SIZE = 10
const WARM_UP = 2_000
const SIDES = ['service', 'oidc-provider', 'oidc-provider in memory'] as const
type SideName = (typeof SIDES)[number]

/** A process that redeems codes, and the codes it will take. */
interface Side {
  name: SideName
  process: Child
  address: string
  path: string
  codes: string[]
}

interface Run {
  side: SideName
  at_a_time: number
  redemptions: number
  redemptions_per_second: number
  p50_ms: number
  p95_ms: number
  p99_ms: number
  cpu_ms_per_redemption: number
  round_trips_per_redemption: number
  rss_mb: number
}

export async function benchToken(options: TokenOptions): Promise<void> {
  const database = await startDatabase()
  const processes: Child[] = []
  const start = (file: string, nodeOptions: readonly string[] = []) => {
    const child = startChild(file, nodeOptions)
    processes.push(child)
    return child
  }
  try {
    const world = await createWorld(database.runtimeUrl)
    const sides = await startSides(database, world, options, start)
    const driver = start('./token-driver.ts')
    const redeem = (side: Side, count: number, concurrency: number) =>
      measure(driver, world, side, count, concurrency)
    for (const side of sides) await redeem(side, WARM_UP, 8)
    await settle(database.superuser)
    const runs: Run[] = []
    for (const level of options.concurrency)
      for (const side of sides) runs.push(await redeem(side, options.redemptions, level))
    report(options, runs)
  } finally {
    await Promise.all(processes.map((child) => child.stop()))
    await database.stop()
  }
}

async function startSides(
  database: BenchDatabase,
  world: World,
  { redemptions, concurrency, nodeOptions }: TokenOptions,
  start: (file: string, nodeOptions?: readonly string[]) => Child,
): Promise<Side[]> {
  const { keyringText, clientSecret, agentSecret } = world
  const databaseUrl = database.runtimeUrl
  const count = WARM_UP + redemptions * concurrency.length
  const people = Array.from({ length: PEOPLE }, () => randomText())
  const known = await loadPeople(database.superuser, world, people, { from: 0, until: PEOPLE })
  await database.superuser.query(OPPONENT_SCHEMA)
  await settle(database.superuser)
  const service = start('./service-process.ts', nodeOptions)
  const environment = { ...ENVIRONMENT, DATABASE_POOL_SIZE: String(POOL_SIZE) }
  const question: ServiceQuestion = { databaseUrl, keyringText, environment }
  const sides: Side[] = [
    {
      ...{ name: SIDES[0], process: service, path: `/t/${SLUG}/token` },
      address: await service.ask<string>('start', question),
      codes: await insertCodes(database, world, known, { count, clientId: CLIENT_ID }),
    },
  ]
  for (const name of SIDES.slice(1)) {
    const opponent = start('./oidc-provider-process.ts')
    const own = name === SIDES[1] ? databaseUrl : undefined
    const asked: OpponentQuestion = {
      ...{ databaseUrl: own, poolSize: POOL_SIZE, clientSecret, agentSecret },
    }
    const address = await opponent.ask<string>('start', asked)
    const codesAsked: CodesQuestion = { count, verifier: VERIFIER, clientId: CLIENT_ID }
    const codes = await opponent.ask<string[]>('makeCodes', codesAsked)
    sides.push({ name, process: opponent, address, path: '/token', codes })
  }
  return sides
}

async function measure(
  driver: Child,
  { clientSecret }: World,
  side: Side,
  count: number,
  concurrency: number,
): Promise<Run> {
  const { name, process, address, path } = side
  const before = await process.ask<Usage>('usage')
  const question: RedeemQuestion = {
    ...{ address, path, clientSecret, verifier: VERIFIER, concurrency },
    codes: side.codes.splice(0, count),
  }
  const { latencies, seconds } = await driver.ask<RedeemAnswer>('redeem', question)
  const after = await process.ask<Usage>('usage')
  const sorted = latencies.toSorted()
  return {
    ...{ side: name, at_a_time: concurrency, redemptions: count },
    redemptions_per_second: round(count / seconds, 1),
    p50_ms: round(percentile(sorted, 0.5)),
    p95_ms: round(percentile(sorted, 0.95)),
    p99_ms: round(percentile(sorted, 0.99)),
    cpu_ms_per_redemption: round((after.cpuMs - before.cpuMs) / count, 3),
    round_trips_per_redemption: round((after.roundTrips - before.roundTrips) / count),
    rss_mb: round(after.rssMb, 0),
  }
}

function report({ concurrency }: TokenOptions, runs: readonly Run[]): void {
  const find = (side: SideName, level: number) =>
    runs.find((run) => run.side === side && run.at_a_time === level)
  const levels = concurrency.map((level) => {
    const [own, opponent, memory] = SIDES.map((side) => find(side, level))
    const faster = (other: Run | undefined) =>
      round((own?.redemptions_per_second ?? 0) / (other?.redemptions_per_second ?? 0))
    return {
      at_a_time: level,
      ...{
        ratio_to_oidc_provider: faster(opponent),
        ratio_to_oidc_provider_in_memory: faster(memory),
      },
      cpu_ratio: round((opponent?.cpu_ms_per_redemption ?? 0) / (own?.cpu_ms_per_redemption ?? 0)),
    }
  })
  // The time all levels took, each with as many redemptions: slow levels weigh as much as they take.
  const total = (side: SideName) =>
    runs
      .filter((run) => run.side === side)
      .reduce((sum, run) => sum + run.redemptions / run.redemptions_per_second, 0)
  const ratio = round(total(SIDES[1]) / total(SIDES[0]))
  const inMemory = round(total(SIDES[2]) / total(SIDES[0]))
  printTable(runs.map((run) => ({ ...run })))
  console.log(`\nratio_to_oidc_provider ${ratio}: time for the same redemptions, theirs / ours`)
  console.log(`in memory, without a database, oidc-provider is at ${inMemory}`)
  for (const level of levels) console.log(`  ${JSON.stringify(level)}`)
  console.log(`The service logs errors only, oidc-provider nothing. ${machine()}`)
  printJson({
    ...{ bench: 'token', ratio_to_oidc_provider: ratio },
    ...{ ratio_to_oidc_provider_in_memory: inMemory, levels, runs, machine: machine() },
  })
}
