/**
 * Who a presentation belongs to, out of the rows its hashes hit. No row is opened for this: a key that is missing is a
 * failure elsewhere and can never look like a stranger.
 */
import type { BindingId, IdentityId, MatchId } from './ids.ts'
import type { IsoInstant } from './time.ts'

/** One live match, its person's status, and a live binding behind it if there is one. */
export interface Hit {
  matchId: MatchId
  identityId: IdentityId
  identityStatus: 'ACTIVE' | 'RESTRICTED' | 'MERGED' | 'ERASED'
  hashKeyVersion: number
  bindingId: BindingId | undefined
  bindingUsedAt: IsoInstant | undefined
}

export type Recognition =
  | {
      kind: 'recognised'
      identityId: IdentityId
      matchId: MatchId
      bindingId: BindingId
      hashKeyVersion: number
    }
  | { kind: 'stranger' }
  /** Hits on two people. */
  | { kind: 'ambiguous' }
  /** The person asked us not to process their data, or is being merged or erased. */
  | { kind: 'unavailable' }

/**
 * Decides from all hits. Of several live bindings of one person the most recently used one is taken; a person whose
 * match has no binding left is a stranger who will be joined again at the institution.
 */
export function recognise(hits: readonly Hit[]): Recognition {
  const [first] = hits
  if (first === undefined) return { kind: 'stranger' }
  if (hits.some((hit) => hit.identityId !== first.identityId)) return { kind: 'ambiguous' }
  if (first.identityStatus !== 'ACTIVE') return { kind: 'unavailable' }
  const bound = hits
    .filter((hit) => hit.bindingId !== undefined)
    .sort((a, b) => ((a.bindingUsedAt ?? '') < (b.bindingUsedAt ?? '') ? 1 : -1))
  const best = bound[0]
  if (best?.bindingId === undefined) return { kind: 'stranger' }
  return {
    kind: 'recognised',
    identityId: best.identityId,
    matchId: best.matchId,
    bindingId: best.bindingId,
    hashKeyVersion: best.hashKeyVersion,
  }
}

/** A live match that reconciliation found under one of its hashes: of the wallet's side (A) or the institution's (B). */
export interface SideHit {
  side: 'A' | 'B'
  matchId: MatchId
  identityId: IdentityId
}

export type PersonDecision =
  /** Nobody knows either side: a person is made. */
  | { kind: 'new' }
  /** The wallet, the account, or both belong to this person already. */
  | {
      kind: 'join'
      identityId: IdentityId
      holderMatch: MatchId | undefined
      institutionMatch: MatchId | undefined
    }
  /** The wallet belongs to one person and the account to another. */
  | { kind: 'conflict' }

/** Who a proven pair of wallet and account belongs to. Never "the first one" of several. */
export function decidePerson(hits: readonly SideHit[]): PersonDecision {
  const people = new Set(hits.map((hit) => hit.identityId))
  const [identityId] = people
  if (identityId === undefined) return { kind: 'new' }
  if (people.size > 1) return { kind: 'conflict' }
  const matchOf = (side: 'A' | 'B') => hits.find((hit) => hit.side === side)?.matchId
  return { kind: 'join', identityId, holderMatch: matchOf('A'), institutionMatch: matchOf('B') }
}
