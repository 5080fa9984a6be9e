/**
 * Discovery and keys. The document says what is mounted: its endpoints are looked up in the list of routes, so an
 * endpoint that is not there cannot be announced (OP-86 to OP-91).
 */
import { ACR_VALUES } from '../domain/assurance.ts'
import { releasableClaims, releasingScopes } from '../domain/attributes.ts'
import { PROMPTS } from '../domain/authorization-request.ts'
import type { JsonObject } from '../domain/text.ts'
import { TOKEN_ALGORITHMS } from '../domain/token-algorithm.ts'
import type { PreparedTenant } from '../flow/tenants.ts'
import { errorAnswer, jsonAnswer, list, objectSchema, TENANT_PARAMETER, text } from './describe.ts'
import { CROSS_ORIGIN, type Exchange, type Operation, type Route, tenantOf } from './route.ts'
import { GRANT_TYPES } from './token.ts'

/** Metadata members and the path each stands for. */
const ENDPOINTS = {
  authorization_endpoint: '/authorize',
  pushed_authorization_request_endpoint: '/par',
  token_endpoint: '/token',
  userinfo_endpoint: '/userinfo',
  jwks_uri: '/jwks',
  revocation_endpoint: '/revoke',
  introspection_endpoint: '/introspect',
  // Where wallets send people who want their data gone (IT-Wallet; in EUDI TS7 the same address is the supportURI).
  erasure_endpoint: '/privacy',
  end_session_endpoint: '/end_session',
} as const

/** Client authentication; everything but being public. */
const PROVING_METHODS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt']
const ASSERTION_ALGORITHMS = ['ES256', 'ES384', 'PS256', 'RS256', 'EdDSA', 'Ed25519']

/** Claims of our tokens that no attribute rule makes. */
const OWN_CLAIMS = [
  ...['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time', 'acr', 'amr', 'nonce', 'at_hash', 'sid'],
  ...['upstream_acr', 'upstream_amr', 'upstream_auth_time'],
]

/** `mounted` is every other route of the service. */
export function discoveryRoutes(mounted: readonly Route[]): Route[] {
  const common = { method: 'GET', errors: 'oauth', limit: 'public', crossOrigin: true } as const
  const jwks: Route = {
    ...{ ...common, path: '/t/:tenant/jwks', alsoDisabled: true },
    ...{ operation: JWKS, handle: answerJwks },
  }
  const paths = new Set([...mounted, jwks].map((route) => route.path))
  const answer = (exchange: Exchange) => answerMetadata(exchange, paths)
  return [
    jwks,
    {
      ...common,
      path: '/t/:tenant/.well-known/openid-configuration',
      operation: METADATA,
      handle: answer,
    },
    // The same document where RFC 8414 section 5 lets OpenID clients look for it.
    {
      ...common,
      path: '/.well-known/openid-configuration/t/:tenant',
      operation: {
        ...METADATA,
        operationId: 'openidConfigurationBeforePath',
        summary: 'The same document with the well-known part before the path',
      },
      handle: answer,
    },
    // RFC 8414 puts the well-known part between host and path (OP-89).
    {
      ...common,
      path: '/.well-known/oauth-authorization-server/t/:tenant',
      operation: {
        ...METADATA,
        operationId: 'authorizationServerMetadata',
        summary: 'The same document where RFC 8414 looks for it',
      },
      handle: answer,
    },
    // Where clients look that put it behind every issuer, as OpenID Connect does.
    {
      ...common,
      path: '/t/:tenant/.well-known/oauth-authorization-server',
      operation: {
        ...METADATA,
        operationId: 'authorizationServerMetadataBehindPath',
        summary: 'The same document where many OAuth clients look for it',
      },
      handle: answer,
    },
  ]
}

function answerMetadata(exchange: Exchange, paths: ReadonlySet<string>): Response {
  const prepared = tenantOf(exchange)
  const headers = { 'cache-control': 'public, max-age=300', ...CROSS_ORIGIN }
  return Response.json(describeProvider(prepared, paths), { headers })
}

function describeProvider(prepared: PreparedTenant, paths: ReadonlySet<string>): JsonObject {
  const { issuer, policies } = prepared
  const rules = policies?.documents.attributes
  const endpoints = Object.entries(ENDPOINTS).filter(([, path]) => paths.has(`/t/:tenant${path}`))
  return {
    issuer,
    ...Object.fromEntries(endpoints.map(([member, path]) => [member, issuer + path])),
    ...(prepared.registersClients() ? { registration_endpoint: `${issuer}/register` } : {}),
    scopes_supported: [
      'openid',
      'offline_access',
      ...(rules === undefined ? [] : releasingScopes(rules)),
    ],
    claims_supported: [...OWN_CLAIMS, ...(rules === undefined ? [] : releasableClaims(rules))],
    acr_values_supported: ACR_VALUES,
    ui_locales_supported: ['en', 'nl'],
    prompt_values_supported: PROMPTS,
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'form_post'],
    grant_types_supported: GRANT_TYPES,
    subject_types_supported: ['pairwise', 'public'],
    id_token_signing_alg_values_supported: TOKEN_ALGORITHMS,
    userinfo_signing_alg_values_supported: TOKEN_ALGORITHMS,
    token_endpoint_auth_methods_supported: [...PROVING_METHODS, 'none'],
    token_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
    revocation_endpoint_auth_methods_supported: [...PROVING_METHODS, 'none'],
    revocation_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
    introspection_endpoint_auth_methods_supported: PROVING_METHODS,
    introspection_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
    introspection_signing_alg_values_supported: ['ES256'],
    code_challenge_methods_supported: ['S256'],
    dpop_signing_alg_values_supported: ['ES256', 'ES384', 'EdDSA', 'Ed25519'],
    authorization_response_iss_parameter_supported: true,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    // Stated because the default of each is not ours (OP-87).
    claims_parameter_supported: true,
    require_pushed_authorization_requests: prepared.tenant.pushedRequestsOnly,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    service_documentation: new URL('/reference', issuer).href,
  }
}

async function answerJwks(exchange: Exchange): Promise<Response> {
  const body = JSON.stringify(tenantOf(exchange).jwks)
  const etag = `"${Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(body))).toString('base64url')}"`
  const headers = {
    ...CROSS_ORIGIN,
    'cache-control': 'public, max-age=300',
    etag,
  }
  if (exchange.http.req.header('if-none-match') === etag)
    return new Response(null, { status: 304, headers })
  return new Response(body, { headers: { ...headers, 'content-type': 'application/jwk-set+json' } })
}

const METADATA: Operation = {
  ...{
    operationId: 'openidConfiguration',
    tags: ['Relying parties'],
    summary: "The tenant's OpenID Provider metadata",
  },
  description:
    'OpenID Connect Discovery 1.0 and RFC 8414. Announces what is mounted and nothing else.',
  parameters: [TENANT_PARAMETER],
  responses: {
    '200': jsonAnswer(
      'Metadata.',
      {
        ...objectSchema({
          issuer: text('The tenant.'),
          authorization_endpoint: text('/authorize'),
          token_endpoint: text('/token'),
          jwks_uri: text('/jwks'),
        }),
        additionalProperties: true,
      },
      {
        issuer: 'https://bridge.example/t/demo',
        authorization_endpoint: 'https://bridge.example/t/demo/authorize',
        token_endpoint: 'https://bridge.example/t/demo/token',
        jwks_uri: 'https://bridge.example/t/demo/jwks',
      },
    ),
    '404': errorAnswer('OAuthError', 'No such tenant.'),
  },
}
const JWKS: Operation = {
  ...{ operationId: 'readKeys', tags: ['Relying parties'], summary: 'Keys that verify ID tokens' },
  description:
    'RFC 7517. Next and retiring keys are in it too: published before use, kept while a token may live.',
  parameters: [TENANT_PARAMETER],
  responses: {
    '200': {
      description: 'A JSON Web Key Set.',
      content: {
        'application/jwk-set+json': {
          schema: objectSchema({ keys: list('Public keys.', { type: 'object' }) }),
          example: {
            keys: [
              {
                kty: 'EC',
                crv: 'P-256',
                x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
                y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
                kid: 'cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s',
                alg: 'ES256',
                use: 'sig',
              },
            ],
          },
        },
      },
    },
    '304': { description: 'Unchanged since the ETag given.' },
    '404': errorAnswer('OAuthError', 'No such tenant.'),
  },
}
