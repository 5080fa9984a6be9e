/** What a person agreed to, read and taken back by an administrator who knows the id. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { ClientId, IdentityId } from '../domain/ids.ts'
import { read } from '../store/database.ts'
import { findIdentity } from '../store/identity.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { type ConsentView, viewConsents } from './consent-view.ts'
import { withdrawConsent } from './withdraw-consent.ts'

/** Of this very id. Throws `admin_forbidden`, `not_found`. */
export async function readConsents(
  means: Pick<Deps, 'db'>,
  actor: AdminActor,
  slug: string,
  id: IdentityId,
): Promise<ConsentView[]> {
  const { id: tenantId } = await findAdminTenant(means.db, actor, 'identities:manage', slug)
  const [[row]] = await read(means.db, tenantId, [findIdentity({ tenantId, id })])
  if (row === undefined) return fail({ kind: 'not_found' })
  return await viewConsents(means, tenantId, [id])
}

/** Takes it back, and returns what is left; a repeat changes nothing. Throws `admin_forbidden`, `not_found`. */
export async function withdrawFor(
  means: Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>,
  actor: AdminActor,
  slug: string,
  { identityId, clientId }: { identityId: IdentityId; clientId: ClientId },
): Promise<ConsentView[]> {
  const { id: tenantId } = await findAdminTenant(means.db, actor, 'identities:manage', slug)
  await withdrawConsent(means, tenantId, { identityId, clientId, actor: actor.id })
  return await viewConsents(means, tenantId, [identityId])
}
