/** A tenant accepts machine tokens of its own authorization server, known by issuer and keys. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import { dataApiOf } from '../domain/machine.ts'
import { issuerOf } from '../domain/tenant.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import {
  type AuthorizationServer,
  insertAuthorizationServer,
  listAuthorizationServers,
} from '../store/authorization-server.ts'
import { inTransaction, isUniqueViolation } from '../store/database.ts'
import { raiseRevision } from '../store/tenant.ts'
import { findAdminTenant } from './admin-tenant.ts'

const MOST = 20

export interface AuthorizationServerRequest {
  issuer: string
  jwksUri: string
  /** Undefined: the tenant's data API. */
  audience: string | undefined
  tokenType: 'at+jwt' | 'JWT'
}

/**
 * Returns what is accepted from now on. No key is fetched before the first token. Throws `admin_forbidden`, `not_found`,
 * `outbound_refused` for an address that is never asked, and `conflict` when the issuer is known, or there are twenty.
 */
export async function trustAuthorizationServer(
  deps: Pick<Deps, 'db' | 'clock' | 'config' | 'tenants' | 'outbound'>,
  actor: AdminActor,
  slug: string,
  request: AuthorizationServerRequest,
): Promise<AuthorizationServer> {
  const tenant = await findAdminTenant(deps.db, actor, 'clients:manage', slug)
  const own = issuerOf(deps.config.publicUrl, slug)
  if (request.issuer === own)
    fail({ kind: 'invalid_request', detail: "issuer: the tenant's own address" })
  deps.outbound.checkUrl(request.issuer)
  deps.outbound.checkUrl(request.jwksUri)
  const server: AuthorizationServer = {
    id: newId(),
    issuer: request.issuer,
    jwksUri: request.jwksUri,
    audience: request.audience ?? dataApiOf(own),
    tokenType: request.tokenType,
  }
  const tenantId = tenant.id
  const now = toInstant(deps.clock())
  try {
    await inTransaction(deps.db, tenantId, async (tx) => {
      const [, known] = await tx.runAll([
        raiseRevision({ id: tenantId, now }),
        listAuthorizationServers({ tenantId }),
      ])
      if (known.length >= MOST) fail({ kind: 'conflict', detail: 'there are twenty already' })
      await tx.runLast([
        insertAuthorizationServer({ tenantId, ...server, now }),
        insertAuditEvent(tenantId, newId(), now, {
          detail: { type: 'authorization_server_trusted', actor: actor.id, server: server.id },
        }),
      ])
    })
  } catch (error) {
    if (isUniqueViolation(error, 'authorization_server_tenant_id_issuer_key'))
      return fail({ kind: 'conflict', detail: 'issuer: it is known already' }, error)
    throw error
  }
  deps.tenants.forget(slug)
  return server
}
