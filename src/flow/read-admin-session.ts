/** Who is signed in to the compliance page, and where. */
import { digestText } from '../crypto/digest.ts'
import { equalText, hashSecret } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor, AdminScope } from '../domain/admin.ts'
import { type Findable, findablesOf, issuersOf } from '../domain/findable.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import { readPolicy } from '../domain/policy.ts'
import type { Tenant } from '../domain/tenant.ts'
import { fromInstant, toInstant } from '../domain/time.ts'
import { findAdminSession } from '../store/admin-session.ts'
import { read } from '../store/database.ts'
import { findCurrentPolicies, type PolicyRow } from '../store/policy.ts'
import { listProviders, readProvider } from '../store/provider.ts'
import { findAdminTenant } from './admin-tenant.ts'

export interface Staff {
  actor: AdminActor
  tenant: Tenant
  /** The tenant's providers, for whoever looks for an account or an address. */
  providers: readonly { slug: string; name: string; emailIsProof: boolean }[]
  /** What else somebody can be looked for by, and who may have issued it. */
  findables: readonly Findable[]
  issuers: readonly string[]
  /** What every form of this session carries, so that no other site can send one. */
  csrf: string
  isOwnForm(given: string): boolean
}

/** Undefined for no session, one past its time, and one whose token was revoked, expired or lost its tenant. */
export async function readAdminSession(
  means: Pick<Deps, 'db' | 'clock'>,
  secret: string | undefined,
): Promise<Staff | undefined> {
  if (secret === undefined) return undefined
  const now = toInstant(means.clock())
  const [[row]] = await read(means.db, SYSTEM_TENANT, [
    findAdminSession({ sessionHash: hashSecret(secret), now }),
  ])
  if (row === undefined) return undefined
  const actor: AdminActor = {
    id: row.id,
    forTenant: row.for_tenant ?? undefined,
    scopes: JSON.parse(row.scopes) as AdminScope[],
    expiresAt: fromInstant(row.expires_at),
  }
  const tenant = await findAdminTenant(means.db, actor, 'identities:manage', row.slug)
  const tenantId = tenant.id
  const [providers, policies] = await read(means.db, tenantId, [
    listProviders({ tenantId }),
    findCurrentPolicies({ tenantId }),
  ])
  const csrf = digestText(`compliance form ${secret}`)
  return {
    ...{ actor, tenant, csrf, isOwnForm: (given) => equalText(csrf, given) },
    providers: providers.map(readProvider).map(({ slug, name, emailIsProof }) => ({
      ...{ slug, name, emailIsProof },
    })),
    ...findableBy(policies),
  }
}

function findableBy(policies: readonly PolicyRow[]): Pick<Staff, 'findables' | 'issuers'> {
  const documentOf = (kind: PolicyRow['kind']) =>
    JSON.parse(policies.find((row) => row.kind === kind)?.document ?? 'null') as unknown
  const [material, trust] = [documentOf('material'), documentOf('trust')]
  return {
    findables: material === null ? [] : findablesOf(readPolicy('material', material)),
    issuers: trust === null ? [] : issuersOf(readPolicy('trust', trust)),
  }
}
