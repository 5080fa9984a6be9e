/** POST /par: a client sends an authorization request ahead of the browser (RFC 9126). */
import type { Deps } from '../deps.ts'
import { pushAuthorization } from '../flow/push-authorization.ts'
import { AUTHORIZATION_MEMBERS } from './authorize.ts'
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
import { CROSS_ORIGIN, type Exchange, type Operation, type Route, tenantOf } from './route.ts'

export function pushedRequestRoutes(
  deps: Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>,
): Route[] {
  return [
    {
      ...{ method: 'POST', path: '/t/:tenant/par', errors: 'oauth', limit: 'token' },
      ...{ operation: PUSH, crossOrigin: true },
      handle: (exchange) => push(deps, exchange),
    },
  ]
}

async function push(
  deps: Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>,
  exchange: Exchange,
): Promise<Response> {
  const { form, relyingParty } = await readClientForm(deps, exchange)
  const jkt = await readKeyProof(deps, exchange, '/par')
  const answer = await pushAuthorization(deps, tenantOf(exchange), relyingParty, form, jkt)
  const nonce = nextNonceHeader(deps, exchange, jkt)
  const headers = { 'cache-control': 'no-store', ...CROSS_ORIGIN, ...nonce }
  return Response.json(answer, { status: 201, headers })
}

const PUSH: Operation = {
  ...{ operationId: 'pushRequest', tags: ['Relying parties'] },
  summary: 'Send an authorization request ahead',
  description:
    'RFC 9126. The parameters of `/authorize` with the client authentication of `/token`, judged now. The browser then brings `client_id` and the `request_uri` alone, within a minute; one code comes of it. With a `DPoP` header the code is good with its key alone (RFC 9449 section 10.1); the proof needs a nonce, as at `/token`.',
  security: clientSecurity(),
  parameters: [TENANT_PARAMETER],
  requestBody: formBody(objectSchema({ ...AUTHORIZATION_MEMBERS, ...CLIENT_MEMBERS }), {
    response_type: 'code',
    client_id: 'demo-app',
    redirect_uri: 'https://app.example/callback',
    scope: 'openid profile email',
    state: 'af0ifjsldkj',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  }),
  responses: {
    '201': jsonAnswer(
      'Kept.',
      objectSchema({
        request_uri: text('For `/authorize`, instead of the parameters.'),
        expires_in: count('Seconds.'),
      }),
      {
        request_uri:
          'urn:ietf:params:oauth:request_uri:Qf2lXvOAY6Y5b8m1o0cJc2Tt8m0xZ7b1Jx3o0pC2yYk',
        expires_in: 60,
      },
    ),
    '400': errorAnswer(
      'OAuthError',
      'What `/authorize` would refuse, with the same codes; invalid_dpop_proof, use_dpop_nonce.',
    ),
    '401': errorAnswer('OAuthError', 'invalid_client.'),
    '413': errorAnswer('OAuthError', 'The form is too large.'),
    '415': errorAnswer('OAuthError', 'Not a form.'),
    '429': errorAnswer('OAuthError', 'Too many requests.'),
  },
}
