/** What a provider's claims become under a tenant's attribute rules: shown to whoever sets the two up, before anybody logs in. */

import { readProviderAttributes } from './attribute-values.ts'
import type { AttributePolicy } from './attributes.ts'
import type { Json, JsonObject } from './text.ts'

export interface MappedAttribute {
  /** Canonical. */
  name: string
  /** What the provider calls it. */
  claim: string
  value: Json
  /** Kept with the binding. */
  kept: boolean
  /** The scope that releases it to relying parties; undefined where it never leaves. */
  released: string | undefined
}

export interface ProviderMapping {
  /** Whether the claim that identifies accounts has a usable form: one text that is not empty. */
  identified: boolean
  attributes: readonly MappedAttribute[]
  /** Required attributes that the provider does not fill; a login needs them from the wallet, or fails. */
  missing: readonly string[]
  /** Claims that nothing uses: they need not be asked for. */
  unused: readonly string[]
}

/** Returns what the claims become. `mappings` are the provider's own names for attributes. */
export function mapClaims(
  policy: AttributePolicy,
  provider: {
    identifierAttribute: string
    attributeMappings: { readonly [canonicalName: string]: string }
  },
  claims: JsonObject,
): ProviderMapping {
  const { identifierAttribute, attributeMappings: mappings } = provider
  const values = readProviderAttributes(policy, mappings, claims)
  const attributes = policy.rules.flatMap((rule): MappedAttribute[] => {
    const value = values[rule.name]
    if (value === undefined) return []
    const mapped = Object.hasOwn(mappings, rule.name) ? mappings[rule.name] : undefined
    const names = mapped === undefined ? (rule.provider ?? [rule.name]) : [mapped]
    const claim = names.find((name) => isSame(claims[name], value)) ?? rule.name
    const released = rule.project ? rule.scope : undefined
    return [{ name: rule.name, claim, value, kept: rule.persist, released }]
  })
  const used = new Set([identifierAttribute, ...attributes.map(({ claim }) => claim)])
  const identifier = claims[identifierAttribute]
  const one = Array.isArray(identifier) && identifier.length === 1 ? identifier[0] : identifier
  return {
    identified: typeof one === 'string' && one.trim() !== '',
    attributes,
    missing: policy.rules
      .filter(({ name, required }) => required && values[name] === undefined)
      .map(({ name }) => name),
    unused: Object.keys(claims).filter((name) => !used.has(name)),
  }
}

function isSame(one: Json | undefined, other: Json): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
