/** The last step of every journey with a person in it: whatever else has to hold, then the grant. */
import type { Deps } from '../deps.ts'
import { assureLogin } from '../domain/assurance.ts'
import type { ConsentTerms } from '../domain/consent.ts'
import type { Choosing, Consenting, Decided, Presented, Recognised } from '../domain/journey.ts'
import { toSeconds } from '../domain/time.ts'
import { askConsent, isAgreed, termsToAsk } from './ask-consent.ts'
import { grantLogin, upstreamOf } from './grant-login.ts'
import { openRequest } from './journey-secrets.ts'
import { type Next, refuseLogin } from './login-end.ts'
import type { RecognisedPerson } from './recognised-person.ts'
import type { PreparedTenant } from './tenants.ts'
import { keepsContract, readForJourney } from './token-parity.ts'

/**
 * The redirect with a code, or the question whether the relying party may learn what it asks for; or the end: a contract
 * that would be broken, a person or link that is gone meanwhile. `said`: what the person said yes to a moment ago.
 */
export async function finishLogin(
  means: Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>,
  prepared: PreparedTenant,
  journey: Presented | Choosing | Recognised | Consenting,
  decided: Decided,
  person: RecognisedPerson,
  said?: ConsentTerms,
): Promise<Next> {
  const place = { tenant: prepared.tenant.id, journey: journey.id }
  const request = openRequest(means.keyring, place, journey.request)
  const { clientId } = journey
  const { attributes } = journey.policies
  const keeps = await keepsContract(means, prepared, {
    ...{ clientId, correlationId: journey.correlationId, scope: request.scope, attributes },
    acr: assureLogin(journey.way, toSeconds(journey.presentedAt), upstreamOf(journey)).acr,
    read: () => readForJourney(means, prepared, journey, person),
  })
  if (!keeps) return await refuseLogin(means, prepared, journey, 'contract_broken', decided)
  const terms = said ?? (await termsToAsk(prepared, { clientId, attributes, request }))
  if (terms !== undefined && said === undefined && journey.state !== 'consenting') {
    const { identityId } = person
    if (!(await isAgreed(means, prepared, { clientId, identityId, request }, terms)))
      return await askConsent(means, prepared, journey, decided, person)
  }
  const agreed = terms && { terms, isNew: said !== undefined }
  const granted = await grantLogin(means, prepared, journey, decided, person, agreed)
  return granted ?? (await refuseLogin(means, prepared, journey, 'identity_unavailable', decided))
}
