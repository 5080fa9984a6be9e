import { generateKeyPairSync } from 'node:crypto'
import { exportJWK, importPKCS8, type JWK } from 'jose'
import {
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  None,
  PrivateKeyJwt,
} from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBrowser, walletLinkOn } from '../../demo/browser.ts'
import { createRelyingParty } from '../../demo/relying-party.ts'
import type { Wallet } from '../../demo/wallet.ts'
import type { ClientId } from '../../src/domain/ids.ts'
import { registerRelyingParty } from '../../src/flow/register-relying-party.ts'
import { updateRelyingParty } from '../../src/flow/update-relying-party.ts'
import { ACTOR, type Bridge, logIn, REDIRECT_URI, startBridge } from '../support/bridge.ts'

let bridge: Bridge
let wallet: Wallet
beforeAll(async () => {
  bridge = await startBridge()
  wallet = await bridge.newWallet()
  await logIn(bridge, wallet)
})
afterAll(() => bridge.stop())

type Registration = Parameters<typeof registerRelyingParty>[3]

/** One more relying party of the tenant, and its login with the known wallet. */
async function loginOf(
  clientId: string,
  authentication: (secret: string) => ClientAuth | Promise<ClientAuth>,
  settings: Partial<Registration>,
  parameters: Record<string, string> = {},
) {
  const registered = await registerRelyingParty(bridge.deps, ACTOR, 'demo', {
    clientId,
    name: clientId,
    redirectUris: [REDIRECT_URI],
    authentication: 'client_secret_basic',
    jwks: undefined,
    idTokenAlgorithm: 'ES256',
    requirePkce: true,
    claimsInIdToken: false,
    sector: undefined,
    purpose: undefined,
    ...settings,
  })
  const relyingParty = await createRelyingParty({
    issuer: bridge.tenant.issuer,
    clientId,
    redirectUri: REDIRECT_URI,
    authentication: await authentication(registered.clientSecret ?? ''),
    idTokenAlgorithm: settings.idTokenAlgorithm ?? 'ES256',
  })
  const attempt = await relyingParty.begin(parameters)
  const browser = createBrowser()
  const page = await browser.get(attempt.url)
  const reply = await wallet.present(walletLinkOn(page.text))
  const end = await browser.follow(reply.redirectUri ?? '', (url) => url.startsWith(REDIRECT_URI))
  return { login: await attempt.finish(end.location ?? ''), attempt, page }
}

test('OP-46 client_secret_post', async () => {
  const { login } = await loginOf('post', ClientSecretPost, {
    authentication: 'client_secret_post',
  })
  expect(login.idToken.aud).toBe('post')
})

test('OP-46, OP-47 private_key_jwt', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }
  const key = await importPKCS8(pem, 'ES256')
  const { login } = await loginOf('assertion', () => PrivateKeyJwt({ key, kid: 'k1' }), {
    authentication: 'private_key_jwt',
    jwks: { keys: [jwk as never] },
  })
  expect(login.idToken.aud).toBe('assertion')
})

test('OP-16 a public client with PKCE', async () => {
  const { login } = await loginOf('public', () => None(), { authentication: 'none' })
  expect(login.tokens.token_type).toBe('bearer')
})

test('OP-56 RS256 for the client that registered it, ES256 for the others', async () => {
  const { login } = await loginOf('rs256', ClientSecretBasic, { idTokenAlgorithm: 'RS256' })
  const [header = ''] = login.tokens.id_token?.split('.') ?? []
  expect(JSON.parse(Buffer.from(header, 'base64url').toString()).alg).toBe('RS256')
})

test('OP-62 two relying parties of one sector see one subject, of two sectors two', async () => {
  const one = await loginOf('sector-1', ClientSecretBasic, { sector: 'one.example' })
  const two = await loginOf('sector-2', ClientSecretBasic, { sector: 'two.example' })
  const again = await loginOf('sector-3', ClientSecretBasic, { sector: 'one.example' })
  expect(one.login.idToken.sub).toBe(again.login.idToken.sub)
  expect(one.login.idToken.sub).not.toBe(two.login.idToken.sub)
})

test('OP-57 claims stand at userinfo, and in the ID token only where the registration says so', async () => {
  const plain = await loginOf('plain', ClientSecretBasic, {})
  expect(plain.login.idToken.given_name).toBeUndefined()
  const rich = await loginOf('rich', ClientSecretBasic, { claimsInIdToken: true })
  expect(rich.login.idToken.given_name).toBe('Sanne')
  expect(rich.login.claims).toEqual({ ...plain.login.claims })
})

test('scopes decide what is released: openid alone gives only what every login gives', async () => {
  const { login } = await loginOf('little', ClientSecretBasic, {}, { scope: 'openid unknown' })
  expect(new Set(Object.keys(login.claims))).toEqual(new Set(['institution_id', 'sub']))
  expect(login.tokens.scope).toBe('openid')
})

test('OP-17 a confidential client may begin without PKCE and nonce', async () => {
  await registerRelyingParty(bridge.deps, ACTOR, 'demo', {
    ...{
      clientId: 'basic',
      name: 'basic',
      redirectUris: [REDIRECT_URI],
      authentication: 'client_secret_basic',
    },
    ...{ jwks: undefined, idTokenAlgorithm: 'RS256', requirePkce: false, claimsInIdToken: false },
    ...{ sector: undefined, purpose: undefined },
  })
  const parameters = {
    client_id: 'basic',
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'openid',
  }
  const browser = createBrowser()
  const page = await browser.get(
    `${bridge.tenant.issuer}/authorize?${new URLSearchParams(parameters)}`,
  )
  expect(page.status).toBe(200)
})

test('OP-10 /authorize takes a form as well', async () => {
  const browser = createBrowser()
  const attempt = await bridge.tenant.relyingParty.begin()
  const parameters = Object.fromEntries(new URL(attempt.url).searchParams)
  const page = await browser.post(`${bridge.tenant.issuer}/authorize`, parameters)
  expect(page.status).toBe(200)
  const reply = await wallet.present(walletLinkOn(page.text))
  const end = await browser.follow(reply.redirectUri ?? '', (url) => url.startsWith(REDIRECT_URI))
  expect((await attempt.finish(end.location ?? '')).claims.sub).toBeTruthy()
})

test('OP-86 to OP-89 discovery stands where OpenID and RFC 8414 look for it, and announces what is mounted', async () => {
  const { issuer } = bridge.tenant
  const openid = (await (
    await fetch(`${issuer}/.well-known/openid-configuration`)
  ).json()) as Record<string, unknown>
  const oauth = await (
    await fetch(`${bridge.url}/.well-known/oauth-authorization-server/t/demo`)
  ).json()
  expect(oauth).toEqual(openid)
  expect(openid).toMatchObject({
    issuer,
    request_uri_parameter_supported: false,
    subject_types_supported: ['pairwise', 'public'],
    id_token_signing_alg_values_supported: expect.arrayContaining(['RS256']),
  })
  for (const [member, address] of Object.entries(openid)) {
    if (!member.endsWith('_endpoint') && member !== 'jwks_uri') continue
    expect((await fetch(String(address))).status, member).not.toBe(404)
  }
})

test('OP-90, OP-91 the key set is public, kept five minutes, has an ETag, and holds no private member', async () => {
  const response = await fetch(`${bridge.tenant.issuer}/jwks`)
  const { keys } = (await response.json()) as { keys: Record<string, unknown>[] }
  expect(new Set(keys.map((key) => key.alg))).toEqual(new Set(['ES256', 'RS256']))
  for (const key of keys)
    for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'])
      expect(key).not.toHaveProperty(secret)
  expect(response.headers.get('cache-control')).toBe('public, max-age=300')
  const again = await fetch(`${bridge.tenant.issuer}/jwks`, {
    headers: { 'if-none-match': response.headers.get('etag') ?? '' },
  })
  expect(again.status).toBe(304)
})

test('OP-68 userinfo by POST with the token in header or form, never in the query; 401 without', async () => {
  const { login } = await loginOf('userinfo', ClientSecretBasic, {})
  const address = `${bridge.tenant.issuer}/userinfo`
  const token = login.tokens.access_token
  const authorization = `Bearer ${token}`
  const byHeader = await fetch(address, { method: 'POST', headers: { authorization } })
  const byForm = await fetch(address, {
    method: 'POST',
    body: new URLSearchParams({ access_token: token }),
  })
  expect(await byHeader.json()).toEqual(await byForm.json())
  const byQuery = await fetch(`${address}?access_token=${token}`)
  expect(byQuery.status).toBe(401)
  expect(byQuery.headers.get('www-authenticate')).toBe('Bearer')
  const wrong = await fetch(address, { headers: { authorization: 'Bearer wrong' } })
  expect(wrong.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
})

test('OP-69 a disabled relying party loses its tokens at once', async () => {
  const { login } = await loginOf('doomed', ClientSecretBasic, {})
  await updateRelyingParty(
    bridge.deps,
    ACTOR,
    'demo',
    'doomed' as ClientId,
    {
      enabled: false,
    } as never,
  )
  const authorization = `Bearer ${login.tokens.access_token}`
  expect(
    (await fetch(`${bridge.tenant.issuer}/userinfo`, { headers: { authorization } })).status,
  ).toBe(401)
})

test('OP-68 userinfo and token may be called by pages of other origins, /authorize may not (OP-10)', async () => {
  const ask = (path: string) =>
    fetch(`${bridge.tenant.issuer}${path}`, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
    })
  for (const path of ['/userinfo', '/token']) {
    const preflight = await ask(path)
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*')
    expect(preflight.headers.get('access-control-allow-headers')?.split(', ')).toEqual(
      expect.arrayContaining(['authorization', 'dpop', '*']),
    )
  }
  const authorize = await ask('/authorize')
  expect(authorize.status).toBe(405)
  expect(authorize.headers.get('access-control-allow-origin')).toBeNull()
})

test('design 5 a form from another site comes without our cookie: the same request by GET keeps the other tabs alive', async () => {
  const attempt = await bridge.tenant.relyingParty.begin()
  const answer = await fetch(`${bridge.tenant.issuer}/authorize`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'cross-site' },
    body: new URL(attempt.url).searchParams,
  })
  expect(answer.status).toBe(303)
  expect(answer.headers.get('set-cookie')).toBeNull()
  expect(answer.headers.get('location')).toBe(attempt.url)
})
