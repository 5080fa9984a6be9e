/** An initial access token ends at once. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { deleteRegistrationToken } from '../store/registration-token.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { removeRegistered } from './remove-registered.ts'

/** Clients that were registered with it stay. Throws `admin_forbidden`, `not_found`. */
export async function revokeRegistrationToken(
  deps: Pick<Deps, 'db' | 'clock' | 'tenants'>,
  actor: AdminActor,
  slug: string,
  id: string,
): Promise<void> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'clients:manage', slug)
  const removal = deleteRegistrationToken({ tenantId, id })
  await removeRegistered(deps, { id: tenantId, slug }, removal, {
    type: 'registration_token_revoked',
    actor: actor.id,
    token: id,
  })
}
