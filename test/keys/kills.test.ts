/** SIGKILL of the worker at random moments, twenty times over the three keys (test/long has fifty for each). */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrateWithKills } from './kills.ts'
import { type KeyWorld, startKeyWorld } from './world.ts'

let world: KeyWorld
beforeAll(async () => {
  world = await startKeyWorld()
})
afterAll(() => world.stop())

test.each([
  ['A', 6],
  ['B', 7],
  ['C', 7],
] as const)(
  'CR-47 key %s: %i killed workers, sums right, nothing twice, nothing left',
  async (key, kills) => {
    const cut = await migrateWithKills(world, key, { people: 60, kills })
    expect(cut).toBeGreaterThan(0)
  },
)
