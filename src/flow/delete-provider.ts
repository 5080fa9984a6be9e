/** A provider that nothing hangs on is removed for good; one that people were linked through stays, switched off if need be. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import { readPolicy } from '../domain/policy.ts'
import { providersNamed } from '../domain/selector.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction } from '../store/database.ts'
import { findCurrentPolicies } from '../store/policy.ts'
import {
  findProviderBySlug,
  findProviderUse,
  lockProvider,
  deleteProvider as remove,
} from '../store/provider.ts'
import { dropProviderTests } from '../store/provider-test.ts'
import { raiseRevision } from '../store/tenant.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { ownProvider } from './provider-view.ts'

/**
 * Returns when it is gone. Throws `admin_forbidden`, `not_found`, and `conflict` while a link was proven there, a login
 * that began there is remembered (an hour at most), or the selector policy names it.
 */
export async function deleteProvider(
  deps: Pick<Deps, 'db' | 'clock' | 'tenants'>,
  actor: AdminActor,
  tenantSlug: string,
  slug: string,
): Promise<void> {
  const tenant = await findAdminTenant(deps.db, actor, 'providers:manage', tenantSlug)
  const tenantId = tenant.id
  const now = toInstant(deps.clock())
  await inTransaction(deps.db, tenantId, async (tx) => {
    // The tenant's row is locked, so nobody publishes a policy that names it meanwhile.
    const [, [row], policies] = await tx.runAll([
      raiseRevision({ id: tenantId, now }),
      findProviderBySlug({ tenantId, slug }),
      findCurrentPolicies({ tenantId }),
    ])
    const { id } = ownProvider(actor, row)
    const selector = policies.find(({ kind }) => kind === 'selector')
    if (
      selector !== undefined &&
      providersNamed(readPolicy('selector', JSON.parse(selector.document))).includes(slug)
    ) {
      refuse('provider: the selector policy names it')
    }
    const [, uses] = await tx.runAll([
      lockProvider({ tenantId, id }),
      findProviderUse({ tenantId, id }),
    ])
    if (uses.some(({ use }) => use === 'linked')) refuse('provider: people are linked through it')
    if (uses.length > 0) refuse('provider: a login there is not over')
    await tx.runLast([
      dropProviderTests({ tenantId, providerId: id }),
      remove({ tenantId, id }),
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'provider_deleted', actor: actor.id, provider: id },
      }),
    ])
  })
  deps.tenants.forget(tenantSlug)
}

function refuse(detail: string): never {
  return fail({ kind: 'conflict', detail })
}
