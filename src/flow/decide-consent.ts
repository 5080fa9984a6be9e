/** The page that asks whether a relying party may learn what it asks for, and what happens when the person has answered. */
import { digestText } from '../crypto/digest.ts'
import { equalText, newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { attributeLabel } from '../domain/attributes.ts'
import type { ConsentTerms } from '../domain/consent.ts'
import { fail } from '../domain/failure.ts'
import type { CorrelationId, IdentityId, JourneyId } from '../domain/ids.ts'
import type { Consenting, SessionConsenting } from '../domain/journey.ts'
import { mayReturnTo } from '../domain/relying-party.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read, type Transaction } from '../store/database.ts'
import { findHits } from '../store/hits.ts'
import { lockPeople } from '../store/identity.ts'
import { failJourney, findJourney } from '../store/journey.ts'
import { termsOf } from './ask-consent.ts'
import { continueAgreed } from './continue-session.ts'
import { errorReturn } from './error-return.ts'
import type { BrowserCookies } from './find-session.ts'
import { finishLogin } from './finish-login.ts'
import { openRequest } from './journey-secrets.ts'
import { type Next, refuseLogin } from './login-end.ts'
import { subjectHash } from './merge-view.ts'
import { takeOwn } from './own-journey.ts'
import { personAmong } from './recognised-person.ts'
import { named } from './remember-consent.ts'
import { skipReconciliation } from './skip-reconciliation.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

export interface ConsentQuestion {
  correlationId: CorrelationId
  language: 'en' | 'nl'
  relyingPartyName: string
  purpose: string | undefined
  /** What it would learn, in the tenant's words. No value: nothing of the person is opened to ask. */
  claims: readonly string[]
  /** It may ask again later, without the person. */
  lasting: boolean
  /** Whether a yes counts for the next login too. */
  remembered: boolean
  /** What the answer carries. */
  proof: string
}

/**
 * What the page shows. Undefined when there is nothing to answer (any more): the dispatcher knows better. Throws
 * `not_found`, also for another browser's journey.
 */
export async function readConsentQuestion(
  means: Pick<Deps, 'db' | 'keyring' | 'clock'>,
  prepared: PreparedTenant,
  id: JourneyId,
  browserId: string | undefined,
): Promise<ConsentQuestion | undefined> {
  const waiting = await takeConsenting(means, prepared, id, browserId)
  if (waiting === undefined) return undefined
  const { journey, terms, proof } = waiting
  const { language, clientId, correlationId } = journey
  const policy = await prepared.policy('attributes', journey.policies.attributes)
  const relyingParty = await prepared.relyingParty(clientId)
  return {
    ...{ correlationId, language, proof },
    relyingPartyName: relyingParty?.name ?? clientId,
    purpose: terms.purpose?.[language],
    claims: terms.claims.map((name) => attributeLabel(policy, name, language)),
    // A login that links nobody is not refreshed, nor is a yes to it remembered.
    lasting:
      journey.identityId !== undefined &&
      (terms.scopes.includes('offline_access') || relyingParty?.offlineAccessNeeded === false),
    remembered: journey.identityId !== undefined,
  }
}

/**
 * consenting → granted or failed, once. Undefined when there is nothing to answer (any more), and for an answer to another
 * question than the one that is asked now, which then stands as it was. Throws `not_found`, also for another browser's journey.
 */
export async function decideConsent(
  means: Means,
  prepared: PreparedTenant,
  id: JourneyId,
  browser: BrowserCookies,
  answer: { proof: string; agreed: boolean },
): Promise<{ next: Next; language: 'en' | 'nl' } | undefined> {
  const waiting = await takeConsenting(means, prepared, id, browser.browserId)
  if (waiting === undefined || !equalText(waiting.proof, answer.proof)) return undefined
  const { journey, terms } = waiting
  const next = !answer.agreed
    ? await refuse(means, prepared, journey, terms)
    : journey.way === undefined
      ? await grantInSession(means, prepared, journey, terms, browser)
      : await grant(means, prepared, journey, terms)
  return next && { next, language: journey.language }
}

interface Waiting {
  journey: Consenting | SessionConsenting
  terms: ConsentTerms
  proof: string
}

/**
 * The proof is made of the browser's secret and everything that is asked: another site cannot make one, and a yes holds for
 * what the page showed and for nothing that was declared meanwhile.
 */
async function takeConsenting(
  means: Pick<Deps, 'db' | 'keyring' | 'clock'>,
  prepared: PreparedTenant,
  id: JourneyId,
  browserId: string | undefined,
): Promise<Waiting | undefined> {
  const journey = await takeOwn(means, prepared, id, browserId)
  if (journey.state !== 'consenting') return undefined
  const place = { tenant: prepared.tenant.id, journey: id }
  const request = openRequest(means.keyring, place, journey.request)
  const { clientId, policies } = journey
  const terms = await termsOf(prepared, { clientId, attributes: policies.attributes, request })
  const proof = digestText(JSON.stringify(['consent', browserId, id, clientId, terms]))
  return { journey, terms, proof }
}

async function grant(
  means: Means,
  prepared: PreparedTenant,
  journey: Consenting,
  terms: ConsentTerms,
): Promise<Next> {
  const { identityId, bindingId, decided } = journey
  const { plan } = decided
  if (plan.plan === 'SKIP_RECONCILIATION')
    return await skipReconciliation(means, prepared, journey, { ...decided, plan }, terms)
  const tenantId = prepared.tenant.id
  const [rows] = await read(means.db, tenantId, [findHits({ tenantId, id: journey.id })])
  const person =
    identityId === undefined || bindingId === undefined
      ? undefined
      : personAmong(rows, journey.identifiers, { identityId, bindingId })
  if (person === undefined)
    return await refuseLogin(means, prepared, journey, 'identity_unavailable')
  // A link that the institution confirmed a moment ago is not stale.
  const stale = person.stale && journey.upstream === undefined
  return await finishLogin(means, prepared, journey, decided, { ...person, stale }, terms)
}

async function grantInSession(
  means: Means,
  prepared: PreparedTenant,
  journey: SessionConsenting,
  terms: ConsentTerms,
  browser: BrowserCookies,
): Promise<Next> {
  const tenantId = prepared.tenant.id
  const { id, clientId, correlationId, language, identityId } = journey
  const relyingParty = await prepared.relyingParty(clientId)
  const request = openRequest(means.keyring, { tenant: tenantId, journey: id }, journey.request)
  if (!mayReturnTo(relyingParty, request.redirectUri)) return fail({ kind: 'journey_not_open' })
  const [[row]] = await read(means.db, tenantId, [findJourney({ tenantId, id })])
  const pushedRequestHash = row?.pushed_request_hash ?? undefined
  const login = { correlationId, relyingParty, request, pushedRequestHash, language }
  const yes = { journeyId: id, identityId, terms }
  const back = await continueAgreed(means, prepared, login, browser, yes)
  if (back !== undefined) return { kind: 'redirect', ...back }
  return await refuseLogin(means, prepared, journey, 'session_over')
}

/** The relying party hears a plain no. Undefined where another answer was faster. */
async function refuse(
  means: Means,
  prepared: PreparedTenant,
  journey: Consenting | SessionConsenting,
  terms: ConsentTerms,
): Promise<Next | undefined> {
  const tenantId = prepared.tenant.id
  const now = toInstant(means.clock())
  const refused = await inTransaction(means.db, tenantId, async (tx) => {
    const subject = await lockSubject(means, tx, prepared, journey.identityId)
    const failure = 'consent_refused'
    const [moved] = await tx.run(failJourney({ tenantId, id: journey.id, failure, now }))
    if (moved?.changed !== 1) return false
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'consent_refused', ...named(terms) },
        ...{ correlationId: journey.correlationId, clientId: journey.clientId },
        subjectHash: subject,
      }),
    ])
    return true
  })
  if (!refused) return undefined
  means.metrics.outcome('login', 'consent_refused')
  return { kind: 'redirect', ...errorReturn(means.keyring, prepared, journey) }
}

/** The person's pseudonym, their row held: whoever changes a person's journey waits for an erasure, or comes before it. */
async function lockSubject(
  means: Means,
  tx: Transaction,
  { tenant }: PreparedTenant,
  identityId: IdentityId | undefined,
): Promise<string | undefined> {
  if (identityId === undefined) return undefined
  const [person] = await tx.run(lockPeople({ tenantId: tenant.id, ids: [identityId] }))
  if (person === undefined || person.audit_salt === null) return undefined
  return subjectHash(means, tenant.id, person)
}
