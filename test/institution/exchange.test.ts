/** The modules of the certification suite's plan for relying parties (protocols 6.13), and what goes beyond them. */
import { exportJWK, jwtVerify } from 'jose'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { buildAuthorizationUrl } from '../../src/institution/authorization.ts'
import { readCallback } from '../../src/institution/callback.ts'
import type { ConnectedProvider, ProviderConnection } from '../../src/institution/connection.ts'
import { exchangeCode } from '../../src/institution/exchange.ts'
import type { Outbound } from '../../src/outbound/guard.ts'
import { listen } from '../outbound/server.ts'
import {
  attemptLogin,
  connect,
  institutionRefused,
  newAttempt,
  REDIRECT_URI,
  testOutbound,
} from './attempt.ts'
import {
  type Behaviour,
  type HostileProvider,
  makeSigningKey,
  type SigningKey,
  startHostileProvider,
} from './hostile-provider.ts'

let outbound: Outbound
let signingKey: SigningKey
let otherKey: SigningKey
let provider: HostileProvider
let connected: ConnectedProvider

beforeAll(async () => {
  outbound = testOutbound()
  signingKey = await makeSigningKey('key-1')
  otherKey = await makeSigningKey('key-2')
})
afterAll(() => outbound.close())

beforeEach(async () => {
  provider = await startHostileProvider(signingKey)
  connected = await connect(outbound, { issuer: provider.issuer })
  return () => provider.close()
})

const login = (change: Partial<Behaviour> = {}) => {
  Object.assign(provider.behave, change)
  return attemptLogin(connected, provider.authorize)
}

const seconds = () => Math.floor(Date.now() / 1000)

test('oidcc-client-test: an honest provider is believed', async () => {
  const answer = await login({ userinfo: (claims) => ({ ...claims, name: 'Sanne' }) })
  expect(answer.issuer).toBe(provider.issuer)
  expect(answer.idToken).toMatchObject({ sub: 'person-1', aud: 'bridge' })
  expect(answer.userinfo).toEqual({ sub: 'person-1', name: 'Sanne' })
  expect(provider.asked).toEqual({ discovery: 1, token: 1, jwks: 1, userinfo: 1 })
})

test('UP-39 the access token is not handed on', async () => {
  const answer = await login()
  expect(new Set(Object.keys(answer))).toEqual(new Set(['idToken', 'issuer', 'userinfo']))
})

test.each<[string, (claims: Record<string, unknown>) => Record<string, unknown>]>([
  ['oidcc-client-test-invalid-iss', (claims) => ({ ...claims, iss: 'https://other.example.org' })],
  ['UP-34 iss with a slash more', (claims) => ({ ...claims, iss: `${claims.iss}/` })],
  ['UP-34 no iss', ({ iss, ...claims }) => claims],
  ['oidcc-client-test-missing-sub', ({ sub, ...claims }) => claims],
  ['UP-34 empty sub', (claims) => ({ ...claims, sub: '' })],
  ['UP-34 sub of 256 characters', (claims) => ({ ...claims, sub: 's'.repeat(256) })],
  ['UP-34 sub is a number', (claims) => ({ ...claims, sub: 7 })],
  ['oidcc-client-test-invalid-aud', (claims) => ({ ...claims, aud: 'another-client' })],
  ['row 29 aud without us', (claims) => ({ ...claims, aud: ['another-client', 'bridge-2'] })],
  ['UP-34 no aud', ({ aud, ...claims }) => claims],
  ['UP-34 a second audience', (claims) => ({ ...claims, aud: ['bridge', 'another-client'] })],
  [
    'UP-34 a second audience, azp another',
    (claims) => ({ ...claims, aud: ['bridge', 'x'], azp: 'x' }),
  ],
  ['UP-34 azp is another client', (claims) => ({ ...claims, azp: 'another-client' })],
  ['oidcc-client-test-missing-iat', ({ iat, ...claims }) => claims],
  ['UP-34 iat is a text', (claims) => ({ ...claims, iat: String(claims.iat) })],
  ['UP-34 no exp', ({ exp, ...claims }) => claims],
  ['oidcc-client-test-nonce-invalid', (claims) => ({ ...claims, nonce: 'another' })],
  ['UP-34 no nonce', ({ nonce, ...claims }) => claims],
  ['UP-34 at_hash of another token', (claims) => ({ ...claims, at_hash: 'A'.repeat(22) })],
  ['UP-34 at_hash is no text', (claims) => ({ ...claims, at_hash: 1 })],
])('%s is refused', async (_name, claims) => {
  await expect(login({ claims })).rejects.toMatchObject(institutionRefused('id_token_invalid'))
  expect(provider.asked.userinfo).toBe(0)
})

test.each<[string, (claims: Record<string, unknown>) => Record<string, unknown>]>([
  ['aud is a list of one', (claims) => ({ ...claims, aud: ['bridge'] })],
  ['azp is us', (claims) => ({ ...claims, azp: 'bridge' })],
  [
    'a second audience, azp is us',
    (claims) => ({ ...claims, aud: ['x', 'bridge'], azp: 'bridge' }),
  ],
  ['no at_hash', ({ at_hash, ...claims }) => claims],
  ['sub of 255 characters', (claims) => ({ ...claims, sub: 's'.repeat(255) })],
])('UP-34 %s is accepted', async (_name, claims) => {
  const sameSubject = (info: Record<string, unknown>) => ({
    ...info,
    ...claims({ sub: 'person-1' }),
  })
  const answer = await login({ claims, userinfo: sameSubject })
  expect(answer.idToken.sub).toMatch(/^person-1$|^s{255}$/)
})

test('oidcc-client-test-kid-absent-single-jwks: one key that fits needs no name', async () => {
  const answer = await login({ header: ({ kid, ...header }) => header })
  expect(answer.idToken.sub).toBe('person-1')
})

test('oidcc-client-test-kid-absent-multiple-jwks: two keys that fit are refused', async () => {
  const asking = login({
    header: ({ kid, ...header }) => header,
    jwks: () => ({ keys: [signingKey.publicJwk, otherKey.publicJwk] }),
  })
  await expect(asking).rejects.toMatchObject(institutionRefused('id_token_invalid'))
})

test('oidcc-client-test-idtoken-sig-none is refused', async () => {
  const asking = login({ sign: 'none' })
  await expect(asking).rejects.toMatchObject(institutionRefused('id_token_invalid'))
})

test('oidcc-client-test-invalid-sig-rs256 is refused', async () => {
  const forged: SigningKey = { privateKey: otherKey.privateKey, publicJwk: signingKey.publicJwk }
  const asking = login({ sign: forged })
  await expect(asking).rejects.toMatchObject(institutionRefused('id_token_invalid'))
  expect(provider.asked.userinfo).toBe(0)
})

test('UP-35 HS256 with the client secret or the public key as secret is refused', async () => {
  for (const secret of ['a-secret-of-the-client', JSON.stringify(signingKey.publicJwk)]) {
    const asking = login({ sign: { secret } })
    await expect(asking).rejects.toMatchObject(institutionRefused('id_token_invalid'))
  }
})

test('UP-35 an algorithm that the provider offers but we did not register is refused', async () => {
  const elliptic = await makeSigningKey('key-e', 'ES256')
  const asking = login({ sign: elliptic, jwks: () => ({ keys: [elliptic.publicJwk] }) })
  await expect(asking).rejects.toMatchObject(institutionRefused('id_token_invalid'))
})

test.each(['jku', 'x5u', 'jwk'])(
  'UP-35 a token that brings its key by %s is refused',
  async (name) => {
    const canary = await listen((_request, response) => response.end())
    const value = name === 'jwk' ? otherKey.publicJwk : `${canary.url}/keys`
    const header = (one: Record<string, unknown>) => ({ ...one, [name]: value })
    // Also where the signature is right: such a header has no honest use here.
    for (const sign of [otherKey, signingKey]) {
      const asking = login({ sign, header })
      await expect(asking).rejects.toMatchObject(institutionRefused('id_token_invalid'))
    }
    expect(canary.count.connections).toBe(0)
    expect(provider.asked.jwks).toBe(0)
    await canary.close()
  },
)

test('UP-35 a critical extension is refused', async () => {
  // jose will not sign such a header, so it is put in afterwards; the header alone has to be the reason.
  const asking = login({
    token: (idToken) => {
      const [, payload, signature] = idToken.split('.')
      const header = JSON.stringify({ alg: 'RS256', kid: 'key-1', crit: ['exp'] })
      return `${Buffer.from(header).toString('base64url')}.${payload}.${signature}`
    },
  })
  await expect(asking).rejects.toMatchObject(institutionRefused('id_token_invalid'))
  expect(provider.asked.jwks).toBe(0)
})

test.each<[string, (idToken: string) => string]>([
  ['no JWT', () => 'hello'],
  ['an encrypted token', () => 'a.b.c.d.e'],
  ['a signature cut off', (idToken) => idToken.slice(0, -10)],
  ['a payload changed', (idToken) => idToken.replace(/\.(.)/, (_all, first) => `.${first}A`)],
  ['nothing', () => ''],
])('UP-34 %s for an ID token is refused', async (_name, token) => {
  const asking = login({ token })
  await expect(asking).rejects.toMatchObject(institutionRefused('id_token_invalid'))
})

test('UP-34 a token answer without ID token is refused', async () => {
  const asking = login({ tokenAnswer: ({ id_token, ...answer }) => answer })
  await expect(asking).rejects.toMatchObject(institutionRefused('id_token_invalid'))
})

test.each<[string, (claims: Record<string, unknown>) => Record<string, unknown>]>([
  ['oidcc-client-test-userinfo-invalid-sub', (claims) => ({ ...claims, sub: 'person-2' })],
  ['UP-38 userinfo without sub', ({ sub, ...claims }) => claims],
])('%s is refused', async (_name, userinfo) => {
  await expect(login({ userinfo })).rejects.toMatchObject(institutionRefused('userinfo_invalid'))
})

test('UP-38 a provider without userinfo is believed by its ID token', async () => {
  provider.behave.metadata = ({ userinfo_endpoint, ...document }) => document
  connected = await connect(outbound, { issuer: provider.issuer })
  expect((await login()).userinfo).toBeUndefined()
})

test('oidcc-client-test-signing-key-rotation: a new key is fetched when a token names it', async () => {
  await login()
  await login({ sign: otherKey, jwks: () => ({ keys: [otherKey.publicJwk] }) })
  expect(provider.asked.jwks).toBe(2)
  // The old key went with the old set.
  const old = login({ sign: signingKey })
  await expect(old).rejects.toMatchObject(institutionRefused('id_token_invalid'))
})

test('UP-31 client id and secret are form-encoded before base64', async () => {
  connected = await connect(
    outbound,
    { issuer: provider.issuer },
    { clientId: 'bridge', clientSecret: 'a:b+c%d ä&=' },
  )
  await login()
  const sent = provider.seen.authorization?.replace('Basic ', '') ?? ''
  expect(Buffer.from(sent, 'base64').toString()).toBe('bridge:a%3Ab%2Bc%25d+%C3%A4%26%3D')
  expect(provider.seen.form.has('client_secret')).toBe(false)
})

test('UP-30 one method of client authentication, the verifier and the same redirect URI', async () => {
  const connection = { clientSecret: 'post-secret' }
  const registration = { issuer: provider.issuer, clientAuthMethod: 'client_secret_post' } as const
  connected = await connect(outbound, registration, connection)
  const attempt = newAttempt()
  await attemptLogin(connected, provider.authorize, attempt)
  expect(provider.seen.authorization).toBeUndefined()
  expect(Object.fromEntries(provider.seen.form)).toMatchObject({
    client_secret: 'post-secret',
    code_verifier: attempt.codeVerifier,
    redirect_uri: REDIRECT_URI,
    grant_type: 'authorization_code',
  })
})

async function assertionOf(clientKey: SigningKey, more: Partial<ProviderConnection> = {}) {
  const clientSecret = JSON.stringify({
    ...(await exportJWK(clientKey.privateKey)),
    kid: 'client-1',
    alg: 'ES256',
  })
  const there = await connect(
    outbound,
    { issuer: provider.issuer, clientAuthMethod: 'private_key_jwt' },
    { clientSecret, ...more },
  )
  await attemptLogin(there, provider.authorize)
  const assertion = provider.seen.form.get('client_assertion') ?? ''
  const { payload, protectedHeader } = await jwtVerify(assertion, clientKey.publicJwk)
  return { payload, protectedHeader, form: provider.seen.form }
}

test('UP-32 a client assertion is for the issuer alone, lives a minute and is used once', async () => {
  const clientKey = await makeSigningKey('client-1', 'ES256')
  const { payload, protectedHeader, form } = await assertionOf(clientKey)
  expect(protectedHeader).toEqual({
    alg: 'ES256',
    kid: 'client-1',
    typ: 'client-authentication+jwt',
  })
  expect(payload).toMatchObject({ iss: 'bridge', sub: 'bridge', aud: provider.issuer })
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60)
  expect(payload.iat).toBeGreaterThan(seconds() - 10)
  expect(form.has('client_secret')).toBe(false)
  expect((await assertionOf(clientKey)).payload.jti).not.toBe(payload.jti)
})

test('UP-32 an old provider may get its token endpoint as audience', async () => {
  const clientKey = await makeSigningKey('client-1', 'ES256')
  const { payload } = await assertionOf(clientKey, { assertionAudience: 'token_endpoint' })
  expect(payload.aud).toBe(`${provider.issuer}/token`)
})

test.each([
  ['another state', { state: 'A'.repeat(43) }, 'response_invalid'],
  [
    'an error with another state',
    { state: 'A'.repeat(43), error: 'access_denied' },
    'response_invalid',
  ],
  ['another issuer', { iss: 'https://other.example.org' }, 'response_invalid'],
  [
    'an error of another issuer',
    { iss: 'https://x.example.org', error: 'server_error' },
    'response_invalid',
  ],
  ['an error', { error: 'access_denied', error_description: '<script>' }, 'login_refused'],
  ['an error of the right issuer', { error: 'login_required', iss: 'ours' }, 'login_refused'],
])('UP-21 UP-23 %s ends without a token request', async (_name, extra, reason) => {
  const asking = attemptLogin(connected, (url) => {
    const back = provider.authorize(url, extra as Record<string, string>)
    if (back.searchParams.get('iss') === 'ours') back.searchParams.set('iss', provider.issuer)
    if ('error' in extra) back.searchParams.delete('code')
    return back
  })
  await expect(asking).rejects.toMatchObject(institutionRefused(reason))
  expect(provider.asked.token).toBe(0)
})

test('UP-21 a provider that promises iss has to send it', async () => {
  provider.behave.metadata = (document) => ({
    ...document,
    authorization_response_iss_parameter_supported: true,
  })
  connected = await connect(outbound, { issuer: provider.issuer })
  await expect(login()).rejects.toMatchObject(institutionRefused('response_invalid'))
  expect(provider.asked.token).toBe(0)
  const iss = provider.issuer
  const answer = await attemptLogin(connected, (url) => provider.authorize(url, { iss }))
  expect(answer.issuer).toBe(provider.issuer)
})

test("row 25 mix-up: an honest provider's code at the attacker's call-back goes to nobody", async () => {
  const attacker = await startHostileProvider(otherKey)
  const atAttacker = await connect(outbound, { issuer: attacker.issuer })
  const attempt = newAttempt()
  // The attacker's authorization endpoint sends the browser on to the honest provider.
  const { url } = buildAuthorizationUrl(atAttacker, attempt)
  const onward = url.replace(attacker.issuer, provider.issuer)
  const back = provider.authorize(onward, { iss: provider.issuer })
  const asking = exchangeCode(atAttacker, readCallback(back.searchParams), attempt)
  await expect(asking).rejects.toMatchObject(institutionRefused('response_invalid'))
  expect([attacker.asked.token, provider.asked.token]).toEqual([0, 0])
  await attacker.close()
})

test('row 28 a code of another attempt is refused by PKCE', async () => {
  const mine = newAttempt()
  const foreign = provider.authorize(buildAuthorizationUrl(connected, newAttempt()).url)
  foreign.searchParams.set('state', mine.state)
  const asking = exchangeCode(connected, readCallback(foreign.searchParams), mine)
  await expect(asking).rejects.toMatchObject(institutionRefused('token_request_failed'))
})

test('row 28 a code of another attempt is refused by nonce where a provider ignores PKCE', async () => {
  const asking = login({ claims: (claims) => ({ ...claims, nonce: newAttempt().nonce }) })
  await expect(asking).rejects.toMatchObject(institutionRefused('id_token_invalid'))
})

test.each<[string, number, string]>([
  ['token', 400, 'token_request_failed'],
  ['token', 401, 'token_request_failed'],
  ['token', 403, 'token_request_failed'],
  ['token', 204, 'token_request_failed'],
  ['token', 302, 'token_request_failed'],
  ['token', 500, 'unavailable'],
  ['token', 503, 'unavailable'],
  ['userinfo', 401, 'userinfo_invalid'],
  ['userinfo', 302, 'userinfo_invalid'],
  ['userinfo', 502, 'unavailable'],
  ['jwks', 500, 'unavailable'],
])('UP-33 %s endpoint with status %i is %s', async (endpoint, status, reason) => {
  const canary = await listen((_request, response) => response.end())
  const asking = login({
    instead: {
      [endpoint]: (_request: unknown, response: import('node:http').ServerResponse) => {
        if (status === 401) response.setHeader('www-authenticate', 'Bearer error="invalid_token"')
        response.writeHead(status, { 'content-type': 'text/html', location: canary.url }).end()
      },
    },
  })
  await expect(asking).rejects.toMatchObject(institutionRefused(reason))
  expect(canary.count.connections).toBe(0)
  await canary.close()
})

test.each([
  ['another type', 'text/html', '{}'],
  ['no JSON', 'application/json', 'hello'],
  [
    'a member twice',
    'application/json',
    '{"access_token":"a","access_token":"b","token_type":"Bearer"}',
  ],
  ['over 256 KiB', 'application/json', JSON.stringify({ access_token: 'x'.repeat(256 * 1024) })],
])('UP-33 a token answer with %s is refused', async (_name, type, body) => {
  const asking = login({
    instead: {
      token: (_request, response) => void response.setHeader('content-type', type).end(body),
    },
  })
  await expect(asking).rejects.toMatchObject(institutionRefused('token_request_failed'))
})

test('UP-33 a signed userinfo, which nobody registered for, is refused', async () => {
  const asking = login({
    instead: {
      userinfo: (_request, response) =>
        void response.setHeader('content-type', 'application/jwt').end('e30.e30.'),
    },
  })
  await expect(asking).rejects.toMatchObject(institutionRefused('userinfo_invalid'))
})

test('UP-33 the code is sent once, also when the connection breaks under it', async () => {
  const asking = login({ instead: { token: (request) => void request.socket.destroy() } })
  await expect(asking).rejects.toMatchObject(institutionRefused('unavailable'))
  expect(provider.asked.token).toBe(1)
})

test('UP-33 no part of a refused answer is in the error', async () => {
  const marker = 'marker-4711'
  const errors = await Promise.all([
    login({ claims: (claims) => ({ ...claims, name: marker, aud: 'x' }) }).catch((error) => error),
    login({ userinfo: () => ({ sub: marker }) }).catch((error) => error),
  ])
  for (const error of errors) {
    expect(error.failure.kind).toBe('institution_refused')
    expect(JSON.stringify([error.failure, error.message, String(error.cause)])).not.toContain(
      marker,
    )
    expect(error.cause?.cause).toBeUndefined()
  }
})

test('UP-36 the ID token of an hour ago passes here and is refused by the judge of times', async () => {
  const hourAgo = seconds() - 3600
  const answer = await login({
    claims: (claims) => ({ ...claims, iat: hourAgo, exp: hourAgo + 60 }),
  })
  expect(answer.idToken.exp).toBe(hourAgo + 60)
})
