import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { DAY } from '../../src/domain/time.ts'
import { connectProvider } from '../../src/institution/connection.ts'
import {
  discoverProvider,
  hostsOf,
  isStale,
  type ProviderMetadata,
  type ProviderRegistration,
} from '../../src/institution/provider.ts'
import { createOutbound, type Outbound } from '../../src/outbound/guard.ts'
import { testOutbound } from './attempt.ts'
import { type HostileProvider, makeSigningKey, startHostileProvider } from './hostile-provider.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const clock = () => NOW

let outbound: Outbound
let provider: HostileProvider

beforeAll(() => {
  outbound = testOutbound()
})
afterAll(() => outbound.close())
beforeEach(async () => {
  provider = await startHostileProvider(await makeSigningKey('key-1', 'ES256'))
  return () => provider.close()
})

type Document = Record<string, unknown>

function discover(
  change: (document: Document) => Document = (document) => document,
  registration: Partial<ProviderRegistration> = {},
): Promise<ProviderMetadata> {
  provider.behave.metadata = change
  return discoverProvider(
    { outbound, clock },
    { issuer: provider.issuer, clientAuthMethod: 'client_secret_basic', ...registration },
  )
}

const providerRefused = (reason: string) => ({ failure: { kind: 'provider_refused', reason } })

test('UP-03 what is kept of a discovery document', async () => {
  expect(await discover((document) => ({ ...document, extra: 'dropped' }))).toEqual({
    issuer: provider.issuer,
    authorization_endpoint: `${provider.issuer}/authorize`,
    token_endpoint: `${provider.issuer}/token`,
    userinfo_endpoint: `${provider.issuer}/userinfo`,
    jwks_uri: `${provider.issuer}/jwks`,
    id_token_signing_alg: 'RS256',
    token_endpoint_auth_method: 'client_secret_basic',
    authorization_response_iss_parameter_supported: false,
    fetched_at: '2026-11-22T12:00:00.000Z',
  })
})

test.each<[string, (issuer: string) => string]>([
  ['a slash more', (issuer) => `${issuer}/`],
  ['other capitals', (issuer) => issuer.replace('http', 'HTTP')],
  ['a path', (issuer) => `${issuer}/tenant`],
  ['another host', () => 'https://other.example.org'],
  ['nothing', () => ''],
])('UP-01 a document whose issuer has %s is refused', async (_name, change) => {
  const asking = discover((document) => ({ ...document, issuer: change(provider.issuer) }))
  await expect(asking).rejects.toMatchObject(providerRefused('issuer_mismatch'))
})

test('UP-01 a document without issuer is refused', async () => {
  const asking = discover(({ issuer, ...document }) => document)
  await expect(asking).rejects.toMatchObject(providerRefused('issuer_mismatch'))
})

test('UP-01 an issuer configured with a slash more is another issuer, at the same document', async () => {
  const asking = discover((document) => document, { issuer: `${provider.issuer}/` })
  await expect(asking).rejects.toMatchObject(providerRefused('issuer_mismatch'))
  expect(provider.asked.discovery).toBe(1)
})

test('UP-01 the well-known path is appended to a path of the issuer, not inserted before it', async () => {
  const asking = discover((document) => document, { issuer: `${provider.issuer}/tenant` })
  await expect(asking).rejects.toMatchObject(providerRefused('discovery_failed'))
  expect(provider.asked.discovery).toBe(0)
})

test.each([
  'http://idp.example.org',
  'https://idp.example.org?tenant=1',
  'https://idp.example.org#x',
  'https://user@idp.example.org',
  'https://10.0.0.1',
  'https://localhost.',
  'https://metadata.google.internal',
  'nonsense',
  '',
])('UP-02 %j is not an issuer we would ask', async (issuer) => {
  const asking = discover((document) => document, { issuer })
  await expect(asking).rejects.toMatchObject(providerRefused('issuer_url_refused'))
})

test('UP-02 without the development switch a local issuer is refused', async () => {
  const strict = createOutbound({ allowLoopback: false })
  const registration = { issuer: provider.issuer, clientAuthMethod: 'client_secret_basic' } as const
  const asking = discoverProvider({ outbound: strict, clock }, registration)
  await expect(asking).rejects.toMatchObject(providerRefused('issuer_url_refused'))
  expect(provider.asked.discovery).toBe(0)
  await strict.close()
})

const ENDPOINTS = ['authorization_endpoint', 'token_endpoint', 'userinfo_endpoint', 'jwks_uri']
const BAD_ENDPOINTS: readonly unknown[] = [
  'http://idp.example.org/x',
  'https://169.254.169.254/latest',
  'https://elsewhere.example.org/x',
  'javascript:alert(1)',
  'https://idp.example.org/#x',
  '/relative',
  7,
  null,
]

test.each(ENDPOINTS)(
  'UP-02 row 13 %s has to be a URL we would ask, at a confirmed host',
  async (name) => {
    for (const endpoint of BAD_ENDPOINTS) {
      const asking = discover((document) => ({ ...document, [name]: endpoint }))
      await expect(asking).rejects.toMatchObject(providerRefused('endpoint_refused'))
    }
  },
)

test('UP-02 an endpoint at another host is accepted once that host is confirmed', async () => {
  const elsewhere = (document: Document) => ({
    ...document,
    jwks_uri: 'https://keys.example.org/jwks',
  })
  await expect(discover(elsewhere)).rejects.toMatchObject(providerRefused('endpoint_refused'))
  const metadata = await discover(elsewhere, { confirmedHosts: ['keys.example.org'] })
  expect(hostsOf(metadata)).toEqual([new URL(provider.issuer).host, 'keys.example.org'])
})

test('UP-02 an endpoint that moves to a new host later is refused at the refresh', async () => {
  const first = await discover()
  const moved = (document: Document) => ({
    ...document,
    token_endpoint: 'https://new.example.org/t',
  })
  const asking = discover(moved, { confirmedHosts: hostsOf(first) })
  await expect(asking).rejects.toMatchObject(providerRefused('endpoint_refused'))
})

test.each<[string, string, (document: Document) => Document]>([
  ['UP-03', 'code_flow_unsupported', (d) => ({ ...d, response_types_supported: ['id_token'] })],
  ['UP-03', 'code_flow_unsupported', ({ response_types_supported, ...d }) => d],
  ['UP-03', 'code_flow_unsupported', (d) => ({ ...d, grant_types_supported: ['implicit'] })],
  [
    'UP-03',
    'code_flow_unsupported',
    (d) => ({ ...d, require_pushed_authorization_requests: true }),
  ],
  ['UP-10', 'pkce_unsupported', (d) => ({ ...d, code_challenge_methods_supported: ['plain'] })],
  ['UP-10', 'pkce_unsupported', (d) => ({ ...d, code_challenge_methods_supported: 'S256' })],
  ['UP-10', 'pkce_unsupported', ({ code_challenge_methods_supported, ...d }) => d],
  ['UP-03', 'signing_algorithm_unsupported', (d) => withAlgorithms(d, ['none', 'HS256'])],
  ['UP-03', 'signing_algorithm_unsupported', (d) => withAlgorithms(d, 'RS256')],
  ['UP-03', 'signing_algorithm_unsupported', (d) => withAlgorithms(d, undefined)],
  [
    'UP-03',
    'client_authentication_unsupported',
    (d) => ({ ...d, token_endpoint_auth_methods_supported: ['none', 'client_secret_post'] }),
  ],
])('%s %s', async (_id, reason, change) => {
  await expect(discover(change)).rejects.toMatchObject(providerRefused(reason))
})

function withAlgorithms(document: Document, offered: unknown): Document {
  return { ...document, id_token_signing_alg_values_supported: offered }
}

test.each([
  [['none', 'HS256', 'ES256'], undefined, 'ES256'],
  [['ES256', 'RS256'], undefined, 'RS256'],
  [['ES256', 'RS256'], 'ES256', 'ES256'],
])('UP-03 of %j, with %s registered, %s is pinned', async (offered, idTokenAlg, chosen) => {
  const metadata = await discover((d) => withAlgorithms(d, offered), { idTokenAlg })
  expect(metadata.id_token_signing_alg).toBe(chosen)
})

test.each(['none', 'HS256', 'PS256'])('UP-03 %s cannot be registered here', async (idTokenAlg) => {
  const asking = discover((document) => document, { idTokenAlg })
  await expect(asking).rejects.toMatchObject(providerRefused('signing_algorithm_unsupported'))
})

test('UP-03 a provider silent about client authentication means client_secret_basic', async () => {
  const silent = ({ token_endpoint_auth_methods_supported, ...document }: Document) => document
  expect((await discover(silent)).token_endpoint_auth_method).toBe('client_secret_basic')
  const asking = discover(silent, { clientAuthMethod: 'private_key_jwt' })
  await expect(asking).rejects.toMatchObject(providerRefused('client_authentication_unsupported'))
})

test('UP-63 a transient subject is refused before anything is asked', async () => {
  const asking = discover((document) => document, { subjectType: 'transient' })
  await expect(asking).rejects.toMatchObject(providerRefused('subject_type_unsupported'))
  expect(provider.asked.discovery).toBe(0)
})

test('UP-63 a subject type that the provider does not offer is refused', async () => {
  const publicOnly = (document: Document) => ({ ...document, subject_types_supported: ['public'] })
  const asking = discover(publicOnly, { subjectType: 'pairwise' })
  await expect(asking).rejects.toMatchObject(providerRefused('subject_type_unsupported'))
  expect((await discover(publicOnly, { subjectType: 'public' })).issuer).toBe(provider.issuer)
})

test.each<[string, number, string, string]>([
  ['an error', 500, 'application/json', '{}'],
  ['a redirect', 302, 'application/json', '{}'],
  ['another type', 200, 'text/html', '{}'],
  ['no object', 200, 'application/json', '["marker-4711"]'],
  ['no JSON', 200, 'application/json', 'marker-4711'],
  ['over 64 KiB', 200, 'application/json', `{"a":"${'x'.repeat(64 * 1024)}"}`],
])(
  'UP-55 %s instead of a document is refused without a word of it',
  async (_name, status, type, body) => {
    provider.behave.instead.discovery = (_request, response) =>
      void response
        .writeHead(status, { 'content-type': type, location: 'http://127.0.0.1/' })
        .end(body)
    const error = await discover().catch((thrown) => thrown)
    expect(error).toMatchObject(providerRefused('discovery_failed'))
    expect(JSON.stringify([error.failure, error.message])).not.toContain('marker-4711')
  },
)

test('UP-04 a stored document is good for a day', async () => {
  const metadata = await discover()
  expect(isStale(metadata, NOW + DAY - 1)).toBe(false)
  expect(isStale(metadata, NOW + DAY)).toBe(true)
})

test('UP-04 connecting asks nothing, and survives storage as JSON', async () => {
  const metadata = JSON.parse(JSON.stringify(await discover())) as ProviderMetadata
  const connection = { metadata, clientId: 'bridge', clientSecret: 's', scopes: ['openid'] }
  const connected = await connectProvider({ outbound, clock }, connection)
  expect(connected.metadata).toEqual(metadata)
  expect(provider.asked).toEqual({ discovery: 1, token: 0, jwks: 0, userinfo: 0 })
})

test.each([
  'no json',
  '{}',
  '{"kty":"oct","k":"AAAA","alg":"HS256"}',
  '{"kty":"EC","crv":"P-256","x":"AA","y":"AA","alg":"ES256"}',
])('UP-32 %j is not a private key, and the refusal does not repeat it', async (clientSecret) => {
  const metadata = await discover(undefined, { clientAuthMethod: 'private_key_jwt' })
  const connection = { metadata, clientId: 'bridge', clientSecret, scopes: ['openid'] }
  const error = await connectProvider({ outbound, clock }, connection).catch((thrown) => thrown)
  expect(error).toMatchObject(providerRefused('client_authentication_unsupported'))
  expect(error.cause).toBeUndefined()
})
