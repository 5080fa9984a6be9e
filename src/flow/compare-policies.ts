/** Two versions of a policy document: what is different, and which recorded logins come to something else. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { PolicyKind } from '../domain/policy.ts'
import { diffDocuments, type MemberChange } from '../domain/policy-diff.ts'
import { compareOutcomes, type OutcomeChange } from '../domain/policy-explain.ts'
import type { RecordedLogin } from '../domain/recorded-login.ts'
import type { Json } from '../domain/text.ts'
import { read } from '../store/database.ts'
import { findPolicy } from '../store/policy.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { judgePolicies } from './policy-draft.ts'
import { viewPolicySet } from './policy-set-view.ts'

export interface PolicyComparison {
  kind: PolicyKind
  members: readonly MemberChange[]
  /** With the current documents of the other kinds. */
  outcomes: readonly OutcomeChange[]
}

/** Returns how version `to` differs from version `from`. Throws `admin_forbidden`, and `not_found` for a version too. */
export async function comparePolicies(
  deps: Pick<Deps, 'db'>,
  actor: AdminActor,
  slug: string,
  kind: PolicyKind,
  versions: { from: number; to: number },
  logins: readonly RecordedLogin[],
): Promise<PolicyComparison> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'policies:manage', slug)
  const { published } = await viewPolicySet(deps.db, tenantId)
  const [[from], [to]] = await read(deps.db, tenantId, [
    findPolicy({ tenantId, kind, version: versions.from }),
    findPolicy({ tenantId, kind, version: versions.to }),
  ])
  if (from === undefined || to === undefined) return fail({ kind: 'not_found' })
  const [before, after] = [from, to].map(({ document }) => JSON.parse(document) as Json)
  const standing = (document: Json | undefined) =>
    judgePolicies({}, { ...published, [kind]: document }).together
  return {
    kind,
    members: diffDocuments(before, after),
    outcomes: compareOutcomes(standing(before), standing(after), slug, logins),
  }
}
