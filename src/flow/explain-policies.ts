/** What a tenant's documents make of recorded logins, step by step and rule by rule. Nothing is stored. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { completeSet } from '../domain/policy.ts'
import { type Explanation, explainLogin } from '../domain/policy-explain.ts'
import { type Finding, isAcceptable } from '../domain/policy-finding.ts'
import type { RecordedLogin } from '../domain/recorded-login.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { judgePolicies, type PolicyInput } from './policy-draft.ts'
import { viewPolicySet } from './policy-set-view.ts'

export interface PolicyExplanation {
  acceptable: boolean
  findings: readonly Finding[]
  /** One for each login; none while a kind is missing or cannot be read. */
  explanations: readonly Explanation[]
}

/**
 * Explains the logins by `documents`, and for kinds not among them by the published ones; without any, by the published
 * ones with the drafts laid over them. Throws `admin_forbidden`, `not_found`.
 */
export async function explainPolicies(
  deps: Pick<Deps, 'db'>,
  actor: AdminActor,
  slug: string,
  documents: PolicyInput | undefined,
  logins: readonly RecordedLogin[],
): Promise<PolicyExplanation> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'policies:manage', slug)
  const set = await viewPolicySet(deps.db, tenantId)
  const { findings, together } = judgePolicies(
    documents ?? set.drafts,
    set.published,
    set.surroundings,
  )
  // What cannot be read is not silently replaced by what is published.
  const unread = findings.some(({ code }) => code === 'shape' || code === 'anchor_unusable')
  const whole = unread ? undefined : completeSet(together)
  return {
    acceptable: isAcceptable(findings),
    findings,
    explanations:
      whole === undefined ? [] : logins.map((login) => explainLogin(whole, slug, login)),
  }
}
