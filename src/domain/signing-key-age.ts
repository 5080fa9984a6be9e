/**
 * How a key for tokens gets old: next → active → retiring → retired (protocols OP-90, OP-91). It is published a day before
 * anything is signed with it, longer than anybody may keep our key set; and it stays published a day after the last
 * signature, longer than any token lives and anybody keeps the set. What is retired keeps its public half, and no other.
 */
import { DAY, fromInstant, type IsoInstant } from './time.ts'

/** How long one key signs. */
export const ACTIVE_TIME = 90 * DAY
/** How long a key is published before it signs. The key set may be cached for five minutes. */
export const PUBLISHED_BEFORE = 1 * DAY
/** How long a key is published after it signed last. Tokens live ten minutes. */
export const PUBLISHED_AFTER = 1 * DAY

export type SigningKeyState = 'next' | 'active' | 'retiring' | 'retired'

/** What of a key decides what happens to it. */
export interface AgeingKey {
  kid: string
  state: SigningKeyState
  createdAt: IsoInstant
  activatedAt: IsoInstant | undefined
  retireAt: IsoInstant | undefined
}

export type KeyStep =
  | { do: 'publish' }
  | { do: 'activate'; kid: string }
  | { do: 'retire'; kid: string }

/** What is due at `now` (milliseconds) among the keys of one purpose and algorithm, in the order to do it. */
export function dueSteps(keys: readonly AgeingKey[], now: number): readonly KeyStep[] {
  const next = keys.find(({ state }) => state === 'next')
  const active = keys.find(({ state }) => state === 'active')
  const steps: KeyStep[] = []
  if (next !== undefined && fromInstant(next.createdAt) + PUBLISHED_BEFORE <= now)
    steps.push({ do: 'activate', kid: next.kid })
  if (next === undefined && active !== undefined) {
    const began = fromInstant(active.activatedAt ?? active.createdAt)
    if (began + ACTIVE_TIME - PUBLISHED_BEFORE <= now) steps.push({ do: 'publish' })
  }
  return [...steps, ...pastTheirTime(keys, now)]
}

function pastTheirTime(keys: readonly AgeingKey[], now: number): readonly KeyStep[] {
  return keys
    .filter(
      ({ state, retireAt }) =>
        state === 'retiring' && retireAt !== undefined && fromInstant(retireAt) <= now,
    )
    .map(({ kid }) => ({ do: 'retire', kid }))
}
