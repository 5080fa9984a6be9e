/**
 * The two ways to use the database. `transact` sends a whole transaction in one round trip; `inTransaction` is for work
 * that must look at one answer before it asks the next question. Either way: one client from beginning to end, the tenant
 * set inside, and a commit believed only when the server has said so (PG-05, PG-06).
 */
import { setTimeout as wait } from 'node:timers/promises'
import type pg from 'pg'
import type { TenantId } from '../domain/ids.ts'
import type { Answer } from './exchange.ts'
import { type BridgeDatabase, isOutsideTransaction, send, withClient } from './pool.ts'
import type { Step } from './statement.ts'
import { mayBeRetried, unavailable } from './statement-failed.ts'

export type { BridgeDatabase, Counters, DatabaseOptions } from './pool.ts'
export { closeDatabase, openDatabase } from './pool.ts'
export { isUniqueViolation, StatementFailed } from './statement-failed.ts'

/** The rows of each step, in order. */
export type RowsOf<Steps extends readonly Step<unknown>[]> = {
  -readonly [Index in keyof Steps]: Steps[Index] extends Step<infer Row> ? Row[] : never
}

/** How often a unit that may be run again is tried anew after a deadlock or serialization failure (PG-17). */
export interface Again {
  retries?: 0 | 1 | 2 | 3
}

/** An open transaction. A function that takes one cannot be called outside. */
export interface Transaction {
  /** Runs one step and returns its rows. */
  run: <Row>(step: Step<Row>) => Promise<Row[]>
  /** Runs several in one round trip. */
  runAll: <const Steps extends readonly Step<unknown>[]>(steps: Steps) => Promise<RowsOf<Steps>>
  /** The same with COMMIT behind them: nothing can be run afterwards, and nothing in the answers can undo it. */
  runLast: <const Steps extends readonly Step<unknown>[]>(steps: Steps) => Promise<RowsOf<Steps>>
}

/**
 * Runs the steps as one READ COMMITTED transaction of this tenant, in one round trip, and returns the rows of each. All
 * or nothing; but a compare-and-set that moves no row is no error, so whatever depends on it must be in the same statement.
 * Throws {@link StatementFailed}, or `unavailable`; then nothing was written, except that a connection which is lost
 * while COMMIT is under way leaves that open.
 */
export function transact<const Steps extends readonly Step<unknown>[]>(
  db: BridgeDatabase,
  tenant: TenantId,
  steps: Steps,
  { retries = 0 }: Again = {},
): Promise<RowsOf<Steps>> {
  return again(db, retries, () => sendWhole(db, setTenant(tenant), steps))
}

/** The same for steps that only read; the server refuses a write (25006, hence `unavailable`). */
export function read<const Steps extends readonly Step<unknown>[]>(
  db: BridgeDatabase,
  tenant: TenantId,
  steps: Steps,
): Promise<RowsOf<Steps>> {
  return sendWhole(db, setTenantReadOnly(tenant), steps)
}

/**
 * Runs `work` inside one READ COMMITTED transaction of this tenant and commits when it returns; rolls back when it throws.
 * BEGIN travels with the first step, COMMIT on its own unless the work ends with `runLast`. With `retries` the work may
 * be run again from its beginning, so it must then do nothing that a rollback does not undo.
 */
export function inTransaction<Result>(
  db: BridgeDatabase,
  tenant: TenantId,
  work: (tx: Transaction) => Promise<Result>,
  { retries = 0 }: Again = {},
): Promise<Result> {
  return again(db, retries, () => withClient(db, (client) => converse(db, client, tenant, work)))
}

const BEGIN = step('begin', 'BEGIN ISOLATION LEVEL READ COMMITTED')
const COMMIT = step('commit', 'COMMIT')

function step(name: string, text: string): Step<unknown> {
  return { name, text, values: [] }
}

/** `true` binds the setting to this transaction, so the next user of the connection cannot inherit it (PG-05). */
function setTenant(tenant: TenantId): Step<unknown> {
  return {
    name: 'set_tenant',
    text: `SELECT set_config('app.tenant_id', $1, true)`,
    values: [tenant],
  }
}

function setTenantReadOnly(tenant: TenantId): Step<unknown> {
  return {
    name: 'set_tenant_read_only',
    text: `SELECT set_config('app.tenant_id', $1, true), set_config('transaction_read_only', 'on', true)`,
    values: [tenant],
  }
}

/**
 * Everything before one Sync is one transaction, with no BEGIN and COMMIT to send, run and answer: the server commits at the
 * Sync, or rolls back if anything before it failed, and says that it is ready only afterwards (protocol-flow, "Pipelining").
 */
async function sendWhole<Steps extends readonly Step<unknown>[]>(
  db: BridgeDatabase,
  opening: Step<unknown>,
  steps: Steps,
): Promise<RowsOf<Steps>> {
  return await withClient(db, async (client) => {
    db.counters.transactions++
    const answers = await send(db, client, [opening, ...steps])
    if (!isOutsideTransaction(db, client)) throw new Error('a step opened a transaction')
    return rowsOf<Steps>(answers.slice(1), steps)
  })
}

/** `failed`: the closing steps were refused. After a refused step before them the server itself says no to COMMIT. */
type Stage = 'new' | 'open' | 'busy' | 'failed' | 'committed' | 'over'

async function converse<Result>(
  db: BridgeDatabase,
  client: pg.PoolClient,
  tenant: TenantId,
  work: (tx: Transaction) => Promise<Result>,
): Promise<Result> {
  const talk: { stage: Stage } = { stage: 'new' }
  const ask = async (steps: readonly Step<unknown>[], last: boolean): Promise<Answer[]> => {
    const { stage } = talk
    if (stage !== 'new' && stage !== 'open')
      throw new Error(`a step in a transaction that is ${stage}`)
    const first = stage === 'new' ? [BEGIN, setTenant(tenant)] : []
    if (stage === 'new') db.counters.transactions++
    talk.stage = 'busy'
    let next: Stage = last ? 'failed' : 'open'
    try {
      const answers = await send(db, client, [...first, ...steps, ...(last ? [COMMIT] : [])])
      if (last) {
        mustBeCommitted(db, client, answers.at(-1))
        next = 'committed'
      }
      return answers.slice(first.length, first.length + steps.length)
    } finally {
      if (talk.stage === 'busy') talk.stage = next
    }
  }
  try {
    const result = await work({
      run: async (one) => rowsOf<[typeof one]>(await ask([one], false), [one])[0],
      runAll: async (steps) => rowsOf<typeof steps>(await ask(steps, false), steps),
      runLast: async (steps) => rowsOf<typeof steps>(await ask(steps, true), steps),
    })
    if (talk.stage !== 'new' && talk.stage !== 'committed') await ask([], true)
    return result
  } finally {
    talk.stage = 'over' // whoever kept the transaction cannot reach the client's next user through it
  }
}

/** After an error COMMIT succeeds as a command and is answered with ROLLBACK: only its tag tells. */
function mustBeCommitted(
  db: BridgeDatabase,
  client: pg.PoolClient,
  answer: Answer | undefined,
): void {
  if (answer?.tag === 'COMMIT' && isOutsideTransaction(db, client)) return
  throw new Error(`COMMIT was answered with ${answer?.tag ?? 'nothing'}`)
}

/** Each answer belongs to the step at its place, so the rows have that step's type. */
function rowsOf<Steps extends readonly Step<unknown>[]>(
  answers: readonly Answer[],
  steps: Steps,
): RowsOf<Steps> {
  return steps.map((_, index) => answers[index]?.rows ?? []) as RowsOf<Steps>
}

async function again<Result>(
  db: BridgeDatabase,
  retries: number,
  unit: () => Promise<Result>,
): Promise<Result> {
  for (let tried = 0; ; tried++) {
    try {
      return await unit()
    } catch (error) {
      if (!mayBeRetried(error)) throw error
      if (tried >= retries) throw unavailable(error)
      db.counters.retries++
      await wait(10 * 2 ** tried * (0.5 + Math.random()))
    }
  }
}
