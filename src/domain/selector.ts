/**
 * The selector: rules that choose what happens, first match by priority and then id, and a default. The document is
 * refused as a whole when a rule could never be the first match, for its author believes that it is.
 */
import { z } from 'zod'
import { isIdv, Plan } from './plan.ts'
import { covers, inOrder, isContradictory, SelectorRule } from './selector-rule.ts'

const MOST_RULES = 200

/** The policy document of kind `selector`. */
export const SelectorPolicy = z
  .strictObject({
    rules: z.array(SelectorRule).max(MOST_RULES).default([]),
    /**
     * Where no rule matches: for a stranger, and for whoever has to prove again. A known holder's binding is used as it
     * is then, and a candidate is confirmed as this plan says (`domain/choose-plan.ts`).
     */
    default: Plan,
  })
  .superRefine((policy, context) => {
    for (const { index, member, message } of ruleProblems(policy.rules))
      context.addIssue({ code: 'custom', path: ['rules', index, member], message })
  })
export type SelectorPolicy = z.infer<typeof SelectorPolicy>

/** Slugs of the providers that any plan leads to, each once. */
export function providersNamed(policy: SelectorPolicy): string[] {
  const plans = [policy.default, ...policy.rules.map(({ plan }) => plan)]
  return [...new Set(plans.filter(isIdv).map(({ provider }) => provider))]
}

interface RuleProblem {
  index: number
  member: 'id' | 'when'
  message: string
}

function ruleProblems(rules: readonly SelectorRule[]): RuleProblem[] {
  const problems: RuleProblem[] = []
  const seen = new Set<string>()
  rules.forEach((rule, index) => {
    if (seen.has(rule.id)) problems.push({ index, member: 'id', message: 'occurs twice' })
    seen.add(rule.id)
    if (rule.enabled && isContradictory(rule.when))
      problems.push({
        index,
        member: 'when',
        message: 'can never hold: a login without a wallet presents no credential',
      })
  })
  const live = inOrder(rules.filter(({ enabled }) => enabled))
  live.forEach((rule, place) => {
    const before = live.slice(0, place).find((other) => covers(other.when, rule.when))
    if (before === undefined) return
    const index = rules.indexOf(rule)
    // An id is ours to repeat: it has been read by its own rule, and names no person.
    problems.push({ index, member: 'when', message: `is never reached behind rule ${before.id}` })
  })
  return problems
}
