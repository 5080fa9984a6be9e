import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose'
import * as client from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { isProofNonce, proofNonce } from '../../src/crypto/dpop.ts'
import { authenticateMachine } from '../../src/flow/authenticate-machine.ts'
import { updateRelyingParty } from '../../src/flow/update-relying-party.ts'
import { entry, keyringOf, TENANT } from '../crypto/fixtures.ts'
import {
  ACTOR,
  type Bridge,
  logIn,
  presentAt,
  REDIRECT_URI,
  startBridge,
} from '../support/bridge.ts'
import { later, tally, times } from '../threats/attack.ts'
import {
  type Answer,
  partOf,
  post,
  prepared,
  register,
  registerMachine,
  type TestClient,
} from './clients.ts'
import { ath, type KeyPair, type ProofChanges, proveFor, unsignedProof } from './dpop-proof.ts'
import { relyingPartyOf } from './logins.ts'

let bridge: Bridge
let wallet: Wallet
let machine: TestClient
let keys: KeyPair
let jkt: string
beforeAll(async () => {
  bridge = await startBridge()
  wallet = await bridge.newWallet()
  await logIn(bridge, wallet)
  machine = await registerMachine(bridge, { dpopBound: true })
  keys = await generateKeyPair('ES256', { extractable: true })
  jkt = await calculateJwkThumbprint(await exportJWK(keys.publicKey))
})
afterAll(() => bridge.stop())

const tokenUrl = () => `${bridge.tenant.issuer}/token`
const dataUrl = () => `${bridge.tenant.issuer}/api/v1/lookup`

const prove = (url: string, changes?: ProofChanges) =>
  proveFor({ htm: 'POST', htu: url, now: bridge.clock.now(), keys }, changes)

function askWith(dpop: string | undefined, who = machine): Promise<Answer> {
  const headers = { authorization: who.authorization, ...(dpop === undefined ? {} : { dpop }) }
  return post(tokenUrl(), { grant_type: 'client_credentials' }, headers)
}

async function nonce(): Promise<string> {
  const answer = await askWith(await prove(tokenUrl()))
  expect([answer.status, answer.body.error]).toEqual([400, 'use_dpop_nonce'])
  return answer.headers.get('dpop-nonce') ?? ''
}

async function machineToken(): Promise<string> {
  const answer = await askWith(await prove(tokenUrl(), { claims: { nonce: await nonce() } }))
  expect(answer.body.token_type).toBe('DPoP')
  return String(answer.body.access_token)
}

async function enter(token: string, proof: string | undefined, scheme = 'DPoP') {
  const credentials = {
    authorization: `${scheme} ${token}`,
    ...(proof === undefined ? {} : { proof: { proof, method: 'POST', url: dataUrl() } }),
  }
  return authenticateMachine(
    bridge.deps,
    await prepared(bridge),
    credentials,
    'reconciliation:read',
  ).then(
    () => 'let in',
    (error: { failure: { error: string } }) => error.failure.error,
  )
}

/** A login by openid-client with a DPoP key of its own. */
async function loginWith(who: TestClient, parameters: Record<string, string> = {}) {
  const program = await relyingPartyOf(
    bridge,
    who,
    who.relyingParty.authentication === 'none' ? { authentication: client.None() } : {},
  )
  const { configuration } = program
  const handle = client.getDPoPHandle(configuration, await client.randomDPoPKeyPair())
  const thumbprint = await handle.calculateThumbprint()
  const attempt = await program.begin(
    parameters.dpop_jkt === 'own' ? { dpop_jkt: thumbprint } : parameters,
  )
  const browser = createBrowser()
  const returned = await presentAt(browser, wallet, attempt)
  const end = await browser.follow(returned, (url) => url.startsWith(REDIRECT_URI))
  const finish = (DPoP: client.DPoPHandle | undefined) =>
    client.authorizationCodeGrant(
      configuration,
      new URL(end.location ?? ''),
      {
        ...{ pkceCodeVerifier: attempt.verifier, expectedState: attempt.state },
        ...{ expectedNonce: attempt.nonce, idTokenExpected: true },
      },
      undefined,
      DPoP === undefined ? {} : { DPoP },
    )
  return { configuration, handle, thumbprint, finish }
}

describe('a login', () => {
  test('OP-96 openid-client: nonce, bound tokens, userinfo by proof; a bearer use of them is refused', async () => {
    const app = await register(bridge, { grantTypes: ['authorization_code', 'refresh_token'] })
    const { configuration, handle, thumbprint, finish } = await loginWith(app)
    const tokens = await finish(handle)
    expect(tokens.token_type).toBe('dpop')
    const sub = tokens.claims()?.sub ?? ''
    const claims = await client.fetchUserInfo(configuration, tokens.access_token, sub, {
      DPoP: handle,
    })
    expect(claims.given_name).toBe('Sanne')
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    const bare = await fetch(`${bridge.tenant.issuer}/userinfo`, { headers })
    expect(bare.status).toBe(401)
    const other = client.getDPoPHandle(configuration, await client.randomDPoPKeyPair())
    await expect(
      client.fetchUserInfo(configuration, tokens.access_token, sub, { DPoP: other }),
    ).rejects.toThrow()
    const told = await client.tokenIntrospection(configuration, tokens.access_token)
    expect(told).toMatchObject({ active: true, token_type: 'DPoP', cnf: { jkt: thumbprint } })
    const refreshed = await client.refreshTokenGrant(
      configuration,
      tokens.refresh_token ?? '',
      undefined,
      { DPoP: handle },
    )
    expect(refreshed.token_type).toBe('dpop')
  })

  test('RFC 9449 section 10: dpop_jkt binds the code to the key', async () => {
    const app = await register(bridge)
    const bound = await loginWith(app, { dpop_jkt: 'own' })
    const other = client.getDPoPHandle(bound.configuration, await client.randomDPoPKeyPair())
    await expect(bound.finish(undefined)).rejects.toMatchObject({ error: 'invalid_grant' })
    await expect(bound.finish(other)).rejects.toMatchObject({ error: 'invalid_grant' })
    expect((await bound.finish(bound.handle)).token_type).toBe('dpop')
  })

  test('RFC 9449 section 5: the refresh token of a public client is bound to its key', async () => {
    const native = await register(bridge, {
      ...{ authentication: 'none', grantTypes: ['authorization_code', 'refresh_token'] },
    })
    const { configuration, handle, finish } = await loginWith(native)
    const { refresh_token: token = '' } = await finish(handle)
    const other = client.getDPoPHandle(configuration, await client.randomDPoPKeyPair())
    const refused = { error: 'invalid_grant' }
    await expect(client.refreshTokenGrant(configuration, token)).rejects.toMatchObject(refused)
    await expect(
      client.refreshTokenGrant(configuration, token, undefined, { DPoP: other }),
    ).rejects.toMatchObject(refused)
    const next = await client.refreshTokenGrant(configuration, token, undefined, { DPoP: handle })
    expect(next.refresh_token).not.toBe(token)
    // Nor is the answer given again to whoever has the used token alone, and the family goes on.
    await expect(client.refreshTokenGrant(configuration, token)).rejects.toMatchObject(refused)
    await expect(
      client.refreshTokenGrant(configuration, token, undefined, { DPoP: other }),
    ).rejects.toMatchObject(refused)
    const again = await client.refreshTokenGrant(configuration, token, undefined, { DPoP: handle })
    expect(again.refresh_token).toBe(next.refresh_token)
  })

  test('OP-75 a confidential client that binds its tokens keeps its refresh token, also fifty at a time', async () => {
    const app = await register(bridge, {
      ...{ dpopBound: true, grantTypes: ['authorization_code', 'refresh_token'] },
    })
    const { configuration, handle, finish } = await loginWith(app)
    const { refresh_token: token = '' } = await finish(handle)
    const all = await Promise.all(
      times(50, () => client.refreshTokenGrant(configuration, token, undefined, { DPoP: handle })),
    )
    expect(new Set(all.map(({ refresh_token }) => refresh_token))).toEqual(new Set([token]))

    const use = (one = '') =>
      client.refreshTokenGrant(configuration, one, undefined, { DPoP: handle })
    const bind = (dpopBound: boolean) =>
      updateRelyingParty(bridge.deps, ACTOR, 'demo', app.relyingParty.clientId, { dpopBound })
    await bind(false)
    const next = await use(token)
    expect(next.refresh_token).not.toBe(token)
    await bind(true)
    const kept = await use(next.refresh_token)
    expect(kept.refresh_token).toBe(next.refresh_token)
    for (const { access_token } of [all[0], next, kept].filter((one) => one !== undefined))
      expect(await client.tokenIntrospection(configuration, access_token)).toMatchObject({
        active: true,
      })
    // What was used while tokens were used once stays used.
    const refused = { error: 'invalid_grant' }
    await later(bridge, 10_000, () => expect(use(token)).rejects.toMatchObject(refused))
    await expect(use(next.refresh_token)).rejects.toMatchObject(refused)
  })
})

describe('oidcc dpop-negative-tests', () => {
  test('a client that registered bound tokens gets none without a proof', async () => {
    const answer = await askWith(undefined)
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_dpop_proof'])
  })

  test('every wrong proof is invalid_dpop_proof', async () => {
    const given = await nonce()
    const now = Math.floor(bridge.clock.now() / 1000)
    const rsa = await generateKeyPair('RS256')
    const strange = await generateKeyPair('ES256')
    const claims = { nonce: given }
    const wrong = await Promise.all([
      prove(tokenUrl(), { claims, header: { typ: 'JWT' } }),
      prove(tokenUrl(), { claims, header: { jwk: undefined } }),
      prove(tokenUrl(), { claims, header: { jwk: await exportJWK(keys.privateKey) } }),
      prove(tokenUrl(), { claims, header: { jwk: await exportJWK(strange.publicKey) } }),
      prove(tokenUrl(), { claims, header: { alg: 'RS256' }, pair: rsa }),
      prove(tokenUrl(), { claims: { ...claims, htm: 'GET' } }),
      prove(`${bridge.tenant.issuer}/userinfo`, { claims }),
      prove('https://elsewhere.example/token', { claims }),
      prove(tokenUrl(), { claims: { ...claims, iat: now - 61 } }),
      prove(tokenUrl(), { claims: { ...claims, iat: now + 30 } }),
      prove(tokenUrl(), { claims: { ...claims, iat: undefined } }),
      prove(tokenUrl(), { claims: { ...claims, jti: undefined } }),
      prove(tokenUrl(), { claims: { ...claims, htm: undefined } }),
      prove(tokenUrl(), { claims: { ...claims, htu: undefined } }),
      prove(tokenUrl(), { claims: { ...claims, jti: 'j'.repeat(257) } }),
      prove(tokenUrl(), { claims: { ...claims, exp: now - 11 } }),
      prove(tokenUrl(), { claims: { ...claims, exp: 'later' } }),
      prove(tokenUrl(), { claims: { ...claims, nbf: now + 30 } }),
      prove(tokenUrl(), { claims }).then(unsignedProof),
      prove(tokenUrl(), { claims }).then((one) => `${one}, ${one}`),
      prove(tokenUrl(), { claims }).then((one) => `${one.slice(0, -8)}AAAAAAAA`),
      Promise.resolve('nonsense'),
    ])
    const answers = await Promise.all(wrong.map((proof) => askWith(proof)))
    expect(answers.map(({ body }) => body.error)).toEqual(wrong.map(() => 'invalid_dpop_proof'))
    const { origin, pathname } = new URL(tokenUrl())
    const shouted = `${origin.toUpperCase()}${pathname}?ignored=1#too`
    const extra = { more: 'x', exp: now + 300, nbf: now }
    const good = [
      prove(shouted, { claims, header: { extra: 'x' } }),
      prove(tokenUrl(), { claims: { ...claims, ...extra } }),
      prove(tokenUrl(), { claims: { ...claims, iat: now - 10 } }),
      prove(tokenUrl(), { claims: { ...claims, iat: now + 9 } }),
    ]
    for (const proof of good) expect((await askWith(await proof)).status).toBe(200)
  })

  test('a proof is good once: fifty at a time, one token', async () => {
    const proof = await prove(tokenUrl(), { claims: { nonce: await nonce() } })
    const answers = await Promise.all(times(50, () => askWith(proof)))
    expect(tally(answers.map(({ status }) => status))).toEqual({ 200: 1, 400: 49 })
  })

  test('a nonce ends after some minutes, and another tenant’s is none', async () => {
    const given = await nonce()
    await later(bridge, 11 * 60_000, async () => {
      const answer = await askWith(await prove(tokenUrl(), { claims: { nonce: given } }))
      expect(answer.body.error).toBe('use_dpop_nonce')
    })
    const strange = await askWith(await prove(tokenUrl(), { claims: { nonce: 'A'.repeat(43) } }))
    expect(strange.body.error).toBe('use_dpop_nonce')
    const next = await askWith(await prove(tokenUrl(), { claims: { nonce: given } }))
    expect(next.headers.get('dpop-nonce')).toMatch(/^[\w-]{43}$/)
  })

  test('CR-41 a nonce of an instance that is a step ahead or behind in a rotation of Key C is good', () => {
    const [now, before] = [bridge.clock.now(), entry('C', 1, 'previous')]
    const rest = [entry('A', 1, 'current'), entry('B', 1, 'current')]
    const behind = keyringOf(...rest, entry('C', 1, 'current'), entry('C', 2, 'pending'))
    const ahead = keyringOf(...rest, before, entry('C', 2, 'current'))
    for (const [from, to] of [
      [behind, ahead],
      [ahead, behind],
    ] as const)
      expect(isProofNonce(to, TENANT, proofNonce(from, TENANT, now), now)).toBe(true)
    const retired = keyringOf(...rest, entry('C', 1, 'retired'), entry('C', 2, 'current'))
    expect(isProofNonce(retired, TENANT, proofNonce(behind, TENANT, now), now)).toBe(false)
  })

  test('at the data API: cnf in the token, proof with ath, once; anything else is refused', async () => {
    const token = await machineToken()
    expect(partOf(token, 1).cnf).toEqual({ jkt })
    const good = await prove(dataUrl(), { claims: { ath: ath(token) } })
    expect(await enter(token, good)).toBe('let in')
    expect(await enter(token, good)).toBe('invalid_dpop_proof')
    expect(await enter(token, undefined, 'Bearer')).toBe('invalid_token')
    expect(await enter(token, undefined)).toBe('invalid_token')
    expect(await enter(token, await prove(dataUrl()))).toBe('invalid_dpop_proof')
    const strange = await generateKeyPair('ES256', { extractable: true })
    const stolen = await prove(dataUrl(), { claims: { ath: ath(token) }, pair: strange })
    expect(await enter(token, stolen)).toBe('invalid_token')
    const plain = await registerMachine(bridge)
    const bearer = String((await askWith(undefined, plain)).body.access_token)
    const proof = await prove(dataUrl(), { claims: { ath: ath(bearer) } })
    expect(await enter(bearer, proof)).toBe('invalid_token')
    expect(await enter(bearer, undefined, 'Bearer')).toBe('let in')
    const change = { dpopBound: true }
    await updateRelyingParty(bridge.deps, ACTOR, 'demo', plain.relyingParty.clientId, change)
    expect(await enter(bearer, undefined, 'Bearer')).toBe('invalid_token')
  })

  test('at userinfo a wrong proof is 401 with a DPoP challenge', async () => {
    const headers = { authorization: `DPoP ${'A'.repeat(43)}`, dpop: 'nonsense' }
    const unknown = await fetch(`${bridge.tenant.issuer}/userinfo`, { headers })
    expect([unknown.status, unknown.headers.get('www-authenticate')]).toEqual([
      401,
      'DPoP error="invalid_token", algs="ES256 ES384 EdDSA Ed25519"',
    ])
    const app = await register(bridge)
    const { handle, finish } = await loginWith(app)
    const { access_token: token } = await finish(handle)
    const answer = await fetch(`${bridge.tenant.issuer}/userinfo`, {
      headers: { authorization: `DPoP ${token}`, dpop: 'nonsense' },
    })
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining('DPoP error="invalid_dpop_proof"'),
    ])
  })
})

describe('FAPI 2.0 by one switch', () => {
  const jwks = async (alg = 'ES256') => {
    const pair = await generateKeyPair(alg, { extractable: true })
    return { pair, set: { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k', alg }] } }
  }

  test('OP-94 it sets PKCE, bound tokens and pushed requests', async () => {
    const { set } = await jwks()
    const { relyingParty } = await register(bridge, {
      ...{ profile: 'fapi2', authentication: 'private_key_jwt', jwks: set as never },
      requirePkce: false,
    })
    expect(relyingParty).toMatchObject({
      ...{ requirePkce: true, dpopBound: true, pushedRequestsOnly: true },
    })
  })

  test('OP-94 what contradicts it is refused at the registration', async () => {
    const { set } = await jwks()
    const { set: weak } = await jwks('RS256')
    const base = {
      profile: 'fapi2',
      authentication: 'private_key_jwt',
      jwks: set as never,
    } as const
    for (const wrong of [
      { ...base, authentication: 'client_secret_basic' as const, jwks: undefined },
      { ...base, idTokenAlgorithm: 'RS256' as const },
      { ...base, userinfoAlgorithm: 'RS256' as const },
      { ...base, jwks: weak as never },
    ])
      await expect(register(bridge, wrong)).rejects.toMatchObject({
        failure: { kind: 'invalid_request' },
      })
  })

  test('OP-34 OP-94 a request that was not pushed is refused, to the relying party', async () => {
    const { set } = await jwks()
    const fapi = await register(bridge, {
      ...{ profile: 'fapi2', authentication: 'private_key_jwt', jwks: set as never },
    })
    const program = await relyingPartyOf(bridge, fapi, { authentication: client.None() })
    const { url } = await program.begin()
    const answer = await fetch(url, { redirect: 'manual' })
    const location = new URL(answer.headers.get('location') ?? '')
    expect(location.searchParams.get('error')).toBe('invalid_request')
    expect(location.searchParams.get('iss')).toBe(bridge.tenant.issuer)
  })

  test('OP-47 OP-94 the assertion: RS256 by a key without alg, an endpoint or a list as audience, a time or an end far ahead: refused', async () => {
    const pair = await generateKeyPair('RS256', { extractable: true })
    const { alg: _, ...jwk } = { ...(await exportJWK(pair.publicKey)), kid: 'k', alg: undefined }
    const fapi = await register(bridge, {
      ...{ profile: 'fapi2', authentication: 'private_key_jwt', jwks: { keys: [jwk] } as never },
      ...{ grantTypes: ['authorization_code', 'client_credentials'] },
      machineScopes: ['reconciliation:read'],
    })
    const now = Math.floor(bridge.clock.now() / 1000)
    const { issuer } = bridge.tenant
    const assert = (alg: string, claims: Record<string, unknown> = {}) =>
      new SignJWT({
        ...{ iss: fapi.id, sub: fapi.id, aud: issuer, iat: now, exp: now + 60 },
        ...{ jti: crypto.randomUUID(), ...claims },
      })
        .setProtectedHeader({ alg, kid: 'k' })
        .sign(pair.privateKey)
    const ask = async (assertion: Promise<string>) =>
      (
        await post(tokenUrl(), {
          ...{ grant_type: 'client_credentials', client_assertion: await assertion },
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        })
      ).body.error
    const { privateKey } = pair
    const ps256 = await importAs(privateKey, 'PS256')
    const signPs = (claims: Record<string, unknown> = {}) =>
      new SignJWT({
        ...{ iss: fapi.id, sub: fapi.id, aud: issuer, iat: now, exp: now + 60 },
        ...{ jti: crypto.randomUUID(), ...claims },
      })
        .setProtectedHeader({ alg: 'PS256', kid: 'k' })
        .sign(ps256)
    expect(await ask(assert('RS256'))).toBe('invalid_client')
    // The client is believed, and asked for its proof.
    expect(await ask(signPs())).toBe('invalid_dpop_proof')
    expect(await ask(signPs({ iat: now + 10, nbf: now + 10 }))).toBe('invalid_dpop_proof')
    for (const claims of [
      { aud: tokenUrl() },
      { aud: [issuer] },
      { aud: [issuer, 'https://x.example'] },
      { iat: now + 60 },
      { nbf: now + 60 },
      { exp: now + 421 },
      { jti: undefined },
    ])
      expect(await ask(signPs(claims)), JSON.stringify(claims)).toBe('invalid_client')
  })
})

async function importAs(key: KeyPair['privateKey'], algorithm: string) {
  const { alg: _, ...jwk } = await exportJWK(key)
  return await importJWK({ ...jwk, kty: 'RSA' }, algorithm)
}
