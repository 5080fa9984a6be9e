/** A stranger with a proven wallet is sent once to the institution's own login. */

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
import { isIdv } from '../domain/plan.ts'
import { addressOf } from '../domain/tenant.ts'
import { toInstant } from '../domain/time.ts'
import { buildAuthorizationUrl } from '../institution/authorization.ts'
import { transact } from '../store/database.ts'
import { startSession } from '../store/session.ts'
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
  const selector = await prepared.policy('selector', journey.policies.selector)
  const plan = selector.default
  if (!isIdv(plan)) return undefined
  const provider = prepared.providers.find((each) => each.slug === plan.provider)
  if (provider === undefined || !provider.enabled) return undefined
  const connected = await prepared.connect(provider)

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
  })
  const seal = (column: string, text: string) =>
    sealUnder(
      means.keyring,
      'session',
      { tenant: tenant.id, table: 'reconciliation_session', column, row: id },
      text,
    )
  const now = means.clock()
  const [holderHash] = journey.holderHashes
  if (holderHash === undefined) return fail({ kind: 'journey_not_open' })
  const [[moved]] = await transact(means.db, tenant.id, [
    startSession({
      id,
      tenantId: tenant.id,
      journeyId: journey.id,
      journeyState: journey.state,
      presentedSince: toInstant(now - PRESENTATION_TIME),
      holderHash,
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
      detail: detailText({ type: 'session_created', provider: provider.slug, plan: plan.plan }),
    }),
  ])
  if (moved === undefined) return fail({ kind: 'journey_not_open' })
  means.metrics.outcome('reconciliation', 'started')
  return { kind: 'redirect', url: address.url }
}
