/** The wallet's side: GET and POST of the request object, POST of the answer (OpenID4VP 1.0 sections 5.10 and 8.2). */
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import { handOutRequest } from '../flow/hand-out-request.ts'
import { readWalletForm, receivePresentation } from '../flow/receive-presentation.ts'
import {
  errorAnswer,
  formBody,
  jsonAnswer,
  objectSchema,
  pathParameter,
  TENANT_PARAMETER,
  text,
} from './describe.ts'
import { readFormBody } from './parse.ts'
import { type Exchange, type Operation, type Route, tenantOf } from './route.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

const MAX_REQUEST_FORM = 32 * 1024
const MAX_RESPONSE_FORM = 1024 * 1024
const REQUEST_ID = /^[A-Za-z0-9_-]{22,64}$/
const TYPE = 'application/oauth-authz-req+jwt'

export function walletRoutes(deps: Means): Route[] {
  const common = { errors: 'wallet', limit: 'wallet' } as const
  const requestPath = '/t/:tenant/wallet/request/:request'
  return [
    {
      ...{
        ...common,
        method: 'GET',
        path: requestPath,
        operation: describeRequest('fetchRequestObject'),
      },
      handle: (exchange) => handOut(deps, exchange, undefined),
    },
    {
      ...{
        ...common,
        method: 'POST',
        path: requestPath,
        operation: describeRequest('fetchRequestObjectByPost'),
      },
      handle: async (exchange) =>
        handOut(deps, exchange, await readFormBody(exchange.http, MAX_REQUEST_FORM)),
    },
    {
      ...{ ...common, method: 'POST', path: '/t/:tenant/wallet/response', operation: RESPONSE },
      handle: (exchange) => receive(deps, exchange),
    },
  ]
}

async function handOut(
  deps: Means,
  exchange: Exchange,
  body: Uint8Array | undefined,
): Promise<Response> {
  const id = exchange.http.req.param('request') ?? ''
  if (!REQUEST_ID.test(id)) fail({ kind: 'not_found' })
  const posted = body === undefined ? undefined : readWalletForm(body)
  const jwt = await handOutRequest(deps, tenantOf(exchange), id, posted)
  return new Response(jwt, { headers: { 'content-type': TYPE, 'cache-control': 'no-store' } })
}

async function receive(deps: Means, exchange: Exchange): Promise<Response> {
  const form = readWalletForm(await readFormBody(exchange.http, MAX_RESPONSE_FORM))
  const { redirectUri } = await receivePresentation(deps, tenantOf(exchange), form)
  const body = redirectUri === undefined ? {} : { redirect_uri: redirectUri }
  return Response.json(body, { headers: { 'cache-control': 'no-store' } })
}

function describeRequest(
  operationId: 'fetchRequestObject' | 'fetchRequestObjectByPost',
): Operation {
  const common = {
    operationId,
    tags: ['Wallets'] as [string],
    description:
      'OpenID4VP 1.0 section 5: the signed authorization request, however often it is fetched while the login is open.',
    parameters: [
      TENANT_PARAMETER,
      pathParameter('request', 'From the link or the QR code.', 'vX3pJ6mQb1y8r0sT2uWcZkLh4NqAeF7d'),
    ],
    responses: {
      '200': {
        description:
          'A compact JWS with `typ` `oauth-authz-req+jwt`; inside a compact JWE for a wallet that posted a key.',
        content: {
          [TYPE]: {
            schema: { type: 'string' },
            example: 'eyJhbGciOiJFUzI1NiIsInR5cCI6Im9hdXRoLWF1dGh6LXJlcStqd3QifQ.eyJ…',
          },
        },
      },
      '400': errorAnswer('WalletError', 'The form is at fault.'),
      '404': errorAnswer('WalletError', 'Unknown, expired or answered: they look alike.'),
      '415': errorAnswer('WalletError', 'Not a form.'),
      '429': errorAnswer('WalletError', 'Too many requests.'),
    },
  }
  if (operationId === 'fetchRequestObject')
    return { ...common, summary: 'Fetch the request object' }
  return {
    ...common,
    summary: 'Fetch the request object by POST',
    requestBody: formBody(
      objectSchema({
        'wallet_nonce?': text('Comes back inside the request object; at most 256 characters.'),
        'wallet_metadata?': text(
          'JSON; at most 16 KiB. Alternatives in formats that it does not name are left out; to a P-256 key in its `jwks` the request is encrypted (ECDH-ES, A256GCM or A128GCM).',
        ),
      }),
      { wallet_nonce: 'qPmxiNFCR3QTm19POc8u' },
    ),
  }
}

const RESPONSE: Operation = {
  ...{ operationId: 'postPresentation', tags: ['Wallets'], summary: 'Post a presentation' },
  description:
    'OpenID4VP 1.0 section 8.2: `direct_post` (`vp_token` and `state`), `direct_post.jwt` (`response`), or an error with `state`.',
  parameters: [TENANT_PARAMETER],
  requestBody: formBody(
    objectSchema({
      'response?': text(
        'A JWE, ECDH-ES on P-256 with A128GCM or A256GCM, whose payload holds `vp_token` and `state`.',
      ),
      'vp_token?': text('JSON: for each credential query id a list of presentations.'),
      'state?': text('From the request object.'),
      'error?': text('Why the wallet does not present.'),
    }),
    {
      response:
        'eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImtpZCI6Ii4uLiJ9..aW4uLi4.Y2lwaGVy.dGFn',
    },
  ),
  responses: {
    '200': jsonAnswer(
      'Accepted. With `redirect_uri` the wallet brings the browser on this device back; without it the other device goes on by itself.',
      objectSchema({ 'redirect_uri?': text('Ours, with a fresh response code.') }),
      {
        redirect_uri:
          'https://bridge.example/t/demo/return?response_code=Qf2lXvOAY6Y5b8m1o0cJc2Tt8m0xZ7b1Jx3o0pC2yYk',
      },
    ),
    '400': errorAnswer(
      'WalletError',
      'The presentation was refused; the log and the audit trail know why, the wallet does not.',
    ),
    '404': errorAnswer('WalletError', 'No open login belongs to this answer.'),
    '413': errorAnswer('WalletError', 'More than 1 MiB.'),
    '415': errorAnswer('WalletError', 'Not a form.'),
    '429': errorAnswer('WalletError', 'Too many requests.'),
  },
}
