/** How long a tenant keeps what, and what is due. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { type RetentionEntryView, viewRetention } from './retention-view.ts'

/** Returns every kind of data with its period, ground, runs and rows due. Throws `admin_forbidden`, `not_found`. */
export async function readRetention(
  means: Pick<Deps, 'db' | 'clock'>,
  actor: AdminActor,
  slug: string,
): Promise<readonly RetentionEntryView[]> {
  const { id } = await findAdminTenant(means.db, actor, 'privacy:retention', slug)
  return await viewRetention(means, id)
}
