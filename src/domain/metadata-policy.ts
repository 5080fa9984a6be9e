/**
 * Metadata policies (OpenID Federation 1.0 section 6.1): what superiors of a federation make of what an entity says of itself.
 * They are merged from the trust anchor downwards, and applied once.
 */
import type { Json, JsonObject } from './text.ts'

/** Operators by parameter, of one entity type. */
export type MetadataPolicy = Readonly<Record<string, Readonly<Record<string, Json>>>>

/** In the order in which they are applied (section 6.1.3.1). */
const OPERATORS = [
  'value',
  'add',
  'default',
  'one_of',
  'subset_of',
  'superset_of',
  'essential',
] as const
type Operator = (typeof OPERATORS)[number]
type Operators = Partial<Record<Operator, Json>>
const OF_LISTS: readonly Operator[] = ['add', 'one_of', 'subset_of', 'superset_of']
/** Which may not stand together whatever they say (section 6.1.3.1): the other combinations depend on their values. */
const APART: readonly (readonly [Operator, Operator])[] = [
  ['add', 'one_of'],
  ['one_of', 'subset_of'],
  ['one_of', 'superset_of'],
]

/** Thrown where policies contradict each other, or metadata does not obey. */
export class MetadataPolicyError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'MetadataPolicyError'
  }
}

/**
 * Returns what two policies say together, of which the first is the superior's (section 6.1.4.1). `critical` are operators that
 * must be understood; others that are not are left out. Throws {@link MetadataPolicyError}.
 */
export function mergePolicies(
  superior: MetadataPolicy,
  subordinate: MetadataPolicy,
  critical: readonly string[] = [],
): MetadataPolicy {
  const unknown = critical.filter((name) => !OPERATORS.some((known) => known === name))
  if (unknown.length > 0) refuse('an operator that must be understood')
  const merged: Record<string, Operators> = Object.create(null)
  for (const name of new Set([...Object.keys(superior), ...Object.keys(subordinate)])) {
    merged[name] = mergeOperators(own(superior, name), own(subordinate, name))
    checkCombination(merged[name])
  }
  return merged as MetadataPolicy
}

/**
 * Returns metadata as a policy makes it: parameters are set, removed, filled in and held against it (section 6.1.4.2). Throws
 * {@link MetadataPolicyError}.
 */
export function applyPolicy(policy: MetadataPolicy, metadata: JsonObject): JsonObject {
  const made: Record<string, Json> = Object.assign(Object.create(null), metadata)
  for (const [name, operators] of Object.entries(policy)) {
    const isScope = name === 'scope'
    const before = Object.hasOwn(made, name) ? made[name] : undefined
    const read = isScope && typeof before === 'string' ? before.split(' ') : before
    const after = applyOperators(readOperators(operators), read)
    if (after === undefined) delete made[name]
    else made[name] = isScope && Array.isArray(after) ? after.join(' ') : after
  }
  return made
}

function own(policy: MetadataPolicy, name: string): Operators {
  return Object.hasOwn(policy, name) ? readOperators(policy[name]) : {}
}

function readOperators(value: Json | Readonly<Record<string, Json>> | undefined): Operators {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse('no policy')
  const given = value as Readonly<Record<string, Json>>
  const read: Operators = {}
  for (const name of OPERATORS) {
    const operand = Object.hasOwn(given, name) ? given[name] : undefined
    if (operand === undefined) continue
    if (OF_LISTS.includes(name) && !Array.isArray(operand)) refuse(`${name} without a list`)
    if (name === 'essential' && typeof operand !== 'boolean') refuse('essential is true or false')
    if (name === 'default' && operand === null) refuse('a default that is nothing')
    read[name] = operand
  }
  return read
}

function mergeOperators(superior: Operators, subordinate: Operators): Operators {
  const merged: Operators = { ...subordinate, ...superior }
  for (const name of OPERATORS) {
    const [above, below] = [superior[name], subordinate[name]]
    if (above !== undefined && below !== undefined) merged[name] = mergeOne(name, above, below)
  }
  return merged
}

function mergeOne(name: Operator, above: Json, below: Json): Json {
  switch (name) {
    case 'value':
    case 'default':
      return isSame(above, below) ? above : refuse(`${name} contradicts ${name}`)
    case 'add':
    case 'superset_of':
      return union(listOf(above), listOf(below))
    case 'subset_of':
      return intersection(listOf(above), listOf(below))
    case 'one_of': {
      const left = intersection(listOf(above), listOf(below))
      return left.length > 0 ? left : refuse('one_of contradicts one_of')
    }
    case 'essential':
      return above === true || below === true
  }
}

/** Combinations that leave no metadata obeying both (section 6.1.3.1). */
function checkCombination(operators: Operators): void {
  if (
    APART.some(([one, other]) => operators[one] !== undefined && operators[other] !== undefined)
  ) {
    refuse('operators that may not stand together')
  }
  const { value, add, preset, oneOf, subset, superset } = named(operators)
  if (value === null && (preset !== undefined || operators.essential === true)) {
    refuse('nothing is the value, and something must be')
  }
  if (value !== undefined) {
    if (add !== undefined && !isWithin(add, value)) refuse('value without what is added')
    if (oneOf !== undefined && !has(listOf(oneOf), value)) {
      refuse('value is none of one_of')
    }
    if (subset !== undefined && !isWithin(value, subset)) refuse('value beyond subset_of')
    if (superset !== undefined && !isWithin(superset, value)) refuse('value less than superset_of')
  }
  if (subset !== undefined) {
    if (add !== undefined && !isWithin(add, subset)) refuse('adds beyond subset_of')
    if (superset !== undefined && !isWithin(superset, subset)) refuse('superset beyond subset')
  }
}

/** The operators by names that a variable may have. */
function named(operators: Operators) {
  const { value, add, default: preset, one_of: oneOf, subset_of: subset } = operators
  return { value, add, preset, oneOf, subset, superset: operators.superset_of }
}

function applyOperators(operators: Operators, before: Json | undefined): Json | undefined {
  checkCombination(operators)
  const { value, add, preset, oneOf, subset, superset } = named(operators)
  let found = before
  if (value !== undefined) found = value ?? undefined
  if (add !== undefined) found = found === undefined ? add : union(listOf(found), listOf(add))
  if (preset !== undefined) found ??= preset
  if (found === undefined) {
    return operators.essential === true ? refuse('an essential parameter is missing') : undefined
  }
  const current = found
  if (oneOf !== undefined && !has(listOf(oneOf), current)) refuse('none of one_of')
  if (subset !== undefined) found = intersection(listOf(found), listOf(subset))
  if (superset !== undefined && !isWithin(superset, found)) refuse('less than superset_of')
  return found
}

function listOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [value]
}

function isWithin(inner: Json, outer: Json): boolean {
  const keys = keysOf(listOf(outer))
  return listOf(inner).every((one) => keys.has(keyOf(one)))
}

function union(one: readonly Json[], other: readonly Json[]): Json[] {
  const keys = keysOf(one)
  return [...one, ...other.filter((item) => !keys.has(keyOf(item)))]
}

function intersection(one: readonly Json[], other: readonly Json[]): Json[] {
  const keys = keysOf(other)
  return one.filter((item) => keys.has(keyOf(item)))
}

function has(list: readonly Json[], item: Json): boolean {
  const key = keyOf(item)
  return list.some((one) => keyOf(one) === key)
}

function isSame(one: Json, other: Json): boolean {
  return keyOf(one) === keyOf(other)
}

/** Lists are held against each other by these: by the values themselves two long ones would take their product in time. */
function keysOf(list: readonly Json[]): ReadonlySet<string> {
  return new Set(list.map(keyOf))
}

/** Returns the same text for what is the same here: lists are sets, objects have their members in any order. */
function keyOf(value: Json): string {
  if (!Array.isArray(value)) return JSON.stringify(sorted(value))
  return `[${[...keysOf(value as readonly Json[])].toSorted().join()}]`
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map((one: Json) => sorted(one))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value as JsonObject).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, one]) => [name, sorted(one)]))
}

function refuse(message: string): never {
  throw new MetadataPolicyError(message)
}
