/**
 * What many want at one moment, in one transaction. While two of a kind are under way, whoever else wants the same of the
 * same tenant waits, and all who waited go in the next: one statement, one commit, one wait for the disk. It is the
 * database's own group commit, one level up.
 *
 * For statements in which every item stands for itself, found by a key that no other item has: an item that gets no row
 * takes nothing from the others. And an item that the server refuses is not allowed to take the others along: they are
 * then asked for one by one.
 */
import type { TenantId } from '../domain/ids.ts'
import { type BridgeDatabase, transact } from './database.ts'
import type { Step } from './statement.ts'
import { wasRolledBack } from './statement-failed.ts'

/** What may go together. */
export interface Kind<Item, Row> {
  /** The statement for some items, at least one. */
  step: (tenantId: TenantId, items: readonly Item[]) => Step<Row>
  /** What tells whose row it is: random, so that no two items ever have the same. */
  keyOf: (item: Item) => string
  keyIn: (row: Row) => string
}

interface Waiting<Item, Row> {
  item: Item
  resolve: (row: Row | undefined) => void
  reject: (error: unknown) => void
}

interface Queue<Item, Row> {
  underWay: number
  waiting: Waiting<Item, Row>[]
}

/** Transactions of one kind and tenant at a time: while one waits for the disk, the other is worked on. */
const AT_ONCE = 2
const MOST_ITEMS = 64

/**
 * A function that asks for one item and resolves with its row, or undefined where the statement gave none. Throws as
 * {@link transact} does; an item whose transaction may or may not have been committed is never asked for again.
 */
export function together<Item, Row>(
  kind: Kind<Item, Row>,
): (db: BridgeDatabase, tenantId: TenantId, item: Item) => Promise<Row | undefined> {
  const queues = new WeakMap<BridgeDatabase, Map<TenantId, Queue<Item, Row>>>()

  async function work(db: BridgeDatabase, tenantId: TenantId): Promise<void> {
    const own = queues.get(db)
    const queue = own?.get(tenantId)
    if (own === undefined || queue === undefined || queue.underWay >= AT_ONCE) return
    const items = queue.waiting.splice(0, MOST_ITEMS)
    if (items.length === 0) {
      if (queue.underWay === 0) own.delete(tenantId)
      return
    }
    queue.underWay++
    await settle(db, tenantId, kind, items)
    queue.underWay--
    void work(db, tenantId)
  }

  return (db, tenantId, item) =>
    new Promise((resolve, reject) => {
      const own = queues.get(db) ?? new Map<TenantId, Queue<Item, Row>>()
      queues.set(db, own)
      const queue = own.get(tenantId) ?? { underWay: 0, waiting: [] }
      own.set(tenantId, queue)
      queue.waiting.push({ item, resolve, reject })
      void work(db, tenantId)
    })
}

/** Tells every one of them its row or what went wrong; never throws. */
async function settle<Item, Row>(
  db: BridgeDatabase,
  tenantId: TenantId,
  kind: Kind<Item, Row>,
  waiting: readonly Waiting<Item, Row>[],
): Promise<void> {
  try {
    const items = waiting.map(({ item }) => item)
    const [rows] = await transact(db, tenantId, [kind.step(tenantId, items)], { retries: 1 })
    const byKey = new Map(rows.map((row) => [kind.keyIn(row), row]))
    for (const { item, resolve } of waiting) resolve(byKey.get(kind.keyOf(item)))
  } catch (error) {
    if (waiting.length === 1 || !wasRolledBack(error)) {
      for (const { reject } of waiting) reject(error)
      return
    }
    for (const one of waiting) await settle(db, tenantId, kind, [one])
  }
}
