import { expect, test } from 'vitest'
import { LedgerLine, planReplay } from '../../src/domain/ledger.ts'

const said = (line: string, minute: number, more: object) =>
  LedgerLine.parse({
    ...{
      v: 1,
      tenant: 't',
      line,
      said_at: `2026-01-01T00:${String(minute).padStart(2, '0')}:00.000Z`,
    },
    ...{ persons: ['p'], ...more },
  })
const unlink = (line: string, minute: number, matches: string[]) =>
  said(line, minute, { kind: 'unlink', matches, reason: 'USER_UNLINK' })
const restored = (line: string, minute: number, matches: string[]) =>
  said(line, minute, { kind: 'restored', matches })
const restriction = (line: string, minute: number, restricted: boolean) =>
  said(line, minute, { kind: 'restriction', restricted })
const erasure = LedgerLine.parse({
  ...{ v: 1, tenant: 't', erasure: 'e', persons: ['p'], ground: 'objection', receipt: 'r' },
  erased_at: '2026-01-01T00:59:00.000Z',
})
const planned = (lines: readonly LedgerLine[]) =>
  planReplay(lines).decisions.map(({ line }) => line)

test('GD-11 erasures come first, the rest as time went, whatever the order in the file', () => {
  const lines = [restriction('b', 2, false), erasure, restriction('a', 1, true)]
  expect(planReplay(lines).erasures).toEqual([erasure])
  expect(planned(lines)).toEqual(['a', 'b'])
})

test('GD-11 an end that was taken back is not made again; one that came after that is', () => {
  expect(planned([restored('back', 2, ['m2', 'm1']), unlink('first', 1, ['m1', 'm2'])])).toEqual([])
  const again = [
    unlink('first', 1, ['m1']),
    restored('back', 2, ['m1']),
    unlink('second', 3, ['m1']),
  ]
  expect(planned(again)).toEqual(['second'])
  expect(planned([unlink('first', 1, ['m1']), restored('other', 2, ['m9'])])).toEqual(['first'])
})

test('GD-11 a line of another form, or with more in it, is none', () => {
  for (const more of [
    { kind: 'unlink' },
    { kind: 'restriction', restricted: 'yes' },
    { kind: 'x' },
  ])
    expect(() => said('l', 1, more)).toThrow()
  expect(() => said('l', 1, { kind: 'restored', matches: ['m'], name: 'Sanne' })).toThrow()
})
