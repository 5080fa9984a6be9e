/** Attacks at the relying parties' side: codes, redirects, PKCE, client authentication, answers that tell too much. */

import { createHash, randomBytes } from 'node:crypto'
import { decodeJwt, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Wallet } from '../../demo/wallet.ts'
import type { ClientId } from '../../src/domain/ids.ts'
import type { JsonObject } from '../../src/domain/text.ts'
import { registerRelyingParty } from '../../src/flow/register-relying-party.ts'
import { updateRelyingParty } from '../../src/flow/update-relying-party.ts'
import {
  ACTOR,
  type Bridge,
  logIn,
  REDIRECT_URI,
  startBridge,
  type TestTenant,
} from '../support/bridge.ts'
import {
  answer,
  basic,
  eventsOf,
  isRelyingParty,
  later,
  leavesNoTrace,
  obtainCode,
  open,
  redeem,
  rows,
  startCanary,
  tally,
  times,
  userinfoStatus,
} from './attack.ts'

const LOOPBACK_URI = 'http://127.0.0.1/native'

let bridge: Bridge
let tenant: TestTenant
let wallet: Wallet
let secondSecret: string
let assertionKey: CryptoKey
let rsaKey: CryptoKey
beforeAll(async () => {
  bridge = await startBridge()
  tenant = bridge.tenant
  wallet = await bridge.newWallet()
  await logIn(bridge, wallet)
  const pair = await generateKeyPair('ES256', { extractable: true })
  const strangers = await generateKeyPair('RS256', { extractable: true })
  assertionKey = pair.privateKey
  rsaKey = strangers.privateKey
  const publicJwk = { ...(await exportJWK(pair.publicKey)), alg: 'ES256', kid: 'k1' } as JsonObject
  const common = {
    redirectUris: [REDIRECT_URI],
    idTokenAlgorithm: 'ES256' as const,
    requirePkce: true,
    claimsInIdToken: false,
    sector: undefined,
    purpose: undefined,
    jwks: undefined,
  }
  const second = await registerRelyingParty(bridge.deps, ACTOR, 'demo', {
    ...{ ...common, clientId: 'second', name: 'Second' },
    authentication: 'client_secret_basic',
  })
  secondSecret = second.clientSecret ?? ''
  await registerRelyingParty(bridge.deps, ACTOR, 'demo', {
    ...{ ...common, clientId: 'asserting', name: 'Asserting' },
    ...{ authentication: 'private_key_jwt', jwks: { keys: [publicJwk] } },
  })
  await registerRelyingParty(bridge.deps, ACTOR, 'demo', {
    ...{ ...common, clientId: 'native', name: 'Native', redirectUris: [LOOPBACK_URI] },
    authentication: 'none',
  })
  await registerRelyingParty(bridge.deps, ACTOR, 'demo', {
    ...{ ...common, clientId: 'old', name: 'Without PKCE', requirePkce: false },
    authentication: 'client_secret_basic',
  })
})
afterAll(() => bridge.stop())

describe('codes', () => {
  test('row 32 fifty parallel exchanges of one code: one 200 (OP-42)', async () => {
    const redeemable = await obtainCode(tenant, wallet)
    const answers = await Promise.all(times(50, () => redeem(tenant, redeemable)))
    expect(tally(answers.map(({ status }) => status))).toEqual({ 200: 1, 400: 49 })
    const refused = answers.filter(({ status }) => status === 400)
    for (const { body } of refused) expect(body.error).toBe('invalid_grant')
    const events = (await eventsOf(bridge, redeemable.opened.journeyId)).map((e) => e.event_type)
    expect(tally(events)).toEqual({ login_completed: 1, code_replayed: 49 })
    // The other forty-nine were valid as well, so what the one got is over (OP-43).
    const token = String(answers.find(({ status }) => status === 200)?.body.access_token)
    expect(await userinfoStatus(tenant.issuer, token)).toBe(401)
  })

  test('row 32 codes that are redeemed at one moment: each answer is for its own request', async () => {
    const redeemable = await Promise.all(times(8, () => obtainCode(tenant, wallet)))
    const asked = [...redeemable, { ...redeemable[0], code: 'nobodys', verifier: 'v'.repeat(43) }]
    const answers = await Promise.all(asked.map((one) => redeem(tenant, one)))
    expect(answers.map(({ status }) => status)).toEqual([...times(8, () => 200), 400])
    const nonces = answers
      .slice(0, 8)
      .map(({ body }) => decodeJwt(String(body.id_token)).nonce as string)
    expect(nonces).toEqual(redeemable.map(({ attempt }) => attempt.nonce))
    expect(new Set(answers.slice(0, 8).map(({ body }) => body.access_token)).size).toBe(8)
  })

  test('row 32 OP-43 a valid replay of a code ends the tokens that were issued for it', async () => {
    const redeemable = await obtainCode(tenant, wallet)
    const { body } = await redeem(tenant, redeemable)
    const token = String(body.access_token)
    expect(await userinfoStatus(tenant.issuer, token)).toBe(200)
    const replay = await redeem(tenant, redeemable)
    expect([replay.status, replay.body.error]).toEqual([400, 'invalid_grant'])
    expect(await userinfoStatus(tenant.issuer, token)).toBe(401)
    expect((await eventsOf(bridge, redeemable.opened.journeyId)).at(-1)).toEqual({
      event_type: 'code_replayed',
      detail: { grant_revoked: true },
    })
  })

  test('row 32 OP-43 a valid replay long after the code has expired still ends them', async () => {
    const redeemable = await obtainCode(tenant, wallet)
    const token = String((await redeem(tenant, redeemable)).body.access_token)
    await later(bridge, 5 * 60_000, () => redeem(tenant, redeemable))
    expect(await userinfoStatus(tenant.issuer, token)).toBe(401)
  })

  test('row 33 OP-43 a thief who replays a code wrongly logs nobody out', async () => {
    const redeemable = await obtainCode(tenant, wallet)
    const token = String((await redeem(tenant, redeemable)).body.access_token)
    const wrong: [Record<string, string | undefined>, string | null][] = [
      [{ code_verifier: 'w'.repeat(43) }, basic('app', tenant.clientSecret)],
      [{ code_verifier: undefined }, basic('app', tenant.clientSecret)],
      [{ redirect_uri: 'https://app.example/other' }, basic('app', tenant.clientSecret)],
      [{ redirect_uri: undefined }, basic('app', tenant.clientSecret)],
      [{}, basic('app', 'wrong-secret')],
      [{}, basic('second', secondSecret)],
      [{}, null],
    ]
    for (const [form, authorization] of wrong) {
      const { status } = await redeem(tenant, redeemable, form, authorization)
      expect(status).toBeGreaterThanOrEqual(400)
    }
    expect(await userinfoStatus(tenant.issuer, token)).toBe(200)
  })

  test('OP-41 a code is bound to client, redirect URI and verifier; a wrong try does not spend it', async () => {
    const redeemable = await obtainCode(tenant, wallet)
    const another = await obtainCode(tenant, wallet)
    const swaps: [Record<string, string | undefined>, string][] = [
      [{ code_verifier: another.verifier }, basic('app', tenant.clientSecret)],
      [{ redirect_uri: 'https://app.example/callback/' }, basic('app', tenant.clientSecret)],
      [{}, basic('second', secondSecret)],
      [{ code: another.code }, basic('app', tenant.clientSecret)],
      [{ code: 'A'.repeat(43) }, basic('app', tenant.clientSecret)],
    ]
    const before = await rows(bridge, 'SELECT * FROM authorization_code ORDER BY code_hash')
    for (const [form, authorization] of swaps) {
      const refused = await redeem(tenant, redeemable, form, authorization)
      expect([refused.status, refused.body.error]).toEqual([400, 'invalid_grant'])
    }
    expect(await rows(bridge, 'SELECT * FROM authorization_code ORDER BY code_hash')).toEqual(
      before,
    )
    expect((await redeem(tenant, redeemable)).status).toBe(200)
    expect((await redeem(tenant, another)).status).toBe(200)
  })

  test('OP-40 a code lives 60 seconds and is stored as a hash', async () => {
    const redeemable = await obtainCode(tenant, wallet)
    const late = await later(bridge, 60_000, () => redeem(tenant, redeemable))
    expect(late.body.error).toBe('invalid_grant')
    const kept = await rows<{ code_hash: string }>(
      bridge,
      'SELECT code_hash FROM authorization_code',
    )
    const hashes = kept.map(({ code_hash }) => code_hash)
    expect(hashes).toContain(createHash('sha256').update(redeemable.code).digest('base64url'))
    expect(hashes).not.toContain(redeemable.code)
    expect((await redeem(tenant, redeemable)).status).toBe(200)
  })

  test('OP-11 a NUL character is the caller’s fault wherever it stands, and no login begins with one', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const asked = new URL((await tenant.relyingParty.begin()).url)
    asked.searchParams.set('nonce', 'a\0b')
    const post = (authorization: Record<string, string>, clientId: string) =>
      fetch(`${tenant.issuer}/token`, {
        method: 'POST',
        headers: { ...form, ...authorization },
        body: `grant_type=authorization_code&code=x${clientId}`,
      })
    const answers = await leavesNoTrace(bridge, () =>
      Promise.all([
        fetch(asked, { redirect: 'manual' }),
        fetch(`${tenant.issuer}/authorize?client_id=a%00b`, { redirect: 'manual' }),
        post({}, '&client_id=a%00b'),
        post({ authorization: basic('a\0b', 'secret') }, ''),
      ]),
    )
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 401])
  })

  test('OP-49 OP-50 tokens are never cached, and never asked for in a query', async () => {
    const redeemable = await obtainCode(tenant, wallet)
    const inQuery = await fetch(`${tenant.issuer}/token?code=${redeemable.code}`, {
      method: 'POST',
      headers: { authorization: basic('app', tenant.clientSecret) },
      body: new URLSearchParams({ grant_type: 'authorization_code' }),
    })
    expect(inQuery.status).toBe(400)
    const byGet = await fetch(`${tenant.issuer}/token?code=${redeemable.code}`)
    expect(byGet.status).toBe(405)
    const { status, headers } = await redeem(tenant, redeemable)
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store'])
  })
})

/** Asks /authorize without following anything. */
async function authorize(parameters: Record<string, string | undefined>, extra = '') {
  const query = new URLSearchParams()
  const wanted = {
    ...{ response_type: 'code', client_id: 'app', redirect_uri: REDIRECT_URI, scope: 'openid' },
    ...{ state: 's', code_challenge: 'c'.repeat(43), code_challenge_method: 'S256' },
    ...parameters,
  }
  for (const [name, value] of Object.entries(wanted))
    if (value !== undefined) query.set(name, value)
  const response = await fetch(`${tenant.issuer}/authorize?${query}${extra}`, {
    redirect: 'manual',
    headers: { accept: 'text/html' },
  })
  return {
    status: response.status,
    location: response.headers.get('location'),
    text: await response.text(),
  }
}

describe('redirects', () => {
  const foreign = [
    '',
    'https://app.example',
    'https://app.example/',
    'https://app.example/callback/',
    'https://app.example/callback/.',
    'https://app.example/callback/../callback',
    'https://app.example//callback',
    'https://app.example/./callback',
    'https://app.example/Callback',
    'https://app.example/callbac%6B',
    'https://app.example/callback%2e',
    'https://app.example/callback%00',
    'https://app.example/callback%20',
    'https://app.example/callback ',
    ' https://app.example/callback',
    'https://app.example/callback\t',
    'https://app.example/callback\r\nLocation: https://evil.example',
    'https://app.example/callback?',
    'https://app.example/callback?x=1',
    'https://app.example/callback?code=injected',
    'https://app.example/callback#',
    'https://app.example/callback#fragment',
    'https://app.example/callback;x',
    'https://app.example/callback/child',
    'https://app.example:443/callback',
    'https://app.example:8443/callback',
    'https://APP.example/callback',
    'HTTPS://app.example/callback',
    'http://app.example/callback',
    'https://app.example./callback',
    'https://sub.app.example/callback',
    'https://app.example.evil.example/callback',
    'https://evil.example/callback',
    'https://evil.example/https://app.example/callback',
    'https://app.example@evil.example/callback',
    'https://user:password@app.example/callback',
    'https://evil.example\\@app.example/callback',
    'https:\\\\app.example\\callback',
    'https:app.example/callback',
    '//app.example/callback',
    '/callback',
    'https://аpp.example/callback', // Cyrillic а
    'https://app。example/callback', // ideographic full stop
    'javascript:alert(1)//https://app.example/callback',
    'data:text/html,https://app.example/callback',
    'https://app.example/callback,https://evil.example',
    `https://app.example/callback${'/'.repeat(5_000)}`,
    LOOPBACK_URI,
  ]
  test('row 34 OP-01 OP-12 no redirect URI but the registered one: a page, never a redirect, never a journey', async () => {
    expect(foreign.length).toBeGreaterThanOrEqual(40)
    await leavesNoTrace(bridge, async () => {
      const journeys = await rows(bridge, 'SELECT FROM journey')
      for (const redirect_uri of foreign) {
        const answered = await authorize({ redirect_uri })
        expect([redirect_uri, answered.status, answered.location]).toEqual([
          redirect_uri,
          400,
          null,
        ])
        expect(answered.text).not.toContain('evil.example')
        // An error of the request itself is not sent there either.
        const wrong = await authorize({ redirect_uri, response_type: 'token' })
        expect([wrong.status, wrong.location]).toEqual([400, null])
      }
      expect(await rows(bridge, 'SELECT FROM journey')).toHaveLength(journeys.length)
    })
    expect((await authorize({})).status).toBe(200)
  })

  test('row 34 a redirect URI or client given twice is not guessed at', async () => {
    const evil = encodeURIComponent('https://evil.example/callback')
    const own = encodeURIComponent(REDIRECT_URI)
    for (const extra of [
      `&redirect_uri=${evil}`,
      `&redirect_uri=${own}`,
      '&client_id=app',
      '&client_id=second',
    ]) {
      const answered = await authorize({}, extra)
      expect([answered.status, answered.location]).toEqual([400, null])
    }
  })

  test('row 34 OP-01 a loopback address of a native app may differ in its port, in nothing else', async () => {
    const native = (redirect_uri: string) => authorize({ client_id: 'native', redirect_uri })
    expect((await native('http://127.0.0.1:49152/native')).status).toBe(200)
    for (const uri of [
      'http://127.0.0.1:49152/native/',
      'http://127.0.0.1:49152/other',
      'http://127.0.0.1:49152/native?x',
      'http://127.0.0.1:49152@evil.example/native',
      'http://127.0.0.1:99999/native',
      'http://127.0.0.1:99999999/native',
      'http://127.0.0.2:49152/native',
      'http://localhost:49152/native',
      'https://127.0.0.1:49152/native',
      'http://[::1]:49152/native',
    ]) {
      const answered = await native(uri)
      expect([uri, answered.status, answered.location]).toEqual([uri, 400, null])
    }
  })

  test('OP-13 errors go back with error, state and iss, to the registered address alone', async () => {
    const { status, location } = await authorize({ response_type: 'none', state: 'a b&c=d' })
    const back = new URL(location ?? '')
    expect([status, back.origin + back.pathname]).toEqual([303, REDIRECT_URI])
    expect(Object.fromEntries(back.searchParams)).toMatchObject({
      error: 'unsupported_response_type',
      state: 'a b&c=d',
      iss: tenant.issuer,
    })
  })

  test('OP-13 OP-14 a refusal of the implicit flow goes where its clients look: into the fragment, unless they say otherwise', async () => {
    const asked = { response_type: 'id_token token', state: 'a b&c=d' }
    const back = new URL((await authorize(asked)).location ?? '')
    expect([back.origin + back.pathname, back.search]).toEqual([REDIRECT_URI, ''])
    expect(Object.fromEntries(new URLSearchParams(back.hash.slice(1)))).toMatchObject({
      ...{ error: 'unsupported_response_type', state: 'a b&c=d', iss: tenant.issuer },
    })
    const byQuery = new URL((await authorize({ ...asked, response_mode: 'query' })).location ?? '')
    expect([byQuery.searchParams.get('state'), byQuery.hash]).toEqual(['a b&c=d', ''])
  })

  test('row 14 OP-22 a request_uri is never fetched, wherever it points', async () => {
    const canary = await startCanary()
    for (const name of ['request_uri', 'request', 'registration']) {
      const { location } = await authorize({ [name]: `${canary.url}/${name}` })
      expect(new URL(location ?? '').searchParams.get('error')).toBe(`${name}_not_supported`)
    }
    const parameters = { id_token_hint: canary.url, login_hint: canary.url, claims: canary.url }
    await authorize(parameters)
    expect(canary.asked()).toBe(0)
    await canary.close()
  })
})

describe('PKCE', () => {
  const challenge = 'c'.repeat(43)
  const downgrades: [title: string, parameters: Record<string, string | undefined>][] = [
    ['none at all', { code_challenge: undefined, code_challenge_method: undefined }],
    ['a method without a challenge', { code_challenge: undefined }],
    ['no method, which means plain', { code_challenge_method: undefined }],
    ['an empty method', { code_challenge_method: '' }],
    ['plain', { code_challenge_method: 'plain' }],
    ['s256', { code_challenge_method: 's256' }],
    ['S512', { code_challenge_method: 'S512' }],
    ['a short challenge', { code_challenge: challenge.slice(1) }],
    ['a long challenge', { code_challenge: `${challenge}c` }],
    ['a padded challenge', { code_challenge: `${challenge.slice(1)}=` }],
    ['a challenge in base64', { code_challenge: `${challenge.slice(1)}+` }],
  ]
  test.each(downgrades)('row 35 OP-16 %s is refused', async (_, parameters) => {
    const { status, location } = await authorize(parameters)
    expect(status).toBe(303)
    expect(new URL(location ?? '').searchParams.get('error')).toBe('invalid_request')
  })

  test('row 35 OP-16 plain is refused for a client that need not use PKCE as well', async () => {
    for (const parameters of downgrades.slice(1).map(([, each]) => each)) {
      const { location } = await authorize({ client_id: 'old', ...parameters })
      expect(new URL(location ?? '').searchParams.get('error')).toBe('invalid_request')
    }
  })

  test('row 35 OP-44 a verifier of the wrong form, the challenge itself, none, or an uninvited one', async () => {
    const redeemable = await obtainCode(tenant, wallet)
    const digest = createHash('sha256').update(redeemable.verifier).digest()
    for (const code_verifier of [
      undefined,
      '',
      digest.toString('base64url'),
      redeemable.verifier.slice(1),
      `${redeemable.verifier}=`,
      redeemable.verifier.toUpperCase(),
      'a'.repeat(42),
      'a'.repeat(129),
    ]) {
      const refused = await redeem(tenant, redeemable, { code_verifier })
      expect([refused.status, refused.body.error]).toEqual([400, 'invalid_grant'])
    }
    expect((await redeem(tenant, redeemable)).status).toBe(200)
  })

  test('row 35 OP-44 a code that was asked for without a challenge is not redeemed with a verifier', async () => {
    const asked = await authorize({
      client_id: 'old',
      ...{ code_challenge: undefined, code_challenge_method: undefined },
    })
    expect(asked.status).toBe(200)
    const opened = await open(tenant, wallet)
    const url = new URL(opened.attempt.url)
    for (const name of ['code_challenge', 'code_challenge_method']) url.searchParams.delete(name)
    url.searchParams.set('client_id', 'old')
    const downgraded = { ...tenant, relyingParty: { ...tenant.relyingParty, begin: beginAt(url) } }
    const { code } = await obtainCode(downgraded, wallet)
    const [old] = await rows<{ ok: boolean }>(
      bridge,
      `SELECT code_challenge IS NULL AS ok FROM authorization_code WHERE code_hash = '${createHash('sha256').update(code).digest('base64url')}'`,
    )
    expect(old?.ok).toBe(true)
    // "old" has a secret that nobody here knows: what counts is the order of the checks behind it.
    const secret = await rotateSecret('old')
    const authorization = basic('old', secret)
    const verifier = randomBytes(32).toString('base64url')
    const refused = await redeem(tenant, { code, verifier }, {}, authorization)
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_grant'])
    const form = { code_verifier: undefined }
    expect((await redeem(tenant, { code, verifier }, form, authorization)).status).toBe(200)
  })
})

function beginAt(url: URL): TestTenant['relyingParty']['begin'] {
  return async () => ({
    ...{ url: url.href, verifier: '', state: '', nonce: '' },
    finish: () => Promise.reject(new Error('this attempt has no end')),
  })
}

async function rotateSecret(clientId: string): Promise<string> {
  const secret = randomBytes(32).toString('base64url')
  const hash = createHash('sha256').update(secret).digest('base64url')
  await rows(
    bridge,
    `UPDATE relying_party SET secret_hashes = '["${hash}"]' WHERE client_id = '${clientId}'`,
  )
  await rows(bridge, `UPDATE tenant SET revision = revision + 1 WHERE slug = 'demo'`)
  bridge.deps.tenants.forget('demo')
  return secret
}

describe('client authentication', () => {
  test('row 55 OP-48 unknown client, wrong secret, wrong method, disabled client: the same answer, byte for byte', async () => {
    const redeemable = await obtainCode(tenant, wallet)
    const attempts: [Record<string, string | undefined>, string | null][] = [
      [{}, basic('nobody', 'secret')],
      [{}, basic('app', 'wrong-secret')],
      [{}, basic('app', '')],
      [{}, basic('native', 'secret')],
      [{}, basic('asserting', 'secret')],
      [{ client_id: 'app', client_secret: tenant.clientSecret }, null],
      [{ client_id: 'nobody', client_secret: 'secret' }, null],
      [{ client_id: 'app' }, null],
      [{ client_id: 'nobody' }, null],
      [{}, basic("' OR 1=1 --", 'secret')],
      [{}, basic('x'.repeat(513), 'secret')],
    ]
    const answers = []
    for (const [form, authorization] of attempts)
      answers.push(await redeem(tenant, redeemable, form, authorization))
    const seen = answers.map(({ status, text, headers }) => ({
      status,
      text,
      challenge: headers.get('www-authenticate'),
      cache: headers.get('cache-control'),
    }))
    const [first] = seen
    expect(first).toMatchObject({ status: 401, cache: 'no-store' })
    expect(first?.challenge).toMatch(/^Basic /)
    for (const each of seen) expect(each).toEqual(first)
    expect((await redeem(tenant, redeemable)).status).toBe(200)
  })

  test('OP-46 two ways of authentication at once are refused, even where each alone is right', async () => {
    const redeemable = await obtainCode(tenant, wallet)
    const right = basic('app', tenant.clientSecret)
    const refused = [
      await redeem(tenant, redeemable, { client_secret: tenant.clientSecret }, right),
      await redeem(tenant, redeemable, { client_assertion: 'x' }, right),
      await redeem(tenant, redeemable, { client_id: 'second' }, right),
    ]
    for (const { body } of refused) expect(body.error).toMatch(/^invalid_(request|client)$/)
    expect((await redeem(tenant, redeemable)).status).toBe(200)
  })

  const now = () => Math.floor(Date.now() / 1000)
  const goodClaims = (): JWTPayload => ({
    iss: 'asserting',
    sub: 'asserting',
    aud: tenant.issuer,
    exp: now() + 60,
    iat: now(),
    jti: randomBytes(16).toString('base64url'),
  })
  const assertion = (
    claims: JWTPayload,
    header: Record<string, unknown> = {},
    key: CryptoKey = assertionKey,
  ) => new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'k1', ...header }).sign(key)
  const assert = (jwt: string, form: Record<string, string | undefined> = {}) =>
    redeem(
      tenant,
      { code: 'A'.repeat(43), verifier: 'v'.repeat(43) },
      {
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: jwt,
        ...form,
      },
      null,
    )
  const without = (name: string) => {
    const claims = goodClaims()
    delete claims[name]
    return claims
  }
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

  const bad: [title: string, make: () => Promise<string>][] = [
    ['of another issuer', () => assertion({ ...goodClaims(), iss: 'app' })],
    ['about another client', () => assertion({ ...goodClaims(), sub: 'app' })],
    ['about an unknown client', () => assertion({ ...goodClaims(), iss: 'x', sub: 'x' })],
    ['for the token endpoint', () => assertion({ ...goodClaims(), aud: `${tenant.issuer}/token` })],
    ['for a list of one', () => assertion({ ...goodClaims(), aud: [tenant.issuer] })],
    ['for an empty list', () => assertion({ ...goodClaims(), aud: [] })],
    [
      'for a list that contains us',
      () => assertion({ ...goodClaims(), aud: [tenant.issuer, 'https://another.example'] }),
    ],
    ['for another tenant', () => assertion({ ...goodClaims(), aud: `${bridge.url}/t/other` })],
    ['with a slash more', () => assertion({ ...goodClaims(), aud: `${tenant.issuer}/` })],
    ['without audience', () => assertion(without('aud'))],
    ['without issuer', () => assertion(without('iss'))],
    ['without subject', () => assertion(without('sub'))],
    ['with a number as subject', () => assertion({ ...goodClaims(), sub: 5 as never })],
    ['with a list as subject', () => assertion({ ...goodClaims(), sub: ['x'] as never })],
    ['without end', () => assertion(without('exp'))],
    ['without jti', () => assertion(without('jti'))],
    ['with an empty jti', () => assertion({ ...goodClaims(), jti: '' })],
    ['with a huge jti', () => assertion({ ...goodClaims(), jti: 'j'.repeat(513) })],
    ['that has expired', () => assertion({ ...goodClaims(), exp: now() - 61 })],
    ['that lasts too long', () => assertion({ ...goodClaims(), exp: now() + 421 })],
    ['that begins later', () => assertion({ ...goodClaims(), nbf: now() + 65 })],
    ['with an end in text', () => assertion({ ...goodClaims(), exp: '9999999999' as never })],
    ['by another key', () => assertion(goodClaims(), { alg: 'RS256' }, rsaKey)],
    ['by a kid that is not there', () => assertion(goodClaims(), { kid: '../../k1' })],
    ['with kid injection', () => assertion(goodClaims(), { kid: "' OR 1=1 --" })],
    [
      'with an unknown critical header',
      async () => {
        const [, ...rest] = (await assertion(goodClaims())).split('.')
        return [encode({ alg: 'ES256', kid: 'k1', crit: ['x'], x: 1 }), ...rest].join('.')
      },
    ],
    ['without signature', async () => `${encode({ alg: 'none' })}.${encode(goodClaims())}.`],
    [
      'with a foreign signature',
      async () => {
        const [header, payload] = (await assertion(goodClaims())).split('.')
        const [, , signature] = (await assertion(goodClaims())).split('.')
        return [header, payload, signature].join('.')
      },
    ],
    ['that is none', async () => 'not-a-jwt'],
    ['that is empty parts', async () => '..'],
  ]
  test.each(bad)('OP-47 an assertion %s is refused like any other', async (_, make) => {
    const refused = await assert(await make())
    expect([refused.status, refused.body]).toEqual([
      401,
      { error: 'invalid_client', error_description: 'client authentication failed' },
    ])
  })

  test('OP-47 the control: a right assertion is believed, and its type must be named', async () => {
    const believed = await assert(await assertion(goodClaims()))
    expect(believed.body.error).toBe('invalid_grant')
    const untyped = await assert(await assertion(goodClaims()), {
      client_assertion_type: undefined,
    })
    expect(untyped.body.error).toBe('invalid_client')
  })

  test('OP-47 for clients of the profile classic an endpoint of ours counts as well, alone, and an hour; nothing else does', async () => {
    const profileIs = (profile: 'standard' | 'classic') =>
      updateRelyingParty(bridge.deps, ACTOR, 'demo', 'asserting' as ClientId, { profile })
    const told = async (claims: Record<string, unknown>) =>
      (await assert(await assertion({ ...goodClaims(), ...claims }))).body.error
    const { issuer } = tenant
    const good = [{ aud: `${issuer}/token` }, { aud: `${issuer}/par` }, { aud: [issuer] }]
    const bad: readonly Record<string, unknown>[] = [
      { aud: `${issuer}/authorize` },
      { aud: `${bridge.url}/t/other/token` },
      { aud: [`${issuer}/token`, 'https://another.example'] },
      { aud: [`${issuer}/token`, `${issuer}/par`] },
      { exp: now() + 3670 },
    ]
    await profileIs('classic')
    for (const claims of [...good, { exp: now() + 3600 }])
      expect(await told(claims), JSON.stringify(claims)).toBe('invalid_grant')
    for (const claims of bad)
      expect(await told(claims), JSON.stringify(claims)).toBe('invalid_client')
    await profileIs('standard')
    for (const claims of good)
      expect(await told(claims), JSON.stringify(claims)).toBe('invalid_client')
  })

  test('OP-47 fifty parallel uses of one assertion: one is believed', async () => {
    const jwt = await assertion(goodClaims())
    const answers = await Promise.all(times(50, () => assert(jwt)))
    expect(tally(answers.map(({ body }) => String(body.error)))).toEqual({
      invalid_grant: 1,
      invalid_client: 49,
    })
  })

  test('OP-47 the jti of a refused assertion is not spent, and one with jku asks nobody', async () => {
    const canary = await startCanary()
    const claims = goodClaims()
    await leavesNoTrace(bridge, async () => {
      await assert(await assertion({ ...claims, aud: 'https://another.example' }))
    })
    expect((await assert(await assertion(claims))).body.error).toBe('invalid_grant')
    await assert(await assertion(goodClaims(), { jku: canary.url, x5u: canary.url }, assertionKey))
    expect(canary.asked()).toBe(0)
    await canary.close()
  })
})

describe('row 55 what cannot be told apart', () => {
  test('row 55 access tokens that are unknown, malformed, expired or revoked', async () => {
    const redeemable = await obtainCode(tenant, wallet)
    const token = String((await redeem(tenant, redeemable)).body.access_token)
    const ask = async (value: string) => {
      const headers = { authorization: `Bearer ${value}` }
      const response = await fetch(`${tenant.issuer}/userinfo`, { headers })
      const kept = [...response.headers].filter(([name]) => name !== 'date')
      return { status: response.status, text: await response.text(), kept }
    }
    expect((await ask(token)).status).toBe(200)
    const answers = [
      await ask('A'.repeat(43)),
      await ask('short'),
      await ask(redeemable.code),
      await later(bridge, 10 * 60_000, () => ask(token)),
    ]
    await redeem(tenant, redeemable)
    answers.push(await ask(token))
    for (const each of answers) expect(each).toEqual({ ...answers[0], status: 401 })
  })

  test('OP-66 an ID token is no access token, a token in a query is none at all', async () => {
    const redeemable = await obtainCode(tenant, wallet)
    const { body } = await redeem(tenant, redeemable)
    expect(await userinfoStatus(tenant.issuer, String(body.id_token))).toBe(401)
    const inQuery = await fetch(`${tenant.issuer}/userinfo?access_token=${body.access_token}`)
    expect(inQuery.status).toBe(401)
  })

  test('row 55 journeys that are unknown, malformed or of another browser', async () => {
    const opened = await open(tenant, wallet)
    const { browser } = await open(tenant, wallet)
    const ask = async (id: string) => {
      const page = await browser.get(`${tenant.issuer}/login/${id}/status`)
      const kept = [...page.headers].filter(([name]) => name !== 'date')
      return { status: page.status, text: page.text, kept }
    }
    const answers = [
      await ask('00000000-0000-4000-8000-000000000000'),
      await ask('x'),
      await ask(opened.journeyId),
    ]
    for (const each of answers) expect(each).toEqual({ ...answers[0], status: 404 })
    const { redirectUri } = await answer(wallet, opened)
    expect(isRelyingParty((await opened.browser.get(redirectUri ?? '')).location ?? '')).toBe(true)
  })
})
