/** A wallet or an account is taken from its person, at the person's own wish or by an administrator's decision. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import type { IdentityId, MatchId } from '../domain/ids.ts'
import type { UnlinkReason } from '../domain/unlink.ts'
import { inTransaction, type Transaction } from '../store/database.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { endLink } from './end-link.ts'
import { noteLines } from './erasure-ledger.ts'
import { type IdentityView, viewIdentity } from './identity-view.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>

/**
 * Ends the match and whatever rests on it (`domain/unlink.ts`) and returns the person as they are then. From the moment
 * this returns no login is granted by it: a login under way either ended before or meets what is left. A repeat changes
 * nothing. The link can be restored until the retention job removes it.
 *
 * Throws `admin_forbidden`, `not_found` for a match that is not this person's, `conflict` for a person who is not active.
 */
export async function unlink(
  means: Means,
  actor: AdminActor,
  slug: string,
  request: { identityId: IdentityId; matchId: MatchId; reason: UnlinkReason },
): Promise<IdentityView> {
  const { id: tenantId } = await findAdminTenant(means.db, actor, 'identities:manage', slug)
  const { identityId } = request
  const work = (tx: Transaction) => endLink(means, tx, tenantId, { ...request, actor: actor.id })
  await inTransaction(means.db, tenantId, work, { retries: 2 })
  await noteLines(means, tenantId)
  return await viewIdentity(means.db, tenantId, identityId)
}
