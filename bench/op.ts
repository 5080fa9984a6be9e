/**
 * `npm run bench -- op`: what relying parties ask most, at the service and at oidc-provider, in one run: code redemption,
 * refresh, client credentials, introspection, userinfo. Nothing is taken from the opponent: the same Postgres and pool, one
 * prepared statement for each call of its adapter, the same client authentication, algorithms and kinds of tokens; and it
 * runs in memory too.
 */
import { randomText } from '../src/crypto/random.ts'
import { type Child, startChild, type Usage } from './child.ts'
import { type BenchDatabase, settle, startDatabase } from './cluster.ts'
import { insertCodes, VERIFIER } from './codes.ts'
import { loadPeople } from './load.ts'
import type { CodesQuestion, OpponentQuestion } from './oidc-provider-process.ts'
import { OPPONENT_SCHEMA } from './oidc-provider-store.ts'
import type { DriveAnswer, DriveQuestion } from './op-driver.ts'
import { opRatios } from './op-ratios.ts'
import {
  EXPECTED,
  OPERATIONS,
  type Operation,
  prepareCodes,
  prepareRequests,
} from './op-requests.ts'
import { machine, percentile, printJson, printTable, round } from './report.ts'
import type { ServiceQuestion } from './service-process.ts'
import { AGENT_ID, CLIENT_ID, createWorld, ENVIRONMENT, SLUG, type World } from './world.ts'

export interface OpOptions {
  /** Requests of each kind, at each side and level. */
  requests: number
  concurrency: readonly number[]
  nodeOptions: readonly string[]
}

const PEOPLE = 1_000
const POOL_SIZE = 10
const WARM_UP = 500
const WARM_LEVEL = 8
/** Logins whose tokens are refreshed and asked about. */
const LOGINS = 400
export const SIDES = ['service', 'oidc-provider', 'oidc-provider in memory'] as const

interface Side {
  name: (typeof SIDES)[number]
  process: Child
  address: string
  paths: Readonly<Record<Operation, string>>
  /** For the client that redeems codes and no more, and for the one that does all else. */
  codes: string[]
  agentCodes: string[]
}

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
  round_trips: number
}

type Start = (file: string, nodeOptions?: readonly string[]) => Child

export async function benchOp(options: OpOptions): Promise<void> {
  const database = await startDatabase()
  const processes: Child[] = []
  const start: Start = (file, nodeOptions = []) => {
    const child = startChild(file, nodeOptions)
    processes.push(child)
    return child
  }
  try {
    const world = await createWorld(database.runtimeUrl)
    const sides = await startSides(database, world, options, start)
    const driver = start('./op-driver.ts')
    const runs: Run[] = []
    for (const operation of OPERATIONS) {
      for (const side of sides) await measure(driver, world, side, operation, WARM_UP, WARM_LEVEL)
      await settle(database.superuser)
      for (const level of options.concurrency)
        for (const side of sides)
          runs.push(await measure(driver, world, side, operation, options.requests, level))
    }
    report(runs)
  } finally {
    await Promise.all(processes.map((child) => child.stop()))
    await database.stop()
  }
}

async function startSides(
  database: BenchDatabase,
  world: World,
  { requests, concurrency, nodeOptions }: OpOptions,
  start: Start,
): Promise<Side[]> {
  const count = WARM_UP + requests * concurrency.length
  const measurements = concurrency.length + 1
  const agentCount = 3 * LOGINS * measurements
  const people = Array.from({ length: PEOPLE }, () => randomText())
  const known = await loadPeople(database.superuser, world, people, { from: 0, until: PEOPLE })
  await database.superuser.query(OPPONENT_SCHEMA)
  await settle(database.superuser)
  const service = start('./service-process.ts', nodeOptions)
  const environment = { ...ENVIRONMENT, DATABASE_POOL_SIZE: String(POOL_SIZE) }
  const { runtimeUrl: databaseUrl } = database
  const question: ServiceQuestion = { databaseUrl, keyringText: world.keyringText, environment }
  const insert = (clientId: string, many: number) =>
    insertCodes(database, world, known, { count: many, clientId })
  const sides: Side[] = [
    {
      ...{ name: SIDES[0], process: service },
      address: await service.ask<string>('start', question),
      paths: pathsOf(`/t/${SLUG}`, { introspect: '/introspect', userinfo: '/userinfo' }),
      ...{ codes: await insert(CLIENT_ID, count), agentCodes: await insert(AGENT_ID, agentCount) },
    },
  ]
  for (const name of SIDES.slice(1)) {
    const opponent = start('./oidc-provider-process.ts')
    const own = name === SIDES[1] ? databaseUrl : undefined
    const { clientSecret, agentSecret } = world
    const asked: OpponentQuestion = {
      ...{ databaseUrl: own, poolSize: POOL_SIZE, clientSecret, agentSecret },
    }
    const address = await opponent.ask<string>('start', asked)
    const make = (clientId: CodesQuestion['clientId'], many: number) =>
      opponent.ask<string[]>('makeCodes', { count: many, verifier: VERIFIER, clientId })
    sides.push({
      ...{ name, process: opponent, address },
      paths: pathsOf('', { introspect: '/token/introspection', userinfo: '/me' }),
      ...{ codes: await make(CLIENT_ID, count), agentCodes: await make(AGENT_ID, agentCount) },
    })
  }
  return sides
}

function pathsOf(base: string, own: { introspect: string; userinfo: string }) {
  const token = `${base}/token`
  return {
    ...{ code: token, refresh: token, client_credentials: token },
    ...{ introspect: base + own.introspect, userinfo: base + own.userinfo },
  }
}

async function measure(
  driver: Child,
  world: World,
  side: Side,
  operation: Operation,
  count: number,
  concurrency: number,
): Promise<Run> {
  const { process, address, paths } = side
  const tokens = await logIn(driver, world, side, operation)
  const codes = operation === 'code' ? side.codes.splice(0, count) : []
  const question: DriveQuestion = {
    ...{ address, path: paths[operation], count, concurrency, keep: false },
    method: operation === 'userinfo' ? 'GET' : 'POST',
    requests: prepareRequests(operation, { ...world, ...tokens, codes }),
    ...{ expected: EXPECTED[operation], chained: operation === 'refresh' },
  }
  const before = await process.ask<Usage>('usage')
  const { latencies, seconds } = await driver.ask<DriveAnswer>('drive', question)
  const after = await process.ask<Usage>('usage')
  const sorted = latencies.toSorted()
  return {
    ...{ operation, side: side.name, at_a_time: concurrency, requests: count },
    requests_per_second: round(count / seconds, 1),
    p50_ms: round(percentile(sorted, 0.5)),
    p95_ms: round(percentile(sorted, 0.95)),
    p99_ms: round(percentile(sorted, 0.99)),
    cpu_ms: round((after.cpuMs - before.cpuMs) / count, 3),
    round_trips: round((after.roundTrips - before.roundTrips) / count),
  }
}

/** Tokens fresh from logins, for what needs them: made at each side by its own token endpoint. */
async function logIn(driver: Child, world: World, side: Side, operation: Operation) {
  if (operation === 'code' || operation === 'client_credentials')
    return { accessTokens: [], refreshTokens: [] }
  const codes = side.agentCodes.splice(0, LOGINS)
  const question: DriveQuestion = {
    ...{ address: side.address, path: side.paths.code, method: 'POST', concurrency: WARM_LEVEL },
    ...{ requests: prepareCodes(codes, AGENT_ID, world.agentSecret), count: codes.length },
    ...{ expected: 'refresh_token', chained: false, keep: true },
  }
  const { answers } = await driver.ask<DriveAnswer>('drive', question)
  return {
    accessTokens: answers.map(({ access_token = '' }) => access_token),
    refreshTokens: answers.map(({ refresh_token = '' }) => refresh_token),
  }
}

function report(runs: readonly Run[]): void {
  const operations = opRatios(runs)
  const slowest = Math.min(...operations.map((one) => one.ratio_to_oidc_provider))
  printTable(runs.map((run) => ({ ...run })))
  console.log('\nratio_to_oidc_provider: time for the same requests at all levels, theirs / ours')
  printTable(operations)
  console.log(`The service logs errors only, oidc-provider nothing. ${machine()}`)
  printJson({
    ...{ bench: 'op', slowest_ratio_to_oidc_provider: slowest },
    ...{ operations, runs, machine: machine() },
  })
}
