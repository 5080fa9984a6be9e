/** What a run says: a table, the causes, and one line for machines. */
import type { Result } from './run.ts'

const HEADING = [
  ...['policies', 'people', 'logins', 'persons', 'wrong links', 'missed links', 'of returning'],
  ...['asked again', 'mix-ups refused'],
]

export function reportLines(results: readonly Result[]): string[] {
  const rows = results.map(({ set, people, tally }) => [
    ...[set, people, tally.visits, tally.persons, tally.wrongLinks, tally.missedLinks].map(String),
    share(tally.missedLinks, tally.returning),
    share(tally.askedAgain, tally.returning),
    tally.mixUps === 0 ? 'none made' : `${tally.mixUpsRefused} of ${tally.mixUps}`,
  ])
  const all = [HEADING, ...rows]
  const widths = HEADING.map((_, column) =>
    Math.max(...all.map((row) => (row[column] ?? '').length)),
  )
  const table = all.map((row) =>
    row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '),
  )
  return [...table, ...results.flatMap(causes)]
}

function causes({ set, tally }: Result): string[] {
  const list = (title: string, found: ReadonlyMap<string, number>) =>
    found.size === 0
      ? []
      : [
          '',
          `${set}: ${title}`,
          ...[...found]
            .sort(([, a], [, b]) => b - a)
            .map(([cause, count]) => `${String(count).padStart(8)}  ${cause}`),
        ]
  return [
    ...list('why links were missed', tally.missed),
    ...list('why known wallets had to prove an account again', tally.asked),
  ]
}

/** The last line: sums over all policy sets, and each set by its name. */
export function summaryOf(results: readonly Result[]) {
  const sum = (of: (result: Result) => number) =>
    results.reduce((total, result) => total + of(result), 0)
  const sets = results.map(({ set, tally }) => [
    set,
    { wrong_links: tally.wrongLinks, missed_links: tally.missedLinks, logins: tally.visits },
  ])
  return {
    wrong_links: sum(({ tally }) => tally.wrongLinks),
    missed_links: sum(({ tally }) => tally.missedLinks),
    people: Math.max(0, ...results.map(({ people }) => people)),
    policies: Object.fromEntries(sets) as Record<string, object>,
  }
}

function share(part: number, of: number): string {
  return of === 0 ? '-' : `${((100 * part) / of).toFixed(2)} %`
}
