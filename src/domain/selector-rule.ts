/**
 * One rule of the selector: conditions that must all hold, values of which one must, and the plan that follows. A
 * condition that is absent or empty asks nothing.
 */
import { z } from 'zod'
import { WALLET_WAYS } from './assurance.ts'
import { compilePattern, LONGEST_PATTERN } from './pattern.ts'
import { Plan } from './plan.ts'

/** How well a presentation is known (`domain/recognition.ts`). AMBIGUOUS is no condition: it always ends the login. */
export const RULE_STATES = [
  'MATCHED_HOLDER_KEY',
  'MATCHED_SUBJECT',
  'MATCHED_CLAIM_TUPLE',
  'NOT_FOUND',
  'EXPIRED_BINDING',
] as const
export type RuleState = (typeof RULE_STATES)[number]
export type HolderState = RuleState | 'AMBIGUOUS'

export const ENTRY_POINTS = ['wallet', 'direct'] as const
export type EntryPoint = (typeof ENTRY_POINTS)[number]

/** Why the selector is asked: an ordinary login, or one whose relying party wants the institution's word now. */
export const TRIGGERS = ['login', 'force_reconciliation'] as const
export type Trigger = (typeof TRIGGERS)[number]

const PatternText = z
  .string()
  .max(LONGEST_PATTERN)
  .refine((source) => compilePattern(source) !== undefined, 'is no pattern, or too large a one')

/** A canonical attribute, and member names below it. */
const path = z.array(z.string().min(1).max(128)).min(1).max(8)
const value = z.union([z.string().max(1024), z.number(), z.boolean()])

const Predicate = z.discriminatedUnion('operator', [
  /** There is such an attribute, be it empty. */
  z.strictObject({ path, operator: z.literal('EXISTS') }),
  /** It says something: neither null nor empty text nor an empty list. */
  z.strictObject({ path, operator: z.literal('NOT_EMPTY') }),
  /** It is this value, of this type; of a list, nothing. */
  z.strictObject({ path, operator: z.literal('EQUALS'), value }),
  /** A list that has this value, or a text that has this part. */
  z.strictObject({ path, operator: z.literal('CONTAINS'), value }),
  /** A text, or one text of a list, matches the pattern whole. */
  z.strictObject({ path, operator: z.literal('REGEX'), value: PatternText }),
])
export type Predicate = z.infer<typeof Predicate>

const name = z.string().min(1).max(1024)
const Conditions = z.strictObject({
  /** Slugs: one document may serve several tenants. */
  tenants: z.array(z.string().min(1).max(63)).max(200).optional(),
  entryPoints: z.array(z.enum(ENTRY_POINTS)).max(2).optional(),
  /** How the wallet was reached: one of these. A code that was scanned may have been relayed (protocols VP-133). */
  ways: z.array(z.enum(WALLET_WAYS)).max(WALLET_WAYS.length).optional(),
  triggers: z.array(z.enum(TRIGGERS)).max(2).optional(),
  /** Ids of credential queries, of which the wallet answered one. */
  queries: z
    .array(z.string().regex(/^[A-Za-z0-9_-]{1,64}$/))
    .max(16)
    .optional(),
  /** Places of credential sets in the query, counted from 0, of which the wallet answered one. */
  credentialSets: z.array(z.int().min(0).max(49)).max(50).optional(),
  /** Types (`vct`) of credentials, of which one was presented. */
  credentialTypes: z.array(name).max(50).optional(),
  /** Patterns; an issuer of a presented credential matches one whole. */
  issuers: z.array(PatternText).max(50).optional(),
  /** Of the canonical attributes the wallet showed: all of these hold. */
  attributes: z.array(Predicate).max(20).optional(),
  states: z.array(z.enum(RULE_STATES)).max(RULE_STATES.length).optional(),
  /** Scopes the relying party asks for, which decide what is projected: one of these is among them. */
  projections: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,64}$/))
    .max(50)
    .optional(),
  /** Client ids: one of these asks. */
  relyingParties: z.array(z.string().min(1).max(512)).max(200).optional(),
  /** Whether a material of the binding has changed since it was proven. */
  refreshDue: z.boolean().optional(),
})
export type Conditions = z.infer<typeof Conditions>
export type ConditionName = keyof Conditions

export const SelectorRule = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/),
  enabled: z.boolean().default(true),
  /** The higher number goes first; of equal ones the smaller id, in the order of characters. */
  priority: z.int().min(-1_000_000).max(1_000_000).default(0),
  when: Conditions.default({}),
  plan: Plan,
})
export type SelectorRule = z.infer<typeof SelectorRule>

/** The rules in the order they are asked. */
export function inOrder(rules: readonly SelectorRule[]): SelectorRule[] {
  return [...rules].sort(
    (a, b) => b.priority - a.priority || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
  )
}

/** Conditions whose values are a closed list: naming all of them asks nothing. */
const WHOLE: { readonly [Name in ConditionName]?: number } = {
  entryPoints: ENTRY_POINTS.length,
  triggers: TRIGGERS.length,
  states: RULE_STATES.length,
}

/** A condition's values as texts to compare; undefined where it asks nothing. */
function demands(when: Conditions, condition: ConditionName): ReadonlySet<string> | undefined {
  const asked = when[condition]
  if (asked === undefined) return undefined
  const values = new Set([asked].flat().map((one) => JSON.stringify(one)))
  return values.size === 0 || values.size === WHOLE[condition] ? undefined : values
}

function isWithin(some: ReadonlySet<string>, all: ReadonlySet<string>): boolean {
  return [...some].every((value) => all.has(value))
}

/** Whether every presentation that meets `narrow` also meets `wide`, as far as their texts tell. */
export function covers(wide: Conditions, narrow: Conditions): boolean {
  return (Object.keys(wide) as ConditionName[]).every((condition) => {
    const open = demands(wide, condition)
    if (open === undefined) return true
    const asked = demands(narrow, condition)
    if (asked === undefined) return false
    // All predicates must hold, so more of them are narrower; of the other conditions one value must.
    return condition === 'attributes' ? isWithin(open, asked) : isWithin(asked, open)
  })
}

/** Whether no login can meet the conditions: one that began without a wallet presents nothing. */
export function isContradictory(when: Conditions): boolean {
  const entries = demands(when, 'entryPoints')
  const directOnly = entries?.size === 1 && entries.has('"direct"')
  const needsWallet = [
    'ways',
    'queries',
    'credentialSets',
    'credentialTypes',
    'issuers',
    'attributes',
  ] as const
  return directOnly && needsWallet.some((condition) => demands(when, condition) !== undefined)
}
