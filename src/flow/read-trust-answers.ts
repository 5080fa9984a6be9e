/** What others publish about certificates and keys, as a tenant's administrators see it: how new it is, and what is wrong. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { read } from '../store/database.ts'
import { listKeptAnswers } from '../store/kept-answer.ts'
import { findAdminTenant } from './admin-tenant.ts'

/** Returns the rows, without what was said. Throws `admin_forbidden`, `not_found`. */
export async function readTrustAnswers(deps: Pick<Deps, 'db'>, actor: AdminActor, slug: string) {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'policies:manage', slug)
  const [rows] = await read(deps.db, tenantId, [listKeptAnswers({ tenantId })])
  return rows
}
