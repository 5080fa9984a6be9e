/** What the dispatcher and its steps answer, and the end of a login that must not go on. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { decisionDetail, type RefusalReason } from '../domain/audit.ts'
import { fail } from '../domain/failure.ts'
import type {
  Choosing,
  Consenting,
  Decided,
  Journey,
  Open,
  Presented,
  Recognised,
  Reconciling,
  SessionConsenting,
} from '../domain/journey.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read } from '../store/database.ts'
import { failJourney, findJourney } from '../store/journey.ts'
import { readJourney } from '../store/journey-row.ts'
import { type ErrorReturn, errorReturn, type SignedOn } from './error-return.ts'
import type { PreparedTenant } from './tenants.ts'

export type Next =
  | ({ kind: 'redirect' } & SignedOn)
  /** Still waiting for the wallet. */
  | { kind: 'wait'; journey: Open | Presented }
  /** The person has several accounts, and a page to choose one on. */
  | { kind: 'choose'; journey: { id: Journey['id'] } }
  /** The person is shown what is held about them. */
  | { kind: 'privacy'; journey: { id: Journey['id'] } }
  /** Wallet and account are proved; the person says whether they are both theirs. */
  | { kind: 'confirm'; journey: { id: Journey['id'] } }
  /** All is proved; the person says whether the relying party may learn it. */
  | { kind: 'consent'; journey: { id: Journey['id'] } }
  | {
      kind: 'end'
      end: 'granted' | 'failed' | 'expired'
      failure: string | undefined
      back: ErrorReturn
      journey: Journey
    }

/**
 * The journey fails, the trail says why and what was decided, the relying party hears a plain no. Where another tab has
 * ended it meanwhile, that end is the answer.
 */
export async function refuseLogin(
  means: Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>,
  prepared: PreparedTenant,
  journey: Presented | Choosing | Reconciling | Recognised | Consenting | SessionConsenting,
  reason: RefusalReason,
  decided: Decided | undefined = decidedOf(journey),
): Promise<Next> {
  const tenantId = prepared.tenant.id
  const now = toInstant(means.clock())
  const lost = await inTransaction(means.db, tenantId, async (tx) => {
    const [moved] = await tx.run(failJourney({ tenantId, id: journey.id, failure: reason, now }))
    if (moved?.changed !== 1) return true
    const why = decided === undefined ? {} : decisionDetail(journey.policies.selector, decided)
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'login_refused', reason, ...why },
        correlationId: journey.correlationId,
        clientId: journey.clientId,
      }),
    ])
    return false
  })
  if (lost) return await readEnd(means, prepared, journey)
  means.metrics.outcome('continue', reason)
  const back = errorReturn(means.keyring, prepared, journey, reason)
  return { kind: 'end', end: 'failed', failure: reason, back, journey }
}

function decidedOf(journey: Presented | SessionConsenting | { decided: Decided }) {
  return 'decided' in journey ? journey.decided : undefined
}

async function readEnd(
  means: Pick<Deps, 'db' | 'keyring' | 'clock'>,
  prepared: PreparedTenant,
  journey: Journey,
): Promise<Next> {
  const tenantId = prepared.tenant.id
  const [[row]] = await read(means.db, tenantId, [findJourney({ tenantId, id: journey.id })])
  const ended = row === undefined ? undefined : readJourney(row, means.clock())
  if (ended?.state !== 'granted' && ended?.state !== 'failed' && ended?.state !== 'expired')
    return fail({ kind: 'journey_not_open' })
  const back = errorReturn(means.keyring, prepared, ended)
  return { kind: 'end', end: ended.state, failure: ended.failure, back, journey: ended }
}
