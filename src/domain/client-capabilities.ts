/** What a client may do beyond sending browsers here: grants, machine scopes, resources, profile; judged as one. */
import { NO_ACCESS } from './data-access.ts'
import { fail } from './failure.ts'
import { isResourceName } from './machine.ts'
import {
  isAppAddress,
  isRegistrableRedirectUri,
  isWebAddress,
  type RelyingParty,
} from './relying-party.ts'

export type Capabilities = Pick<
  RelyingParty,
  | 'jwksUri'
  | 'grantTypes'
  | 'offlineAccessNeeded'
  | 'machineScopes'
  | 'dataAccess'
  | 'audiences'
  | 'resource'
  | 'issuedBy'
  | 'subjectType'
  | 'sectorIdentifierUri'
  | 'userinfoAlgorithm'
  | 'dpopBound'
  | 'profile'
  | 'pushedRequestsOnly'
  | 'scopes'
  | 'claims'
  | 'consent'
  | 'postLogoutRedirectUris'
  | 'backchannelLogoutUri'
  | 'backchannelSessionRequired'
>

/** Code flow, JSON userinfo, pairwise subjects: what a registration that says nothing else gets. */
export const PLAIN: Capabilities = {
  jwksUri: undefined,
  grantTypes: ['authorization_code'],
  offlineAccessNeeded: true,
  machineScopes: [],
  dataAccess: NO_ACCESS,
  audiences: [],
  resource: undefined,
  issuedBy: undefined,
  subjectType: 'pairwise',
  sectorIdentifierUri: undefined,
  userinfoAlgorithm: undefined,
  dpopBound: false,
  profile: 'standard',
  pushedRequestsOnly: false,
  scopes: undefined,
  claims: undefined,
  consent: 'tenant',
  postLogoutRedirectUris: [],
  backchannelLogoutUri: undefined,
  backchannelSessionRequired: false,
}

/** The sector of clients that never learn a subject, and of those that see the public one. No host can be called so. */
export const NO_SECTOR = '-'
export const PUBLIC_SECTOR = '*'

/** Where tokens and audiences of our own live: a client can be neither. */
export interface OwnNames {
  issuer: string
}

/**
 * The registration with what follows from it. Throws `invalid_request` naming the member where two parts of it do not go
 * together (RFC 7591 section 2, RFC 8707, FAPI 2.0 Security Profile 5.3.2; protocols OP-05, OP-94).
 */
export function judgeCapabilities(client: RelyingParty, own: OwnNames): RelyingParty {
  judgeGrants(client)
  judgeKeyPlace(client)
  judgeMachine(client)
  judgeLogoutAddresses(client)
  judgeAppAddresses(client)
  for (const name of [...client.audiences, client.resource].filter((one) => one !== undefined)) {
    if (!isResourceName(name)) refuse('resource: not an absolute URI without fragment')
    if (name === own.issuer || name.startsWith(`${own.issuer}/`))
      refuse("resource: the tenant's own address")
  }
  if (client.profile !== 'fapi2') return client
  return judgeFapi(client)
}

function judgeGrants({ grantTypes, redirectUris, issuedBy }: RelyingParty): void {
  const logsIn = grantTypes.includes('authorization_code')
  if (logsIn && redirectUris.length === 0) refuse('redirect_uris: needed for authorization_code')
  if (!logsIn && redirectUris.length > 0) refuse('redirect_uris: only with authorization_code')
  if (grantTypes.includes('refresh_token') && !logsIn)
    refuse('grant_types: refresh_token goes with authorization_code')
  if (issuedBy !== undefined && grantTypes.length > 0)
    refuse('issued_by: its tokens come from elsewhere, so it has no grant types here')
  if (issuedBy === undefined && grantTypes.length === 0) refuse('grant_types: none')
}

/** Its keys, or where they are, and not both (OpenID Connect Registration 2). */
function judgeKeyPlace({ authentication, jwks, jwksUri }: RelyingParty): void {
  if (jwksUri === undefined) return
  if (authentication !== 'private_key_jwt') refuse('jwks_uri: only with private_key_jwt')
  if (jwks !== undefined) refuse('jwks_uri: not beside jwks')
  if (!isWebAddress(jwksUri)) refuse('jwks_uri: not an https URL without fragment')
}

function judgeMachine(client: RelyingParty): void {
  const { grantTypes, authentication, issuedBy, machineScopes, audiences } = client
  const asks = grantTypes.includes('client_credentials')
  if (asks && authentication === 'none')
    refuse('grant_types: client_credentials needs a client that can prove itself')
  if (issuedBy !== undefined && authentication !== 'none')
    refuse('token_endpoint_auth_method: a client of another issuer has none here')
  if (!asks && issuedBy === undefined && machineScopes.length > 0)
    refuse('machine_scopes: only with client_credentials or issued_by')
  const { claims, auxiliary } = client.dataAccess
  if (machineScopes.length === 0 && claims.length + auxiliary.length > 0)
    refuse('data_access: only with machine_scopes')
  if (!asks && audiences.length > 0) refuse('audiences: only with client_credentials')
}

/** RP-Initiated Logout 1.0 section 3.1, Back-Channel Logout 1.0 section 2.2. */
function judgeLogoutAddresses(client: RelyingParty): void {
  const { grantTypes, postLogoutRedirectUris: uris, backchannelLogoutUri } = client
  if (uris.length === 0 && backchannelLogoutUri === undefined) return
  if (!grantTypes.includes('authorization_code'))
    refuse('post_logout_redirect_uris: only with authorization_code')
  uris.forEach((uri, index) => {
    if (!isRegistrableRedirectUri(uri) || uris.indexOf(uri) !== index)
      refuse(`post_logout_redirect_uris.${index}: not an https URL without fragment, or twice`)
  })
  if (backchannelLogoutUri !== undefined && !isWebAddress(backchannelLogoutUri))
    refuse('backchannel_logout_uri: not an https URL without fragment')
}

/** Whoever gets what is sent to an app's scheme has no secret to prove itself with: only PKCE tells it apart (RFC 8252 8.1, 8.5). */
function judgeAppAddresses({
  authentication,
  redirectUris,
  postLogoutRedirectUris,
}: RelyingParty): void {
  if (authentication !== 'none' && [...redirectUris, ...postLogoutRedirectUris].some(isAppAddress))
    refuse('token_endpoint_auth_method: an address of an app needs none')
}

/** FAPI 2.0 is one switch: what it demands of the registration is set, what contradicts it is refused. */
function judgeFapi(client: RelyingParty): RelyingParty {
  if (client.authentication !== 'private_key_jwt')
    refuse('token_endpoint_auth_method: fapi2 needs private_key_jwt')
  if (client.idTokenAlgorithm === 'RS256' || client.userinfoAlgorithm === 'RS256')
    refuse('id_token_signed_response_alg: fapi2 does not sign with RS256')
  if (client.jwks?.keys.some(({ alg }) => alg === 'RS256')) refuse('jwks: fapi2 refuses RS256')
  return { ...client, requirePkce: true, dpopBound: true, pushedRequestsOnly: true }
}

/** The same as the statements take it. */
export function capabilitiesRow(client: RelyingParty) {
  return {
    jwksUri: client.jwksUri ?? null,
    grantTypes: JSON.stringify(client.grantTypes),
    offlineAccessNeeded: client.offlineAccessNeeded ? 1 : 0,
    machineScopes: JSON.stringify(client.machineScopes),
    dataAccess: JSON.stringify(client.dataAccess),
    audiences: JSON.stringify(client.audiences),
    resource: client.resource ?? null,
    issuedBy: client.issuedBy ?? null,
    subjectType: client.subjectType,
    sectorIdentifierUri: client.sectorIdentifierUri ?? null,
    userinfoAlgorithm: client.userinfoAlgorithm ?? null,
    dpopBound: client.dpopBound ? 1 : 0,
    profile: client.profile,
    pushedRequestsOnly: client.pushedRequestsOnly ? 1 : 0,
    scopes: client.scopes === undefined ? null : JSON.stringify(client.scopes),
    claims: client.claims === undefined ? null : JSON.stringify(client.claims),
    consent: client.consent,
    postLogoutRedirectUris: JSON.stringify(client.postLogoutRedirectUris),
    backchannelLogoutUri: client.backchannelLogoutUri ?? null,
    backchannelSessionRequired: client.backchannelSessionRequired ? 1 : 0,
  } as const
}

function refuse(detail: string): never {
  return fail({ kind: 'invalid_request', detail })
}
