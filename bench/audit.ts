/**
 * `npm run bench -- audit`: how many events a second one tenant's chain takes, and several tenants' chains together; how many
 * a second are checked again; and whole logins with the chain and without it, in turns on the same database.
 *
 * "Without" is the same service and the same insert, with a trigger that fills the chain's columns from a sequence, so what
 * is missing is the head's lock, its update and the hash: what the chain costs and nothing else.
 */
import type pg from 'pg'
import { checkpointJwks, readCheckpointKeys } from '../src/crypto/audit-checkpoint.ts'
import { newId } from '../src/crypto/random.ts'
import type { TenantId } from '../src/domain/ids.ts'
import { toInstant } from '../src/domain/time.ts'
import { followTrail } from '../src/flow/follow-trail.ts'
import { insertAuditEvent } from '../src/store/audit.ts'
import {
  type BridgeDatabase,
  closeDatabase,
  openDatabase,
  transact,
} from '../src/store/database.ts'
import { type Child, startChild } from './child.ts'
import { settle, startDatabase } from './cluster.ts'
import type { RunAnswer, RunQuestion, TargetQuestion } from './driver.ts'
import { loadPeople } from './load.ts'
import { createFloorKey, createSample } from './people.ts'
import { machine, percentile, printJson, printTable, round } from './report.ts'
import type { ServiceQuestion } from './service-process.ts'
import { createWorld, ENVIRONMENT, type World } from './world.ts'

export interface AuditOptions {
  /** How long each thing is measured at each level. */
  seconds: number
  concurrency: readonly number[]
}

const PERSONS = 1_000
const SAMPLE = 256
const TENANTS = 4
const TURNS = 3
const WARM_UP = { seconds: 6, atATime: 8 }
const TARGET = 'service'

export async function benchAudit(options: AuditOptions): Promise<void> {
  const database = await startDatabase()
  const children: Child[] = []
  try {
    const world = await createWorld(database.runtimeUrl)
    const appends = await measureAppends(database.runtimeUrl, world, options)
    const checked = await measureCheck(database.runtimeUrl, world)
    const driver = startChild('./driver.ts')
    const service = startChild('./service-process.ts')
    children.push(driver, service)
    await prepareLogins(database, world, { driver, service })
    const logins = await measureLogins(database.superuser, driver, options)
    report(options, { appends, checked, logins })
  } finally {
    await Promise.all(children.map((child) => child.stop()))
    await database.stop()
  }
}

interface Appends {
  tenants: number
  at_a_time: number
  events_per_second: number
}

/** Each append is a transaction of its own, as short as one can be. */
async function measureAppends(
  databaseUrl: string,
  { tenantId }: World,
  { seconds, concurrency }: AuditOptions,
): Promise<Appends[]> {
  const most = Math.max(...concurrency)
  const db = openDatabase({ connectionString: databaseUrl, poolSize: most })
  const several = [
    tenantId,
    ...Array.from({ length: TENANTS - 1 }, (_, n) => `bench-${n}` as TenantId),
  ]
  try {
    await appendFor(db, several, most, 1)
    const results: Appends[] = []
    for (const tenants of [[tenantId], several])
      for (const level of concurrency) {
        const rate = await appendFor(db, tenants, level, seconds)
        results.push({ tenants: tenants.length, at_a_time: level, events_per_second: rate })
      }
    return results
  } finally {
    await closeDatabase(db)
  }
}

async function appendFor(
  db: BridgeDatabase,
  tenants: readonly TenantId[],
  concurrency: number,
  seconds: number,
): Promise<number> {
  const began = performance.now()
  const end = began + seconds * 1000
  let events = 0
  const detail = { type: 'login_refused', reason: 'cancelled' } as const
  const lane = async (number: number) => {
    const tenant = tenants[number % tenants.length]
    if (tenant === undefined) throw new TypeError('no tenant to append to')
    while (performance.now() < end) {
      const now = toInstant(Date.now())
      await transact(db, tenant, [insertAuditEvent(tenant, newId(), now, { detail })])
      events++
    }
  }
  await Promise.all(Array.from({ length: concurrency }, (_, number) => lane(number)))
  return round(events / ((performance.now() - began) / 1000), 0)
}

/** Events a second that one process reads and hashes again, over everything appended before. */
async function measureCheck(databaseUrl: string, { tenantId, keyring }: World): Promise<number> {
  const db = openDatabase({ connectionString: databaseUrl, poolSize: 1 })
  try {
    const began = performance.now()
    const keys = readCheckpointKeys(checkpointJwks(keyring))
    const { events, fault } = await followTrail(db, tenantId, { keys })
    if (fault !== undefined) throw new Error(`the trail is broken at ${fault.seq}: ${fault.reason}`)
    return round(events / ((performance.now() - began) / 1000), 0)
  } finally {
    await closeDatabase(db)
  }
}

async function prepareLogins(
  database: { runtimeUrl: string; superuser: pg.Client },
  world: World,
  { driver, service }: { driver: Child; service: Child },
): Promise<void> {
  const people = await createSample(world.issuer, SAMPLE, createFloorKey())
  const start: ServiceQuestion = {
    ...{ databaseUrl: database.runtimeUrl, keyringText: world.keyringText },
    environment: { ...ENVIRONMENT, DATABASE_POOL_SIZE: '10' },
  }
  const address = await service.ask<string>('start', start)
  const { clientSecret } = world
  const question: TargetQuestion = {
    ...{ name: TARGET, kind: 'service', address, people, clientSecret },
  }
  await driver.ask('prepare', question)
  const thumbprints = people.map((person) => person.thumbprint)
  await loadPeople(database.superuser, world, thumbprints, { from: 0, until: PERSONS })
  await database.superuser.query(UNCHAINED)
  const { seconds, atATime: concurrency } = WARM_UP
  const warmUp: RunQuestion = { target: TARGET, seconds, concurrency }
  await driver.ask<RunAnswer>('run', warmUp)
  await settle(database.superuser)
}

/** Far from the chain's own numbers, so that the chain goes on where it was when it is switched on again. */
const UNCHAINED = `
  CREATE SEQUENCE unchained START 1000000000 CACHE 100;
  CREATE FUNCTION audit_unchained() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  BEGIN
    NEW.seq := nextval('unchained');
    NEW.prev_hash := NEW.seq;
    NEW.row_hash := NEW.seq;
    RETURN NEW;
  END $$;
  CREATE TRIGGER audit_event_unchained BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION audit_unchained();
  ALTER TABLE audit_event DISABLE TRIGGER audit_event_unchained`

async function switchChain(superuser: pg.Client, on: boolean): Promise<void> {
  const [enabled, disabled] = on ? ['chain', 'unchained'] : ['unchained', 'chain']
  await superuser.query(`ALTER TABLE audit_event ENABLE TRIGGER audit_event_${enabled};
    ALTER TABLE audit_event DISABLE TRIGGER audit_event_${disabled}`)
}

interface Logins {
  chain: 'with' | 'without'
  at_a_time: number
  logins: number
  logins_per_second: number
  p50_ms: number
  p95_ms: number
}

async function measureLogins(
  superuser: pg.Client,
  driver: Child,
  { concurrency, seconds }: AuditOptions,
): Promise<Logins[]> {
  const results: Logins[] = []
  for (const level of concurrency) {
    const seen = { with: [] as RunAnswer[], without: [] as RunAnswer[] }
    for (let turn = 0; turn < TURNS; turn++)
      for (const chain of ['with', 'without'] as const) {
        await switchChain(superuser, chain === 'with')
        const question: RunQuestion = {
          ...{ target: TARGET, seconds: seconds / TURNS, concurrency: level },
        }
        seen[chain].push(await driver.ask<RunAnswer>('run', question))
      }
    results.push(summarise('with', level, seen.with), summarise('without', level, seen.without))
  }
  return results
}

function summarise(chain: Logins['chain'], level: number, runs: readonly RunAnswer[]): Logins {
  const sorted = new Float64Array(runs.flatMap((run) => [...run.latencies])).toSorted()
  const seconds = runs.reduce((sum, run) => sum + run.seconds, 0)
  return {
    ...{ chain, at_a_time: level, logins: sorted.length },
    logins_per_second: round(sorted.length / seconds, 1),
    p50_ms: round(percentile(sorted, 0.5)),
    p95_ms: round(percentile(sorted, 0.95)),
  }
}

function report(
  { seconds, concurrency }: AuditOptions,
  { appends, checked, logins }: { appends: Appends[]; checked: number; logins: Logins[] },
): void {
  printTable(appends.map((row) => ({ ...row })))
  console.log(`\n${checked} events a second are checked again by one process\n`)
  printTable(logins.map((row) => ({ ...row })))
  const levels = concurrency.map((level) => {
    const rate = (chain: Logins['chain']) =>
      logins.find((row) => row.chain === chain && row.at_a_time === level)?.logins_per_second ??
      Number.NaN
    return { at_a_time: level, with_to_without: round(rate('with') / rate('without')) }
  })
  const ceiling = Math.max(
    ...appends.filter(({ tenants }) => tenants === 1).map((row) => row.events_per_second),
  )
  console.log(`\nceiling of one tenant's chain: ${ceiling} events a second`)
  for (const { at_a_time, with_to_without } of levels)
    console.log(`  ${at_a_time} at a time: ${with_to_without} of the logins without the chain`)
  console.log(machine())
  printJson({
    ...{ bench: 'audit', ceiling_per_tenant: ceiling, checked_per_second: checked },
    ...{ levels, appends, logins, seconds, machine: machine() },
  })
}
