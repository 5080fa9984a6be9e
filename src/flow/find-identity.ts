/** An administrator looks for a person by an identifier that somebody wrote to us with. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { transact } from '../store/database.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { type IdentityView, viewIdentity } from './identity-view.ts'
import { findOwnersOf, type NamedIdentifier, onlyOne } from './named-person.ts'

/**
 * The person, for an administrator who knows an identifier. Every search is in the trail, found or not: whoever may ask can
 * try names out. Throws `admin_forbidden`, `not_found`, and `conflict` where the identifier leads to two people.
 */
export async function findIdentityBy(
  means: Pick<Deps, 'db' | 'keyring' | 'clock'>,
  actor: AdminActor,
  slug: string,
  identifier: NamedIdentifier,
): Promise<IdentityView> {
  const { id: tenantId } = await findAdminTenant(means.db, actor, 'identities:manage', slug)
  const owners = await findOwnersOf(means, tenantId, identifier)
  const found = owners.length === 1
  const told = { actor: actor.id, identifier: identifier.kind, found }
  const detail = { type: 'identity_looked_up', ...told } as const
  await transact(means.db, tenantId, [
    insertAuditEvent(tenantId, newId(), toInstant(means.clock()), { detail }),
  ])
  return await viewIdentity(means.db, tenantId, onlyOne(owners))
}
