import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import * as client from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MachineScope } from '../../src/domain/machine.ts'
import { authenticateMachine } from '../../src/flow/authenticate-machine.ts'
import { distrustAuthorizationServer } from '../../src/flow/distrust-authorization-server.ts'
import { trustAuthorizationServer } from '../../src/flow/trust-authorization-server.ts'
import { updateRelyingParty } from '../../src/flow/update-relying-party.ts'
import { ACTOR, type Bridge, logIn, startBridge } from '../support/bridge.ts'
import { later, tally, times, userinfoStatus } from '../threats/attack.ts'
import { partOf, post, prepared, register, registerMachine, type TestClient } from './clients.ts'

let bridge: Bridge
let machine: TestClient
let issuer: string
let tokenUrl: string
beforeAll(async () => {
  bridge = await startBridge()
  issuer = bridge.tenant.issuer
  tokenUrl = `${issuer}/token`
  machine = await registerMachine(bridge, { audiences: ['https://grades.example'] })
})
afterAll(() => bridge.stop())

const dataApi = () => `${issuer}/api/v1`

function ask(form: Record<string, string | undefined> = {}, who = machine) {
  const { authorization } = who
  return post(tokenUrl, { grant_type: 'client_credentials', ...form }, { authorization })
}

async function enter(token: unknown, scope: MachineScope = 'reconciliation:read', slug = 'demo') {
  return await authenticateMachine(
    bridge.deps,
    await prepared(bridge, slug),
    { authorization: `Bearer ${token}` },
    scope,
  )
}

const refused = (error: string) => ({ failure: { kind: 'oauth', error } })

describe('client credentials', () => {
  test('OP-66 openid-client gets a token for itself: RFC 9068, bound to the data API', async () => {
    const configuration = await client.discovery(
      new URL(issuer),
      machine.id,
      undefined,
      client.ClientSecretBasic(machine.secret),
      { execute: [client.allowInsecureRequests] },
    )
    expect(configuration.serverMetadata().grant_types_supported).toContain('client_credentials')
    const tokens = await client.clientCredentialsGrant(configuration, {
      scope: 'reconciliation:read',
      resource: dataApi(),
    })
    expect(tokens).toMatchObject({ expires_in: 600, scope: 'reconciliation:read' })
    expect(tokens.refresh_token).toBeUndefined()
    expect(partOf(tokens.access_token, 0)).toMatchObject({ typ: 'at+jwt', alg: 'ES256' })
    const claims = partOf(tokens.access_token, 1)
    expect(claims).toMatchObject({
      ...{ iss: issuer, aud: dataApi(), sub: machine.id, client_id: machine.id },
      scope: 'reconciliation:read',
    })
    expect(Number(claims.exp) - Number(claims.iat)).toBe(600)
    expect(await enter(tokens.access_token)).toMatchObject({ clientId: machine.id, issuer })
  })

  test('without a scope it gets all that is registered; each token has a jti of its own', async () => {
    const [one, two] = [await ask(), await ask()]
    expect(one.body.scope).toBe('reconciliation:read devices:manage')
    expect(one.headers.get('cache-control')).toBe('no-store')
    expect(partOf(one.body.access_token, 1).jti).not.toBe(partOf(two.body.access_token, 1).jti)
  })

  test('RFC 8707 a token for a registered resource is no good at the data API', async () => {
    const { body } = await ask({ resource: 'https://grades.example' })
    expect(partOf(body.access_token, 1).aud).toBe('https://grades.example')
    await expect(enter(body.access_token)).rejects.toMatchObject(refused('invalid_token'))
    const other = await ask({ resource: 'https://other.example' })
    expect([other.status, other.body.error]).toEqual([400, 'invalid_target'])
  })

  test.each([
    ['a scope that is not registered', 'reconciliation:read audit:read'],
    ['a scope nobody knows', 'everything'],
  ])('OP-48 %s is invalid_scope', async (_, scope) => {
    expect((await ask({ scope })).body.error).toBe('invalid_scope')
  })

  test('OP-46 an id with a colon, a plus and a percent sign by Basic: form-encoded, as RFC 6749 has it, and plainly, as RFC 7617', async () => {
    const odd = await registerMachine(bridge, { clientId: 'https://app.example/a+b%2' })
    const { authorization, id, secret } = odd
    const plain = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
    for (const header of [authorization, plain])
      expect((await ask({}, { ...odd, authorization: header })).status, header).toBe(200)
    const wrong = `Basic ${Buffer.from(`${id}:${secret}:`).toString('base64')}`
    expect((await ask({}, { ...odd, authorization: wrong })).body.error).toBe('invalid_client')
  })

  test('OP-05 a relying party without the grant type is an unauthorized_client', async () => {
    const plain = await register(bridge)
    const answer = await ask({}, plain)
    expect([answer.status, answer.body.error]).toEqual([400, 'unauthorized_client'])
    expect((await ask({ grant_type: 'password' })).body.error).toBe('unsupported_grant_type')
  })

  test.each([
    ['a public client', { authentication: 'none' as const }, 'grant_types'],
    ['a name of our own', { resource: 'SELF/api/v1' }, 'resource'],
    ['no grant type', { grantTypes: [] }, 'grant_types'],
    ['refresh tokens without a login', { grantTypes: ['refresh_token' as const] }, 'grant_types'],
    ['redirect URIs without a login', { redirectUris: ['https://x.example/cb'] }, 'redirect_uris'],
    [
      'scopes that nothing can ask for',
      { grantTypes: ['authorization_code' as const], redirectUris: ['https://x.example/cb'] },
      'machine_scopes',
    ],
  ])('a registration of %s is refused', async (_, settings, member) => {
    const asked =
      'resource' in settings ? { resource: settings.resource?.replace('SELF', issuer) } : settings
    await expect(registerMachine(bridge, asked)).rejects.toMatchObject({
      failure: { kind: 'invalid_request', detail: expect.stringContaining(member) },
    })
  })
})

describe('at the data API', () => {
  test('a scope the token lacks is insufficient_scope; one the registration lost counts no more', async () => {
    const { body } = await ask({ scope: 'reconciliation:read' })
    await expect(enter(body.access_token, 'devices:manage')).rejects.toMatchObject(
      refused('insufficient_scope'),
    )
    const shrinking = await registerMachine(bridge)
    const token = (await ask({}, shrinking)).body.access_token
    expect((await enter(token, 'devices:manage')).clientId).toBe(shrinking.id)
    await change(shrinking, { machineScopes: ['reconciliation:read'] })
    await expect(enter(token, 'devices:manage')).rejects.toMatchObject(
      refused('insufficient_scope'),
    )
  })

  test('a disabled client is out at once, on the instance next door as well', async () => {
    const going = await registerMachine(bridge)
    const token = (await ask({}, going)).body.access_token
    const other = await bridge.startInstance()
    const there = await other.deps.tenants.find('demo')
    if (there === undefined) throw new Error('no tenant')
    const credentials = { authorization: `Bearer ${token}` }
    await authenticateMachine(other.deps, there, credentials, 'reconciliation:read')
    await change(going, { enabled: false })
    await expect(
      authenticateMachine(other.deps, there, credentials, 'reconciliation:read'),
    ).rejects.toMatchObject(refused('invalid_token'))
    expect((await ask({}, going)).body.error).toBe('invalid_client')
  })

  test('rows 36 to 39 a token of another tenant, an expired one and a made-up one look alike', async () => {
    const { body } = await ask()
    await bridge.addTenant('other')
    await expect(enter(body.access_token, 'reconciliation:read', 'other')).rejects.toMatchObject(
      refused('invalid_token'),
    )
    await later(bridge, 601_000, async () => {
      await expect(enter(body.access_token)).rejects.toMatchObject(refused('invalid_token'))
    })
    const [header, payload] = String(body.access_token).split('.')
    const forged = [
      `${header}.${payload}.${'A'.repeat(86)}`,
      `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${payload}.`,
      'nonsense',
      '',
    ]
    for (const token of forged)
      await expect(enter(token)).rejects.toMatchObject(refused('invalid_token'))
  })

  test('OP-66 an ID token is no access token, nor a login’s token a machine’s, nor the other way round', async () => {
    const { login } = await logIn(bridge, await bridge.newWallet())
    for (const token of [login.tokens.id_token, login.tokens.access_token])
      await expect(enter(token)).rejects.toMatchObject(refused('invalid_token'))
    expect(await userinfoStatus(issuer, String((await ask()).body.access_token))).toBe(401)
  })
})

describe("tokens of the tenant's own authorization server", () => {
  const FOREIGN_CLIENT = 'student-system'
  let server: Server
  let keys: Awaited<ReturnType<typeof generateKeyPair>>
  let foreign: string
  let fetched = 0
  let up = true
  beforeAll(async () => {
    keys = await generateKeyPair('ES256')
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'f1', alg: 'ES256', use: 'sig' }
    server = createServer((_, response) => {
      fetched++
      response.writeHead(up ? 200 : 503, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ keys: [jwk] }))
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    foreign = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    await trust('at+jwt')
    await registerMachine(bridge, {
      ...{ clientId: FOREIGN_CLIENT, authentication: 'none', grantTypes: [], issuedBy: foreign },
    })
  })
  afterAll(() => new Promise((closed) => server.close(closed)))

  function trust(tokenType: 'at+jwt' | 'JWT') {
    return trustAuthorizationServer(bridge.deps, ACTOR, 'demo', {
      ...{ issuer: foreign, jwksUri: `${foreign}/jwks`, audience: undefined, tokenType },
    })
  }

  function make(claims: Record<string, unknown> = {}, header: Record<string, string> = {}) {
    const now = Math.floor(bridge.clock.now() / 1000)
    return new SignJWT({
      ...{ iss: foreign, aud: dataApi(), sub: FOREIGN_CLIENT, client_id: FOREIGN_CLIENT },
      ...{ iat: now, exp: now + 300, jti: crypto.randomUUID(), scope: 'reconciliation:read x' },
      ...claims,
    })
      .setProtectedHeader({ alg: 'ES256', kid: 'f1', typ: 'at+jwt', ...header })
      .sign(keys.privateKey)
  }

  test('they count for the clients registered for it; fifty at once fetch its keys once', async () => {
    fetched = 0
    const token = await make()
    const entered = await Promise.all(times(50, () => enter(token)))
    expect(entered[0]).toMatchObject({ clientId: FOREIGN_CLIENT, issuer: foreign })
    expect([...(entered[0]?.scopes ?? [])]).toEqual(['reconciliation:read'])
    expect(fetched).toBe(1)
  })

  test('everything that is not exactly such a token is invalid_token', async () => {
    const now = Math.floor(bridge.clock.now() / 1000)
    const wrong = await Promise.all([
      make({ aud: 'https://elsewhere.example' }),
      make({ client_id: machine.id, sub: machine.id }),
      make({ client_id: 'unknown' }),
      make({ iss: issuer }),
      make({ exp: now - 11 }),
      make({ iat: now + 60 }),
      make({ nbf: now + 60 }),
      make({ jti: undefined }),
      make({ client_id: undefined }),
      make({ cnf: { 'x5t#S256': 'A'.repeat(43) } }),
      make({}, { typ: 'JWT' }),
      make({}, { kid: 'f2' }),
    ])
    const ends = await Promise.all(
      wrong.map((token) =>
        enter(token).then(
          () => 'let in',
          (error: { failure: { error: string } }) => error.failure.error,
        ),
      ),
    )
    expect(tally(ends)).toEqual({ invalid_token: wrong.length })
  })

  test('a scope that is not registered for the client counts for nothing, whatever the token says', async () => {
    const token = await make({ scope: 'privacy:erase reconciliation:read' })
    await expect(enter(token, 'privacy:erase')).rejects.toMatchObject(refused('insufficient_scope'))
  })

  test('OP-46 such a client has nothing to ask for at our token endpoint', async () => {
    const answer = await post(tokenUrl, {
      ...{ grant_type: 'client_credentials', client_id: FOREIGN_CLIENT },
    })
    expect([answer.status, answer.body.error]).toEqual([401, 'invalid_client'])
  })

  test('keys that cannot be had are a 503, not a no; a server no longer trusted is a no', async () => {
    await bridge.restart()
    up = false
    const token = await make()
    await expect(enter(token)).rejects.toMatchObject({ failure: { kind: 'unavailable' } })
    up = true
    await expect(trust('JWT')).rejects.toMatchObject({ failure: { kind: 'conflict' } })
    const { authorizationServers } = await prepared(bridge)
    const id = authorizationServers.get(foreign)?.id ?? ''
    await distrustAuthorizationServer(bridge.deps, ACTOR, 'demo', id)
    await expect(enter(token)).rejects.toMatchObject(refused('invalid_token'))
    await trust('JWT')
    expect((await enter(await make({}, { typ: 'JWT' }))).clientId).toBe(FOREIGN_CLIENT)
    const bySubject = await make({ client_id: undefined }, { typ: 'JWT' })
    expect((await enter(bySubject)).clientId, 'RFC 9068 2.2 does not bind it').toBe(FOREIGN_CLIENT)
  })
})

async function change(who: TestClient, settings: Parameters<typeof updateRelyingParty>[4]) {
  await updateRelyingParty(bridge.deps, ACTOR, 'demo', who.relyingParty.clientId, settings)
}

describe('OP-47 keys that a client publishes itself, at its jwks_uri', () => {
  let server: Server
  let jwksUri: string
  let published: object[] | undefined
  let fetched = 0
  let publisher: TestClient
  beforeAll(async () => {
    server = createServer((_, response) => {
      fetched++
      response.writeHead(published ? 200 : 503, { 'content-type': 'application/jwk-set+json' })
      response.end(JSON.stringify({ keys: published }))
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    jwksUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
    publisher = await registerMachine(bridge, { authentication: 'private_key_jwt', jwksUri })
  })
  afterAll(() => new Promise((closed) => server.close(closed)))

  async function newKey(kid: string) {
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    const jwk = { ...(await exportJWK(publicKey)), kid, alg: 'ES256' }
    return { jwk, kid, privateKey }
  }

  async function signed({ kid, privateKey }: Awaited<ReturnType<typeof newKey>>, alg = 'ES256') {
    const now = Math.floor(bridge.clock.now() / 1000)
    const claims = { iss: publisher.id, sub: publisher.id, aud: issuer, exp: now + 60 }
    return new SignJWT({ ...claims, jti: crypto.randomUUID() })
      .setProtectedHeader({ alg, kid })
      .sign(privateKey)
  }

  async function outcome(assertion: string): Promise<unknown> {
    const { status, body } = await post(tokenUrl, {
      ...{ grant_type: 'client_credentials', client_assertion: assertion },
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    })
    return body.error ?? status
  }

  test('are fetched once, and again for a key nobody knew; what is not published is refused', async () => {
    const [first, second, stranger] = await Promise.all(['1', '2', '2'].map(newKey))
    if (!first || !second || !stranger) throw new Error('no keys')
    published = [first.jwk]
    const answers = await Promise.all(times(20, async () => outcome(await signed(first))))
    expect(tally(answers.map(String))).toEqual({ 200: 20 })
    expect(fetched).toBe(1)
    published = [first.jwk, second.jwk]
    expect(await outcome(await signed(second))).toBe(200)
    expect(fetched).toBe(2)
    expect(await outcome(await signed(stranger))).toBe('invalid_client')
    const [, ...rest] = (await signed(first)).split('.')
    const none = Buffer.from(JSON.stringify({ alg: 'none', kid: '1' })).toString('base64url')
    expect(await outcome([none, ...rest].join('.'))).toBe('invalid_client')
    expect(fetched).toBe(2)
    const assertion = await signed(first)
    const twice = await Promise.all(times(50, () => outcome(assertion)))
    expect(tally(twice.map(String))).toEqual({ 200: 1, invalid_client: 49 })
  })

  test('that cannot be had are a 503, not a no, and the assertion is not spent', async () => {
    const key = await newKey('1')
    await later(bridge, 11 * 60_000, async () => {
      const assertion = await signed(key)
      published = undefined
      expect(await outcome(assertion)).toBe('temporarily_unavailable')
      published = [key.jwk]
      expect(await outcome(assertion)).toBe(200)
    })
  })

  test('are in place of registered ones, and the other way round', async () => {
    const change = (changed: Parameters<typeof updateRelyingParty>[4]) =>
      updateRelyingParty(bridge.deps, ACTOR, 'demo', publisher.relyingParty.clientId, changed)
    const key = await newKey('own')
    const jwks = { keys: [key.jwk as never] }
    const own = (await change({ jwks })).relyingParty
    expect([own.jwksUri, own.jwks?.keys.length]).toEqual([undefined, 1])
    expect(await outcome(await signed(key))).toBe(200)
    await expect(change({ jwks, jwksUri })).rejects.toMatchObject({
      failure: { kind: 'invalid_request', detail: 'jwks_uri: not beside jwks' },
    })
    const back = (await change({ jwksUri })).relyingParty
    expect([back.jwksUri, back.jwks]).toEqual([jwksUri, undefined])
    expect(await outcome(await signed(key))).toBe('invalid_client')
  })

  test.each(['ftp://a.example/jwks', 'https://10.0.0.1/jwks', 'https://a.example/jwks#x'])(
    'UP-50 nobody would ask at %s',
    async (address) => {
      const asked = { authentication: 'private_key_jwt', jwksUri: address } as const
      await expect(registerMachine(bridge, asked)).rejects.toMatchObject({
        failure: { kind: 'outbound_refused' },
      })
    },
  )
})
