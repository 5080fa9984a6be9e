/** POST /revoke and POST /introspect: a token ends, or is asked about (RFC 7009, RFC 7662). */

import type { Deps } from '../deps.ts'
import type { Parameters } from '../domain/authorization-request.ts'
import { fail } from '../domain/failure.ts'
import { introspectToken, signAnswer } from '../flow/introspect-token.ts'
import { revokeToken } from '../flow/revoke-token.ts'
import { CLIENT_MEMBERS, clientSecurity, readClientForm } from './client-form.ts'
import { count, errorAnswer, formBody, objectSchema, TENANT_PARAMETER, text } from './describe.ts'
import { answerJson } from './json-answer.ts'
import { CROSS_ORIGIN, type Exchange, type Operation, type Route, tenantOf } from './route.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

const SIGNED = 'application/token-introspection+jwt'
const NO_STORE = { 'cache-control': 'no-store' }

export function tokenStateRoutes(deps: Means): Route[] {
  const common = { method: 'POST', errors: 'oauth', limit: 'token' } as const
  return [
    {
      ...{ ...common, path: '/t/:tenant/revoke', operation: REVOKE, crossOrigin: true },
      handle: (exchange) => revoke(deps, exchange),
    },
    {
      ...{ ...common, path: '/t/:tenant/introspect', operation: INTROSPECT },
      handle: (exchange) => introspect(deps, exchange),
    },
  ]
}

async function revoke(deps: Means, exchange: Exchange): Promise<Response> {
  const { form, relyingParty } = await readClientForm(deps, exchange)
  await revokeToken(deps, tenantOf(exchange), relyingParty, readToken(form))
  return new Response(null, { status: 200, headers: { ...NO_STORE, ...CROSS_ORIGIN } })
}

async function introspect(deps: Means, exchange: Exchange): Promise<Response> {
  const { form, relyingParty } = await readClientForm(deps, exchange)
  const prepared = tenantOf(exchange)
  const answer = await introspectToken(deps, prepared, relyingParty, readToken(form))
  if (exchange.http.req.header('accept')?.includes(SIGNED) !== true)
    return answerJson(answer, NO_STORE)
  const signed = signAnswer(deps, prepared, relyingParty, answer)
  return new Response(signed, { headers: { ...NO_STORE, 'content-type': SIGNED } })
}

function readToken(form: Parameters): string {
  const description = 'token is missing'
  return form.get('token') ?? fail({ kind: 'oauth', error: 'invalid_request', description })
}

const BODY = formBody(
  objectSchema({
    token: text('The token.'),
    'token_type_hint?': text('Not needed: tokens are told apart by themselves.'),
    ...CLIENT_MEMBERS,
  }),
  { token: 'Qf2lXvOAY6Y5b8m1o0cJc2Tt8m0xZ7b1Jx3o0pC2yYk' },
)
const REFUSALS = {
  '400': errorAnswer('OAuthError', 'invalid_request.'),
  '401': errorAnswer('OAuthError', 'invalid_client.'),
  '413': errorAnswer('OAuthError', 'The form is too large.'),
  '415': errorAnswer('OAuthError', 'Not a form.'),
  '429': errorAnswer('OAuthError', 'Too many requests.'),
}

const REVOKE: Operation = {
  ...{ operationId: 'revokeToken', tags: ['Relying parties'], summary: 'End a token' },
  description:
    'RFC 7009. A refresh token takes its family and the access tokens of the login along. Unknown tokens and those of other clients change nothing and are answered alike.',
  security: clientSecurity(),
  parameters: [TENANT_PARAMETER],
  requestBody: BODY,
  responses: { '200': { description: 'The token is over, if it was one of yours.' }, ...REFUSALS },
}

const INTROSPECT: Operation = {
  ...{ operationId: 'introspectToken', tags: ['Relying parties'], summary: 'Ask about a token' },
  description:
    'RFC 7662, for confidential clients: about tokens they were given, and, for a resource server, about tokens meant for its `resource`. Every other token is `{"active": false}`. With `Accept: application/token-introspection+jwt` the answer is signed (RFC 9701).',
  security: clientSecurity({ public: false }),
  parameters: [TENANT_PARAMETER],
  requestBody: BODY,
  responses: {
    '200': {
      description: 'What holds of the token now.',
      content: {
        'application/json': {
          schema: {
            ...objectSchema({
              active: { type: 'boolean', description: 'Whether it is good now.' },
              'scope?': text('What it allows.'),
              'client_id?': text('Whose it is.'),
              'sub?': text('The person, as this client knows them; the client itself for its own.'),
              'exp?': count('When it ends, seconds.'),
            }),
            additionalProperties: true,
          },
          example: {
            ...{ active: true, iss: 'https://bridge.example/t/demo', client_id: 'demo-app' },
            ...{ sub: '5FQJ2v7p1mYkq0cT8bXz3rNwUeHa9dLs4oGi6KfVjBE', scope: 'openid profile' },
            ...{ token_type: 'Bearer', iat: 1_770_000_000, exp: 1_770_000_600 },
          },
        },
        [SIGNED]: {
          schema: { type: 'string' },
          example: 'eyJ0eXAiOiJ0b2tlbi1pbnRyb3NwZWN0aW9uK2p3dCJ9.eyJ…',
        },
      },
    },
    ...REFUSALS,
  },
}
