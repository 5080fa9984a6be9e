import { afterAll, beforeAll, expect, test } from 'vitest'
import { allRoutes } from '../../src/app.ts'
import { type Bridge, startBridge } from '../support/bridge.ts'
import { createFuzzWorld, fuzz, targets } from './openapi-fuzz.ts'

const SEED = 20_261_122
/** Requests an operation; test/long/openapi.test.ts sends many more. */
const EACH = 6

let bridge: Bridge
beforeAll(async () => {
  bridge = await startBridge()
})
afterAll(() => bridge.stop())

test('issue 4 requests made from openapi.yaml find no 5xx and no answer that is not described', {
  timeout: 180_000,
}, async () => {
  expect(targets.length, 'every route that is mounted').toBe(allRoutes(bridge.deps).length)
  const { wrong, seen } = await fuzz(await createFuzzWorld(bridge), { seed: SEED, each: EACH })
  expect(wrong).toEqual([])
  expect(seen.get(200) ?? 0, JSON.stringify([...seen])).toBeGreaterThan(targets.length / 2)
})
