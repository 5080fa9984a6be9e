/** A journey as its own browser may see it: for the waiting page, its QR code and its live status. Reads only. */

import type { Deps } from '../deps.ts'
import type { ClientId, CorrelationId, JourneyId } from '../domain/ids.ts'
import { crossDeviceEnd, type Journey, mayShowCode } from '../domain/journey.ts'
import { openWalletSecrets } from './journey-secrets.ts'
import { linkFor } from './journey-signer.ts'
import { takeOwn } from './own-journey.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock'>

/** What the page's script acts on. */
export type JourneyStatus = 'waiting' | 'retrieved' | 'continue' | 'failed' | 'expired'

export interface OpenPage {
  correlationId: CorrelationId
  language: 'en' | 'nl'
  clientId: ClientId
  relyingPartyName: string
  purpose: { en: string; nl: string } | undefined
  link: string
  /** Until when a QR code may be shown; undefined for none. */
  codeExpiresAt: number | undefined
  expiresAt: number
  state: 'waiting' | 'retrieved'
}

/** Throws `not_found` for an unknown journey and for another browser's. */
export async function readStatus(
  means: Means,
  prepared: PreparedTenant,
  id: JourneyId,
  browserId: string | undefined,
): Promise<JourneyStatus> {
  const journey = await takeOwn(means, prepared, id, browserId)
  switch (journey.state) {
    case 'started':
      return 'waiting'
    case 'retrieved':
      return 'retrieved'
    case 'presented':
      // Same device: the wallet itself brings the browser back, with a code this page does not know (VP-077).
      return journey.way === 'same_device' ? 'retrieved' : 'continue'
    case 'choosing':
    case 'confirming':
    case 'managing':
    case 'reconciling':
    case 'recognised':
    case 'consenting':
    case 'granted':
      return 'continue'
    case 'failed':
    case 'expired':
      return journey.state
  }
}

/** The waiting page's content while the journey is open, else undefined: then the dispatcher knows better. */
export async function readOpenPage(
  means: Means,
  prepared: PreparedTenant,
  id: JourneyId,
  browserId: string | undefined,
): Promise<OpenPage | undefined> {
  const journey = await takeOwn(means, prepared, id, browserId)
  const waiting = journey.state === 'started' || journey.state === 'retrieved'
  if (!waiting && !(journey.state === 'presented' && journey.way === 'same_device'))
    return undefined
  const place = { tenant: prepared.tenant.id, journey: id }
  const secrets =
    journey.walletSecrets === undefined
      ? undefined
      : openWalletSecrets(means.keyring, place, journey.walletSecrets)
  const asking = await askerOf(prepared, journey)
  if (asking === undefined) return undefined
  const codeEnd = crossDeviceEnd(journey.createdAt)
  const hasCode =
    waiting && mayShowCode(prepared.tenant, journey.purpose) && codeEnd > means.clock()
  return {
    correlationId: journey.correlationId,
    language: journey.language,
    clientId: journey.clientId,
    ...asking,
    // Once the wallet has answered there is no request left to open, only the wallet to go back to.
    link:
      secrets === undefined
        ? prepared.tenant.walletScheme
        : linkFor(prepared, journey.requestKid, secrets, secrets.sameDevice),
    codeExpiresAt: hasCode ? codeEnd : undefined,
    expiresAt: journey.expiresAt,
    state: journey.state === 'started' ? 'waiting' : 'retrieved',
  }
}

/** Who asks: a relying party, or the person themself for their own data. */
async function askerOf(prepared: PreparedTenant, journey: Journey) {
  if (journey.purpose === 'privacy')
    return { relyingPartyName: prepared.tenant.name[journey.language], purpose: undefined }
  const relyingParty = await prepared.relyingParty(journey.clientId)
  return relyingParty && { relyingPartyName: relyingParty.name, purpose: relyingParty.purpose }
}
