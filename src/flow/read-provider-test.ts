/** How a test login ended, for the administration: names of claims and attributes, no value. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { IsoInstant } from '../domain/time.ts'
import { read } from '../store/database.ts'
import { findProviderBySlug } from '../store/provider.ts'
import { findProviderTest } from '../store/provider-test.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { ownProvider } from './provider-view.ts'

export interface ProviderTestView {
  id: string
  state: 'created' | 'started' | 'succeeded' | 'failed'
  /** A word of our own; undefined while it lasts, and when it went well. */
  reason: string | undefined
  claims: readonly string[]
  attributes: readonly string[]
  /** Required attributes that the provider did not fill. */
  missing: readonly string[]
  expiresAt: IsoInstant
}

interface Outcome {
  reason: string | null
  claims: string[]
  attributes: string[]
  missing: string[]
}

/** Returns it. Throws `admin_forbidden`, `not_found`. */
export async function readProviderTest(
  deps: Pick<Deps, 'db'>,
  actor: AdminActor,
  tenantSlug: string,
  slug: string,
  id: string,
): Promise<ProviderTestView> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'providers:manage', tenantSlug)
  const [[row]] = await read(deps.db, tenantId, [findProviderBySlug({ tenantId, slug })])
  const provider = ownProvider(actor, row)
  const [[test]] = await read(deps.db, tenantId, [
    findProviderTest({ tenantId, providerId: provider.id, id }),
  ])
  if (test === undefined) return fail({ kind: 'not_found' })
  const outcome = test.outcome === null ? undefined : (JSON.parse(test.outcome) as Outcome)
  return {
    id,
    state: test.state,
    reason: outcome?.reason ?? undefined,
    claims: outcome?.claims ?? [],
    attributes: outcome?.attributes ?? [],
    missing: outcome?.missing ?? [],
    expiresAt: test.expires_at,
  }
}
