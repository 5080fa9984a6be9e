/** Who is known and asks for more than they may: told in the audit trail before the refusal is answered. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor, AdminScope } from '../domain/admin.ts'
import { requireScope } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { ClientId, TenantId } from '../domain/ids.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import type { MachineClient, MachineScope } from '../domain/machine.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { transact } from '../store/database.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'clock'>

/** A machine client lacks the scope, or its registration does not name the category it asked for. */
export async function denyAccess(
  means: Means,
  tenantId: TenantId,
  clientId: ClientId,
  lacks: MachineScope | 'category',
): Promise<void> {
  const event = { detail: { type: 'access_denied', lacks } as const, clientId }
  await transact(means.db, tenantId, [
    insertAuditEvent(tenantId, newId(), toInstant(means.clock()), event),
  ])
}

/** Throws `category_forbidden`, after the event. */
export async function refuseCategory(
  means: Means,
  prepared: PreparedTenant,
  client: MachineClient,
): Promise<never> {
  await denyAccess(means, prepared.tenant.id, client.clientId, 'category')
  return fail({ kind: 'category_forbidden' })
}

/** A machine client has looked up as many people in a minute as it may: it tries names out, or is set too high. */
export async function noteLookupLimit(
  means: Means,
  { tenant }: PreparedTenant,
  { clientId }: MachineClient,
): Promise<void> {
  const event = { detail: { type: 'lookup_limit_reached' } as const, clientId }
  await transact(means.db, tenant.id, [
    insertAuditEvent(tenant.id, newId(), toInstant(means.clock()), event),
  ])
}

/** Returns where the administrator's token has the scope. Throws `admin_forbidden` otherwise, after the event. */
export async function requireAdminScope(
  means: Means,
  actor: AdminActor,
  scope: AdminScope,
): Promise<void> {
  if (!actor.scopes.includes(scope)) {
    const tenantId = actor.forTenant ?? SYSTEM_TENANT
    const detail = { type: 'admin_denied', actor: actor.id, scope } as const
    await transact(means.db, tenantId, [
      insertAuditEvent(tenantId, newId(), toInstant(means.clock()), { detail }),
    ])
  }
  requireScope(actor, scope)
}
