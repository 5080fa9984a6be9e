/** A new key and certificate for wallet requests; journeys that began with the old one end with it (VP-042). */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { ClientId, TenantId } from '../domain/ids.ts'
import { HOUR, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, isUniqueViolation, read, transact } from '../store/database.ts'
import { findRelyingParty } from '../store/relying-party.ts'
import { retireActiveSigningKey } from '../store/signing-key.ts'
import { raiseRevision } from '../store/tenant.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { prepareRequestKey, type RequestCertificate, type SuppliedIdentity } from './request-key.ts'

/** Longer than any journey lives, see `domain/journey.ts`. */
const KEPT_FOR = 1 * HOUR

/**
 * Puts the supplied identity, or one made here, in the place of the active one: the tenant's own, or that of a relying party,
 * which from then on asks wallets under its own name (TR-40). Throws `admin_forbidden`, `not_found`,
 * `invalid_request`, `policy_refused`, and `conflict` when the key has served this tenant before.
 */
export async function replaceRequestCertificate(
  deps: Pick<Deps, 'db' | 'keyring' | 'clock' | 'config' | 'tenants'>,
  actor: AdminActor,
  slug: string,
  supplied: SuppliedIdentity | undefined,
  clientId: ClientId | undefined = undefined,
): Promise<RequestCertificate> {
  const tenant = await findAdminTenant(deps.db, actor, 'keys:manage', slug)
  const tenantId = tenant.id
  if (clientId !== undefined) await requireRelyingParty(deps.db, tenantId, clientId)
  const { step, certificate } = await prepareRequestKey(deps, tenant, supplied, clientId)
  const at = deps.clock()
  const now = toInstant(at)
  const old = {
    purpose: 'request',
    algorithm: 'ES256',
    clientId: clientId ?? '',
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

/**
 * Ends the access certificate of a relying party: it asks under the tenant's own again. Throws `admin_forbidden`, `not_found`.
 */
export async function dropRequestCertificate(
  deps: Pick<Deps, 'db' | 'clock' | 'tenants'>,
  actor: AdminActor,
  slug: string,
  clientId: ClientId,
): Promise<void> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'keys:manage', slug)
  const at = deps.clock()
  const now = toInstant(at)
  const old = { purpose: 'request', algorithm: 'ES256', clientId } as const
  await inTransaction(deps.db, tenantId, async (tx) => {
    const [, [retired]] = await tx.runAll([
      raiseRevision({ id: tenantId, now }),
      retireActiveSigningKey({ tenantId, ...old, retireAt: toInstant(at + KEPT_FOR) }),
    ])
    if (clientId === '' || retired?.changed !== 1) fail({ kind: 'not_found' })
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'request_certificate_dropped', actor: actor.id },
        clientId,
      }),
    ])
  })
  deps.tenants.forget(slug)
}

async function requireRelyingParty(
  db: Deps['db'],
  tenantId: TenantId,
  clientId: ClientId,
): Promise<void> {
  const [[row]] = await read(db, tenantId, [findRelyingParty({ tenantId, clientId })])
  if (row === undefined) fail({ kind: 'not_found' })
}
