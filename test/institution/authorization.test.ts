import { createHash } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { randomText } from '../../src/crypto/random.ts'
import { toInstant } from '../../src/domain/time.ts'
import { buildAuthorizationUrl } from '../../src/institution/authorization.ts'
import { type ConnectedProvider, connectProvider } from '../../src/institution/connection.ts'
import { createOutbound } from '../../src/outbound/guard.ts'
import { newAttempt, REDIRECT_URI } from './attempt.ts'

const clock = () => Date.UTC(2026, 10, 22)
const METADATA = {
  issuer: 'https://connect.example.org',
  authorization_endpoint: 'https://connect.example.org/oidc/authorize?tenant=7',
  token_endpoint: 'https://connect.example.org/oidc/token',
  jwks_uri: 'https://connect.example.org/oidc/certs',
  id_token_signing_alg: 'RS256',
  token_endpoint_auth_method: 'client_secret_basic',
  authorization_response_iss_parameter_supported: false,
  fetched_at: toInstant(clock()),
} as const

let connected: ConnectedProvider
beforeAll(async () => {
  const means = { outbound: createOutbound({ allowLoopback: false }), clock }
  connected = await connectProvider(means, {
    metadata: METADATA,
    clientId: 'bridge',
    clientSecret: 'secret-marker',
    scopes: ['openid', 'email'],
  })
})

test('UP-12 the request has exactly the parameters that configuration and the attempt give', () => {
  const attempt = newAttempt()
  const { url, urlWithoutQuery } = buildAuthorizationUrl(connected, attempt)
  expect(Object.fromEntries(new URL(url).searchParams)).toEqual({
    tenant: '7',
    response_type: 'code',
    client_id: 'bridge',
    redirect_uri: REDIRECT_URI,
    scope: 'openid email',
    state: attempt.state,
    nonce: attempt.nonce,
    code_challenge: createHash('sha256').update(attempt.codeVerifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  expect(urlWithoutQuery).toBe('https://connect.example.org/oidc/authorize')
  expect(url).not.toContain(attempt.codeVerifier)
  expect(url).not.toContain('secret-marker')
})

test('UP-10 the challenge of RFC 7636 appendix B comes out', () => {
  const codeVerifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
  const { url } = buildAuthorizationUrl(connected, newAttempt({ codeVerifier }))
  expect(new URL(url).searchParams.get('code_challenge')).toBe(
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  )
})

test('UP-45 a demanded acr is an essential claim, and a wish beside it', () => {
  const acr = ['https://eduid.nl/trust/validate-names']
  const asked = new URL(buildAuthorizationUrl(connected, newAttempt({ acr })).url).searchParams
  expect(asked.get('acr_values')).toBe(acr[0])
  expect(JSON.parse(asked.get('claims') ?? '')).toEqual({
    id_token: { acr: { essential: true, value: acr[0] } },
  })
})

test('UP-45 of several acr values any will do', () => {
  const acr = ['urn:a', 'urn:b']
  const asked = new URL(buildAuthorizationUrl(connected, newAttempt({ acr })).url).searchParams
  expect(asked.get('acr_values')).toBe('urn:a urn:b')
  expect(JSON.parse(asked.get('claims') ?? '')).toEqual({
    id_token: { acr: { essential: true, values: acr } },
  })
})

test('UP-12 max_age and prompt are sent when configured', () => {
  const attempt = newAttempt({ maxAgeSeconds: 0, prompt: 'login' })
  const asked = new URL(buildAuthorizationUrl(connected, attempt).url).searchParams
  expect([asked.get('max_age'), asked.get('prompt')]).toEqual(['0', 'login'])
})

test.each([
  ['state', randomText(15)],
  ['state', ''],
  ['state', 'with a space, and long enough'],
  ['nonce', randomText(15)],
  ['codeVerifier', 'v'.repeat(42)],
  ['codeVerifier', 'v'.repeat(129)],
  ['codeVerifier', `${'v'.repeat(43)}+`],
])('UP-10 UP-11 a %s of %j is a fault of the caller', (name, value) => {
  const attempt = newAttempt({ [name]: value })
  expect(() => buildAuthorizationUrl(connected, attempt)).toThrow(RangeError)
})

test('UP-13 two attempts share nothing', () => {
  const [one, other] = [newAttempt(), newAttempt()].map(
    (attempt) => new URL(buildAuthorizationUrl(connected, attempt).url).searchParams,
  )
  for (const name of ['state', 'nonce', 'code_challenge']) {
    expect(one?.get(name)).not.toBe(other?.get(name))
  }
})
