import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Bridge, startBridge } from '../../support/bridge.ts'
import { query } from '../../support/postgres.ts'
import { type Admin, adminWith } from './client.ts'

let bridge: Bridge
let admin: Admin
const ALL = '/tenants/demo/relying-parties'

beforeAll(async () => {
  bridge = await startBridge()
  admin = await adminWith(bridge, ['clients:manage', 'audit:read'])
})
afterAll(() => bridge.stop())

const app = { client_name: 'App', redirect_uris: ['https://a.example/cb'] }

function ecJwk() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    publicJwk: publicKey.export({ format: 'jwk' }),
    privateJwk: privateKey.export({ format: 'jwk' }),
  }
}

describe('OP-04 a relying party with a secret', () => {
  test('is told it once, of 256 bits, and only its hash is kept', async () => {
    const made = await admin.post(ALL, { ...app, client_id: 'first' })
    expect(made.status).toBe(201)
    expect(made.headers.get('location')).toBe(`/admin/v1${ALL}/first`)
    const secret = String(made.body.client_secret)
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
    const read = await admin.get(`${ALL}/first`)
    const { client_secret: _, ...registration } = made.body
    expect(read.body).toEqual(registration)
    expect(read.body).toMatchObject({
      sector: 'a.example',
      require_pkce: true,
      enabled: true,
      secrets: 1,
    })
    const rows = await query(bridge.database.superuserUrl, 'SELECT * FROM relying_party')
    const said = [
      JSON.stringify(rows),
      read.text,
      (await admin.get(ALL)).text,
      ...bridge.lines,
    ].join('\n')
    expect(said).not.toContain(secret)
    expect((await admin.post(ALL, { ...app, client_id: 'first' })).status).toBe(409)
  })
  test('can have two while one is exchanged for the other, and one again afterwards', async () => {
    const made = await admin.post(ALL, { ...app, client_id: 'rotating' })
    const works = async (secret: unknown) => {
      const body = new URLSearchParams({
        grant_type: 'authorization_code',
        code: 'x',
        redirect_uri: 'https://a.example/cb',
      })
      const authorization = `Basic ${Buffer.from(`rotating:${secret}`).toString('base64')}`
      const answer = await fetch(`${bridge.tenant.issuer}/token`, {
        method: 'POST',
        headers: { authorization },
        body,
      })
      const { error } = (await answer.json()) as { error: string }
      return error !== 'invalid_client'
    }
    const rotate = (secret_rotation: string) => admin.patch(`${ALL}/rotating`, { secret_rotation })
    const first = made.body.client_secret
    expect(await works(first)).toBe(true)
    expect(await works('x')).toBe(false)
    const second = await rotate('begin')
    expect(second.body).toMatchObject({ secrets: 2 })
    expect([await works(first), await works(second.body.client_secret)]).toEqual([true, true])
    expect((await rotate('finish')).body).toMatchObject({ secrets: 1, client_secret: null })
    expect([await works(first), await works(second.body.client_secret)]).toEqual([false, true])
    const third = await rotate('replace')
    expect([await works(second.body.client_secret), await works(third.body.client_secret)]).toEqual(
      [false, true],
    )
  })
})

describe('OP-01 redirect URIs', () => {
  test.each([
    ...[
      'http://a.example/cb',
      'https://a.example/cb#x',
      'https://u@a.example/',
      'custom:/cb',
      'https://*.a.example/',
    ],
    ...['javascript:alert(1)', 'https://a.example/ b', '//a.example/cb', ''],
    // Read as a path of our own host, or as another host than the one that is written.
    ...[
      'https:a.example/cb',
      'https:/a.example/cb',
      'https:///a.example/cb',
      'https://@a.example/',
    ],
    ...['http://127.1/cb', 'https://a%2eexample/cb'],
  ])('%j is refused by its place, without being repeated', async (uri) => {
    const answer = await admin.post(ALL, { ...app, redirect_uris: ['https://a.example/', uri] })
    expect(answer.status).toBe(400)
    expect(answer.body.detail).toContain('redirect_uris.1: ')
    expect(answer.text).not.toContain(uri === '' ? 'a.example' : uri)
  })
  test.each([['http://127.0.0.1:8080/cb'], ['http://[::1]/cb'], ['https://a.example/cb?x=%2e']])(
    '%s is taken',
    async (uri) => {
      expect((await admin.post(ALL, { ...app, redirect_uris: [uri] })).body).toMatchObject({
        redirect_uris: [uri],
      })
    },
  )
  test("RFC 8252 an app's own scheme is taken of public clients, with a dot, and nowhere but in browsers", async () => {
    const own = {
      ...app,
      token_endpoint_auth_method: 'none',
      redirect_uris: ['org.example.app:/cb'],
    }
    const made = await admin.post(ALL, {
      ...{ ...own, post_logout_redirect_uris: ['org.example.app:/out'] },
    })
    expect([made.status, made.body.sector]).toEqual([201, 'org.example.app:'])
    for (const [wrong, member] of [
      [{ token_endpoint_auth_method: 'client_secret_basic' }, 'token_endpoint_auth_method: '],
      [{ backchannel_logout_uri: 'org.example.app:/gone' }, 'backchannel_logout_uri: '],
      [{ redirect_uris: ['org.example.app:/cb', 'https://a.example/cb'] }, 'sector: '],
      ...[
        ...['org.example.app:cb', 'org.example.app:/cb#x', 'org.example.app://u@a.example/cb'],
        ...['app:/cb', 'Org.example:/cb', 'org..app:/cb', 'org.example.app:/c b'],
      ].map((uri) => [{ redirect_uris: [uri] }, 'redirect_uris.0: '] as const),
    ] as const) {
      const refused = await admin.post(ALL, { ...own, ...wrong })
      expect([refused.status, refused.body.detail], JSON.stringify(wrong)).toEqual([
        400,
        expect.stringContaining(member),
      ])
    }
  })
  test('none stands there twice', async () => {
    const answer = await admin.post(ALL, {
      ...app,
      redirect_uris: ['https://a.example/', 'https://a.example/'],
    })
    expect(answer.body.detail).toBe('redirect_uris.1: occurs twice')
  })
  test('OP-62 of several hosts need a sector that is given, and it never moves', async () => {
    const redirect_uris = ['https://a.example/', 'https://b.example/']
    const refused = await admin.post(ALL, { ...app, redirect_uris })
    expect(refused.body.detail).toBe('sector: needed where the redirect URIs have several hosts')
    const made = await admin.post(ALL, {
      ...app,
      client_id: 'sector',
      redirect_uris,
      sector: 'suite.example',
    })
    expect(made.body).toMatchObject({ sector: 'suite.example' })
    const moved = await admin.patch(`${ALL}/sector`, { sector: 'other.example' })
    expect([moved.status, moved.body.detail]).toEqual([400, 'body: unrecognized_keys (sector)'])
  })
})

test('OP-56 ID tokens by RS256 unless the registration says otherwise; with FAPI 2.0, which refuses it, by ES256', async () => {
  const algorithm = 'id_token_signed_response_alg'
  const registered = async (settings: object) =>
    (await admin.post(ALL, { ...app, ...settings })).body[algorithm]
  expect(await registered({})).toBe('RS256')
  expect(await registered({ [algorithm]: 'ES256' })).toBe('ES256')
  const jwks = { keys: [ecJwk().publicJwk] }
  const fapi = { profile: 'fapi2', token_endpoint_auth_method: 'private_key_jwt', jwks }
  expect(await registered(fapi)).toBe('ES256')
  expect((await admin.post(ALL, { ...app, [algorithm]: 'none' })).status).toBe(400)
  expect((await admin.post(ALL, { ...app, ...fapi, [algorithm]: 'RS256' })).status).toBe(400)
})

describe('OP-16 PKCE', () => {
  test('is forced on a client that cannot keep a secret', async () => {
    const publicClient = {
      ...app,
      client_id: 'spa',
      token_endpoint_auth_method: 'none',
      require_pkce: false,
    }
    const made = await admin.post(ALL, publicClient)
    expect(made.body).toMatchObject({ require_pkce: true, client_secret: null, secrets: 0 })
    const changed = await admin.patch(`${ALL}/spa`, { require_pkce: false })
    expect(changed.body).toMatchObject({ require_pkce: true })
    const rotated = await admin.patch(`${ALL}/spa`, { secret_rotation: 'begin' })
    expect(rotated.body.detail).toBe('secret_rotation: this client has no secret')
  })
})

describe('OP-47 keys for private_key_jwt', () => {
  const method = 'private_key_jwt'
  test('are kept with what is public of them', async () => {
    const { publicJwk } = ecJwk()
    const made = await admin.post(ALL, {
      ...{ ...app, client_id: 'keyed', token_endpoint_auth_method: method },
      jwks: { keys: [{ ...publicJwk, alg: 'ES256', kid: 'one', x5t: 'left out' }] },
    })
    expect(made.body).toMatchObject({
      client_secret: null,
      jwks: { keys: [{ ...publicJwk, alg: 'ES256', kid: 'one', use: 'sig' }] },
    })
    expect(made.text).not.toContain('x5t')
  })
  test.each<[string, () => unknown]>([
    ['no keys', () => undefined],
    ['a private key', () => ({ keys: [ecJwk().privateJwk] })],
    ['a shared secret', () => ({ keys: [{ kty: 'oct', k: 'c2VjcmV0' }] })],
    ['an encryption key', () => ({ keys: [{ ...ecJwk().publicJwk, use: 'enc' }] })],
    ['two keys without names', () => ({ keys: [ecJwk().publicJwk, ecJwk().publicJwk] })],
    [
      'two keys of one name',
      () => ({
        keys: [
          { ...ecJwk().publicJwk, kid: 'a' },
          { ...ecJwk().publicJwk, kid: 'a' },
        ],
      }),
    ],
    ['a point off its curve', () => ({ keys: [{ ...ecJwk().publicJwk, x: 'A'.repeat(43) }] })],
    ['an algorithm of another kind', () => ({ keys: [{ ...ecJwk().publicJwk, alg: 'RS256' }] })],
  ])('%s are refused, and nothing of them is repeated or logged', async (_, jwks) => {
    const sent = jwks()
    const answer = await admin.post(ALL, { ...app, token_endpoint_auth_method: method, jwks: sent })
    expect(answer.status).toBe(400)
    expect(answer.body.detail).toContain('jwks: ')
    const secret = /"d":"([^"]+)"/.exec(JSON.stringify(sent))?.[1]
    if (secret !== undefined) expect([answer.text, ...bridge.lines].join()).not.toContain(secret)
  })
  test('or where they are published: said back, and not both', async () => {
    const where = { token_endpoint_auth_method: method, jwks_uri: 'https://a.example/jwks' }
    const made = await admin.post(ALL, { ...app, ...where })
    expect(made.body).toMatchObject({ jwks_uri: 'https://a.example/jwks', jwks: null })
    const both = { ...app, ...where, jwks: { keys: [ecJwk().publicJwk] } }
    expect((await admin.post(ALL, both)).body.detail).toBe('jwks_uri: not beside jwks')
    const moved = await admin.patch(`${ALL}/${made.body.client_id}`, {
      jwks_uri: 'https://b.example/jwks',
    })
    expect(moved.body.jwks_uri).toBe('https://b.example/jwks')
  })
  test('are refused for another method', async () => {
    const answer = await admin.post(ALL, { ...app, jwks: { keys: [ecJwk().publicJwk] } })
    expect(answer.body.detail).toBe('jwks: only with private_key_jwt')
  })
})

describe('issue 9 relying parties', () => {
  test('a client id may hold what URLs reserve', async () => {
    const client_id = 'https://sp.example/shibboleth?a=1'
    const made = await admin.post(ALL, { ...app, client_id })
    const location = String(made.headers.get('location')).slice('/admin/v1'.length)
    expect((await admin.get(location)).body).toMatchObject({ client_id })
    expect((await admin.patch(location, { enabled: false })).body).toMatchObject({ enabled: false })
  })
  test('one that is switched off can no longer send anybody here, at once', async () => {
    const made = await admin.post(ALL, {
      ...app,
      client_id: 'gone',
      purpose: { en: 'To test.', nl: 'Om te testen.' },
    })
    const asked = new URLSearchParams({
      ...{
        response_type: 'code',
        scope: 'openid',
        client_id: 'gone',
        redirect_uri: 'https://a.example/cb',
      },
      ...{
        code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
        code_challenge_method: 'S256',
      },
    })
    const page = () => fetch(`${bridge.tenant.issuer}/authorize?${asked}`, { redirect: 'manual' })
    expect(made.status).toBe(201)
    expect((await page()).status).toBe(200)
    await admin.patch(`${ALL}/gone`, { enabled: false, purpose: null })
    const refused = await page()
    expect([refused.status, refused.headers.get('location')]).toEqual([400, null])
    expect((await admin.get(`${ALL}/gone`)).body).toMatchObject({ enabled: false, purpose: null })
  })
  test('every change is told, with the client, in the tenant’s trail', async () => {
    const { events } = (await admin.get('/tenants/demo/audit-events?limit=2')).body
    expect(events).toMatchObject([
      { type: 'relying_party_updated', client_id: 'gone' },
      { type: 'relying_party_registered', client_id: 'gone' },
    ])
  })
  test('one that is not there cannot be changed', async () => {
    expect((await admin.patch(`${ALL}/nobody`, { enabled: true })).status).toBe(404)
    expect((await admin.get(`${ALL}/nobody`)).status).toBe(404)
  })
  test('OP-03 one of another tenant is one that is not there', async () => {
    const other = await bridge.addTenant('second')
    await admin.post(ALL, { ...app, client_id: 'only-demo' })
    expect((await admin.get(`/tenants/${other.slug}/relying-parties/only-demo`)).status).toBe(404)
  })
  test('two changes at once are both kept', async () => {
    await admin.post(ALL, { ...app, client_id: 'busy' })
    await Promise.all([
      ...Array.from({ length: 6 }, () => admin.patch(`${ALL}/busy`, { claims_in_id_token: true })),
      ...Array.from({ length: 6 }, () => admin.patch(`${ALL}/busy`, { client_name: 'Busy' })),
    ])
    expect((await admin.get(`${ALL}/busy`)).body).toMatchObject({
      claims_in_id_token: true,
      client_name: 'Busy',
    })
  })
  test('are listed page by page', async () => {
    const first = await admin.get(`${ALL}?limit=3`)
    const next = String(first.body.next_cursor)
    const second = await admin.get(`${ALL}?limit=3&cursor=${encodeURIComponent(next)}`)
    const idsOf = ({ body }: typeof first) =>
      (body.relying_parties as { client_id: string }[]).map(({ client_id }) => client_id)
    const ids = [...idsOf(first), ...idsOf(second)]
    expect(ids).toHaveLength(6)
    expect(new Set(ids).size).toBe(6)
  })
})
