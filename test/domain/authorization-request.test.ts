/** Which authorization requests are refused, with which word, and where the answer goes (protocols 6.2). */
import { expect, test } from 'vitest'
import {
  type AuthorizationRequest,
  judgeAuthorizationRequest,
} from '../../src/domain/authorization-request.ts'
import { PLAIN } from '../../src/domain/client-capabilities.ts'
import { BridgeError, type Failure } from '../../src/domain/failure.ts'
import type { ClientId } from '../../src/domain/ids.ts'
import type { RelyingParty } from '../../src/domain/relying-party.ts'

const ISSUER = 'https://bridge.example/t/demo'
const REDIRECT_URI = 'https://app.example/callback'
const CLIENT: RelyingParty = {
  ...PLAIN,
  ...{ clientId: 'app' as ClientId, name: 'App', redirectUris: [REDIRECT_URI] },
  ...{ authentication: 'client_secret_basic', secretHashes: [], jwks: undefined, sector: 's' },
  ...{ idTokenAlgorithm: 'RS256', requirePkce: true, claimsInIdToken: false, purpose: undefined },
  ...{ enabled: true, parity: { state: 'off' } },
}
const KNOWN = {
  scopes: new Set(['openid', 'profile', 'email']),
  claims: new Set(['given_name', 'email']),
}
const REQUEST = {
  ...{ response_type: 'code', client_id: 'app', redirect_uri: REDIRECT_URI, scope: 'openid' },
  ...{ state: 'a state', code_challenge: 'c'.repeat(43), code_challenge_method: 'S256' },
}
type Changed = Record<string, string | undefined>

function judge(
  changed: Changed = {},
  client: RelyingParty | 'nobody' = CLIENT,
  repeated: string[] = [],
): AuthorizationRequest | Failure {
  const given: Changed = { ...REQUEST, ...changed }
  const parameters = { get: (name: string) => given[name], repeated }
  try {
    const known = client === 'nobody' ? undefined : client
    return judgeAuthorizationRequest(parameters, known, ISSUER, KNOWN)
  } catch (error) {
    if (error instanceof BridgeError) return error.failure
    throw error
  }
}

const refusedWith = (error: string) => ({
  ...{ kind: 'oauth', error },
  redirect: { redirectUri: REDIRECT_URI, state: 'a state', issuer: ISSUER },
})

test('the control: a request that is right', () => {
  expect(judge()).toMatchObject({ redirectUri: REDIRECT_URI, scope: ['openid'], silent: false })
})

test.each([
  ['OP-02 no redirect_uri, though one is registered', { redirect_uri: undefined }],
  ['OP-12 another redirect_uri', { redirect_uri: `${REDIRECT_URI}/` }],
])('%s: nobody is sent anywhere', (_, changed) => {
  expect(judge(changed)).toEqual({
    kind: 'authorization_refused',
    description: 'The return address is not registered for this application.',
  })
})

test('OP-12 unknown and disabled clients look alike, also where more is wrong; twice is not guessed at', () => {
  const disabled = { ...CLIENT, enabled: false }
  const answers = [
    judge({ response_type: 'token' }, 'nobody'),
    judge({}, disabled),
    judge({ redirect_uri: 'https://evil.example/' }, disabled),
  ]
  for (const answer of answers)
    expect(answer).toEqual({
      kind: 'authorization_refused',
      description: 'This application is not registered here.',
    })
  for (const name of ['client_id', 'redirect_uri'])
    expect(judge({}, CLIENT, [name])).toMatchObject({ kind: 'authorization_refused' })
})

test.each([
  ['OP-14', { response_type: undefined }, 'invalid_request'],
  ['OP-14', { response_type: 'token' }, 'unsupported_response_type'],
  ['OP-14', { response_type: 'id_token' }, 'unsupported_response_type'],
  ['OP-14', { response_type: 'code id_token' }, 'unsupported_response_type'],
  ['OP-14', { response_type: 'code token' }, 'unsupported_response_type'],
  ['OP-14', { response_type: 'none' }, 'unsupported_response_type'],
  ['OP-14', { response_type: 'CODE' }, 'unsupported_response_type'],
  ['OP-15', { scope: undefined }, 'invalid_scope'],
  ['OP-15', { scope: 'profile email' }, 'invalid_scope'],
  ['OP-15', { scope: 'OpenID' }, 'invalid_scope'],
  ['OP-15', { scope: 'openid "x"' }, 'invalid_scope'],
  ['OP-15', { scope: `openid ${'x'.repeat(1024)}` }, 'invalid_request'],
  ['OP-16', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
  ['OP-16', { code_challenge: undefined }, 'invalid_request'],
  ['OP-16', { code_challenge_method: 'plain' }, 'invalid_request'],
  ['OP-17', { nonce: 'n'.repeat(513) }, 'invalid_request'],
  ['OP-18', { prompt: 'none login' }, 'invalid_request'],
  ['OP-18', { prompt: 'consent none' }, 'invalid_request'],
  ['OP-18', { prompt: 'none none' }, 'invalid_request'],
  ['OP-18', { prompt: 'create' }, 'invalid_request'],
  ['OP-18', { prompt: 'login create' }, 'invalid_request'],
  ['OP-18', { prompt: 'Login' }, 'invalid_request'],
  ['OP-19', { max_age: '-1' }, 'invalid_request'],
  ['OP-19', { max_age: '1e3' }, 'invalid_request'],
  ['OP-19', { max_age: ' 1' }, 'invalid_request'],
  ['OP-20', { acr_values: 'x'.repeat(1025) }, 'invalid_request'],
  [
    'OP-20',
    { claims: '{"id_token":{"acr":{"essential":true,"value":"x"}}}' },
    'unmet_authentication_requirements',
  ],
  ['OP-21', { claims: '[]' }, 'invalid_request'],
  ['OP-22', { request: 'e30.e30.' }, 'request_not_supported'],
  ['OP-22', { request_uri: 'https://app.example/r.jwt' }, 'request_uri_not_supported'],
  ['OP-22', { request_uri: 'urn:example:other' }, 'request_uri_not_supported'],
  ['OP-23', { registration: '{}' }, 'registration_not_supported'],
  ['OP-27', { response_mode: 'fragment' }, 'invalid_request'],
  ['OP-27', { response_mode: 'query.jwt' }, 'invalid_request'],
  ['RFC 9449 10', { dpop_jkt: 'short' }, 'invalid_request'],
] as [string, Changed, string][])('%s OP-13 %o is %s, with state and iss', (_, changed, error) => {
  expect(judge(changed)).toMatchObject(refusedWith(error))
})

test('OP-13 a state that is too long or comes twice is not sent back, and the refusal goes by POST where POST was asked for', () => {
  const long = judge({ state: 's'.repeat(4097) })
  expect(long).toMatchObject({ error: 'invalid_request', redirect: { state: undefined } })
  const twice = judge({}, CLIENT, ['state'])
  expect(twice).toMatchObject({ error: 'invalid_request', redirect: { state: undefined } })
  const posted = judge({ response_mode: 'form_post', prompt: 'create' })
  expect(posted).toMatchObject({ error: 'invalid_request', redirect: { formPost: true } })
})

test('OP-11 a parameter that comes twice is invalid_request, whichever it is', () => {
  for (const name of ['scope', 'prompt', 'nonce', 'unheard-of'])
    expect(judge({}, CLIENT, [name])).toMatchObject(refusedWith('invalid_request'))
})

test('OP-15 unknown scopes are passed over, and none stands twice', () => {
  expect(judge({ scope: 'email unheard-of openid email' })).toMatchObject({
    scope: ['email', 'openid'],
  })
})

test.each([
  ['login', { maxAge: 0, silent: false }],
  ['login consent', { maxAge: 0, askConsent: true }],
  ['select_account', { selectAccount: true, maxAge: undefined }],
  ['select_account consent', { selectAccount: true, askConsent: true }],
  ['none', { silent: true, maxAge: undefined }],
  [undefined, { silent: false, selectAccount: false, maxAge: undefined }],
])('OP-18 prompt %s', (prompt, wanted) => {
  expect(judge({ prompt })).toMatchObject(wanted)
})

test('OP-18, OP-19 prompt=login goes before any max_age; max_age=0 is the same wish', () => {
  expect(judge({ prompt: 'login', max_age: '3600' })).toMatchObject({ maxAge: 0 })
  expect(judge({ max_age: '0' })).toMatchObject({ maxAge: 0 })
  expect(judge({ max_age: '3600' })).toMatchObject({ maxAge: 3600 })
})

test('OP-16, OP-17 a client that need not use PKCE may leave it and the nonce out', () => {
  const lenient = { ...CLIENT, requirePkce: false }
  const bare = { code_challenge: undefined, code_challenge_method: undefined }
  expect(judge(bare, lenient)).toMatchObject({ codeChallenge: undefined, nonce: undefined })
})
