/** SIGKILL of the migration's worker at random moments, fifty times for each key; and one that is frozen and comes back. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrateWithFrozen, migrateWithKills } from '../keys/kills.ts'
import { type KeyWorld, startKeyWorld } from '../keys/world.ts'

let world: KeyWorld
beforeAll(async () => {
  world = await startKeyWorld()
})
afterAll(() => world.stop())

test.each(['A', 'B', 'C'] as const)(
  'CR-47 key %s: fifty killed workers, sums right, nothing twice, nothing left',
  { timeout: 10 * 60_000 },
  async (key) => {
    const cut = await migrateWithKills(world, key, { people: 600, kills: 50 })
    expect(cut).toBeGreaterThan(0)
  },
)

test.each(['A', 'B', 'C'] as const)(
  'CR-47 row 59 key %s: a worker that was stopped in the middle and comes back finds nothing to do',
  { timeout: 2 * 60_000 },
  async (key) => {
    expect(await migrateWithFrozen(world, key, { people: 2000 })).toBe(true)
  },
)
