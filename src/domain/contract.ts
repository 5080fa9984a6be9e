/**
 * Token parity: what a relying party's tokens held when its contract was recorded, and whether a login's would still hold
 * that. More than the contract is no break; less, or another type, is.
 */
import { z } from 'zod'
import type { AttributePolicy, Attributes } from './attributes.ts'
import type { Json } from './text.ts'

export const CLAIM_TYPES = ['string', 'number', 'boolean', 'list', 'object'] as const
export type ClaimType = (typeof CLAIM_TYPES)[number]

export const Contract = z.strictObject({
  claims: z.array(
    z.strictObject({
      name: z.string(),
      type: z.enum(CLAIM_TYPES),
      /** The scope that released it: a login that does not ask for it need not have the claim. */
      scope: z.string(),
    }),
  ),
  /** Values of `acr` that its logins may have. */
  acr: z.array(z.string()),
})
export type Contract = z.infer<typeof Contract>

/** Whether a relying party has a contract, and which. */
export type Parity =
  | { state: 'off' }
  /** The next login makes it, whatever it holds. */
  | { state: 'recording'; acr: readonly string[] }
  | { state: 'enforced'; contract: Contract; recordedAt: string }

/** What a login's tokens would hold. */
export interface Observed {
  policy: AttributePolicy
  released: Attributes
  scopes: ReadonlySet<string>
  acr: string
}

/** The contract that this login would be. `known` are the values of `acr` the relying party was promised besides. */
export function contractOf(
  { policy, released, acr }: Observed,
  known: readonly string[],
): Contract {
  const claims = policy.rules.flatMap(({ name, scope }) => {
    const value = released[name]
    return value === undefined ? [] : [{ name, type: typeOf(value), scope }]
  })
  return { claims, acr: [...new Set([...known, acr])] }
}

/** Names of what would break it: claims, and `acr`; none where it holds. */
export function breaksOf(contract: Contract, { released, scopes, acr }: Observed): string[] {
  const claims = contract.claims
    .filter(({ name, type, scope }) => {
      const value = released[name]
      return scopes.has(scope) && (value === undefined || typeOf(value) !== type)
    })
    .map(({ name }) => name)
  return contract.acr.includes(acr) ? claims : [...claims, 'acr']
}

function typeOf(value: Json): ClaimType {
  if (Array.isArray(value)) return 'list'
  const type = typeof value
  return type === 'string' || type === 'number' || type === 'boolean' ? type : 'object'
}
