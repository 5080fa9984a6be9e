/**
 * Time as this service stores it: `YYYY-MM-DDTHH:MM:SS.sssZ`, 24 characters, always UTC, so that text order is time
 * order (the seed keeps timestamps as TEXT). Nothing else in the code base formats an instant.
 */

declare const instant: unique symbol
/** ISO 8601, UTC, milliseconds, `Z`: exactly 24 characters. */
export type IsoInstant = string & { readonly [instant]: true }

/** Returns now, in milliseconds since 1970-01-01T00:00:00Z. Injected everywhere; only `main.ts` reads the real one. */
export type Clock = () => number

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** The instant `at` milliseconds after the epoch. Throws RangeError outside the years 0 to 9999. */
export function toInstant(at: number): IsoInstant {
  const text = new Date(at).toISOString()
  if (text.length !== 24) throw new RangeError('instant outside the years 0 to 9999')
  return text as IsoInstant
}

/** Milliseconds since the epoch of a stored instant. */
export function fromInstant(at: IsoInstant): number {
  return Date.parse(at)
}

/** Whole seconds since the epoch, as JWT claims count them (RFC 7519, NumericDate). */
export function toSeconds(at: number): number {
  return Math.floor(at / SECOND)
}

/**
 * Whether `since` is less than `span` ago; all in milliseconds. Not for a time to come: the clock was put back, and how long
 * ago it was nobody knows, so whoever remembers something for a while must not remember it until the clock has caught up.
 */
export function isRecent(since: number, span: number, now: number): boolean {
  return since <= now && now - since < span
}
