/** Fifty workers of the jobs that end data, each killed with SIGKILL at a random moment. */
import { expect, test } from 'vitest'
import { createKeyringText } from '../../src/crypto/keyring.ts'
import { killWorkers, rightEnd } from '../resilience/job-kills.ts'

const DUE = 2_000

test('item 4 fifty workers killed at random moments', { timeout: 10 * 60_000 }, async () => {
  const { interrupted, ...end } = await killWorkers(50, DUE, createKeyringText())
  expect(end).toEqual(rightEnd(DUE))
  expect(interrupted).toBeGreaterThan(10)
})
