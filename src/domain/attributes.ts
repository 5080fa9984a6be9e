/**
 * Canonical attributes: what a tenant calls the facts about a person, whichever side they came from. One rule an
 * attribute says where it may come from, who wins, whether it is kept and who may see it.
 *
 * Claims are made by one function from two inputs (what the wallet showed now, what reconciliation kept), so the login
 * through the institution and the login with the wallet alone cannot give different claims.
 */
import { z } from 'zod'
import type { Json, JsonObject } from './text.ts'

/** Claims that the token itself is made of; an attribute may not take their name. */
const RESERVED = new Set([
  ...[
    'iss',
    'sub',
    'aud',
    'exp',
    'nbf',
    'iat',
    'jti',
    'nonce',
    'acr',
    'amr',
    'azp',
    'auth_time',
    'at_hash',
  ],
  ...['c_hash', 's_hash', 'sid', 'cnf', 'client_id', 'scope', 'events', 'act', 'may_act'],
  ...['token_type', 'authorization_details', 'sub_id', '_claim_names', '_claim_sources'],
  ...['upstream_acr', 'upstream_amr', 'upstream_auth_time'],
  ...['__proto__', 'constructor', 'prototype'],
])

/** Whether tokens are made of a claim of this name. */
export function isReservedClaim(name: string): boolean {
  return RESERVED.has(name)
}

const AttributeName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,63}$/)
  .refine((name) => !RESERVED.has(name), 'is the name of a token claim')

const ClaimPath = z.array(z.string().min(1).max(128)).min(1).max(8)

const AttributeRule = z.strictObject({
  name: AttributeName,
  /** What people are told is asked of their wallet; the name itself when absent. */
  label: z
    .strictObject({ en: z.string().min(1).max(80), nl: z.string().min(1).max(80) })
    .optional(),
  merge: z.enum(['WALLET_ONLY', 'OIDC_ONLY', 'OIDC_WINS', 'WALLET_WINS', 'MERGE_ALL']),
  /** A login through the institution fails while this has no value. */
  required: z.boolean().default(false),
  /** Kept, encrypted, with the binding. */
  persist: z.boolean().default(false),
  /** Leaves the bridge in claims, when the scope below was granted. */
  project: z.boolean().default(false),
  /** The scope that releases it; `openid` (the default) means every login does. */
  scope: z
    .string()
    .regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,64}$/)
    .default('openid'),
  /** Where it stands in the credential: a path of member names. */
  wallet: ClaimPath.optional(),
  /** Where else it may stand: other formats call it otherwise, as `birthdate` and `birth_date` of a PID (MD-12). */
  walletAlso: z.array(ClaimPath).min(1).max(8).optional(),
  /**
   * How wallet and institution are compared where both state it, before they are linked; `no` for not at all. Names,
   * birth dates and identifiers are compared even without this (`same-person.ts`).
   */
  compare: z.enum(['exact', 'name', 'date', 'email', 'tax_code_it', 'no']).optional(),
  /** What the provider calls it, the first present one counts; the attribute's own name when absent. */
  provider: z.array(z.string().min(1).max(128)).min(1).max(8).optional(),
})
export type AttributeRule = z.infer<typeof AttributeRule>

const READS_PROVIDER = new Set(['OIDC_ONLY', 'OIDC_WINS', 'WALLET_WINS', 'MERGE_ALL'])
const READS_WALLET = new Set(['WALLET_ONLY', 'OIDC_WINS', 'WALLET_WINS', 'MERGE_ALL'])

function readsBoth(rule: AttributeRule): boolean {
  return rule.wallet !== undefined && READS_PROVIDER.has(rule.merge) && READS_WALLET.has(rule.merge)
}

/** The policy document of kind `attributes`. */
export const AttributePolicy = z
  .strictObject({ rules: z.array(AttributeRule).min(1).max(200) })
  .superRefine((policy, context) => {
    const seen = new Set<string>()
    policy.rules.forEach((rule, index) => {
      const refuse = (member: string, message: string) =>
        context.addIssue({ code: 'custom', path: ['rules', index, member], message })
      if (seen.has(rule.name)) refuse('name', 'occurs twice')
      seen.add(rule.name)
      if (rule.merge === 'WALLET_ONLY' && rule.wallet === undefined)
        refuse('wallet', 'is needed where only the wallet counts')
      if (rule.compare !== undefined && rule.compare !== 'no' && !readsBoth(rule))
        refuse('compare', 'needs both sides to be read')
      if (rule.walletAlso !== undefined && rule.wallet === undefined)
        refuse('walletAlso', 'is said besides `wallet` only')
      if (rule.merge === 'OIDC_ONLY' && rule.wallet !== undefined)
        refuse('wallet', 'is never read where only the provider counts')
      if (rule.project && READS_PROVIDER.has(rule.merge) && !rule.persist)
        refuse(
          'persist',
          'a projected attribute of the provider must be kept, or wallet logins would lack it',
        )
    })
  })
export type AttributePolicy = z.infer<typeof AttributePolicy>

/** Canonical name → value. Arrays and booleans stay what they are. No prototype. */
export type Attributes = { [name: string]: Json }

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

/** Where a rule reads in a credential: its first path, then the others. */
export function pathsOf(rule: AttributeRule): readonly (readonly string[])[] {
  return rule.wallet === undefined ? [] : [rule.wallet, ...(rule.walletAlso ?? [])]
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

/** What people are told an attribute is: its label, or its name. */
export function attributeLabel(
  policy: AttributePolicy,
  name: string,
  language: 'en' | 'nl',
): string {
  return policy.rules.find((rule) => rule.name === name)?.label?.[language] ?? name
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

/** Names of the claims that any login of this tenant may release, for discovery's `claims_supported`. */
export function releasableClaims(policy: AttributePolicy): string[] {
  return policy.rules.filter((rule) => rule.project).map((rule) => rule.name)
}

/** The scopes that release something, besides `openid`. */
export function releasingScopes(policy: AttributePolicy): string[] {
  const scopes = policy.rules
    .filter((rule) => rule.project && rule.scope !== 'openid')
    .map((rule) => rule.scope)
  return [...new Set(scopes)]
}

/** What the login page says is asked of the wallet, one label an attribute, in the order of the rules. */
export function requestedLabels(policy: AttributePolicy, language: 'en' | 'nl'): string[] {
  return policy.rules
    .filter((rule) => rule.wallet !== undefined)
    .map((rule) => rule.label?.[language] ?? rule.name)
}

/** Where in a credential the rules read; everything else need not be asked for. */
export function walletPaths(policy: AttributePolicy): (readonly string[])[] {
  return policy.rules.flatMap(pathsOf)
}

/** Those of them whose value may be kept with the binding, for what wallets are told (protocols VP-059). */
export function keptWalletPaths(policy: AttributePolicy): (readonly string[])[] {
  return walletPaths({ rules: policy.rules.filter((rule) => rule.persist) })
}
