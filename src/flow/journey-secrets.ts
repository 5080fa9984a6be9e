/**
 * The sealed parts of a journey: what the relying party asked, what the wallet alone is given, and the attributes a
 * presentation showed, each by itself: a step opens what it needs, and what is spent is dropped unopened. Sealed under the session sub-key for their own row, so nothing in a journey is of use at rest.
 */
import type { Keyring } from '../crypto/keyring.ts'
import { openUnder, sealUnder } from '../crypto/seal.ts'
import type { Attributes } from '../domain/attributes.ts'
import type { AuthorizationRequest } from '../domain/authorization-request.ts'
import type { JourneyId, TenantId } from '../domain/ids.ts'
import type { SealedPresentation, SealedRequest, WalletSecrets } from '../domain/journey.ts'
import type { StatedByWallet } from '../domain/kept-attributes.ts'
import type { Sealed } from '../domain/text.ts'

interface Place {
  tenant: TenantId
  journey: JourneyId
}

type Column = 'request' | 'wallet_secrets' | 'presentation'

function contextOf(place: Place, column: Column) {
  return { tenant: place.tenant, table: 'journey', column, row: place.journey }
}

/** What later steps need of a request; the registration stays where it is. */
export function partToSeal(request: AuthorizationRequest): SealedRequest {
  return {
    redirectUri: request.redirectUri,
    scope: request.scope,
    state: request.state,
    nonce: request.nonce,
    codeChallenge: request.codeChallenge,
    dpopJkt: request.dpopJkt,
    maxAge: request.maxAge,
    trigger: request.trigger,
    selectAccount: request.selectAccount,
    askConsent: request.askConsent,
    formPost: request.formPost,
    essentialAcr: request.essentialAcr,
    claims: request.claims,
    subjects: request.subjects,
  }
}

export function sealRequest(keyring: Keyring, place: Place, request: SealedRequest): Sealed {
  return sealUnder(keyring, 'session', contextOf(place, 'request'), JSON.stringify(request))
}

/** Throws `sealed_unreadable`. */
export function openRequest(keyring: Keyring, place: Place, sealed: Sealed): SealedRequest {
  return JSON.parse(openText(keyring, place, 'request', sealed)) as SealedRequest
}

export function sealWalletSecrets(keyring: Keyring, place: Place, secrets: WalletSecrets): Sealed {
  return sealUnder(keyring, 'session', contextOf(place, 'wallet_secrets'), JSON.stringify(secrets))
}

/** Throws `sealed_unreadable`. */
export function openWalletSecrets(keyring: Keyring, place: Place, sealed: Sealed): WalletSecrets {
  return JSON.parse(openText(keyring, place, 'wallet_secrets', sealed)) as WalletSecrets
}

export function sealPresentation(
  keyring: Keyring,
  place: Place,
  shown: SealedPresentation,
): Sealed {
  return sealUnder(keyring, 'session', contextOf(place, 'presentation'), JSON.stringify(shown))
}

/** Throws `sealed_unreadable`. */
export function openPresentation(
  keyring: Keyring,
  place: Place,
  sealed: Sealed,
): SealedPresentation {
  return JSON.parse(openText(keyring, place, 'presentation', sealed)) as SealedPresentation
}

/** Throws `sealed_unreadable`. */
export function openAttributes(keyring: Keyring, place: Place, sealed: Sealed): Attributes {
  return openPresentation(keyring, place, sealed).attributes
}

/** The same, with which credentials stated them. Throws `sealed_unreadable`. */
export function openStated(keyring: Keyring, place: Place, sealed: Sealed): StatedByWallet {
  const { attributes: values, origins, standings } = openPresentation(keyring, place, sealed)
  return { values, origins, standings }
}

function openText(keyring: Keyring, place: Place, column: Column, sealed: Sealed): string {
  return Buffer.from(openUnder(keyring, 'session', contextOf(place, column), sealed)).toString(
    'utf8',
  )
}
