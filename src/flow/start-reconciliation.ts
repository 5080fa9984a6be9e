/** A stranger with a proven wallet, or a person who chose to log in without one, is sent to the institution's own login. */

import { hashSecret, newId, randomText } from '../crypto/random.ts'
import { sealUnder } from '../crypto/seal.ts'
import type { Deps } from '../deps.ts'
import { detailText } from '../domain/audit.ts'
import { fail } from '../domain/failure.ts'
import type { SessionId } from '../domain/ids.ts'
import {
  PRESENTATION_TIME,
  type Presented,
  RECONCILIATION_TIME,
  type Reconciling,
} from '../domain/journey.ts'
import { ofWallet, primaryOf } from '../domain/link.ts'
import { isIdv } from '../domain/plan.ts'
import { addressOf } from '../domain/tenant.ts'
import { toInstant } from '../domain/time.ts'
import { buildAuthorizationUrl } from '../institution/authorization.ts'
import { transact } from '../store/database.ts'
import type { Provider } from '../store/provider.ts'
import { startSession } from '../store/session.ts'
import { openRequest } from './journey-secrets.ts'
import type { PreparedTenant } from './tenants.ts'

/**
 * Journey presented → reconciling with a PENDING session, and the provider's address to send the browser to. Every
 * attempt has its own state, nonce and verifier (UP-13). Returns undefined, and moves nothing, when the plan's
 * provider is missing or switched off. Throws `journey_not_open` when the journey moved on meanwhile.
 */
export async function startReconciliation(
  means: Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>,
  prepared: PreparedTenant,
  journey: Presented | Reconciling,
): Promise<{ kind: 'redirect'; url: string } | undefined> {
  const { tenant, issuer } = prepared
  const { plan, provider } = await chooseWay(prepared, journey)
  if (provider === undefined || !provider.enabled) return undefined
  const connected = await prepared.connect(provider)
  const place = { tenant: tenant.id, journey: journey.id }
  const { maxAge } = openRequest(means.keyring, place, journey.request)

  const id = newId() as SessionId
  const state = randomText()
  const nonce = randomText()
  const codeVerifier = randomText()
  const redirectUri = addressOf.callback(issuer, provider.id)
  const address = buildAuthorizationUrl(connected, {
    redirectUri,
    state,
    nonce,
    codeVerifier,
    acr: provider.acr,
    maxAgeSeconds: maxAge,
    // 0 is the wish for a new login; some providers know it by the one word, some by the other (OP-19).
    prompt: maxAge === 0 ? 'login' : undefined,
  })
  const seal = (column: string, text: string) =>
    sealUnder(
      means.keyring,
      'session',
      { tenant: tenant.id, table: 'reconciliation_session', column, row: id },
      text,
    )
  const now = means.clock()
  const shown = primaryOf(ofWallet(journey.identifiers))
  const [[moved]] = await transact(means.db, tenant.id, [
    startSession({
      id,
      tenantId: tenant.id,
      journeyId: journey.id,
      journeyState: journey.state,
      presentedSince: toInstant(now - PRESENTATION_TIME),
      identifierHash: shown?.hashes[0].hash ?? null,
      identifierType: shown?.type ?? null,
      providerId: provider.id,
      providerUpdatedAt: provider.updatedAt,
      authorizationUrl: address.urlWithoutQuery,
      state: hashSecret(state),
      nonce: seal('nonce', nonce),
      codeVerifier: seal('code_verifier', codeVerifier),
      redirectUri,
      tokenEndpoint: connected.metadata.token_endpoint,
      now: toInstant(now),
      expiresAt: toInstant(now + RECONCILIATION_TIME),
      eventId: newId(),
      correlationId: journey.correlationId,
      clientId: journey.clientId,
      detail: detailText({ type: 'session_created', provider: provider.slug, plan }),
    }),
  ])
  if (moved === undefined) return fail({ kind: 'journey_not_open' })
  means.metrics.outcome('reconciliation', 'started')
  return { kind: 'redirect', url: address.url }
}

/** The provider the person chose, or the one of the plan. */
async function chooseWay(
  prepared: PreparedTenant,
  journey: Presented | Reconciling,
): Promise<{ plan: string; provider: Provider | undefined }> {
  const { providers } = prepared
  if (journey.way === 'direct')
    return { plan: 'DIRECT', provider: providers.find(({ id }) => id === journey.providerId) }
  const { default: plan } = await prepared.policy('selector', journey.policies.selector)
  return {
    plan: plan.plan,
    provider: isIdv(plan) ? providers.find(({ slug }) => slug === plan.provider) : undefined,
  }
}
