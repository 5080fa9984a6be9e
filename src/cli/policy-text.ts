/** Findings, changes and explanations as lines a person reads in a terminal. */
import type { MemberChange } from '../domain/policy-diff.ts'
import type { Explanation, Outcome, OutcomeChange } from '../domain/policy-explain.ts'
import type { Finding } from '../domain/policy-finding.ts'
import type { Json } from '../domain/text.ts'
import { tableOf } from './terminal.ts'

/** A line a finding, errors first. */
export function findingLines(findings: readonly Finding[]): readonly string[] {
  const errorsFirst = findings.toSorted((a, b) => (a.severity < b.severity ? -1 : 1))
  return errorsFirst.map(
    ({ severity, code, kind, path, message }) =>
      `${severity.padEnd(7)}  ${kind}: ${path}: ${message} [${code}]`,
  )
}

const SIGNS = { added: '+', removed: '-', changed: '~', reordered: '↕' } as const

/** A line a member: `+` new, `-` gone, `~` another value, `↕` another order. */
export function changeLines(kind: string, members: readonly MemberChange[]): readonly string[] {
  return members.map(({ path, change, before, after }) => {
    const values = [before, after].filter((value) => value !== undefined).map(short)
    return [SIGNS[change], `${kind}: ${path}`, values.join(' → ')].join(' ').trimEnd()
  })
}

/** A table with a row for each login, what it came to and would come to. */
export function outcomeLines(outcomes: readonly OutcomeChange[]): readonly string[] {
  if (outcomes.length === 0) return []
  const rows = outcomes.map(({ name, changed, before, after }) => [
    ...[name, changed ? 'CHANGES' : 'same', tellOutcome(before), tellOutcome(after)],
  ])
  return [tableOf(['login', '', 'now', 'then'], rows)]
}

/** Everything about one login: what is asked and shown, every rule, and the end. */
export function explanationLines(explanation: Explanation): readonly string[] {
  const { name, missing, untrusted, shown, open, unidentified, rules } = explanation
  return [
    name,
    ...missing.map(({ query, path }) => `  not shown: ${path} (of ${query})`),
    ...untrusted.map((query) => `  no trust entry vouches for the answer to ${query}`),
    `  attributes shown: ${listOr(shown, 'none')}`,
    ...(open.length === 0 ? [] : [`  the institution must have: ${open.join(', ')}`]),
    ...(unidentified.length === 0 ? [] : [`  no identifier: ${unidentified.join(', ')}`]),
    ...rules.map(({ rule, outcome, held, failed }) => {
      const why = [
        ...(held.length === 0 ? [] : [`holds: ${held.join(', ')}`]),
        ...(failed.length === 0 ? [] : [`does not hold: ${failed.join(', ')}`]),
      ]
      return `  rule ${rule}: ${outcome.replace('_', ' ')}${why.length === 0 ? '' : ` (${why.join('; ')})`}`
    }),
    `  → ${tellOutcome(explanation)}`,
  ]
}

function tellOutcome(outcome: Outcome | undefined): string {
  if (outcome === undefined) return 'nobody can log in yet'
  const { refused, decision } = outcome
  if (refused !== undefined) return `refused: ${refused}`
  if (decision === undefined) return 'undecided'
  const { plan: word, ...fields } = decision.plan
  const told = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined || (Array.isArray(value) && value.length === 0)
      ? []
      : [`${name}=${short(value as Json)}`],
  )
  return [word, ...told, `by ${decision.rule}`].join(' ')
}

function listOr(list: readonly string[], nothing: string): string {
  return list.length === 0 ? nothing : list.join(', ')
}

/** A value in a line; a longer one is cut. */
function short(value: Json): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`
}
