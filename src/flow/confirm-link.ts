/** The page that names wallet and account before they are linked, and what happens when the person says yes. */
import type { Deps } from '../deps.ts'
import type { Attributes } from '../domain/attributes.ts'
import { fail } from '../domain/failure.ts'
import type { CorrelationId, JourneyId } from '../domain/ids.ts'
import type { Confirming } from '../domain/journey.ts'
import { takeHeldLink } from './hold-link.ts'
import { openPresentation, openStated } from './journey-secrets.ts'
import { takeOwn } from './own-journey.ts'
import { planOf, reasonOf, recordFailure } from './reconciliation-end.ts'
import { recordLink } from './record-link.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

/** Both sides, in words the person knows them by. */
export interface BothSides {
  correlationId: CorrelationId
  language: 'en' | 'nl'
  /** The name that the wallet stated; undefined where it stated none. */
  walletName: string | undefined
  /** Who made the credential: the issuers' own names, else how the tenant calls them. */
  issuers: readonly string[]
  providerName: string
  accountLabel: string
}

/**
 * What the page shows. Undefined when there is nothing to confirm (any more): the dispatcher knows better. Throws
 * `not_found`, also for another browser's journey.
 */
export async function readBothSides(
  means: Means,
  prepared: PreparedTenant,
  id: JourneyId,
  browserId: string | undefined,
): Promise<BothSides | undefined> {
  const journey = await takeConfirming(means, prepared, id, browserId)
  if (journey === undefined) return undefined
  const { held } = await takeHeldLink(means, prepared, journey)
  const provider = await prepared.provider(held.providerId)
  const place = { tenant: prepared.tenant.id, journey: id }
  const { attributes, shown } = openPresentation(means.keyring, place, journey.attributes)
  return {
    correlationId: journey.correlationId,
    language: journey.language,
    walletName: nameIn(attributes),
    issuers: readableIssuers(shown.issuers),
    providerName: provider?.name ?? prepared.tenant.name[journey.language],
    accountLabel: held.label,
  }
}

/** The name in a wallet's attributes, whole or as its two parts. */
function nameIn(attributes: Attributes): string | undefined {
  const parts = attributes.name === undefined ? ['given_name', 'family_name'] : ['name']
  const words = parts.map((part) => attributes[part]).filter((word) => typeof word === 'string')
  return words.length === 0 ? undefined : words.join(' ').slice(0, 200)
}

/** The hosts of issuers that are addresses; where none is, the names that the tenant's trust policy has for them. */
function readableIssuers(issuers: readonly string[]): readonly string[] {
  const hosts = issuers.map((issuer) => URL.parse(issuer)?.host ?? '').filter((host) => host !== '')
  return hosts.length > 0 ? hosts : issuers
}

/**
 * Writes the link, once: of several answers one does, and the others find it done. Returns whether there was something to
 * confirm; what it came to is the dispatcher's to say. Throws `not_found`, also for another browser's journey.
 */
export async function confirmLink(
  means: Means,
  prepared: PreparedTenant,
  id: JourneyId,
  browserId: string | undefined,
): Promise<{ language: 'en' | 'nl' } | undefined> {
  const journey = await takeConfirming(means, prepared, id, browserId)
  if (journey === undefined) return undefined
  const { sessionId, held } = await takeHeldLink(means, prepared, journey)
  const provider = await prepared.provider(held.providerId)
  try {
    if (provider === undefined || !provider.enabled)
      return fail({ kind: 'institution_refused', reason: 'unavailable' })
    const plan = planOf(journey)
    const expectedId = plan.plan === 'STEP_UP' ? journey.candidateId : undefined
    const { account, upstream, told } = held
    const policy = await prepared.policy('attributes', journey.policies.attributes)
    const place = { tenant: prepared.tenant.id, journey: id }
    const shown = openStated(means.keyring, place, journey.attributes)
    const attributes = { policy, shown, told }
    const proven = { account, upstream, attributes, plan, expectedId }
    await recordLink(means, prepared, { ...proven, journey, sessionId, provider })
    means.metrics.outcome('reconciliation', 'completed')
  } catch (error) {
    const reason = reasonOf(error)
    if (reason === undefined) throw error
    await recordFailure(means, prepared, sessionId, journey, provider?.slug ?? 'unknown', reason)
  }
  return { language: journey.language }
}

async function takeConfirming(
  means: Means,
  prepared: PreparedTenant,
  id: JourneyId,
  browserId: string | undefined,
): Promise<Confirming | undefined> {
  const journey = await takeOwn(means, prepared, id, browserId)
  return journey.state === 'confirming' ? journey : undefined
}
