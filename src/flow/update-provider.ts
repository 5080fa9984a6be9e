/** Changes a provider: on or off, another secret, other mappings or demands. What identifies people there never changes. */
import { newId } from '../crypto/random.ts'
import { sealUnder } from '../crypto/seal.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { TenantId } from '../domain/ids.ts'
import { issuerOf } from '../domain/tenant.ts'
import type { JsonObject, Sealed } from '../domain/text.ts'
import { toInstant } from '../domain/time.ts'
import { connectProvider } from '../institution/connection.ts'
import { mayProveEmail } from '../institution/identity.ts'
import type { ProviderMetadata } from '../institution/provider.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction } from '../store/database.ts'
import { changeProvider, findProviderBySlug, type Provider } from '../store/provider.ts'
import { raiseRevision } from '../store/tenant.ts'
import { findAdminTenant } from './admin-tenant.ts'
import {
  NO_PROOF_BY_EMAIL,
  ownProvider,
  type ProviderView,
  secretContext,
  viewProvider,
} from './provider-view.ts'

/** Only what is named changes. */
export interface ProviderChange {
  name?: string | undefined
  enabled?: boolean | undefined
  /** For the two secret methods. */
  clientSecret?: string | undefined
  /** For `private_key_jwt`. */
  privateKey?: JsonObject | undefined
  /** Must hold `openid`. */
  scopes?: readonly string[] | undefined
  attributeMappings?: { readonly [canonicalName: string]: string } | undefined
  /** Null for no demand any more, as in the next two. */
  acr?: readonly string[] | null | undefined
  amr?: readonly string[] | null | undefined
  allowedOrganizations?: readonly string[] | null | undefined
  emailIsProof?: boolean | undefined
}

/**
 * Sets what `change` names. Logins that begin afterwards follow it. Throws `admin_forbidden`, `not_found`,
 * `invalid_request`, and `provider_refused` for a private key that cannot be used.
 */
export async function updateProvider(
  deps: Pick<Deps, 'db' | 'keyring' | 'outbound' | 'clock' | 'config' | 'tenants'>,
  actor: AdminActor,
  tenantSlug: string,
  slug: string,
  change: ProviderChange,
): Promise<ProviderView> {
  const view = await storeChange(deps, actor, tenantSlug, slug, (tenantId, before) =>
    apply(deps, actor, tenantId, before, change),
  )
  deps.tenants.forget(tenantSlug)
  return view
}

/** What may be changed without keys, and without a running service. */
export type ProviderSwitches = Pick<ProviderChange, 'enabled' | 'emailIsProof'>

/** The same for the operator at the command line; instances see it within a second. Throws likewise. */
export async function switchProvider(
  deps: Pick<Deps, 'db' | 'clock' | 'config'>,
  actor: AdminActor,
  tenantSlug: string,
  slug: string,
  { enabled, emailIsProof }: ProviderSwitches,
): Promise<ProviderView> {
  return await storeChange(deps, actor, tenantSlug, slug, (_tenantId, before) =>
    Promise.resolve(
      judge({
        ...before,
        enabled: enabled ?? before.enabled,
        emailIsProof: emailIsProof ?? before.emailIsProof,
      }),
    ),
  )
}

async function storeChange(
  deps: Pick<Deps, 'db' | 'clock' | 'config'>,
  actor: AdminActor,
  tenantSlug: string,
  slug: string,
  change: (tenantId: TenantId, before: Provider) => Promise<Provider>,
): Promise<ProviderView> {
  const tenant = await findAdminTenant(deps.db, actor, 'providers:manage', tenantSlug)
  const tenantId = tenant.id
  const now = toInstant(deps.clock())
  const changed = await inTransaction(deps.db, tenantId, async (tx) => {
    const [, [row]] = await tx.runAll([
      raiseRevision({ id: tenantId, now }),
      findProviderBySlug({ tenantId, slug }),
    ])
    const before = ownProvider(actor, row)
    const after = { ...(await change(tenantId, before)), updatedAt: now }
    await tx.runLast([
      changeProvider({
        ...{ tenantId, id: after.id, name: after.name, scopes: after.scopes, now },
        sealedClientSecret: after.sealedClientSecret ?? null,
        attributeMappings: JSON.stringify(after.attributeMappings),
        acr: listText(after.acr),
        amr: listText(after.amr),
        allowedOrganizations: listText(after.allowedOrganizations),
        emailIsProof: after.emailIsProof ? 1 : 0,
        enabled: after.enabled ? 1 : 0,
      }),
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'provider_updated', actor: actor.id, provider: after.id },
      }),
    ])
    return after
  })
  return viewProvider(issuerOf(deps.config.publicUrl, tenant.slug), changed)
}

async function apply(
  deps: Pick<Deps, 'keyring' | 'outbound' | 'clock'>,
  actor: AdminActor,
  tenantId: TenantId,
  before: Provider,
  change: ProviderChange,
): Promise<Provider> {
  const scopes = change.scopes ?? before.scopes.split(' ')
  if (!scopes.includes('openid')) refuse('scope: must contain openid')
  if (actor.forInstitution !== undefined && change.allowedOrganizations !== undefined) {
    refuse("allowed_organizations: only the tenant's own tokens change it")
  }
  const after = judge({
    ...before,
    name: change.name ?? before.name,
    enabled: change.enabled ?? before.enabled,
    scopes: scopes.join(' '),
    attributeMappings: change.attributeMappings ?? before.attributeMappings,
    acr: orNone(change.acr, before.acr),
    amr: orNone(change.amr, before.amr),
    allowedOrganizations: orNone(change.allowedOrganizations, before.allowedOrganizations),
    emailIsProof: change.emailIsProof ?? before.emailIsProof,
  })
  return { ...after, sealedClientSecret: await renewSecret(deps, tenantId, before, change, scopes) }
}

/** The provider, if it may be like this. */
function judge(provider: Provider): Provider {
  const { issuer, allowedOrganizations, emailIsProof } = provider
  if (emailIsProof && !mayProveEmail(issuer, allowedOrganizations)) refuse(NO_PROOF_BY_EMAIL)
  return provider
}

/** The old one, or the new one sealed; a key that cannot be used is told now, not at somebody's login. */
async function renewSecret(
  deps: Pick<Deps, 'keyring' | 'outbound' | 'clock'>,
  tenantId: TenantId,
  before: Provider,
  { clientSecret, privateKey }: ProviderChange,
  scopes: readonly string[],
): Promise<Sealed | undefined> {
  const byKey = before.clientAuthMethod === 'private_key_jwt'
  if (byKey && clientSecret !== undefined) refuse('client_secret: not with private_key_jwt')
  if (!byKey && privateKey !== undefined) refuse('private_key: only with private_key_jwt')
  const renewed = privateKey === undefined ? clientSecret : JSON.stringify(privateKey)
  if (renewed === undefined) return before.sealedClientSecret
  await connectProvider(deps, {
    metadata: JSON.parse(before.metadata) as ProviderMetadata,
    ...{ clientId: before.oidcClientId, clientSecret: renewed, scopes },
  })
  return sealUnder(deps.keyring, 'provider-secret', secretContext(tenantId, before.id), renewed)
}

function orNone<Value>(changed: Value | null | undefined, before: Value | undefined) {
  return changed === undefined ? before : (changed ?? undefined)
}

function listText(list: readonly string[] | undefined): string | null {
  return list === undefined ? null : JSON.stringify(list)
}

function refuse(detail: string): never {
  return fail({ kind: 'invalid_request', detail })
}
