import { expect, test } from 'vitest'
import { progressLine } from '../../src/domain/migration-progress.ts'

const first = { done: 0, total: 12_000, at: 0 }

test.each([
  ['at first', first, '[------------------------]    0 %  0 of 12 000'],
  [
    'under way',
    { done: 4000, total: 12_000, at: 2000 },
    '[########----------------]   33 %  4 000 of 12 000  2 000/s  4 s left',
  ],
  [
    'for hours',
    { done: 1, total: 12_000, at: 1000 },
    '[------------------------]    0 %  1 of 12 000  1/s  4 h left',
  ],
  [
    'at the end',
    { done: 12_000, total: 12_000, at: 6000 },
    '[########################]  100 %  12 000 of 12 000  2 000/s  0 s left',
  ],
])('issue 5.5 a progress line %s', (_, now, line) => expect(progressLine(first, now)).toBe(line))

test('nothing to do is no share of anything', () => {
  const nothing = { done: 0, total: 0, at: 0 }
  expect(progressLine(nothing, { ...nothing, at: 1000 })).toBe(
    '[------------------------]    0 %  0 of 0',
  )
})
