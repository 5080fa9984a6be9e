/** Whether a browser's single-sign-on session is enough for a login, and what the selector says to it. */
import { hashSecret } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { BOUND_WAYS } from '../domain/assurance.ts'
import { choosePlan } from '../domain/choose-plan.ts'
import { allNamed } from '../domain/claims-request.ts'
import { NOTHING_DECLARED, releasedNames, wasAskedFor } from '../domain/declared.ts'
import { type Decided, type SealedRequest, SIGN_ON_IDLE_TIME } from '../domain/journey.ts'
import { isAppAddress, type RelyingParty } from '../domain/relying-party.ts'
import { MINUTE, SECOND, toInstant } from '../domain/time.ts'
import { read } from '../store/database.ts'
import { findSignOn, type SessionRow } from '../store/single-sign-on.ts'
import { isHintedPerson } from './hinted-person.ts'
import type { Policies, PreparedTenant } from './tenants.ts'

/** Both are needed. */
export interface BrowserCookies {
  browserId: string | undefined
  /** The secret of its single-sign-on session. */
  session: string | undefined
}

export interface UsableSession {
  browserId: string
  session: string
  /** The login that began it, with person and link. */
  row: SessionRow
  decided: Omit<Decided, 'state'>
  policies: Policies
  requestKid: string
}

/** Undefined where the person has to log in. */
export async function findSession(
  means: Pick<Deps, 'db' | 'clock'>,
  prepared: PreparedTenant,
  asked: { request: SealedRequest; relyingParty: RelyingParty },
  { browserId, session }: BrowserCookies,
): Promise<UsableSession | undefined> {
  const { tenant, policies } = prepared
  const { request, relyingParty } = asked
  const requestKid = prepared.requestKidFor(relyingParty.clientId)
  if (tenant.singleSignOnMinutes === 0 || browserId === undefined || session === undefined)
    return undefined
  if (policies === undefined || requestKid === undefined || request.selectAccount) return undefined
  // Any app may answer to that scheme, so somebody has to be there and want it (RFC 8252 section 8.6).
  if (isAppAddress(request.redirectUri)) return undefined
  const now = means.clock()
  const [[row]] = await read(means.db, tenant.id, [
    findSignOn({
      ...{ tenantId: tenant.id, now: toInstant(now) },
      ...{ sessionHash: hashSecret(session), browserHash: hashSecret(browserId) },
      startedAfter: toInstant(now - tenant.singleSignOnMinutes * MINUTE),
      usedAfter: toInstant(now - SIGN_ON_IDLE_TIME),
    }),
  ])
  if (row === undefined || !isEnough(request, row, now)) return undefined
  if (!(await showedEnough(prepared, asked, row))) return undefined
  const { subjects } = request
  if (!(await isHintedPerson(means, prepared, { subjects, relyingParty }, row.identity_id)))
    return undefined
  const decided = await planFor(prepared, policies, asked)
  return decided && { browserId, session, row, decided, policies, requestKid }
}

/** Whether the login that began the session is what this request asks for (OP-18, OP-19, OP-20). */
function isEnough(request: SealedRequest, row: SessionRow, now: number): boolean {
  const { maxAge, essentialAcr } = request
  // A material has changed since: the link is to be proved again, and not to be carried on.
  if (row.stale_since !== null) return false
  if (essentialAcr !== undefined && !essentialAcr.includes(row.acr)) return false
  if (maxAge === undefined) return true
  if (maxAge === 0 || row.auth_time === null) return false
  return now / SECOND - row.auth_time <= maxAge
}

/** Whether the wallet was asked, there, for what this relying party would have asked it for itself (protocols VP-061). */
async function showedEnough(
  prepared: PreparedTenant,
  { request, relyingParty }: { request: SealedRequest; relyingParty: RelyingParty },
  row: SessionRow,
): Promise<boolean> {
  const policy = await prepared.policy('attributes', row.attribute_policy_version)
  const first = (await prepared.relyingParty(row.shown_to)) ?? NOTHING_DECLARED
  const named = allNamed(request.claims)
  return wasAskedFor(
    policy,
    first,
    releasedNames(policy, relyingParty, new Set(request.scope), named),
  )
}

/**
 * The selector's word for this relying party, as for a known holder. A session forgets what the wallet showed and how the
 * holder was recognised, so a tenant whose rules look at the former has none, and the plan must be the same whichever it was.
 */
async function planFor(
  prepared: PreparedTenant,
  { versions }: Policies,
  { request, relyingParty }: { request: SealedRequest; relyingParty: RelyingParty },
): Promise<UsableSession['decided'] | undefined> {
  const selector = await prepared.selector(versions.selector)
  if (selector.readsPresentation) return undefined
  const states = ['MATCHED_HOLDER_KEY', 'MATCHED_SUBJECT', 'MATCHED_CLAIM_TUPLE'] as const
  // A session is of one of these ways, and forgets of which.
  const decisions = BOUND_WAYS.flatMap((way) =>
    states.map((state) =>
      choosePlan(selector, {
        ...{ tenant: prepared.tenant.slug, entryPoint: 'wallet', trigger: request.trigger, state },
        ...{ way },
        ...{ queries: [], credentialSets: [], credentialTypes: [], issuers: [], attributes: {} },
        ...{ candidate: false, identified: true, refreshDue: false },
        ...{ projections: request.scope, relyingParty: relyingParty.clientId },
      }),
    ),
  )
  const usable = decisions.every(
    ({ plan }) =>
      plan.plan === 'USE_EXISTING_BINDING' &&
      plan.minimumAssurance === undefined &&
      plan.requiredAttributes.length === 0,
  )
  return usable ? decisions[0] : undefined
}
