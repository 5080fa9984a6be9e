/** Relying parties as their administrators see them; secrets are not among it. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { ClientId } from '../domain/ids.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import { read } from '../store/database.ts'
import { findRelyingParty, listRelyingParties, readRelyingParty } from '../store/relying-party.ts'
import { findAdminTenant } from './admin-tenant.ts'

/** Returns one. Throws `admin_forbidden`, `not_found`. */
export async function readOneRelyingParty(
  deps: Pick<Deps, 'db'>,
  actor: AdminActor,
  slug: string,
  clientId: ClientId,
): Promise<RelyingParty> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'clients:manage', slug)
  const [[row]] = await read(deps.db, tenantId, [findRelyingParty({ tenantId, clientId })])
  return row === undefined ? fail({ kind: 'not_found' }) : readRelyingParty(row)
}

/**
 * Returns those of a tenant by client id, `limit` at most, after `after` (empty for the first), and where the next page
 * begins. Throws `admin_forbidden`, `not_found`.
 */
export async function readAllRelyingParties(
  deps: Pick<Deps, 'db'>,
  actor: AdminActor,
  slug: string,
  page: { after: string; limit: number },
): Promise<{ relyingParties: readonly RelyingParty[]; next: string | undefined }> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'clients:manage', slug)
  const [rows] = await read(deps.db, tenantId, [
    listRelyingParties({ tenantId, after: page.after as ClientId, limit: page.limit + 1 }),
  ])
  const shown = rows.slice(0, page.limit).map(readRelyingParty)
  return {
    relyingParties: shown,
    next: rows.length > page.limit ? shown.at(-1)?.clientId : undefined,
  }
}
