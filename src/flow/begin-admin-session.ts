/** A member of the compliance staff signs in to the page: an admin token becomes a short session of this browser. */
import { hashSecret, newId, randomText } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import { MINUTE, toInstant } from '../domain/time.ts'
import { deleteExpiredAdminSessions, insertAdminSession } from '../store/admin-session.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { transact } from '../store/database.ts'
import { findAdminTenant } from './admin-tenant.ts'

export const ADMIN_SESSION_TIME = 15 * MINUTE

/**
 * The secret of a new session for this tenant's people. It does what the token may do, and ends with it, or after a quarter
 * of an hour. Throws `admin_forbidden` without `identities:manage`, `not_found` for a tenant that is not the token's.
 */
export async function beginAdminSession(
  means: Pick<Deps, 'db' | 'clock'>,
  actor: AdminActor,
  slug: string,
): Promise<string> {
  const tenant = await findAdminTenant(means.db, actor, 'identities:manage', slug)
  const secret = randomText()
  const at = means.clock()
  const now = toInstant(at)
  await transact(means.db, SYSTEM_TENANT, [
    deleteExpiredAdminSessions({ now, limit: 100 }),
    insertAdminSession({
      ...{ sessionHash: hashSecret(secret), tokenId: actor.id, aboutTenant: tenant.id },
      ...{ now, expiresAt: toInstant(at + ADMIN_SESSION_TIME) },
    }),
  ])
  await transact(means.db, tenant.id, [
    insertAuditEvent(tenant.id, newId(), now, {
      detail: { type: 'compliance_session_begun', actor: actor.id },
    }),
  ])
  return secret
}
