/** SIGKILL of the migration's worker at random moments, fifty times for each key. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrateWithKills } from '../keys/kills.ts'
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
