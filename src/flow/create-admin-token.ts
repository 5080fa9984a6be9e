/** A new token of the administration: shown once, kept as a hash. */
import type { Deps } from '../deps.ts'
import {
  type AdminActor,
  type AdminScope,
  requireScope,
  requireScopeEverywhere,
} from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import { DAY } from '../domain/time.ts'
import { transact } from '../store/database.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { type CreatedAdminToken, draftAdminToken } from './admin-token-draft.ts'

export interface AdminTokenRequest {
  name: string
  scopes: readonly AdminScope[]
  /** Slug of the one tenant it is for; undefined for every tenant. */
  tenant: string | undefined
  /** The one institution whose providers it may manage, and nothing else; needs the tenant. */
  institution?: string | undefined
  /** From 1 to 365. */
  days: number
}

/**
 * Makes a token that may do no more than its maker: no scope, no tenant and no day beyond the actor's own. Throws
 * `admin_forbidden` naming the scope, `not_found` for a tenant that is not the actor's, and `invalid_request` for an
 * institution's token that could do more than manage its providers.
 */
export async function createAdminToken(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: AdminActor,
  request: AdminTokenRequest,
): Promise<CreatedAdminToken> {
  const { name, scopes, tenant: slug, institution, days } = request
  requireScope(actor, 'keys:manage')
  if (institution !== undefined && (slug === undefined || !isForProviders(scopes))) {
    const detail = 'institution: only with a tenant, and with the scope providers:manage alone'
    fail({ kind: 'invalid_request', detail })
  }
  for (const scope of scopes) requireScope(actor, scope)
  if (slug === undefined) requireScopeEverywhere(actor, 'keys:manage')
  const tenant =
    slug === undefined ? undefined : await findAdminTenant(deps.db, actor, 'keys:manage', slug)
  const now = deps.clock()
  // It ends with its maker at the latest: a token must not prolong itself.
  const endsAt = Math.min(now + days * DAY, actor.expiresAt ?? Number.POSITIVE_INFINITY)
  const draft = draftAdminToken(
    { name, scopes, forTenant: tenant?.id, forInstitution: institution, endsAt },
    actor.id,
    now,
  )
  await transact(deps.db, SYSTEM_TENANT, draft.steps)
  return draft.created
}

function isForProviders(scopes: readonly AdminScope[]): boolean {
  return scopes.every((scope) => scope === 'providers:manage')
}
