/** How exactly a tenant keeps when an identifier or a link was last used: whoever reads the rows sees no more than that. */
import { DAY, fromInstant, type IsoInstant, toInstant } from './time.ts'

export const LAST_USE = ['exact', 'day'] as const
/** `day`: the beginning of the day in UTC. Using it again on that day then writes nothing. */
export type LastUse = (typeof LAST_USE)[number]

/** A use at `at`, milliseconds, as it is kept. */
export function instantOfUse({ lastUsed }: { lastUsed: LastUse }, at: number): IsoInstant {
  return toInstant(lastUsed === 'day' ? startOfDay(at) : at)
}

/**
 * The latest that a kept instant can mean, milliseconds. What stands for a day may have been any time of it, so nothing
 * ends a day too early, nor does a notice that was given in the morning count after a use in the afternoon.
 */
export function latestUse(kept: IsoInstant): number {
  const at = fromInstant(kept)
  return at === startOfDay(at) ? at + DAY - 1 : at
}

/** The beginning of the day in UTC, milliseconds. */
export function startOfDay(at: number): number {
  return Math.floor(at / DAY) * DAY
}
