/** What a bench says: a table for people, and as its very last line one JSON object for programs. */
import os from 'node:os'

/** The value below which `share` of the numbers lie. */
export function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

/** Three significant places are more than a shared machine can promise. */
export function round(value: number, places = 2): number {
  return Number(value.toFixed(places))
}

/** Rows as aligned columns; the heading is the names of the first row's members. */
export function printTable(rows: readonly Readonly<Record<string, string | number>>[]): void {
  const names = Object.keys(rows[0] ?? {})
  const lines = [names, ...rows.map((row) => names.map((name) => String(row[name] ?? '')))]
  const widths = names.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  )
  for (const line of lines)
    console.log(line.map((text, column) => text.padStart(widths[column] ?? 0)).join('  '))
}

export function printJson(figures: object): void {
  console.log(JSON.stringify(figures))
}

/** What the figures were measured on. */
export function machine(): string {
  return `Node ${process.version}, ${os.cpus().length} cores (${os.cpus()[0]?.model ?? 'unknown'}), ${os.platform()}.`
}
