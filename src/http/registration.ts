/** POST /register: dynamic client registration (RFC 7591), for who holds an initial access token. */
import { z } from 'zod'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import { parseStrictJson, StrictJsonError } from '../domain/strict-json.ts'
import type { Json, JsonObject } from '../domain/text.ts'
import { TOKEN_ALGORITHMS } from '../domain/token-algorithm.ts'
import { registerByItself } from '../flow/register-by-itself.ts'
import type { RelyingPartyRequest } from '../flow/registration-draft.ts'
import type { Registered } from '../flow/relying-party-draft.ts'
import { scope, shown, url } from './admin/common-shapes.ts'
import { readBearer } from './credentials.ts'
import { errorAnswer, jsonAnswer, list, objectSchema, TENANT_PARAMETER, text } from './describe.ts'
import { readBody } from './parse.ts'
import { type Exchange, type Operation, type Route, tenantOf } from './route.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'outbound' | 'tenants'>

const MAX_BODY = 64 * 1024

/** What of the metadata we know; other members are left out, as RFC 7591 section 2 wants. */
const Metadata = z.object({
  redirect_uris: z.array(url).max(50).default([]),
  client_name: shown(120).optional(),
  token_endpoint_auth_method: z
    .enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'])
    .default('client_secret_basic'),
  grant_types: z
    .array(z.enum(['authorization_code', 'refresh_token']))
    .max(2)
    .default(['authorization_code']),
  response_types: z.array(z.literal('code')).max(1).default(['code']),
  jwks: z.object({ keys: z.array(z.record(z.string(), z.unknown())).min(1).max(8) }).optional(),
  jwks_uri: url.optional(),
  subject_type: z.enum(['pairwise', 'public']).default('pairwise'),
  sector_identifier_uri: url.optional(),
  id_token_signed_response_alg: z.enum(TOKEN_ALGORITHMS).default('RS256'),
  userinfo_signed_response_alg: z.enum(TOKEN_ALGORITHMS).optional(),
  dpop_bound_access_tokens: z.boolean().default(false),
  require_pushed_authorization_requests: z.boolean().default(false),
  scope: scope.optional(),
  post_logout_redirect_uris: z.array(url).max(50).default([]),
  backchannel_logout_uri: url.optional(),
  backchannel_logout_session_required: z.boolean().default(false),
})
type Metadata = z.output<typeof Metadata>

export function registrationRoutes(deps: Means): Route[] {
  return [
    {
      ...{ method: 'POST', path: '/t/:tenant/register', errors: 'oauth', limit: 'token' },
      operation: REGISTER,
      handle: (exchange) => register(deps, exchange),
    },
  ]
}

async function register(deps: Means, exchange: Exchange): Promise<Response> {
  const { http } = exchange
  // Before anything is read: where nobody may register there is nothing here.
  if (!tenantOf(exchange).registersClients()) return fail({ kind: 'not_found' })
  if (!/^application\/json\s*(;|$)/i.test(http.req.header('content-type') ?? ''))
    return fail({ kind: 'unsupported_media_type' })
  const read = Metadata.safeParse(parseJson(await readBody(http, MAX_BODY)))
  const token = readBearer(http)
  if (!read.success) {
    const [issue] = read.error.issues
    return refuse(String(issue?.path[0] ?? ''))
  }
  const registered = await registerByItself(deps, tenantOf(exchange), token, asked(read.data))
  const headers = { 'cache-control': 'no-store', pragma: 'no-cache' }
  return Response.json(tell(registered), { status: 201, headers })
}

/** Only a name we know ourselves is repeated. */
function refuse(member: string): never {
  const [error, description] =
    member === 'redirect_uris'
      ? (['invalid_redirect_uri', 'redirect_uris are malformed'] as const)
      : ([
          'invalid_client_metadata',
          `${member in Metadata.shape ? member : 'body'}: refused`,
        ] as const)
  return fail({ kind: 'oauth', error, description })
}

function parseJson(bytes: Uint8Array): Json {
  try {
    return parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    if (!(error instanceof StrictJsonError || error instanceof TypeError)) throw error
    return refuse('body')
  }
}

function asked(metadata: Metadata): RelyingPartyRequest {
  return {
    clientId: undefined,
    name: metadata.client_name ?? 'A registered application',
    redirectUris: metadata.redirect_uris,
    authentication: metadata.token_endpoint_auth_method,
    jwks: metadata.jwks as RelyingPartyRequest['jwks'],
    jwksUri: metadata.jwks_uri,
    idTokenAlgorithm: metadata.id_token_signed_response_alg,
    requirePkce: true,
    claimsInIdToken: false,
    sector: undefined,
    purpose: undefined,
    grantTypes: metadata.grant_types,
    subjectType: metadata.subject_type,
    sectorIdentifierUri: metadata.sector_identifier_uri,
    userinfoAlgorithm: metadata.userinfo_signed_response_alg,
    dpopBound: metadata.dpop_bound_access_tokens,
    pushedRequestsOnly: metadata.require_pushed_authorization_requests,
    scopes: metadata.scope?.split(' ').filter((name) => name !== 'openid'),
    postLogoutRedirectUris: metadata.post_logout_redirect_uris,
    backchannelLogoutUri: metadata.backchannel_logout_uri,
    backchannelSessionRequired: metadata.backchannel_logout_session_required,
  }
}

function tell({ relyingParty, clientSecret }: Registered): JsonObject {
  const { sectorIdentifierUri, userinfoAlgorithm, jwks, jwksUri, backchannelLogoutUri, scopes } =
    relyingParty
  return {
    client_id: relyingParty.clientId,
    ...(clientSecret === undefined
      ? {}
      : { client_secret: clientSecret, client_secret_expires_at: 0 }),
    client_name: relyingParty.name,
    redirect_uris: relyingParty.redirectUris,
    token_endpoint_auth_method: relyingParty.authentication,
    grant_types: relyingParty.grantTypes,
    response_types: ['code'],
    subject_type: relyingParty.subjectType,
    id_token_signed_response_alg: relyingParty.idTokenAlgorithm,
    dpop_bound_access_tokens: relyingParty.dpopBound,
    require_pushed_authorization_requests: relyingParty.pushedRequestsOnly,
    ...(scopes === undefined ? {} : { scope: ['openid', ...scopes].join(' ') }),
    post_logout_redirect_uris: relyingParty.postLogoutRedirectUris,
    backchannel_logout_session_required: relyingParty.backchannelSessionRequired,
    ...(backchannelLogoutUri === undefined ? {} : { backchannel_logout_uri: backchannelLogoutUri }),
    ...(jwks === undefined ? {} : { jwks: jwks as unknown as JsonObject }),
    ...(jwksUri === undefined ? {} : { jwks_uri: jwksUri }),
    ...(sectorIdentifierUri === undefined ? {} : { sector_identifier_uri: sectorIdentifierUri }),
    ...(userinfoAlgorithm === undefined ? {} : { userinfo_signed_response_alg: userinfoAlgorithm }),
  }
}

const REGISTER: Operation = {
  ...{ operationId: 'registerByItself', tags: ['Relying parties'], summary: 'Register oneself' },
  description:
    'RFC 7591. Off until an administrator makes an initial access token, which comes as a bearer token. PKCE is always required; machine clients are registered by administrators alone. Members that we do not know are left out.',
  security: [{ registrationToken: [] }],
  parameters: [TENANT_PARAMETER],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: {
          ...objectSchema({
            redirect_uris: list(
              "https, or http on a loopback address, or with the method `none` an app's own scheme with a dot.",
            ),
            'client_name?': text('What people see on the login page.'),
            'token_endpoint_auth_method?': text('`client_secret_basic` when absent.'),
            'grant_types?': list('`authorization_code`, `refresh_token`.'),
            'jwks?': { type: 'object', description: 'For `private_key_jwt`.' },
            'jwks_uri?': text('Where the keys are published; instead of `jwks`.'),
          }),
          additionalProperties: true,
        },
        example: { redirect_uris: ['https://app.example/callback'], client_name: 'My application' },
      },
    },
  },
  responses: {
    '201': jsonAnswer(
      'Registered. The secret is said this once.',
      {
        ...objectSchema({
          client_id: text('Random.'),
          'client_secret?': text('Of 256 bits.'),
          redirect_uris: list('As registered.'),
        }),
        additionalProperties: true,
      },
      {
        client_id: '2f1c9a60-7d0e-4c0b-9a55-3f1d2c4b5a69',
        client_secret: 'eW91ci1zZWNyZXQtb2YtMjU2LWJpdHMtc2hvd24tb25jZQ',
        client_secret_expires_at: 0,
        redirect_uris: ['https://app.example/callback'],
      },
    ),
    '400': errorAnswer('OAuthError', 'invalid_redirect_uri, invalid_client_metadata.'),
    '401': errorAnswer('OAuthError', 'No initial access token, or one that is not good.'),
    '404': errorAnswer('OAuthError', 'Nobody may register here.'),
    '413': errorAnswer('OAuthError', 'The body is too large.'),
    '415': errorAnswer('OAuthError', 'Not JSON.'),
    '429': errorAnswer('OAuthError', 'Too many requests.'),
  },
}
