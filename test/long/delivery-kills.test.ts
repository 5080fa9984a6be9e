/** Fifty workers that deliver events, each killed with SIGKILL at a random moment. */
import { expect, test } from 'vitest'
import { createKeyringText } from '../../src/crypto/keyring.ts'
import { killDeliveries } from '../resilience/delivery-kills.ts'
import { startBridge } from '../support/bridge.ts'

test('issue 4 item 9 fifty workers killed at random moments', {
  timeout: 10 * 60_000,
}, async () => {
  const [kills, events] = [50, 1_000]
  const keyring = createKeyringText()
  const bridge = await startBridge({ keyring })
  try {
    const { interrupted, repeated, ...end } = await killDeliveries(bridge, keyring, {
      kills,
      events,
    })
    expect(end).toEqual({
      ...{ rows: 2 * events, undelivered: 0, lost: 0, unknown: 0 },
      ...{ underTwoIds: 0, changed: 0 },
    })
    expect(interrupted).toBeGreaterThan(25)
    expect(repeated).toBeLessThanOrEqual(2 * kills)
  } finally {
    await bridge.stop()
  }
})
