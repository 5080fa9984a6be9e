/**
 * Single sign-on: a browser that logged in a little while ago gets a code for another relying party without being asked
 * again, where the tenant wants that (`single_sign_on_minutes`). Time, method and strength stay those of the real login.
 */
import { auditSubjectHash } from '../crypto/audit-subject.ts'
import { hashSecret, newId, randomText } from '../crypto/random.ts'
import { openUnder, sealUnder } from '../crypto/seal.ts'
import type { Deps } from '../deps.ts'
import { detailText } from '../domain/audit.ts'
import { choosePlan } from '../domain/choose-plan.ts'
import type { CorrelationId, GrantId, JourneyId, TenantId } from '../domain/ids.ts'
import { CODE_TIME, GRANT_TIME, SIGN_ON_IDLE_TIME } from '../domain/journey.ts'
import { instantOfUse } from '../domain/last-use.ts'
import type { AuthorizationRequest } from '../domain/relying-party.ts'
import type { Sealed, SecretHash } from '../domain/text.ts'
import { MINUTE, SECOND, toInstant } from '../domain/time.ts'
import { read, transact } from '../store/database.ts'
import { findSignOn, grantBySession, type SessionRow } from '../store/single-sign-on.ts'
import { type ErrorReturn, returnTo } from './error-return.ts'
import { isHintedPerson } from './hinted-person.ts'
import { partToSeal, sealRequest } from './journey-secrets.ts'
import { noRowIfSpent } from './pushed-request.ts'
import type { PreparedTenant } from './tenants.ts'
import { keepsContract, readForSession } from './token-parity.ts'

export interface BrowserSession {
  /** The browser's own id and its single-sign-on secret; both are needed. */
  browserId: string | undefined
  session: string | undefined
  language: 'en' | 'nl'
}

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

/** The return to the relying party with a code, or undefined where the person has to log in. */
export async function continueSession(
  means: Means,
  prepared: PreparedTenant,
  request: AuthorizationRequest,
  browser: BrowserSession,
  pushedRequestHash: SecretHash | undefined,
): Promise<{ back: ErrorReturn; correlationId: CorrelationId } | undefined> {
  const { tenant, policies } = prepared
  const requestKid = prepared.requestKidFor(request.relyingParty.clientId)
  const { browserId, session } = browser
  if (tenant.singleSignOnMinutes === 0 || browserId === undefined || session === undefined)
    return undefined
  if (policies === undefined || requestKid === undefined || request.selectAccount) return undefined
  const now = means.clock()
  const names = {
    ...{ tenantId: tenant.id, now: toInstant(now) },
    ...{ sessionHash: hashSecret(session), browserHash: hashSecret(browserId) },
  }
  const [[row]] = await read(means.db, tenant.id, [
    findSignOn({
      ...names,
      startedAfter: toInstant(now - tenant.singleSignOnMinutes * MINUTE),
      usedAfter: toInstant(now - SIGN_ON_IDLE_TIME),
    }),
  ])
  if (row === undefined || !isEnough(request, row, now)) return undefined
  if (!(await isHintedPerson(means, prepared, request, row.identity_id))) return undefined
  const plan = await planFor(prepared, request)
  if (plan === undefined) return undefined
  const journeyId = newId() as JourneyId
  const correlationId = newId() as CorrelationId
  const keeps = await keepsContract(means, prepared, {
    ...{ clientId: request.relyingParty.clientId, correlationId, scope: request.scope },
    ...{ attributes: row.attribute_policy_version, acr: row.acr },
    read: () => readForSession(means, prepared, row),
  })
  // The person is asked, and refused there if it is so still.
  if (!keeps) return undefined
  const grantId = newId() as GrantId
  const code = randomText()
  const { relyingParty } = request
  const [[granted]] = await transact(means.db, tenant.id, [
    grantBySession({
      ...{ ...names, usedAt: instantOfUse(tenant, now) },
      ...{ fromGrant: row.grant_id, identityId: row.identity_id, bindingId: row.binding_id },
      ...{ journeyId, correlationId, clientId: relyingParty.clientId, requestKid },
      language: browser.language,
      request: sealRequest(
        means.keyring,
        { tenant: tenant.id, journey: journeyId },
        partToSeal(request),
      ),
      policies: JSON.stringify(policies.versions),
      pushedRequestHash: pushedRequestHash ?? null,
      ...{ sector: relyingParty.sector, subject: randomText(), grantId },
      scope: request.scope.join(' '),
      walletAttributes: resealed(means, tenant.id, row, grantId),
      grantExpiresAt: toInstant(now + GRANT_TIME),
      codeHash: hashSecret(code),
      redirectUri: request.redirectUri,
      codeChallenge: request.codeChallenge ?? null,
      dpopJkt: request.dpopJkt ?? null,
      nonce: request.nonce ?? null,
      codeExpiresAt: toInstant(now + CODE_TIME),
      eventId: newId(),
      subjectHash: auditSubjectHash(means.keyring, tenant.id, row.audit_salt),
      detail: detailText({
        ...{ type: 'login_completed', acr: row.acr, way: 'session', key_version_upgraded: false },
        ...{ selector: policies.versions.selector, rule: plan.rule, plan: plan.plan.plan },
        ...{ state: 'SESSION', reasons: plan.reasons.join(' ') },
      }),
    }),
  ]).catch(noRowIfSpent)
  if (granted === undefined) return undefined
  means.metrics.outcome('login', 'session')
  const answer = { code, state: request.state, iss: prepared.issuer }
  return { back: returnTo(request, answer), correlationId }
}

/** Whether the login that began the session is what this request asks for (OP-18, OP-19, OP-20). */
function isEnough(request: AuthorizationRequest, row: SessionRow, now: number): boolean {
  const { maxAge, essentialAcr } = request
  // A material has changed since: the link is to be proved again, and not to be carried on.
  if (row.stale_since !== null) return false
  if (essentialAcr !== undefined && !essentialAcr.includes(row.acr)) return false
  if (maxAge === undefined) return true
  if (maxAge === 0 || row.auth_time === null) return false
  return now / SECOND - row.auth_time <= maxAge
}

/**
 * The selector's word for this relying party, as for a known holder. A session forgets what the wallet showed and how the
 * holder was recognised, so a tenant whose rules look at the former has none, and the plan must be the same whichever it was.
 */
async function planFor(prepared: PreparedTenant, request: AuthorizationRequest) {
  const { policies, tenant } = prepared
  if (policies === undefined) return undefined
  const selector = await prepared.selector(policies.versions.selector)
  if (selector.readsPresentation) return undefined
  const decisions = (['MATCHED_HOLDER_KEY', 'MATCHED_SUBJECT', 'MATCHED_CLAIM_TUPLE'] as const).map(
    (state) =>
      choosePlan(selector, {
        ...{ tenant: tenant.slug, entryPoint: 'wallet', trigger: request.trigger, state },
        ...{ queries: [], credentialSets: [], credentialTypes: [], issuers: [], attributes: {} },
        ...{ candidate: false, identified: true, refreshDue: false },
        ...{ projections: request.scope, relyingParty: request.relyingParty.clientId },
      }),
  )
  const usable = decisions.every(
    ({ plan }) =>
      plan.plan === 'USE_EXISTING_BINDING' &&
      plan.minimumAssurance === undefined &&
      plan.requiredAttributes.length === 0,
  )
  return usable ? decisions[0] : undefined
}

/** Sealed texts are bound to their row: the new grant has its own. */
function resealed(
  { keyring }: Means,
  tenant: TenantId,
  row: SessionRow,
  grantId: GrantId,
): Sealed | null {
  if (row.wallet_attributes === null) return null
  const context = { tenant, table: 'login_grant', column: 'wallet_attributes' }
  const opened = openUnder(
    keyring,
    'session',
    { ...context, row: row.grant_id },
    row.wallet_attributes,
  )
  return sealUnder(
    keyring,
    'session',
    { ...context, row: grantId },
    Buffer.from(opened).toString('utf8'),
  )
}
