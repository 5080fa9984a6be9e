/** Relying parties as they are registered, and where they may have browsers sent (protocols OP-01 to OP-05). */
import type { ClientProfile } from './client-profile.ts'
import type { Parity } from './contract.ts'
import type { DataAccess } from './data-access.ts'
import type { ClientId } from './ids.ts'
import type { MachineScope } from './machine.ts'
import type { SecretHash } from './text.ts'
import type { TokenAlgorithm } from './token-algorithm.ts'

export type ClientAuthentication =
  | 'client_secret_basic'
  | 'client_secret_post'
  | 'private_key_jwt'
  | 'none'

export type GrantType = 'authorization_code' | 'refresh_token' | 'client_credentials'

export interface RelyingParty {
  clientId: ClientId
  name: string
  redirectUris: readonly string[]
  authentication: ClientAuthentication
  secretHashes: readonly SecretHash[]
  jwks: { readonly keys: readonly Record<string, unknown>[] } | undefined
  /** Where it publishes its keys, instead of having them registered. */
  jwksUri: string | undefined
  idTokenAlgorithm: TokenAlgorithm
  requirePkce: boolean
  claimsInIdToken: boolean
  sector: string
  purpose: { en: string; nl: string } | undefined
  enabled: boolean
  /** What it may ask the token endpoint for. */
  grantTypes: readonly GrantType[]
  /** Whether a refresh token needs the scope `offline_access`; else one comes with every code (OP-79). */
  offlineAccessNeeded: boolean
  /** What its own tokens may do. */
  machineScopes: readonly MachineScope[]
  /** What of people they show and change. */
  dataAccess: DataAccess
  /** Resources besides ours that it may ask tokens for (RFC 8707). */
  audiences: readonly string[]
  /** What it is called as a resource server; it may introspect tokens that are meant for this (OP-70). */
  resource: string | undefined
  /** Issuer of the tenant's own authorization server: this client's tokens come from there and never from us. */
  issuedBy: string | undefined
  subjectType: 'pairwise' | 'public'
  sectorIdentifierUri: string | undefined
  /** How userinfo is signed for it; undefined: plain JSON. */
  userinfoAlgorithm: TokenAlgorithm | undefined
  /** Every token of it is bound to a key (RFC 9449 section 5.2). */
  dpopBound: boolean
  profile: ClientProfile
  /** Takes authorization requests from the pushed request endpoint alone (RFC 9126 section 6). */
  pushedRequestsOnly: boolean
  /** What its tokens are held to. */
  parity: Parity
  /** What it may ask for besides `openid`; undefined: every scope there is. */
  scopes: readonly string[] | undefined
  /** What it may be told of people; undefined: all that its scopes release. */
  claims: readonly string[] | undefined
  /** Whether people are asked before it learns about them: as the tenant says, or as this says. */
  consent: 'tenant' | 'ask' | 'never'
  /** Where browsers may be sent after a logout it asked for. */
  postLogoutRedirectUris: readonly string[]
  /** Where it hears that a login is over (Back-Channel Logout 1.0); undefined: nowhere. */
  backchannelLogoutUri: string | undefined
  /** It wants each session by name, and never all of a person's at once. */
  backchannelSessionRequired: boolean
}

/**
 * Whether `uri` may be registered for browsers to be sent to: an address in the web, or one that an app on the person's device
 * answers to (RFC 8252 section 7).
 */
export function isRegistrableRedirectUri(uri: string): boolean {
  return isAppAddress(uri) || isWebAddress(uri)
}

/** A scheme that an app owns: its domain name written backwards, hence with a dot (RFC 8252 sections 7.1 and 8.4). */
const APP_ADDRESS = /^([a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+:)\/[!-~]*$/

/** Whether an app on the person's device answers to `uri`, by a scheme of its own. Nobody can say which app that is. */
export function isAppAddress(uri: string): boolean {
  return uri.length <= 2048 && APP_ADDRESS.test(uri) && !/[#*@\\]/.test(uri) && URL.canParse(uri)
}

/** Whose address it is: its host, or the scheme of an app with its colon, which no host has. */
export function holderOf(uri: string): string {
  return APP_ADDRESS.exec(uri)?.[1] ?? new URL(uri).hostname
}

/** https, or http on a loopback address; no fragment, no user-info (OP-01). */
export function isWebAddress(uri: string): boolean {
  if (uri.length > 2048 || !URL.canParse(uri) || uri.includes('#') || uri.includes('\\'))
    return false
  // Printable ASCII only: neither white space nor control characters nor anything a browser would re-encode.
  if (!/^[!-~]+$/.test(uri)) return false
  const { protocol, hostname, username, password, origin } = new URL(uri)
  if (username !== '' || password !== '' || uri.includes('*')) return false
  // As browsers would write it: `https:a.example` they take for a path on the host that sends them there, which is ours.
  if (!uri.toLowerCase().startsWith(origin)) return false
  if (protocol === 'https:') return true
  return (
    protocol === 'http:' &&
    (hostname === '127.0.0.1' || hostname === '[::1]' || hostname === 'localhost')
  )
}

/**
 * The registered redirect URI that `asked` equals, character by character; a loopback IP address may differ in its port
 * only (RFC 8252 section 7.3). Undefined when there is none.
 */
export function matchRedirectUri(registered: readonly string[], asked: string): string | undefined {
  if (registered.includes(asked)) return asked
  const loopback = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]))(?::\d{1,5})?(\/.*)?$/
  const parts = loopback.exec(asked)
  // A port above 65535 fits the pattern, but leads nowhere.
  if (parts === null || !URL.canParse(asked)) return undefined
  const matches = registered.some((uri) => {
    const other = loopback.exec(uri)
    return other !== null && other[1] === parts[1] && (other[2] ?? '') === (parts[2] ?? '')
  })
  return matches ? asked : undefined
}

/**
 * Whether a login that is under way may still end with a code for `redirectUri`: not where the relying party was switched
 * off, or the address taken away, since it began.
 */
export function mayReturnTo(
  relyingParty: RelyingParty | undefined,
  redirectUri: string,
): relyingParty is RelyingParty {
  return (
    relyingParty?.enabled === true &&
    matchRedirectUri(relyingParty.redirectUris, redirectUri) !== undefined
  )
}
