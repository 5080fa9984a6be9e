/** GET and POST /userinfo (OpenID Connect Core section 5.3, RFC 6750). Other origins may ask: the token is the key. */

import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { JsonObject } from '../domain/text.ts'
import { readUserinfo } from '../flow/read-userinfo.ts'
import { readAccessToken } from './credentials.ts'
import {
  errorAnswer,
  formBody,
  jsonAnswer,
  objectSchema,
  TENANT_PARAMETER,
  text,
} from './describe.ts'
import { answerJson } from './json-answer.ts'
import { isForm, readForm } from './parse.ts'
import { CROSS_ORIGIN, type Exchange, type Operation, type Route, tenantOf } from './route.ts'

const MAX_FORM = 4 * 1024

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

export function userinfoRoutes(deps: Means): Route[] {
  const common = {
    path: '/t/:tenant/userinfo',
    errors: 'oauth',
    limit: 'token',
    crossOrigin: true,
  } as const
  return [
    {
      ...{
        ...common,
        method: 'GET',
        operation: describe('readUserinfo', 'Claims about the person'),
      },
      handle: (exchange) => answer(deps, exchange, 'GET', readAccessToken(exchange.http)),
    },
    {
      ...{
        ...common,
        method: 'POST',
        operation: BY_POST,
      },
      handle: async (exchange) => answer(deps, exchange, 'POST', await readPostedToken(exchange)),
    },
  ]
}

interface ShownToken {
  accessToken: string
  /** The `DPoP` header; undefined for a bearer token. */
  proof: string | undefined
}

/** The token of a POST, by header or by form. Throws `invalid_request` for one by each (RFC 6750 section 2). */
async function readPostedToken(exchange: Exchange): Promise<ShownToken | undefined> {
  const { http } = exchange
  const shown = readAccessToken(http)
  const type = http.req.header('content-type')
  if (type === undefined || (shown !== undefined && !isForm(type))) return shown
  const sent = await readFormToken(exchange)
  if (shown !== undefined && sent !== undefined)
    fail({ kind: 'oauth', error: 'invalid_request', description: 'the access token comes twice' })
  return shown ?? sent
}

/** The token in a form body (RFC 6750 section 2.2); never in the query. */
async function readFormToken(exchange: Exchange): Promise<ShownToken | undefined> {
  const form = await readForm(exchange.http, MAX_FORM)
  const accessToken = form.repeated.length > 0 ? undefined : form.get('access_token')
  return accessToken === undefined ? undefined : { accessToken, proof: undefined }
}

async function answer(
  deps: Means,
  exchange: Exchange,
  method: 'GET' | 'POST',
  token: ShownToken | undefined,
): Promise<Response> {
  const headers = { 'cache-control': 'no-store', ...CROSS_ORIGIN }
  if (token === undefined)
    // RFC 6750 section 3.1: no credentials, no error code.
    return new Response(null, {
      status: 401,
      headers: { ...headers, 'www-authenticate': 'Bearer' },
    })
  const told = await readUserinfo(deps, tenantOf(exchange), { ...token, method })
  if ('claims' in told) return answerJson(told.claims, headers)
  return new Response(told.signed, { headers: { ...headers, 'content-type': 'application/jwt' } })
}

/** The same answer as a JWT (OpenID Connect Core 5.3.2). */
function withSigned(plain: JsonObject): JsonObject {
  const signed = {
    schema: { type: 'string', description: 'For clients with `userinfo_signed_response_alg`.' },
    example: 'eyJhbGciOiJFUzI1NiJ9.eyJ…',
  }
  const content = plain.content as JsonObject
  return { ...plain, content: { ...content, 'application/jwt': signed } }
}

function describe(operationId: string, summary: string): Operation {
  return {
    ...{ operationId, tags: ['Relying parties'], summary },
    description:
      'The attributes that the granted scopes release, under the canonical names of the tenant.',
    security: [{ accessToken: [] }],
    parameters: [TENANT_PARAMETER],
    responses: {
      '200': withSigned(
        jsonAnswer(
          'Claims.',
          {
            ...objectSchema({ sub: text('Pairwise: of this relying party only.') }),
            additionalProperties: true,
          },
          {
            sub: '5FQJ2v7p1mYkq0cT8bXz3rNwUeHa9dLs4oGi6KfVjBE',
            given_name: 'Noor',
            family_name: 'de Vries',
          },
        ),
      ),
      '401': errorAnswer('OAuthError', 'No token, or one that is not valid (any more).'),
      '403': errorAnswer('OAuthError', 'A token without the scope `openid`.'),
      '429': errorAnswer('OAuthError', 'Too many requests.'),
    },
  }
}

const byPost = describe('readUserinfoByPost', 'Claims about the person, by POST')
const BY_POST: Operation = {
  ...byPost,
  security: [{ accessToken: [] }, {}],
  requestBody: {
    ...formBody(
      objectSchema({ 'access_token?': text('Instead of the header (RFC 6750 section 2.2).') }),
      { access_token: 'Qf2lXvOAY6Y5b8m1o0cJc2Tt8m0xZ7b1Jx3o0pC2yYk' },
    ),
    required: false,
  },
  responses: {
    ...byPost.responses,
    '400': errorAnswer('OAuthError', 'invalid_request: a token in the header and one in the form.'),
    '413': errorAnswer('OAuthError', 'The form is too large.'),
    '415': errorAnswer('OAuthError', 'Not a form.'),
  },
}
