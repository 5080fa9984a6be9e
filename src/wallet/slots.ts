/** How many requests are under way at once; whoever comes later waits a while for one of them to end, and not everybody does. */

/** Who may wait, of one tenant on one instance: what a few presentations of many credentials need at once. */
const MOST_WAITING = 64

export interface Slots {
  free: number
  /** The first who came is the first to go. */
  waiting: Set<() => void>
  mostWaiting: number
}

/** Returns that many free slots. */
export function createSlots(most: number, mostWaiting = MOST_WAITING): Slots {
  return { free: most, waiting: new Set(), mostWaiting }
}

/**
 * Returns what `work` brings, begun as soon as a slot is free. Throws what `work` throws, and what `refuse` throws where none
 * became free within `waitMs` milliseconds or too many wait.
 */
export async function inSlot<T>(
  slots: Slots,
  waitMs: number,
  work: () => Promise<T>,
  refuse: () => never,
): Promise<T> {
  if (slots.free > 0) slots.free--
  else if (slots.waiting.size >= slots.mostWaiting || !(await isGiven(slots, waitMs))) refuse()
  try {
    return await work()
  } finally {
    giveOn(slots)
  }
}

function isGiven(slots: Slots, waitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const take = () => {
      clearTimeout(timer)
      resolve(true)
    }
    const timer = setTimeout(() => {
      slots.waiting.delete(take)
      resolve(false)
    }, waitMs)
    slots.waiting.add(take)
  })
}

function giveOn(slots: Slots): void {
  const [first] = slots.waiting
  if (first === undefined) {
    slots.free++
    return
  }
  slots.waiting.delete(first)
  first()
}
