/**
 * What is kept with a binding: merged attributes, the wallet's side of them, and where each value came from (who said it,
 * and when), so that a person can be told whose word it is that we keep.
 */

import {
  mergeAttributes,
  missingAttributes,
  persistedAttributes,
  shownValues,
} from './attribute-values.ts'
import type { AttributePolicy, AttributeRule, Attributes } from './attributes.ts'
import { fail } from './failure.ts'
import type { ProviderId } from './ids.ts'
import type { Standing } from './standing.ts'
import type { JsonObject } from './text.ts'
import type { IsoInstant } from './time.ts'

/** Whose word a value is, and since when: a credential's type and issuer (its trust entry first), or a provider. */
export type Origin =
  | { side: 'wallet'; type: string; issuer: string; at: IsoInstant }
  | { side: 'institution'; provider: ProviderId; at: IsoInstant }

/** Canonical name → everybody whose word the value is; several where credentials agree or both sides were united. */
export type Origins = { readonly [name: string]: readonly Origin[] }

/** Attributes and where they came from. */
export interface Stated {
  values: Attributes
  /** Nothing is said of values that were kept before this was. */
  origins: Origins
}

/** Of a wallet, with where what becomes of its credentials can be looked up. */
export interface StatedByWallet extends Stated {
  standings: readonly Standing[]
}

export interface KeptAttributes extends Stated {
  /** Needed when the institution alone speaks next: the merge is then made anew, and not out of an older merge. */
  wallet: Stated
}

/** Nothing of a side that did not speak. */
export const NOTHING_STATED: Stated = { values: {}, origins: {} }

/** `values` as `readWalletAttributes` made them of these credentials, with those that state each. */
export function statedByWallet(
  policy: AttributePolicy,
  credentials: readonly { claims: JsonObject; type: string; issuer: string }[],
  values: Attributes,
  at: IsoInstant,
): Stated {
  const origins = policy.rules
    .filter(({ name }) => values[name] !== undefined)
    .map((rule) => {
      const stating = credentials.filter(({ claims }) => shownValues(rule, claims).length > 0)
      const origin = ({ type, issuer }: { type: string; issuer: string }): Origin => ({
        ...{ side: 'wallet', type, issuer, at },
      })
      return [rule.name, stating.map(origin)] as const
    })
  return { values, origins: Object.fromEntries(origins) }
}

/** `values` as a provider stated them. */
export function statedByProvider(values: Attributes, provider: ProviderId, at: IsoInstant): Stated {
  const origin: Origin = { side: 'institution', provider, at }
  const origins = Object.keys(values).map((name) => [name, [origin]] as const)
  return { values, origins: Object.fromEntries(origins) }
}

/**
 * The part of both sides that is kept. Throws `institution_refused` (`attribute_missing`) where a required attribute, or
 * one that the plan needs besides, has no value on either.
 */
export function keepAttributes(
  policy: AttributePolicy,
  wallet: Stated,
  provider: Stated,
  needed: readonly string[],
): KeptAttributes {
  const merged = mergeAttributes(policy, wallet.values, provider.values)
  if (missingAttributes(policy, merged, needed).length > 0)
    return fail({ kind: 'institution_refused', reason: 'attribute_missing' })
  const values = persistedAttributes(policy, merged)
  const shown = persistedAttributes(policy, wallet.values)
  return {
    values,
    origins: originsIn(policy, values, (rule) => originsOf(rule, wallet, provider)),
    wallet: {
      values: shown,
      origins: originsIn(policy, shown, ({ name }) => wallet.origins[name] ?? []),
    },
  }
}

function originsIn(
  policy: AttributePolicy,
  values: Attributes,
  find: (rule: AttributeRule) => readonly Origin[],
): Origins {
  const named = policy.rules
    .filter(({ name }) => values[name] !== undefined)
    .map((rule) => [rule.name, find(rule)] as const)
  return Object.fromEntries(named.filter(([, origins]) => origins.length > 0))
}

/** Those whose word counts under the rule's merge mode. */
function originsOf(rule: AttributeRule, wallet: Stated, provider: Stated): readonly Origin[] {
  const of = ({ values, origins }: Stated) =>
    values[rule.name] === undefined ? undefined : (origins[rule.name] ?? [])
  const [shown, told] = [of(wallet), of(provider)]
  switch (rule.merge) {
    case 'WALLET_ONLY':
      return shown ?? []
    case 'OIDC_ONLY':
      return told ?? []
    case 'OIDC_WINS':
      return told ?? shown ?? []
    case 'WALLET_WINS':
      return shown ?? told ?? []
    case 'MERGE_ALL':
      return [...(told ?? []), ...(shown ?? [])]
  }
}

/** The same without these names, on either side. */
export function withoutAttributes(
  { values, origins, wallet }: KeptAttributes,
  names: readonly string[],
): KeptAttributes {
  const rest = <Value>(all: { readonly [name: string]: Value }) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)))
  return {
    ...{ values: rest(values), origins: rest(origins) },
    wallet: { values: rest(wallet.values), origins: rest(wallet.origins) },
  }
}

/** The text that is sealed in the binding: the values by name, all else under names that no attribute can have. */
export function envelopeText({ values, origins, wallet }: KeptAttributes): string {
  const besides = { $wallet: wallet.values, $origins: origins, $walletOrigins: wallet.origins }
  const said = Object.entries(besides).filter(([, value]) => Object.keys(value).length > 0)
  return JSON.stringify({ ...values, ...Object.fromEntries(said) })
}

/** Reads {@link envelopeText}; one that was sealed before origins were kept has none. */
export function readEnvelope(text: string): KeptAttributes {
  const { $wallet = {}, $origins = {}, $walletOrigins = {}, ...values } = JSON.parse(text)
  return { values, origins: $origins, wallet: { values: $wallet, origins: $walletOrigins } }
}
