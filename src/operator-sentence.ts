/** What an operator reads when something could not be started or done: one sentence that says where to look. */
import { BridgeError } from './domain/failure.ts'
import { StatementFailed } from './store/statement-failed.ts'

/** Errors whose message is a sentence of ours already. */
const OWN = new Set([
  ...['ConfigError', 'SetupRefused', 'KeyringError', 'KeyringMismatch', 'MissingKeyring'],
])

/** PostgreSQL appendix A: refusals that the operator's own configuration causes. */
const DATABASE: { readonly [sqlState: string]: string } = {
  '28000': 'The database does not take this login (28000): see pg_hba.conf and the URL.',
  '28P01': 'The database does not take this login and password (28P01): see the URL.',
  '3D000': 'The server has no database of the name in the URL (3D000).',
}

const FILES: { readonly [code: string]: string } = {
  ENOENT: 'is not there',
  EACCES: 'may not be used by this account',
  EPERM: 'may not be used by this account',
  ENOTDIR: 'lies below something that is no folder',
  EISDIR: 'is a folder',
  EROFS: 'lies on a disk that nobody may write to',
  ENOSPC: 'lies on a full disk',
}

/** The sentence, or undefined for an error that only a developer can do something about. */
export function operatorSentence(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if (OWN.has(error.name)) return error.message
  if (error instanceof StatementFailed) return DATABASE[error.sqlState] ?? error.message
  if (error instanceof BridgeError && error.failure.kind === 'unavailable')
    return `The database does not answer${ofCause(error.cause)}: see whether it is up, and host and port in the URL.`
  return ofFile(error)
}

function ofCause(cause: unknown): string {
  if (cause instanceof StatementFailed) return ` (${cause.sqlState})`
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' ? ` (${code})` : ''
}

/** An error of the file system names the path that the operator gave. */
function ofFile(error: Error): string | undefined {
  if (!('path' in error && 'code' in error)) return undefined
  const { path, code } = error
  if (typeof path !== 'string' || typeof code !== 'string') return undefined
  return `${path} ${FILES[code] ?? 'cannot be used'} (${code})`
}
