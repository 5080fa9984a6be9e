/** Which rows end with a link, so that nothing is left by which an unlinked wallet is known. */
import type { BindingId, MatchId } from './ids.ts'
import type { IdentifierType, Json } from './text.ts'

/** Why a link ends: the person asked, or an administrator decided. */
export const UNLINK_REASONS = ['USER_UNLINK', 'ADMIN_REQUEST'] as const
export type UnlinkReason = (typeof UNLINK_REASONS)[number]

/** A live match of the person; side A is the wallet's, B the institution's. */
export interface OwnMatch {
  id: MatchId
  side: 'A' | 'B'
  type: IdentifierType
  hash: string
}

/** A live binding of the person. */
export interface OwnBinding {
  id: BindingId
  matchId: MatchId
  accountHash: string | undefined
  /** Every hash that its fingerprints hold. */
  proved: readonly string[]
}

export interface Unlinked {
  matches: readonly MatchId[]
  bindings: readonly BindingId[]
}

/**
 * Ends the match with every binding that rests on it. What else of the wallet's side was proved with those bindings ends
 * too, unless a binding that stays rests on it; and with the last binding everything of the wallet's side. An account's
 * match ends only when it is the one that was named: by it the person comes back as themselves.
 */
export function decideUnlink(
  matches: readonly OwnMatch[],
  bindings: readonly OwnBinding[],
  named: MatchId,
): Unlinked | undefined {
  const match = matches.find(({ id }) => id === named)
  if (match === undefined) return undefined
  const ended = bindings.filter((binding) => restsOn(binding, match))
  const orphans = orphansOf(matches, bindings, ended)
  return {
    matches: [...new Set([match.id, ...orphans])].sort(),
    bindings: ended.map(({ id }) => id).sort(),
  }
}

/** The same for several matches, one after the other; undefined where none of them is live. */
export function decideUnlinks(
  matches: readonly OwnMatch[],
  bindings: readonly OwnBinding[],
  named: readonly MatchId[],
): Unlinked | undefined {
  let ended: Unlinked | undefined
  for (const id of named) {
    const { matches: gone, bindings: over }: Unlinked = ended ?? { matches: [], bindings: [] }
    const one = decideUnlink(
      matches.filter((match) => !gone.includes(match.id)),
      bindings.filter((binding) => !over.includes(binding.id)),
      id,
    )
    if (one === undefined) continue
    ended = {
      matches: [...gone, ...one.matches].sort(),
      bindings: [...over, ...one.bindings].sort(),
    }
  }
  return ended
}

/**
 * What of the wallet's side nothing rests on any more once these bindings ended, and which addresses of accounts: the person
 * must not be known by it, for any match of a person leads to all their bindings.
 */
export function orphansOf(
  matches: readonly OwnMatch[],
  bindings: readonly OwnBinding[],
  ended: readonly OwnBinding[],
): MatchId[] {
  if (ended.length === 0) return []
  const staying = bindings.filter((binding) => !ended.includes(binding))
  return matches
    .filter(goesAlong)
    .filter((match) => !staying.some((binding) => isBehind(binding, match)))
    .filter((match) => staying.length === 0 || ended.some((binding) => isBehind(binding, match)))
    .map(({ id }) => id)
}

/** All but an account. */
function goesAlong({ side, type }: OwnMatch): boolean {
  return side === 'A' || type === 'EMAIL'
}

/** Whether a binding ends with the match: an account's address is only told along with it, and holds nothing. */
function restsOn(binding: OwnBinding, match: OwnMatch): boolean {
  return !(match.side === 'B' && match.type === 'EMAIL') && isBehind(binding, match)
}

/** Whether the match was part of what the binding proved. */
function isBehind(binding: OwnBinding, match: OwnMatch): boolean {
  if (binding.matchId === match.id) return true
  return goesAlong(match) ? binding.proved.includes(match.hash) : binding.accountHash === match.hash
}

/** Every text in a binding's fingerprints, at any depth: their hashes among them. */
export function textsIn(value: Json): string[] {
  if (typeof value === 'string') return [value]
  if (value === null || typeof value !== 'object') return []
  return Object.values(value).flatMap((member) => textsIn(member as Json))
}
