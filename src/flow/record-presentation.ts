/**
 * What a verified answer leaves, whichever way it came: the journey is presented, once; and what a refused one leaves: a
 * count and an audit event. Nothing outside the journey changes before the browser goes on (HA-10).
 */
import { hashSecret, newId, randomText } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { WalletWay } from '../domain/assurance.ts'
import { readWalletAttributes } from '../domain/attribute-values.ts'
import { fail, type PresentationReason } from '../domain/failure.ts'
import { allHashes } from '../domain/identifier.ts'
import type { ClientId, CorrelationId, JourneyId } from '../domain/ids.ts'
import { type PolicyVersions, REFUSALS_ALLOWED, RETURN_TIME } from '../domain/journey.ts'
import { statedByWallet } from '../domain/kept-attributes.ts'
import { describeShown } from '../domain/shown-credentials.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, transact } from '../store/database.ts'
import { presentJourney, refusePresentation } from '../store/journey-wallet.ts'
import type { Changed, Step } from '../store/statement.ts'
import type { RevokedCredential, VerifiedPresentation } from '../wallet/presentation.ts'
import { flagShown } from './flag-link.ts'
import { identifyShown } from './identify-shown.ts'
import { sealPresentation } from './journey-secrets.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

/** An open journey that an answer is for. */
export interface Answered {
  id: JourneyId
  correlationId: CorrelationId
  clientId: ClientId
  policies: PolicyVersions
}

/**
 * started or retrieved → presented, once. Returns the response code with which the wallet brings the browser back, of the
 * way `same_device` alone. Throws `not_found` where another answer won.
 */
export async function recordPresentation(
  means: Means,
  prepared: PreparedTenant,
  journey: Answered,
  way: WalletWay,
  verified: VerifiedPresentation,
): Promise<string | undefined> {
  const { tenant } = prepared
  const place = { tenant: tenant.id, journey: journey.id }
  const responseCode = way === 'same_device' ? randomText() : undefined
  const versions = journey.policies
  const identifiers = await identifyShown(means, prepared, versions, verified)
  const rules = await prepared.policy('attributes', versions.attributes)
  const read = readWalletAttributes(rules, verified.credentials)
  const now = means.clock()
  const stated = statedByWallet(rules, verified.credentials, read, toInstant(now))
  const step = presentJourney({
    tenantId: tenant.id,
    id: journey.id,
    way,
    identifiers: JSON.stringify(identifiers),
    identifierHashes: allHashes(identifiers),
    presentation: sealPresentation(means.keyring, place, {
      attributes: stated.values,
      origins: stated.origins,
      shown: describeShown(
        await prepared.question(versions, journey.clientId),
        verified.credentials,
      ),
      standings: verified.standings,
    }),
    responseCodeHash: responseCode === undefined ? null : hashSecret(responseCode),
    now: toInstant(now),
    expiresAt: toInstant(now + RETURN_TIME),
  })
  // Somebody else's answer won: for this one there is no open question any more.
  if (!(await writePresentation(means, prepared, journey, step, verified)))
    return fail({ kind: 'not_found' })
  means.metrics.outcome('presentation', verified.leniences.length > 0 ? 'ok_lenient' : 'ok')
  return responseCode
}

/** One statement; with an event behind it where policy let something pass. Returns whether the journey took it. */
async function writePresentation(
  { db, clock }: Means,
  { tenant }: PreparedTenant,
  journey: Answered,
  step: Step<Changed>,
  { leniences }: VerifiedPresentation,
): Promise<boolean> {
  if (leniences.length === 0) {
    const [[moved]] = await transact(db, tenant.id, [step])
    return moved?.changed === 1
  }
  const reasons = leniences.toSorted().join(' ')
  return await inTransaction(db, tenant.id, async (tx) => {
    const [moved] = await tx.run(step)
    if (moved?.changed !== 1) return false
    await tx.runLast([
      insertAuditEvent(tenant.id, newId(), toInstant(clock()), {
        detail: { type: 'presentation_let_pass', reasons, trust: journey.policies.trust },
        correlationId: journey.correlationId,
        clientId: journey.clientId,
      }),
    ])
    return true
  })
}

/**
 * Counts a refusal, in a transaction of its own: what is refused must be seen (AU-07). `revoked`: credentials that were
 * proved and taken back since, whose holder's links are marked.
 */
export async function recordRefusal(
  means: Means,
  prepared: PreparedTenant,
  journey: Answered,
  { reason, revoked }: { reason: PresentationReason; revoked: readonly RevokedCredential[] },
): Promise<void> {
  const tenantId = prepared.tenant.id
  const now = toInstant(means.clock())
  await inTransaction(means.db, tenantId, async (tx) => {
    const [refused] = await tx.run(
      refusePresentation({
        tenantId,
        id: journey.id,
        allowed: REFUSALS_ALLOWED,
        failure: reason,
        now,
      }),
    )
    if (refused === undefined) return
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'presentation_refused', reason, refusals: refused.refusals },
        correlationId: journey.correlationId,
        clientId: journey.clientId,
      }),
    ])
  })
  means.metrics.outcome('presentation', reason)
  await flagShown(means, prepared, journey.policies, revoked)
}
