/**
 * What many want at one moment, in one transaction. While two of a kind are under way, whoever else wants the same of the
 * same tenant waits, and all who waited go in the next: one transaction, one round trip, and for what is written one wait
 * for the disk. It is the database's own group commit, one level up.
 *
 * For quick statements in which everybody stands for themselves: whoever gets no row takes nothing from the others. And
 * whom the server refuses is not allowed to take the others along: each is then asked for alone. What they do share is a
 * connection that breaks: of nobody in it is then known what was written, and nobody is asked for again. And whoever waits
 * for a row that somebody holds keeps the others in it waiting, as long as a lock is waited for.
 */
import type { TenantId } from '../domain/ids.ts'
import { type BridgeDatabase, read, transact } from './database.ts'
import type { Step } from './statement.ts'
import { refusedByServer, unavailable } from './statement-failed.ts'

/** Items that may be written together. */
export interface Kind<Item, Row> {
  /** The statement for some items, at least one. */
  step: (tenantId: TenantId, items: readonly Item[]) => Step<Row>
  /** What tells whose row it is: random, so that no two items ever have the same. */
  keyOf: (item: Item) => string
  keyIn: (row: Row) => string
}

/**
 * A function that writes one item and resolves with its row, or undefined where the statement gave none. Throws as
 * {@link transact} does; an item whose transaction may or may not have been committed is never written again.
 */
export function together<Item, Row>(
  kind: Kind<Item, Row>,
): (db: BridgeDatabase, tenantId: TenantId, item: Item) => Promise<Row | undefined> {
  return gather({
    async ask(db, tenantId, items) {
      const [rows] = await transact(db, tenantId, [kind.step(tenantId, items)], { retries: 2 })
      const byKey = new Map(rows.map((row) => [kind.keyIn(row), row]))
      return items.map((item) => byKey.get(kind.keyOf(item)))
    },
  })
}

/** Reads with one quick statement and resolves with its rows, as {@link read} does. */
export function readTogether<Row>(
  db: BridgeDatabase,
  tenantId: TenantId,
  step: Step<Row>,
): Promise<Row[]> {
  // The rows at a step's place are that step's.
  return readGathered(db, tenantId, step) as Promise<Row[]>
}

const readGathered = gather<Step<unknown>, unknown[]>({ ask: read })

interface Asking<Item, Answer> {
  /** Asks for some items, at least one; an answer for each, in their order. */
  ask: (
    db: BridgeDatabase,
    tenantId: TenantId,
    items: readonly Item[],
  ) => Promise<readonly Answer[]>
}

interface Waiting<Item, Answer> {
  item: Item
  resolve: (answer: Answer) => void
  reject: (error: unknown) => void
  /** When it was asked for; milliseconds of `performance.now`. */
  since: number
}

interface Queue<Item, Answer> {
  underWay: number
  waiting: Waiting<Item, Answer>[]
}

/** Of one kind and tenant: while one waits for the disk or its answer is read, the other is worked on. */
const AT_ONCE = 2
const MOST_ITEMS = 64
/** As long as anybody waits for a connection; milliseconds. Who waited longer is not asked for any more. */
const LONGEST_WAIT = 5_000

function gather<Item, Answer>(
  asking: Asking<Item, Answer>,
): (db: BridgeDatabase, tenantId: TenantId, item: Item) => Promise<Answer> {
  const queues = new WeakMap<BridgeDatabase, Map<TenantId, Queue<Item, Answer>>>()

  async function work(db: BridgeDatabase, tenantId: TenantId): Promise<void> {
    const own = queues.get(db)
    const queue = own?.get(tenantId)
    if (own === undefined || queue === undefined || queue.underWay >= AT_ONCE) return
    const waiting = inTime(queue.waiting.splice(0, MOST_ITEMS))
    if (waiting.length === 0) {
      if (queue.waiting.length > 0) return await work(db, tenantId)
      if (queue.underWay === 0) own.delete(tenantId)
      return
    }
    queue.underWay++
    await settle(db, tenantId, asking, waiting)
    queue.underWay--
    void work(db, tenantId)
  }

  return (db, tenantId, item) =>
    new Promise((resolve, reject) => {
      const own = queues.get(db) ?? new Map<TenantId, Queue<Item, Answer>>()
      queues.set(db, own)
      const queue = own.get(tenantId) ?? { underWay: 0, waiting: [] }
      own.set(tenantId, queue)
      queue.waiting.push({ item, resolve, reject, since: performance.now() })
      void work(db, tenantId)
    })
}

function inTime<Item, Answer>(waiting: readonly Waiting<Item, Answer>[]): Waiting<Item, Answer>[] {
  const now = performance.now()
  const [kept, late] = [true, false].map((wanted) =>
    waiting.filter(({ since }) => now - since <= LONGEST_WAIT === wanted),
  )
  for (const { reject } of late ?? []) reject(unavailable(new Error('waited too long')))
  return kept ?? []
}

/** Tells every one of them the answer or what went wrong; never throws. */
async function settle<Item, Answer>(
  db: BridgeDatabase,
  tenantId: TenantId,
  asking: Asking<Item, Answer>,
  waiting: readonly Waiting<Item, Answer>[],
): Promise<void> {
  try {
    const items = waiting.map(({ item }) => item)
    const answers = await asking.ask(db, tenantId, items)
    for (const [place, { resolve }] of waiting.entries()) resolve(answers[place] as Answer)
  } catch (error) {
    if (waiting.length === 1 || !refusedByServer(error)) {
      for (const { reject } of waiting) reject(error)
      return
    }
    await Promise.all(waiting.map((one) => settle(db, tenantId, asking, [one])))
  }
}
