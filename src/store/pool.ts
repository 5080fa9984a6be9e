/**
 * The connections: how they are opened, borrowed and given back. A client goes back to the pool only when the server said
 * that no transaction is open on it; a client whose state is unknown is thrown away (PG-06).
 */
import pg from 'pg'
import { type Answer, exchange, isWaiting, type ParsedStatements } from './exchange.ts'
import type { Step } from './statement.ts'
import { unavailable, withoutValues } from './statement-failed.ts'

export interface DatabaseOptions {
  /** `postgresql://user:password@host:port/name`; a socket folder goes into `?host=/folder`. */
  connectionString: string
  applicationName?: string
  /** Connections at most. Default 10. */
  poolSize?: number
  /** How long one may wait for a connection. Default 5 000 ms. */
  connectTimeoutMs?: number
  /** PG-18. Default 10 000 ms. */
  statementTimeoutMs?: number
  /** PG-18. Default 5 000 ms. */
  lockTimeoutMs?: number
  /** PG-18. Default 15 000 ms. */
  idleInTransactionTimeoutMs?: number
  /** How long a round trip may stay unanswered before its connection is given up. Default 20 000 ms. */
  answerTimeoutMs?: number
  /** Told of connections that broke while nobody used them; the pool has already let go of them. */
  onConnectionLost?: (error: Error) => void
}

/** What the pool has done since it was opened; for metrics and the bench. */
export interface Counters {
  roundTrips: number
  statements: number
  transactions: number
  rollbacks: number
  retries: number
  connections: number
}

export interface BridgeDatabase {
  readonly pool: pg.Pool
  readonly counters: Counters
  readonly parsed: ParsedStatements
  readonly answerTimeoutMs: number
}

/** Opens the pool; connects nothing yet. Close it with {@link closeDatabase}. */
export function openDatabase(options: DatabaseOptions): BridgeDatabase {
  const counters: Counters = {
    roundTrips: 0,
    statements: 0,
    transactions: 0,
    rollbacks: 0,
    retries: 0,
    connections: 0,
  }
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    application_name: options.applicationName ?? 'identity-bridge',
    max: options.poolSize ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    statement_timeout: options.statementTimeoutMs ?? 10_000,
    lock_timeout: options.lockTimeoutMs ?? 5_000,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs ?? 15_000,
    // A transaction without a BEGIN has the connection's isolation level, whatever the server's own default is.
    onConnect: async (client) => {
      await client.query(`SET default_transaction_isolation = 'read committed'`)
    },
  })
  const lost = options.onConnectionLost ?? (() => undefined)
  pool.on('error', lost) // without a listener the server's shutdown would end this process
  pool.on('connect', (client) => {
    counters.connections++
    // The pool listens to idle clients only; who uses one hears of its end from the query.
    client.on('error', () => undefined)
  })
  const answerTimeoutMs = options.answerTimeoutMs ?? 20_000
  return { pool, counters, parsed: new WeakMap(), answerTimeoutMs }
}

/** Waits for the connections in use and closes all. */
export async function closeDatabase(db: BridgeDatabase): Promise<void> {
  await db.pool.end()
}

/**
 * Borrows a client for `use` and returns its result. Throws what `use` threw, with database errors freed of values;
 * `unavailable` when no client is to be had.
 */
export async function withClient<Result>(
  db: BridgeDatabase,
  use: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await db.pool.connect().catch((error: unknown) => {
    throw connectFailure(error)
  })
  let clean = false
  try {
    const result = await use(client)
    clean = isOutsideTransaction(db, client)
    return result
  } catch (error) {
    clean = await rollBack(db, client)
    throw withoutValues(error)
  } finally {
    client.release(!clean)
  }
}

/** One counted round trip. Returns as many answers as steps, or throws what `pg` threw. */
export async function send(
  db: BridgeDatabase,
  client: pg.PoolClient,
  steps: readonly Step<unknown>[],
): Promise<Answer[]> {
  db.counters.roundTrips++
  db.counters.statements += steps.length
  const answers = await exchange(client, db.parsed, steps, db.answerTimeoutMs)
  if (answers.length !== steps.length) {
    throw new Error(`${answers.length} answers to ${steps.length} statements`)
  }
  return answers
}

/** Did the server say last that no transaction is open, with nothing sent since? */
export function isOutsideTransaction(db: BridgeDatabase, client: pg.PoolClient): boolean {
  return client.getTransactionStatus() === 'I' && !isWaiting(client, db.parsed)
}

const ROLLBACK: Step<unknown> = { name: 'rollback', text: 'ROLLBACK', values: [] }

/** True when the client is known to be outside any transaction afterwards; else it must be thrown away. */
async function rollBack(db: BridgeDatabase, client: pg.PoolClient): Promise<boolean> {
  db.counters.rollbacks++
  if (isWaiting(client, db.parsed)) return false
  try {
    await send(db, client, []) // what failed without a BEGIN is rolled back already, and the answer to a Sync tells
    if (isOutsideTransaction(db, client)) return true
    const [answer] = await send(db, client, [ROLLBACK])
    return answer?.tag === 'ROLLBACK' && isOutsideTransaction(db, client)
  } catch {
    return false // what went wrong first is already on its way to the caller; this client is destroyed
  }
}

/** What the server refuses by a code (a wrong password, no such database) keeps it; the rest is `unavailable`. */
function connectFailure(error: unknown): unknown {
  const known = withoutValues(error)
  return known === error ? unavailable(error) : known
}
