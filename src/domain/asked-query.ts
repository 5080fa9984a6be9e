/** The query as one login asks it: without what nobody needs, and saying of each element whether it will be kept. */
import type { ClaimPath, ClaimQuery, DcqlQuery } from './dcql.ts'

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

type CredentialSet = NonNullable<DcqlQuery['credential_sets']>[number]

/**
 * The query for a wallet that speaks these formats alone: without the alternatives that need another (OpenID4VP 1.0 section
 * 5.10). As it is where that leaves no answer, or where the wallet named no formats: it narrows, and never widens (protocols
 * VP-036). Whatever answers it answers the whole query, too.
 */
export function narrowFormats(query: DcqlQuery, formats: readonly string[] | undefined): DcqlQuery {
  const sets = query.credential_sets
  if (formats === undefined || sets === undefined) return query
  const spoken = new Set(
    query.credentials.filter(({ format }) => formats.includes(format)).map(({ id }) => id),
  )
  if (spoken.size === query.credentials.length) return query
  const narrowed = sets.map((set) => withOptionsOf(set, spoken))
  const left = narrowed.filter((set) => set.options.length > 0)
  const isPossible = narrowed.every(
    ({ options, required }) => options.length > 0 || required === false,
  )
  if (!isPossible) return query
  const asked = new Set(left.flatMap(({ options }) => options.flat()))
  const credentials = query.credentials.filter(({ id }) => asked.has(id))
  return { ...query, credentials, credential_sets: left }
}

function withOptionsOf(set: CredentialSet, spoken: ReadonlySet<string>): CredentialSet {
  return { ...set, options: set.options.filter((option) => option.every((id) => spoken.has(id))) }
}
