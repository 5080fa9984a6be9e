/** The first token of an embedded installation: a file that only its owner may read. Nothing of it is ever logged. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Deps } from '../deps.ts'
import { ADMIN_SCOPE_NAMES } from '../domain/admin.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import { DAY } from '../domain/time.ts'
import { listAdminTokens } from '../store/admin-token.ts'
import { read, transact } from '../store/database.ts'
import { draftAdminToken } from './admin-token-draft.ts'

/** A season to set up the installation; afterwards `npm run cli -- token create` makes another. */
const DAYS = 90

/**
 * Where no admin token was ever made, makes one for every tenant and scope, valid for 90 days, and returns the file
 * (`admin-token` in `folder`, mode 0600) that holds it; undefined where there was one. Only for the embedded database:
 * whoever can read the folder can read the database as well.
 */
export async function writeFirstToken(
  deps: Pick<Deps, 'db' | 'clock'>,
  folder: string,
): Promise<string | undefined> {
  const [rows] = await read(deps.db, SYSTEM_TENANT, [listAdminTokens({})])
  if (rows.length > 0) return undefined
  const file = path.join(folder, 'admin-token')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // A mode is given to new files only, so whatever lies there goes first; `wx` follows no link. The file comes before
  // the token: a folder that cannot be written must not cost the one chance.
  rmSync(file, { force: true })
  writeFileSync(file, '', { mode: 0o600, flag: 'wx' })
  const now = deps.clock()
  const request = {
    name: 'first token',
    scopes: ADMIN_SCOPE_NAMES,
    forTenant: undefined,
    endsAt: now + DAYS * DAY,
  }
  const { created, steps } = draftAdminToken(request, 'setup', now)
  writeFileSync(file, `${created.token}\n`)
  await transact(deps.db, SYSTEM_TENANT, steps)
  return file
}
