/** What happens with a presentation: who it belongs to, and which plan the tenant's selector has for that. */
import type { Deps } from '../deps.ts'
import { choosePlan, type SelectorFacts } from '../domain/choose-plan.ts'
import { type Decided, NOTHING_SHOWN, type Presented } from '../domain/journey.ts'
import { type KnownPerson, type Recognition, recognise } from '../domain/recognition.ts'
import { type HitRow, readHit } from '../store/hits.ts'
import { openPresentation, openRequest } from './journey-secrets.ts'
import type { PreparedTenant } from './tenants.ts'

/** Asked at every presentation, the known holder's included. `decided` is undefined where no plan may apply. */
export async function decidePlan(
  means: Pick<Deps, 'keyring' | 'clock'>,
  prepared: PreparedTenant,
  journey: Presented,
  hits: readonly HitRow[],
): Promise<{ found: Recognition; decided: Decided | undefined }> {
  const material = await prepared.policy('material', journey.policies.material)
  const keyAlone = material.keyAlone === 'allowed'
  const found = recognise(journey.identifiers, hits.map(readHit), { keyAlone }, means.clock())
  if (found.state === 'UNAVAILABLE') return { found, decided: undefined }
  const selector = await prepared.selector(journey.policies.selector)
  const place = { tenant: prepared.tenant.id, journey: journey.id }
  // Opened only for rules that look into it: most tenants have none.
  const { attributes, shown } = selector.readsPresentation
    ? openPresentation(means.keyring, place, journey.attributes)
    : NOTHING_SHOWN
  const { trigger, scope } = openRequest(means.keyring, place, journey.request)
  const person = personOf(found)
  const facts: SelectorFacts = {
    tenant: prepared.tenant.slug,
    entryPoint: journey.way === 'direct' ? 'direct' : 'wallet',
    way: journey.way === 'direct' ? undefined : journey.way,
    // Without a wallet the institution is asked anyway.
    trigger: journey.way === 'direct' ? 'login' : trigger,
    ...{ queries: shown.queries, credentialSets: shown.credentialSets },
    ...{ credentialTypes: shown.types, issuers: shown.issuers, attributes },
    state: found.state,
    candidate: person?.proof === 'candidate',
    identified: person?.proof === 'identified',
    projections: scope,
    relyingParty: journey.clientId,
    refreshDue: person?.bindings[0]?.stale === true,
  }
  return { found, decided: { ...choosePlan(selector, facts), state: found.state } }
}

/** The person a presentation belongs to, or may belong to. */
export function personOf(found: Recognition): KnownPerson | undefined {
  return 'identityId' in found ? found : undefined
}
