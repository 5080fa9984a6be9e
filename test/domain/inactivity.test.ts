import { describe, expect, test } from 'vitest'
import type { BindingId, MatchId } from '../../src/domain/ids.ts'
import { type AgedBinding, type AgedMatch, decideInactive } from '../../src/domain/inactivity.ts'
import { DATA_KIND_NAMES, retentionOf, whatIsWrongWith } from '../../src/domain/retention.ts'
import { DAY } from '../../src/domain/time.ts'

const NOW = Date.UTC(2026, 5, 1)
const ago = (days: number) => NOW - days * DAY
const match = (id: string, side: 'A' | 'B', days: number): AgedMatch => ({
  ...{ id: id as MatchId, side, type: side === 'A' ? 'KEY' : 'SUBJECT_ID' },
  ...{ hash: `hash-${id}`, lastUsedAt: ago(days) },
})
/** A binding on `on`, proved with these matches of the wallet, used and told so many days ago. */
const binding = (id: string, on: string, days: number, told?: number, also = ''): AgedBinding => ({
  ...{ id: id as BindingId, matchId: on as MatchId, accountHash: 'hash-account' },
  ...{ proved: [`hash-${on}`, `hash-${also}`], lastUsedAt: ago(days) },
  warnedAt: told === undefined ? undefined : ago(told),
})
const period = { now: NOW, days: 730, noticeDays: 30 }

describe('item 3 what nobody uses ends', () => {
  test('after the period, told a notice before; its wallet’s and the account’s matches with it', () => {
    const matches = [match('key', 'A', 800), match('mail', 'A', 800), match('account', 'B', 900)]
    const at = (days: number, told?: number) =>
      decideInactive(matches, [binding('b', 'key', days, told, 'mail')], period)
    const nothing = { warned: [], bindings: [], matches: [] }
    expect(at(699)).toEqual(nothing)
    expect(at(700)).toEqual({ ...nothing, warned: ['b'] })
    expect(at(729, 29), 'told once').toEqual(nothing)
    expect(at(730, 29), 'told too shortly').toEqual(nothing)
    expect(at(730, 30)).toEqual({
      ...{ warned: [], bindings: ['b'], matches: ['account', 'key', 'mail'] },
    })
  })

  test('whoever shortens the period ends nothing that was not told first', () => {
    const held = [binding('b', 'key', 500)]
    const shorter = { ...period, days: 365 }
    expect(decideInactive([match('key', 'A', 500)], held, shorter)).toEqual({
      ...{ warned: ['b'], bindings: [], matches: [] },
    })
    expect(decideInactive([match('key', 'A', 500)], held, { ...shorter, noticeDays: 0 })).toEqual({
      ...{ warned: [], bindings: ['b'], matches: ['key'] },
    })
  })

  test('a use after the warning makes it count for nothing', () => {
    const used = binding('b', 'key', 701, 720)
    expect(decideInactive([match('key', 'A', 701)], [used], period).warned).toEqual(['b'])
    const fresh = binding('b', 'key', 1, 20)
    expect(decideInactive([match('key', 'A', 1)], [fresh], period).warned).toEqual([])
  })

  test('one of two wallets ends alone: what the other rests on, and the account, stay', () => {
    const matches = [
      ...[match('old', 'A', 800), match('new', 'A', 2), match('both', 'A', 2)],
      match('account', 'B', 900),
    ]
    const held = [binding('b1', 'old', 800, 40, 'both'), binding('b2', 'new', 2, undefined, 'both')]
    expect(decideInactive(matches, held, period)).toEqual({
      ...{ warned: [], bindings: ['b1'], matches: ['old'] },
    })
  })

  test('of somebody without a binding every match goes that was not used for as long, no other', () => {
    const matches = [match('account', 'B', 731), match('second', 'B', 100)]
    expect(decideInactive(matches, [], period).matches).toEqual(['account'])
  })
})

describe('item 3 what holds for a kind', () => {
  test('the defaults are the schema reference’s: 730 days without use, 30 days to restore; the trail two years', () => {
    expect(retentionOf('links', undefined)).toMatchObject({ days: 730, noticeDays: 30 })
    expect(retentionOf('ended_links', undefined)).toMatchObject({ days: 30, noticeDays: 0 })
    expect(retentionOf('audit_events', undefined).days).toBe(730)
    expect(retentionOf('auxiliary', undefined).days, 'each row says itself').toBeUndefined()
    for (const kind of DATA_KIND_NAMES) expect(retentionOf(kind, undefined).ground).not.toBe('')
  })

  test.each([
    ['links', { days: 0 }, 'days: from 1 to 3650'],
    ['links', { days: 10, noticeDays: 10 }, 'notice_days: shorter than the period'],
    ['links', { noticeDays: 366 }, 'notice_days: at most 365'],
    ['auxiliary', { days: 10 }, 'days: this kind ends by itself'],
    ['ended_links', { noticeDays: 3 }, 'notice_days: nobody is warned of the end of this kind'],
    ['audit_events', { days: 89 }, 'days: from 90 to 3650'],
    ['links', { days: 365, noticeDays: 14 }, undefined],
  ] as const)('%s with %j: %s', (kind, rule, problem) => {
    const whole = { days: undefined, noticeDays: undefined, ground: undefined, ...rule }
    expect(whatIsWrongWith(kind, whole)).toBe(problem)
  })
})
