/**
 * What is said of a person under a tenant's rules: read from either side, merged, kept, carried, released.
 *
 * Claims are made by one function from two inputs (what the wallet showed now, what reconciliation kept), so the login
 * through the institution and the login with the wallet alone cannot give different claims.
 */

import {
  type AttributePolicy,
  type AttributeRule,
  type Attributes,
  pathsOf,
  READS_PROVIDER,
  READS_WALLET,
} from './attributes.ts'
import type { Json, JsonObject } from './text.ts'

function emptyAttributes(): Attributes {
  return Object.create(null) as Attributes
}

/** A value that says nothing: absent, null, empty text, empty list. */
function isEmpty(value: Json | undefined): boolean {
  return (
    value === undefined ||
    value === null ||
    value === '' ||
    (Array.isArray(value) && value.length === 0)
  )
}

function followPath(claims: JsonObject, path: readonly string[]): Json | undefined {
  let value: Json | undefined = claims
  for (const name of path) {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
    value = Object.hasOwn(value, name) ? (value as JsonObject)[name] : undefined
  }
  return value
}

/** What one credential says of a rule's attribute: a value for each place that has one. */
export function shownValues(rule: AttributeRule, claims: JsonObject): Json[] {
  return pathsOf(rule)
    .map((path) => followPath(claims, path))
    .filter((value): value is Json => !isEmpty(value))
}

/**
 * What the wallet's credentials say, by canonical name. Only attributes with a rule that reads the wallet; where two
 * places disagree on a value the attribute is left out, since neither is "the" answer.
 */
export function readWalletAttributes(
  policy: AttributePolicy,
  credentials: readonly { claims: JsonObject }[],
): Attributes {
  const attributes = emptyAttributes()
  for (const rule of policy.rules) {
    if (!READS_WALLET.has(rule.merge)) continue
    const [first, ...others] = credentials.flatMap(({ claims }) => shownValues(rule, claims))
    if (first === undefined) continue
    if (others.some((other) => JSON.stringify(other) !== JSON.stringify(first))) continue
    attributes[rule.name] = first
  }
  return attributes
}

/**
 * What the institution said, by canonical name. `mappings` (the provider row's own) name the claim for an attribute and
 * come before the rule's names.
 */
export function readProviderAttributes(
  policy: AttributePolicy,
  mappings: { readonly [canonicalName: string]: string },
  claims: JsonObject,
): Attributes {
  const attributes = emptyAttributes()
  for (const rule of policy.rules) {
    if (!READS_PROVIDER.has(rule.merge)) continue
    const mapped = Object.hasOwn(mappings, rule.name) ? mappings[rule.name] : undefined
    const names = mapped === undefined ? (rule.provider ?? [rule.name]) : [mapped]
    const value = names.map((name) => followPath(claims, [name])).find((found) => !isEmpty(found))
    if (value !== undefined) attributes[rule.name] = value
  }
  return attributes
}

function asList(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : [value]
}

/** Both lists' members, the provider's first, none twice. */
function union(first: Json | undefined, second: Json | undefined): Json | undefined {
  if (first === undefined) return second
  if (second === undefined) return first
  const seen = new Set<string>()
  return [...asList(first), ...asList(second)].filter((member) => {
    const text = JSON.stringify(member)
    return seen.has(text) ? false : seen.add(text)
  })
}

function mergeOne(
  rule: AttributeRule,
  wallet: Json | undefined,
  provider: Json | undefined,
): Json | undefined {
  switch (rule.merge) {
    case 'WALLET_ONLY':
      return wallet
    case 'OIDC_ONLY':
      return provider
    case 'OIDC_WINS':
      return provider ?? wallet
    case 'WALLET_WINS':
      return wallet ?? provider
    case 'MERGE_ALL':
      return union(provider, wallet)
  }
}

/** One set of attributes out of two, rule by rule; names without a rule vanish. */
export function mergeAttributes(
  policy: AttributePolicy,
  wallet: Attributes,
  provider: Attributes,
): Attributes {
  const merged = emptyAttributes()
  for (const rule of policy.rules) {
    const value = mergeOne(rule, wallet[rule.name], provider[rule.name])
    if (value !== undefined && !isEmpty(value)) merged[rule.name] = value
  }
  return merged
}

function keep(
  policy: AttributePolicy,
  values: Attributes,
  wanted: (rule: AttributeRule) => boolean,
): Attributes {
  const kept = emptyAttributes()
  for (const rule of policy.rules) {
    const value = values[rule.name]
    if (value !== undefined && wanted(rule)) kept[rule.name] = value
  }
  return kept
}

/** Names of attributes without a value that a rule requires, or `needed` names, in the order of the rules. */
export function missingAttributes(
  policy: AttributePolicy,
  values: Attributes,
  needed: readonly string[] = [],
): string[] {
  return policy.rules
    .filter((rule) => (rule.required || needed.includes(rule.name)) && isEmpty(values[rule.name]))
    .map((rule) => rule.name)
}

/** Those of `names` without a value, once `wallet` and `provider` are merged under the policy. */
export function missingNames(
  policy: AttributePolicy,
  names: readonly string[],
  wallet: Attributes,
  provider: Attributes,
): string[] {
  if (names.length === 0) return []
  const merged = mergeAttributes(policy, wallet, provider)
  return names.filter((name) => isEmpty(merged[name]))
}

/** The part that is kept with the binding. */
export function persistedAttributes(policy: AttributePolicy, values: Attributes): Attributes {
  return keep(policy, values, (rule) => rule.persist)
}

/** Rules whose claim needs what the wallet shows at this very login: the kept value alone does not decide. */
function needsFresh(rule: AttributeRule): boolean {
  return rule.project && ['WALLET_ONLY', 'WALLET_WINS', 'MERGE_ALL'].includes(rule.merge)
}

/** Whether any rule makes a wallet's attribute travel with a grant. False for most tenants. */
export function carriesAttributes(policy: AttributePolicy): boolean {
  return policy.rules.some(needsFresh)
}

/** The part of the wallet's attributes that must travel with a grant to reach the claims. */
export function carriedAttributes(policy: AttributePolicy, wallet: Attributes): Attributes {
  return keep(policy, wallet, needsFresh)
}

/**
 * The claims a relying party receives: `kept` are the persisted attributes of the binding, `carried` what the grant
 * brought from the wallet, `names` those that its scopes and its registration release (`declared.ts`).
 */
export function releaseClaims(
  policy: AttributePolicy,
  kept: Attributes,
  carried: Attributes,
  names: ReadonlySet<string>,
): Attributes {
  return keep(policy, mergeAttributes(policy, carried, kept), (rule) => names.has(rule.name))
}
