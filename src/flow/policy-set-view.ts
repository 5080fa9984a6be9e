/** All policy documents of a tenant as they stand together, with what else they must agree with. */
import type { Deps } from '../deps.ts'
import type { TenantId } from '../domain/ids.ts'
import type { PolicyKind } from '../domain/policy.ts'
import type { PolicySurroundings } from '../domain/policy-lint.ts'
import { read } from '../store/database.ts'
import { findCurrentPolicies } from '../store/policy.ts'
import { listPolicyDrafts } from '../store/policy-draft.ts'
import { listProviders } from '../store/provider.ts'
import { listRegistrationCertificates } from '../store/registration-certificate.ts'
import { findTenantById } from '../store/tenant.ts'
import { documentsIn, type PolicyInput } from './policy-draft.ts'
import { registeredIn } from './registration-view.ts'

export interface PolicySetView {
  published: PolicyInput
  /** Version of each published kind. */
  versions: { readonly [K in PolicyKind]?: number }
  drafts: PolicyInput
  /** SHA-256 of each draft as it was sent, base64url. */
  draftDigests: readonly { kind: PolicyKind; digest: string }[]
  surroundings: PolicySurroundings
}

/** Returns the tenant's published documents and its drafts, read in one transaction. */
export async function viewPolicySet(db: Deps['db'], tenantId: TenantId): Promise<PolicySetView> {
  const [current, drafts, providers, certificates, [tenant]] = await read(db, tenantId, [
    findCurrentPolicies({ tenantId }),
    listPolicyDrafts({ tenantId }),
    listProviders({ tenantId }),
    listRegistrationCertificates({ tenantId }),
    findTenantById({ id: tenantId }),
  ])
  return {
    published: documentsIn(current),
    versions: Object.fromEntries(current.map(({ kind, version }) => [kind, version])),
    drafts: documentsIn(drafts),
    draftDigests: drafts.map(({ kind, digest }) => ({ kind, digest })),
    surroundings: {
      haip: tenant?.haip === 1,
      providers: providers.map(({ slug, enabled }) => ({ slug, enabled: enabled === 1 })),
      registrations: registeredIn(certificates),
    },
  }
}
