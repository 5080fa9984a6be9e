/** What there is to say about policy documents before they are published: those sent along, or the tenant's drafts. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { type Finding, isAcceptable } from '../domain/policy-finding.ts'
import { transact } from '../store/database.ts'
import { validatePolicyDraft } from '../store/policy-draft.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { judgePolicies, type PolicyInput } from './policy-draft.ts'
import { viewPolicySet } from './policy-set-view.ts'

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
  const set = await viewPolicySet(deps.db, tenantId)
  const { findings } = judgePolicies(documents ?? set.drafts, set.published, set.surroundings)
  const acceptable = isAcceptable(findings)
  if (documents === undefined && acceptable && set.draftDigests.length > 0) {
    await transact(
      deps.db,
      tenantId,
      set.draftDigests.map(({ kind, digest }) => validatePolicyDraft({ tenantId, kind, digest })),
    )
  }
  return { acceptable, findings }
}
