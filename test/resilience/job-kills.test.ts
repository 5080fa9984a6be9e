import { expect, test } from 'vitest'
import { createKeyringText } from '../../src/crypto/keyring.ts'
import { killWorkers, rightEnd } from './job-kills.ts'

const DUE = 250

test('item 4 ten workers killed at random moments: sums are right, nothing is done twice, nothing is left', {
  timeout: 120_000,
}, async () => {
  const { interrupted, ...end } = await killWorkers(10, DUE, createKeyringText())
  expect(end).toEqual(rightEnd(DUE))
  expect(interrupted).toBeGreaterThan(2)
})
