/**
 * Canonical attributes: what a tenant calls the facts about a person, whichever side they came from. One rule an
 * attribute says where it may come from, who wins, whether it is kept and who may see it. What that comes to for a person
 * is in attribute-values.ts.
 */
import { z } from 'zod'
import { labelOf } from './attribute-label.ts'
import type { Json } from './text.ts'

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

export const AttributeRule = z.strictObject({
  name: AttributeName,
  /** What people are told is asked of their wallet; when absent, our words for a usual name, else the name. */
  label: z
    .strictObject({ en: z.string().min(1).max(80), nl: z.string().min(1).max(80) })
    .optional(),
  merge: z.enum(['WALLET_ONLY', 'OIDC_ONLY', 'OIDC_WINS', 'WALLET_WINS', 'MERGE_ALL']),
  /** A login through the institution fails while this has no value. */
  required: z.boolean().default(false),
  /** Kept, encrypted, with the binding. Never a portrait (ARF PID_03a). */
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

/** The ways to merge that look at the provider, and at the wallet. */
export const READS_PROVIDER = new Set(['OIDC_ONLY', 'OIDC_WINS', 'WALLET_WINS', 'MERGE_ALL'])
export const READS_WALLET = new Set(['WALLET_ONLY', 'OIDC_WINS', 'WALLET_WINS', 'MERGE_ALL'])

function readsBoth(rule: AttributeRule): boolean {
  return rule.wallet !== undefined && READS_PROVIDER.has(rule.merge) && READS_WALLET.has(rule.merge)
}

/** The policy document of kind `attributes`. */
export const AttributePolicy = z
  .strictObject({
    rules: z.array(AttributeRule).min(1).max(200),
    /**
     * Attributes that make credentials of several keys one person's: each credential must state all of them, and alike.
     * Absent: one key must hold everything that is shown together (protocols VP-095).
     */
    samePerson: z.array(AttributeName).min(1).max(8).optional(),
  })
  .superRefine((policy, context) => {
    const seen = new Set<string>()
    policy.samePerson?.forEach((name, index) => {
      if (policy.rules.some((rule) => rule.name === name && rule.wallet !== undefined)) return
      const message = 'is no attribute that a rule reads in the wallet'
      context.addIssue({ code: 'custom', path: ['samePerson', index], message })
    })
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
      if (rule.persist && pathsOf(rule).some((path) => path.at(-1) === 'portrait'))
        refuse('persist', 'is never said of a portrait (ARF PID_03a)')
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

/** Where a rule reads in a credential: its first path, then the others. */
export function pathsOf(rule: AttributeRule): readonly (readonly string[])[] {
  return rule.wallet === undefined ? [] : [rule.wallet, ...(rule.walletAlso ?? [])]
}

/** What people are told an attribute is, whether there is a rule for it or none. */
export function attributeLabel(
  policy: AttributePolicy,
  name: string,
  language: 'en' | 'nl',
): string {
  return labelOf(name, language, policy.rules.find((rule) => rule.name === name)?.label)
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
    .map((rule) => labelOf(rule.name, language, rule.label))
}

/** Where in a credential the rules read; everything else need not be asked for. */
export function walletPaths(policy: AttributePolicy): (readonly string[])[] {
  return policy.rules.flatMap(pathsOf)
}

/** Those of them whose value may be kept with the binding, for what wallets are told (protocols VP-059). */
export function keptWalletPaths(policy: AttributePolicy): (readonly string[])[] {
  return walletPaths({ rules: policy.rules.filter((rule) => rule.persist) })
}

/** Where the attributes stand by which credentials of several keys are one person's; none where the policy has no such word. */
export function samePersonPaths({ rules, samePerson }: AttributePolicy): (readonly string[])[] {
  return walletPaths({ rules: rules.filter(({ name }) => samePerson?.includes(name)) })
}
