/** A tenant's end, once nobody is left: secrets and keys destroyed, what rests removed, and the trail closed and signed. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { type AdminActor, requireScopeEverywhere } from '../domain/admin.ts'
import type { CheckpointClaims } from '../domain/audit-trail.ts'
import { fail } from '../domain/failure.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import type { Tenant } from '../domain/tenant.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read } from '../store/database.ts'
import { findTenantBySlug, readTenant } from '../store/tenant.ts'
import {
  countPeopleLeft,
  countWaitingEvents,
  endSessionsAboutTenant,
  endTenantRows,
  lockTenant,
  markTenantEnded,
  revokeTokensOfTenant,
} from '../store/tenant-end.ts'
import { signTrail } from './sign-trail.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'checkpointPlaces'>

/**
 * Ends a tenant that is switched off and has nobody left, for good, and returns the last checkpoint of its trail. A run that
 * was interrupted is made whole by another. `messages: 'wait'` refuses while receivers have not heard of everything.
 *
 * Throws `admin_forbidden`, `not_found`, and `conflict` where it is on, where somebody is left, or messages wait.
 */
export async function endTenant(
  means: Means,
  actor: AdminActor,
  slug: string,
  { messages }: { messages: 'wait' | 'drop' },
): Promise<CheckpointClaims | undefined> {
  requireScopeEverywhere(actor, 'tenants:manage')
  requireScopeEverywhere(actor, 'privacy:erase')
  const [[row]] = await read(means.db, SYSTEM_TENANT, [findTenantBySlug({ slug })])
  if (row === undefined || row.id === SYSTEM_TENANT) return fail({ kind: 'not_found' })
  const tenant = readTenant(row)
  if (tenant.enabled) return fail({ kind: 'conflict', detail: 'the tenant is still switched on' })
  if (!tenant.ended) {
    const [[waiting]] = await read(means.db, tenant.id, [
      countWaitingEvents({ tenantId: tenant.id }),
    ])
    if (messages === 'wait' && (waiting?.count ?? 0) > 0)
      return fail({ kind: 'conflict', detail: 'messages wait for their receivers' })
    await endTokens(means, actor, tenant)
    await recordEnd(means, actor, tenant)
  }
  return await signTrail(means, tenant.id, { last: true })
}

/** Nobody administers it alone any more. */
async function endTokens(means: Means, actor: AdminActor, { id }: Tenant): Promise<void> {
  const now = toInstant(means.clock())
  await inTransaction(means.db, SYSTEM_TENANT, async (tx) => {
    const [[tokens]] = await tx.runAll([
      revokeTokensOfTenant({ forTenant: id, now }),
      endSessionsAboutTenant({ aboutTenant: id }),
    ])
    const ended = tokens?.changed ?? 0
    await tx.runLast([
      insertAuditEvent(SYSTEM_TENANT, newId(), now, {
        detail: { type: 'tenant_offboarded', actor: actor.id, tenant: id, tokens: ended },
      }),
    ])
  })
}

/** Behind the tenant's lock no person can be added; behind its event nothing can be recorded at all (sql/006). */
async function recordEnd(means: Means, actor: AdminActor, { id }: Tenant): Promise<void> {
  const tenantId = id
  await inTransaction(means.db, tenantId, async (tx) => {
    const [locked] = await tx.run(lockTenant({ id }))
    if (locked?.ended_at !== null) return
    const [left] = await tx.run(countPeopleLeft({ tenantId }))
    if ((left?.count ?? 0) > 0)
      return fail({ kind: 'conflict', detail: 'somebody is left who was not erased' })
    const [gone] = await tx.run(endTenantRows({ tenantId }))
    const now = toInstant(means.clock())
    const dropped = gone?.messages ?? 0
    await tx.runLast([
      markTenantEnded({ id, now }),
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'tenant_ended', actor: actor.id, messages: dropped },
      }),
    ])
  })
}
