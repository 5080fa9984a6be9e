/**
 * A trust chain (OpenID Federation 1.0 sections 4 and 10.2): the leaf's own configuration, a statement of each superior about
 * the one below, and the trust anchor's configuration. It is judged whole, and again whenever it is read from where it is kept.
 */
import { allowedTypes, obeysConstraints } from '../domain/federation-constraints.ts'
import {
  applyPolicy,
  type MetadataPolicy,
  MetadataPolicyError,
  mergePolicies,
} from '../domain/metadata-policy.ts'
import type { Json, JsonObject } from '../domain/text.ts'
import { SECOND } from '../domain/time.ts'
import {
  type EntityStatement,
  FederationError,
  objectIn,
  readParts,
  readStatement,
  refuse,
  verifyStatement,
} from './entity-statement.ts'
import { isJsonObject } from './json.ts'
import type { IssuerKey } from './published-keys.ts'

/** Statements of a chain at most: a leaf, an anchor, and three in between. */
export const LONGEST_CHAIN = 6
/** Kinds of metadata that one entity says of itself. */
const MOST_TYPES = 50

/** Somebody at the top of a federation whom the policy names, with keys that were told out of band. */
export interface FederationAnchor {
  entity: string
  keys: readonly IssuerKey[]
}

export interface ResolvedEntity {
  subject: string
  /** Superiors up to the anchor, the nearest first. */
  superiors: readonly string[]
  /** By entity type, as all policies and constraints of the chain leave it. */
  metadata: JsonObject
  /** The end of what ends first; milliseconds since the epoch. */
  expiresAt: number
}

/**
 * Returns what a chain proves of its leaf, at a time in milliseconds. `marks` are trust marks that the leaf must have. Throws
 * `FederationError` with the first thing that is wrong.
 */
export function resolveChain(
  jwts: readonly string[],
  anchors: readonly FederationAnchor[],
  now: number,
  marks: readonly string[] = [],
): ResolvedEntity {
  if (jwts.length < 3 || jwts.length > LONGEST_CHAIN) refuse('too short or too long')
  const statements = jwts.map((jwt) => readStatement(jwt, now))
  const [leaf, ...rest] = statements
  const top = rest.pop()
  if (leaf === undefined || top === undefined) return refuse('too short')
  checkLinks(leaf, rest, top, anchors)
  checkConstraints(rest, leaf.subject)
  const superiors = rest.map(({ issuer }) => issuer)
  const marksEnd = checkMarks(leaf, marks, [...rest, top], now)
  return {
    ...{ subject: leaf.subject, superiors, metadata: metadataOf(leaf, rest) },
    expiresAt: Math.min(...statements.map(({ expiresAt }) => expiresAt), marksEnd),
  }
}

/** Each is signed by a key that the next one up says is its issuer's, and the anchor by a key of the policy. */
function checkLinks(
  leaf: EntityStatement,
  about: readonly EntityStatement[],
  top: EntityStatement,
  anchors: readonly FederationAnchor[],
): void {
  if (leaf.issuer !== leaf.subject || top.issuer !== top.subject) refuse('no configuration')
  verifyStatement(leaf.jwt, leaf.keys)
  const [first] = about
  // Only superiors whom the leaf names itself speak for it (section 10.2).
  if (first === undefined || !leaf.hints.includes(first.issuer)) refuse('not named by the leaf')
  const chain = [leaf, ...about]
  for (const [index, statement] of about.entries()) {
    const below = chain[index]
    if (below === undefined || statement.subject !== below.issuer) refuse('about somebody else')
    if (statement.issuer === statement.subject) refuse('about itself')
    verifyStatement(below.jwt, statement.keys)
  }
  const last = about.at(-1)
  const anchor = anchors.find(({ entity }) => entity === top.subject)
  if (anchor === undefined || last?.issuer !== top.issuer) throw new FederationError('no anchor')
  verifyStatement(top.jwt, anchor.keys)
  verifyStatement(last.jwt, anchor.keys)
  const entities = [leaf.subject, ...about.map(({ issuer }) => issuer)]
  if (new Set(entities).size < entities.length) refuse('a circle')
}

function checkConstraints(about: readonly EntityStatement[], leaf: string): void {
  for (const [index, { claims }] of about.entries()) {
    const subjects = [leaf, ...about.slice(1, index + 1).map(({ subject }) => subject)]
    if (!obeysConstraints(objectIn(claims, 'constraints'), { subjects })) refuse('constrained')
  }
}

/** What the leaf says, what its superior says in its place, and what all policies make of that (section 6.1.4). */
function metadataOf(leaf: EntityStatement, about: readonly EntityStatement[]): JsonObject {
  const said = objectIn(leaf.claims, 'metadata')
  const [nearest] = about
  const instead = nearest === undefined ? {} : objectIn(nearest.claims, 'metadata')
  const found: Record<string, Json> = Object.create(null)
  const types = Object.keys(said)
  // Each is held against every constraint and policy above.
  if (types.length > MOST_TYPES) refuse('too many kinds of entity')
  for (const type of types) {
    if (!about.every(({ claims }) => isAllowed(claims, type))) continue
    const own = objectIn(said, type)
    const merged = Object.assign(Object.create(null), own, objectIn(instead, type)) as JsonObject
    found[type] = orRefuse(() => applyPolicy(policyFor(type, about), merged))
  }
  return found
}

function isAllowed(claims: JsonObject, type: string): boolean {
  return allowedTypes(objectIn(claims, 'constraints'))?.includes(type) !== false
}

/** Merged from the anchor downwards. */
function policyFor(type: string, about: readonly EntityStatement[]): MetadataPolicy {
  return about.reduceRight<MetadataPolicy>((superior, { claims }) => {
    const own = objectIn(objectIn(claims, 'metadata_policy'), type) as MetadataPolicy
    return mergePolicies(superior, own, criticalIn(claims.metadata_policy_crit))
  }, {})
}

function criticalIn(value: Json | undefined): readonly string[] {
  if (value === undefined) return []
  const isList = Array.isArray(value) && value.every((one) => typeof one === 'string')
  return isList ? (value as readonly string[]) : refuse('operators that are none')
}

function orRefuse<T>(attempt: () => T): T {
  try {
    return attempt()
  } catch (error) {
    if (!(error instanceof MetadataPolicyError)) throw error
    return refuse('against the policy', error)
  }
}

/**
 * Returns when the first of the wanted marks ends. A mark is one that the leaf brings, signed by a superior of its chain whom
 * the anchor lets issue it (section 7); delegated marks are not read.
 */
function checkMarks(
  leaf: EntityStatement,
  wanted: readonly string[],
  above: readonly EntityStatement[],
  now: number,
): number {
  const top = above.at(-1)
  if (wanted.length === 0 || top === undefined) return Number.POSITIVE_INFINITY
  const brought = Array.isArray(leaf.claims.trust_marks) ? leaf.claims.trust_marks : []
  const ends = wanted.map((type) => {
    const issuers = objectIn(top.claims, 'trust_mark_issuers')[type]
    const isOwned = objectIn(top.claims, 'trust_mark_owners')[type] !== undefined
    if (!Array.isArray(issuers) || isOwned) return refuse('a mark that nobody may issue')
    for (const one of brought.slice(0, 50)) {
      const text = isJsonObject(one) ? one.trust_mark : undefined
      const end =
        typeof text === 'string'
          ? endOfMark(text, type, leaf.subject, above, issuers, now)
          : undefined
      if (end !== undefined) return end
    }
    return refuse('a mark is missing')
  })
  return Math.min(...ends)
}

/** Undefined where it is another mark; throws where it is the one that is wanted, and wrong. */
function endOfMark(
  jwt: string,
  type: string,
  subject: string,
  above: readonly EntityStatement[],
  issuers: readonly Json[],
  now: number,
): number | undefined {
  const { header, claims } = readParts(jwt)
  if (claims.trust_mark_type !== type) return undefined
  const { iss, sub, exp } = claims
  if (header.typ !== 'trust-mark+jwt' || sub !== subject) return refuse('a mark of somebody else')
  if (typeof exp !== 'number' || now >= exp * SECOND) return refuse('a mark that has ended')
  // An empty list lets everybody of the federation issue it; only superiors have keys that this chain proves.
  if (typeof iss !== 'string' || (issuers.length > 0 && !issuers.includes(iss))) {
    return refuse('a mark by somebody else')
  }
  // `above` begins with what is said about the leaf, whose keys are its own.
  if (iss === subject) return refuse('a mark by its own bearer')
  const keys = above.find((one) => one.subject === iss)?.keys ?? refuse('a mark by a stranger')
  verifyStatement(jwt, keys)
  return exp * SECOND
}
