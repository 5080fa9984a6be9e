/** What the call-back and the confirmation share: the plan they carry out, and how a login ends that they may not finish. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { BridgeError, fail, type InstitutionReason } from '../domain/failure.ts'
import type { SessionId } from '../domain/ids.ts'
import type { Confirming, Journey, Reconciling } from '../domain/journey.ts'
import { type IdvPlan, isIdv } from '../domain/plan.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction } from '../store/database.ts'
import { failReconciling } from '../store/journey.ts'
import { updateSessionStatus } from '../store/session.ts'
import type { PreparedTenant } from './tenants.ts'

/** The plan that sent the browser to the institution. */
export function planOf({ decided }: Reconciling | Confirming): IdvPlan {
  return isIdv(decided.plan) ? decided.plan : fail({ kind: 'journey_not_open' })
}

type FailureReason =
  | InstitutionReason
  | 'identity_conflict'
  | 'identity_unavailable'
  /** Another tab ended the journey, or brought it further, after this call-back was let in. */
  | 'journey_moved_on'

/** The word for an end that belongs to this login; undefined for what is a fault of ours or of the database. */
export function reasonOf(error: unknown): FailureReason | undefined {
  if (!(error instanceof BridgeError)) return undefined
  const { failure } = error
  if (failure.kind === 'institution_refused') return failure.reason
  if (failure.kind === 'ambiguous_identity') return 'identity_conflict'
  if (failure.kind === 'identity_unavailable') return 'identity_unavailable'
  if (failure.kind === 'journey_not_open') return 'journey_moved_on'
  return undefined
}

/** Session FAILED and journey failed, with the reason in the trail; neither where another tab has brought the login further. */
export async function recordFailure(
  means: Pick<Deps, 'db' | 'clock' | 'metrics'>,
  prepared: PreparedTenant,
  sessionId: SessionId,
  journey: Journey,
  provider: string,
  /** `nobody_known`: somebody asked for their own data, and nobody is known by their account. */
  reason: FailureReason | 'nobody_known',
): Promise<void> {
  const tenantId = prepared.tenant.id
  const now = toInstant(means.clock())
  await inTransaction(means.db, tenantId, async (tx) => {
    const end = {
      tenantId,
      id: sessionId,
      from: 'AUTHORIZED',
      to: 'FAILED',
      error: reason,
    } as const
    const [[session], [moved]] = await tx.runAll([
      updateSessionStatus(end),
      failReconciling({ tenantId, id: journey.id, failure: reason, now }),
    ])
    // A login that another tab has brought further does not end because this one failed.
    if (session?.changed !== 1 && moved?.changed !== 1) return
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'reconciliation_failed', provider, reason },
        correlationId: journey.correlationId,
        clientId: journey.clientId,
      }),
    ])
  })
  means.metrics.outcome('reconciliation', reason)
}
