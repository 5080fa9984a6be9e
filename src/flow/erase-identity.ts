/** An administrator erases a person whose id is known. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import type { ErasureGround } from '../domain/erasure.ts'
import type { IdentityId } from '../domain/ids.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { type ErasureView, erasePerson } from './record-erasure.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>

/**
 * Erases the person, everybody merged with them included, and returns the receipt; a repeat returns the same one. From the
 * moment this returns nothing reaches the person: a login under way waited for us and ends, or was over before and went too.
 *
 * Throws `admin_forbidden`, `not_found`, and `conflict` where the tenant has no key to sign the receipt with.
 */
export async function eraseIdentity(
  means: Means,
  actor: AdminActor,
  slug: string,
  request: { identityId: IdentityId; ground: ErasureGround },
): Promise<ErasureView> {
  const tenant = await findAdminTenant(means.db, actor, 'privacy:erase', slug)
  return await erasePerson(means, tenant, actor.id, request)
}
