/** A relying party becomes known to a tenant. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import {
  type Capabilities,
  judgeCapabilities,
  NO_SECTOR,
  PLAIN,
  PUBLIC_SECTOR,
} from '../domain/client-capabilities.ts'
import type { ClientId } from '../domain/ids.ts'
import type { ClientAuthentication, RelyingParty } from '../domain/relying-party.ts'
import { issuerOf } from '../domain/tenant.ts'
import type { JsonObject } from '../domain/text.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { transact } from '../store/database.ts'
import { insertRelyingParty } from '../store/relying-party.ts'
import { raiseRevision } from '../store/tenant.ts'
import { findAdminTenant } from './admin-tenant.ts'
import {
  chooseSector,
  failOnConflict,
  judgeKeys,
  judgeRedirectUris,
  makeSecret,
  type Registered,
  registrationRow,
} from './relying-party-draft.ts'

/** What is absent of the capabilities is as {@link PLAIN} has it. */
export interface RelyingPartyRequest extends Partial<Capabilities> {
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
  deps: Pick<Deps, 'db' | 'clock' | 'config' | 'tenants'>,
  actor: AdminActor,
  slug: string,
  request: RelyingPartyRequest,
): Promise<Registered> {
  const tenant = await findAdminTenant(deps.db, actor, 'clients:manage', slug)
  const drafted = draftRelyingParty(request, issuerOf(deps.config.publicUrl, slug))
  const { relyingParty } = drafted
  const { sector } = relyingParty
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
    return failOnConflict(error)
  }
  deps.tenants.forget(slug)
  return drafted
}

/** The registration a request asks for, whole. Throws `invalid_request`. */
function draftRelyingParty(request: RelyingPartyRequest, issuer: string): Registered {
  const { clientId, jwks: sent, ...asked } = request
  const { redirectUris, authentication } = request
  judgeRedirectUris(redirectUris)
  const jwks = judgeKeys(authentication, sent)
  const secret = makeSecret(authentication)
  const capable = { ...PLAIN, ...asked }
  const relyingParty = judgeCapabilities(
    {
      ...capable,
      clientId: (clientId ?? newId()) as ClientId,
      secretHashes: secret === undefined ? [] : [secret.hash],
      jwks: jwks === null ? undefined : (JSON.parse(jwks) as NonNullable<RelyingParty['jwks']>),
      requirePkce: request.requirePkce || authentication === 'none',
      sector: sectorOf(capable),
      enabled: true,
    },
    { issuer },
  )
  return { relyingParty, clientSecret: secret?.secret }
}

function sectorOf(
  asked: Capabilities & Pick<RelyingPartyRequest, 'redirectUris' | 'sector'>,
): string {
  if (!asked.grantTypes.includes('authorization_code')) return NO_SECTOR
  if (asked.subjectType === 'public') return PUBLIC_SECTOR
  return chooseSector(asked.redirectUris, asked.sector)
}
