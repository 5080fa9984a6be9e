/** An administrator looks for a person by an identifier that somebody wrote to us with. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import type { Strength } from '../domain/identifier.ts'
import type { ToldIdentifier } from '../domain/sought-identifier.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { transact } from '../store/database.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { type IdentityView, viewIdentity } from './identity-view.ts'
import { findOwnersOf, onlyOne } from './named-person.ts'

/**
 * The person, for an administrator who knows an identifier of any kind, and what it is worth. Every search is in the trail,
 * found or not: whoever may ask can try names out. Throws `admin_forbidden`, `not_found`, and `conflict` where the identifier
 * leads to two people.
 */
export async function findIdentityBy(
  means: Pick<Deps, 'db' | 'keyring' | 'clock'>,
  actor: AdminActor,
  slug: string,
  identifier: ToldIdentifier,
): Promise<IdentityView & { strength: Strength }> {
  const { id: tenantId } = await findAdminTenant(means.db, actor, 'identities:manage', slug)
  const owners = await findOwnersOf(means, tenantId, identifier)
  const found = owners.length === 1
  const told = { actor: actor.id, identifier: identifier.type, found }
  const detail = { type: 'identity_looked_up', ...told } as const
  await transact(means.db, tenantId, [
    insertAuditEvent(tenantId, newId(), toInstant(means.clock()), { detail }),
  ])
  const { id, strength } = onlyOne(owners)
  return { ...(await viewIdentity(means.db, tenantId, id)), strength }
}
