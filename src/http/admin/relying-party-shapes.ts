/** Relying parties as the administration reads and answers them; members as in OpenID Connect Registration 1.0. */

import { z } from 'zod'
import { CLIENT_PROFILES } from '../../domain/client-profile.ts'
import { DataAccess, NO_ACCESS } from '../../domain/data-access.ts'
import { MACHINE_SCOPE_NAMES } from '../../domain/machine.ts'
import { TOKEN_ALGORITHMS } from '../../domain/token-algorithm.ts'
import { inTwoLanguages, nextCursor, shown, url, wholeObject } from './common-shapes.ts'

const client = {
  client_name: shown(120).describe('What people see on the login page.'),
  redirect_uris: z
    .array(url)
    .max(50)
    .describe(
      "https, or http on a loopback address, or with the method `none` an app's own scheme with a dot (RFC 8252); compared character by character. None for a client that logs nobody in.",
    ),
  jwks: z
    .strictObject({ keys: z.array(wholeObject).min(1).max(8) })
    .describe('Public keys, for `private_key_jwt`.'),
  jwks_uri: url.describe('Where it publishes them itself; instead of `jwks`.'),
  id_token_signed_response_alg: z.enum(TOKEN_ALGORITHMS),
  require_pkce: z.boolean().describe('Always true for public clients.'),
  claims_in_id_token: z.boolean().describe('Claims stand in the ID token as well as in userinfo.'),
  purpose: inTwoLanguages(200)
    .nullable()
    .describe('Why it asks people to log in; on the login page.'),
}
const subjectType = z.enum(['pairwise', 'public'])
const machineScopes = z
  .array(z.enum(MACHINE_SCOPE_NAMES))
  .max(MACHINE_SCOPE_NAMES.length)
  .describe('What its own tokens may do on the data API.')
const capable = {
  grant_types: z
    .array(z.enum(['authorization_code', 'refresh_token', 'client_credentials']))
    .max(3)
    .describe(
      '`refresh_token`: logins may last; `client_credentials`: a machine client, which asks for tokens for itself.',
    ),
  offline_access_needed: z
    .boolean()
    .describe(
      'Whether refresh tokens need the scope `offline_access`; else one comes with every code.',
    ),
  userinfo_signed_response_alg: z
    .enum(TOKEN_ALGORITHMS)
    .nullable()
    .describe('Userinfo comes as a JWT signed with this; null: plain JSON.'),
  dpop_bound_access_tokens: z.boolean().describe('Every token of it is bound to a key (RFC 9449).'),
  require_pushed_authorization_requests: z
    .boolean()
    .describe('It sends authorization requests to the pushed request endpoint alone (RFC 9126).'),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,64}$/))
    .max(50)
    .nullable()
    .describe(
      'What it may ask for besides `openid`; anything else is `invalid_scope`. Null: every scope there is.',
    ),
  claims: z
    .array(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/))
    .max(200)
    .nullable()
    .describe(
      'What it may be told of people; wallets are not asked for the rest where nobody else needs it. Null: all that its scopes release.',
    ),
  consent: z
    .enum(['tenant', 'ask', 'never'])
    .describe(
      'Whether people are asked before it learns about them: as the tenant says, always the first time, or never.',
    ),
  post_logout_redirect_uris: z
    .array(url)
    .max(50)
    .describe(
      'Where browsers may go after a logout it asked for; compared character by character (RP-Initiated Logout 1.0).',
    ),
  backchannel_logout_uri: url
    .nullable()
    .describe('Hears that a login is over by a logout token (Back-Channel Logout 1.0).'),
  backchannel_logout_session_required: z
    .boolean()
    .describe('Every logout token names the session (`sid`), one token each.'),
  profile: z
    .enum(CLIENT_PROFILES)
    .describe(
      '`classic`: its assertions (`private_key_jwt`) may be made for one of our endpoints instead of the issuer, and for an hour, as older libraries do. `fapi2`: the FAPI 2.0 Security Profile. Needs `private_key_jwt` without RS256, and sets PKCE, bound tokens and pushed requests.',
    ),
  machine_scopes: machineScopes,
  data_access: DataAccess.describe(
    'What of people its own tokens show and change. What is not named here stays hidden.',
  ),
  audiences: z
    .array(url)
    .max(20)
    .describe('Resources besides the data API that it may ask tokens for (RFC 8707).'),
  resource: url.nullable().describe('Its own name as a resource server; unique in the tenant.'),
}
const authentication = z.enum([
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'none',
])
const sector = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[a-z0-9]([a-z0-9.:-]*[a-z0-9])?$/)

export const NewRelyingParty = z.strictObject({
  client_id: z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/)
    .optional()
    .describe('Random when absent.'),
  client_name: client.client_name,
  redirect_uris: client.redirect_uris,
  token_endpoint_auth_method: authentication.default('client_secret_basic'),
  jwks: client.jwks.optional(),
  jwks_uri: client.jwks_uri.optional(),
  id_token_signed_response_alg: client.id_token_signed_response_alg
    .optional()
    .describe('When absent RS256, which every client knows; with `fapi2` ES256.'),
  require_pkce: client.require_pkce.default(true),
  claims_in_id_token: client.claims_in_id_token.default(false),
  sector: sector
    .optional()
    .describe(
      'Relying parties of one sector see the same subjects (OpenID Connect Core 8.1). The host of the redirect URIs when absent; needed where they have several. Never changes.',
    ),
  purpose: client.purpose.optional(),
  grant_types: capable.grant_types.optional().describe('`authorization_code` when absent.'),
  offline_access_needed: capable.offline_access_needed.default(true),
  subject_type: subjectType
    .default('pairwise')
    .describe('`public`: the same subject for every client that chose it. Never changes.'),
  sector_identifier_uri: url
    .optional()
    .describe(
      'Its host is the sector. The JSON array there must list every redirect URI; it is fetched now. Instead of `sector`.',
    ),
  userinfo_signed_response_alg: capable.userinfo_signed_response_alg.optional(),
  dpop_bound_access_tokens: capable.dpop_bound_access_tokens.default(false),
  require_pushed_authorization_requests:
    capable.require_pushed_authorization_requests.default(false),
  scopes: capable.scopes.optional(),
  claims: capable.claims.optional(),
  consent: capable.consent.default('tenant'),
  post_logout_redirect_uris: capable.post_logout_redirect_uris.default([]),
  backchannel_logout_uri: capable.backchannel_logout_uri.optional(),
  backchannel_logout_session_required: capable.backchannel_logout_session_required.default(false),
  profile: capable.profile.default('standard'),
  machine_scopes: capable.machine_scopes.default([]),
  data_access: capable.data_access.default(NO_ACCESS),
  audiences: capable.audiences.default([]),
  resource: capable.resource.optional(),
  issued_by: url
    .optional()
    .describe(
      "Issuer of the tenant's own authorization server: this machine client's tokens come from there. Goes with the method `none` and no grant types. Never changes.",
    ),
})

export const RelyingPartyChange = z
  .strictObject({
    ...client,
    ...capable,
    enabled: z.boolean(),
    secret_rotation: z
      .enum(['begin', 'finish', 'replace'])
      .describe(
        '`begin`: a new secret beside the old one. `finish`: the old one ends. `replace`: a new one, and the old ones end at once.',
      ),
  })
  .partial()

export const RelyingParty = z.object({
  client_id: z.string(),
  ...client,
  token_endpoint_auth_method: authentication,
  jwks: client.jwks.nullable(),
  jwks_uri: client.jwks_uri.nullable(),
  sector: z.string(),
  subject_type: subjectType,
  sector_identifier_uri: z.string().nullable(),
  ...capable,
  grant_types: z.array(z.string()),
  issued_by: z.string().nullable(),
  secrets: z.int().describe('How many client secrets are valid: two while one is being rotated.'),
  enabled: z.boolean(),
})
export const RelyingPartyWithSecret = RelyingParty.extend({
  client_secret: z.string().nullable().describe('Said this once; null where none was made.'),
})
export const RelyingPartyList = z.object({
  relying_parties: z.array(RelyingParty),
  next_cursor: nextCursor,
})
