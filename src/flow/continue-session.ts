/**
 * Single sign-on: a browser that logged in a little while ago gets a code for another relying party without being asked
 * again, where the tenant wants that (`single_sign_on_minutes`); or is asked for a yes alone, where one is needed.
 */
import { hashSecret, newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AuthorizationRequest } from '../domain/authorization-request.ts'
import { coversTerms } from '../domain/consent.ts'
import { fail } from '../domain/failure.ts'
import type { CorrelationId, IdentityId, JourneyId } from '../domain/ids.ts'
import { CHOICE_TIME } from '../domain/journey.ts'
import type { SecretHash } from '../domain/text.ts'
import { toInstant } from '../domain/time.ts'
import { beginConsenting } from '../store/consenting.ts'
import { transact } from '../store/database.ts'
import { isAgreed, termsOf, termsToAsk } from './ask-consent.ts'
import type { ErrorReturn } from './error-return.ts'
import { type BrowserCookies, findSession, type UsableSession } from './find-session.ts'
import { grantBySession, type SessionLogin, type Yes } from './grant-by-session.ts'
import { partToSeal, sealRequest } from './journey-secrets.ts'
import type { PreparedTenant } from './tenants.ts'
import { keepsContract, readForSession } from './token-parity.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

/** The way back with a code, or the journey in which the person is asked for a yes. */
export type Continued = { correlationId: CorrelationId } & (
  | { back: ErrorReturn }
  | { consent: JourneyId }
)

/**
 * Undefined where the person has to log in. Throws an `oauth` failure with a redirect where the person would have to be
 * asked for a yes and must not be (`consent_required`, OpenID Connect Core 3.1.2.6).
 */
export async function continueSession(
  means: Means,
  prepared: PreparedTenant,
  asked: AuthorizationRequest,
  browser: BrowserCookies & { language: 'en' | 'nl' },
  pushedRequestHash: SecretHash | undefined,
): Promise<Continued | undefined> {
  const { relyingParty } = asked
  const request = partToSeal(asked)
  const found = await findSession(means, prepared, { request, relyingParty }, browser)
  if (found === undefined) return undefined
  const correlationId = newId() as CorrelationId
  const { clientId } = relyingParty
  const attributes = found.row.attribute_policy_version
  const terms = await termsToAsk(prepared, { clientId, attributes, request })
  const { language } = browser
  const login = { correlationId, relyingParty, request, pushedRequestHash, language, terms }
  // A contract that would be broken: the person is asked, and refused there if it is so still.
  if (!(await keepsItsContract(means, prepared, found, login))) return undefined
  const identityId = found.row.identity_id
  const person = { clientId, identityId, request }
  if (terms !== undefined && !(await isAgreed(means, prepared, person, terms))) {
    if (asked.silent) return refuseUnasked(prepared, asked)
    const consent = await askInSession(means, prepared, found, login)
    return consent && { consent, correlationId }
  }
  const back = await grantBySession(means, prepared, found, login)
  return back && { back, correlationId }
}

/**
 * The same for a person who was asked, and said yes. Undefined where their session ended meanwhile, is somebody else's by
 * now, or would tell more than they agreed to.
 */
export async function continueAgreed(
  means: Means,
  prepared: PreparedTenant,
  login: Omit<SessionLogin, 'terms'>,
  cookies: BrowserCookies,
  yes: Yes & { identityId: IdentityId },
): Promise<ErrorReturn | undefined> {
  const { relyingParty, request } = login
  const found = await findSession(means, prepared, login, cookies)
  if (found === undefined || found.row.identity_id !== yes.identityId) return undefined
  const attributes = found.row.attribute_policy_version
  const now = await termsOf(prepared, { clientId: relyingParty.clientId, attributes, request })
  if (!coversTerms(yes.terms, now)) return undefined
  if (!(await keepsItsContract(means, prepared, found, login))) return undefined
  return await grantBySession(means, prepared, found, { ...login, terms: yes.terms }, yes)
}

async function keepsItsContract(
  means: Means,
  prepared: PreparedTenant,
  { row }: UsableSession,
  {
    relyingParty,
    correlationId,
    request,
  }: Pick<SessionLogin, 'relyingParty' | 'correlationId' | 'request'>,
): Promise<boolean> {
  return await keepsContract(means, prepared, {
    ...{ clientId: relyingParty.clientId, correlationId, scope: request.scope },
    ...{ attributes: row.attribute_policy_version, acr: row.acr },
    read: () => readForSession(means, prepared, row),
  })
}

/** The person is asked for a yes and for nothing else. Undefined where they are not active any more. */
async function askInSession(
  means: Means,
  prepared: PreparedTenant,
  found: UsableSession,
  { correlationId, relyingParty, request, pushedRequestHash, language }: SessionLogin,
): Promise<JourneyId | undefined> {
  const tenantId = prepared.tenant.id
  const id = newId() as JourneyId
  const now = means.clock()
  const [[asked]] = await transact(means.db, tenantId, [
    beginConsenting({
      ...{ tenantId, id, identityId: found.row.identity_id, correlationId, language },
      ...{ clientId: relyingParty.clientId, requestKid: found.requestKid },
      browserHash: hashSecret(found.browserId),
      request: sealRequest(means.keyring, { tenant: tenantId, journey: id }, request),
      policies: JSON.stringify({
        ...found.policies.versions,
        attributes: found.row.attribute_policy_version,
      }),
      pushedRequestHash: pushedRequestHash ?? null,
      ...{ now: toInstant(now), expiresAt: toInstant(now + CHOICE_TIME) },
    }),
  ])
  return asked?.id
}

function refuseUnasked(
  { issuer }: PreparedTenant,
  { redirectUri, state, formPost }: AuthorizationRequest,
): never {
  return fail({
    ...{ kind: 'oauth', error: 'consent_required', description: 'the person has to be asked' },
    redirect: { redirectUri, state, issuer, ...(formPost && { formPost }) },
  })
}
