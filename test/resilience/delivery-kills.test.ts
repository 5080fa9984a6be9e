import { afterAll, beforeAll, expect, test } from 'vitest'
import { createKeyringText } from '../../src/crypto/keyring.ts'
import { type Bridge, startBridge } from '../support/bridge.ts'
import { killDeliveries } from './delivery-kills.ts'

const keyring = createKeyringText()
let bridge: Bridge
beforeAll(async () => {
  bridge = await startBridge({ keyring })
})
afterAll(() => bridge.stop())

test('issue 4 item 9 five workers killed in the middle of deliveries: nothing is lost, what comes again has the same id', {
  timeout: 120_000,
}, async () => {
  const [kills, events] = [5, 60]
  const { interrupted, repeated, ...end } = await killDeliveries(bridge, keyring, { kills, events })
  expect(end).toEqual({
    ...{ rows: 2 * events, undelivered: 0, lost: 0, unknown: 0 },
    ...{ underTwoIds: 0, changed: 0 },
  })
  expect(interrupted).toBeGreaterThan(0)
  // Only what was in somebody's hands comes again: one event of each receiver for each who died.
  expect(repeated).toBeLessThanOrEqual(2 * kills)
})
