/** Puts a population through the real matcher and database, one policy set after the other. */
import { createJudge, type Tally } from './judge.ts'
import { createPeople, createVisits, type Visit } from './people.ts'
import { type PolicySet, policySets } from './policies.ts'
import { equip, type Held, makeVisit } from './visit.ts'
import { addTenant, openWorld, type World } from './world.ts'

/** Visits between two words of how far it is. */
export const STEP = 500

export interface RunOptions {
  runtimeUrl: string
  people: number
  seed: number
  /** Names of the policy sets; all of them where absent. */
  sets?: readonly string[] | undefined
  /** Whether some people use a twin's account by mistake. */
  mixUps: boolean
  /** Visits at a time. */
  atOnce: number
  /** Hears how far it is, every {@link STEP} visits; whoever heard goes on when it is done. */
  onProgress?: (set: string, visits: number, of: number) => Promise<void> | void
}

export interface Result {
  set: string
  people: number
  tally: Tally
}

export async function runPopulation(options: RunOptions): Promise<Result[]> {
  const people = createPeople(options.people, options.seed)
  const visits = createVisits(people, options.seed).filter(({ mixUp }) => options.mixUps || !mixUp)
  const world = await openWorld(options.runtimeUrl, options.atOnce)
  try {
    const results: Result[] = []
    for (const set of policySets(world.issuer)) {
      if (options.sets?.includes(set.name) === false) continue
      const tally = await runSet(world, set, visits, options)
      results.push({ set: set.name, people: people.length, tally })
    }
    return results
  } finally {
    await world.stop()
  }
}

async function runSet(
  world: World,
  set: PolicySet,
  visits: readonly Visit[],
  { atOnce, onProgress }: RunOptions,
): Promise<Tally> {
  const tenantId = await addTenant(world, set)
  const judge = createJudge()
  const held = new Map<number, Held>()
  // One person's visits are made one after the other, as people do; those of different people at the same time.
  const queues = new Map<number, Promise<void>>()
  let done = 0
  const make = async (visit: Visit) => {
    const { wallet } = visit
    const kept = wallet.oneTimeKeys ? undefined : held.get(wallet.id)
    const own = kept ?? (await equip(world, wallet))
    held.set(wallet.id, own)
    judge.hear(visit, await makeVisit(world, set, tenantId, visit, own))
    done++
    if (done % STEP === 0) await onProgress?.(set.name, done, visits.length)
  }
  const places = visits.values()
  const work = async () => {
    for (const visit of places) {
      const before = queues.get(visit.person.id) ?? Promise.resolve()
      const mine = before.then(() => make(visit))
      queues.set(visit.person.id, mine)
      await mine
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return judge.tally
}
