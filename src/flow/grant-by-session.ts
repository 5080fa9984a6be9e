/** A login by single sign-on is granted; time, method and strength stay those of the real one. */
import { auditSubjectHash } from '../crypto/audit-subject.ts'
import { hashSecret, newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { detailText } from '../domain/audit.ts'
import type { ConsentTerms } from '../domain/consent.ts'
import type { CorrelationId, GrantId, JourneyId, TenantId } from '../domain/ids.ts'
import type { SealedRequest } from '../domain/journey.ts'
import { instantOfUse } from '../domain/last-use.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import type { Sealed, SecretHash } from '../domain/text.ts'
import { toInstant } from '../domain/time.ts'
import { endConsenting, lockConsenting } from '../store/consenting.ts'
import { inTransaction, type Transaction, transact } from '../store/database.ts'
import { lockPeople } from '../store/identity.ts'
import { grantBySession as grantedBySession, type SessionRow } from '../store/single-sign-on.ts'
import { type ErrorReturn, returnTo } from './error-return.ts'
import type { UsableSession } from './find-session.ts'
import { sealRequest } from './journey-secrets.ts'
import { beginGrant, openCarried, sealCarried } from './new-grant.ts'
import {
  type Agreed,
  holdYes,
  noRowIfNotGranted,
  notGranted,
  yesEvent,
} from './remember-consent.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

export interface SessionLogin {
  correlationId: CorrelationId
  relyingParty: RelyingParty
  request: SealedRequest
  pushedRequestHash: SecretHash | undefined
  language: 'en' | 'nl'
  /** What the person agreed to; undefined where nobody is asked. */
  terms: ConsentTerms | undefined
}

/** The person said yes a moment ago, to the terms of the login. */
export interface Yes {
  /** The journey that waited for it. */
  journeyId: JourneyId
  terms: ConsentTerms
}

/**
 * The return to the relying party with a code. Undefined where session, person or link ended meanwhile, the pushed request
 * was used, or the journey that waited for a yes has ended: then nothing is left behind.
 */
export async function grantBySession(
  means: Means,
  prepared: PreparedTenant,
  found: UsableSession,
  login: SessionLogin,
  yes?: Yes,
): Promise<ErrorReturn | undefined> {
  const tenantId = prepared.tenant.id
  const now = means.clock()
  const { code, step } = grantStep(means, prepared, found, login, now)
  const terms = yes?.terms ?? login.terms
  const agreed = terms && { terms, isNew: yes !== undefined }
  const [[granted]] = await (agreed === undefined
    ? transact(means.db, tenantId, [step], { retries: 2 })
    : grantAgreed(means, tenantId, found, login, { agreed, step, now, waiting: yes?.journeyId })
  ).catch(noRowIfNotGranted)
  if (granted === undefined) return undefined
  means.metrics.outcome('login', 'session')
  const { request } = login
  return returnTo(request, { code, state: request.state, iss: prepared.issuer })
}

/** One transaction: the journey that waited, if one did, ends, once; the yes; the grant. The person is held first. */
async function grantAgreed(
  { db, keyring }: Means,
  tenantId: TenantId,
  { row }: UsableSession,
  { relyingParty, correlationId }: SessionLogin,
  given: {
    agreed: Agreed
    step: ReturnType<typeof grantStep>['step']
    now: number
    waiting: JourneyId | undefined
  },
): Promise<[{ id: JourneyId }[]]> {
  const { agreed, waiting: id } = given
  const now = toInstant(given.now)
  const by = {
    ...{ clientId: relyingParty.clientId, correlationId, identityId: row.identity_id, now },
    subjectHash: auditSubjectHash(keyring, tenantId, row.audit_salt),
  }
  const work = async (tx: Transaction): Promise<[{ id: JourneyId }[]]> => {
    await tx.run(lockPeople({ tenantId, ids: [row.identity_id] }))
    if (id !== undefined) {
      const [waits] = await tx.run(lockConsenting({ tenantId, id, now }))
      if (waits === undefined) return [[]]
      await tx.run(endConsenting({ tenantId, id, now }))
    }
    await holdYes(tx, tenantId, agreed, by)
    const granted = await tx.run(given.step)
    if (granted.length === 0) return notGranted()
    if (agreed.isNew) await tx.runLast([yesEvent(tenantId, agreed.terms, by)])
    return [granted]
  }
  return await inTransaction(db, tenantId, work, { retries: 2 })
}

function grantStep(
  means: Means,
  prepared: PreparedTenant,
  { row, decided, policies, requestKid, ...browser }: UsableSession,
  { request, relyingParty, correlationId, pushedRequestHash, language, terms }: SessionLogin,
  now: number,
) {
  const tenantId = prepared.tenant.id
  const journeyId = newId() as JourneyId
  const place = { tenant: tenantId, journey: journeyId }
  const { code, begun } = beginGrant(request, terms, now)
  const step = grantedBySession({
    ...begun,
    ...{ tenantId, language, requestKid, usedAt: instantOfUse(prepared.tenant, now) },
    sessionHash: hashSecret(browser.session),
    browserHash: hashSecret(browser.browserId),
    ...{ fromGrant: row.grant_id, identityId: row.identity_id, bindingId: row.binding_id },
    ...{ journeyId, correlationId, clientId: relyingParty.clientId },
    request: sealRequest(means.keyring, place, request),
    policies: JSON.stringify(policies.versions),
    pushedRequestHash: pushedRequestHash ?? null,
    sector: relyingParty.sector,
    walletAttributes: resealed(means, tenantId, row, begun.grantId),
    subjectHash: auditSubjectHash(means.keyring, tenantId, row.audit_salt),
    detail: detailText({
      ...{ type: 'login_completed', acr: row.acr, way: 'session', key_version_upgraded: false },
      ...{ selector: policies.versions.selector, rule: decided.rule, plan: decided.plan.plan },
      ...{ state: 'SESSION', reasons: decided.reasons.join(' ') },
    }),
  })
  return { code, step }
}

/** Sealed texts are bound to their row: the new grant has its own. */
function resealed(
  { keyring }: Means,
  tenant: TenantId,
  row: SessionRow,
  grantId: GrantId,
): Sealed | null {
  if (row.wallet_attributes === null) return null
  const carried = openCarried(keyring, tenant, row.grant_id, row.wallet_attributes)
  return sealCarried(keyring, tenant, grantId, carried)
}
