/** What is wrong with the shape of a document or a body: the place, the code, and what our own schema wants there. */
import type { z } from 'zod'

type Issue = z.core.$ZodIssue

const MOST_NAMES = 5

/** `where: code (what is wanted)`; `whole` is what the outermost value is called. Names what was given, never what it holds. */
export function tellIssue(issue: Issue, whole: string): string {
  const { path } = issue
  const where = path.length === 0 ? whole : path.map(nameOf).join('.')
  return `${where}: ${tellWhat(issue)}`
}

/** The same without the place. Not zod's own words, for some of those quote what it received. */
export function tellWhat(issue: Issue): string {
  if (issue.code === 'custom') return issue.message
  const wanted = wantedBy(issue)
  return wanted === undefined ? issue.code : `${issue.code} (${wanted})`
}

/** A member's name may be anybody's invention: only what looks like a name is repeated. */
export function nameOf(step: PropertyKey): string {
  const name = String(step)
  return /^[A-Za-z0-9_.-]{1,64}$/.test(name) ? name : '?'
}

function wantedBy(issue: Issue): string | undefined {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.slice(0, MOST_NAMES).map(nameOf).join(', ')
    case 'invalid_type':
      return `${issue.expected} expected`
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`
    case 'too_small':
      return `at least ${issue.minimum}`
    case 'too_big':
      return `at most ${issue.maximum}`
    default:
      return undefined
  }
}
