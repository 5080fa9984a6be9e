/** Issue 4's fuzz run, at length: four seeds, fifty requests an operation. */
import { expect, test } from 'vitest'
import { createFuzzWorld, fuzz } from '../data/openapi-fuzz.ts'
import { startBridge } from '../support/bridge.ts'

const MINUTES = 60_000

// Each with a service of its own: what one erased or switched off would hide what the next finds.
test.each([1, 2, 3, 4])(
  'seed %i finds no 5xx and no answer that is not described',
  {
    timeout: 10 * MINUTES,
  },
  async (seed) => {
    const bridge = await startBridge({ env: { RATE_LIMIT_PER_MINUTE: '1000000' } })
    try {
      const { wrong } = await fuzz(await createFuzzWorld(bridge), { seed, each: 50 })
      expect(wrong).toEqual([])
    } finally {
      await bridge.stop()
    }
  },
)
