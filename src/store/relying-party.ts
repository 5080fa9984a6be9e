/** `relying_party`: who may send browsers to `/authorize`. */

import type { Selectable } from 'kysely'
import type { ClientProfile } from '../domain/client-profile.ts'
import type { Contract, Parity } from '../domain/contract.ts'
import type { DataAccess } from '../domain/data-access.ts'
import type { ClientId, TenantId } from '../domain/ids.ts'
import type { MachineScope } from '../domain/machine.ts'
import type { ClientAuthentication, GrantType, RelyingParty } from '../domain/relying-party.ts'
import type { SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { TokenAlgorithm } from '../domain/token-algorithm.ts'
import type { RelyingPartyTable } from './schema.ts'
import { type Params, statement } from './statement.ts'

interface Registration {
  tenantId: TenantId
  clientId: ClientId
  name: string
  redirectUris: string
  authentication: ClientAuthentication
  secretHashes: string
  jwks: string | null
  jwksUri: string | null
  idTokenAlgorithm: TokenAlgorithm
  requirePkce: 0 | 1
  claimsInIdToken: 0 | 1
  sector: string
  purposeEn: string | null
  purposeNl: string | null
  enabled: 0 | 1
  grantTypes: string
  offlineAccessNeeded: 0 | 1
  machineScopes: string
  dataAccess: string
  audiences: string
  resource: string | null
  issuedBy: string | null
  subjectType: 'pairwise' | 'public'
  sectorIdentifierUri: string | null
  userinfoAlgorithm: TokenAlgorithm | null
  dpopBound: 0 | 1
  profile: ClientProfile
  pushedRequestsOnly: 0 | 1
  scopes: string | null
  claims: string | null
  consent: 'tenant' | 'ask' | 'never'
  postLogoutRedirectUris: string
  backchannelLogoutUri: string | null
  backchannelSessionRequired: 0 | 1
  now: IsoInstant
}

type Changeable = Omit<Registration, 'sector' | 'subjectType' | 'issuedBy'>

export const findRelyingParty = statement(
  'find_relying_party',
  (q, p: Params<{ tenantId: TenantId; clientId: ClientId }>) =>
    q
      .selectFrom('relying_party')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where('client_id', '=', p('clientId')),
)

export const listRelyingParties = statement(
  'list_relying_parties',
  (q, p: Params<{ tenantId: TenantId; after: ClientId; limit: number }>) =>
    q
      .selectFrom('relying_party')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where('client_id', '>', p('after'))
      .orderBy('client_id')
      .limit(p('limit')),
)

/** What an update may change, by column. */
const changeable = (p: Params<Changeable>) => ({
  name: p('name'),
  redirect_uris: p('redirectUris'),
  token_endpoint_auth_method: p('authentication'),
  secret_hashes: p('secretHashes'),
  jwks: p('jwks'),
  jwks_uri: p('jwksUri'),
  id_token_signed_response_alg: p('idTokenAlgorithm'),
  require_pkce: p('requirePkce'),
  claims_in_id_token: p('claimsInIdToken'),
  purpose_en: p('purposeEn'),
  purpose_nl: p('purposeNl'),
  enabled: p('enabled'),
  grant_types: p('grantTypes'),
  offline_access_needed: p('offlineAccessNeeded'),
  machine_scopes: p('machineScopes'),
  data_access: p('dataAccess'),
  audiences: p('audiences'),
  resource: p('resource'),
  sector_identifier_uri: p('sectorIdentifierUri'),
  userinfo_signed_response_alg: p('userinfoAlgorithm'),
  dpop_bound_access_tokens: p('dpopBound'),
  profile: p('profile'),
  require_pushed_authorization_requests: p('pushedRequestsOnly'),
  scopes: p('scopes'),
  claims: p('claims'),
  consent: p('consent'),
  post_logout_redirect_uris: p('postLogoutRedirectUris'),
  backchannel_logout_uri: p('backchannelLogoutUri'),
  backchannel_logout_session_required: p('backchannelSessionRequired'),
  updated_at: p('now'),
})

export const insertRelyingParty = statement('insert_relying_party', (q, p: Params<Registration>) =>
  q.insertInto('relying_party').values({
    ...changeable(p),
    tenant_id: p('tenantId'),
    client_id: p('clientId'),
    sector: p('sector'),
    issued_by: p('issuedBy'),
    subject_type: p('subjectType'),
    created_at: p('now'),
  }),
)

/** Everything but the sector and what it hangs on: it decides the subjects a relying party knows people by, and never moves. */
export const updateRelyingParty = statement('update_relying_party', (q, p: Params<Changeable>) =>
  q
    .updateTable('relying_party')
    .set(changeable(p))
    .where('tenant_id', '=', p('tenantId'))
    .where('client_id', '=', p('clientId')),
)

function readParity(row: Selectable<RelyingPartyTable>): Parity {
  if (row.contract === null) return { state: 'off' }
  const contract = JSON.parse(row.contract) as Contract
  return row.contract_recorded_at === null
    ? { state: 'recording', acr: contract.acr }
    : { state: 'enforced', contract, recordedAt: row.contract_recorded_at }
}

/** The row as flows see it. */
export function readRelyingParty(row: Selectable<RelyingPartyTable>): RelyingParty {
  return {
    clientId: row.client_id,
    name: row.name,
    redirectUris: JSON.parse(row.redirect_uris) as string[],
    authentication: row.token_endpoint_auth_method,
    secretHashes: JSON.parse(row.secret_hashes) as SecretHash[],
    jwks:
      row.jwks === null ? undefined : (JSON.parse(row.jwks) as NonNullable<RelyingParty['jwks']>),
    jwksUri: row.jwks_uri ?? undefined,
    idTokenAlgorithm: row.id_token_signed_response_alg,
    requirePkce: row.require_pkce === 1,
    claimsInIdToken: row.claims_in_id_token === 1,
    sector: row.sector,
    purpose:
      row.purpose_en === null || row.purpose_nl === null
        ? undefined
        : { en: row.purpose_en, nl: row.purpose_nl },
    enabled: row.enabled === 1,
    grantTypes: JSON.parse(row.grant_types) as GrantType[],
    offlineAccessNeeded: row.offline_access_needed === 1,
    machineScopes: JSON.parse(row.machine_scopes) as MachineScope[],
    dataAccess: JSON.parse(row.data_access) as DataAccess,
    audiences: JSON.parse(row.audiences) as string[],
    resource: row.resource ?? undefined,
    issuedBy: row.issued_by ?? undefined,
    subjectType: row.subject_type,
    sectorIdentifierUri: row.sector_identifier_uri ?? undefined,
    userinfoAlgorithm: row.userinfo_signed_response_alg ?? undefined,
    dpopBound: row.dpop_bound_access_tokens === 1,
    profile: row.profile,
    pushedRequestsOnly: row.require_pushed_authorization_requests === 1,
    parity: readParity(row),
    scopes: row.scopes === null ? undefined : (JSON.parse(row.scopes) as string[]),
    claims: row.claims === null ? undefined : (JSON.parse(row.claims) as string[]),
    consent: row.consent,
    postLogoutRedirectUris: JSON.parse(row.post_logout_redirect_uris) as string[],
    backchannelLogoutUri: row.backchannel_logout_uri ?? undefined,
    backchannelSessionRequired: row.backchannel_logout_session_required === 1,
  }
}
