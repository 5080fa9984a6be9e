/** Erasures of many people, and what the tenant asks of them. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { read } from '../store/database.ts'
import { listErasureRequests } from '../store/erasure-request.ts'
import { findAdminTenant } from './admin-tenant.ts'
import {
  type ErasurePolicy,
  type ErasureRequestView,
  readErasurePolicy,
  viewErasureRequest,
} from './erasure-request-view.ts'

const MOST = 200

/** Newest first, at most {@link MOST}. Throws `admin_forbidden`, `not_found`. */
export async function readErasureRequests(
  means: Pick<Deps, 'db'>,
  actor: AdminActor,
  slug: string,
): Promise<{ policy: ErasurePolicy; requests: readonly ErasureRequestView[] }> {
  const { id: tenantId } = await findAdminTenant(means.db, actor, 'privacy:erase', slug)
  const [rows] = await read(means.db, tenantId, [listErasureRequests({ tenantId, limit: MOST })])
  return {
    policy: await readErasurePolicy(means.db, tenantId),
    requests: rows.map(viewErasureRequest),
  }
}
