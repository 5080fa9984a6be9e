/** An institution's OpenID provider becomes known to a tenant: asked at once, refused at once (UP-01 to UP-05, UP-63). */
import { newId } from '../crypto/random.ts'
import { sealUnder } from '../crypto/seal.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { ProviderId, TenantId } from '../domain/ids.ts'
import { issuerOf } from '../domain/tenant.ts'
import type { JsonObject } from '../domain/text.ts'
import { type IsoInstant, toInstant } from '../domain/time.ts'
import { connectProvider } from '../institution/connection.ts'
import { mayIdentify, mayProveEmail } from '../institution/identity.ts'
import { type ClientAuthMethod, discoverProvider } from '../institution/provider.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { isUniqueViolation, transact } from '../store/database.ts'
import { insertProvider, NO_HEALTH, type Provider } from '../store/provider.ts'
import { raiseRevision } from '../store/tenant.ts'
import { findAdminTenant } from './admin-tenant.ts'
import {
  NO_PROOF_BY_EMAIL,
  type ProviderView,
  secretContext,
  viewProvider,
} from './provider-view.ts'

export interface ProviderRequest {
  slug: string
  name: string
  issuer: string
  clientId: string
  authentication: ClientAuthMethod
  /** Needed by the two secret methods. */
  clientSecret: string | undefined
  /** Needed by `private_key_jwt`: a private JWK with `alg`, and `kid` where the provider wants one. */
  privateKey: JsonObject | undefined
  /** Must hold `openid`. */
  scopes: readonly string[]
  idTokenAlgorithm: string | undefined
  confirmedHosts: readonly string[] | undefined
  subjectType: 'public' | 'pairwise' | 'transient' | undefined
  identifierAttribute: string
  attributeMappings: { readonly [canonicalName: string]: string }
  acr: readonly string[] | undefined
  amr: readonly string[] | undefined
  allowedOrganizations: readonly string[] | undefined
  /** Whose tokens may manage it besides the tenant's own; those of an institution register for it alone. */
  institution?: string | undefined
  /** Whether its verified e-mail addresses are proof; refused behind a federation (UP-62). */
  emailIsProof?: boolean | undefined
  /** True unless it is to be tested first. */
  enabled?: boolean | undefined
}

/**
 * Registers it, enabled unless asked otherwise. What an institution's token registers is that institution's, and believed
 * of its own people only. Discovery runs before anything is written and outside any transaction. Throws `admin_forbidden`,
 * `not_found`, `invalid_request`, `provider_refused` with the reason, and `conflict` for a slug, or an issuer with this
 * client id, that the tenant has already.
 */
export async function registerProvider(
  deps: Pick<Deps, 'db' | 'keyring' | 'outbound' | 'clock' | 'config' | 'tenants'>,
  actor: AdminActor,
  tenantSlug: string,
  request: ProviderRequest,
): Promise<ProviderView> {
  const tenant = await findAdminTenant(deps.db, actor, 'providers:manage', tenantSlug)
  const { clientSecret, ...chosen } = judgeRequest(actor, request)
  const metadata = await discoverProvider(deps, {
    issuer: request.issuer,
    clientAuthMethod: request.authentication,
    idTokenAlg: request.idTokenAlgorithm,
    confirmedHosts: request.confirmedHosts,
    subjectType: request.subjectType,
  })
  // A key that cannot be used is told now, not at somebody's login.
  await connectProvider(deps, {
    metadata,
    clientId: request.clientId,
    clientSecret,
    scopes: request.scopes,
  })

  const tenantId = tenant.id
  const now = toInstant(deps.clock())
  const id = newId() as ProviderId
  const provider: Provider = {
    id,
    slug: request.slug,
    name: request.name,
    issuer: request.issuer,
    oidcClientId: request.clientId,
    clientAuthMethod: request.authentication,
    sealedClientSecret: sealUnder(
      deps.keyring,
      'provider-secret',
      secretContext(tenantId, id),
      clientSecret,
    ),
    scopes: request.scopes.join(' '),
    metadata: JSON.stringify(metadata),
    identifierAttribute: request.identifierAttribute,
    attributeMappings: request.attributeMappings,
    acr: request.acr,
    amr: request.amr,
    ...chosen,
    enabled: request.enabled ?? true,
    updatedAt: now,
    health: NO_HEALTH,
  }
  try {
    await transact(deps.db, tenantId, [
      raiseRevision({ id: tenantId, now }),
      insertProvider(rowOf(tenantId, provider, now)),
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'provider_registered', actor: actor.id, provider: id },
      }),
    ])
  } catch (error) {
    throw conflictOf(error)
  }
  deps.tenants.forget(tenantSlug)
  return viewProvider(issuerOf(deps.config.publicUrl, tenant.slug), provider)
}

/** What can be said of a request before its provider is asked: its secret, whose it is, and what its addresses prove. */
function judgeRequest(actor: AdminActor, request: ProviderRequest) {
  if (!mayIdentify(request.identifierAttribute))
    refuse('identifier_attribute: no claim to know a person by')
  if (!request.scopes.includes('openid')) refuse('scope: must contain openid')
  const clientSecret = chooseSecret(request)
  const owned = chooseInstitution(actor, request)
  const emailIsProof = request.emailIsProof ?? false
  if (emailIsProof && !mayProveEmail(request.issuer, owned.allowedOrganizations))
    refuse(NO_PROOF_BY_EMAIL)
  return { ...owned, emailIsProof, clientSecret }
}

function rowOf(tenantId: TenantId, provider: Provider, now: IsoInstant) {
  return {
    ...{ ...provider, tenantId, now },
    sealedClientSecret: provider.sealedClientSecret ?? null,
    attributeMappings: JSON.stringify(provider.attributeMappings),
    acr: listText(provider.acr),
    amr: listText(provider.amr),
    allowedOrganizations: listText(provider.allowedOrganizations),
    institution: provider.institution ?? null,
    emailIsProof: provider.emailIsProof ? (1 as const) : (0 as const),
    enabled: provider.enabled ? (1 as const) : (0 as const),
  }
}

/** Whose provider it becomes, and whose people it speaks of. */
function chooseInstitution(
  actor: AdminActor,
  request: ProviderRequest,
): Pick<Provider, 'institution' | 'allowedOrganizations'> {
  const { institution, allowedOrganizations } = request
  const own = actor.forInstitution
  if (own === undefined) return { institution, allowedOrganizations }
  if (institution !== undefined && institution !== own) refuse("institution: not this token's")
  if (allowedOrganizations?.some((name) => name.toLowerCase() !== own)) {
    refuse("allowed_organizations: only this token's institution")
  }
  return { institution: own, allowedOrganizations: [own] }
}

/** What the method authenticates with, as text. */
function chooseSecret(request: ProviderRequest): string {
  const { authentication, clientSecret, privateKey } = request
  if (authentication === 'private_key_jwt') {
    if (clientSecret !== undefined) refuse('client_secret: not with private_key_jwt')
    return privateKey === undefined ? refuse('private_key: needed') : JSON.stringify(privateKey)
  }
  if (privateKey !== undefined) refuse('private_key: only with private_key_jwt')
  return clientSecret ?? refuse('client_secret: needed')
}

function listText(list: readonly string[] | undefined): string | null {
  return list === undefined ? null : JSON.stringify(list)
}

function conflictOf(error: unknown): unknown {
  if (!isUniqueViolation(error)) return error
  const detail = isUniqueViolation(error, 'reconciliation_provider_tenant_id_slug_key')
    ? 'slug: the tenant has a provider of this name'
    : 'issuer: the tenant has this provider with this client_id'
  try {
    return fail({ kind: 'conflict', detail }, error)
  } catch (conflict) {
    return conflict
  }
}

function refuse(detail: string): never {
  return fail({ kind: 'invalid_request', detail })
}
