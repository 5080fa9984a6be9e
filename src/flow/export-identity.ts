/** An administrator exports everything that is held about a person. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import type { IdentityId } from '../domain/ids.ts'
import type { ToldIdentifier } from '../domain/sought-identifier.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { findPersonBy } from './named-person.ts'
import { exportPerson, type PersonExport } from './person-export.ts'

/**
 * By the person's id or by an identifier; needs `privacy:export`. Throws `admin_forbidden`,
 * `not_found`, `conflict` for an identifier of two people or one that only suggests somebody, and `sealed_unreadable`: never less because something could not
 * be opened.
 */
export async function exportIdentity(
  means: Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>,
  actor: AdminActor,
  slug: string,
  whom: IdentityId | ToldIdentifier,
): Promise<PersonExport> {
  const tenant = await findAdminTenant(means.db, actor, 'privacy:export', slug)
  const id = typeof whom === 'string' ? whom : await findPersonBy(means, tenant.id, whom)
  return await exportPerson(means, tenant, actor.id, id)
}
