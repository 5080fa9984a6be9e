/** A relying party becomes known to a tenant. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { issuerOf } from '../domain/tenant.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { transact } from '../store/database.ts'
import { insertRelyingParty } from '../store/relying-party.ts'
import { raiseRevision } from '../store/tenant.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { provideTokenKeys } from './provide-token-key.ts'
import { draftRelyingParty, type RelyingPartyRequest } from './registration-draft.ts'
import { failOnConflict, type Registered, registrationRow } from './relying-party-draft.ts'

export type { RelyingPartyRequest } from './registration-draft.ts'

/**
 * Registers it, enabled. A public client (`none`) always needs PKCE. Throws `admin_forbidden`, `not_found`,
 * `invalid_request` (OP-01, OP-16), `outbound_refused` for a sector's document, and `conflict` when the client id is taken.
 */
export async function registerRelyingParty(
  deps: Pick<Deps, 'db' | 'keyring' | 'clock' | 'config' | 'outbound' | 'tenants'>,
  actor: AdminActor,
  slug: string,
  request: RelyingPartyRequest,
): Promise<Registered> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'clients:manage', slug)
  const drafted = await draftRelyingParty(deps, issuerOf(deps.config.publicUrl, slug), request)
  const { clientId, sector } = drafted.relyingParty
  await provideTokenKeys(deps, tenantId, actor.id, drafted.relyingParty)
  const now = toInstant(deps.clock())
  try {
    await transact(deps.db, tenantId, [
      raiseRevision({ id: tenantId, now }),
      insertRelyingParty({ tenantId, sector, ...registrationRow(drafted.relyingParty), now }),
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'relying_party_registered', actor: actor.id },
        clientId,
      }),
    ])
  } catch (error) {
    return failOnConflict(error)
  }
  deps.tenants.forget(slug)
  return drafted
}
