/** What `bench -- login` says in the end. */
import { machine, printJson, printTable, round } from './report.ts'

export interface LoginRun {
  side: 'service' | 'floor'
  persons: number
  at_a_time: number
  logins: number
  logins_per_second: number
  p50_ms: number
  p95_ms: number
  p99_ms: number
  cpu_ms_per_login: number
  round_trips_per_login: number
  rss_mb: number
  heap_mb: number
}

/** The median login may take this much longer with the most people than with the fewest. */
const FLAT = 1.2

export function reportLogins(
  options: { persons: readonly number[]; seconds: number; concurrency: readonly number[] },
  runs: readonly LoginRun[],
): void {
  const { persons, seconds, concurrency } = options
  const [fewest = 0] = persons
  const most = persons.at(-1) ?? fewest
  const find = (side: LoginRun['side'], count: number, level: number) =>
    runs.find((run) => run.side === side && run.persons === count && run.at_a_time === level)
  const levels = concurrency.map((level) => {
    const [service, floor] = [find('service', fewest, level), find('floor', fewest, level)]
    return {
      at_a_time: level,
      ratio_to_floor: divide(floor?.cpu_ms_per_login, service?.cpu_ms_per_login),
      p50_growth: divide(find('service', most, level)?.p50_ms, service?.p50_ms),
    }
  })
  const all = (side: LoginRun['side']) =>
    cpuPerLogin(runs.filter((run) => run.side === side && run.persons === fewest))
  const ratio = divide(all('floor'), all('service'))
  const flat = fewest < most && levels.every(({ p50_growth }) => p50_growth <= FLAT)

  printTable(runs.map((run) => ({ ...run })))
  console.log(`\nratio_to_floor ${ratio}: CPU per login of the floor / of the service, all levels`)
  for (const { at_a_time, ratio_to_floor, p50_growth } of levels)
    console.log(`  ${at_a_time} at a time: ${ratio_to_floor}; p50 grows by ${p50_growth}`)
  console.log(
    `flat ${flat}: p50 with ${most} people <= ${FLAT} x p50 with ${fewest}, at every level`,
  )
  console.log('The service logs errors only; the floor and the driver log nothing.')
  console.log(machine())
  printJson({
    ...{ bench: 'login', ratio_to_floor: ratio, flat, flat_compares: [fewest, most] },
    ...{ levels, runs, seconds, machine: machine() },
  })
}

/** CPU milliseconds of one login, over runs of different length. */
function cpuPerLogin(runs: readonly LoginRun[]): number {
  const logins = runs.reduce((sum, run) => sum + run.logins, 0)
  return runs.reduce((sum, run) => sum + run.cpu_ms_per_login * run.logins, 0) / logins
}

function divide(one = Number.NaN, other = Number.NaN): number {
  return round(one / other)
}
