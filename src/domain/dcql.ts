/**
 * The Digital Credentials Query Language (OpenID4VP 1.0 sections 6 and 7), from the verifier's side: a strict schema
 * for the query a tenant publishes, and a pure evaluator which says whether what a wallet sent answers it. The wallet
 * is never the enforcer: values, types and authorities are looked at again here (VP-057).
 *
 * Stricter than the specification on purpose: unknown members are refused, because wallets ignore them and a typing
 * error would silently ask for less (VP-062); `require_cryptographic_holder_binding: false` is refused, because a
 * presentation that anyone may replay identifies nobody (VP-135).
 *
 * Claims are read as JSON whatever the format: an mdoc is an object of namespaces with their elements, a W3C credential
 * begins at its root, so that a path means the same on the wire and here.
 */
import { z } from 'zod'
import type { Json, JsonObject } from './text.ts'

const MOST_CREDENTIALS = 16
const MOST_CLAIMS = 100

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)
const step = z.union([z.string().min(1).max(256), z.int().nonnegative(), z.null()])
const value = z.union([z.string().max(1024), z.int(), z.boolean()])

const claimQuery = z.strictObject({
  id: id.optional(),
  path: z.array(step).min(1).max(16),
  values: z.array(value).min(1).max(100).optional(),
  /** Of an mdoc only: whether the element will be kept (section B.2.4). Rules decide, see {@link markRetained}. */
  intent_to_retain: z.boolean().optional(),
})

/** Whom a credential must come from (section 6.1.1): any value of any of them will do. */
const trustedAuthority = z.discriminatedUnion('type', [
  /** Key identifiers of authorities in its certificate chain. */
  z.strictObject({
    type: z.literal('aki'),
    values: z
      .array(z.string().regex(/^[A-Za-z0-9_-]{2,128}$/))
      .min(1)
      .max(100),
  }),
  /** Addresses of trusted lists, or of lists of them, that vouch for its anchor. */
  z.strictObject({
    type: z.literal('etsi_tl'),
    values: z.array(z.url().max(2048)).min(1).max(20),
  }),
  /** Entities of a federation above its issuer. */
  z.strictObject({
    type: z.literal('openid_federation'),
    values: z.array(z.url().max(1024)).min(1).max(20),
  }),
])

const common = {
  id,
  multiple: z.boolean().optional(),
  trusted_authorities: z.array(trustedAuthority).min(1).max(10).optional(),
  require_cryptographic_holder_binding: z.literal(true).optional(),
  claims: z.array(claimQuery).min(1).max(MOST_CLAIMS).optional(),
  claim_sets: z.array(z.array(id).min(1).max(MOST_CLAIMS)).min(1).max(MOST_CLAIMS).optional(),
}
const typeName = z.string().min(1).max(1024)

const sdJwtQuery = z.strictObject({
  ...common,
  format: z.literal('dc+sd-jwt'),
  meta: z.strictObject({ vct_values: z.array(typeName).min(1).max(50) }),
})
const mdocQuery = z.strictObject({
  ...common,
  format: z.literal('mso_mdoc'),
  meta: z.strictObject({ doctype_value: typeName }),
})
const w3cQuery = z.strictObject({
  ...common,
  format: z.literal('jwt_vc_json'),
  /** Each list is one alternative, all of whose types a credential must have (section B.1.1). */
  meta: z.strictObject({
    type_values: z.array(z.array(typeName).min(1).max(20)).min(1).max(50),
  }),
})

const credentialQuery = z
  .discriminatedUnion('format', [sdJwtQuery, mdocQuery, w3cQuery])
  .superRefine((query, context) => {
    const claims = query.claims ?? []
    claims.forEach((claim, index) => {
      if (typeof claim.path[0] !== 'string') {
        context.addIssue({
          code: 'custom',
          path: ['claims', index, 'path'],
          message: 'a path begins with the name of a claim',
        })
      }
      if (query.format === 'mso_mdoc') {
        if (claim.path.length !== 2 || claim.path.some((name) => typeof name !== 'string')) {
          context.addIssue({
            code: 'custom',
            path: ['claims', index, 'path'],
            message: 'of an mdoc is a namespace and an element',
          })
        }
      } else if (claim.intent_to_retain !== undefined) {
        context.addIssue({
          code: 'custom',
          path: ['claims', index, 'intent_to_retain'],
          message: 'is said of elements of an mdoc only',
        })
      }
    })
    const ids = claims.flatMap((claim) => (claim.id === undefined ? [] : [claim.id]))
    if (repeats(ids)) {
      context.addIssue({ code: 'custom', path: ['claims'], message: 'an id occurs twice' })
    }
    if (repeats(claims.map((claim) => JSON.stringify(claim.path)))) {
      context.addIssue({ code: 'custom', path: ['claims'], message: 'a path occurs twice' })
    }
    query.claim_sets?.forEach((set, index) => {
      if (set.some((name) => !ids.includes(name))) {
        context.addIssue({
          code: 'custom',
          path: ['claim_sets', index],
          message: 'names a claim that has no such id',
        })
      }
    })
  })

const credentialSet = z.strictObject({
  options: z.array(z.array(id).min(1).max(MOST_CREDENTIALS)).min(1).max(50),
  required: z.boolean().optional(),
})

/** The policy document of kind `query` (VP-050 to VP-056, VP-062); it goes onto the wire as it stands. */
export const DcqlQuery = z
  .strictObject({
    credentials: z.array(credentialQuery).min(1).max(MOST_CREDENTIALS),
    credential_sets: z.array(credentialSet).min(1).max(50).optional(),
  })
  .superRefine((query, context) => {
    const ids = query.credentials.map((credential) => credential.id)
    if (repeats(ids)) {
      context.addIssue({ code: 'custom', path: ['credentials'], message: 'an id occurs twice' })
    }
    query.credential_sets?.forEach((set, index) => {
      if (set.options.flat().some((name) => !ids.includes(name))) {
        context.addIssue({
          code: 'custom',
          path: ['credential_sets', index],
          message: 'names a credential that has no such id',
        })
      }
    })
    if (query.credential_sets?.every((set) => set.required === false)) {
      context.addIssue({
        code: 'custom',
        path: ['credential_sets'],
        message: 'asks for nothing: no set is required',
      })
    }
  })

export type DcqlQuery = z.infer<typeof DcqlQuery>
export type CredentialQuery = DcqlQuery['credentials'][number]
export type CredentialFormat = CredentialQuery['format']
export type ClaimQuery = z.infer<typeof claimQuery>
/** A name, the index of an array element, or `null` for all elements of an array. */
export type ClaimPath = readonly (string | number | null)[]

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
 * the query that is an empty object. An array keeps its positions: what was not asked for before a kept element reads
 * `null`, so that the same path finds the same value afterwards (VP-063).
 */
export function keepRequestedClaims(
  query: DcqlQuery,
  credentialId: string,
  claims: JsonObject,
): JsonObject {
  const asked = query.credentials.find((credential) => credential.id === credentialId)?.claims ?? []
  const found = asked
    .map((claim) => claim.path)
    .filter((path) => selectClaims(path, claims).length > 0)
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

function repeats(names: readonly string[]): boolean {
  return new Set(names).size !== names.length
}

/**
 * The query without claims that nothing uses: a claim stays if its path is one of `used`, if it carries a condition
 * (`values`); `claim_sets` lose the others, too. What nobody needs is never asked for (protocols VP-061).
 */
export function leastQuery(query: DcqlQuery, used: readonly ClaimPath[]): DcqlQuery {
  const paths = new Set(used.map((path) => JSON.stringify(path)))
  const credentials = query.credentials.map((credential) => {
    const { claims, claim_sets: sets, ...rest } = credential
    if (claims === undefined) return credential
    // With sets a claim outside of all of them is never asked for (section 6.4.1).
    const named = sets === undefined ? undefined : new Set(sets.flat())
    const kept = claims.filter(
      ({ id: name, path, values }) =>
        (named === undefined || (name !== undefined && named.has(name))) &&
        (values !== undefined || paths.has(JSON.stringify(path))),
    )
    if (kept.length === 0) return rest
    return sets === undefined ? { ...rest, claims: kept } : leastSets(rest, claims, sets, kept)
  })
  return { ...query, credentials }
}

/**
 * Claim sets without what nobody needs. A set of which nothing is needed stays as it is beside others of which something is:
 * it says that such a credential will do, and an empty set cannot be written.
 */
function leastSets<Rest extends object>(
  rest: Rest,
  claims: readonly ClaimQuery[],
  sets: readonly (readonly string[])[],
  kept: readonly ClaimQuery[],
): Rest & { claims: ClaimQuery[]; claim_sets: string[][] } {
  const needed = new Set(kept.map(({ id: name }) => name))
  const reduced = sets.map((set) => {
    const some = set.filter((name) => needed.has(name))
    return some.length === 0 ? [...set] : some
  })
  // Of two that have become the same the first stays, in its place of preference.
  const keys = reduced.map((set) => JSON.stringify(set.toSorted()))
  const claimSets = reduced.filter((_, index) => keys.indexOf(keys[index] ?? '') === index)
  const named = new Set(claimSets.flat())
  return {
    ...rest,
    claims: claims.filter(({ id: name }) => name !== undefined && named.has(name)),
    claim_sets: claimSets,
  }
}

/**
 * The query with `intent_to_retain` on every element of an mdoc: true where its path is one of `kept`, else false,
 * whatever the document said (protocols VP-059).
 */
export function markRetained(query: DcqlQuery, kept: readonly ClaimPath[]): DcqlQuery {
  const paths = new Set(kept.map((path) => JSON.stringify(path)))
  const credentials = query.credentials.map((credential) => {
    if (credential.format !== 'mso_mdoc' || credential.claims === undefined) return credential
    const claims = credential.claims.map((claim) => ({
      ...claim,
      intent_to_retain: paths.has(JSON.stringify(claim.path)),
    }))
    return { ...credential, claims }
  })
  return { ...query, credentials }
}
