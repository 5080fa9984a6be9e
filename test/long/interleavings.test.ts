/** GD-07: two hundred interleavings of a login with the erasure of its person. `npm run test:long`; some minutes. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { interleave, ORDERS, STEPS, startInterleavings } from '../erasure/interleavings.ts'

const WANTED = 200

let worlds: Awaited<ReturnType<typeof startInterleavings>>
beforeAll(async () => {
  worlds = await startInterleavings()
})
afterAll(() => worlds.stop())

test('GD-07 two hundred interleavings of login, erasure, key upgrade and write: nobody comes back', {
  timeout: 20 * 60_000,
}, async () => {
  let done = 0
  while (done < WANTED)
    for (const prepare of Object.values(STEPS))
      for (const order of ORDERS) {
        await interleave(await worlds.in(`interleaved-${++done}`), prepare, order)
        vi.unstubAllGlobals()
      }
  expect(done).toBeGreaterThanOrEqual(WANTED)
})
