/** When an event that was not taken is offered again. */
import { HOUR, MINUTE, SECOND } from './time.ts'

/** After the first attempt, the second, …; the schedule that Standard Webhooks suggests, 28 hours in all. */
const PAUSES = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR]
const JITTER = 0.2

/**
 * Milliseconds until the next attempt after `attempts` of them, a fifth more or less so that many do not come back at once
 * (`chance` in 0 to 1); undefined when there is none.
 */
export function pauseAfter(attempts: number, chance: number): number | undefined {
  const pause = PAUSES[attempts - 1]
  return pause === undefined
    ? undefined
    : Math.round(pause * (1 - JITTER + 2 * JITTER * Math.min(1, Math.max(0, chance))))
}
