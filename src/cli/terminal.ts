/** Where a command speaks: results on standard output, all else on standard error. */
export interface Terminal {
  readonly environment: { readonly [name: string]: string | undefined }
  out(line: string): void
  err(line: string): void
}

/** Rows under a heading, columns as wide as their widest cell. */
export function tableOf(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heading, ...rows]
  const widths = heading.map((_, column) =>
    Math.max(...all.map((row) => (row[column] ?? '').length)),
  )
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
