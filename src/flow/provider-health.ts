/** How logins at a provider go, for whoever looks after it: the last success, and the last failure with its word. */
import type { Deps } from '../deps.ts'
import type { InstitutionReason } from '../domain/failure.ts'
import type { ProviderId, TenantId } from '../domain/ids.ts'
import { MINUTE, toInstant } from '../domain/time.ts'
import { transact } from '../store/database.ts'
import { noteProviderFailure, noteProviderSuccess } from '../store/provider.ts'

/**
 * Notes how a login ended; `reason` is undefined when it went well. A person who said no says nothing about the provider,
 * and where the provider's part went well but the bridge knew better, that is a success of the provider. At most one write a
 * minute, or a reason that was not the last one.
 */
export async function noteHealth(
  means: Pick<Deps, 'db' | 'clock'>,
  tenantId: TenantId,
  id: ProviderId,
  reason: InstitutionReason | 'identity_conflict' | 'identity_unavailable' | undefined,
): Promise<void> {
  if (reason === 'login_refused') return
  const now = toInstant(means.clock())
  const unlessSince = toInstant(means.clock() - MINUTE)
  const wentWell = reason === undefined || reason.startsWith('identity_')
  await transact(means.db, tenantId, [
    wentWell
      ? noteProviderSuccess({ tenantId, id, now, unlessSince })
      : noteProviderFailure({ tenantId, id, reason, otherThan: reason, now, unlessSince }),
  ])
}
