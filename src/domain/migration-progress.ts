/** How far a key migration is, as one line for whoever watches it. */

/** What is looked at, and when, milliseconds. */
export interface Sample {
  done: number
  total: number
  at: number
}

const WIDTH = 24

/**
 * `[########----------------]  33 %  4 000 of 12 000  1 300/s  6 s left`: rate and remaining time since `first`; no rate
 * before anything has moved, and no time before there is a rate.
 */
export function progressLine(first: Sample, now: Sample): string {
  const share = now.total === 0 ? 0 : Math.min(1, now.done / now.total)
  const filled = Math.round(share * WIDTH)
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}]`
  const percent = `${String(Math.floor(share * 100)).padStart(3)} %`
  const seconds = (now.at - first.at) / 1000
  const rate = seconds > 0 ? (now.done - first.done) / seconds : 0
  const parts = [bar, percent, `${grouped(now.done)} of ${grouped(now.total)}`]
  if (rate > 0) parts.push(`${grouped(Math.round(rate))}/s`, left((now.total - now.done) / rate))
  return parts.join('  ')
}

function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ' ')
}

function left(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s left`
  return seconds < 5400
    ? `${Math.ceil(seconds / 60)} min left`
    : `${Math.ceil(seconds / 3600)} h left`
}
