import { generateKeyPairSync } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openUnder } from '../../../src/crypto/seal.ts'
import type { ProviderId, TenantId } from '../../../src/domain/ids.ts'
import type { Sealed } from '../../../src/domain/text.ts'
import {
  type HostileProvider,
  makeSigningKey,
  startHostileProvider,
} from '../../institution/hostile-provider.ts'
import { type Bridge, startBridge } from '../../support/bridge.ts'
import { query } from '../../support/postgres.ts'
import { type Admin, type Answer, adminWith } from './client.ts'

/** What the administrator reads beside the code: where to look. */
const LOOK_AT: { readonly [code: string]: string } = {
  discovery_failed: '/.well-known/openid-configuration',
  issuer_mismatch: 'letter for letter',
  endpoint_refused: 'confirmed_hosts',
  code_flow_unsupported: 'code flow',
  pkce_unsupported: 'S256',
  signing_algorithm_unsupported: 'ID tokens',
  client_authentication_unsupported: 'authentication',
}

let bridge: Bridge
let hostile: HostileProvider
let admin: Admin
const ALL = '/tenants/demo/providers'
const SECRET = 'the-secret-that-the-institution-gave-us'

beforeAll(async () => {
  bridge = await startBridge()
  hostile = await startHostileProvider(await makeSigningKey('key-1'))
  admin = await adminWith(bridge, ['providers:manage', 'audit:read'])
})
afterEach(() => {
  hostile.behave.metadata = (document) => document
  hostile.behave.instead = {}
})
afterAll(async () => {
  await hostile.close()
  await bridge.stop()
})

let count = 0
function register(changes: object = {}): Promise<Answer> {
  count++
  return admin.post(ALL, {
    ...{ slug: `p${count}`, name: 'Hostile', issuer: hostile.issuer, client_id: `client-${count}` },
    ...{ client_secret: SECRET, ...changes },
  })
}

async function nothingWasWritten(slug: string): Promise<void> {
  expect((await admin.get(`${ALL}/${slug}`)).status).toBe(404)
}

/** A provider's row, and its secret as it opens for that very row. */
async function openSecret(slug: string) {
  const rows = await query<{ id: ProviderId; tenant_id: TenantId; sealed_client_secret: Sealed }>(
    bridge.database.superuserUrl,
    `SELECT * FROM reconciliation_provider WHERE slug = '${slug}'`,
  )
  const [row] = rows
  if (row === undefined) throw new Error('no row')
  const context = {
    tenant: row.tenant_id,
    table: 'reconciliation_provider',
    column: 'sealed_client_secret',
    row: row.id,
  }
  const opened = openUnder(
    bridge.deps.keyring,
    'provider-secret',
    context,
    row.sealed_client_secret,
  )
  return { row, secret: Buffer.from(opened).toString() }
}

describe('issue 9 a provider is registered', () => {
  test('UP-01 by a real OpenID provider’s own discovery, and tells where to send people back', async () => {
    const made = await register({ issuer: bridge.institution.issuer, slug: 'real' })
    expect(made.status).toBe(201)
    expect(made.headers.get('location')).toBe(`/admin/v1${ALL}/real`)
    const rows = await query<{ id: string }>(
      bridge.database.superuserUrl,
      "SELECT id FROM reconciliation_provider WHERE slug = 'real'",
    )
    expect(made.body).toMatchObject({
      callback_url: `${bridge.tenant.issuer}/callback/${rows[0]?.id}`,
      authorization_endpoint: `${bridge.institution.issuer}/auth`,
      id_token_signed_response_alg: 'RS256',
      identifier_attribute: 'sub',
      enabled: true,
    })
    expect((await admin.get(`${ALL}/real`)).body).toEqual(made.body)
    const { providers } = (await admin.get(ALL)).body as { providers: { slug: string }[] }
    expect(providers.map(({ slug }) => slug)).toEqual(['real', 'surf'])
    const { events } = (await admin.get('/tenants/demo/audit-events?limit=1')).body
    expect(events).toMatchObject([
      { type: 'provider_registered', detail: { provider: rows[0]?.id } },
    ])
  })
  test('UP-05 its secret is sealed for its own row, given out never and logged nowhere', async () => {
    const made = await register({ slug: 'sealed' })
    const { row, secret } = await openSecret('sealed')
    expect(secret).toBe(SECRET)
    const answers = [made, await admin.get(ALL), await admin.get(`${ALL}/sealed`)]
    const said = [JSON.stringify(row), ...answers.map(({ text }) => text), ...bridge.lines].join(
      '\n',
    )
    expect(said).not.toContain(SECRET)
    expect(answers.map(({ text }) => text).join('\n')).not.toContain(row.sealed_client_secret)
  })
  test('UP-05 one slug, and one client at one issuer, is there once in a tenant', async () => {
    await register({ slug: 'once', client_id: 'once' })
    const slug = await register({ slug: 'once', client_id: 'twice' })
    expect([slug.status, slug.body.detail]).toEqual([
      409,
      'slug: the tenant has a provider of this name',
    ])
    const client = await register({ slug: 'twice', client_id: 'once' })
    expect([client.status, client.body.detail]).toEqual([
      409,
      'issuer: the tenant has this provider with this client_id',
    ])
    await nothingWasWritten('twice')
  })
  test('UP-33 with a private key, which lies sealed like a secret', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const private_key = { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', kid: 'ours' }
    hostile.behave.metadata = (document) => ({
      ...document,
      token_endpoint_auth_methods_supported: ['private_key_jwt'],
    })
    const keyed = {
      token_endpoint_auth_method: 'private_key_jwt',
      client_secret: undefined,
      private_key,
    }
    const made = await register({ ...keyed, slug: 'keyed' })
    expect(made.status).toBe(201)
    const rows = await query(bridge.database.superuserUrl, 'SELECT * FROM reconciliation_provider')
    const said = [
      JSON.stringify(rows),
      made.text,
      (await admin.get(ALL)).text,
      ...bridge.lines,
    ].join('\n')
    expect(said).not.toContain(private_key.d)
    for (const broken of [
      { ...private_key, d: undefined },
      { ...private_key, alg: 'none' },
      { kty: 'oct', k: 'x' },
    ]) {
      const refused = await register({ ...keyed, private_key: broken })
      expect([refused.status, refused.body.code]).toEqual([
        422,
        'client_authentication_unsupported',
      ])
    }
  })
})

describe('UP-01 to UP-05 a provider is refused at once', () => {
  const endpoint = (name: string, value: unknown) => () => {
    hostile.behave.metadata = (document) => ({ ...document, [name]: value })
  }
  const instead = (answer: (response: ServerResponse) => void) => () => {
    hostile.behave.instead = { discovery: (_, response) => answer(response) }
  }
  const json = { 'content-type': 'application/json' }

  test.each<[string, string, () => void]>([
    [
      'UP-01 another issuer in the document',
      'issuer_mismatch',
      endpoint('issuer', 'https://evil.example'),
    ],
    [
      'UP-01 a slash more in it',
      'issuer_mismatch',
      () => {
        hostile.behave.metadata = (document) => ({ ...document, issuer: `${hostile.issuer}/` })
      },
    ],
    [
      'UP-02 an endpoint on another host',
      'endpoint_refused',
      endpoint('token_endpoint', 'https://evil.example/token'),
    ],
    [
      'UP-02 keys over plain http elsewhere',
      'endpoint_refused',
      endpoint('jwks_uri', 'http://evil.example/jwks'),
    ],
    ['UP-02 no token endpoint', 'endpoint_refused', endpoint('token_endpoint', undefined)],
    [
      'UP-02 a script as authorization endpoint',
      'endpoint_refused',
      endpoint('authorization_endpoint', 'javascript:alert(1)'),
    ],
    [
      'UP-03 no code flow',
      'code_flow_unsupported',
      endpoint('response_types_supported', ['id_token']),
    ],
    ['UP-03 no S256', 'pkce_unsupported', endpoint('code_challenge_methods_supported', ['plain'])],
    [
      'UP-03 no PKCE at all',
      'pkce_unsupported',
      endpoint('code_challenge_methods_supported', undefined),
    ],
    [
      'UP-03 unsigned tokens only',
      'signing_algorithm_unsupported',
      endpoint('id_token_signing_alg_values_supported', ['none', 'HS256']),
    ],
    [
      'UP-03 another client authentication',
      'client_authentication_unsupported',
      endpoint('token_endpoint_auth_methods_supported', ['tls_client_auth']),
    ],
    [
      'UP-52 a redirect',
      'discovery_failed',
      instead((response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end()),
    ],
    [
      'UP-53 a page instead',
      'discovery_failed',
      instead((response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>')),
    ],
    [
      'UP-53 a document that never ends',
      'discovery_failed',
      instead((response) => response.writeHead(200, json).end(`{"a":"${'x'.repeat(100_000)}"}`)),
    ],
    [
      'UP-53 an error',
      'discovery_failed',
      instead((response) => response.writeHead(500, json).end('{}')),
    ],
    [
      'SD-17 a member that occurs twice',
      'discovery_failed',
      instead((response) => response.writeHead(200, json).end('{"issuer":1,"issuer":2}')),
    ],
  ])('%s', async (_, code, misbehave) => {
    misbehave()
    const slug = `refused-${count}`
    const answer = await register({ slug })
    expect([answer.status, answer.body.code]).toEqual([422, code])
    expect(answer.body.detail, 'a sentence for each').toContain(LOOK_AT[code] ?? 'none')
    hostile.behave.instead = {}
    await nothingWasWritten(slug)
  })

  test.each([
    ['http://idp.example', 'issuer_url_refused'],
    ['https://127.0.0.1.evil', 'discovery_failed'],
    ['https://10.0.0.1', 'issuer_url_refused'],
    ['https://0x7f.1/', 'issuer_url_refused'],
    ['https://metadata.internal', 'issuer_url_refused'],
    ['https://u:p@idp.example', 'issuer_url_refused'],
    ['https://idp.example/?x=1', 'issuer_url_refused'],
    ['https://idp.example/#x', 'issuer_url_refused'],
    ['file:///etc/passwd', 'issuer_url_refused'],
    ['not a URL', 'issuer_url_refused'],
  ])('row 13 the issuer %s is not asked, or not found', async (issuer, code) => {
    const answer = await register({ issuer })
    expect([answer.status, answer.body.code]).toEqual([422, code])
    if (code === 'issuer_url_refused') expect(answer.body.detail).toContain('ALLOW_LOOPBACK=yes')
    expect(answer.text).not.toContain(issuer)
  })

  test('UP-63 a transient subject, which links nobody, is refused without asking', async () => {
    const before = hostile.asked.discovery
    const answer = await register({ subject_type: 'transient' })
    expect([answer.status, answer.body.code]).toEqual([422, 'subject_type_unsupported'])
    expect(hostile.asked.discovery).toBe(before)
  })
  test.each([
    'email',
    'eduperson_principal_name',
    'preferred_username',
    'nonce',
    'schac_home_organization',
  ])('UP-62 UP-65 %s is no claim to know a person by', async (identifier_attribute) => {
    const answer = await register({ identifier_attribute })
    expect([answer.status, answer.body.detail]).toEqual([
      400,
      'identifier_attribute: no claim to know a person by',
    ])
  })
  test.each([
    [{ client_secret: undefined }, 'client_secret: needed'],
    [{ token_endpoint_auth_method: 'private_key_jwt' }, 'client_secret: not with private_key_jwt'],
    [
      { token_endpoint_auth_method: 'private_key_jwt', client_secret: undefined },
      'private_key: needed',
    ],
    [{ private_key: { kty: 'EC' } }, 'private_key: only with private_key_jwt'],
    [{ scope: 'profile' }, 'scope: must contain openid'],
    [{ scope: 'openid  email' }, 'scope: invalid_format'],
  ])('UP-30 %j', async (changes, title) => {
    const answer = await register(changes)
    expect([answer.status, answer.body.detail]).toEqual([400, title])
  })
  test('UP-55 nothing the provider said is repeated or logged', async () => {
    const told = 'internal-page-with-a-password'
    hostile.behave.instead = {
      discovery: (_, response) =>
        response.writeHead(403, { 'content-type': 'text/plain' }).end(told),
    }
    const answer = await register()
    expect([answer.text, ...bridge.lines].join('\n')).not.toContain(told)
  })
})

test('UP-02 endpoints may be on hosts that were confirmed', async () => {
  const elsewhere = new URL(bridge.institution.issuer)
  hostile.behave.metadata = (document) => ({
    ...document,
    token_endpoint: `${elsewhere.origin}/token`,
  })
  expect((await register()).body.code).toBe('endpoint_refused')
  expect((await register({ confirmed_hosts: [elsewhere.host] })).status).toBe(201)
})

describe('issue 9 a provider is changed', () => {
  test('switched off, new logins do not know it; switched on, they do', async () => {
    await register({ slug: 'switch' })
    const known = async () => {
      const prepared = await bridge.deps.tenants.find('demo')
      return prepared?.providers.find(({ slug }) => slug === 'switch')?.enabled
    }
    expect(await known()).toBe(true)
    expect((await admin.patch(`${ALL}/switch`, { enabled: false })).body).toMatchObject({
      enabled: false,
    })
    expect(await known()).toBe(false)
    await admin.patch(`${ALL}/switch`, { enabled: true })
    expect(await known()).toBe(true)
  })
  test('given another secret, it is the one that counts', async () => {
    await register({ slug: 'renewed' })
    const before = (await admin.get(`${ALL}/renewed`)).body
    bridge.clock.advance(1_000)
    const after = await admin.patch(`${ALL}/renewed`, { client_secret: 'another-secret' })
    expect(after.body).toEqual({ ...before, updated_at: after.body.updated_at })
    expect(after.body.updated_at).not.toBe(before.updated_at)
    expect((await openSecret('renewed')).secret).toBe('another-secret')
  })
  test('one that is not there, or is another tenant’s, is not', async () => {
    const other = await bridge.addTenant('second')
    await register({ slug: 'only-demo' })
    expect((await admin.patch(`${ALL}/nobody`, { enabled: true })).status).toBe(404)
    expect(
      (await admin.patch(`/tenants/${other.slug}/providers/only-demo`, { enabled: false })).status,
    ).toBe(404)
    expect((await admin.get(`${ALL}/only-demo`)).body).toMatchObject({ enabled: true })
  })
})
