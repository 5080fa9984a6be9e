/** A tenant says how long a kind of data is kept, and why. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import { type DataKind, type RetentionRule, whatIsWrongWith } from '../domain/retention.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { transact } from '../store/database.ts'
import { saveRetentionRule } from '../store/retention.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { type RetentionEntryView, viewRetention } from './retention-view.ts'

/**
 * Saves the rule and returns what holds then; undefined members are as the service has them. The next run of the job goes by
 * it. Throws `admin_forbidden`, `not_found`, and `invalid_request` for a period outside the kind's bounds.
 */
export async function changeRetention(
  means: Pick<Deps, 'db' | 'clock'>,
  actor: AdminActor,
  slug: string,
  kind: DataKind,
  rule: RetentionRule,
): Promise<RetentionEntryView> {
  const { id: tenantId } = await findAdminTenant(means.db, actor, 'privacy:retention', slug)
  const wrong = whatIsWrongWith(kind, rule)
  if (wrong !== undefined) return fail({ kind: 'invalid_request', detail: wrong })
  const now = toInstant(means.clock())
  const { days = null, noticeDays = null, ground = null } = rule
  await transact(means.db, tenantId, [
    saveRetentionRule({ tenantId, kind, days, noticeDays, ground, now, by: actor.id }),
    insertAuditEvent(tenantId, newId(), now, {
      detail: { type: 'retention_changed', actor: actor.id, kind },
    }),
  ])
  const entry = (await viewRetention(means, tenantId)).find((one) => one.kind === kind)
  return entry ?? fail({ kind: 'not_found' })
}
