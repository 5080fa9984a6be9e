import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as client from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRelyingParty } from '../../demo/relying-party.ts'
import type { Wallet } from '../../demo/wallet.ts'
import type { ClientId } from '../../src/domain/ids.ts'
import { updateRelyingParty } from '../../src/flow/update-relying-party.ts'
import { ACTOR, type Bridge, logIn, REDIRECT_URI, startBridge } from '../support/bridge.ts'
import { register } from './clients.ts'
import { loginOf, relyingPartyOf } from './logins.ts'

let bridge: Bridge
let wallet: Wallet
let site: Server
let document: string
let body = JSON.stringify([REDIRECT_URI])
beforeAll(async () => {
  bridge = await startBridge()
  wallet = await bridge.newWallet()
  await logIn(bridge, wallet)
  site = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(body)
  })
  await new Promise<void>((listening) => site.listen(0, '127.0.0.1', listening))
  document = `http://127.0.0.1:${(site.address() as AddressInfo).port}/sector.json`
})
afterAll(async () => {
  await new Promise((closed) => site.close(closed))
  await bridge.stop()
})

const loginAt = async (settings: Parameters<typeof register>[1]) => {
  const registered = await register(bridge, settings)
  const login = await loginOf(wallet, await relyingPartyOf(bridge, registered))
  return { registered, login, sub: login.idToken.sub }
}

describe('subjects', () => {
  test('OP-62 public by choice: one subject for all who chose it, another for everybody else', async () => {
    const one = await loginAt({ subjectType: 'public' })
    const two = await loginAt({
      subjectType: 'public',
      redirectUris: [REDIRECT_URI, 'https://b.example/cb'],
    })
    const pairwise = await loginAt({})
    expect(one.sub).toBe(two.sub)
    expect(one.sub).not.toBe(pairwise.sub)
    expect(one.sub).toMatch(/^[\w-]{43}$/)
  })

  test('OP-62 the host of a sector identifier URI is the sector', async () => {
    body = JSON.stringify([REDIRECT_URI, 'https://other.example/cb'])
    const declared = await loginAt({
      ...{
        sectorIdentifierUri: document,
        redirectUris: [REDIRECT_URI, 'https://other.example/cb'],
      },
    })
    const same = await loginAt({ sector: '127.0.0.1' })
    expect(declared.registered.relyingParty.sector).toBe('127.0.0.1')
    expect(declared.sub).toBe(same.sub)
  })

  test('OP-62 a document that does not list every redirect URI, or cannot be had, refuses the registration', async () => {
    body = JSON.stringify(['https://elsewhere.example/cb'])
    const refused = { failure: { kind: 'invalid_request' } }
    await expect(register(bridge, { sectorIdentifierUri: document })).rejects.toMatchObject(refused)
    body = '{}'
    await expect(register(bridge, { sectorIdentifierUri: document })).rejects.toMatchObject(refused)
    body = JSON.stringify([REDIRECT_URI])
    const both = { sectorIdentifierUri: document, sector: 'x.example' }
    await expect(register(bridge, both)).rejects.toMatchObject(refused)
    for (const uri of ['http://10.0.0.1/x.json', 'ftp://x.example/', 'http://127.0.0.1:1/x.json'])
      await expect(register(bridge, { sectorIdentifierUri: uri })).rejects.toMatchObject({
        failure: { kind: 'outbound_refused' },
      })
  })

  test('OP-62 new redirect URIs must be vouched for as well', async () => {
    body = JSON.stringify([REDIRECT_URI])
    const { relyingParty } = await register(bridge, { sectorIdentifierUri: document })
    const change = (redirectUris: string[]) =>
      updateRelyingParty(bridge.deps, ACTOR, 'demo', relyingParty.clientId, { redirectUris })
    await expect(change(['https://new.example/cb'])).rejects.toMatchObject({
      failure: { kind: 'invalid_request' },
    })
    body = JSON.stringify(['https://new.example/cb'])
    expect((await change(['https://new.example/cb'])).relyingParty.sector).toBe('127.0.0.1')
  })
})

describe('userinfo', () => {
  test.each(['ES256', 'RS256'] as const)(
    'Core 5.3.2 as a JWT signed with %s for the client that registered it; openid-client reads it',
    async (algorithm) => {
      const registered = await register(bridge, { userinfoAlgorithm: algorithm })
      const configuration = await client.discovery(
        new URL(bridge.tenant.issuer),
        registered.id,
        { userinfo_signed_response_alg: algorithm, id_token_signed_response_alg: 'ES256' },
        client.ClientSecretBasic(registered.secret),
        { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
      )
      const program = await createRelyingParty({
        ...{ issuer: bridge.tenant.issuer, clientId: registered.id, redirectUri: REDIRECT_URI },
        authentication: client.ClientSecretBasic(registered.secret),
      })
      const plain = await loginOf(wallet, await relyingPartyOf(bridge, await register(bridge)))
      const { tokens, idToken } = await loginOf(wallet, program)
      const claims = await client.fetchUserInfo(configuration, tokens.access_token, idToken.sub)
      expect(claims).toMatchObject({
        ...{ ...plain.claims, sub: idToken.sub },
        ...{ iss: bridge.tenant.issuer, aud: registered.id },
      })
      const headers = { authorization: `Bearer ${tokens.access_token}` }
      const answer = await fetch(`${bridge.tenant.issuer}/userinfo`, { headers })
      expect(answer.headers.get('content-type')).toBe('application/jwt')
      const keys = createRemoteJWKSet(new URL(`${bridge.tenant.issuer}/jwks`))
      const { protectedHeader } = await jwtVerify(await answer.text(), keys)
      expect(protectedHeader.alg).toBe(algorithm)
    },
  )
})

test('OP-04 two secrets at a time while one is being rotated', async () => {
  const registered = await register(bridge, {
    ...{ grantTypes: ['authorization_code', 'client_credentials'] },
    machineScopes: ['reconciliation:read'],
  })
  const change = (secretRotation: 'begin' | 'finish' | 'replace') =>
    updateRelyingParty(bridge.deps, ACTOR, 'demo', registered.id as ClientId, { secretRotation })
  const works = async (secret: string | undefined) => {
    const configuration = await client.discovery(
      new URL(bridge.tenant.issuer),
      registered.id,
      {},
      client.ClientSecretPost(secret ?? ''),
      { execute: [client.allowInsecureRequests] },
    )
    const basic = await client.discovery(
      new URL(bridge.tenant.issuer),
      registered.id,
      {},
      client.ClientSecretBasic(secret ?? ''),
      { execute: [client.allowInsecureRequests] },
    )
    // The registered method is basic: the same secret in the form is refused (OP-46).
    await expect(client.clientCredentialsGrant(configuration)).rejects.toThrow()
    return client.clientCredentialsGrant(basic).then(
      () => true,
      () => false,
    )
  }
  const { clientSecret: second } = await change('begin')
  expect([await works(registered.secret), await works(second)]).toEqual([true, true])
  await change('finish')
  expect([await works(registered.secret), await works(second)]).toEqual([false, true])
  const { clientSecret: third } = await change('replace')
  expect([await works(second), await works(third)]).toEqual([false, true])
})
