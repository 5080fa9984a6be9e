/**
 * The browser comes back from the institution: the proven account and the proven wallet are joined in one person, and
 * remembered. Session PENDING → AUTHORIZED → COMPLETED, or FAILED with a word of our own.
 */

import { hashSecret, newId } from '../crypto/random.ts'
import { openUnder } from '../crypto/seal.ts'
import type { Deps } from '../deps.ts'
import {
  type DemandedAssurance,
  stricterMaxAge,
  type UpstreamAssurance,
} from '../domain/assurance.ts'
import { readProviderAttributes } from '../domain/attribute-values.ts'
import { fail } from '../domain/failure.ts'
import type { IdentityId, JourneyId, ProviderId } from '../domain/ids.ts'
import type { Journey, Reconciling } from '../domain/journey.ts'
import { statedByProvider } from '../domain/kept-attributes.ts'
import { type MinimumAssurance, reachesAssurance } from '../domain/plan.ts'
import { conflictingAttributes } from '../domain/same-person.ts'
import { addressOf } from '../domain/tenant.ts'
import type { Sealed } from '../domain/text.ts'
import { fromInstant, SECOND, toInstant } from '../domain/time.ts'
import type { Callback } from '../institution/callback.ts'
import { readCallback } from '../institution/callback.ts'
import { exchangeCode } from '../institution/exchange.ts'
import { type InstitutionIdentity, readIdentity } from '../institution/identity.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { read, transact } from '../store/database.ts'
import { findJourney } from '../store/journey.ts'
import { readJourney } from '../store/journey-row.ts'
import type { Provider } from '../store/provider.ts'
import { providerAsBegun } from '../store/provider-snapshot.ts'
import { type AuthorizedSession, authorizeSession, findSessionByState } from '../store/session.ts'
import { holdLink, needsConfirmation } from './hold-link.ts'
import { openRequest, openStated } from './journey-secrets.ts'
import { openPrivacyByAccount } from './own-data-by-account.ts'
import type { ProvenLink } from './proven-link.ts'
import { noteHealth } from './provider-health.ts'
import { planOf, reasonOf, recordFailure } from './reconciliation-end.ts'
import { recordLink } from './record-link.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

/**
 * Judges a call-back and records what it proves; answers with the page the browser goes to next, whether it went well or
 * not (the dispatcher there tells). Throws `journey_not_open` for a state that is unknown, spent, another browser's or
 * another provider's, and `institution_refused` (`response_invalid`) for parameters that cannot be read.
 */
export async function finishReconciliation(
  means: Means,
  prepared: PreparedTenant,
  providerId: ProviderId,
  parameters: URLSearchParams,
  browserId: string | undefined,
): Promise<{ url: string }> {
  const callback = readCallback(parameters)
  const session = await takeSession(means, prepared, providerId, callback, browserId)
  const journey = await takeJourney(means, prepared, session.journey_id)
  const current = await prepared.provider(providerId)
  const provider =
    current === undefined ? undefined : providerAsBegun(current, session.provider_snapshot)
  try {
    if (journey.state !== 'reconciling') return fail({ kind: 'journey_not_open' })
    if (provider === undefined) fail({ kind: 'institution_refused', reason: 'unavailable' })
    const demanded = demandedOf(means, prepared, provider, journey)
    const identity = await askInstitution(means, prepared, provider, session, callback, demanded)
    const upstream: UpstreamAssurance = {
      ...{ acr: identity.acrValues, amr: identity.amr, authTime: identity.authTime },
      demanded,
    }
    // The plan's list went out in place of the provider's own, and both have to be met.
    if (!reachesAssurance(ownMinimum(provider), { acr: identity.acrValues, amr: identity.amr }))
      fail({ kind: 'institution_refused', reason: 'assurance_insufficient' })
    if (journey.purpose === 'privacy') {
      const account = accountOf(identity)
      const proved = { journeyId: journey.id, sessionId: session.id, account }
      if (!(await openPrivacyByAccount(means, prepared, proved)))
        await recordFailure(means, prepared, session.id, journey, provider.slug, 'nobody_known')
      await noteHealth(means, prepared.tenant.id, provider.id, undefined)
      return { url: addressOf.continue(prepared.issuer, session.journey_id) }
    }
    const link = await proveLink(means, prepared, provider, session, journey, identity, upstream)
    const asks = await needsConfirmation(means, prepared, link)
    if (asks) await holdLink(means, prepared, link, identity.label)
    else await recordLink(means, prepared, link)
    await noteHealth(means, prepared.tenant.id, provider.id, undefined)
    means.metrics.outcome('reconciliation', asks ? 'held' : 'completed')
  } catch (error) {
    const reason = reasonOf(error)
    if (reason === undefined) throw error
    await recordFailure(means, prepared, session.id, journey, provider?.slug ?? 'unknown', reason)
    // What happened in another tab says nothing about the provider.
    if (provider !== undefined && reason !== 'journey_moved_on')
      await noteHealth(means, prepared.tenant.id, provider.id, reason)
  }
  return { url: addressOf.continue(prepared.issuer, session.journey_id) }
}

/** PENDING → AUTHORIZED for exactly one call-back (UP-20). A call-back of another browser is audited and moves nothing. */
async function takeSession(
  means: Means,
  prepared: PreparedTenant,
  providerId: ProviderId,
  callback: Callback,
  browserId: string | undefined,
): Promise<AuthorizedSession> {
  const tenantId = prepared.tenant.id
  const state = hashSecret(callback.state)
  const now = toInstant(means.clock())
  if (browserId !== undefined) {
    const [[session]] = await transact(means.db, tenantId, [
      authorizeSession({ tenantId, state, providerId, browserHash: hashSecret(browserId), now }),
    ])
    if (session !== undefined) return session
  }
  const [[other]] = await read(means.db, tenantId, [findSessionByState({ tenantId, state })])
  if (
    other !== undefined &&
    (browserId === undefined || other.browser_hash !== hashSecret(browserId))
  ) {
    await transact(means.db, tenantId, [
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'login_refused', reason: 'other_browser' },
        correlationId: other.correlation_id,
        clientId: other.client_id,
      }),
    ])
    means.metrics.outcome('reconciliation', 'other_browser')
  }
  return fail({ kind: 'journey_not_open' })
}

async function takeJourney(
  means: Means,
  prepared: PreparedTenant,
  id: JourneyId,
): Promise<Journey> {
  const [[row]] = await read(means.db, prepared.tenant.id, [
    findJourney({ tenantId: prepared.tenant.id, id }),
  ])
  return row === undefined ? fail({ kind: 'journey_not_open' }) : readJourney(row, means.clock())
}

/** Who a step-up is to confirm: without anybody nothing could be confirmed, and nothing is. */
function requireCandidate({ candidateId }: Reconciling): IdentityId {
  return candidateId ?? fail({ kind: 'institution_refused', reason: 'candidate_not_confirmed' })
}

/** All of both lists; undefined where nothing is demanded. */
function demandedMethods(
  own: readonly string[] | undefined,
  ofPlan: readonly string[] | undefined,
): readonly string[] | undefined {
  return own === undefined && ofPlan === undefined
    ? undefined
    : [...new Set([...(own ?? []), ...(ofPlan ?? [])])]
}

/** What the provider's registration asks of every login. */
function ownMinimum({ acr, amr }: Provider): MinimumAssurance {
  return {
    ...(acr === undefined ? {} : { acr: [...acr] }),
    ...(amr === undefined ? {} : { amr: [...amr] }),
  }
}

/** What this login was sent to the institution with; the answer has to meet it (UP-45). */
function demandedOf(
  means: Means,
  prepared: PreparedTenant,
  provider: Provider,
  journey: Reconciling,
): DemandedAssurance {
  const place = { tenant: prepared.tenant.id, journey: journey.id }
  const { maxAge } = openRequest(means.keyring, place, journey.request)
  const { method, minimumAssurance } = planOf(journey)
  return {
    acr: minimumAssurance?.acr ?? provider.acr,
    amr: demandedMethods(provider.amr, minimumAssurance?.amr),
    maxAge: stricterMaxAge(maxAge, method === 'fresh_login' ? 0 : undefined),
  }
}

/** The network part: code, keys, userinfo; then the judgement, which needs none. */
async function askInstitution(
  means: Means,
  prepared: PreparedTenant,
  provider: Provider,
  session: AuthorizedSession,
  callback: Callback,
  demanded: DemandedAssurance,
): Promise<InstitutionIdentity> {
  // Changed during the login, it is spoken to as it was when the login began (UP-04); switched off, not at all.
  if (!provider.enabled) return fail({ kind: 'institution_refused', reason: 'unavailable' })
  const tenant = prepared.tenant.id
  const open = (column: string, sealed: Sealed) => {
    const context = { tenant, table: 'reconciliation_session', column, row: session.id }
    return Buffer.from(openUnder(means.keyring, 'session', context, sealed)).toString('utf8')
  }
  const answer = await exchangeCode(await prepared.connect(provider), callback, {
    state: callback.state, // its hash found the row
    nonce: open('nonce', session.nonce),
    codeVerifier: open('code_verifier', session.code_verifier),
    redirectUri: session.redirect_uri,
  })
  return readIdentity(
    answer,
    {
      identifierAttribute: provider.identifierAttribute,
      expectedAcr: demanded.acr,
      expectedAmr: demanded.amr,
      // The age counts from our request: how long the person takes to log in is no fault of the login.
      maxAgeSeconds:
        demanded.maxAge === undefined
          ? undefined
          : demanded.maxAge + (means.clock() - fromInstant(session.created_at)) / SECOND,
      allowedOrganizations: provider.allowedOrganizations,
      emailIsProof: provider.emailIsProof,
    },
    means.clock(),
  )
}

function accountOf(identity: InstitutionIdentity): ProvenLink['account'] {
  const { issuer, identifierAttribute: attribute, subject: value, email } = identity
  return { issuer, attribute, value, ...(email === undefined ? {} : { email }) }
}

/** Wallet and institution together: what is kept, under which policies, and how sure the institution was. */
async function proveLink(
  means: Means,
  prepared: PreparedTenant,
  provider: Provider,
  session: AuthorizedSession,
  journey: Reconciling,
  identity: InstitutionIdentity,
  upstream: UpstreamAssurance,
): Promise<ProvenLink> {
  const policy = await prepared.policy('attributes', journey.policies.attributes)
  const plan = planOf(journey)
  const place = { tenant: prepared.tenant.id, journey: journey.id }
  const shown = openStated(means.keyring, place, journey.attributes)
  const values = readProviderAttributes(policy, provider.attributeMappings, identity.claims)
  const told = statedByProvider(values, provider.id, toInstant(means.clock()))
  if (conflictingAttributes(policy, shown.values, told.values).length > 0)
    return fail({ kind: 'institution_refused', reason: 'person_conflict' })
  return {
    journey,
    sessionId: session.id,
    provider,
    account: accountOf(identity),
    plan,
    // Whoever is asked to prove who they are already known as, must be that very person.
    expectedId: plan.plan === 'STEP_UP' ? requireCandidate(journey) : undefined,
    attributes: { policy, shown, told },
    upstream,
  }
}
