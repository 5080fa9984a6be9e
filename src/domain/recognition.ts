/**
 * Who a presentation belongs to, out of the rows its identifiers hit. No row is opened for this: a key that is missing is
 * a failure elsewhere and can never look like a stranger.
 */
import { changedMaterials, type Fingerprints } from './fingerprint.ts'
import type { HashedIdentifier, VersionedHash } from './identifier.ts'
import type { BindingId, IdentityId, MatchId } from './ids.ts'
import {
  type HolderHash,
  IDENTIFIER_TYPES,
  type IdentifierType,
  type InstitutionHash,
} from './text.ts'
import { fromInstant, type IsoInstant } from './time.ts'

/** A live binding of the person a match points at. */
export interface BoundHit {
  id: BindingId
  matchId: MatchId
  /** Whether a wallet was part of the proof. */
  withWallet: boolean
  usedAt: IsoInstant
  /** When the proof stops being believed. */
  expiresAt: IsoInstant | undefined
  /** Since when logins show other materials than were proved. */
  staleSince: IsoInstant | undefined
  fingerprints: Fingerprints
}

/** One live match, its person's status, and one of the person's live bindings; a match with several gives several hits. */
export interface Hit {
  matchId: MatchId
  type: IdentifierType
  hash: HolderHash | InstitutionHash
  hashKeyVersion: number
  /** Two people were proved to have this identifier, so it says nothing about either. */
  shared: boolean
  identityId: IdentityId
  identityStatus: 'ACTIVE' | 'RESTRICTED' | 'MERGED' | 'ERASED'
  binding: BoundHit | undefined
}

/** The states a plan can be chosen by. */
export const KNOWN_HOLDER_STATES = [
  'MATCHED_HOLDER_KEY',
  'MATCHED_SUBJECT',
  'MATCHED_CLAIM_TUPLE',
  'NOT_FOUND',
  'EXPIRED_BINDING',
  'AMBIGUOUS',
] as const
export type KnownHolderState = (typeof KNOWN_HOLDER_STATES)[number]

/** A match that this presentation's identifier hit: still to be found live when the login is granted. */
export interface Evidence {
  matchId: MatchId
  material: string
  type: IdentifierType
  /** The identifier's hash under the current key, and that key's version; the row moves there (CR-44). */
  hash: HolderHash | InstitutionHash
  version: number
  /** Whether the row was found under another version. */
  upgrades: boolean
}

export interface KnownBinding {
  id: BindingId
  matchId: MatchId
  /** Materials that are not what they were when the binding was proved. */
  changed: readonly string[]
  /** Hash of the account behind it; two wallets of one account have two bindings with the same. */
  account: string | undefined
  /** Some material changed, at this login or at one before it: the link should be proved again. */
  stale: boolean
}

/** A person, by identifiers that are theirs alone or that only suggest them. */
export interface KnownPerson {
  identityId: IdentityId
  /**
   * `identified`: this is the person. `candidate`: it may be; nobody is logged in or linked before an institution's login
   * has said so.
   */
  proof: 'identified' | 'candidate'
  evidence: readonly Evidence[]
  /** Bindings whose proof still counts: those behind the evidence first, then the most recently used. */
  bindings: readonly KnownBinding[]
}

export type Recognition =
  | ({
      state: 'MATCHED_HOLDER_KEY' | 'MATCHED_SUBJECT' | 'MATCHED_CLAIM_TUPLE'
    } & KnownPerson)
  /** The person is known, and every proof has run out. `bindings` are those. */
  | ({ state: 'EXPIRED_BINDING' } & KnownPerson)
  /** Nobody, or somebody without a live binding, who is joined again by the institution's login. */
  | { state: 'NOT_FOUND' }
  /** Identifiers of two people. */
  | { state: 'AMBIGUOUS' }
  /** The person asked us not to process their data, or is being merged or erased. No plan applies. */
  | { state: 'UNAVAILABLE' }

interface Met {
  hit: Hit
  identifier: HashedIdentifier
  /** The hash that was hit: under which version, and what that is worth. */
  by: VersionedHash<HolderHash | InstitutionHash>
}

/**
 * Decides from all hits of a presentation's identifiers. Identifiers that identify decide alone; only where none hits do
 * those that suggest count; a row under a key that got away suggests, whatever it is of (CR-46). Hits on two people are
 * never resolved to the first one. `keyAlone` false: a key identifies only together with another identifier of the same
 * person.
 */
export function recognise(
  identifiers: readonly HashedIdentifier[],
  hits: readonly Hit[],
  policy: { keyAlone: boolean },
  now: number,
): Recognition {
  const met = meet(identifiers, hits)
  const identifying = met.filter(
    ({ identifier, by }) => identifier.strength === 'identifies' && by.standing !== 'hint',
  )
  const deciding = identifying.length > 0 ? identifying : met
  const people = new Set(deciding.map(({ hit }) => hit.identityId))
  const [identityId] = people
  const [first] = deciding
  if (identityId === undefined || first === undefined) return { state: 'NOT_FOUND' }
  if (people.size > 1) return { state: 'AMBIGUOUS' }
  if (first.hit.identityStatus !== 'ACTIVE') return { state: 'UNAVAILABLE' }
  const own = met.filter(({ hit }) => hit.identityId === identityId)
  const proof = identifying.length > 0 && countsAlone(own, policy) ? 'identified' : 'candidate'
  return describe({ identityId, proof }, own, deciding, identifiers, now)
}

/** Hits with the identifier that made them; what two people share is no hit. */
function meet(identifiers: readonly HashedIdentifier[], hits: readonly Hit[]): Met[] {
  return hits.flatMap((hit) => {
    const identifier = identifiers.find(
      ({ type, hashes }) => type === hit.type && hashes.some(({ hash }) => hash === hit.hash),
    )
    const by = identifier?.hashes.find(({ hash }) => hash === hit.hash)
    return identifier === undefined || by === undefined || hit.shared
      ? []
      : [{ hit, identifier, by }]
  })
}

function countsAlone(own: readonly Met[], { keyAlone }: { keyAlone: boolean }): boolean {
  return keyAlone || own.some(({ identifier }) => identifier.type !== 'KEY')
}

const STATE_OF: { readonly [Type in IdentifierType]: KnownHolderState & `MATCHED_${string}` } = {
  KEY: 'MATCHED_HOLDER_KEY',
  SUBJECT_ID: 'MATCHED_SUBJECT',
  DID: 'MATCHED_SUBJECT',
  EMAIL: 'MATCHED_CLAIM_TUPLE',
  CLAIM_TUPLE: 'MATCHED_CLAIM_TUPLE',
}
/** The state is named after the best of several, which comes first. */
const RANK: { readonly [Type in IdentifierType]: number } = {
  ...{ KEY: 0, SUBJECT_ID: 1, DID: 2, CLAIM_TUPLE: 3, EMAIL: 4 },
}
const BEST_FIRST = IDENTIFIER_TYPES.toSorted((a, b) => RANK[a] - RANK[b])

function describe(
  person: Pick<KnownPerson, 'identityId' | 'proof'>,
  own: readonly Met[],
  deciding: readonly Met[],
  identifiers: readonly HashedIdentifier[],
  now: number,
): Recognition {
  const evidence = evidenceOf(own)
  const bound = boundBest(own, evidence)
  if (bound.length === 0) return { state: 'NOT_FOUND' }
  const byWallet = identifiers.some(({ hashKey }) => hashKey === 'A')
  const live = bound.filter(
    (each) => isLive(each, now) && !(byWallet && isNoProof(each, bound, now)),
  )
  const known = (bindings: readonly BoundHit[]): KnownPerson => ({
    ...person,
    evidence,
    bindings: bindings.map((binding) => knownBinding(binding, identifiers)),
  })
  if (live.length === 0) return { state: 'EXPIRED_BINDING', ...known(bound) }
  const best = BEST_FIRST.find((type) => deciding.some(({ hit }) => hit.type === type)) ?? 'KEY'
  return { state: STATE_OF[best], ...known(live) }
}

function isLive({ expiresAt }: BoundHit, now: number): boolean {
  return expiresAt === undefined || fromInstant(expiresAt) > now
}

/** A login without a wallet does not make good a wallet's proof of the same account that has run out. */
function isNoProof(binding: BoundHit, bound: readonly BoundHit[], now: number): boolean {
  if (binding.withWallet) return false
  const account = accountOf(binding)
  const proofs = bound.filter((each) => each.withWallet && accountOf(each) === account)
  return proofs.length > 0 && !proofs.some((each) => isLive(each, now))
}

function accountOf({ fingerprints }: BoundHit): string | undefined {
  return (fingerprints as Partial<Fingerprints>).provider_subject?.hash
}

/** The matches that speak for a person who is known otherwise: by the institution's login of this journey. */
export function evidenceFor(
  identityId: IdentityId,
  identifiers: readonly HashedIdentifier[],
  hits: readonly Hit[],
): readonly Evidence[] {
  return evidenceOf(meet(identifiers, hits).filter(({ hit }) => hit.identityId === identityId))
}

/** The matches behind hits, each once, in order of their ids, which is the order they are locked in. */
function evidenceOf(met: readonly Met[]): Evidence[] {
  const byMatch = new Map<MatchId, Evidence>()
  for (const { hit, identifier, by } of met) {
    // Where another instance writes with a newer key already, its row stays as it is.
    const { hash, version } = by.standing === 'ahead' ? by : identifier.hashes[0]
    byMatch.set(hit.matchId, {
      ...{ matchId: hit.matchId, material: identifier.material, type: hit.type, hash, version },
      upgrades: hit.hashKeyVersion !== version,
    })
  }
  return [...byMatch.values()].sort((a, b) => (a.matchId < b.matchId ? -1 : 1))
}

function boundBest(met: readonly Met[], evidence: readonly Evidence[]): BoundHit[] {
  const byId = new Map<BindingId, BoundHit>()
  for (const { hit } of met) if (hit.binding !== undefined) byId.set(hit.binding.id, hit.binding)
  const isShown = ({ matchId }: BoundHit) => evidence.some((each) => each.matchId === matchId)
  return [...byId.values()].sort(
    (a, b) =>
      Number(isShown(b)) - Number(isShown(a)) ||
      (a.usedAt < b.usedAt ? 1 : a.usedAt > b.usedAt ? -1 : a.id < b.id ? -1 : 1),
  )
}

function knownBinding(binding: BoundHit, identifiers: readonly HashedIdentifier[]): KnownBinding {
  const changed = changedMaterials(binding.fingerprints, identifiers)
  const stale = changed.length > 0 || binding.staleSince !== undefined
  return { id: binding.id, matchId: binding.matchId, account: accountOf(binding), changed, stale }
}

/** A live match that reconciliation found under one of the link's identifiers. */
export interface SideHit {
  side: 'A' | 'B'
  strength: 'identifies' | 'suggests'
  shared: boolean
  matchId: MatchId
  identityId: IdentityId
  /** Found under a key that got away: it contradicts, and proves nothing by itself. */
  hint: boolean
}

export type PersonDecision =
  /** Nobody is known by anything that identifies: a person is made. */
  | { kind: 'new' }
  /** The wallet, the account, or both belong to this person already. */
  | { kind: 'join'; identityId: IdentityId }
  /** The wallet belongs to one person and the account to another. */
  | { kind: 'conflict' }
  /** Only a row under a key that got away says whose the wallet is, and the account is not known to be theirs. */
  | { kind: 'unconfirmed' }

/** Who a proven pair of wallet and account belongs to. Never "the first one" of several, and never by a mere suggestion. */
export function decidePerson(hits: readonly SideHit[]): PersonDecision {
  const identifying = hits.filter(({ strength, shared }) => strength === 'identifies' && !shared)
  const people = new Set(identifying.map((hit) => hit.identityId))
  const [identityId] = people
  if (identityId === undefined) return { kind: 'new' }
  if (people.size > 1) return { kind: 'conflict' }
  return identifying.every(({ hint }) => hint)
    ? { kind: 'unconfirmed' }
    : { kind: 'join', identityId }
}
