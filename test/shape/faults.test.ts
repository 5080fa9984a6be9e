import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const WANTED = [
  ...Array.from({ length: 18 }, (_, index) => index + 1),
  ...[21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 34, 35, 38, 39],
  ...Array.from({ length: 9 }, (_, index) => index + 42),
]

/** One line of the table: the fault's number, and the tests that are named for it. */
const rows = readFileSync('test/faults/README.md', 'utf8')
  .split('\n')
  .map((line) => /^\| (\d+) \| .* \| (.*) \|$/.exec(line))
  .filter((match) => match !== null)
  .map(([, number = '', tests = '']) => ({
    fault: Number(number),
    tests: tests.split('; ').map((text) => /^`([a-z/-]+)`: (.+)$/.exec(text) ?? [text]),
  }))

test('issue 3 each fault it lists has a row of its own', () => {
  expect(rows.map(({ fault }) => fault)).toEqual(WANTED)
})

test.each(rows)('issue 3 fault $fault: the tests that are named exist', ({ tests }) => {
  expect(tests.length).toBeGreaterThan(0)
  for (const [text, file, title] of tests) {
    expect(file, `${text} names no file`).toBeDefined()
    const path = `test/${file}.test.ts`
    expect(existsSync(path), `${path} is not there`).toBe(true)
    const titles = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line.includes("'") || line.includes('`'))
    expect(
      titles.some((line) => line.includes(title ?? '')),
      `${path} has no test of "${title}"`,
    ).toBe(true)
  }
})
