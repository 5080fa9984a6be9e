/** The last step of every journey with a person in it: whatever else has to hold, then the grant. */
import type { Deps } from '../deps.ts'
import { assureLogin } from '../domain/assurance.ts'
import type { Choosing, Decided, Presented, Recognised } from '../domain/journey.ts'
import { toSeconds } from '../domain/time.ts'
import { grantLogin, type RecognisedPerson } from './grant-login.ts'
import { openRequest } from './journey-secrets.ts'
import { type Next, refuseLogin } from './login-end.ts'
import type { PreparedTenant } from './tenants.ts'
import { keepsContract, readForJourney } from './token-parity.ts'

/** The redirect with a code, or the end: a contract that would be broken, a person or link that is gone meanwhile. */
export async function finishLogin(
  means: Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>,
  prepared: PreparedTenant,
  journey: Presented | Choosing | Recognised,
  decided: Decided,
  person: RecognisedPerson,
): Promise<Next> {
  const place = { tenant: prepared.tenant.id, journey: journey.id }
  const { scope } = openRequest(means.keyring, place, journey.request)
  const upstream = journey.state === 'recognised' ? journey.upstream : undefined
  const keeps = await keepsContract(means, prepared, {
    ...{ clientId: journey.clientId, correlationId: journey.correlationId, scope },
    attributes: journey.policies.attributes,
    acr: assureLogin(journey.way, toSeconds(journey.presentedAt), upstream).acr,
    read: () => readForJourney(means, prepared, journey, person),
  })
  if (!keeps) return await refuseLogin(means, prepared, journey, 'contract_broken', decided)
  const granted = await grantLogin(means, prepared, journey, decided, person)
  return granted ?? (await refuseLogin(means, prepared, journey, 'identity_unavailable', decided))
}
