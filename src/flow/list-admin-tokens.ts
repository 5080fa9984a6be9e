/** What is known of the administration's tokens; never the tokens. */
import type { Deps } from '../deps.ts'
import { type AdminActor, type AdminScope, requireScope } from '../domain/admin.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import type { IsoInstant } from '../domain/time.ts'
import { listAdminTokens as findAdminTokens } from '../store/admin-token.ts'
import { read } from '../store/database.ts'

export interface AdminTokenView {
  id: string
  name: string
  /** Slug of the one tenant it is for; undefined for every tenant. */
  tenant: string | undefined
  institution: string | undefined
  scopes: readonly AdminScope[]
  createdAt: IsoInstant
  expiresAt: IsoInstant
  lastUsedAt: IsoInstant | undefined
  revokedAt: IsoInstant | undefined
}

/** Returns the tokens the actor may see, oldest first: all, or those of the actor's own tenant. Throws `admin_forbidden`. */
export async function listAdminTokens(
  deps: Pick<Deps, 'db'>,
  actor: AdminActor,
): Promise<readonly AdminTokenView[]> {
  requireScope(actor, 'keys:manage')
  const [rows] = await read(deps.db, SYSTEM_TENANT, [findAdminTokens({})])
  return rows
    .filter((row) => actor.forTenant === undefined || row.for_tenant === actor.forTenant)
    .map((row) => ({
      id: row.id,
      name: row.name,
      tenant: row.tenant_slug ?? undefined,
      institution: row.for_institution ?? undefined,
      scopes: JSON.parse(row.scopes) as AdminScope[],
      createdAt: row.created_at,
      expiresAt: row.expires_at,
      lastUsedAt: row.last_used_at ?? undefined,
      revokedAt: row.revoked_at ?? undefined,
    }))
}
