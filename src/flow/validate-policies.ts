/** What there is to say about policy documents before they are published: those sent along, or the tenant's drafts. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { type Finding, isAcceptable } from '../domain/policy-finding.ts'
import { read, transact } from '../store/database.ts'
import { findCurrentPolicies } from '../store/policy.ts'
import { listPolicyDrafts, validatePolicyDraft } from '../store/policy-draft.ts'
import { listProviders } from '../store/provider.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { documentsIn, judgePolicies, type PolicyInput } from './policy-draft.ts'

export interface Verdict {
  /** Whether they may be published: no finding is an error. */
  acceptable: boolean
  findings: readonly Finding[]
}

/**
 * Judges `documents` beside the tenant's published ones; without them its drafts, which become `validated` when nothing
 * stands against publishing them. Throws `admin_forbidden`, `not_found`.
 */
export async function validatePolicies(
  deps: Pick<Deps, 'db'>,
  actor: AdminActor,
  slug: string,
  documents: PolicyInput | undefined,
): Promise<Verdict> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'policies:manage', slug)
  const [current, drafts, providers] = await read(deps.db, tenantId, [
    findCurrentPolicies({ tenantId }),
    listPolicyDrafts({ tenantId }),
    listProviders({ tenantId }),
  ])
  const { findings } = judgePolicies(documents ?? documentsIn(drafts), documentsIn(current), {
    providers: providers.map(({ slug: name, enabled }) => ({ slug: name, enabled: enabled === 1 })),
  })
  const acceptable = isAcceptable(findings)
  if (documents === undefined && acceptable && drafts.length > 0) {
    await transact(
      deps.db,
      tenantId,
      drafts.map(({ kind, digest }) => validatePolicyDraft({ tenantId, kind, digest })),
    )
  }
  return { acceptable, findings }
}
