/** Two persons found to be one, and told apart again: what may be done, and what belongs to whom afterwards. */
import type { BindingId, IdentityId } from './ids.ts'
import { DAY } from './time.ts'

/** How long a merge can be taken back, milliseconds. */
export const SPLIT_TIME = 30 * DAY

export interface MergePerson {
  id: IdentityId
  status: 'ACTIVE' | 'RESTRICTED' | 'MERGED' | 'ERASED'
  mergedInto: IdentityId | undefined
}

export type MergeDecision =
  | 'merge'
  /** It was done before and holds. */
  | 'merged_before'
  | 'unknown_person'
  | 'same_person'
  /** Erased, restricted, or merged with somebody: merge with the survivor of that instead. */
  | 'not_active'

/** Whether `merged` may become part of `surviving`. Both must be active, so merges make trees and never a circle. */
export function decideMerge(
  merged: MergePerson | undefined,
  surviving: MergePerson | undefined,
): MergeDecision {
  if (merged === undefined || surviving === undefined) return 'unknown_person'
  if (merged.id === surviving.id) return 'same_person'
  if (merged.status === 'MERGED' && merged.mergedInto === surviving.id) return 'merged_before'
  return merged.status === 'ACTIVE' && surviving.status === 'ACTIVE' ? 'merge' : 'not_active'
}

export type SplitDecision =
  | 'split'
  | 'split_before'
  | 'too_late'
  /** The survivor was erased, restricted, or merged into somebody else: that merge has to be split first. */
  | 'not_active'

/** Whether a merge may be taken back at `now`. Later merges go first, so that each finds what it left. */
export function decideSplit(
  merge: { splitAt: number | undefined; splitUntil: number },
  merged: MergePerson,
  surviving: MergePerson,
  now: number,
): SplitDecision {
  if (merge.splitAt !== undefined) return 'split_before'
  if (now > merge.splitUntil) return 'too_late'
  const holds = merged.status === 'MERGED' && merged.mergedInto === surviving.id
  return holds && surviving.status === 'ACTIVE' ? 'split' : 'not_active'
}

/** A binding of one of the two, once the matches are back with whom they came from. */
export interface SplitBinding {
  id: BindingId
  owner: IdentityId
  /** Whose data key seals it; undefined for the survivor's, which seals all that was made or refreshed meanwhile. */
  key: IdentityId | undefined
  accountOwner: IdentityId | undefined
  /** Whether it was there before the merge. */
  listed: boolean
  deleted: boolean
}

export interface SplitPlan {
  /** Made meanwhile, from a wallet of one to an account of the other: nobody has proven that link of one person. */
  end: readonly BindingId[]
  /** The merged person's again, but sealed under the survivor's key. */
  reseal: readonly BindingId[]
  /** The merged person's, and sealed under that person's key all along. */
  unmark: readonly BindingId[]
}

/** What becomes of the bindings. What is in none of the lists stays as it is. */
export function planSplit(bindings: readonly SplitBinding[], merged: IdentityId): SplitPlan {
  const across = (binding: SplitBinding) =>
    !binding.listed &&
    !binding.deleted &&
    binding.accountOwner !== undefined &&
    binding.accountOwner !== binding.owner
  const returned = bindings.filter((binding) => binding.owner === merged)
  return {
    end: bindings.filter(across).map(({ id }) => id),
    reseal: returned.filter(({ key }) => key === undefined).map(({ id }) => id),
    unmark: returned.filter(({ key }) => key === merged).map(({ id }) => id),
  }
}
