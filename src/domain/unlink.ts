/** Which rows end with a link, so that nothing is left by which an unlinked wallet is known. */
import type { BindingId, MatchId } from './ids.ts'
import type { Json } from './text.ts'

/** Why a link ends: the person asked, or an administrator decided. */
export const UNLINK_REASONS = ['USER_UNLINK', 'ADMIN_REQUEST'] as const
export type UnlinkReason = (typeof UNLINK_REASONS)[number]

/** A live match of the person; side A is the wallet's, B the institution's. */
export interface OwnMatch {
  id: MatchId
  side: 'A' | 'B'
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
  const rests = (binding: OwnBinding, on: OwnMatch) =>
    binding.matchId === on.id ||
    (on.side === 'B' ? binding.accountHash === on.hash : binding.proved.includes(on.hash))
  const ended = bindings.filter((binding) => rests(binding, match))
  const staying = bindings.filter((binding) => !ended.includes(binding))
  const orphans = matches.filter(
    (other) =>
      other.side === 'A' &&
      !staying.some((binding) => rests(binding, other)) &&
      (staying.length === 0 || ended.some((binding) => rests(binding, other))),
  )
  return {
    matches: [...new Set([match.id, ...orphans.map(({ id }) => id)])].sort(),
    bindings: ended.map(({ id }) => id).sort(),
  }
}

/** Every text in a binding's fingerprints, at any depth: their hashes among them. */
export function textsIn(value: Json): string[] {
  if (typeof value === 'string') return [value]
  if (value === null || typeof value !== 'object') return []
  return Object.values(value).flatMap((member) => textsIn(member as Json))
}
