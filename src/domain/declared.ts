/**
 * What a relying party declared it may be told: its scopes and claims. The rest is neither released to it nor, where it is
 * of use to nobody else, asked of a wallet that logs in there.
 */
import type { AttributePolicy, AttributeRule } from './attributes.ts'
import type { SelectorPolicy } from './selector.ts'

/** Undefined: whatever the tenant's rules release. */
export interface Declared {
  /** Besides `openid`, which every login has. */
  scopes: readonly string[] | undefined
  claims: readonly string[] | undefined
}

/** Of a client that is not there (any more). */
export const NOTHING_DECLARED: Declared = { scopes: [], claims: [] }

/** Whether a rule's claim can ever reach the relying party. */
export function mayReceive(declared: Declared, rule: AttributeRule): boolean {
  const { scopes, claims } = declared
  if (!rule.project) return false
  if (rule.scope !== 'openid' && scopes !== undefined && !scopes.includes(rule.scope)) return false
  return claims === undefined || claims.includes(rule.name)
}

/** The rules that a login there needs: all but those that only carry a claim it may not have from the wallet. */
export function rulesFor(
  policy: AttributePolicy,
  declared: Declared,
  selector: SelectorPolicy,
): AttributePolicy {
  const used = attributesUsed(selector)
  const rules = policy.rules.filter(
    (rule) =>
      rule.merge !== 'WALLET_ONLY' ||
      !rule.project ||
      rule.persist ||
      rule.required ||
      used.has(rule.name) ||
      mayReceive(declared, rule),
  )
  return { rules }
}

/**
 * Whether what a wallet showed for a login at one relying party holds all that `names` may need from it for another: what
 * only a wallet says and nobody keeps was shown if the first one may have it too.
 */
export function wasAskedFor(
  policy: AttributePolicy,
  first: Declared,
  names: readonly string[],
): boolean {
  const fleeting = policy.rules.filter(
    ({ merge, persist, required }) => merge === 'WALLET_ONLY' && !persist && !required,
  )
  return fleeting.every((rule) => !names.includes(rule.name) || mayReceive(first, rule))
}

/** Attributes that a rule of the selector looks at, or a plan requires. */
function attributesUsed(selector: SelectorPolicy): ReadonlySet<string> {
  const plans = [selector.default, ...selector.rules.map(({ plan }) => plan)]
  const required = plans.flatMap((plan) =>
    'requiredAttributes' in plan ? plan.requiredAttributes : [],
  )
  const looked = selector.rules
    .flatMap(({ when }) => when.attributes ?? [])
    .map(({ path }) => path[0])
  return new Set([...required, ...looked.filter((name) => name !== undefined)])
}

/**
 * Names of the claims that a login with these scopes releases to it, in the order of the rules; and those it asked for by name
 * (OpenID Connect Core 5.5), which need no scope in the request, but are declared like all others.
 */
export function releasedNames(
  policy: AttributePolicy,
  declared: Declared,
  scopes: ReadonlySet<string>,
  named: readonly string[] = [],
): string[] {
  return policy.rules
    .filter((rule) => mayReceive(declared, rule))
    .filter((rule) => scopes.has(rule.scope) || named.includes(rule.name))
    .map((rule) => rule.name)
}
