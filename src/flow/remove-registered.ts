/** Something that a tenant had registered is taken away, whatever it was. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AuditDetail } from '../domain/audit.ts'
import { fail } from '../domain/failure.ts'
import type { TenantId } from '../domain/ids.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction } from '../store/database.ts'
import type { Changed, Step } from '../store/statement.ts'
import { raiseRevision } from '../store/tenant.ts'

/** Here at once, on other instances within a second. Throws `not_found` where `removal` finds nothing, which then is no event. */
export async function removeRegistered(
  deps: Pick<Deps, 'db' | 'clock'> & { tenants: Pick<Deps['tenants'], 'forget'> },
  { id, slug }: { id: TenantId; slug: string },
  removal: Step<Changed>,
  detail: AuditDetail,
): Promise<void> {
  const now = toInstant(deps.clock())
  await inTransaction(deps.db, id, async (tx) => {
    const [, [removed]] = await tx.runAll([raiseRevision({ id, now }), removal])
    if (removed?.changed !== 1) fail({ kind: 'not_found' })
    await tx.runLast([insertAuditEvent(id, newId(), now, { detail })])
  })
  deps.tenants.forget(slug)
}
