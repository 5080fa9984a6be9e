import { describe, expect, test } from 'vitest'
import type { BindingId, MatchId } from '../../src/domain/ids.ts'
import { decideInactive } from '../../src/domain/inactivity.ts'
import { instantOfUse, latestUse } from '../../src/domain/last-use.ts'
import { DAY, fromInstant, type IsoInstant } from '../../src/domain/time.ts'

const AFTERNOON = Date.UTC(2026, 2, 3, 15, 4, 5, 6)

describe('issue 4.7 when something was last used', () => {
  test('is kept to the millisecond, or to the day in UTC', () => {
    expect(instantOfUse({ lastUsed: 'exact' }, AFTERNOON)).toBe('2026-03-03T15:04:05.006Z')
    expect(instantOfUse({ lastUsed: 'day' }, AFTERNOON)).toBe('2026-03-03T00:00:00.000Z')
    const midnight = Date.UTC(2026, 2, 3)
    expect(instantOfUse({ lastUsed: 'day' }, midnight)).toBe('2026-03-03T00:00:00.000Z')
    expect(instantOfUse({ lastUsed: 'day' }, midnight - 1)).toBe('2026-03-02T00:00:00.000Z')
  })

  test('a day may mean any time of it, an exact time itself', () => {
    expect(latestUse('2026-03-03T00:00:00.000Z' as IsoInstant)).toBe(Date.UTC(2026, 2, 4) - 1)
    const exact = '2026-03-03T00:00:00.001Z' as IsoInstant
    expect(latestUse(exact)).toBe(fromInstant(exact))
  })

  test('nothing ends before its period is over, though only the day is known', () => {
    const lastUsedAt = latestUse(instantOfUse({ lastUsed: 'day' }, AFTERNOON))
    const key = { id: 'm' as MatchId, side: 'A', type: 'KEY', hash: 'h' } as const
    const held = [{ ...key, lastUsedAt }]
    const endedAt = (now: number) =>
      decideInactive(held, [], { now, days: 1, noticeDays: 0 }).matches.length
    expect(endedAt(AFTERNOON + DAY)).toBe(0)
    expect(endedAt(Date.UTC(2026, 2, 5))).toBe(1)
  })

  test('a use in the afternoon undoes a notice of the morning', () => {
    const lastUsedAt = latestUse(instantOfUse({ lastUsed: 'day' }, AFTERNOON))
    const bound = {
      ...{ id: 'b' as BindingId, matchId: 'm' as MatchId, accountHash: undefined, proved: [] },
      ...{ lastUsedAt, warnedAt: Date.UTC(2026, 2, 3, 8) },
    }
    const later = { now: AFTERNOON + 20 * DAY, days: 10, noticeDays: 5 }
    expect(decideInactive([], [bound], later)).toMatchObject({ bindings: [], warned: ['b'] })
  })
})
