/** A relying party's request becomes a journey with a link for the wallet. */
import { hashSecret, newId, randomText } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { releasableClaims, releasingScopes } from '../domain/attributes.ts'
import {
  type AuthorizationRequest,
  judgeAuthorizationRequest,
  type Parameters,
} from '../domain/authorization-request.ts'
import { commonTo } from '../domain/claims-request.ts'
import { fail } from '../domain/failure.ts'
import type { ClientId, CorrelationId, JourneyId } from '../domain/ids.ts'
import { crossDeviceEnd, mayShowCode, type SealedRequest, WALLET_TIME } from '../domain/journey.ts'
import { beyondRegistration } from '../domain/registration.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import type { SecretHash } from '../domain/text.ts'
import { toInstant } from '../domain/time.ts'
import { transact } from '../store/database.ts'
import { insertJourney } from '../store/journey.ts'
import type { Provider } from '../store/provider.ts'
import { type Continued, continueSession } from './continue-session.ts'
import { partToSeal, sealRequest, sealWalletSecrets } from './journey-secrets.ts'
import { linkFor, signerOf } from './journey-signer.ts'
import { takeRequest } from './pushed-request.ts'
import { readHint } from './read-hint.ts'
import { newLink } from './renew-questions.ts'
import type { Policies, PreparedTenant } from './tenants.ts'

export interface Begun {
  journeyId: JourneyId
  correlationId: CorrelationId
  /** The browser's own id: the one it came with, or a new one. */
  browserId: string
  language: 'en' | 'nl'
  clientId: ClientId
  relyingPartyName: string
  purpose: { en: string; nl: string } | undefined
  /** Opens a wallet on this device. */
  link: string
  /** Until when a QR code may be shown; undefined for none. */
  codeExpiresAt: number | undefined
  expiresAt: number
  /** Slug of the provider that the relying party's `idp_hint` picked, if people may log in there without a wallet. */
  hint: string | undefined
}

/** The providers people may log in at without a wallet, in the order of their slugs; none while the tenant's switch is off. */
export function directProviders({ tenant, providers }: PreparedTenant): readonly Provider[] {
  return tenant.directLogin ? providers.filter((provider) => provider.enabled) : []
}

/** The request as this tenant understands it: its scopes, its issuer. Throws as {@link judgeAuthorizationRequest}. */
export function judgeRequest(
  { tenant, issuer, policies }: PreparedTenant,
  relyingParty: RelyingParty | undefined,
  parameters: Parameters,
): AuthorizationRequest {
  const scopes = new Set([
    'openid',
    ...(policies === undefined ? [] : releasingScopes(policies.documents.attributes)),
    ...(relyingParty?.grantTypes.includes('refresh_token') ? ['offline_access'] : []),
  ])
  // The tenant may want of all of its clients what each may want of itself.
  const pushedRequestsOnly = tenant.pushedRequestsOnly || relyingParty?.pushedRequestsOnly === true
  const asking = relyingParty && { ...relyingParty, pushedRequestsOnly }
  const claims = new Set(
    policies === undefined ? [] : releasableClaims(policies.documents.attributes),
  )
  return judgeAuthorizationRequest(parameters, asking, issuer, { scopes, claims })
}

/**
 * Judges the request (OP-10 to OP-17) and stores a journey. One round trip. Throws `authorization_refused` or an `oauth`
 * failure with a redirect.
 */
export async function beginAuthorization(
  deps: Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>,
  prepared: PreparedTenant,
  given: Parameters,
  browser: {
    id: string | undefined
    /** The secret of its single-sign-on session. */
    session: string | undefined
    language: (uiLocales: string | undefined) => 'en' | 'nl'
  },
): Promise<Begun | Continued> {
  const { parameters, referenceHash } = await takeRequest(deps, prepared, given)
  const clientId = parameters.get('client_id')
  const relyingParty =
    clientId === undefined || clientId.length > 512
      ? undefined
      : await prepared.relyingParty(clientId as ClientId)
  const judged = judgeRequest(prepared, relyingParty, parameters)
  const hinted = await judgeHint(deps, prepared, judged, parameters.get('id_token_hint'))
  const subjects = commonTo(judged.subjects, hinted === undefined ? undefined : [hinted])
  // Nobody can be two people.
  if (subjects?.length === 0) return refuseLogin(prepared, judged)
  const request = { ...judged, subjects }
  const language = browser.language(request.uiLocales)
  const session = { browserId: browser.id, session: browser.session, language }
  const continued = await continueSession(deps, prepared, request, session, referenceHash)
  if (continued !== undefined) return continued
  if (request.silent) return refuseLogin(prepared, request)
  const started = await startJourney(deps, prepared, {
    ...{ clientId: request.relyingParty.clientId, purpose: 'login', language },
    ...{ request: partToSeal(request), browserId: browser.id, referenceHash },
  })
  return {
    ...started,
    relyingPartyName: request.relyingParty.name,
    purpose: request.relyingParty.purpose,
    // A hint is a wish: one that names nothing on offer is passed over, as an unknown parameter is.
    hint: directProviders(prepared).find(({ slug }) => slug === request.idpHint)?.slug,
  }
}

/** What a journey begins with, whoever asked for it. */
export interface NewQuestion {
  clientId: ClientId
  purpose: 'login' | 'privacy'
  request: SealedRequest
  language: 'en' | 'nl'
  /** The browser's own id; undefined for a new one. */
  browserId: string | undefined
  referenceHash: SecretHash | undefined
}

/** Stores a journey with a link for the wallet. One round trip. Throws `authorization_refused` for a tenant that is not set up, or registered for less than it asks. */
export async function startJourney(
  deps: Pick<Deps, 'db' | 'keyring' | 'clock'>,
  prepared: PreparedTenant,
  question: NewQuestion,
): Promise<Omit<Begun, 'relyingPartyName' | 'purpose' | 'hint'>> {
  const { tenant, policies } = prepared
  const { clientId, purpose, language } = question
  const requestKid = prepared.requestKidFor(clientId)
  const signer = requestKid === undefined ? undefined : signerOf(prepared, requestKid, {})
  if (policies === undefined || requestKid === undefined || signer === undefined)
    return fail({ kind: 'authorization_refused', description: 'This login is not set up yet.' })
  await requireRegistration(prepared, clientId, policies)
  const now = deps.clock()
  const journeyId = newId() as JourneyId
  const correlationId = newId() as CorrelationId
  const browserId = question.browserId ?? randomText()
  const sameDevice = newLink()
  const place = { tenant: tenant.id, journey: journeyId }
  await transact(deps.db, tenant.id, [
    insertJourney({
      ...{ tenantId: tenant.id, id: journeyId, correlationId, clientId, purpose },
      ...{ browserHash: hashSecret(browserId), language, requestKid },
      request: sealRequest(deps.keyring, place, question.request),
      walletSecrets: sealWalletSecrets(deps.keyring, place, {
        ...{ sameDevice, clientId: signer.clientId, responseMode: tenant.responseMode },
      }),
      policies: JSON.stringify(policies.versions),
      pushedRequestHash: question.referenceHash ?? null,
      sameDeviceRequestHash: hashSecret(sameDevice.requestId),
      sameDeviceStateHash: hashSecret(sameDevice.state),
      now: toInstant(now),
      expiresAt: toInstant(now + WALLET_TIME),
    }),
  ])
  return {
    ...{ journeyId, correlationId, browserId, language, clientId },
    link: linkFor(prepared, requestKid, signer, sameDevice),
    codeExpiresAt: mayShowCode(tenant, purpose) ? crossDeviceEnd(now) : undefined,
    expiresAt: now + WALLET_TIME,
  }
}

/** Wallets refuse a question beyond the registration; so it is not asked (TR-41). */
async function requireRegistration(
  prepared: PreparedTenant,
  clientId: ClientId,
  { versions }: Policies,
): Promise<void> {
  const query = await prepared.question(versions, clientId)
  for (const { registered } of prepared.registrationsFor(clientId)) {
    if (registered === undefined || beyondRegistration(query, registered).length === 0) continue
    const description = 'This login asks wallets for more than it is registered for.'
    fail({ kind: 'authorization_refused', description })
  }
}

/** Who the relying party means, if it says; an ID token of another client, or none of ours, says nothing (OP-21). */
async function judgeHint(
  deps: Pick<Deps, 'db'>,
  prepared: PreparedTenant,
  { relyingParty, redirectUri, state, formPost }: AuthorizationRequest,
  token: string | undefined,
): Promise<string | undefined> {
  if (token === undefined) return undefined
  const hint = await readHint(deps, prepared, token)
  if (hint?.clientId === relyingParty.clientId) return hint.subject
  return fail({
    ...{ kind: 'oauth', error: 'invalid_request' },
    description: 'id_token_hint is not an ID token of this client',
    redirect: { redirectUri, state, issuer: prepared.issuer, ...(formPost && { formPost }) },
  })
}

/** `prompt=none` and no session that is enough (OP-18); or nobody who could be meant. */
function refuseLogin(
  { issuer }: PreparedTenant,
  { redirectUri, state, formPost }: AuthorizationRequest,
): never {
  return fail({
    ...{ kind: 'oauth', error: 'login_required', description: 'a login needs the person' },
    redirect: { redirectUri, state, issuer, ...(formPost && { formPost }) },
  })
}
