/** A recognised person, a live binding: the journey ends in a grant and a code, in one statement. */
import { auditSubjectHash } from '../crypto/audit-subject.ts'
import { hashSecret, randomText } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { assureLogin, isBoundToBrowser, type UpstreamAssurance } from '../domain/assurance.ts'
import { carriedAttributes, carriesAttributes } from '../domain/attribute-values.ts'
import type { AttributePolicy } from '../domain/attributes.ts'
import { decisionDetail, detailText } from '../domain/audit.ts'
import { fail } from '../domain/failure.ts'
import { allHashes } from '../domain/identifier.ts'
import type { GrantId, IdentityId, JourneyId, TenantId } from '../domain/ids.ts'
import type { Choosing, Consenting, Decided, Presented, Recognised } from '../domain/journey.ts'
import { instantOfUse } from '../domain/last-use.ts'
import { mayReturnTo } from '../domain/relying-party.ts'
import type { Sealed } from '../domain/text.ts'
import { toInstant, toSeconds } from '../domain/time.ts'
import { inTransaction, type Transaction, transact } from '../store/database.ts'
import { grantJourney } from '../store/grant-journey.ts'
import { carryHashes, inColumns } from '../store/hash-move.ts'
import { lockPeople } from '../store/identity.ts'
import { replaceSignOn } from '../store/single-sign-on.ts'
import type { Step } from '../store/statement.ts'
import { returnTo, type SignedOn } from './error-return.ts'
import { openAttributes, openRequest } from './journey-secrets.ts'
import { beginGrant, sealCarried } from './new-grant.ts'
import type { RecognisedPerson } from './recognised-person.ts'
import {
  type Agreed,
  type ConsentedBy,
  holdYes,
  noRowIfNotGranted,
  notGranted,
  yesEvent,
} from './remember-consent.ts'
import type { PreparedTenant } from './tenants.ts'

/** A journey that needs nothing more but its grant. */
export type Proved = Presented | Choosing | Recognised | Consenting

/**
 * The redirect back to the relying party with a code. Undefined when the compare-and-set was lost: the person is no
 * longer active, match or binding are gone, or the journey has moved on. Nothing is left behind then.
 */
export async function grantLogin(
  means: Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>,
  prepared: PreparedTenant,
  journey: Proved,
  decided: Decided,
  person: RecognisedPerson,
  agreed?: Agreed,
): Promise<({ kind: 'redirect' } & SignedOn) | undefined> {
  const { tenant, issuer } = prepared
  const relyingParty = await prepared.relyingParty(journey.clientId)
  const place = { tenant: tenant.id, journey: journey.id }
  const request = openRequest(means.keyring, place, journey.request)
  if (!mayReturnTo(relyingParty, request.redirectUri)) return fail({ kind: 'journey_not_open' })
  const policy = await prepared.policy('attributes', journey.policies.attributes)
  const upstream = upstreamOf(journey)
  const assurance = assureLogin(journey.way, toSeconds(journey.presentedAt), upstream)
  const now = means.clock()
  const { code, begun } = beginGrant(request, agreed?.terms, now)
  const session = await beginSession(means, prepared, journey, person.identityId)
  const subjectHash =
    person.auditSalt === undefined
      ? undefined
      : auditSubjectHash(means.keyring, tenant.id, person.auditSalt)
  const step = grantJourney({
    ...begun,
    tenantId: tenant.id,
    id: journey.id,
    from: journey.state,
    ...standing(person),
    identifierHashes: allHashes(journey.identifiers),
    sector: relyingParty.sector,
    clientId: journey.clientId,
    correlationId: journey.correlationId,
    acr: assurance.acr,
    amr: JSON.stringify(assurance.amr),
    authTime: assurance.authTime ?? null,
    upstream: upstream === undefined ? null : JSON.stringify(upstream),
    attributePolicyVersion: journey.policies.attributes,
    walletAttributes: carry(means, prepared, journey, policy, begun.grantId),
    ...signedOn(journey, session),
    subjectHash: subjectHash ?? null,
    detail: detailText({
      type: 'login_completed',
      acr: assurance.acr,
      way: journey.way,
      ...(journey.way === 'direct' ? {} : { trust: journey.policies.trust }),
      key_version_upgraded: person.evidence.some(({ upgrades }) => upgrades),
      ...decisionDetail(journey.policies.selector, decided),
    }),
    usedAt: instantOfUse(tenant, now),
  })
  const by = {
    ...{ clientId: journey.clientId, correlationId: journey.correlationId, subjectHash },
    ...{ identityId: person.identityId, now: toInstant(now) },
  }
  const yes = agreed && { agreed, by }
  const [[granted]] = await commitGrant(means, tenant.id, step, person, yes).catch(
    noRowIfNotGranted,
  )
  if (granted === undefined) return undefined
  means.metrics.outcome('login', upstream === undefined ? 'known_holder' : 'reconciled')
  return {
    kind: 'redirect',
    ...returnTo(request, { code, state: request.state, iss: issuer }),
    ...(session === undefined ? {} : { session }),
  }
}

/** The person and what spoke for them, as the statement takes it. */
function standing({ identityId, bindingId, stale, evidence }: RecognisedPerson) {
  return {
    ...{ identityId, bindingId, stale },
    matchIds: evidence.map(({ matchId }) => matchId),
    hashes: evidence.map(({ hash }) => hash),
    versions: evidence.map(({ version }) => version),
  }
}

/** The same of a session that begins; all null for none. */
function signedOn({ browserHash, presentedAt }: Proved, session: string | undefined) {
  if (session === undefined)
    return { sessionHash: null, sessionBrowserHash: null, sessionStartedAt: null }
  const startedAt = toInstant(presentedAt)
  return {
    sessionHash: hashSecret(session),
    sessionBrowserHash: browserHash,
    sessionStartedAt: startedAt,
  }
}

/** The yes a login rests on, and whose it is. */
interface Yes {
  agreed: Agreed
  by: ConsentedBy
}

/**
 * The grant, and what goes with it in one transaction: the yes it rests on, and while a key rotates what stands beside the
 * evidence. The person is held before anything else; where nothing is granted, all of it is undone.
 */
async function commitGrant(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  tenantId: TenantId,
  step: Step<{ id: JourneyId }>,
  { identityId, moves }: RecognisedPerson,
  yes: Yes | undefined,
): Promise<[{ id: JourneyId }[]]> {
  if (moves.length === 0 && yes === undefined)
    return await transact(db, tenantId, [step], { retries: 2 })
  const carry = { tenantId, identityId, ...inColumns(moves), now: toInstant(clock()) }
  const work = async (tx: Transaction): Promise<[{ id: JourneyId }[]]> => {
    if (moves.length > 0)
      await tx.runAll([lockPeople({ tenantId, ids: [identityId] }), carryHashes(carry)])
    if (yes !== undefined) await holdYes(tx, tenantId, yes.agreed, yes.by)
    const granted = await tx.run(step)
    if (granted.length === 0) return notGranted()
    if (yes?.agreed.isNew === true) await tx.runLast([yesEvent(tenantId, yes.agreed.terms, yes.by)])
    return [granted]
  }
  return await inTransaction(db, tenantId, work, { retries: 2 })
}

/** What the institution said of its login, if that was part of this one. */
export function upstreamOf(journey: Proved): UpstreamAssurance | undefined {
  return 'upstream' in journey ? journey.upstream : undefined
}

/**
 * The secret of a new single-sign-on session, in place of the browser's earlier one; undefined where the tenant wants none.
 * Only for a wallet on this very device: a code that was scanned may have been relayed, and an institution has its own. But
 * whichever way somebody logs in, the browser is nobody else's from then on.
 */
async function beginSession(
  { db }: Pick<Deps, 'db'>,
  { tenant }: PreparedTenant,
  journey: Proved,
  identityId: IdentityId,
): Promise<string | undefined> {
  if (tenant.singleSignOnMinutes === 0) return undefined
  const { browserHash } = journey
  const begins = isBoundToBrowser(journey.way)
  const step = replaceSignOn({ tenantId: tenant.id, browserHash, identityId, begins })
  await transact(db, tenant.id, [step], { retries: 2 })
  return begins ? randomText() : undefined
}

/** The wallet's attributes that must reach the claims, sealed for the grant; null where no rule needs any, or there was no wallet. */
function carry(
  means: Pick<Deps, 'keyring'>,
  prepared: PreparedTenant,
  journey: Proved,
  policy: AttributePolicy,
  grantId: GrantId,
): Sealed | null {
  if (journey.way === 'direct' || !carriesAttributes(policy)) return null
  const tenant = prepared.tenant.id
  const shown = openAttributes(means.keyring, { tenant, journey: journey.id }, journey.attributes)
  return sealCarried(means.keyring, tenant, grantId, carriedAttributes(policy, shown))
}
