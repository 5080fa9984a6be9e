/** A person is erased who is known by an identifier that somebody wrote to us with. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import type { ErasureGround } from '../domain/erasure.ts'
import type { ToldIdentifier } from '../domain/sought-identifier.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { findPersonBy } from './named-person.ts'
import { type ErasureView, erasePerson } from './record-erasure.ts'

/**
 * Erases whoever the identifier is, and returns the receipt. Afterwards nobody is known by it, so a repeat throws
 * `not_found`, as for anybody unknown; the receipt is had again by the person's id. Throws as `eraseIdentity` does, and
 * `conflict` where the identifier leads to two people, or only suggests one.
 */
export async function eraseByIdentifier(
  means: Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>,
  actor: AdminActor,
  slug: string,
  request: { identifier: ToldIdentifier; ground: ErasureGround },
): Promise<ErasureView> {
  const tenant = await findAdminTenant(means.db, actor, 'privacy:erase', slug)
  const identityId = await findPersonBy(means, tenant.id, request.identifier)
  return await erasePerson(means, tenant, actor.id, { identityId, ground: request.ground })
}
