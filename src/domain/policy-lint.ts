/**
 * The documents of a tenant judged together: each may be right by itself and still not fit the others. Everything that
 * can be known before anybody logs in is said before anything is published.
 */
import { type AttributeRule, pathsOf, walletPaths } from './attributes.ts'
import type { ClaimPath, CredentialQuery } from './dcql.ts'
import { hasRequestedType } from './dcql-evaluation.ts'
import { lintHaip } from './haip.ts'
import {
  isOfWallet,
  type Material,
  materialPaths,
  pathsOfMaterial,
  strengthOf,
} from './material.ts'
import type { PolicySet } from './policy.ts'
import { type Finding, finding } from './policy-finding.ts'
import { beyondRegistration, type RegisteredCredential } from './registration.ts'
import { type KnownProviders, lintSelector } from './selector-lint.ts'
import { namesOfTypes, type TrustEntry } from './trust-policy.ts'

/** What is known of a tenant besides its documents. */
export interface PolicySurroundings {
  /** Undefined where nobody can know, as with documents in a folder. */
  providers?: KnownProviders
  /** What each registration certificate of the tenant registers. */
  registrations?: readonly (readonly RegisteredCredential[])[]
  /** Whether the tenant holds wallets to the high assurance profile. */
  haip?: boolean
}

/** Returns everything there is to say about documents that are each well-formed; a missing kind is said nothing of. */
export function lintPolicies(set: PolicySet, surroundings: PolicySurroundings): readonly Finding[] {
  return [
    ...lintTrust(set),
    ...lintAuthorities(set),
    ...lintQuery(set),
    ...lintRegistration(set, surroundings.registrations ?? []),
    ...lintAttributes(set),
    ...lintSamePerson(set),
    ...lintMaterial(set),
    ...lintSelector(set, surroundings.providers),
    ...(surroundings.haip === true ? lintHaip(set) : []),
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

/** Nobody is known to stand on a list, or below a federation, that the trust policy does not name. */
function lintAuthorities({ trust, query }: PolicySet): readonly Finding[] {
  if (trust === undefined || query === undefined) return []
  const lists = new Set(trust.lists.flatMap((list) => [list.url]))
  const isFollowing = trust.lists.some((list) => 'follow' in list)
  const isFederated = trust.entries.some(({ mechanism }) => mechanism === 'openid-federation')
  return query.credentials.flatMap(({ trusted_authorities: authorities = [] }, credential) =>
    authorities.flatMap(({ type, values }, index) => {
      const isKnown =
        type === 'aki' ||
        (type === 'openid_federation' && isFederated) ||
        (type === 'etsi_tl' && (isFollowing || values.some((url) => lists.has(url))))
      const path = ['credentials', credential, 'trusted_authorities', index]
      const message = 'the trust policy names no such authority; no answer could do'
      return isKnown ? [] : [finding('authority_unknown', 'query', path, message)]
    }),
  )
}

function vouchesFor(entry: TrustEntry, credential: CredentialQuery): boolean {
  return entry.format === credential.format && hasRequestedType(credential, namesOfTypes(entry))
}

function lintQuery({ query, attributes, material }: PolicySet): readonly Finding[] {
  // Before both are there nobody can say that a claim is of no use.
  if (query === undefined || attributes === undefined || material === undefined) return []
  const used = new Set([...walletPaths(attributes), ...materialPaths(material)].map(textOf))
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

/** Each certificate is sent with every request of those it is for. */
function lintRegistration(
  { query }: PolicySet,
  registrations: NonNullable<PolicySurroundings['registrations']>,
): readonly Finding[] {
  if (query === undefined) return []
  const places = registrations.flatMap((registered) => beyondRegistration(query, registered))
  const once = new Map(places.map((place) => [place.join('.'), place]))
  const message = 'the registration certificate does not register it'
  return [...once.values()].map((place) => finding('beyond_registration', 'query', place, message))
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

/** Credentials of several keys are one person's only where each of them states the same. */
function lintSamePerson({ query, attributes }: PolicySet): readonly Finding[] {
  const { rules = [], samePerson = [] } = attributes ?? {}
  if (query === undefined || query.credentials.length < 2) return []
  const needed = rules.filter(({ name }) => samePerson.includes(name))
  return query.credentials.flatMap(({ claims = [] }, index) => {
    const asked = new Set(claims.map(({ path }) => textOf(path)))
    if (needed.every((rule) => isAsked(rule, asked))) return []
    const path = ['credentials', index, 'claims']
    const message = 'what makes credentials of several keys one person’s is not asked for here'
    return [finding('same_person_unasked', 'query', path, message)]
  })
}

function lintMaterial({ material, query }: PolicySet): readonly Finding[] {
  if (material === undefined) return []
  return material.profiles.flatMap(({ materials }, index) => {
    const path = ['profiles', index, 'materials'] as const
    const known = materials.filter((each) => isOfWallet(each) && strengthOf(each) === 'identifies')
    const message = 'a wallet that shows a new key each time is never recognised'
    return [
      ...(known.every(({ type }) => type === 'holder_key')
        ? [finding('key_alone', 'material', path, message)]
        : []),
      ...materials.flatMap((each, place) => [
        ...lintTuple(each, [...path, place]),
        ...lintSource(each, [...path, place], query),
      ]),
    ]
  })
}

/** Names and birthdays are shared by twins, and by strangers in any large enough institution. */
function lintTuple(material: Material, path: readonly (string | number)[]): readonly Finding[] {
  if (material.type !== 'claim_tuple') return []
  const readings = new Set(material.attributes.map(({ read }) => read))
  const own = (['exact', 'email', 'tax_code_it'] as const).some((reading) => readings.has(reading))
  if (material.strength === 'identifies' && !own) {
    return [finding('weak_tuple', 'material', path, 'names and dates alone identify nobody')]
  }
  return readings.size === 1 && readings.has('name')
    ? [finding('vague_tuple', 'material', path, 'names alone suggest many people')]
    : []
}

/** A material that the wallet is never asked for gives no identifier at all. */
function lintSource(
  material: Material,
  path: readonly (string | number)[],
  query: PolicySet['query'],
): readonly Finding[] {
  if (query === undefined || !isOfWallet(material)) return []
  const credential = 'credential' in material ? material.credential : undefined
  const sources = query.credentials.filter(
    ({ id }) => credential === undefined || id === credential,
  )
  if (sources.length === 0) {
    return [finding('query_missing', 'material', path, 'the query has no such credential')]
  }
  const asked = new Set(
    sources.flatMap(({ claims = [] }) => claims.map((claim) => textOf(claim.path))),
  )
  return pathsOfMaterial(material).every((each) => asked.has(textOf(each)))
    ? []
    : [finding('material_never_given', 'material', path, NOT_ASKED)]
}

function textOf(path: ClaimPath): string {
  return JSON.stringify(path)
}
