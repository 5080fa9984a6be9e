/**
 * Under which account the embedded server runs. Postgres refuses to run as root, so when we are root it runs as uid 65534
 * (no user is created), or as whoever owns the data already; otherwise it runs as we do.
 */
import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import { SetupRefused } from '../store/setup-refused.ts'

/** The ids to spawn with; empty when the server runs under our own account. */
export interface Account {
  readonly uid?: number
  readonly gid?: number
}

/** The account for a server on this data folder, which need not exist yet. */
export function serverAccount(dataFolder: string): Account {
  if (process.getuid?.() !== 0) return {}
  if (!existsSync(dataFolder)) return { uid: 65534, gid: 65534 }
  const { uid, gid } = statSync(dataFolder)
  if (uid === 0) {
    throw new SetupRefused(`${dataFolder} belongs to root, and Postgres refuses to run as root`)
  }
  return { uid, gid }
}

/** Throws {@link SetupRefused} when the account cannot reach a file or folder through the folders above it. */
export function mustReach(account: Account, target: string): void {
  const closed = closedFolder(account, target)
  if (closed === undefined) return
  throw new SetupRefused(
    `The embedded Postgres cannot run as root; it runs as uid ${account.uid}, which may not enter ${closed}. ` +
      'Run the service as an ordinary user, move it to a folder that others may enter, or set DATABASE_URL.',
  )
}

/** The first folder on the way to `target` that the account may not enter; undefined when there is none. */
export function closedFolder(account: Account, target: string): string | undefined {
  const { uid, gid } = account
  if (uid === undefined) return undefined
  let below: string | undefined
  for (let at = path.resolve(target); at !== below; below = at, at = path.dirname(at)) {
    const found = statSync(at)
    const shift = found.uid === uid ? 6 : found.gid === gid ? 3 : 0
    if (((found.mode >> shift) & 1) === 0) return at
  }
  return undefined
}
