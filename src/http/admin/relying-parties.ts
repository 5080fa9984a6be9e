/** Relying parties: `/admin/v1/tenants/{tenant}/relying-parties`. */
import type { ClientId } from '../../domain/ids.ts'
import type { RelyingParty } from '../../domain/relying-party.ts'
import type { TokenAlgorithm } from '../../domain/token-algorithm.ts'
import { readAllRelyingParties, readOneRelyingParty } from '../../flow/read-relying-parties.ts'
import { registerRelyingParty } from '../../flow/register-relying-party.ts'
import type { Registered } from '../../flow/relying-party-draft.ts'
import { type RelyingPartyChange, updateRelyingParty } from '../../flow/update-relying-party.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import { NEW_RELYING_PARTY, RELYING_PARTY } from './examples.ts'
import { PageQuery, pageOf } from './page.ts'
import type { Body } from './shapes.ts'

const tag = 'Administration: relying parties'
const scope = 'clients:manage'
const ALL = '/tenants/:tenant/relying-parties'
const ONE = `${ALL}/:client_id`
const NOT_FOUND = { 404: 'No such tenant or relying party, or not one of this token.' }
const SECTOR_REFUSED = 'The document of the sector cannot be had; the code says why.'
const WITH_SECRET = {
  ...RELYING_PARTY,
  client_secret: 'eW91ci1zZWNyZXQtb2YtMjU2LWJpdHMtc2hvd24tb25jZQ',
}

export function relyingPartyRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...{ method: 'POST', path: ALL, operationId: 'registerRelyingParty', tag, scope },
      summary: 'Register a relying party',
      description:
        'Its client secret is made here, of 256 bits, and said in this answer alone. A public client (`none`) has no secret and always needs PKCE. A machine client registers `client_credentials` and the scopes of its own tokens.',
      ...{ body: 'NewRelyingParty', sent: NEW_RELYING_PARTY },
      ...{ answer: 'RelyingPartyWithSecret', told: WITH_SECRET, status: 201 },
      refusals: {
        ...NOT_FOUND,
        409: 'There is a relying party of this client id or resource.',
        422: SECTOR_REFUSED,
      },
      async run({ actor, body, path }) {
        const registered = await registerRelyingParty(deps, actor, path('tenant'), {
          clientId: body.client_id,
          name: body.client_name,
          redirectUris: body.redirect_uris,
          authentication: body.token_endpoint_auth_method,
          jwks: body.jwks,
          jwksUri: body.jwks_uri,
          idTokenAlgorithm: body.id_token_signed_response_alg ?? defaultAlgorithm(body),
          requirePkce: body.require_pkce,
          claimsInIdToken: body.claims_in_id_token,
          sector: body.sector,
          purpose: body.purpose ?? undefined,
          grantTypes:
            body.grant_types ?? (body.issued_by === undefined ? ['authorization_code'] : []),
          offlineAccessNeeded: body.offline_access_needed,
          subjectType: body.subject_type,
          sectorIdentifierUri: body.sector_identifier_uri,
          userinfoAlgorithm: body.userinfo_signed_response_alg ?? undefined,
          dpopBound: body.dpop_bound_access_tokens,
          pushedRequestsOnly: body.require_pushed_authorization_requests,
          scopes: body.scopes ?? undefined,
          claims: body.claims ?? undefined,
          consent: body.consent,
          postLogoutRedirectUris: body.post_logout_redirect_uris,
          backchannelLogoutUri: body.backchannel_logout_uri ?? undefined,
          backchannelSessionRequired: body.backchannel_logout_session_required,
          profile: body.profile,
          machineScopes: body.machine_scopes,
          dataAccess: body.data_access,
          audiences: body.audiences,
          resource: body.resource ?? undefined,
          issuedBy: body.issued_by,
        })
        const id = encodeURIComponent(registered.relyingParty.clientId)
        const location = `/admin/v1/tenants/${path('tenant')}/relying-parties/${id}`
        return { value: tellWithSecret(registered), location }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'GET', path: ALL, operationId: 'listRelyingParties', tag, scope },
      summary: 'List relying parties',
      query: PageQuery,
      ...{
        answer: 'RelyingPartyList',
        told: { relying_parties: [RELYING_PARTY], next_cursor: null },
        status: 200,
      },
      refusals: NOT_FOUND,
      async run({ actor, query, path }) {
        const { relyingParties, next } = await readAllRelyingParties(
          deps,
          actor,
          path('tenant'),
          pageOf(query),
        )
        return { value: { relying_parties: relyingParties.map(tell), next_cursor: next ?? null } }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'GET', path: ONE, operationId: 'readRelyingParty', tag, scope },
      summary: 'Read a relying party',
      ...{ answer: 'RelyingParty', told: RELYING_PARTY, status: 200, refusals: NOT_FOUND },
      run: async ({ actor, path }) => ({
        value: tell(
          await readOneRelyingParty(deps, actor, path('tenant'), path('client_id') as ClientId),
        ),
      }),
    }),
    adminRoute(deps, {
      ...{ method: 'PATCH', path: ONE, operationId: 'updateRelyingParty', tag, scope },
      summary: 'Change a relying party, rotate its secret, or switch it off',
      description:
        'What is absent stays as it is. Client id, sector and authentication method never change.',
      ...{ body: 'RelyingPartyChange', sent: { secret_rotation: 'begin' } },
      ...{ answer: 'RelyingPartyWithSecret', told: { ...WITH_SECRET, secrets: 2 }, status: 200 },
      refusals: {
        ...NOT_FOUND,
        409: 'Another client stands for the resource.',
        422: SECTOR_REFUSED,
      },
      async run({ actor, body, path }) {
        const clientId = path('client_id') as ClientId
        const changed = await updateRelyingParty(
          deps,
          actor,
          path('tenant'),
          clientId,
          changeOf(body),
        )
        return { value: tellWithSecret(changed) }
      },
    }),
  ]
}

/** What every client knows (OpenID Connect Registration 2), but for FAPI 2.0, which refuses it. */
function defaultAlgorithm({ profile }: Body<'NewRelyingParty'>): TokenAlgorithm {
  return profile === 'fapi2' ? 'ES256' : 'RS256'
}

/** Only what was sent: what is absent must not become undefined on the way. */
function changeOf(sent: Body<'RelyingPartyChange'>): RelyingPartyChange {
  return {
    ...(sent.client_name === undefined ? {} : { name: sent.client_name }),
    ...(sent.redirect_uris === undefined ? {} : { redirectUris: sent.redirect_uris }),
    ...(sent.jwks === undefined ? {} : { jwks: sent.jwks }),
    ...(sent.jwks_uri === undefined ? {} : { jwksUri: sent.jwks_uri }),
    ...(sent.id_token_signed_response_alg === undefined
      ? {}
      : { idTokenAlgorithm: sent.id_token_signed_response_alg }),
    ...(sent.require_pkce === undefined ? {} : { requirePkce: sent.require_pkce }),
    ...(sent.claims_in_id_token === undefined ? {} : { claimsInIdToken: sent.claims_in_id_token }),
    ...(sent.purpose === undefined ? {} : { purpose: sent.purpose ?? undefined }),
    ...(sent.enabled === undefined ? {} : { enabled: sent.enabled }),
    ...(sent.grant_types === undefined ? {} : { grantTypes: sent.grant_types }),
    ...(sent.offline_access_needed === undefined
      ? {}
      : { offlineAccessNeeded: sent.offline_access_needed }),
    ...(sent.userinfo_signed_response_alg === undefined
      ? {}
      : { userinfoAlgorithm: sent.userinfo_signed_response_alg ?? undefined }),
    ...(sent.dpop_bound_access_tokens === undefined
      ? {}
      : { dpopBound: sent.dpop_bound_access_tokens }),
    ...(sent.require_pushed_authorization_requests === undefined
      ? {}
      : { pushedRequestsOnly: sent.require_pushed_authorization_requests }),
    ...(sent.scopes === undefined ? {} : { scopes: sent.scopes ?? undefined }),
    ...(sent.claims === undefined ? {} : { claims: sent.claims ?? undefined }),
    ...(sent.consent === undefined ? {} : { consent: sent.consent }),
    ...(sent.post_logout_redirect_uris === undefined
      ? {}
      : { postLogoutRedirectUris: sent.post_logout_redirect_uris }),
    ...(sent.backchannel_logout_uri === undefined
      ? {}
      : { backchannelLogoutUri: sent.backchannel_logout_uri ?? undefined }),
    ...(sent.backchannel_logout_session_required === undefined
      ? {}
      : { backchannelSessionRequired: sent.backchannel_logout_session_required }),
    ...(sent.profile === undefined ? {} : { profile: sent.profile }),
    ...(sent.machine_scopes === undefined ? {} : { machineScopes: sent.machine_scopes }),
    ...(sent.data_access === undefined ? {} : { dataAccess: sent.data_access }),
    ...(sent.audiences === undefined ? {} : { audiences: sent.audiences }),
    ...(sent.resource === undefined ? {} : { resource: sent.resource ?? undefined }),
    ...(sent.secret_rotation === undefined ? {} : { secretRotation: sent.secret_rotation }),
  }
}

function tell(relyingParty: RelyingParty) {
  return {
    client_id: relyingParty.clientId,
    client_name: relyingParty.name,
    redirect_uris: [...relyingParty.redirectUris],
    token_endpoint_auth_method: relyingParty.authentication,
    jwks: (relyingParty.jwks ?? null) as Body<'RelyingParty'>['jwks'],
    jwks_uri: relyingParty.jwksUri ?? null,
    id_token_signed_response_alg: relyingParty.idTokenAlgorithm,
    require_pkce: relyingParty.requirePkce,
    claims_in_id_token: relyingParty.claimsInIdToken,
    sector: relyingParty.sector,
    purpose: relyingParty.purpose ?? null,
    grant_types: [...relyingParty.grantTypes],
    offline_access_needed: relyingParty.offlineAccessNeeded,
    subject_type: relyingParty.subjectType,
    sector_identifier_uri: relyingParty.sectorIdentifierUri ?? null,
    userinfo_signed_response_alg: relyingParty.userinfoAlgorithm ?? null,
    dpop_bound_access_tokens: relyingParty.dpopBound,
    require_pushed_authorization_requests: relyingParty.pushedRequestsOnly,
    scopes: relyingParty.scopes === undefined ? null : [...relyingParty.scopes],
    claims: relyingParty.claims === undefined ? null : [...relyingParty.claims],
    consent: relyingParty.consent,
    post_logout_redirect_uris: [...relyingParty.postLogoutRedirectUris],
    backchannel_logout_uri: relyingParty.backchannelLogoutUri ?? null,
    backchannel_logout_session_required: relyingParty.backchannelSessionRequired,
    profile: relyingParty.profile,
    machine_scopes: [...relyingParty.machineScopes],
    data_access: relyingParty.dataAccess,
    audiences: [...relyingParty.audiences],
    resource: relyingParty.resource ?? null,
    issued_by: relyingParty.issuedBy ?? null,
    secrets: relyingParty.secretHashes.length,
    enabled: relyingParty.enabled,
  }
}

function tellWithSecret({ relyingParty, clientSecret }: Registered) {
  return { ...tell(relyingParty), client_secret: clientSecret ?? null }
}
