/** The drafts of a tenant's policy documents as its administrators see them. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import type { JsonObject } from '../domain/text.ts'
import { read } from '../store/database.ts'
import { listPolicyDrafts } from '../store/policy-draft.ts'
import { findAdminTenant } from './admin-tenant.ts'
import type { DraftView } from './policy-draft-view.ts'

/** Returns a tenant's drafts with their documents, by kind. Throws `admin_forbidden`, `not_found`. */
export async function readPolicyDrafts(
  deps: Pick<Deps, 'db'>,
  actor: AdminActor,
  slug: string,
): Promise<readonly (DraftView & { document: JsonObject })[]> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'policies:manage', slug)
  const [rows] = await read(deps.db, tenantId, [listPolicyDrafts({ tenantId })])
  return rows.map((row) => ({
    kind: row.kind,
    state: row.state,
    digest: row.digest,
    basedOn: row.based_on,
    savedAt: row.saved_at,
    savedBy: row.saved_by,
    document: JSON.parse(row.document) as JsonObject,
  }))
}
