/** What a tenant asks of an erasure of many people: a second pair of eyes, a time to wait. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { transact } from '../store/database.ts'
import { putErasurePolicy } from '../store/erasure-request.ts'
import { findAdminTenant } from './admin-tenant.ts'
import type { ErasurePolicy } from './erasure-request-view.ts'

/** Counts for requests made, and approvals given, from now on. Throws `admin_forbidden`, `not_found`. */
export async function changeErasurePolicy(
  means: Pick<Deps, 'db' | 'clock'>,
  actor: AdminActor,
  slug: string,
  policy: ErasurePolicy,
): Promise<ErasurePolicy> {
  const { id: tenantId } = await findAdminTenant(means.db, actor, 'tenants:manage', slug)
  const now = toInstant(means.clock())
  const { waitHours } = policy
  const fourEyes = policy.fourEyes ? 1 : 0
  const detail = {
    ...{ actor: actor.id, four_eyes: policy.fourEyes, wait_hours: waitHours },
  }
  await transact(means.db, tenantId, [
    putErasurePolicy({ tenantId, fourEyes, waitHours, now }),
    insertAuditEvent(tenantId, newId(), now, {
      detail: { type: 'erasure_policy_changed', ...detail },
    }),
  ])
  return policy
}
