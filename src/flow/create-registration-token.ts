/** An administrator lets somebody register relying parties by themselves: this opens the registration endpoint. */
import { hashSecret, newId, randomText } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { DAY, type IsoInstant, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { transact } from '../store/database.ts'
import { insertRegistrationToken } from '../store/registration-token.ts'
import { raiseRevision } from '../store/tenant.ts'
import { findAdminTenant } from './admin-tenant.ts'

export interface CreatedRegistrationToken {
  id: string
  /** Said this once. */
  token: string
  expiresAt: IsoInstant
}

/** Makes an initial access token for `uses` registrations within `days`. Throws `admin_forbidden`, `not_found`. */
export async function createRegistrationToken(
  deps: Pick<Deps, 'db' | 'clock' | 'tenants'>,
  actor: AdminActor,
  slug: string,
  request: { name: string; uses: number; days: number },
): Promise<CreatedRegistrationToken> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'clients:manage', slug)
  const at = deps.clock()
  const now = toInstant(at)
  const created = {
    id: newId(),
    token: `ibr_${randomText()}`,
    expiresAt: toInstant(at + request.days * DAY),
  }
  const { id, token, expiresAt } = created
  await transact(deps.db, tenantId, [
    raiseRevision({ id: tenantId, now }),
    insertRegistrationToken({
      ...{ tenantId, id, tokenHash: hashSecret(token), name: request.name },
      ...{ uses: request.uses, now, expiresAt },
    }),
    insertAuditEvent(tenantId, newId(), now, {
      detail: { type: 'registration_token_created', actor: actor.id, token: id },
    }),
  ])
  deps.tenants.forget(slug)
  return created
}
