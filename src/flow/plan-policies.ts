/** What publishing would change: findings, members, and what recorded logins come to. Nothing is stored. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { POLICY_KINDS, type PolicyKind } from '../domain/policy.ts'
import { diffDocuments, type MemberChange } from '../domain/policy-diff.ts'
import { compareOutcomes, type OutcomeChange } from '../domain/policy-explain.ts'
import { type Finding, isAcceptable } from '../domain/policy-finding.ts'
import type { RecordedLogin } from '../domain/recorded-login.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { judgePolicies, type PolicyInput } from './policy-draft.ts'
import { viewPolicySet } from './policy-set-view.ts'

export interface PolicyPlan {
  acceptable: boolean
  findings: readonly Finding[]
  /** Kinds that would get a next version, each with what changes in it. */
  changes: readonly { kind: PolicyKind; version: number; members: readonly MemberChange[] }[]
  outcomes: readonly OutcomeChange[]
}

/**
 * Holds `documents` (without them the tenant's drafts) against what is published. A document that cannot be read changes
 * nothing here; the findings say why. Throws `admin_forbidden`, `not_found`.
 */
export async function planPolicies(
  deps: Pick<Deps, 'db'>,
  actor: AdminActor,
  slug: string,
  documents: PolicyInput | undefined,
  logins: readonly RecordedLogin[],
): Promise<PolicyPlan> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'policies:manage', slug)
  const set = await viewPolicySet(deps.db, tenantId)
  const before = judgePolicies({}, set.published).together
  const judged = judgePolicies(documents ?? set.drafts, set.published, set.surroundings)
  const changes = POLICY_KINDS.map((kind) => ({
    kind,
    version: (set.versions[kind] ?? 0) + 1,
    members: diffDocuments(before[kind], judged.together[kind]),
  }))
  return {
    acceptable: isAcceptable(judged.findings),
    findings: judged.findings,
    changes: changes.filter(({ members }) => members.length > 0),
    outcomes: compareOutcomes(before, judged.together, slug, logins),
  }
}
