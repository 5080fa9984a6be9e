/**
 * The log: one JSON object a line on standard output. Redaction is by allow-list: a field that is not named in
 * {@link LogFields} is not written, whatever its value, so a new field is a decision and never an accident.
 */
import { type DestinationStream, pino } from 'pino'

/** Everything a line may say besides time, level and message. */
export interface LogFields {
  correlation_id?: string | undefined
  tenant?: string | undefined
  method?: string | undefined
  route?: string | undefined
  status?: number | undefined
  ms?: number | undefined
  failure?: string | undefined
  reason?: string | undefined
  job?: string | undefined
  counts?: Readonly<Record<string, number>> | undefined
  variable?: string | undefined
  address?: string | undefined
  version?: string | undefined
  /** Name of a foreign error's class and its code (`ECONNREFUSED`, `57P01`), never its message. */
  error?: string | undefined
  /** Where it was thrown: file and line of our own sources. */
  at?: string | undefined
}

const ALLOWED = [
  ...[
    'correlation_id',
    'tenant',
    'method',
    'route',
    'status',
    'ms',
    'failure',
    'reason',
    'job',
    'counts',
  ],
  ...['variable', 'address', 'version', 'error', 'at'],
] as (keyof LogFields)[]

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type Log = Readonly<Record<LogLevel, (message: string, fields?: LogFields) => void>>

/** A log that writes lines of `level` and above; `destination` is standard output unless a test gives its own. */
export function createLog(level: LogLevel | 'silent', destination?: DestinationStream): Log {
  const options = { level, base: null, timestamp: () => `,"time":"${new Date().toISOString()}"` }
  const lines = destination === undefined ? pino(options) : pino(options, destination)
  const write =
    (at: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (!lines.isLevelEnabled(at)) return
      const kept: Record<string, unknown> = {}
      for (const name of ALLOWED) if (fields[name] !== undefined) kept[name] = fields[name]
      lines[at](kept, message)
    }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

/** What may be said of a foreign error: class, code, and the first of our own source lines on its stack. */
export function describeError(error: unknown): Pick<LogFields, 'error' | 'at'> {
  if (!(error instanceof Error)) return { error: typeof error }
  const said = 'sqlState' in error ? error.sqlState : 'code' in error ? error.code : undefined
  const code = typeof said === 'string' ? `:${said}` : ''
  const at = /\/(src\/[a-z0-9/-]+\.ts:\d+)/.exec(error.stack ?? '')?.[1]
  const cause = error.cause instanceof Error ? ` < ${describeError(error.cause).error}` : ''
  return { error: `${error.name}${code}${cause}`, at }
}
