/**
 * What the database said no to, without the values it said it about. Postgres puts rows into `detail` and values into
 * many messages; none of that leaves this file.
 */
import pg from 'pg'
import { BridgeError, fail } from '../domain/failure.ts'
import { AnswerOverdue } from './exchange.ts'

/** A statement the server refused: SQLSTATE and the names of things, never a value. */
export class StatementFailed extends Error {
  /** Five characters, PostgreSQL appendix A. */
  readonly sqlState: string
  readonly constraint: string | undefined
  constructor(sqlState: string, constraint: string | undefined, message: string) {
    super(message)
    this.name = 'StatementFailed'
    this.sqlState = sqlState
    this.constraint = constraint
  }
}

/** Is it a unique violation (23505), of this constraint or index if one is named? */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  if (!(error instanceof StatementFailed) || error.sqlState !== '23505') return false
  return constraint === undefined || error.constraint === constraint
}

/** Serialization failure or deadlock: the server rolled back, and the same unit may succeed when run again. */
export function mayBeRetried(error: unknown): boolean {
  return error instanceof StatementFailed && ['40001', '40P01'].includes(error.sqlState)
}

/**
 * Did the server refuse the statement itself, or a lock it waited for in vain (55P03), so that surely nothing of the unit was
 * written? False for a server that has no time or is going down, and for a connection that broke, which leaves it open.
 */
export function refusedByServer(error: unknown): boolean {
  if (error instanceof StatementFailed) return true
  const cause = error instanceof BridgeError ? error.cause : undefined
  return cause instanceof StatementFailed && ['55P03', '40001', '40P01'].includes(cause.sqlState)
}

/**
 * Turns what `pg` threw into what may travel on: a {@link StatementFailed}, or `unavailable` for everything that
 * another try at another time may cure. Our own errors pass unchanged.
 */
export function withoutValues(error: unknown): unknown {
  if (error instanceof BridgeError || error instanceof StatementFailed) return error
  if (error instanceof pg.DatabaseError) {
    const refused = toStatementFailed(error)
    return isPassing(refused.sqlState) ? unavailable(refused) : refused
  }
  if (error instanceof AnswerOverdue || isConnectionError(error)) return unavailable(error)
  return error
}

/** The `unavailable` failure, with its cause kept out of its message. */
export function unavailable(cause: unknown): unknown {
  try {
    fail({ kind: 'unavailable' }, cause)
  } catch (failure) {
    return failure
  }
}

function toStatementFailed(error: pg.DatabaseError): StatementFailed {
  const code = error.code ?? 'XX000'
  const about = [error.table, error.constraint].filter((name) => name !== undefined).join(', ')
  // Class 42 (syntax error, undefined name, missing right) speaks of the statement's own text, which is code.
  const said = code.startsWith('42') ? `: ${error.message}` : ''
  return new StatementFailed(
    code,
    error.constraint,
    `database refused a statement (${code}${about === '' ? '' : `, ${about}`})${said}`,
  )
}

/**
 * SQLSTATEs that say "not now": connection exceptions (08), insufficient resources (53), shutdown and starting up (57P),
 * time-outs (57014, 55P03, 25P03, 25P04), a standby (25006). Deadlocks are retried first, see {@link mayBeRetried}.
 */
function isPassing(sqlState: string): boolean {
  if (sqlState.startsWith('08') || sqlState.startsWith('53') || sqlState.startsWith('57P'))
    return true
  return ['57014', '55P03', '25P03', '25P04', '25006'].includes(sqlState)
}

/** What `pg` and `pg-pool` say in words, for they give these errors no code. */
const SAID_OF_CONNECTIONS = [
  'Connection terminated',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Client has encountered a connection error',
  'Client was closed',
  'Cannot use a pool after calling end',
]

function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('syscall' in error && 'code' in error) return true // ECONNREFUSED, ENOENT of a socket, ECONNRESET, ENOTFOUND …
  if (
    'code' in error &&
    ['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED'].includes(String(error.code))
  ) {
    return true
  }
  return SAID_OF_CONNECTIONS.some((words) => error.message.startsWith(words))
}
