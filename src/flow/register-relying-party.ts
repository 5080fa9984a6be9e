/** A relying party becomes known to a tenant. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { ClientId } from '../domain/ids.ts'
import type { ClientAuthentication, RelyingParty } from '../domain/relying-party.ts'
import type { JsonObject } from '../domain/text.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { isUniqueViolation, transact } from '../store/database.ts'
import { insertRelyingParty } from '../store/relying-party.ts'
import { raiseRevision } from '../store/tenant.ts'
import { findAdminTenant } from './admin-tenant.ts'
import {
  chooseSector,
  judgeKeys,
  judgeRedirectUris,
  makeSecret,
  type Registered,
  registrationRow,
} from './relying-party-draft.ts'

export interface RelyingPartyRequest {
  /** Undefined: a random one. */
  clientId: string | undefined
  name: string
  redirectUris: readonly string[]
  authentication: ClientAuthentication
  jwks: { keys: readonly JsonObject[] } | undefined
  idTokenAlgorithm: 'ES256' | 'RS256'
  requirePkce: boolean
  claimsInIdToken: boolean
  sector: string | undefined
  purpose: { en: string; nl: string } | undefined
}

/**
 * Registers it, enabled. A public client (`none`) always needs PKCE. Throws `admin_forbidden`, `not_found`,
 * `invalid_request` (OP-01, OP-16), and `conflict` when the client id is taken.
 */
export async function registerRelyingParty(
  deps: Pick<Deps, 'db' | 'clock' | 'tenants'>,
  actor: AdminActor,
  slug: string,
  request: RelyingPartyRequest,
): Promise<Registered> {
  const tenant = await findAdminTenant(deps.db, actor, 'clients:manage', slug)
  const { name, redirectUris, authentication, idTokenAlgorithm, claimsInIdToken, purpose } = request
  judgeRedirectUris(redirectUris)
  const sector = chooseSector(redirectUris, request.sector)
  const jwks = judgeKeys(authentication, request.jwks)
  const secret = makeSecret(authentication)
  const relyingParty: RelyingParty = {
    clientId: (request.clientId ?? newId()) as ClientId,
    name,
    redirectUris,
    authentication,
    secretHashes: secret === undefined ? [] : [secret.hash],
    jwks: jwks === null ? undefined : (JSON.parse(jwks) as NonNullable<RelyingParty['jwks']>),
    idTokenAlgorithm,
    requirePkce: request.requirePkce || authentication === 'none',
    claimsInIdToken,
    sector,
    purpose,
    enabled: true,
  }
  const tenantId = tenant.id
  const now = toInstant(deps.clock())
  const { clientId } = relyingParty
  try {
    await transact(deps.db, tenantId, [
      raiseRevision({ id: tenantId, now }),
      insertRelyingParty({ tenantId, sector, ...registrationRow(relyingParty), now }),
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'relying_party_registered', actor: actor.id },
        clientId,
      }),
    ])
  } catch (error) {
    if (isUniqueViolation(error, 'relying_party_pkey')) {
      return fail(
        { kind: 'conflict', detail: 'client_id: there is a relying party of this id' },
        error,
      )
    }
    throw error
  }
  deps.tenants.forget(slug)
  return { relyingParty, clientSecret: secret?.secret }
}
