/** Chance that repeats itself: the same seed gives the same population, on every machine. */

export interface Chance {
  /** At least 0, below 1. */
  next(): number
  /** A whole number from 0 to `below` - 1. */
  below(below: number): number
  /** True with this probability. */
  has(probability: number): boolean
  /** One of the list, each as likely. */
  one<Item>(list: readonly [Item, ...Item[]]): Item
  /** One of the list, the first ones far more likely than the last, as names are. */
  common<Item>(list: readonly [Item, ...Item[]]): Item
}

/** A generator of 32 bits of state (mulberry32, public domain): good enough to mix people, and for nothing else. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (end: number) => Math.floor(next() * end)
  return {
    next,
    below,
    has: (probability) => next() < probability,
    one: (list) => list[below(list.length)] ?? list[0],
    common: (list) => list[Math.floor(next() ** 2 * list.length)] ?? list[0],
  }
}

/** The list in another order. */
export function shuffle<Item>(chance: Chance, list: readonly Item[]): Item[] {
  return list
    .map((item) => ({ item, place: chance.next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item)
}
