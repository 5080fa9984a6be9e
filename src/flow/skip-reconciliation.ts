/**
 * SKIP_RECONCILIATION: the wallet's own word is enough. The grant carries the attributes of this presentation, a subject
 * that is random and for this login alone, and nobody: no person, match or binding is made, looked up or touched.
 */
import type { Deps } from '../deps.ts'
import { assureLogin, type LoginAssurance } from '../domain/assurance.ts'
import { mergeAttributes, missingNames } from '../domain/attribute-values.ts'
import type { Attributes } from '../domain/attributes.ts'
import { decisionDetail, detailText } from '../domain/audit.ts'
import type { ConsentTerms } from '../domain/consent.ts'
import { fail } from '../domain/failure.ts'
import type { JourneyId } from '../domain/ids.ts'
import type { Consenting, Decided, Presented, SealedRequest } from '../domain/journey.ts'
import type { Plan } from '../domain/plan.ts'
import { mayReturnTo } from '../domain/relying-party.ts'
import { toInstant, toSeconds } from '../domain/time.ts'
import { inTransaction, transact } from '../store/database.ts'
import type { Step } from '../store/statement.ts'
import { grantWalletOnly } from '../store/wallet-only-grant.ts'
import { askConsent, termsToAsk } from './ask-consent.ts'
import { returnTo } from './error-return.ts'
import { openAttributes, openRequest } from './journey-secrets.ts'
import { type Next, refuseLogin } from './login-end.ts'
import { beginGrant, sealCarried } from './new-grant.ts'
import { noRowIfSpent } from './pushed-request.ts'
import { yesEvent } from './remember-consent.ts'
import type { PreparedTenant } from './tenants.ts'
import { keepsContract } from './token-parity.ts'

type SkipPlan = Extract<Plan, { plan: 'SKIP_RECONCILIATION' }>

/**
 * The redirect back with a code, or the question whether the relying party may learn what was shown, each time anew, for
 * nobody is known here who could have agreed before (`said`: a moment ago); or the end, where an attribute the plan needs was not shown.
 */
export async function skipReconciliation(
  means: Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>,
  prepared: PreparedTenant,
  journey: Presented | Consenting,
  decided: Decided & { plan: SkipPlan },
  said?: ConsentTerms,
): Promise<Next> {
  const place = { tenant: prepared.tenant.id, journey: journey.id }
  const relyingParty = await prepared.relyingParty(journey.clientId)
  const request = openRequest(means.keyring, place, journey.request)
  if (!mayReturnTo(relyingParty, request.redirectUri)) return fail({ kind: 'journey_not_open' })
  // Nobody showed anything: a login without a wallet has nothing that could be enough.
  if (journey.way === 'direct')
    return await refuseLogin(means, prepared, journey, 'plan_refused', decided)
  const policy = await prepared.policy('attributes', journey.policies.attributes)
  const shown = openAttributes(means.keyring, place, journey.attributes)
  if (missingNames(policy, decided.plan.requiredAttributes, shown, {}).length > 0)
    return await refuseLogin(means, prepared, journey, 'attribute_missing', decided)
  const assurance = assureLogin(journey.way, toSeconds(journey.presentedAt), undefined)
  const shows = mergeAttributes(policy, shown, {})
  const keeps = await keepsContract(means, prepared, {
    ...{ clientId: journey.clientId, correlationId: journey.correlationId, scope: request.scope },
    ...{ attributes: journey.policies.attributes, acr: assurance.acr },
    read: async () => ({ kept: {}, carried: shows }),
  })
  if (!keeps) return await refuseLogin(means, prepared, journey, 'contract_broken', decided)
  const { clientId } = journey
  const { attributes } = journey.policies
  const terms = said ?? (await termsToAsk(prepared, { clientId, attributes, request }))
  if (terms !== undefined && said === undefined && journey.state !== 'consenting')
    return await askConsent(means, prepared, journey, decided, undefined)
  return await grant(means, prepared, journey, decided, { request, assurance, shows, terms })
}

/** What the login shows and nobody keeps, and what was agreed to. */
interface Shown {
  request: SealedRequest
  assurance: LoginAssurance
  shows: Attributes
  terms: ConsentTerms | undefined
}

async function grant(
  means: Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>,
  prepared: PreparedTenant,
  journey: Presented | Consenting,
  decided: Decided,
  { request, assurance, shows, terms }: Shown,
): Promise<Next> {
  const { tenant, issuer } = prepared
  const { code, begun } = beginGrant(request, terms, means.clock())
  const step = grantWalletOnly({
    ...begun,
    tenantId: tenant.id,
    id: journey.id,
    from: journey.state,
    clientId: journey.clientId,
    correlationId: journey.correlationId,
    acr: assurance.acr,
    amr: JSON.stringify(assurance.amr),
    authTime: toSeconds(journey.presentedAt),
    attributePolicyVersion: journey.policies.attributes,
    walletAttributes: sealCarried(means.keyring, tenant.id, begun.grantId, shows),
    detail: detailText({
      ...{ type: 'login_completed', acr: assurance.acr, way: journey.way },
      trust: journey.policies.trust,
      ...{ key_version_upgraded: false, ...decisionDetail(journey.policies.selector, decided) },
    }),
  })
  const granted = await record(means, prepared, journey, step, terms)
  if (!granted) return await refuseLogin(means, prepared, journey, 'unavailable', decided)
  means.metrics.outcome('login', 'wallet_only')
  return { kind: 'redirect', ...returnTo(request, { code, state: request.state, iss: issuer }) }
}

/** Whether it was granted. A yes is in the trail beside it, of nobody who could be named. */
async function record(
  { db, clock }: Pick<Deps, 'db' | 'clock'>,
  { tenant }: PreparedTenant,
  journey: Presented | Consenting,
  step: Step<{ id: JourneyId }>,
  terms: ConsentTerms | undefined,
): Promise<boolean> {
  if (terms === undefined) {
    const [[granted]] = await transact(db, tenant.id, [step]).catch(noRowIfSpent)
    return granted !== undefined
  }
  const { clientId, correlationId } = journey
  const said = { clientId, correlationId, subjectHash: undefined, now: toInstant(clock()) }
  const granting = inTransaction(db, tenant.id, async (tx) => {
    const granted = await tx.run(step)
    if (granted.length > 0) await tx.runLast([yesEvent(tenant.id, terms, said, false)])
    return [granted]
  })
  const [[granted]] = await granting.catch(noRowIfSpent)
  return granted !== undefined
}
