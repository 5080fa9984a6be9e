/** Switches a provider on or off, or gives it another secret. */
import { newId } from '../crypto/random.ts'
import { sealUnder } from '../crypto/seal.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import { issuerOf } from '../domain/tenant.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction } from '../store/database.ts'
import {
  enableProvider,
  findProviderBySlug,
  readProvider,
  replaceProviderSecret,
} from '../store/provider.ts'
import { raiseRevision } from '../store/tenant.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { type ProviderView, secretContext, viewProvider } from './provider-view.ts'

export interface ProviderChange {
  enabled?: boolean | undefined
  /** For the two secret methods. */
  clientSecret?: string | undefined
}

/**
 * Sets what `change` names. Logins that begin afterwards follow it. Throws `admin_forbidden`, `not_found`,
 * `invalid_request`.
 */
export async function updateProvider(
  deps: Pick<Deps, 'db' | 'keyring' | 'clock' | 'config' | 'tenants'>,
  actor: AdminActor,
  tenantSlug: string,
  slug: string,
  change: ProviderChange,
): Promise<ProviderView> {
  const tenant = await findAdminTenant(deps.db, actor, 'providers:manage', tenantSlug)
  const tenantId = tenant.id
  const now = toInstant(deps.clock())
  const changed = await inTransaction(deps.db, tenantId, async (tx) => {
    const [, [row]] = await tx.runAll([
      raiseRevision({ id: tenantId, now }),
      findProviderBySlug({ tenantId, slug }),
    ])
    if (row === undefined) return fail({ kind: 'not_found' })
    const { id } = row
    const enabled = change.enabled === undefined ? row.enabled : change.enabled ? 1 : 0
    if (change.clientSecret !== undefined) {
      if (row.client_auth_method === 'private_key_jwt') {
        fail({ kind: 'invalid_request', detail: 'client_secret: not with private_key_jwt' })
      }
      const context = secretContext(tenantId, id)
      const sealedClientSecret = sealUnder(
        deps.keyring,
        'provider-secret',
        context,
        change.clientSecret,
      )
      await tx.run(replaceProviderSecret({ tenantId, id, sealedClientSecret, now }))
    }
    await tx.runLast([
      enableProvider({ tenantId, slug, enabled, now }),
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'provider_updated', actor: actor.id, provider: id },
      }),
    ])
    return readProvider({ ...row, enabled, updated_at: now })
  })
  deps.tenants.forget(tenantSlug)
  return viewProvider(issuerOf(deps.config.publicUrl, tenant.slug), changed)
}
