/**
 * The documents of a tenant judged together: each may be right by itself and still not fit the others. Everything that
 * can be known before anybody logs in is said before anything is published.
 */
import { type AttributeRule, pathsOf, walletPaths } from './attributes.ts'
import { type ClaimPath, type CredentialQuery, hasRequestedType } from './dcql.ts'
import type { PolicySet } from './policy.ts'
import { type Finding, finding } from './policy-finding.ts'
import { type KnownProviders, lintSelector } from './selector-lint.ts'
import { namesOfTypes, type TrustEntry } from './trust-policy.ts'

/** What is known of a tenant besides its documents. */
export interface PolicySurroundings {
  /** Undefined where nobody can know, as with documents in a folder. */
  providers?: KnownProviders
}

/** Returns everything there is to say about documents that are each well-formed; a missing kind is said nothing of. */
export function lintPolicies(set: PolicySet, surroundings: PolicySurroundings): readonly Finding[] {
  return [
    ...lintTrust(set),
    ...lintQuery(set),
    ...lintAttributes(set),
    ...lintMaterial(set),
    ...lintSelector(set, surroundings.providers),
  ]
}

function lintTrust({ trust, query }: PolicySet): readonly Finding[] {
  if (trust === undefined || query === undefined) return []
  return query.credentials.flatMap((credential, index) =>
    trust.entries.some((entry) => vouchesFor(entry, credential))
      ? []
      : [
          finding(
            'type_untrusted',
            'query',
            ['credentials', index, 'meta', Object.keys(credential.meta)[0] ?? ''],
            'the trust policy vouches for none of these types',
          ),
        ],
  )
}

function vouchesFor(entry: TrustEntry, credential: CredentialQuery): boolean {
  return entry.format === credential.format && hasRequestedType(credential, namesOfTypes(entry))
}

function lintQuery({ query, attributes }: PolicySet): readonly Finding[] {
  if (query === undefined || attributes === undefined) return []
  const used = new Set(walletPaths(attributes).map(textOf))
  return query.credentials.flatMap(({ claims = [] }, credential) =>
    claims.flatMap((claim, index) =>
      claim.values !== undefined || used.has(textOf(claim.path))
        ? []
        : [
            finding(
              'over_asking',
              'query',
              ['credentials', credential, 'claims', index],
              'nothing uses this claim; it will not be asked for',
            ),
          ],
    ),
  )
}

/** Only for attributes that nobody but the wallet can fill. */
function lintAttributes({ query, attributes }: PolicySet): readonly Finding[] {
  if (query === undefined || attributes === undefined) return []
  const asked = new Set(
    query.credentials.flatMap(({ claims = [] }) => claims.map(({ path }) => textOf(path))),
  )
  return attributes.rules.flatMap((rule, index) => {
    if (rule.merge !== 'WALLET_ONLY' || isAsked(rule, asked)) return []
    const path = ['rules', index, 'wallet'] as const
    if (rule.required) {
      return [finding('required_never_filled', 'attributes', path, NOT_ASKED)]
    }
    return rule.project ? [finding('attribute_never_filled', 'attributes', path, NOT_ASKED)] : []
  })
}

const NOT_ASKED = 'the query does not ask the wallet for it'

function isAsked(rule: AttributeRule, asked: ReadonlySet<string>): boolean {
  return pathsOf(rule).some((path) => asked.has(textOf(path)))
}

function lintMaterial({ material }: PolicySet): readonly Finding[] {
  if (material === undefined) return []
  return material.profiles.flatMap(({ materials }, index) => {
    const path = ['profiles', index, 'materials'] as const
    const types = new Set(materials.map(({ type }) => type))
    const found: Finding[] = []
    if (!types.has('provider_subject')) {
      found.push(finding('profile_one_sided', 'material', path, 'nothing of the institution'))
    }
    if (!types.has('holder_key')) {
      found.push(finding('profile_one_sided', 'material', path, 'nothing of the wallet'))
    } else if (types.size === 2) {
      const message = 'a wallet that shows a new key each time is never recognised'
      found.push(finding('key_alone', 'material', path, message))
    }
    return found
  })
}

function textOf(path: ClaimPath): string {
  return JSON.stringify(path)
}
