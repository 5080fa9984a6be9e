/** What a selector names and is not there: profiles, providers, credential queries and sets, attributes. */
import { isIdv, type Plan } from './plan.ts'
import type { PolicySet } from './policy.ts'
import { type Finding, type FindingCode, finding } from './policy-finding.ts'
import type { SelectorRule } from './selector-rule.ts'

/** The tenant's providers, as far as anybody can know them. */
export type KnownProviders = readonly { slug: string; enabled: boolean }[] | undefined

type Path = readonly (string | number)[]
const say = (code: FindingCode, path: Path, message: string) =>
  finding(code, 'selector', path, message)

/** Returns a finding for each name that leads nowhere. A document that is not there yet is said nothing of. */
export function lintSelector(set: PolicySet, providers: KnownProviders): readonly Finding[] {
  const { selector } = set
  if (selector === undefined) return []
  return [
    ...lintPlan(['default'], selector.default, set, providers),
    ...selector.rules.flatMap(({ plan }, index) =>
      lintPlan(['rules', index, 'plan'], plan, set, providers),
    ),
    ...selector.rules.flatMap((rule, index) => lintConditions(['rules', index, 'when'], rule, set)),
  ]
}

function lintPlan(path: Path, plan: Plan, set: PolicySet, providers: KnownProviders): Finding[] {
  const found: Finding[] = []
  if (isIdv(plan)) {
    if (!(set.material?.profiles ?? []).some(({ id }) => id === plan.profile)) {
      const message = 'the material policy has no such profile'
      found.push(say('profile_missing', [...path, 'profile'], message))
    }
    found.push(...lintProvider([...path, 'provider'], plan.provider, providers))
  }
  if (plan.plan === 'FAIL_CLOSED' || set.attributes === undefined) return found
  const fromWallet = plan.plan === 'SKIP_RECONCILIATION'
  const names = set.attributes.rules
    .filter(({ wallet }) => !fromWallet || wallet !== undefined)
    .map(({ name }) => name)
  plan.requiredAttributes.forEach((name, index) => {
    if (names.includes(name)) return
    const message = fromWallet
      ? 'no attribute of this name is read from a wallet'
      : 'the attribute policy has no such attribute'
    found.push(say('attribute_missing', [...path, 'requiredAttributes', index], message))
  })
  return found
}

/**
 * A tenant without any provider is being set up, and its providers may come after its policies; beside others, a name that
 * none of them has is a mistake.
 */
function lintProvider(path: Path, slug: string, providers: KnownProviders): Finding[] {
  if (providers === undefined) return []
  const registered = providers.find((each) => each.slug === slug)
  if (registered?.enabled === true) return []
  if (registered !== undefined) return [say('provider_missing', path, 'it is switched off')]
  return providers.length === 0
    ? [say('provider_missing', path, 'no such provider yet')]
    : [say('provider_unknown', path, 'the tenant has other providers, but none of this name')]
}

function lintConditions(path: Path, { when }: SelectorRule, set: PolicySet): Finding[] {
  const { query, attributes } = set
  const found: Finding[] = []
  const look = <T>(
    name: string,
    values: readonly T[] | undefined,
    isThere: (value: T) => boolean,
    code: FindingCode,
    message: string,
  ) => {
    values?.forEach((value, index) => {
      if (!isThere(value)) found.push(say(code, [...path, name, index], message))
    })
  }
  if (query !== undefined) {
    const ids = query.credentials.map(({ id }) => id)
    const sets = query.credential_sets?.length ?? 0
    const code = 'query_missing'
    look(
      'queries',
      when.queries,
      (id) => ids.includes(id),
      code,
      'the query has no such credential',
    )
    look('credentialSets', when.credentialSets, (n) => n < sets, code, 'the query has no such set')
  }
  if (attributes !== undefined) {
    const names = attributes.rules.flatMap(({ name, wallet }) =>
      wallet === undefined ? [] : [name],
    )
    const message = 'no attribute of this name is read from a wallet'
    look(
      'attributes',
      when.attributes,
      (predicate) => names.includes(predicate.path[0] ?? ''),
      'attribute_missing',
      message,
    )
  }
  return found
}
