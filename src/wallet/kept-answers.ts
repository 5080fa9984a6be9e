/**
 * Answers of others that many logins rest on: fetched once for everybody who waits, kept as long as they say, fetched
 * anew a little before that, and bounded in number and octets. What failed is not asked again for a while.
 */
import { randomInt } from 'node:crypto'
import { BridgeError, fail } from '../domain/failure.ts'
import { isRecent, SECOND } from '../domain/time.ts'
import { createSlots, inSlot, type Slots } from './slots.ts'

/** After a failure nobody asks again for this long. */
const COOL_DOWN = 30 * SECOND
/** As long as one request may take. */
const WAIT_MS = 4_000

export interface Answer<T> {
  value: T
  /** Milliseconds since the epoch. */
  freshUntil: number
  /** What it takes up in memory, roughly. */
  octets: number
}

interface Kept<T> {
  answer: Answer<T> | undefined
  refreshFrom: number
  failedAt: number
  pending: Promise<void> | undefined
}

export interface AnswerShelf<T> {
  kept: Map<string, Kept<T>>
  most: number
  mostOctets: number
  slots: Slots
}

/** Returns an empty shelf with its bounds. */
export function createAnswerShelf<T>(
  bounds: { most?: number; mostOctets?: number; mostPending?: number } = {},
): AnswerShelf<T> {
  const { most = 256, mostOctets = 16 * 1024 * 1024, mostPending = 8 } = bounds
  return { kept: new Map(), most, mostOctets, slots: createSlots(mostPending) }
}

/** Brings an answer. It is given the one before, and may remember one that is past its time, for {@link lastAnswer}. */
export type LoadAnswer<T> = (
  before: T | undefined,
  remember: (answer: Answer<T>) => void,
) => Promise<Answer<T>>

/**
 * Returns the answer of that name: the one at hand while it is fresh, else what `load` brings. Throws what `load` throws, and `outbound_refused` while it failed a moment ago or too much is under way for too long. `now`
 * in milliseconds.
 */
export async function recallAnswer<T>(
  shelf: AnswerShelf<T>,
  name: string,
  now: number,
  load: LoadAnswer<T>,
): Promise<T> {
  const kept = keptOf(shelf, name)
  const { answer } = kept
  if (answer !== undefined && now < answer.freshUntil) {
    if (now >= kept.refreshFrom) fetchAhead(shelf, kept, now, load)
    return answer.value
  }
  await fetchOnce(shelf, kept, now, load)
  return kept.answer?.value ?? unreachable()
}

/** Returns the last answer of that name, however old. */
export function lastAnswer<T>(shelf: AnswerShelf<T>, name: string): Answer<T> | undefined {
  return shelf.kept.get(name)?.answer
}

function keptOf<T>(shelf: AnswerShelf<T>, name: string): Kept<T> {
  const known = shelf.kept.get(name)
  if (known !== undefined) return known
  const never = Number.NEGATIVE_INFINITY
  const fresh = { answer: undefined, refreshFrom: never, failedAt: never, pending: undefined }
  shelf.kept.set(name, fresh)
  makeRoom(shelf)
  return fresh
}

/** The oldest go first; one that is being fetched stays. */
function makeRoom<T>(shelf: AnswerShelf<T>): void {
  let octets = 0
  for (const { answer } of shelf.kept.values()) octets += answer?.octets ?? 0
  for (const [name, one] of shelf.kept) {
    if (shelf.kept.size <= shelf.most && octets <= shelf.mostOctets) return
    if (one.pending !== undefined) continue
    octets -= one.answer?.octets ?? 0
    shelf.kept.delete(name)
  }
}

/** While the answer still counts; a failure is met again by whoever comes when it has run out. */
function fetchAhead<T>(
  shelf: AnswerShelf<T>,
  kept: Kept<T>,
  now: number,
  load: LoadAnswer<T>,
): void {
  if (kept.pending !== undefined || isRecent(kept.failedAt, COOL_DOWN, now)) return
  fetchOnce(shelf, kept, now, load).catch((error: unknown) => {
    if (!(error instanceof BridgeError)) throw error
  })
}

async function fetchOnce<T>(
  shelf: AnswerShelf<T>,
  kept: Kept<T>,
  now: number,
  load: LoadAnswer<T>,
): Promise<void> {
  if (kept.pending === undefined) {
    if (isRecent(kept.failedAt, COOL_DOWN, now)) unreachable()
    const remember = (answer: Answer<T>) => {
      kept.answer = answer
    }
    const attempt = async () => {
      try {
        keep(kept, await load(kept.answer?.value, remember), now)
      } catch (error) {
        kept.failedAt = now
        throw error
      }
    }
    kept.pending = inSlot(shelf.slots, WAIT_MS, attempt, unreachable).finally(() => {
      kept.pending = undefined
      makeRoom(shelf)
    })
  }
  await kept.pending
}

function unreachable(): never {
  return fail({ kind: 'outbound_refused', reason: 'unreachable' })
}

/** Somewhere in the last quarter, so that instances that began together do not ask together. */
function keep<T>(kept: Kept<T>, answer: Answer<T>, now: number): void {
  kept.answer = answer
  kept.refreshFrom = now + Math.floor((answer.freshUntil - now) * (0.75 + randomInt(200) / 1000))
}
