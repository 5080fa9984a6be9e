/** What of a person ends for not being used, and what they are warned of first. */
import type { BindingId, MatchId } from './ids.ts'
import { DAY } from './time.ts'
import { type OwnBinding, type OwnMatch, orphansOf } from './unlink.ts'

/** The reason that stands on what ended. */
export const INACTIVE = 'INACTIVE'

export interface AgedMatch extends OwnMatch {
  /** Milliseconds since the epoch, here and below. */
  lastUsedAt: number
}

export interface AgedBinding extends OwnBinding {
  lastUsedAt: number
  warnedAt: number | undefined
}

export interface Inactive {
  /** Bindings whose end is told now. */
  warned: readonly BindingId[]
  bindings: readonly BindingId[]
  matches: readonly MatchId[]
}

/**
 * A binding ends after `days` without use, and never before it was told `noticeDays` long: shortening the period takes
 * nothing away unannounced. With it goes what of the wallet's side nothing rests on any more; and of somebody without a
 * binding every match that was not used for as long, accounts too, so that nothing is kept that nobody uses.
 */
export function decideInactive(
  matches: readonly AgedMatch[],
  bindings: readonly AgedBinding[],
  { now, days, noticeDays }: { now: number; days: number; noticeDays: number },
): Inactive {
  const isUnused = (row: { lastUsedAt: number }, least: number) =>
    now - row.lastUsedAt >= least * DAY
  const isTold = ({ warnedAt, lastUsedAt }: AgedBinding, least: number) =>
    warnedAt !== undefined && warnedAt >= lastUsedAt && now - warnedAt >= least * DAY
  const ended = bindings.filter(
    (binding) => isUnused(binding, days) && (noticeDays === 0 || isTold(binding, noticeDays)),
  )
  const warned = bindings.filter(
    (binding) => noticeDays > 0 && isUnused(binding, days - noticeDays) && !isTold(binding, 0),
  )
  const alone = ended.length === bindings.length ? matches.filter((row) => isUnused(row, days)) : []
  const gone = [...orphansOf(matches, bindings, ended), ...alone.map(({ id }) => id)]
  return {
    warned: warned.map(({ id }) => id).sort(),
    bindings: ended.map(({ id }) => id).sort(),
    matches: [...new Set(gone)].sort(),
  }
}
