/**
 * One round trip: many prepared statements written at once, one Sync behind them, all answers read together.
 *
 * `pg` can pipeline too (`pipeline: true`), but it sends a Sync after each statement: the server then answers in as many
 * packets, and goes on past a statement that failed. With one Sync for all, the server itself skips everything behind the
 * first error, the COMMIT included (protocol-flow, "Pipelining": "the backend discards messages until it gets Sync").
 * So this room hands `pg` its own submittable, the way pg-cursor does, on a client without that option.
 */
import type { Connection, FieldDef, PoolClient } from 'pg'
import pg from 'pg'
import { serialize } from 'pg-protocol'
import type { Step } from './statement.ts'

/** What one statement came back with: its rows, or one `{ changed }` row when it has no result columns. */
export interface Answer {
  readonly rows: unknown[]
  /** The command's tag, such as `COMMIT` or `UPDATE 1`. */
  readonly tag: string
}

/** The connection was silent for longer than was allowed; nothing is known of what it did. */
export class AnswerOverdue extends Error {
  constructor(milliseconds: number) {
    super(`no answer from the database in ${milliseconds} ms`)
    this.name = 'AnswerOverdue'
  }
}

interface Column {
  readonly name: string
  readonly read: (text: string) => unknown
}

/** A statement that a connection has parsed. `columns` is undefined until the server described it, null if it has none. */
interface Parsed {
  readonly text: string
  columns: readonly Column[] | null | undefined
}

interface ConnectionState {
  readonly parsed: Map<string, Parsed>
  /** Statements of which we do not know whether the server has them: closed before anything else is sent. */
  readonly doubtful: Set<string>
  /** Has something been sent that was not answered yet? */
  waiting: boolean
}

/** What each connection has parsed; belongs to one pool. */
export type ParsedStatements = WeakMap<Connection, ConnectionState>

/** The part of `pg`'s client that a submittable is called through; its own types leave these members out. */
interface ServerEvents {
  callback: (error: Error | null) => void
  submit: (connection: Connection) => Error | undefined
  handleRowDescription: (message: { fields: FieldDef[] }) => void
  handleDataRow: (message: { fields: (string | null)[] }) => void
  handleCommandComplete: (message: { text: string }) => void
  handleEmptyQuery: () => void
  handlePortalSuspended: () => void
  handleCopyInResponse: (connection: Connection & { sendCopyFail: (why: string) => void }) => void
  handleCopyData: () => void
  handleError: (error: Error) => void
  handleReadyForQuery: () => void
}

/**
 * Sends the steps and returns one answer each, in order, after the server said that it is ready again.
 * Throws pg's DatabaseError for the first step that failed (the later ones were not run, and the transaction, if one is
 * open, is aborted), {@link AnswerOverdue}, or the connection's own error.
 */
export function exchange(
  client: PoolClient,
  known: ParsedStatements,
  steps: readonly Step<unknown>[],
  withinMs: number,
): Promise<Answer[]> {
  return new Promise((resolve, reject) => {
    const answers: Answer[] = []
    const statements: Parsed[] = []
    let rows: unknown[] = []
    let state: ConnectionState | undefined
    let unreadable: Error | undefined
    const overdue = setTimeout(() => reject(new AnswerOverdue(withinMs)), withinMs)

    const events: ServerEvents = {
      callback: () => undefined,
      submit(connection) {
        const found = stateOf(known, connection)
        const twice = clashingName(found, steps)
        if (twice !== undefined) return new Error(`two statements are named ${twice}`)
        state = found
        state.waiting = true
        const messages: Buffer[] = []
        for (const step of steps) statements.push(write(messages, found, step))
        messages.push(serialize.sync())
        // One buffer, one write: handing over each message by itself costs more than making it.
        connection.stream.write(Buffer.concat(messages))
        return undefined
      },
      handleRowDescription({ fields }) {
        const current = statements[answers.length]
        if (current !== undefined) current.columns = fields.map(toColumn)
      },
      handleDataRow({ fields }) {
        try {
          rows.push(toRow(statements[answers.length]?.columns ?? [], fields))
        } catch (error) {
          unreadable =
            error instanceof Error ? error : new Error('unreadable row', { cause: error })
        }
      },
      handleCommandComplete({ text }) {
        const current = statements[answers.length]
        if (current !== undefined) current.columns ??= null
        answers.push({ rows: current?.columns ? rows : [{ changed: changedBy(text) }], tag: text })
        rows = []
      },
      handleEmptyQuery() {
        answers.push({ rows: [], tag: '' })
      },
      handlePortalSuspended: () => undefined, // never: we do not ask for rows in portions
      handleCopyInResponse: (connection) => connection.sendCopyFail('COPY is not used here'),
      handleCopyData: () => undefined,
      handleError(error) {
        clearTimeout(overdue)
        if (state !== undefined) {
          state.waiting = false
          forgetFrom(state, steps, answers.length)
        }
        reject(error)
      },
      handleReadyForQuery() {
        clearTimeout(overdue)
        if (state !== undefined) state.waiting = false
        if (unreadable === undefined) resolve(answers)
        else reject(unreadable)
      },
    }
    client.query(events)
  })
}

/** Is there an exchange under way on this client? */
export function isWaiting(client: PoolClient, known: ParsedStatements): boolean {
  return known.get(client.connection)?.waiting ?? false
}

function stateOf(known: ParsedStatements, connection: Connection): ConnectionState {
  let state = known.get(connection)
  if (state === undefined) {
    state = { parsed: new Map(), doubtful: new Set(), waiting: false }
    known.set(connection, state)
  }
  return state
}

function clashingName(state: ConnectionState, steps: readonly Step<unknown>[]): string | undefined {
  const texts = new Map<string, string>()
  for (const { name, text } of steps) {
    const other = texts.get(name) ?? state.parsed.get(name)?.text
    if (other !== undefined && other !== text) return name
    texts.set(name, text)
  }
  return undefined
}

function write(messages: Buffer[], state: ConnectionState, step: Step<unknown>): Parsed {
  if (state.doubtful.delete(step.name))
    messages.push(serialize.close({ type: 'S', name: step.name }))
  let parsed = state.parsed.get(step.name)
  if (parsed === undefined) {
    parsed = { text: step.text, columns: undefined }
    messages.push(serialize.parse({ name: step.name, text: step.text, types: [] }))
    state.parsed.set(step.name, parsed)
  }
  messages.push(serialize.bind({ statement: step.name, values: [...step.values] }))
  // The server describes a statement's columns once a connection; should they change, it refuses the plan (0A000).
  if (parsed.columns === undefined) messages.push(serialize.describe({ type: 'P' }))
  messages.push(EXECUTE)
  return parsed
}

/** All rows of the unnamed portal. The same bytes each time. */
const EXECUTE = serialize.execute()

/** After an error: what was answered is parsed, of the rest it is not known. A close of what is not there does no harm. */
function forgetFrom(state: ConnectionState, steps: readonly Step<unknown>[], first: number): void {
  const answered = new Set(steps.slice(0, first).map((step) => step.name))
  for (const { name } of steps.slice(first)) {
    if (answered.has(name)) continue
    state.parsed.delete(name)
    state.doubtful.add(name)
  }
}

function toColumn(field: FieldDef): Column {
  return { name: field.name, read: readerOf(field.dataTypeID) }
}

function toRow(columns: readonly Column[], fields: readonly (string | null)[]): object {
  const row: Record<string, unknown> = {}
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i]
    const text = fields[i]
    if (column === undefined) continue
    row[column.name] = text === null || text === undefined ? null : column.read(text)
  }
  return row
}

function asText(text: string): string {
  return text
}

/** bigint as a number: sequences and counts. Throws RangeError where a number would be inexact. */
function asSafeInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError('bigint beyond 2^53 - 1')
  return value
}

function readerOf(oid: number): (text: string) => unknown {
  const { TEXT, VARCHAR, INT8, DATE, TIMESTAMP, TIMESTAMPTZ } = pg.types.builtins
  if (oid === INT8) return asSafeInteger
  if ([TEXT, VARCHAR, DATE, TIMESTAMP, TIMESTAMPTZ].includes(oid)) return asText
  return pg.types.getTypeParser(oid, 'text')
}

function changedBy(tag: string): number {
  const count = Number(tag.slice(tag.lastIndexOf(' ') + 1))
  return Number.isInteger(count) ? count : 0
}
