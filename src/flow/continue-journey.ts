/**
 * The dispatcher: the browser comes here after every step, and the stored state alone says what is next. The way of a
 * known holder and the way through the institution meet here, so there is one way to a code.
 */

import { hashSecret, newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { assureLogin } from '../domain/assurance.ts'
import { fail } from '../domain/failure.ts'
import type { IdentityId, JourneyId } from '../domain/ids.ts'
import type { Decided, Journey, Presented, Recognised, Reconciling } from '../domain/journey.ts'
import { toInstant, toSeconds } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read } from '../store/database.ts'
import {
  findJourneyWithHits,
  findJourneyWithHitsByResponseCode,
  type HitRow,
  readHits,
} from '../store/hits.ts'
import { readJourney } from '../store/journey-row.ts'
import { decidePlan, personOf } from './decide-plan.ts'
import { errorReturn } from './error-return.ts'
import { finishLogin } from './finish-login.ts'
import { isHintedLogin } from './hinted-person.ts'
import { openRequest } from './journey-secrets.ts'
import { type Next, refuseLogin } from './login-end.ts'
import { openPrivacy, ownDataLogin } from './open-privacy.ts'
import { personAmong } from './recognised-person.ts'
import { skipReconciliation } from './skip-reconciliation.ts'
import { startReconciliation } from './start-reconciliation.ts'
import type { PreparedTenant } from './tenants.ts'
import { useBinding } from './use-binding.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

/** How the browser names its journey: by its own id for it, or by the code its wallet brought back. */
export type JourneyHandle = { journeyId: JourneyId } | { responseCode: string }

/**
 * Does what comes next. Throws `not_found` for a journey that is not there, `journey_not_open` for another browser's
 * (audited; nothing moves).
 */
export async function continueJourney(
  means: Means,
  prepared: PreparedTenant,
  browserId: string | undefined,
  handle: JourneyHandle,
): Promise<Next> {
  const { journey, hits } = await takeJourney(means, prepared, handle)
  await requireBrowser(means, prepared, journey, browserId)
  switch (journey.state) {
    case 'started':
    case 'retrieved':
      return { kind: 'wait', journey }
    case 'presented':
      // On the same device the wallet's own return is the proof that wallet and browser belong together (VP-077).
      if (journey.way === 'same_device' && !('responseCode' in handle))
        return { kind: 'wait', journey }
      if (journey.purpose === 'login')
        return await continuePresented(means, prepared, journey, hits)
      return journey.way === 'direct'
        ? await startAt(means, prepared, journey, ownDataLogin(prepared, journey), undefined)
        : await openPrivacy(means, prepared, journey, hits)
    case 'reconciling':
      return await startAt(means, prepared, journey, journey.decided, journey.candidateId)
    case 'choosing':
      return { kind: 'choose', journey }
    case 'managing':
      return { kind: 'privacy', journey }
    case 'confirming':
      return { kind: 'confirm', journey }
    case 'consenting':
      return { kind: 'consent', journey }
    case 'recognised':
      return await continueRecognised(means, prepared, journey, hits)
    case 'granted':
    case 'failed':
    case 'expired':
      return {
        kind: 'end',
        end: journey.state,
        failure: journey.failure,
        back: errorReturn(means.keyring, prepared, journey),
        journey,
      }
  }
}

async function takeJourney(
  means: Means,
  prepared: PreparedTenant,
  handle: JourneyHandle,
): Promise<{ journey: Journey; hits: HitRow[] }> {
  const tenantId = prepared.tenant.id
  const [[row]] = await read(means.db, tenantId, [
    'journeyId' in handle
      ? findJourneyWithHits({ tenantId, id: handle.journeyId })
      : findJourneyWithHitsByResponseCode({
          ...{ tenantId, responseCodeHash: hashSecret(handle.responseCode) },
        }),
  ])
  if (row === undefined) return fail({ kind: 'not_found' })
  return { journey: readJourney(row, means.clock()), hits: readHits(row) }
}

/** A journey's id in somebody else's browser is worth nothing (OP-26, HA-09). */
async function requireBrowser(
  means: Means,
  prepared: PreparedTenant,
  journey: Journey,
  browserId: string | undefined,
): Promise<void> {
  if (browserId !== undefined && hashSecret(browserId) === journey.browserHash) return
  const tenantId = prepared.tenant.id
  const now = toInstant(means.clock())
  await inTransaction(means.db, tenantId, (tx) =>
    tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'login_refused', reason: 'other_browser' },
        correlationId: journey.correlationId,
        clientId: journey.clientId,
      }),
    ]),
  )
  means.metrics.outcome('continue', 'other_browser')
  fail({ kind: 'journey_not_open' })
}

async function continuePresented(
  means: Means,
  prepared: PreparedTenant,
  journey: Presented,
  hits: readonly HitRow[],
): Promise<Next> {
  const { found, decided } = await decidePlan(means, prepared, journey, hits)
  if (decided === undefined)
    return await refuseLogin(means, prepared, journey, 'identity_unavailable')
  const { plan } = decided
  const asIs = plan.plan === 'USE_EXISTING_BINDING' || plan.plan === 'SKIP_RECONCILIATION'
  if (asIs && journey.way !== 'direct' && !reachesAcr(means, prepared, journey))
    return await refuseLogin(means, prepared, journey, 'acr_unmet', decided)
  if (asIs && !(await isMeant(means, prepared, journey, personOf(found)?.identityId)))
    return await refuseLogin(means, prepared, journey, 'hint_unmet', decided)
  switch (plan.plan) {
    case 'USE_EXISTING_BINDING':
      return await useBinding(means, prepared, journey, { ...decided, plan }, found, hits)
    case 'SKIP_RECONCILIATION':
      return await skipReconciliation(means, prepared, journey, { ...decided, plan })
    case 'FAIL_CLOSED': {
      const reason = found.state === 'AMBIGUOUS' ? 'ambiguous_identity' : 'plan_refused'
      return await refuseLogin(means, prepared, journey, reason, decided)
    }
    case 'STEP_UP':
      // Nobody to confirm; without a wallet the person is not known before the institution has spoken.
      if (personOf(found) === undefined)
        return await refuseLogin(means, prepared, journey, 'candidate_missing', decided)
      return await startAt(means, prepared, journey, decided, personOf(found)?.identityId)
    case 'RUN_IDV':
      return await startAt(means, prepared, journey, decided, personOf(found)?.identityId)
  }
}

/** Where the plan's provider was switched off since, nobody can prove this person: the login ends, and says so. */
async function startAt(
  means: Means,
  prepared: PreparedTenant,
  journey: Presented | Reconciling,
  decided: Decided,
  candidateId: IdentityId | undefined,
): Promise<Next> {
  const started = await startReconciliation(means, prepared, journey, decided, candidateId)
  return started ?? (await refuseLogin(means, prepared, journey, 'unavailable', decided))
}

/** Whether the login, granted as it stands, has an `acr` that the relying party takes (OP-20). */
function reachesAcr(
  { keyring }: Means,
  prepared: PreparedTenant,
  journey: Presented | Recognised,
): boolean {
  const place = { tenant: prepared.tenant.id, journey: journey.id }
  const { essentialAcr } = openRequest(keyring, place, journey.request)
  if (essentialAcr === undefined) return true
  const upstream = journey.state === 'recognised' ? journey.upstream : undefined
  const { acr } = assureLogin(journey.way, toSeconds(journey.presentedAt), upstream)
  return essentialAcr.includes(acr)
}

/** Whether it is the person the relying party named, if it named one (OP-21). */
function isMeant(
  means: Means,
  prepared: PreparedTenant,
  journey: Presented | Recognised,
  identityId: IdentityId | undefined,
): Promise<boolean> {
  const place = { tenant: prepared.tenant.id, journey: journey.id }
  const { subjects } = openRequest(means.keyring, place, journey.request)
  return isHintedLogin(means, prepared, subjects, { ...journey, identityId })
}

async function continueRecognised(
  means: Means,
  prepared: PreparedTenant,
  journey: Recognised,
  hits: readonly HitRow[],
): Promise<Next> {
  const { identityId, bindingId, decided } = journey
  if (!reachesAcr(means, prepared, journey))
    return await refuseLogin(means, prepared, journey, 'acr_unmet')
  if (!(await isMeant(means, prepared, journey, identityId)))
    return await refuseLogin(means, prepared, journey, 'hint_unmet')
  const person = personAmong(hits, journey.identifiers, { identityId, bindingId })
  if (person === undefined)
    return await refuseLogin(means, prepared, journey, 'identity_unavailable')
  return await finishLogin(means, prepared, journey, decided, { ...person, stale: false })
}
