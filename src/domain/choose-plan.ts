/**
 * Which plan a login gets, why, and why not another. Asked at every presentation, the known holder's included; the same
 * document and facts always give the same plan.
 */
import type { WalletWay } from './assurance.ts'
import type { Attributes } from './attributes.ts'
import { compilePattern, type Pattern } from './pattern.ts'
import { isIdv, type Plan } from './plan.ts'
import type { SelectorPolicy } from './selector.ts'
import {
  type ConditionName,
  type Conditions,
  type EntryPoint,
  type HolderState,
  inOrder,
  type Predicate,
  type SelectorRule,
  type Trigger,
} from './selector-rule.ts'
import type { Json } from './text.ts'

/** What the selector knows of a login. */
export interface SelectorFacts {
  /** Slug. */
  tenant: string
  entryPoint: EntryPoint
  /** How the wallet was reached; absent for a login without one. */
  way?: WalletWay | undefined
  trigger: Trigger
  /** Of the presentation; all empty for a login without a wallet. */
  queries: readonly string[]
  credentialSets: readonly number[]
  credentialTypes: readonly string[]
  issuers: readonly string[]
  /** Canonical, of the wallet. */
  attributes: Attributes
  state: HolderState
  /** The state names somebody who only may be this person: nobody is logged in or linked before it is confirmed. */
  candidate: boolean
  /** The state names the very person, though by a tuple; only where the tenant's material lets a tuple identify. */
  identified?: boolean
  /** Scopes granted to the relying party. */
  projections: readonly string[]
  /** Client id. */
  relyingParty: string
  /** A material of the holder's binding has changed since it was proven. */
  refreshDue: boolean
}

/** Why: the conditions of the winning rule that asked something, or the built-in's own word. Nothing about the person. */
export interface Decision {
  plan: Plan
  /** Id of the rule, or one of ours that stands in no document: `builtin:` and a word; no rule's id holds a colon. */
  rule: string
  reasons: readonly string[]
}

/** A document, ready to be asked: sorted, and with its patterns compiled. */
export interface PreparedSelector {
  readonly policy: SelectorPolicy
  /** Enabled rules, first match wins. */
  readonly rules: readonly SelectorRule[]
  readonly patterns: ReadonlyMap<string, Pattern>
  /** Whether any rule looks into the presentation; otherwise it need not be opened. */
  readonly readsPresentation: boolean
}

const OF_PRESENTATION = [
  ...['queries', 'credentialSets', 'credentialTypes', 'issuers', 'attributes'],
] as const satisfies readonly ConditionName[]

/** Once for each published document. */
export function prepareSelector(policy: SelectorPolicy): PreparedSelector {
  const rules = inOrder(policy.rules.filter(({ enabled }) => enabled))
  const sources = rules.flatMap(({ when }) => [
    ...(when.issuers ?? []),
    ...(when.attributes ?? []).flatMap((one) => (one.operator === 'REGEX' ? [one.value] : [])),
  ])
  const patterns = sources.flatMap((source) => {
    const pattern = compilePattern(source)
    return pattern === undefined ? [] : [[source, pattern] as const]
  })
  return {
    policy,
    rules,
    patterns: new Map(patterns),
    readsPresentation: rules.some(({ when }) =>
      OF_PRESENTATION.some((name) => (when[name] ?? []).length > 0),
    ),
  }
}

/** The plan for these facts: the first rule that matches, else a built-in one. */
export function choosePlan(selector: PreparedSelector, facts: SelectorFacts): Decision {
  if (facts.state === 'AMBIGUOUS') return AMBIGUOUS
  const rule = selector.rules.find(
    ({ when }) => failedConditions(selector, when, facts).length === 0,
  )
  if (rule === undefined) return withoutRule(selector.policy, facts)
  const asked = askedConditions(rule.when)
  return { plan: rule.plan, rule: rule.id, reasons: asked.length === 0 ? ['no_condition'] : asked }
}

const AMBIGUOUS: Decision = {
  plan: { plan: 'FAIL_CLOSED', reason: 'ambiguous_identity' },
  rule: 'builtin:ambiguous',
  reasons: ['ambiguous_identity'],
}

function withoutRule({ default: plan }: SelectorPolicy, facts: SelectorFacts): Decision {
  // A tuple suggests, unless the tenant's material says that it identifies.
  const byTuple = facts.state === 'MATCHED_CLAIM_TUPLE'
  const known =
    facts.state === 'MATCHED_HOLDER_KEY' ||
    facts.state === 'MATCHED_SUBJECT' ||
    (byTuple && facts.identified === true)
  if (known && !facts.candidate && facts.trigger === 'login') {
    return {
      plan: { plan: 'USE_EXISTING_BINDING', requiredAttributes: [] },
      rule: 'builtin:known-holder',
      reasons: ['no_rule_matched', 'holder_known'],
    }
  }
  if ((facts.candidate || (byTuple && facts.identified !== true)) && isIdv(plan)) {
    return {
      plan: { ...plan, plan: 'STEP_UP' },
      rule: 'builtin:candidate',
      reasons: ['no_rule_matched', 'candidate_unconfirmed'],
    }
  }
  return { plan, rule: 'builtin:default', reasons: ['no_rule_matched'] }
}

/** What became of one rule. */
export interface RuleOutcome {
  rule: string
  /** `outranked`: it matches, but an earlier one came first. */
  outcome: 'chosen' | 'outranked' | 'not_matched' | 'disabled'
  /** Conditions that held, and those that did not, predicates by their place: `attributes.0`. */
  held: readonly string[]
  failed: readonly string[]
}

/** Every rule in the order it was asked, disabled ones at the end, then the built-in one if it decided. */
export function explainPlan(
  selector: PreparedSelector,
  facts: SelectorFacts,
): { decision: Decision; rules: readonly RuleOutcome[] } {
  const decision = choosePlan(selector, facts)
  const outcomes = selector.rules.map(({ id, when }): RuleOutcome => {
    const failed = failedConditions(selector, when, facts)
    const held = askedConditions(when).filter((one) => !failed.includes(one))
    if (failed.length > 0) return { rule: id, outcome: 'not_matched', held, failed }
    return { rule: id, outcome: id === decision.rule ? 'chosen' : 'outranked', held, failed }
  })
  const disabled = selector.policy.rules
    .filter(({ enabled }) => !enabled)
    .map(({ id }): RuleOutcome => ({ rule: id, outcome: 'disabled', held: [], failed: [] }))
  const { rule } = decision
  const builtIn: RuleOutcome[] = rule.startsWith('builtin:')
    ? [{ rule, outcome: 'chosen', held: decision.reasons, failed: [] }]
    : []
  return { decision, rules: [...outcomes, ...disabled, ...builtIn] }
}

/** Names of the conditions that ask something, in the order of the document's schema. */
function askedConditions(when: Conditions): string[] {
  return CONDITIONS.flatMap((condition) => {
    const asked = when[condition]
    if (asked === undefined) return []
    if (typeof asked === 'boolean') return [condition]
    if (condition === 'attributes') return asked.map((_, index) => `attributes.${index}`)
    return asked.length === 0 ? [] : [condition]
  })
}

const CONDITIONS = [
  ...['tenants', 'entryPoints', 'ways', 'triggers', 'queries', 'credentialSets', 'credentialTypes'],
  ...['issuers', 'attributes', 'states', 'projections', 'relyingParties', 'refreshDue'],
] as const satisfies readonly ConditionName[]

function failedConditions(
  selector: PreparedSelector,
  when: Conditions,
  facts: SelectorFacts,
): string[] {
  const matches = (source: string, text: string) => selector.patterns.get(source)?.(text) === true
  const failed: string[] = []
  const ask = (condition: ConditionName, holds: boolean) => {
    if (!holds) failed.push(condition)
  }
  ask('tenants', hasOne(when.tenants, [facts.tenant]))
  ask('entryPoints', hasOne(when.entryPoints, [facts.entryPoint]))
  ask('ways', hasOne(when.ways, facts.way === undefined ? [] : [facts.way]))
  ask('triggers', hasOne(when.triggers, [facts.trigger]))
  ask('queries', hasOne(when.queries, facts.queries))
  ask('credentialSets', hasOne(when.credentialSets, facts.credentialSets))
  ask('credentialTypes', hasOne(when.credentialTypes, facts.credentialTypes))
  ask('issuers', hasOne(when.issuers, facts.issuers, matches))
  when.attributes?.forEach((predicate, index) => {
    if (!holdsPredicate(predicate, facts.attributes, matches)) failed.push(`attributes.${index}`)
  })
  ask('states', hasOne(when.states, [facts.state]))
  ask('projections', hasOne(when.projections, facts.projections))
  ask('relyingParties', hasOne(when.relyingParties, [facts.relyingParty]))
  ask('refreshDue', when.refreshDue === undefined || when.refreshDue === facts.refreshDue)
  return failed
}

/** Whether one value asked for is among those there are; what asks nothing always holds. */
function hasOne<Asked, There>(
  asked: readonly Asked[] | undefined,
  there: readonly There[],
  fits: (asked: Asked, there: There) => boolean = (one, other) => Object.is(one, other),
): boolean {
  if (asked === undefined || asked.length === 0) return true
  return asked.some((one) => there.some((other) => fits(one, other)))
}

function holdsPredicate(
  predicate: Predicate,
  attributes: Attributes,
  matches: (source: string, text: string) => boolean,
): boolean {
  const value = valueAt(attributes, predicate.path)
  if (value === undefined) return false
  const isList = Array.isArray(value)
  switch (predicate.operator) {
    case 'EXISTS':
      return true
    case 'NOT_EMPTY':
      return value !== null && value !== '' && !(isList && value.length === 0)
    case 'EQUALS':
      return value === predicate.value
    case 'CONTAINS':
      if (isList) return value.includes(predicate.value)
      return (
        typeof value === 'string' &&
        typeof predicate.value === 'string' &&
        value.includes(predicate.value)
      )
    case 'REGEX':
      return (isList ? value : [value]).some(
        (one) => typeof one === 'string' && matches(predicate.value, one),
      )
  }
}

function valueAt(attributes: Attributes, path: readonly string[]): Json | undefined {
  let value: Json | undefined = attributes
  for (const name of path) {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
    const members: { readonly [name: string]: Json } = value as { readonly [name: string]: Json }
    value = Object.hasOwn(members, name) ? members[name] : undefined
  }
  return value
}
