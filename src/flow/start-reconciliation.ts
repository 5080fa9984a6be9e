/** A stranger with a proven wallet, or a person who chose to log in without one, is sent to the institution's own login. */

import { hashSecret, newId, randomText } from '../crypto/random.ts'
import { sealUnder } from '../crypto/seal.ts'
import type { Deps } from '../deps.ts'
import { stricterMaxAge } from '../domain/assurance.ts'
import { decisionDetail, detailText } from '../domain/audit.ts'
import { fail } from '../domain/failure.ts'
import type { IdentityId, SessionId } from '../domain/ids.ts'
import {
  type Decided,
  PRESENTATION_TIME,
  type Presented,
  RECONCILIATION_TIME,
  type Reconciling,
} from '../domain/journey.ts'
import { ofWallet, primaryOf } from '../domain/link.ts'
import { type IdvPlan, isIdv } from '../domain/plan.ts'
import { addressOf } from '../domain/tenant.ts'
import { toInstant } from '../domain/time.ts'
import { buildAuthorizationUrl } from '../institution/authorization.ts'
import { read, transact } from '../store/database.ts'
import { findProvider, type Provider } from '../store/provider.ts'
import { snapshotProvider } from '../store/provider-snapshot.ts'
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
  decided: Decided,
  candidateId: IdentityId | undefined,
): Promise<{ kind: 'redirect'; url: string } | undefined> {
  const { tenant } = prepared
  const { plan } = decided
  if (!isIdv(plan)) return undefined
  const provider = providerOf(prepared, journey, plan)
  if (provider === undefined || !provider.enabled) return undefined
  const { url, attempt } = await beginAttempt(means, prepared, journey, plan, provider)
  const now = means.clock()
  const shown = primaryOf(ofWallet(journey.identifiers))
  const [[moved]] = await transact(means.db, tenant.id, [
    startSession({
      ...attempt,
      tenantId: tenant.id,
      journeyId: journey.id,
      journeyState: journey.state,
      presentedSince: toInstant(now - PRESENTATION_TIME),
      identifierHash: shown?.hashes[0].hash ?? null,
      identifierType: shown?.type ?? null,
      providerId: provider.id,
      providerUpdatedAt: provider.updatedAt,
      providerSnapshot: snapshotProvider(provider),
      now: toInstant(now),
      expiresAt: toInstant(now + RECONCILIATION_TIME),
      eventId: newId(),
      correlationId: journey.correlationId,
      clientId: journey.clientId,
      decision: JSON.stringify(decided),
      candidateId: candidateId ?? null,
      detail: detailText({
        ...{ type: 'session_created', provider: provider.slug },
        entry: journey.way === 'direct' ? 'direct' : 'wallet',
        ...decisionDetail(journey.policies.selector, decided),
      }),
    }),
  ])
  if (moved === undefined) {
    // Another instance may have switched the provider off since this one looked; the statement did look.
    const wanted = findProvider({ tenantId: tenant.id, id: provider.id })
    const [[row]] = await read(means.db, tenant.id, [wanted])
    return row?.enabled === 1 ? fail({ kind: 'journey_not_open' }) : undefined
  }
  means.metrics.outcome('reconciliation', 'started')
  return { kind: 'redirect', url }
}

/** Where the browser goes, and what of the attempt's secrets its session keeps: a hash, or sealed for its row. */
async function beginAttempt(
  { keyring }: Pick<Deps, 'keyring'>,
  prepared: PreparedTenant,
  journey: Presented | Reconciling,
  plan: IdvPlan,
  provider: Provider,
) {
  const tenant = prepared.tenant.id
  const connected = await prepared.connect(provider)
  const place = { tenant, journey: journey.id }
  const { maxAge: asked } = openRequest(keyring, place, journey.request)
  const maxAge = stricterMaxAge(asked, plan.method === 'fresh_login' ? 0 : undefined)
  const id = newId() as SessionId
  const redirectUri = addressOf.callback(prepared.issuer, provider.id)
  const secrets = { state: randomText(), nonce: randomText(), codeVerifier: randomText() }
  const address = buildAuthorizationUrl(connected, {
    ...{ redirectUri, ...secrets, maxAgeSeconds: maxAge, prompt: promptFor(plan, maxAge) },
    acr: plan.minimumAssurance?.acr ?? provider.acr,
  })
  const seal = (column: string, text: string) => {
    const context = { tenant, table: 'reconciliation_session', column, row: id }
    return sealUnder(keyring, 'session', context, text)
  }
  const attempt = {
    id,
    authorizationUrl: address.urlWithoutQuery,
    state: hashSecret(secrets.state),
    nonce: seal('nonce', secrets.nonce),
    codeVerifier: seal('code_verifier', secrets.codeVerifier),
    redirectUri,
    tokenEndpoint: connected.metadata.token_endpoint,
  }
  return { url: address.url, attempt }
}

/** The provider the person chose instead of a wallet, or the one of the plan. */
function providerOf(
  { providers }: PreparedTenant,
  { way, providerId }: Presented | Reconciling,
  plan: IdvPlan,
): Provider | undefined {
  return way === 'direct'
    ? providers.find(({ id }) => id === providerId)
    : providers.find(({ slug }) => slug === plan.provider)
}

/** A wish for a new login goes before one for a choice: who has to log in again says who they are. */
function promptFor(
  plan: IdvPlan,
  maxAge: number | undefined,
): 'login' | 'select_account' | undefined {
  // 0 is the wish for a new login; some providers know it by the one word, some by the other (OP-19).
  if (maxAge === 0) return 'login'
  return plan.method === 'choose_account' ? 'select_account' : undefined
}
