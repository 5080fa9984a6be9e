/** The provider's endpoints as a stranger, a page of another site and a client that is switched off meet them. */
import { createHash } from 'node:crypto'
import { decodeProtectedHeader } from 'jose'
import * as client from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import type { Attempt } from '../../demo/relying-party.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { allRoutes } from '../../src/app.ts'
import { ACR } from '../../src/domain/assurance.ts'
import type { Sealed } from '../../src/domain/text.ts'
import { toInstant } from '../../src/domain/time.ts'
import { updateRelyingParty } from '../../src/flow/update-relying-party.ts'
import { transact } from '../../src/store/database.ts'
import { insertFirstTokenKey } from '../../src/store/signing-key.ts'
import {
  ACTOR,
  type Bridge,
  logIn,
  presentAt,
  REDIRECT_URI,
  startBridge,
  type TestTenant,
} from '../support/bridge.ts'
import { basic, leavesNoTrace, redeem, rows, times } from '../threats/attack.ts'
import { partOf, post, prepared, register, type TestClient } from './clients.ts'
import { loginOf, relyingPartyOf } from './logins.ts'

let bridge: Bridge
let wallet: Wallet
let app: TestClient
beforeAll(async () => {
  bridge = await startBridge()
  wallet = await bridge.newWallet()
  await logIn(bridge, wallet)
  app = await register(bridge, { grantTypes: ['authorization_code', 'refresh_token'] })
})
afterAll(() => bridge.stop())

const at = (path: string) => `${bridge.tenant.issuer}${path}`

/** What of the provider is mounted, by its path below the issuer, with its methods. */
const PROVIDER = {
  ...{ '/authorize': 'GET, POST', '/par': 'POST', '/token': 'POST', '/revoke': 'POST' },
  ...{ '/introspect': 'POST', '/register': 'POST', '/userinfo': 'GET, POST', '/jwks': 'GET' },
  ...{ '/end_session': 'GET, POST', '/.well-known/openid-configuration': 'GET' },
}
const PATHS = Object.keys(PROVIDER) as (keyof typeof PROVIDER)[]
/** Where a page of another site has business: nothing there reads a cookie (RFC 9700 section 2.6). */
const OPEN_TO_PAGES = [
  ...['/par', '/token', '/revoke', '/userinfo', '/jwks', '/.well-known/openid-configuration'],
  '/.well-known/oauth-authorization-server',
]

describe('methods and origins', () => {
  test.each(PATHS)('OP-30, OP-50 %s: 405 with Allow for every other method', async (path) => {
    const allowed = PROVIDER[path]
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      if (allowed.split(', ').includes(method)) continue
      const answer = await fetch(at(path), { method, redirect: 'manual' })
      expect([method, answer.status, answer.headers.get('allow')]).toEqual([method, 405, allowed])
    }
  })

  test.each(PATHS)(
    'OP-10, OP-68 %s: other origins are let in where no cookie counts',
    async (path) => {
      const open = OPEN_TO_PAGES.includes(path)
      const origin = 'https://app.example'
      const ahead = await fetch(at(path), {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      })
      expect([ahead.status, ahead.headers.get('access-control-allow-origin')]).toEqual(
        open ? [204, '*'] : [405, null],
      )
      expect(ahead.headers.get('access-control-allow-credentials')).toBeNull()
      const method = PROVIDER[path].split(', ').at(-1) ?? ''
      const refused = await fetch(at(path), { method, headers: { origin }, redirect: 'manual' })
      expect(refused.headers.get('access-control-allow-origin')).toBe(open ? '*' : null)
    },
  )

  test('a route that pages may call is on that list, and no other', () => {
    const open = allRoutes(bridge.deps)
      .filter(({ crossOrigin, path }) => crossOrigin && path.startsWith('/t/:tenant/'))
      .map(({ path }) => path.replace('/t/:tenant', ''))
    expect([...new Set(open)].toSorted()).toEqual(OPEN_TO_PAGES.toSorted())
  })
})

describe('the token endpoint', () => {
  const ask = (form: Record<string, string | undefined>) =>
    post(at('/token'), form, { authorization: app.authorization })
  const code = { grant_type: 'authorization_code', code: 'x', redirect_uri: REDIRECT_URI }

  test.each([
    ['no grant_type', {}, 'invalid_request'],
    ['an empty one', { grant_type: '' }, 'invalid_request'],
    ['OP-05 password', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['OP-05 implicit', { grant_type: 'implicit' }, 'unsupported_grant_type'],
    [
      'OP-05 device code',
      { grant_type: 'urn:ietf:params:oauth:grant-type:device_code' },
      'unsupported_grant_type',
    ],
    ['a member every object has', { grant_type: 'constructor' }, 'unsupported_grant_type'],
    ['OP-05 a grant of others', { grant_type: 'client_credentials' }, 'unauthorized_client'],
    ['no code', { ...code, code: undefined }, 'invalid_request'],
    ['OP-45 no redirect_uri', { ...code, redirect_uri: undefined }, 'invalid_request'],
    [
      'OP-45 another redirect_uri',
      { ...code, redirect_uri: 'https://x.example/' },
      'invalid_grant',
    ],
    ['a code without end', { ...code, code: 'c'.repeat(513) }, 'invalid_request'],
    ['no refresh token', { grant_type: 'refresh_token' }, 'invalid_request'],
  ] as [string, Record<string, string | undefined>, string][])(
    'OP-48 %s: %o is %s, as JSON and never cached',
    async (_, form, error) => {
      const refused = await ask(form)
      expect([refused.status, refused.body.error]).toEqual([400, error])
      expect(Object.keys(refused.body)).toEqual(['error', 'error_description'])
      expect(refused.headers.get('cache-control')).toBe('no-store')
      expect(refused.headers.get('content-type')).toBe('application/json')
      expect(refused.headers.get('www-authenticate')).toBeNull()
    },
  )

  test('OP-50 a form alone, no parameter twice, none in the query, and of a size', async () => {
    const { authorization } = app
    const send = async (body: string, type: string, query = '') => {
      const headers = { authorization, 'content-type': type }
      const answer = await fetch(at(`/token${query}`), { method: 'POST', headers, body })
      return [answer.status, ((await answer.json()) as { error: string }).error]
    }
    const form = 'application/x-www-form-urlencoded'
    const twice = 'grant_type=authorization_code&grant_type=authorization_code'
    expect(await send(twice, form)).toEqual([400, 'invalid_request'])
    expect(await send('code=a&code=b&grant_type=x', form)).toEqual([400, 'invalid_request'])
    expect(await send('', form, '?grant_type=authorization_code')).toEqual([400, 'invalid_request'])
    expect(await send(JSON.stringify(code), 'application/json')).toEqual([
      ...[415, 'unsupported_media_type'],
    ])
    expect(await send(`grant_type=x&y=${'y'.repeat(40_000)}`, form)).toEqual([
      ...[413, 'payload_too_large'],
    ])
  })

  test('OP-45 the redirect URI of the request, and no other of the client', async () => {
    const two = [REDIRECT_URI, `${REDIRECT_URI}/two`]
    const many = await register(bridge, { redirectUris: two })
    const program = await relyingPartyOf(bridge, many, { scope: 'openid' })
    const attempt = await program.begin()
    const browser = createBrowser()
    const end = await browser.follow(await presentAt(browser, wallet, attempt), (url) =>
      url.startsWith(REDIRECT_URI),
    )
    const given = {
      code: new URL(end.location ?? '').searchParams.get('code') ?? '',
      verifier: attempt.verifier,
    }
    const swap = { redirect_uri: two[1] }
    const refused = await redeem(bridge.tenant, given, swap, many.authorization)
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_grant'])
    expect((await redeem(bridge.tenant, given, {}, many.authorization)).status).toBe(200)
  })
})

test('OP-86, OP-87, OP-88 discovery says what is there, and what is not where the default says otherwise', async () => {
  const document = await (await fetch(at('/.well-known/openid-configuration'))).json()
  const methods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt']
  expect(document).toMatchObject({
    issuer: bridge.tenant.issuer,
    ...{ authorization_endpoint: at('/authorize'), token_endpoint: at('/token') },
    ...{ jwks_uri: at('/jwks'), userinfo_endpoint: at('/userinfo') },
    ...{ pushed_authorization_request_endpoint: at('/par'), revocation_endpoint: at('/revoke') },
    ...{ introspection_endpoint: at('/introspect'), end_session_endpoint: at('/end_session') },
    ...{ response_types_supported: ['code'], response_modes_supported: ['query', 'form_post'] },
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
    subject_types_supported: ['pairwise', 'public'],
    id_token_signing_alg_values_supported: ['ES256', 'RS256', 'PS256'],
    token_endpoint_auth_methods_supported: [...methods, 'none'],
    revocation_endpoint_auth_methods_supported: [...methods, 'none'],
    introspection_endpoint_auth_methods_supported: methods,
    token_endpoint_auth_signing_alg_values_supported: expect.not.arrayContaining(['HS256', 'none']),
    dpop_signing_alg_values_supported: ['ES256', 'ES384', 'EdDSA', 'Ed25519'],
    ...{ code_challenge_methods_supported: ['S256'], ui_locales_supported: ['en', 'nl'] },
    ...{ request_parameter_supported: false, request_uri_parameter_supported: false },
    ...{ claims_parameter_supported: true, require_pushed_authorization_requests: false },
    authorization_response_iss_parameter_supported: true,
    scopes_supported: expect.arrayContaining(['openid', 'offline_access', 'profile', 'email']),
    claims_supported: expect.arrayContaining([
      'sub',
      'acr',
      'auth_time',
      'upstream_acr',
      'given_name',
    ]),
    acr_values_supported: expect.arrayContaining(Object.values(ACR)),
  })
  // Nobody may register by themselves here now.
  expect(document).not.toHaveProperty('registration_endpoint')
})

test('OP-11 an empty parameter is an absent one, a strange one is passed over', async () => {
  const { url } = await bridge.tenant.relyingParty.begin()
  const empty = ['prompt', 'max_age', 'response_mode', 'claims', 'request', 'request_uri', 'nonce2']
  const page = await createBrowser().get(`${url}&${empty.map((name) => `${name}=`).join('&')}`)
  expect(page.status).toBe(200)
})

test('OP-25 every redirect of a login is a 303', async () => {
  const browser = createBrowser()
  const { begin } = bridge.tenant.relyingParty
  const answers = [
    await browser.get((await begin({ prompt: 'none' })).url),
    await browser.get(await presentAt(browser, wallet, await begin())),
  ]
  for (const { status, location, headers } of answers) {
    expect([status, location?.startsWith(REDIRECT_URI)]).toEqual([303, true])
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
  }
})

test('OP-01 RFC 6749 3.1.2 a registered query comes back as it was registered, with an answer behind it', async () => {
  const redirectUri = `${REDIRECT_URI}?at=a%20b&flag`
  const asking = await register(bridge, { redirectUris: [redirectUri] })
  const program = await relyingPartyOf(bridge, asking, { scope: 'openid', redirectUri })
  const refused = await program.begin({ prompt: 'none' })
  const answer = await fetch(refused.url, { redirect: 'manual' })
  expect(answer.headers.get('location')).toMatch(`${redirectUri}&error=login_required&`)
  const attempt = await program.begin()
  const browser = createBrowser()
  const returned = await presentAt(browser, wallet, attempt)
  const { location = '' } = await browser.follow(returned, (url) => url.startsWith(REDIRECT_URI))
  expect(location.startsWith(`${redirectUri}&code=`)).toBe(true)
  const code = new URL(location).searchParams.get('code') ?? ''
  const given = { code, verifier: attempt.verifier }
  const form = { redirect_uri: redirectUri }
  expect((await redeem(bridge.tenant, given, form, asking.authorization)).status).toBe(200)
})

test('OP-55, OP-56, OP-57 an ID token says this much, for five minutes, and no more', async () => {
  const { tokens, idToken } = await loginOf(wallet, await relyingPartyOf(bridge, app))
  expect(Object.keys(idToken).toSorted()).toEqual([
    ...['acr', 'amr', 'at_hash', 'aud', 'auth_time', 'exp', 'iat', 'iss', 'nonce', 'sid', 'sub'],
  ])
  expect(idToken).toMatchObject({ iss: bridge.tenant.issuer, aud: app.id })
  expect(idToken.exp - idToken.iat).toBe(300)
  const half = createHash('sha256').update(tokens.access_token).digest().subarray(0, 16)
  expect(idToken.at_hash).toBe(half.toString('base64url'))
  const { keys } = (await (await fetch(at('/jwks'))).json()) as { keys: { kid: string }[] }
  const { kid } = decodeProtectedHeader(tokens.id_token ?? '')
  expect(keys.filter((key) => key.kid === kid)).toHaveLength(1)
  // OP-64: random, and nothing that anybody else knows the person by.
  expect(idToken.sub).toMatch(/^[\w-]{43}$/)
  const [kept] = await rows<{ subject: string }>(
    bridge,
    `SELECT subject FROM pairwise_subject WHERE subject = '${idToken.sub}'`,
  )
  expect(kept?.subject).toBe(idToken.sub)
})

describe('signing', () => {
  let apart: TestTenant
  beforeAll(async () => {
    apart = await bridge.addTenant('apart')
    await logIn(bridge, wallet, { tenant: apart })
  })
  const keysOf = (slug: string) =>
    rows<{ kid: string; purpose: string; algorithm: string; state: string }>(
      bridge,
      `SELECT k.kid, k.purpose, k.algorithm, k.state FROM signing_key k JOIN tenant t ON t.id = k.tenant_id WHERE t.slug = '${slug}'`,
    )

  test('OP-92 each tenant and each purpose has keys of its own, and only those for tokens are published', async () => {
    const [demo, other] = [await keysOf('demo'), await keysOf('apart')]
    const kids = [...demo, ...other].map(({ kid }) => kid)
    expect(new Set(kids).size).toBe(kids.length)
    expect(new Set(demo.map(({ purpose }) => purpose))).toEqual(new Set(['token', 'request']))
    const own = demo.filter(({ purpose }) => purpose === 'token').map(({ kid }) => kid)
    const { keys } = (await (await fetch(at('/jwks'))).json()) as { keys: { kid: string }[] }
    expect(keys.map(({ kid }) => kid).toSorted()).toEqual(own.toSorted())
  })

  test('OP-56, OP-92 a key for PS256 is made when the first client wants one, once, and openid-client believes it', async () => {
    const pss = async () => (await keysOf('apart')).filter(({ algorithm }) => algorithm === 'PS256')
    expect(await pss()).toEqual([])
    const settings = { idTokenAlgorithm: 'PS256', userinfoAlgorithm: 'PS256' } as const
    const [asking] = await Promise.all(times(2, () => register(bridge, settings, 'apart')))
    await register(bridge, settings, 'apart')
    expect(await pss()).toMatchObject([{ purpose: 'token', state: 'active' }])
    const [event] = await rows<{ count: number }>(
      bridge,
      `SELECT count(*)::int AS count FROM audit_event WHERE event_type = 'signing_key_created' AND detail LIKE '%PS256%'`,
    )
    expect(event?.count).toBe(1)
    const configuration = await client.discovery(
      new URL(apart.issuer),
      asking?.id ?? '',
      { id_token_signed_response_alg: 'PS256', userinfo_signed_response_alg: 'PS256' },
      client.ClientSecretBasic(asking?.secret ?? ''),
      { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
    )
    expect(configuration.serverMetadata().id_token_signing_alg_values_supported).toContain('PS256')
    const verifier = client.randomPKCECodeVerifier()
    const url = client.buildAuthorizationUrl(configuration, {
      ...{ redirect_uri: REDIRECT_URI, scope: 'openid', nonce: 'n', state: 's' },
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    })
    const browser = createBrowser()
    const returned = await presentAt(browser, wallet, { url: url.href } as Attempt)
    const end = await browser.follow(returned, (to) => to.startsWith(REDIRECT_URI))
    const tokens = await client.authorizationCodeGrant(configuration, new URL(end.location ?? ''), {
      ...{ pkceCodeVerifier: verifier, expectedNonce: 'n', expectedState: 's' },
    })
    expect(partOf(tokens.id_token, 0).alg).toBe('PS256')
    const sub = tokens.claims()?.sub ?? ''
    expect((await client.fetchUserInfo(configuration, tokens.access_token, sub)).sub).toBe(sub)
  })

  test('OP-92 of fifty first keys of an algorithm at once one is kept', async () => {
    const { tenant } = await prepared(bridge, 'apart')
    await rows(bridge, `DELETE FROM signing_key WHERE algorithm = 'PS256'`)
    const key = { algorithm: 'PS256', publicJwk: '{}', sealedPrivateKey: 'x' as Sealed } as const
    const now = toInstant(bridge.clock.now())
    const kept = await Promise.all(
      times(50, (index) =>
        transact(bridge.deps.db, tenant.id, [
          insertFirstTokenKey({ tenantId: tenant.id, kid: `k${index}`, ...key, now }),
        ]),
      ),
    )
    expect(kept.flat(2)).toHaveLength(1)
    await rows(bridge, `DELETE FROM signing_key WHERE algorithm = 'PS256'`)
  })
})

describe('openid-client', () => {
  test('OP-89 RFC 8414 finds the path issuer where the well-known part stands before the path', async () => {
    const allow = { execute: [client.allowInsecureRequests] }
    const [oauth, openid] = await Promise.all(
      (['oauth2', 'oidc'] as const).map((algorithm) =>
        client.discovery(new URL(bridge.tenant.issuer), app.id, undefined, undefined, {
          ...{ ...allow, algorithm },
        }),
      ),
    )
    expect(oauth?.serverMetadata().issuer).toBe(bridge.tenant.issuer)
    expect(oauth?.serverMetadata()).toEqual(openid?.serverMetadata())
    expect(oauth?.serverMetadata().prompt_values_supported).toEqual([
      ...['none', 'login', 'select_account', 'consent'],
    ])
  })

  test('OP-27 reads the answer that comes by form_post', async () => {
    const program = await relyingPartyOf(bridge, app, { scope: 'openid' })
    const attempt = await program.begin({ response_mode: 'form_post' })
    const browser = createBrowser()
    const page = await browser.follow(await presentAt(browser, wallet, attempt))
    const inputs = page.text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)
    const body = new URLSearchParams(
      [...inputs].map(([, name = '', value = '']) => [name, value] as [string, string]),
    )
    const posted = new Request(REDIRECT_URI, { method: 'POST', body })
    const tokens = await client.authorizationCodeGrant(program.configuration, posted, {
      ...{ pkceCodeVerifier: attempt.verifier, expectedState: attempt.state },
      ...{ expectedNonce: attempt.nonce, idTokenExpected: true },
    })
    expect(tokens.claims()?.aud).toBe(app.id)
  })

  test('RFC 9701 reads a signed introspection', async () => {
    const { tokens, idToken } = await loginOf(wallet, await relyingPartyOf(bridge, app))
    const configuration = await client.discovery(
      new URL(bridge.tenant.issuer),
      app.id,
      { introspection_signed_response_alg: 'ES256' },
      client.ClientSecretBasic(app.secret),
      { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
    )
    const told = await client.tokenIntrospection(configuration, tokens.access_token)
    expect(told).toMatchObject({ active: true, sub: idToken.sub })
  })
})

describe('userinfo', () => {
  const ask = async (init: RequestInit) => {
    const answer = await fetch(at('/userinfo'), init)
    return [answer.status, answer.headers.get('www-authenticate')]
  }

  test('OP-66, OP-68 an ID token and a machine’s token are invalid_token there, in so many words', async () => {
    const { tokens } = await loginOf(wallet, await relyingPartyOf(bridge, app))
    for (const token of [tokens.id_token, tokens.refresh_token, 'x'.repeat(5000)])
      expect(await ask({ headers: { authorization: `Bearer ${token}` } })).toEqual([
        ...[401, 'Bearer error="invalid_token"'],
      ])
    expect(await ask({ headers: { authorization: app.authorization } })).toEqual([401, 'Bearer'])
  })

  test('RFC 6750 section 2 one token by header or by form, never both', async () => {
    const { tokens, claims } = await loginOf(wallet, await relyingPartyOf(bridge, app))
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    const body = new URLSearchParams({ access_token: tokens.access_token })
    const twice = await fetch(at('/userinfo'), { method: 'POST', headers, body })
    expect([twice.status, await twice.json()]).toMatchObject([400, { error: 'invalid_request' }])
    const other = { method: 'POST', headers, body: new URLSearchParams({ x: 'y' }) }
    expect(await (await fetch(at('/userinfo'), other)).json()).toEqual(claims)
    const text = { method: 'POST', headers, body: 'a text' }
    expect(await (await fetch(at('/userinfo'), text)).json()).toEqual(claims)
    expect(await ask({ method: 'POST', body: 'a text' })).toEqual([415, null])
  })
})

test('OP-69 a client that is switched off gets nothing at any endpoint, and has it all again when it is back', async () => {
  const going = await register(bridge, {
    grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
    machineScopes: ['reconciliation:read'],
    postLogoutRedirectUris: ['https://app.example/bye'],
  })
  const program = await relyingPartyOf(bridge, going)
  const { tokens } = await loginOf(wallet, program)
  const attempt = await program.begin()
  const browser = createBrowser()
  const end = await browser.follow(await presentAt(browser, wallet, attempt), (url) =>
    url.startsWith(REDIRECT_URI),
  )
  const waiting = await presentAt(browser, wallet, await program.begin())
  const code = new URL(end.location ?? '').searchParams.get('code') ?? ''
  const { authorization } = going
  const token = tokens.access_token
  const asked: [path: string, form: Record<string, string>][] = [
    [
      '/token',
      {
        ...{ grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI },
        code_verifier: attempt.verifier,
      },
    ],
    ['/token', { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' }],
    ['/token', { grant_type: 'client_credentials' }],
    ['/introspect', { token }],
    [
      '/par',
      {
        ...{ response_type: 'code', redirect_uri: REDIRECT_URI, scope: 'openid' },
        ...{ code_challenge: 'c'.repeat(43), code_challenge_method: 'S256' },
      },
    ],
    ['/revoke', { token }],
  ]
  const enable = (enabled: boolean) =>
    updateRelyingParty(bridge.deps, ACTOR, 'demo', going.relyingParty.clientId, { enabled })
  await enable(false)
  const nobody = await post(at('/token'), asked[0]?.[1] ?? {}, {
    authorization: basic('nobody', 'x'),
  })
  await leavesNoTrace(bridge, async () => {
    for (const [path, form] of asked) {
      const refused = await post(at(path), form, { authorization })
      expect([path, refused.status, refused.body]).toEqual([path, 401, nobody.body])
    }
    const headers = { authorization: `Bearer ${token}` }
    expect((await fetch(at('/userinfo'), { headers })).status).toBe(401)
    for (const url of [
      attempt.url,
      `${at('/end_session')}?client_id=${going.id}`,
      `${at('/end_session')}?id_token_hint=${tokens.id_token}`,
    ]) {
      const page = await fetch(url, { redirect: 'manual' })
      expect([url, page.status, page.headers.get('location')]).toEqual([url, 400, null])
    }
  })
  // The login that was under way ends here, with a page.
  const page = await browser.follow(waiting)
  expect([page.status, page.url.startsWith(bridge.tenant.issuer)]).toEqual([403, true])
  await enable(true)
  for (const [path, form] of asked) {
    const answer = await post(at(path), form, { authorization })
    expect([path, form.grant_type, answer.status < 300]).toEqual([path, form.grant_type, true])
  }
  expect(partOf(tokens.id_token, 1).aud).toBe(going.id)
})
