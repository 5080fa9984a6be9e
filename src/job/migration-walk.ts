/** What the walks of a key migration share: legs, batches, and work that leaves others their turn. */
import { setImmediate } from 'node:timers/promises'
import type { Deps } from '../deps.ts'
import { BridgeError } from '../domain/failure.ts'
import type { TenantId } from '../domain/ids.ts'
import type { MigrationRun } from '../domain/key-migration.ts'
import type { Changed, Step } from '../store/statement.ts'

export type MigrationMeans = Pick<Deps, 'db' | 'clock' | 'keyring'>

/** One tenant in one run. */
export interface Walk {
  means: MigrationMeans
  tenantId: TenantId
  run: MigrationRun
  /** The version everything is brought to. */
  target: number
  /** Rows a batch takes at most. */
  batch: number
}

/** What became of a batch's rows. */
export interface Outcome {
  moved: number
  failed: number
  purged: number
  /** Somebody was at them, or changed them meanwhile: the next walk looks again. */
  locked: number
  /** What the audit trail is told of it, as the transaction's last statement. */
  event?: Step<unknown>
}

/** Runs a batch's statement, and any beside it, behind those that hold the place, in one round trip with them. */
export type RunOne = <Row>(step: Step<Row>, beside?: readonly Step<unknown>[]) => Promise<Row[]>

/** Writes what was worked out, by one statement in the transaction that moves the place. */
export type Write = (run: RunOne) => Promise<Outcome>

/** Rows that were read. */
export interface Page {
  /** Where the next one begins. */
  last: string
  work: () => Promise<Write>
}

/** Rows of one kind under one version. */
export interface Leg {
  /** Unique in a walk. */
  name: string
  /** The next page after this row; undefined at the end. Neither reading nor working out writes anything. */
  read: (after: string) => Promise<Page | undefined>
}

/** A leg of rows in the order of `idOf`. */
export function legOf<Row>(
  name: string,
  leg: {
    read: (after: string) => Promise<readonly Row[]>
    idOf: (row: Row) => string
    work: (rows: readonly Row[]) => Promise<Write>
  },
): Leg {
  return {
    name,
    async read(after) {
      const rows = await leg.read(after)
      const last = rows.at(-1)
      return last === undefined ? undefined : { last: leg.idOf(last), work: () => leg.work(rows) }
    },
  }
}

/** One batch, ready to be written. */
export interface Batch {
  last: string
  write: Write
}

/**
 * The batches of a leg, one at each call: while one is worked out, the rows of the next are read. Nothing more is under way
 * once it is there.
 */
export function batchesOf(leg: Leg, after: string): () => Promise<Batch | undefined> {
  let page = leg.read(after)
  return async () => {
    const found = await page
    if (found === undefined) return undefined
    page = leg.read(found.last)
    const [write] = await Promise.all([found.work(), page])
    return { last: found.last, write }
  }
}

/** How long anything is worked out at a stretch, milliseconds: logins are served by the same thread. */
const STRETCH = 2

/** Each item worked out, with a breath for everybody else now and then. */
export async function workGently<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Result,
): Promise<Result[]> {
  const results: Result[] = []
  let since = performance.now()
  for (const item of items) {
    results.push(work(item))
    if (performance.now() - since < STRETCH) continue
    await setImmediate()
    since = performance.now()
  }
  return results
}

/** What a sealed text becomes, or undefined where it does not open: that row fails, and the others go on. */
export function ifItOpens<Result>(work: () => Result): Result | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof BridgeError && error.failure.kind === 'sealed_unreadable') return undefined
    throw error
  }
}

/** A batch whose statement says how many of so many rows it moved; of what goes along `beside` it nobody counts. */
export function writeOne(
  step: Step<Changed>,
  rows: number,
  { failed = 0, beside = [] }: { failed?: number; beside?: readonly Step<unknown>[] } = {},
): Write {
  return async (run) => {
    const [done] = await run(step, beside)
    const moved = done?.changed ?? 0
    return { moved, failed, purged: 0, locked: rows - moved }
  }
}
