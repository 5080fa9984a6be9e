/**
 * A journey: one browser's way from a relying party's request to a code. Its states are types, so that what has not
 * happened cannot be passed on:
 *
 *   started → retrieved → presented → (choosing | reconciling → (confirming →) recognised) → (consenting →) granted
 *   presented → managing, where the person asked for their own data
 *   any open state → failed | expired
 *
 * The stored row follows each arrow with one compare-and-set (`store/journey.ts`).
 */
import type { UpstreamAssurance, Way } from './assurance.ts'
import type { Attributes } from './attributes.ts'
import type { NamedClaims } from './claims-request.ts'
import type { HashedIdentifier } from './identifier.ts'
import type {
  BindingId,
  ClientId,
  CorrelationId,
  IdentityId,
  JourneyId,
  ProviderId,
  TenantId,
} from './ids.ts'
import type { Origins } from './kept-attributes.ts'
import type { Plan } from './plan.ts'
import type { HolderState, Trigger } from './selector-rule.ts'
import type { ShownCredentials } from './shown-credentials.ts'
import type { Standing } from './standing.ts'
import type { Sealed, SecretHash } from './text.ts'
import { DAY, MINUTE, SECOND } from './time.ts'

/** From the first request to the wallet's answer. */
export const WALLET_TIME = 5 * MINUTE
/** Cross-device codes can be relayed; they live shorter (protocols VP-133). */
export const CROSS_DEVICE_TIME = 2 * MINUTE
/** How long one QR code is shown before another takes its place. */
export const CODE_SHOWN_TIME = 30 * SECOND
/** What the person gets for the institution's login, counted from leaving for it. */
export const RECONCILIATION_TIME = 10 * MINUTE
/** How old a presentation may be when the institution's login begins, however often it begins anew. */
export const PRESENTATION_TIME = 30 * MINUTE
/** Between the wallet's answer and the browser's return (protocols 11 row 5). */
export const RETURN_TIME = 60 * SECOND
/** A refused presentation leaves the journey open this many times (VP-081). */
export const REFUSALS_ALLOWED = 2
/** What a person gets to choose an account, or to say that wallet and account are both theirs. */
export const CHOICE_TIME = 5 * MINUTE
/** What a person gets to look after their own data. */
export const MANAGE_TIME = 15 * MINUTE
/** How long a pushed authorization request waits for its browser (OP-31). */
export const PUSHED_TIME = 60 * SECOND
/** A single-sign-on session that is not used this long is over, whatever the tenant allows. */
export const SIGN_ON_IDLE_TIME = 20 * MINUTE
/** Lifetime of an authorization code (OP-40). */
export const CODE_TIME = 60 * SECOND
export const ACCESS_TOKEN_TIME = 10 * MINUTE
export const ID_TOKEN_TIME = 5 * MINUTE
/** Access tokens of machine clients. */
export const MACHINE_TOKEN_TIME = 10 * MINUTE
/** A refresh token ends when it is not used this long; its family ends after this time in any case (OP-76). */
export const REFRESH_IDLE_TIME = 7 * DAY
export const REFRESH_TIME = 30 * DAY
/** A client whose answer was lost may ask with the token before once more, this long (OP-75). */
export const REFRESH_GRACE = 10 * SECOND
/** A grant outlives its access tokens a little, so that a late replay of its code is still known (OP-43). */
export const GRANT_TIME = 60 * MINUTE
/** What a grant is kept longer than its refresh tokens. */
export const GRANT_SLACK = 60 * MINUTE

/** What one question to a wallet is made of: no two requests have the same of either (VP-003, HA-05). */
export interface WalletQuestion {
  nonce: string
  /** P-256 private scalar of the response encryption key, base64url. */
  responseKey: string
}

/** A question that a link leads to. All random; only hashes of `requestId` and `state` are stored in the clear. */
export interface WalletLink extends WalletQuestion {
  /** Part of the request_uri, 128 bits and more. */
  requestId: string
  state: string
}

/** What the wallet alone is given, for every way in; sealed at rest, and gone as soon as it has answered (VP-082). */
export interface WalletSecrets {
  sameDevice: WalletLink
  /** Of the QR code, from when it is first shown. `madeAt` in milliseconds since the epoch. */
  crossDevice?: (WalletLink & { madeAt: number }) | undefined
  /** Of the Digital Credentials API, made when the page asks for it, anew for each attempt. */
  digital?: WalletQuestion | undefined
  /** Our name in all of them, as the tenant had it when the journey began; absent in those that began before it was kept. */
  clientId?: string
  /** As the tenant had it when the journey began. */
  responseMode: 'direct_post' | 'direct_post.jwt'
}

/** What the relying party asked; sealed at rest, apart from the wallet's secrets, so that each step opens what it needs. */
export interface SealedRequest {
  redirectUri: string
  scope: readonly string[]
  state: string | undefined
  nonce: string | undefined
  codeChallenge: string | undefined
  /** Absent in journeys that began before there was such a thing. */
  dpopJkt?: string | undefined
  /** Seconds; how old a login may be that the person brings along. 0 for `prompt=login` (OP-18, OP-19). */
  maxAge: number | undefined
  trigger: Trigger
  /** A person with several accounts is asked, whatever was remembered. */
  selectAccount: boolean
  /** The person is asked, whatever they agreed to before. Absent: only what is new. */
  askConsent?: true | undefined
  /** The answer goes back by POST. Absent: by the query. */
  formPost?: true | undefined
  /** One of these or no login (Core 5.5.1.1). Absent: any. */
  essentialAcr?: readonly string[] | undefined
  /** Claims asked for by name, and where they shall go (Core 5.5). Absent: no such request. */
  claims?: NamedClaims | undefined
  /** One of these or no login (Core 3.1.2.1, `id_token_hint` and `sub` in `claims`). Absent: anybody. */
  subjects?: readonly string[] | undefined
}

/** What a presentation showed, sealed in its journey until that ends. */
export interface SealedPresentation {
  attributes: Attributes
  /** Which credentials stated them. */
  origins: Origins
  shown: ShownCredentials
  /** What becomes of them can be looked up again, where their trust entries want that. */
  standings: readonly Standing[]
}

/** Of a login without a wallet. */
export const NOTHING_SHOWN: SealedPresentation = {
  attributes: {},
  origins: {},
  shown: { queries: [], credentialSets: [], types: [], issuers: [] },
  standings: [],
}

/**
 * What the selector decided for this login, kept with it: whatever follows does what was decided, under the version of the
 * policy the journey began with. Nothing of it is about the person.
 */
export interface Decided {
  plan: Plan
  /** Id of a rule, or of a built-in one. */
  rule: string
  reasons: readonly string[]
  state: HolderState
}

/** Which version of each policy a journey began with; it ends with the same ones. */
export interface PolicyVersions {
  trust: number
  query: number
  attributes: number
  material: number
  selector: number
}

interface JourneyBase {
  tenantId: TenantId
  id: JourneyId
  correlationId: CorrelationId
  clientId: ClientId
  /** `privacy`: the person asks for their own data, and no relying party does. */
  purpose: 'login' | 'privacy'
  browserHash: SecretHash
  language: 'en' | 'nl'
  request: Sealed
  /** Sealed {@link WalletSecrets}; undefined as soon as no wallet is waited for. */
  walletSecrets: Sealed | undefined
  requestKid: string
  policies: PolicyVersions
  createdAt: number
  expiresAt: number
}

/** Waiting for a wallet; `retrieved` once one has fetched the request. */
export interface Open extends JourneyBase {
  state: 'started' | 'retrieved'
  refusals: number
}

/**
 * What a verified presentation leaves: every identifier of the tenant's materials, hashed, and attributes. Of the way
 * `direct` it is the choice of a provider instead: no identifiers and no attributes until the institution has said who is
 * there; then the account stands here.
 */
export interface Presentation {
  way: Way
  /** The provider that was chosen instead of a wallet; of the way `direct`, and of no other. */
  providerId: ProviderId | undefined
  presentedAt: number
  /** In the order of the material policy; none where the presentation gave none whole. */
  identifiers: readonly HashedIdentifier[]
  /** Sealed {@link SealedPresentation}. */
  attributes: Sealed
}

/** A wallet proved who holds it; nothing outside the journey has changed yet. */
export interface Presented extends JourneyBase, Presentation {
  state: 'presented'
}

/** A known holder with several accounts is asked which one to use. */
export interface Choosing extends JourneyBase, Presentation {
  state: 'choosing'
  decided: Decided
  identityId: IdentityId
  /** In the order in which the page shows them. */
  accounts: readonly BindingId[]
}

/** The browser is at the institution. */
export interface Reconciling extends JourneyBase, Presentation {
  state: 'reconciling'
  decided: Decided
  /** Who the holder is, or may be, as far as the wallet alone says. */
  candidateId: IdentityId | undefined
}

/** Wallet and account are proved, and the person is asked whether they belong together. */
export interface Confirming extends Omit<Reconciling, 'state'> {
  state: 'confirming'
}

/** The person looks after their own data. */
export interface Managing extends JourneyBase, Presentation {
  state: 'managing'
  identityId: IdentityId
}

/** The institution's login was joined with the presentation. */
export interface Recognised extends JourneyBase, Presentation {
  state: 'recognised'
  decided: Decided
  identityId: IdentityId
  bindingId: BindingId
  upstream: UpstreamAssurance
}

/** All is proved, and the person is asked whether the relying party may learn it. */
export interface Consenting extends JourneyBase, Presentation {
  state: 'consenting'
  decided: Decided
  /** Undefined, as the binding, where the login links nobody. */
  identityId: IdentityId | undefined
  bindingId: BindingId | undefined
  /** What the institution said of its login, if that was part of this one. */
  upstream: UpstreamAssurance | undefined
}

/** The same, where the browser's session is all the proof: nothing was presented. */
export interface SessionConsenting extends JourneyBase {
  state: 'consenting'
  way: undefined
  identityId: IdentityId
}

export interface Ended extends JourneyBase {
  state: 'granted' | 'failed' | 'expired'
  failure: string | undefined
}

export type Journey =
  | Open
  | Presented
  | Choosing
  | Reconciling
  | Confirming
  | Managing
  | Recognised
  | Consenting
  | SessionConsenting
  | Ended

/** Until when a login that began at `createdAt` may show a QR code; milliseconds since the epoch. */
export function crossDeviceEnd(createdAt: number): number {
  return createdAt + CROSS_DEVICE_TIME
}

/**
 * When a login must have begun for its QR code to be good now; milliseconds since the epoch. A tenant that switches codes off
 * means those that stand on a screen, too.
 */
export function crossDeviceSince(tenant: { crossDevice: boolean }, now: number): number {
  return tenant.crossDevice ? now - CROSS_DEVICE_TIME : now
}

/**
 * Whether a login may show a QR code at all: where the tenant wants that, and never where a person asks for their own data. A
 * code can be relayed to somebody else, who would prove a stranger's right to see and erase all of it (protocols VP-133).
 */
export function mayShowCode(
  tenant: { crossDevice: boolean },
  purpose: 'login' | 'privacy',
): boolean {
  return tenant.crossDevice && purpose === 'login'
}
