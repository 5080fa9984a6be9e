/** What a member state says of a relying party goes with its requests to wallets from now on (OpenID4VP 1.0 section 5.1). */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { ClientId } from '../domain/ids.ts'
import type { PolicyDocuments } from '../domain/policy.ts'
import { beyondRegistration } from '../domain/registration.ts'
import { type IsoInstant, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read } from '../store/database.ts'
import { findCurrentPolicies } from '../store/policy.ts'
import {
  deleteRegistrationCertificate,
  listRegistrationCertificates,
  storeRegistrationCertificate,
} from '../store/registration-certificate.ts'
import { findRelyingParty } from '../store/relying-party.ts'
import { raiseRevision } from '../store/tenant.ts'
import { readRegistrationCertificate } from '../wallet/registration-certificate.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { removeRegistered } from './remove-registered.ts'

export interface RegistrationCertificateEntry {
  id: string
  /** Undefined for the tenant's own. */
  clientId: ClientId | undefined
  format: string
  document: string
  notAfter: IsoInstant | undefined
  createdAt: IsoInstant
}

type Means = Pick<Deps, 'db' | 'clock'> & { tenants: Pick<Deps['tenants'], 'forget'> }

/**
 * Stores a certificate for a relying party, or for all that have none, in the place of an older one. Throws
 * `admin_forbidden`, `not_found`, and `policy_refused`: it cannot be read, is past its end, or registers less than wallets are
 * asked for now (TR-41).
 */
export async function putRegistrationCertificate(
  deps: Means,
  actor: AdminActor,
  slug: string,
  sent: { clientId: ClientId | undefined; format: string; document: string },
): Promise<RegistrationCertificateEntry> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'keys:manage', slug)
  const at = deps.clock()
  const { clientId, format, document } = sent
  const { notAfter, registered } = readRegistrationCertificate(format, document, at)
  const [policies, parties] = await read(deps.db, tenantId, [
    findCurrentPolicies({ tenantId }),
    findRelyingParty({ tenantId, clientId: clientId ?? ('' as ClientId) }),
  ])
  if (clientId !== undefined && parties.length === 0) fail({ kind: 'not_found' })
  const published = policies.find(({ kind }) => kind === 'query')
  if (published !== undefined && registered !== undefined) {
    const query = JSON.parse(published.document) as PolicyDocuments['query']
    const problems = beyondRegistration(query, registered).map(
      (place) =>
        `document: wallets are asked for more than it registers (query ${place.join('.')})`,
    )
    if (problems.length > 0) fail({ kind: 'policy_refused', problems })
  }
  const now = toInstant(at)
  const end = notAfter === undefined ? undefined : toInstant(notAfter)
  const row = { tenantId, clientId: clientId ?? '', format, document, notAfter: end ?? null, now }
  const id = await inTransaction(deps.db, tenantId, async (tx) => {
    const [, [stored]] = await tx.runAll([
      raiseRevision({ id: tenantId, now }),
      storeRegistrationCertificate({ ...row, id: newId() }),
    ])
    const certificate = stored?.id ?? fail({ kind: 'unexpected' })
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'registration_certificate_stored', actor: actor.id, certificate },
        ...(clientId === undefined ? {} : { clientId }),
      }),
    ])
    return certificate
  })
  deps.tenants.forget(slug)
  return { id, clientId, format, document, notAfter: end, createdAt: now }
}

/** Returns all of a tenant, its own first. Throws `admin_forbidden`, `not_found`. */
export async function readRegistrationCertificates(
  deps: Pick<Deps, 'db'>,
  actor: AdminActor,
  slug: string,
): Promise<readonly RegistrationCertificateEntry[]> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'keys:manage', slug)
  const [rows] = await read(deps.db, tenantId, [listRegistrationCertificates({ tenantId })])
  return rows.map((row) => ({
    ...{ id: row.id, format: row.format, document: row.document, createdAt: row.created_at },
    clientId: row.client_id === '' ? undefined : (row.client_id as ClientId),
    notAfter: row.not_after ?? undefined,
  }))
}

/** Requests go without it from now on. Throws `admin_forbidden`, `not_found`. */
export async function removeRegistrationCertificate(
  deps: Means,
  actor: AdminActor,
  slug: string,
  id: string,
): Promise<void> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'keys:manage', slug)
  const removal = deleteRegistrationCertificate({ tenantId, id })
  await removeRegistered(deps, { id: tenantId, slug }, removal, {
    type: 'registration_certificate_removed',
    actor: actor.id,
    certificate: id,
  })
}
