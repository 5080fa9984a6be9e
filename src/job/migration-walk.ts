/** What the walks of a key migration share: legs, batches, and work that leaves others their turn. */
import { setImmediate } from 'node:timers/promises'
import type { Deps } from '../deps.ts'
import { BridgeError } from '../domain/failure.ts'
import type { TenantId } from '../domain/ids.ts'
import type { MigrationRun } from '../domain/key-migration.ts'
import type { Transaction } from '../store/database.ts'
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
  /** What the trail is told, last of the batch's transaction. */
  event?: Step<Changed>
}

/** Rows that were read and worked out, and how they are written in the transaction that moves the place. */
export interface Batch {
  /** Where the next one begins. */
  last: string
  write: (tx: Transaction) => Promise<Outcome>
}

/** Rows of one kind under one version. */
export interface Leg {
  /** Unique in a walk. */
  name: string
  /** The next batch after this row; undefined at the end. Writes nothing. */
  prepare: (after: string) => Promise<Batch | undefined>
}

/** How long anything is worked out at a stretch, milliseconds: logins are served by the same thread. */
const STRETCH = 4

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

/** A batch that is one statement. */
export function writeOne(step: Step<Changed>, rows: number, failed = 0): Batch['write'] {
  return async (tx) => {
    const [done] = await tx.run(step)
    const moved = done?.changed ?? 0
    return { moved, failed, purged: 0, locked: rows - moved }
  }
}
