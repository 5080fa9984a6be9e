/** POST /token: a code becomes tokens, or a machine client gets one for itself. */

import type { Deps } from '../deps.ts'
import type { Parameters as FormParameters } from '../domain/authorization-request.ts'
import { fail } from '../domain/failure.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import { issueMachineToken, type MachineTokenResponse } from '../flow/issue-machine-token.ts'
import type { TokenResponse } from '../flow/make-id-token.ts'
import { redeemCode } from '../flow/redeem-code.ts'
import { refreshTokens } from '../flow/refresh-tokens.ts'
import type { PreparedTenant } from '../flow/tenants.ts'
import {
  CLIENT_MEMBERS,
  clientSecurity,
  nextNonceHeader,
  readClientForm,
  readKeyProof,
} from './client-form.ts'
import {
  count,
  errorAnswer,
  formBody,
  jsonAnswer,
  objectSchema,
  TENANT_PARAMETER,
  text,
} from './describe.ts'
import { answerJson } from './json-answer.ts'
import { CROSS_ORIGIN, type Exchange, type Operation, type Route, tenantOf } from './route.ts'

const MAX_CODE = 512
const MAX_SCOPE = 1024

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

export function tokenRoutes(deps: Means): Route[] {
  return [
    {
      ...{
        method: 'POST',
        path: '/t/:tenant/token',
        errors: 'oauth',
        limit: 'token',
        crossOrigin: true,
        alsoDisabled: true,
        operation: TOKEN,
      },
      handle: (exchange) => issue(deps, exchange),
    },
  ]
}

async function issue(deps: Means, exchange: Exchange): Promise<Response> {
  const prepared = tenantOf(exchange)
  const { form, relyingParty } = await readClientForm(deps, exchange)
  const grantType = form.get('grant_type')
  if (grantType === undefined) refuse('grant_type is missing')
  const grant = Object.hasOwn(GRANTS, grantType) ? GRANTS[grantType] : undefined
  if (grant === undefined)
    return fail({
      kind: 'oauth',
      error: 'unsupported_grant_type',
      description: 'the grant type is not supported',
    })
  // Where the tenant is disabled nobody logs in; its machine clients may still ask for erasures.
  if (!prepared.tenant.enabled && grant !== giveToMachine) return fail({ kind: 'not_found' })
  // Tokens are bound to the key of any client that shows one, and of those that registered to.
  const jkt = await readKeyProof(deps, exchange, '/token')
  if (jkt === undefined && relyingParty.dpopBound) {
    const description = 'this client binds its tokens: a DPoP proof is needed'
    return fail({ kind: 'oauth', error: 'invalid_dpop_proof', description })
  }
  const tokens = await grant(deps, prepared, relyingParty, form, jkt)
  const nonce = nextNonceHeader(deps, exchange, jkt)
  const headers = { 'cache-control': 'no-store', pragma: 'no-cache', ...CROSS_ORIGIN, ...nonce }
  return answerJson(tokens, headers)
}

type Grant = (
  deps: Means,
  prepared: PreparedTenant,
  relyingParty: RelyingParty,
  form: FormParameters,
  jkt: string | undefined,
) => Promise<TokenResponse | MachineTokenResponse>

/** What the endpoint knows how to give, by `grant_type`; discovery announces these. */
const GRANTS: { readonly [grantType: string]: Grant } = {
  authorization_code: giveForCode,
  refresh_token: giveForRefreshToken,
  client_credentials: giveToMachine,
}
export const GRANT_TYPES = Object.keys(GRANTS)

function giveForCode(...[deps, prepared, relyingParty, form, jkt]: Parameters<Grant>) {
  const code = form.get('code')
  if (code === undefined || code.length > MAX_CODE) return refuse('code is missing or malformed')
  const redirectUri = form.get('redirect_uri')
  if (redirectUri === undefined) return refuse('redirect_uri is missing')
  const codeVerifier = form.get('code_verifier')
  return redeemCode(deps, prepared, relyingParty, { code, redirectUri, codeVerifier, jkt })
}

function giveForRefreshToken(...[deps, prepared, relyingParty, form, jkt]: Parameters<Grant>) {
  const refreshToken = form.get('refresh_token')
  if (refreshToken === undefined) return refuse('refresh_token is missing')
  const asked = form.get('scope')
  if (asked !== undefined && asked.length > MAX_SCOPE) return refuse('scope is too long')
  const scope = asked === undefined ? undefined : [...new Set(asked.split(' '))]
  // Nothing between two spaces is no scope, and everything holds an empty list (RFC 6749 section 3.3).
  if (scope?.includes('') === true)
    fail({ kind: 'oauth', error: 'invalid_scope', description: 'scope is malformed' })
  return refreshTokens(deps, prepared, relyingParty, { refreshToken, scope, jkt })
}

function giveToMachine(...[deps, prepared, relyingParty, form, jkt]: Parameters<Grant>) {
  const scope = form.get('scope')
  if (scope !== undefined && scope.length > MAX_SCOPE) return refuse('scope is too long')
  const resource = form.get('resource')
  return issueMachineToken(deps, prepared, relyingParty, { scope, resource, jkt })
}

function refuse(description: string): never {
  return fail({ kind: 'oauth', error: 'invalid_request', description })
}

const TOKEN: Operation = {
  ...{ operationId: 'redeemCode', tags: ['Relying parties'], summary: 'Ask for tokens' },
  description:
    'With `authorization_code`: RFC 6749 section 4.1.3 with PKCE (RFC 7636); a code works once, for 60 seconds, and a valid replay ends what was issued. With `refresh_token`: RFC 6749 section 6; each token works once and is followed by the next, and a used one that comes again ends them all. With `client_credentials`: a machine client gets a signed access token for itself (RFC 9068), for the data API or for one of its registered resources. With a `DPoP` header the tokens are bound to its key (RFC 9449); the proof needs the nonce that the first try is answered with.',
  security: clientSecurity(),
  parameters: [TENANT_PARAMETER],
  requestBody: formBody(
    objectSchema({
      grant_type: { type: 'string', enum: GRANT_TYPES },
      'code?': text('For authorization_code: from the redirect.'),
      'redirect_uri?': text('For authorization_code: the same as in the authorization request.'),
      'code_verifier?': text('PKCE; needed exactly when there was a challenge.'),
      'refresh_token?': text('For refresh_token.'),
      'scope?': text('Less than what was granted, or for a machine client registered.'),
      'resource?': text('For client_credentials: whom the token is for (RFC 8707).'),
      ...CLIENT_MEMBERS,
    }),
    {
      grant_type: 'authorization_code',
      code: 'SplxlOBeZQQYbYS6WxSbIA',
      redirect_uri: 'https://app.example/callback',
      code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
    },
  ),
  responses: {
    '200': jsonAnswer(
      'Tokens.',
      objectSchema({
        access_token: text('Opaque, for /userinfo; for a machine client a JWT.'),
        token_type: { type: 'string', enum: ['Bearer', 'DPoP'] },
        expires_in: count('Seconds.'),
        'id_token?': text('A JWS; verify it with the keys of /jwks. Not for machine clients.'),
        'refresh_token?': text(
          'Where the client registered it and the login asked for `offline_access`.',
        ),
        scope: text('What was granted.'),
      }),
      {
        access_token: 'Qf2lXvOAY6Y5b8m1o0cJc2Tt8m0xZ7b1Jx3o0pC2yYk',
        token_type: 'Bearer',
        expires_in: 600,
        id_token: 'eyJhbGciOiJFUzI1NiJ9.eyJ…',
        scope: 'openid profile',
      },
    ),
    '400': errorAnswer(
      'OAuthError',
      'invalid_request, invalid_grant, unsupported_grant_type, unauthorized_client, invalid_scope, invalid_target, invalid_dpop_proof, use_dpop_nonce.',
    ),
    '401': errorAnswer('OAuthError', 'invalid_client.'),
    '413': errorAnswer('OAuthError', 'The form is too large.'),
    '415': errorAnswer('OAuthError', 'Not a form.'),
    '429': errorAnswer('OAuthError', 'Too many requests.'),
  },
}
