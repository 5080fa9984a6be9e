/** A new key and certificate for wallet requests; journeys that began with the old one end with it (VP-042). */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import { HOUR, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { isUniqueViolation, transact } from '../store/database.ts'
import { retireActiveSigningKey } from '../store/signing-key.ts'
import { raiseRevision } from '../store/tenant.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { prepareRequestKey, type RequestCertificate, type SuppliedIdentity } from './request-key.ts'

/** Longer than any journey lives, see `domain/journey.ts`. */
const KEPT_FOR = 1 * HOUR

/**
 * Puts the supplied identity, or one made here, in the place of the active one. Throws `admin_forbidden`, `not_found`,
 * `invalid_request`, `policy_refused`, and `conflict` when the key has served this tenant before.
 */
export async function replaceRequestCertificate(
  deps: Pick<Deps, 'db' | 'keyring' | 'clock' | 'config' | 'tenants'>,
  actor: AdminActor,
  slug: string,
  supplied: SuppliedIdentity | undefined,
): Promise<RequestCertificate> {
  const tenant = await findAdminTenant(deps.db, actor, 'keys:manage', slug)
  const { step, certificate } = await prepareRequestKey(deps, tenant, supplied)
  const tenantId = tenant.id
  const at = deps.clock()
  const now = toInstant(at)
  const old = {
    purpose: 'request',
    algorithm: 'ES256',
    retireAt: toInstant(at + KEPT_FOR),
  } as const
  const detail = {
    type: 'signing_key_created',
    actor: actor.id,
    purpose: 'request',
    algorithm: 'ES256',
  } as const
  try {
    await transact(deps.db, tenantId, [
      raiseRevision({ id: tenantId, now }),
      retireActiveSigningKey({ tenantId, ...old }),
      step,
      insertAuditEvent(tenantId, newId(), now, { detail }),
    ])
  } catch (error) {
    if (isUniqueViolation(error, 'signing_key_pkey')) {
      const detail = 'private_key: it has been used here before; a new certificate needs a new key'
      return fail({ kind: 'conflict', detail }, error)
    }
    throw error
  }
  deps.tenants.forget(slug)
  return certificate
}
