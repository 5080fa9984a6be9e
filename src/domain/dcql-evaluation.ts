/**
 * How presentations answer a query (OpenID4VP 1.0 sections 6.1 to 6.4 and 7.1): a pure evaluator. The wallet is never the
 * enforcer: values, types and authorities are looked at again here (VP-057). Claims are read as JSON whatever the format: an
 * mdoc is an object of namespaces with their elements, a W3C credential begins at its root, so that a path means the same
 * on the wire and here.
 */

import type { ClaimPath, ClaimQuery, CredentialFormat, CredentialQuery, DcqlQuery } from './dcql.ts'
import type { Json, JsonObject } from './text.ts'

/** What the evaluator needs to know of one presentation whose signatures were found good. */
export interface Presented {
  format: CredentialFormat
  /** Its types as far as policy allows them: `vct` and other names, the doctype, or all types of a W3C credential. */
  types: readonly string[]
  /** Base64url of the key identifiers in the AuthorityKeyIdentifier extensions of its certificates (VP-060). */
  authorityKeyIds: readonly string[]
  /** Addresses of the trusted lists that vouch for its anchor, and of the lists that point to them. */
  trustedLists: readonly string[]
  /** Entity identifiers of its issuer's superiors in a federation, up to the anchor. */
  superiors: readonly string[]
  holderBound: boolean
  claims: JsonObject
}

export type Evaluation =
  | { satisfied: true }
  /** A query id, a number, a format, a type or an authority that was not asked for. */
  | { satisfied: false; reason: 'unexpected_credential' }
  /** Something that was asked for is not there. */
  | { satisfied: false; reason: 'query_not_satisfied' }

/**
 * Returns every value that a claims path points at, in document order; none where a step finds nothing or meets a
 * value of another kind, which ends the whole selection (OpenID4VP 1.0 section 7.1).
 */
export function selectClaims(path: ClaimPath, claims: Json): readonly Json[] {
  let selected: Json[] = [claims]
  for (const name of path) {
    const next: Json[] = []
    for (const node of selected) {
      if (typeof name === 'string') {
        if (!isObject(node)) return []
        if (Object.hasOwn(node, name)) next.push(node[name] as Json)
      } else {
        if (!isArray(node)) return []
        if (name === null) for (const element of node) next.push(element)
        else if (name < node.length) next.push(node[name] as Json)
      }
    }
    if (next.length === 0) return []
    selected = next
  }
  return selected
}

/**
 * Returns whether the presentations, by credential query id, answer the query (OpenID4VP 1.0 sections 6.1 to 6.4). A
 * presentation that does not answer its own query spoils the whole; only a query that no required set needs may go
 * unanswered (VP-058, VP-093).
 */
export function evaluateQuery(
  query: DcqlQuery,
  presented: ReadonlyMap<string, readonly Presented[]>,
): Evaluation {
  const queries = new Map(query.credentials.map((credential) => [credential.id, credential]))
  for (const [name, presentations] of presented) {
    const credential = queries.get(name)
    if (credential === undefined || !isExpectedNumber(credential, presentations.length)) {
      return { satisfied: false, reason: 'unexpected_credential' }
    }
    for (const presentation of presentations) {
      if (!isExpectedCredential(credential, presentation)) {
        return { satisfied: false, reason: 'unexpected_credential' }
      }
      if (!hasRequestedClaims(credential, presentation.claims)) {
        return { satisfied: false, reason: 'query_not_satisfied' }
      }
    }
  }
  return isComplete(query, new Set(presented.keys()))
    ? { satisfied: true }
    : { satisfied: false, reason: 'query_not_satisfied' }
}

/** Whether so many presentations may answer one credential query (VP-091, VP-092). */
export function isExpectedNumber(credential: CredentialQuery, count: number): boolean {
  return count === 1 || (count > 1 && credential.multiple === true)
}

function isExpectedCredential(credential: CredentialQuery, presentation: Presented): boolean {
  if (presentation.format !== credential.format || !presentation.holderBound) return false
  if (!hasRequestedType(credential, presentation.types)) return false
  const authorities = credential.trusted_authorities
  return (
    authorities === undefined ||
    authorities.some(({ type, values }) => {
      const above = authoritiesOf(presentation, type)
      return values.some((wanted) => above.includes(wanted))
    })
  )
}

function authoritiesOf(
  { authorityKeyIds, trustedLists, superiors }: Presented,
  type: 'aki' | 'etsi_tl' | 'openid_federation',
): readonly string[] {
  switch (type) {
    case 'aki':
      return authorityKeyIds
    case 'etsi_tl':
      return trustedLists
    case 'openid_federation':
      return superiors
  }
}

/** Whether these types are among those that a credential query accepts (sections B.1.1, B.2.3, B.3.5). */
export function hasRequestedType(credential: CredentialQuery, types: readonly string[]): boolean {
  switch (credential.format) {
    case 'dc+sd-jwt':
      return types.some((type) => credential.meta.vct_values.includes(type))
    case 'mso_mdoc':
      return types.includes(credential.meta.doctype_value)
    case 'jwt_vc_json':
      return credential.meta.type_values.some((set) => set.every((type) => types.includes(type)))
  }
}

/** Without `claims` nothing selectively disclosable was asked for, so nothing can be missing (VP-055). */
function hasRequestedClaims(credential: CredentialQuery, claims: JsonObject): boolean {
  const asked = credential.claims
  if (asked === undefined) return true
  const sets = credential.claim_sets
  if (sets === undefined) return asked.every((claim) => isAnswered(claim, claims))
  const answered = new Set(
    asked.filter((claim) => isAnswered(claim, claims)).map((claim) => claim.id),
  )
  return sets.some((set) => set.every((name) => answered.has(name)))
}

function isAnswered(claim: ClaimQuery, claims: JsonObject): boolean {
  const selected = selectClaims(claim.path, claims)
  const wanted: readonly Json[] | undefined = claim.values
  if (wanted === undefined) return selected.length > 0
  return selected.some((found) => wanted.includes(found))
}

function isComplete(query: DcqlQuery, answered: ReadonlySet<string>): boolean {
  const sets = query.credential_sets
  if (sets === undefined)
    return query.credentials.every((credential) => answered.has(credential.id))
  return sets.every(
    (set) =>
      set.required === false ||
      set.options.some((option) => option.every((name) => answered.has(name))),
  )
}

/** Places of the credential sets of which an option was answered whole, counted from 0. */
export function satisfiedSets(query: DcqlQuery, answered: ReadonlySet<string>): readonly number[] {
  return (query.credential_sets ?? []).flatMap(({ options }, place) =>
    options.some((option) => option.every((name) => answered.has(name))) ? [place] : [],
  )
}

/**
 * Returns the claims that the credential query names and nothing else, on null-prototype objects; without `claims` in
 * the query that is an empty object. One whose value is none of those asked for was not asked for (VP-057). An array keeps
 * its positions: what was not asked for before a kept element reads `null`, so that the same path finds the same value
 * afterwards (VP-063).
 */
export function keepRequestedClaims(
  query: DcqlQuery,
  credentialId: string,
  claims: JsonObject,
): JsonObject {
  const asked = query.credentials.find((credential) => credential.id === credentialId)?.claims ?? []
  const found = asked.filter((claim) => isAnswered(claim, claims)).map(({ path }) => path)
  return keepInObject(claims, found)
}

function keep(node: Json, paths: readonly ClaimPath[]): Json {
  if (paths.some((path) => path.length === 0)) return node
  if (isArray(node)) return keepInArray(node, paths)
  return isObject(node) ? keepInObject(node, paths) : null
}

function keepInObject(node: JsonObject, paths: readonly ClaimPath[]): JsonObject {
  const kept: Record<string, Json> = Object.create(null)
  for (const [name, member] of Object.entries(node)) {
    const below = paths.filter((path) => path[0] === name).map((path) => path.slice(1))
    if (below.length > 0) kept[name] = keep(member, below)
  }
  return kept
}

function keepInArray(node: readonly Json[], paths: readonly ClaimPath[]): Json {
  const kept: Json[] = []
  node.forEach((element, index) => {
    const below = paths
      .filter((path) => path[0] === null || path[0] === index)
      .map((path) => path.slice(1))
    if (below.length === 0) return
    while (kept.length < index) kept.push(null)
    kept.push(keep(element, below))
  })
  return kept
}

function isArray(node: Json): node is readonly Json[] {
  return Array.isArray(node)
}

function isObject(node: Json): node is JsonObject {
  return node !== null && typeof node === 'object' && !Array.isArray(node)
}
