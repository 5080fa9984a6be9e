/** A member of the compliance staff signs out. */
import { hashSecret } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import { deleteAdminSession } from '../store/admin-session.ts'
import { transact } from '../store/database.ts'

/** The session is over at once; one that is not there is no error. */
export async function endAdminSession(
  means: Pick<Deps, 'db'>,
  secret: string | undefined,
): Promise<void> {
  if (secret === undefined) return
  await transact(means.db, SYSTEM_TENANT, [deleteAdminSession({ sessionHash: hashSecret(secret) })])
}
