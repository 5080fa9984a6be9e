/**
 * The dispatcher: the browser comes here after every step, and the stored state alone says what is next. The way of a
 * known holder and the way through the institution meet here, so there is one way to a code.
 */

import { hashSecret, newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { BindingId, IdentityId, JourneyId } from '../domain/ids.ts'
import type { Journey, Open, Presented, Recognised, Reconciling } from '../domain/journey.ts'
import { type Evidence, evidenceFor, type Recognition, recognise } from '../domain/recognition.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read } from '../store/database.ts'
import {
  failJourney,
  findHits,
  findHitsByResponseCode,
  findJourney,
  findJourneyByResponseCode,
  type HitRow,
  readHit,
  readJourney,
} from '../store/journey.ts'
import { type ErrorReturn, errorReturn } from './error-return.ts'
import { grantLogin } from './grant-login.ts'
import { startReconciliation } from './start-reconciliation.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

/** How the browser names its journey: by its own id for it, or by the code its wallet brought back. */
export type JourneyHandle = { journeyId: JourneyId } | { responseCode: string }

export type Next =
  | { kind: 'redirect'; url: string }
  /** Still waiting for the wallet. */
  | { kind: 'wait'; journey: Open | Presented }
  | {
      kind: 'end'
      end: 'granted' | 'failed' | 'expired'
      failure: string | undefined
      back: ErrorReturn
      journey: Journey
    }

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
      // Without a wallet there is nothing to recognise the person by before the institution has spoken.
      return journey.way === 'direct'
        ? await continueStranger(means, prepared, journey)
        : await continuePresented(means, prepared, journey, hits)
    case 'reconciling':
      return await continueStranger(means, prepared, journey)
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
  const [[row], hits] =
    'journeyId' in handle
      ? await read(means.db, tenantId, [
          findJourney({ tenantId, id: handle.journeyId }),
          findHits({ tenantId, id: handle.journeyId }),
        ])
      : await readByCode(means, prepared, handle.responseCode)
  if (row === undefined) return fail({ kind: 'not_found' })
  return { journey: readJourney(row, means.clock()), hits }
}

function readByCode(means: Means, prepared: PreparedTenant, responseCode: string) {
  const tenantId = prepared.tenant.id
  const responseCodeHash = hashSecret(responseCode)
  return read(means.db, tenantId, [
    findJourneyByResponseCode({ tenantId, responseCodeHash }),
    findHitsByResponseCode({ tenantId, responseCodeHash }),
  ])
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
  const policy = await prepared.policy('material', journey.policies.material)
  const keyAlone = policy.key_alone === 'allowed'
  const found = recognise(journey.identifiers, hits.map(readHit), { keyAlone }, means.clock())
  switch (found.state) {
    case 'NOT_FOUND':
    case 'EXPIRED_BINDING':
      return await continueStranger(means, prepared, journey)
    case 'MATCHED_HOLDER_KEY':
    case 'MATCHED_SUBJECT':
    case 'MATCHED_CLAIM_TUPLE':
      return await continueKnown(means, prepared, journey, found, hits)
    case 'AMBIGUOUS':
      return await refuseLogin(means, prepared, journey, 'ambiguous_identity')
    case 'UNAVAILABLE':
      return await refuseLogin(means, prepared, journey, 'identity_unavailable')
  }
}

/** A candidate is nobody yet: the institution's login says who it is. */
async function continueKnown(
  means: Means,
  prepared: PreparedTenant,
  journey: Presented,
  found: Extract<Recognition, { bindings: unknown }>,
  hits: readonly HitRow[],
): Promise<Next> {
  const [binding] = found.bindings
  if (found.proof === 'candidate' || binding === undefined)
    return await continueStranger(means, prepared, journey)
  return await grantTo(means, prepared, journey, {
    ...{ identityId: found.identityId, evidence: found.evidence, hits },
    ...{ bindingId: binding.id, stale: binding.changed.length > 0 },
  })
}

async function grantTo(
  means: Means,
  prepared: PreparedTenant,
  journey: Presented | Recognised,
  to: {
    identityId: IdentityId
    bindingId: BindingId
    evidence: readonly Evidence[]
    stale: boolean
    hits: readonly HitRow[]
  },
): Promise<Next> {
  const { hits, ...person } = to
  const auditSalt = hits.find((hit) => hit.identity_id === to.identityId)?.audit_salt ?? undefined
  const granted = await grantLogin(means, prepared, journey, { ...person, auditSalt })
  return granted ?? (await refuseLogin(means, prepared, journey, 'identity_unavailable'))
}

/** Where the plan's provider was switched off since, nobody can prove this person: the login ends, and says so. */
async function continueStranger(
  means: Means,
  prepared: PreparedTenant,
  journey: Presented | Reconciling,
): Promise<Next> {
  const started = await startReconciliation(means, prepared, journey)
  return started ?? (await refuseLogin(means, prepared, journey, 'unavailable'))
}

async function continueRecognised(
  means: Means,
  prepared: PreparedTenant,
  journey: Recognised,
  hits: readonly HitRow[],
): Promise<Next> {
  const evidence = evidenceFor(journey.identityId, journey.identifiers, hits.map(readHit))
  if (evidence.length === 0)
    return await refuseLogin(means, prepared, journey, 'identity_unavailable')
  const { identityId, bindingId } = journey
  return await grantTo(means, prepared, journey, {
    ...{ identityId, bindingId, evidence, hits },
    stale: false,
  })
}

/** The end of a login that must not go on: the journey fails, the trail says why, the relying party hears a plain no. */
async function refuseLogin(
  means: Means,
  prepared: PreparedTenant,
  journey: Presented | Reconciling | Recognised,
  reason: 'ambiguous_identity' | 'identity_unavailable' | 'unavailable',
): Promise<Next> {
  const tenantId = prepared.tenant.id
  const now = toInstant(means.clock())
  const lost = await inTransaction(means.db, tenantId, async (tx) => {
    const [moved] = await tx.run(failJourney({ tenantId, id: journey.id, failure: reason, now }))
    if (moved?.changed !== 1) return true
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'login_refused', reason },
        correlationId: journey.correlationId,
        clientId: journey.clientId,
      }),
    ])
    return false
  })
  if (lost) return await readEnd(means, prepared, journey)
  means.metrics.outcome('continue', reason)
  const back = errorReturn(means.keyring, prepared, journey)
  return { kind: 'end', end: 'failed', failure: reason, back, journey }
}

/** Another tab was faster and the journey has ended meanwhile: that end is the answer. */
async function readEnd(means: Means, prepared: PreparedTenant, journey: Journey): Promise<Next> {
  const tenantId = prepared.tenant.id
  const [[row]] = await read(means.db, tenantId, [findJourney({ tenantId, id: journey.id })])
  const ended = row === undefined ? undefined : readJourney(row, means.clock())
  if (ended?.state !== 'granted' && ended?.state !== 'failed' && ended?.state !== 'expired')
    return fail({ kind: 'journey_not_open' })
  const back = errorReturn(means.keyring, prepared, ended)
  return { kind: 'end', end: ended.state, failure: ended.failure, back, journey: ended }
}
