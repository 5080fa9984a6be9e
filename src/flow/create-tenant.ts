/** A new tenant with its keys and, if they are sent along, its policies: one call, one transaction. */
import { newId } from '../crypto/random.ts'
import { makeTokenKey } from '../crypto/sealed-signing-key.ts'
import type { Deps } from '../deps.ts'
import { type AdminActor, requireScope, requireScopeEverywhere } from '../domain/admin.ts'
import type { AuditDetail } from '../domain/audit.ts'
import { fail } from '../domain/failure.ts'
import type { TenantId } from '../domain/ids.ts'
import { issuerOf } from '../domain/tenant.ts'
import { toInstant } from '../domain/time.ts'
import { FIRST_ALGORITHMS, type TokenAlgorithm } from '../domain/token-algorithm.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { isUniqueViolation, transact } from '../store/database.ts'
import { insertPolicy } from '../store/policy.ts'
import { insertSigningKey } from '../store/signing-key.ts'
import { insertTenant } from '../store/tenant.ts'
import { acceptPolicies, type PolicyInput } from './policy-draft.ts'
import { prepareRequestKey, type SuppliedIdentity } from './request-key.ts'
import { judgeSettings, settingsRow, type TenantSettings } from './tenant-settings.ts'
import type { TenantView } from './tenant-view.ts'

export interface TenantRequest {
  slug: string
  settings: TenantSettings
  /** Undefined: the bridge makes a key and a certificate of its own. */
  requestIdentity: SuppliedIdentity | undefined
  policies: PolicyInput
}

/**
 * Creates a tenant with active keys for tokens (ES256, RS256) and wallet requests. Takes about a second, for RSA. Throws
 * `admin_forbidden`, `invalid_request`, `policy_refused`, and `conflict` when the slug is taken.
 */
export async function createTenant(
  deps: Pick<Deps, 'db' | 'keyring' | 'clock' | 'config' | 'tenants'>,
  actor: AdminActor,
  request: TenantRequest,
): Promise<TenantView> {
  const { slug, settings } = request
  requireScopeEverywhere(actor, 'tenants:manage')
  judgeSettings(settings)
  const drafts = acceptPolicies(request.policies, {}, { haip: settings.haip })
  if (drafts.length > 0) requireScope(actor, 'policies:manage')
  const tenantId = newId() as TenantId
  const requestKey = await prepareRequestKey(
    deps,
    { id: tenantId, clientIdPrefix: settings.clientIdPrefix },
    request.requestIdentity,
  )
  const now = toInstant(deps.clock())
  const tokenKeys = await Promise.all(
    FIRST_ALGORITHMS.map((algorithm) => tokenKeyStep(deps, tenantId, algorithm)),
  )
  const events: AuditDetail[] = [
    { type: 'tenant_created', actor: actor.id },
    ...FIRST_ALGORITHMS.map((algorithm) => keyCreated(actor, 'token', algorithm)),
    keyCreated(actor, 'request', 'ES256'),
    ...drafts.map(
      ({ kind }) => ({ type: 'policy_published', actor: actor.id, kind, version: 1 }) as const,
    ),
  ]
  try {
    await transact(deps.db, tenantId, [
      insertTenant({ id: tenantId, slug, ...settingsRow(settings, now) }),
      ...tokenKeys,
      requestKey.step,
      ...drafts.map(({ kind, text: document, digest }) =>
        insertPolicy({ tenantId, kind, document, digest, publishedBy: actor.id, now }),
      ),
      ...events.map((detail) => insertAuditEvent(tenantId, newId(), now, { detail })),
    ])
  } catch (error) {
    if (isUniqueViolation(error, 'tenant_slug_key')) {
      return fail({ kind: 'conflict', detail: 'slug: there is a tenant of this name' }, error)
    }
    throw error
  }
  deps.tenants.forget(slug)
  return {
    tenant: { id: tenantId, slug, revision: 1, ended: false, ...settings },
    issuer: issuerOf(deps.config.publicUrl, slug),
    requestCertificate: requestKey.certificate,
    policyVersions: Object.fromEntries(drafts.map(({ kind }) => [kind, 1])),
  }
}

async function tokenKeyStep(
  deps: Pick<Deps, 'keyring' | 'clock'>,
  tenantId: TenantId,
  algorithm: TokenAlgorithm,
) {
  const made = await makeTokenKey(deps.keyring, tenantId, algorithm)
  return insertSigningKey({
    ...{ tenantId, ...made, purpose: 'token', algorithm, clientId: '', state: 'active' },
    ...{ certificateChain: null, now: toInstant(deps.clock()) },
  })
}

function keyCreated(actor: AdminActor, purpose: string, algorithm: string): AuditDetail {
  return { type: 'signing_key_created', actor: actor.id, purpose, algorithm }
}
