/** The folder of the server's socket: short (a socket's path holds some hundred bytes), 0700, and named after the data. */
import { chmodSync, lstatSync, mkdirSync, realpathSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { SetupRefused } from '../store/setup-refused.ts'
import type { Account } from './account.ts'
import { hasCode } from './binaries.ts'
import { give } from './cluster.ts'

/**
 * Makes the folder, or takes the one that is there if it is ours alone. Anyone may make a folder in the common temporary
 * folder, so one that is a link, belongs to another or is open to others is refused.
 */
export async function socketFolderFor(folder: string, account: Account): Promise<string> {
  const bytes = new TextEncoder().encode(realpathSync(folder))
  const hash = Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex')
  const name = `identity-bridge-${hash.slice(0, 16)}`
  const usual = path.join(realpathSync(os.tmpdir()), name)
  const socket = Buffer.byteLength(path.join(usual, '.s.PGSQL.5432'))
  const place = socket < 100 ? usual : path.join('/tmp', name)
  try {
    mkdirSync(place, { mode: 0o700 })
    chmodSync(place, 0o700)
    give(account, place)
  } catch (error) {
    if (!hasCode(error, ['EEXIST'])) throw error
  }
  const found = lstatSync(place)
  const ours = found.uid === (account.uid ?? process.getuid?.())
  if (!found.isDirectory() || !ours || (found.mode & 0o077) !== 0) {
    throw new SetupRefused(`${place} is not a folder of the database's own account with mode 0700`)
  }
  return place
}
