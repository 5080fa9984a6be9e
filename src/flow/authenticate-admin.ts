/** A bearer token of the administration becomes the actor who holds it (RFC 6750 section 2.1). */
import { hashSecret } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor, AdminScope } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import { fromInstant, MINUTE, toInstant } from '../domain/time.ts'
import { findAdminToken, touchAdminToken } from '../store/admin-token.ts'
import { read, transact } from '../store/database.ts'

/** 256 random bits behind a prefix that secret scanners can look for. */
const TOKEN = /^iba_[A-Za-z0-9_-]{43}$/
/** How fresh `last_used_at` is: one write a minute and token at most. */
const TOUCH_AFTER = 1 * MINUTE

/**
 * Returns who holds the token. Throws `admin_unauthenticated` alike for none, an unknown, an expired and a revoked one.
 * One round trip, and once a minute a second.
 */
export async function authenticateAdmin(
  deps: Pick<Deps, 'db' | 'clock'>,
  token: string | undefined,
): Promise<AdminActor> {
  if (token === undefined || !TOKEN.test(token)) return fail({ kind: 'admin_unauthenticated' })
  const now = deps.clock()
  const [[row]] = await read(deps.db, SYSTEM_TENANT, [
    findAdminToken({ tokenHash: hashSecret(token), now: toInstant(now) }),
  ])
  if (row === undefined) return fail({ kind: 'admin_unauthenticated' })
  if (row.last_used_at === null || now - fromInstant(row.last_used_at) >= TOUCH_AFTER) {
    await transact(deps.db, SYSTEM_TENANT, [touchAdminToken({ id: row.id, now: toInstant(now) })])
  }
  return {
    id: row.id,
    forTenant: row.for_tenant ?? undefined,
    forInstitution: row.for_institution ?? undefined,
    scopes: JSON.parse(row.scopes) as AdminScope[],
    expiresAt: fromInstant(row.expires_at),
  }
}
