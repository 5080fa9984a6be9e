/**
 * The service and oidc-provider as its opponent, each in a process of its own on one Postgres, with codes to redeem. Nothing
 * is taken from the opponent: the same pool, one prepared statement for each call of its adapter, the same client
 * authentication, algorithms and kinds of tokens; and it runs in memory too, for its best.
 */
import { randomText } from '../src/crypto/random.ts'
import type { Child } from './child.ts'
import { type BenchDatabase, settle } from './cluster.ts'
import { insertCodes, VERIFIER } from './codes.ts'
import { loadPeople } from './load.ts'
import type { CodesQuestion, OpponentQuestion } from './oidc-provider-process.ts'
import { OPPONENT_SCHEMA } from './oidc-provider-store.ts'
import type { Operation } from './op-requests.ts'
import type { ServiceQuestion } from './service-process.ts'
import { AGENT_ID, CLIENT_ID, ENVIRONMENT, SLUG, type World } from './world.ts'

export const SIDES = ['service', 'oidc-provider', 'oidc-provider in memory'] as const

export interface Side {
  name: (typeof SIDES)[number]
  process: Child
  address: string
  paths: Readonly<Record<Operation, string>>
  /** For the client that redeems codes and no more, and for the one that does all else. */
  codes: string[]
  agentCodes: string[]
}

export type Start = (file: string, nodeOptions?: readonly string[]) => Child

const PEOPLE = 1_000
const POOL_SIZE = 10

/** Starts all of them, with as many codes for each of the two clients. */
export async function startSides(
  database: BenchDatabase,
  world: World,
  count: { codes: number; agentCodes: number },
  start: Start,
  nodeOptions: readonly string[],
): Promise<Side[]> {
  await database.superuser.query(OPPONENT_SCHEMA)
  const service = await startService(
    database,
    world,
    count,
    start('./service-process.ts', nodeOptions),
  )
  const sides = [service]
  for (const name of SIDES.slice(1)) {
    const databaseUrl = name === SIDES[1] ? database.runtimeUrl : undefined
    const process = start('./oidc-provider-process.ts', nodeOptions)
    sides.push({ name, ...(await startOpponent(databaseUrl, world, count, process)) })
  }
  return sides
}

async function startService(
  database: BenchDatabase,
  world: World,
  count: { codes: number; agentCodes: number },
  process: Child,
): Promise<Side> {
  const people = Array.from({ length: PEOPLE }, () => randomText())
  const known = await loadPeople(database.superuser, world, people, { from: 0, until: PEOPLE })
  await settle(database.superuser)
  const question: ServiceQuestion = {
    ...{ databaseUrl: database.runtimeUrl, keyringText: world.keyringText },
    environment: { ...ENVIRONMENT, DATABASE_POOL_SIZE: String(POOL_SIZE) },
  }
  const insert = (clientId: string, many: number) =>
    insertCodes(database, world, known, { count: many, clientId })
  return {
    ...{ name: SIDES[0], process, address: await process.ask<string>('start', question) },
    paths: pathsOf(`/t/${SLUG}`, { introspect: '/introspect', userinfo: '/userinfo' }),
    codes: await insert(CLIENT_ID, count.codes),
    agentCodes: await insert(AGENT_ID, count.agentCodes),
  }
}

async function startOpponent(
  databaseUrl: string | undefined,
  { clientSecret, agentSecret }: World,
  count: { codes: number; agentCodes: number },
  process: Child,
): Promise<Omit<Side, 'name'>> {
  const question: OpponentQuestion = {
    ...{ databaseUrl, poolSize: POOL_SIZE, clientSecret, agentSecret },
  }
  const address = await process.ask<string>('start', question)
  const make = (clientId: CodesQuestion['clientId'], many: number) =>
    process.ask<string[]>('makeCodes', { count: many, verifier: VERIFIER, clientId })
  return {
    ...{ process, address },
    paths: pathsOf('', { introspect: '/token/introspection', userinfo: '/me' }),
    ...{
      codes: await make(CLIENT_ID, count.codes),
      agentCodes: await make(AGENT_ID, count.agentCodes),
    },
  }
}

function pathsOf(base: string, own: { introspect: string; userinfo: string }) {
  const token = `${base}/token`
  return {
    ...{ code: token, refresh: token, client_credentials: token },
    ...{ introspect: base + own.introspect, userinfo: base + own.userinfo },
  }
}
