/** Keeps a policy document as a draft. Nothing but its form as JSON is looked at; judging it is a step of its own. */
import { digestText } from '../crypto/digest.ts'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import type { PolicyKind } from '../domain/policy.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { transact } from '../store/database.ts'
import { savePolicyDraft as saveDraft } from '../store/policy-draft.ts'
import { findAdminTenant } from './admin-tenant.ts'
import type { DraftView } from './policy-draft-view.ts'

/** Keeps the document as the draft of its kind, in place of an earlier one. Throws `admin_forbidden`, `not_found`. */
export async function savePolicyDraft(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: AdminActor,
  slug: string,
  kind: PolicyKind,
  document: unknown,
): Promise<DraftView> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'policies:manage', slug)
  const text = JSON.stringify(document)
  const digest = digestText(text)
  const now = toInstant(deps.clock())
  const [[row]] = await transact(deps.db, tenantId, [
    saveDraft({ tenantId, kind, document: text, digest, savedBy: actor.id, now }),
    insertAuditEvent(tenantId, newId(), now, {
      detail: { type: 'policy_draft_saved', actor: actor.id, kind },
    }),
  ])
  const basedOn = row?.based_on ?? 0
  return { kind, state: 'draft', digest, basedOn, savedAt: now, savedBy: actor.id }
}
