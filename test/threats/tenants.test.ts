/** Attacks across tenants and on parallelism: everything of one tenant tried at another, at every endpoint there is. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Browser, createBrowser } from '../../demo/browser.ts'
import { loginAt } from '../../demo/institution.ts'
import { readRequest, type Wallet } from '../../demo/wallet.ts'
import { allRoutes } from '../../src/app.ts'
import { ADMIN_SCOPE_NAMES } from '../../src/domain/admin.ts'
import { MACHINE_SCOPE_NAMES } from '../../src/domain/machine.ts'
import type { JsonObject } from '../../src/domain/text.ts'
import { createAdminToken } from '../../src/flow/create-admin-token.ts'
import { createProviderTest } from '../../src/flow/create-provider-test.ts'
import { createRegistrationToken } from '../../src/flow/create-registration-token.ts'
import { registerRelyingParty } from '../../src/flow/register-relying-party.ts'
import type { Route } from '../../src/http/route.ts'
import { newCaller } from '../data/world.ts'
import {
  ACTOR,
  type Bridge,
  logIn,
  REDIRECT_URI,
  STUDENT,
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
  type Opened,
  obtainCode,
  open,
  type Redeemable,
  reachInstitution,
  redeem,
  rows,
  tally,
  tenantIdOf,
  times,
} from './attack.ts'

let bridge: Bridge
let a: TestTenant
let b: TestTenant
let wallet: Wallet
beforeAll(async () => {
  bridge = await startBridge({ env: { DATABASE_POOL_SIZE: '4' } })
  a = bridge.tenant
  b = await bridge.addTenant('other', { directLogin: true })
  wallet = await bridge.newWallet()
  await logIn(bridge, wallet)
})
afterAll(() => bridge.stop())

describe('row 36 everything of tenant A at tenant B', () => {
  let waiting: Opened
  let qrLogin: Opened
  let presented: Opened & { redirectUri: string }
  let reconciling: Opened & { callback: string }
  let redeemable: Redeemable
  let accessToken: string
  let onlyAtA: { clientId: string; secret: string }
  let adminOfA: string
  beforeAll(async () => {
    waiting = await open(a, wallet)
    qrLogin = await open(a, wallet)
    const shown = await open(a, wallet)
    presented = { ...shown, redirectUri: (await answer(wallet, shown)).redirectUri ?? '' }
    const stranger = await reachInstitution(a, await bridge.newWallet())
    reconciling = { ...stranger, callback: await loginAt(stranger.authorizationUrl, STUDENT) }
    redeemable = await obtainCode(a, wallet)
    const spent = await obtainCode(a, wallet)
    accessToken = String((await redeem(a, spent)).body.access_token)
    const registered = await registerRelyingParty(bridge.deps, ACTOR, a.slug, {
      clientId: 'only-at-a',
      name: 'Only at A',
      redirectUris: [REDIRECT_URI],
      authentication: 'client_secret_basic',
      jwks: undefined,
      idTokenAlgorithm: 'ES256',
      requirePkce: true,
      claimsInIdToken: false,
      sector: undefined,
      purpose: undefined,
    })
    onlyAtA = { clientId: 'only-at-a', secret: registered.clientSecret ?? '' }
    const created = await createAdminToken(bridge.deps, ACTOR, {
      name: 'admin of A',
      scopes: ADMIN_SCOPE_NAMES,
      tenant: a.slug,
      days: 1,
    })
    adminOfA = created.token
  })

  /** What is sent as it is, or with every id, secret and token in it changed into one that nobody has. */
  let disguise = (text: string) => text
  const intoNobodys = (text: string) =>
    text
      .replaceAll('only-at-a', 'only-at-z')
      .replaceAll(/(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{20,}(?![A-Za-z0-9_=-])/g, (run) =>
        // Other characters that hexadecimal and base64url may end in as well.
        run.replace(/.{8}$/, (end) => end.replaceAll(/./g, (sign) => (sign === '0' ? '4' : '0'))),
      )
  function disguised({ body, headers, ...init }: RequestInit): RequestInit {
    const named = Object.entries(headers ?? {}).map(([name, value]) => [
      name,
      name === 'content-type' ? value : disguise(String(value)),
    ])
    const sent = body instanceof URLSearchParams ? new URLSearchParams(disguise(`${body}`)) : body
    return {
      ...{ ...init, headers: Object.fromEntries(named) },
      ...(sent === undefined ? {} : { body: typeof sent === 'string' ? disguise(sent) : sent }),
    }
  }

  /** Sends what is A's to B, and says what B answered. */
  type Attack = () => Promise<{ status: number; location?: string | undefined; text: string }>
  const ask = (path: string, init: RequestInit = {}) => askExactly(disguise(path), disguised(init))
  const askExactly = async (path: string, init: RequestInit) => {
    const response = await fetch(`${bridge.url}${path}`, { redirect: 'manual', ...init })
    const location = response.headers.get('location') ?? undefined
    return { status: response.status, location, text: await response.text() }
  }
  /** An encrypted answer is known by its key's name alone: another name, and it is nobody's. */
  function disguisedAnswer(body: string): URLSearchParams {
    const [head = '', ...rest] = (new URLSearchParams(body).get('response') ?? '').split('.')
    const header = JSON.parse(Buffer.from(head, 'base64url').toString('utf8'))
    const named = JSON.stringify({ ...header, kid: disguise(header.kid) })
    const response = [Buffer.from(named).toString('base64url'), ...rest].join('.')
    return new URLSearchParams({ response })
  }
  /** A browser that holds A's cookie under the name B would look for, too: the worst that could happen. */
  async function confused(opened: Opened): Promise<Browser> {
    const stolen = opened.browser.steal()
    const cookie = await confusedCookie(opened)
    const send = async (url: string, init: RequestInit) => {
      const response = await fetch(disguise(url), {
        ...disguised({ ...init, headers: { cookie, accept: 'text/html' } }),
        redirect: 'manual',
      })
      const location = response.headers.get('location') ?? undefined
      const { status, headers } = response
      return { url, status, location, headers, text: await response.text() }
    }
    return {
      ...stolen,
      get: (url) => send(url, {}),
      post: (url, form) => send(url, { method: 'POST', body: new URLSearchParams(form) }),
    }
  }
  async function confusedCookie({ browser }: Opened): Promise<string> {
    const stolen = browser.steal()
    await stolen.get((await b.relyingParty.begin()).url)
    const own = /=([A-Za-z0-9_-]{43})/.exec(browser.cookies(bridge.url))?.[1] ?? ''
    return stolen.cookies(bridge.url).replaceAll(/=[A-Za-z0-9_-]{43}/g, `=${own}`)
  }
  const below = async (opened: Opened, rest: string) =>
    (await confused(opened)).get(`${b.issuer}/login/${opened.journeyId}${rest}`)
  const authorizationOf = (parameters: Record<string, string>) =>
    new URLSearchParams({
      ...{ response_type: 'code', scope: 'openid', redirect_uri: REDIRECT_URI },
      ...{ code_challenge: 'c'.repeat(43), code_challenge_method: 'S256' },
      ...parameters,
    })
  const formHeaders = { 'content-type': 'application/x-www-form-urlencoded' }

  const attacks: Record<
    string,
    { attack: Attack; refused: readonly number[]; mayWrite?: readonly string[] }
  > = {
    'GET /t/:tenant/authorize': {
      attack: () => ask(`/t/other/authorize?${authorizationOf({ client_id: onlyAtA.clientId })}`),
      refused: [400],
    },
    'POST /t/:tenant/authorize': {
      attack: () =>
        ask('/t/other/authorize', {
          method: 'POST',
          body: authorizationOf({ client_id: onlyAtA.clientId }),
        }),
      refused: [400],
    },
    'GET /t/:tenant/wallet/request/:request': {
      attack: () => ask(`/t/other/wallet/request/${requestId(waiting)}`),
      refused: [404],
    },
    'POST /t/:tenant/wallet/request/:request': {
      attack: () =>
        ask(`/t/other/wallet/request/${requestId(waiting)}`, {
          method: 'POST',
          headers: formHeaders,
        }),
      refused: [404],
    },
    'POST /t/:tenant/wallet/response': {
      attack: () =>
        askExactly('/t/other/wallet/response', {
          method: 'POST',
          headers: formHeaders,
          body: disguisedAnswer(String(wallet.prepare(waiting.request).body)),
        }),
      refused: [404],
    },
    'GET /t/:tenant/login/:journey': { attack: () => below(waiting, ''), refused: [404] },
    'GET /t/:tenant/login/:journey/qr.svg': {
      attack: () => below(qrLogin, '/qr.svg'),
      refused: [404],
    },
    'GET /t/:tenant/login/:journey/status': {
      attack: () => below(waiting, '/status'),
      refused: [404],
    },
    'GET /t/:tenant/login/:journey/continue': {
      attack: () => below(presented, '/continue'),
      refused: [404],
    },
    'GET /t/:tenant/login/:journey/account': {
      attack: () => below(presented, '/account'),
      refused: [404],
    },
    'POST /t/:tenant/login/:journey/account': {
      attack: async () =>
        (await confused(presented)).post(`${b.issuer}/login/${presented.journeyId}/account`, {
          account: '0',
        }),
      refused: [404],
    },
    'GET /t/:tenant/privacy/:journey': {
      attack: async () =>
        (await confused(presented)).get(`${b.issuer}/privacy/${presented.journeyId}`),
      refused: [404],
    },
    ...Object.fromEntries(
      ['export', 'attributes', 'unlink', 'consent', 'erase'].map((what) => [
        `POST /t/:tenant/privacy/:journey/${what}`,
        {
          attack: async () =>
            (await confused(presented)).post(
              `${b.issuer}/privacy/${presented.journeyId}/${what}`,
              ...([{ sure: 'yes', match: 'x', 'attribute:given_name': 'yes' }] as const),
            ),
          refused: [404],
        },
      ]),
    ),
    // Nothing to refuse: both pages say that this browser has no session here.
    'GET /t/:tenant/session': {
      attack: async () => (await confused(presented)).get(`${b.issuer}/session`),
      refused: [200],
    },
    'POST /t/:tenant/session': {
      attack: async () => (await confused(presented)).post(`${b.issuer}/session`, {}),
      refused: [200],
    },
    'POST /t/:tenant/session/consent': {
      attack: async () =>
        (await confused(presented)).post(`${b.issuer}/session/consent`, { client: 'app' }),
      refused: [404],
    },
    'GET /t/:tenant/end_session': {
      attack: async () =>
        (await confused(presented)).get(`${b.issuer}/end_session?client_id=only-at-a`),
      refused: [400],
    },
    'POST /t/:tenant/end_session': {
      attack: async () =>
        (await confused(presented)).post(`${b.issuer}/end_session`, { client_id: 'only-at-a' }),
      refused: [400],
    },
    'POST /t/:tenant/end_session/confirmation': {
      attack: async () =>
        (await confused(presented)).post(`${b.issuer}/end_session/confirmation`, {
          client_id: 'only-at-a',
        }),
      refused: [400],
    },
    'GET /t/:tenant/login/:journey/consent': {
      attack: () => below(presented, '/consent'),
      refused: [404],
    },
    'POST /t/:tenant/login/:journey/consent': {
      attack: async () =>
        (await confused(presented)).post(`${b.issuer}/login/${presented.journeyId}/consent`, {
          answer: 'yes',
        }),
      refused: [404],
    },
    'GET /t/:tenant/login/:journey/confirm': {
      attack: () => below(presented, '/confirm'),
      refused: [404],
    },
    'POST /t/:tenant/login/:journey/confirm': {
      attack: async () =>
        (await confused(presented)).post(`${b.issuer}/login/${presented.journeyId}/confirm`, {}),
      refused: [404],
    },
    'POST /t/:tenant/login/:journey/direct': {
      attack: async () =>
        (await confused(waiting)).post(`${b.issuer}/login/${waiting.journeyId}/direct`, {
          provider: 'surf',
        }),
      refused: [404],
    },
    'POST /t/:tenant/login/:journey/credential-request': {
      attack: async () =>
        ask(`/t/other/login/${waiting.journeyId}/credential-request`, {
          method: 'POST',
          headers: { origin: bridge.url, cookie: await confusedCookie(waiting) },
        }),
      refused: [404],
    },
    'POST /t/:tenant/login/:journey/credential': {
      attack: async () =>
        ask(`/t/other/login/${waiting.journeyId}/credential`, {
          method: 'POST',
          headers: {
            ...{ origin: bridge.url, 'content-type': 'application/json' },
            cookie: await confusedCookie(waiting),
          },
          body: JSON.stringify({ protocol: 'openid4vp-v1-signed', data: { error: 'x' } }),
        }),
      refused: [404],
    },
    'POST /t/:tenant/login/:journey/cancel': {
      attack: async () =>
        (await confused(waiting)).post(`${b.issuer}/login/${waiting.journeyId}/cancel`, {}),
      refused: [404],
    },
    'GET /t/:tenant/return': {
      attack: async () =>
        (await confused(presented)).get(presented.redirectUri.replace('/t/demo/', '/t/other/')),
      refused: [404],
    },
    'GET /t/:tenant/callback/:provider': {
      attack: async () =>
        (await confused(reconciling)).get(reconciling.callback.replace('/t/demo/', '/t/other/')),
      refused: [403, 404],
    },
    'GET /t/:tenant/provider-test/:start': {
      attack: async () => {
        const { url } = await createProviderTest(bridge.deps, ACTOR, 'demo', 'surf')
        const { pathname } = new URL(url.replace('/t/demo/', '/t/other/'))
        return ask(pathname)
      },
      mayWrite: ['provider_test'],
      refused: [404],
    },
    'GET /t/:tenant/provider-test/:id/result': {
      attack: async () => {
        const { id } = await createProviderTest(bridge.deps, ACTOR, 'demo', 'surf')
        return (await confused(waiting)).get(`${b.issuer}/provider-test/${id}/result`)
      },
      mayWrite: ['provider_test'],
      refused: [403],
    },
    'POST /t/:tenant/register': {
      attack: async () => {
        const { token } = await createRegistrationToken(bridge.deps, ACTOR, a.slug, {
          ...{ name: 'projects of A', uses: 1, days: 1 },
        })
        return ask('/t/other/register', {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
          body: JSON.stringify({ redirect_uris: [REDIRECT_URI] }),
        })
      },
      mayWrite: ['registration_token', 'tenant'],
      refused: [404],
    },
    'POST /t/:tenant/par': {
      attack: () =>
        ask('/t/other/par', {
          method: 'POST',
          headers: {
            ...formHeaders,
            authorization: basic(disguise(onlyAtA.clientId), disguise(onlyAtA.secret)),
          },
          body: authorizationOf({ client_id: onlyAtA.clientId }),
        }),
      refused: [401],
    },
    'POST /t/:tenant/introspect': {
      attack: () =>
        ask('/t/other/introspect', {
          method: 'POST',
          headers: { ...formHeaders, authorization: basic('app', disguise(a.clientSecret)) },
          body: `token=${accessToken}`,
        }),
      refused: [401],
    },
    'POST /t/:tenant/revoke': {
      attack: () =>
        ask('/t/other/revoke', {
          method: 'POST',
          headers: { ...formHeaders, authorization: basic('app', disguise(a.clientSecret)) },
          body: `token=${accessToken}`,
        }),
      refused: [401],
    },
    'POST /t/:tenant/token': {
      attack: async () => {
        const code = { ...redeemable, code: disguise(redeemable.code) }
        const told = []
        for (const [client, secret] of [
          [onlyAtA.clientId, onlyAtA.secret],
          ['app', a.clientSecret],
        ] as const)
          told.push(await redeem(b, code, {}, basic(disguise(client), disguise(secret))))
        expect(told.map(({ status }) => status)).toEqual([401, 401])
        const own = await redeem(b, code)
        return { ...own, text: told.map(({ text }) => text).join() + own.text }
      },
      refused: [400],
    },
    'GET /t/:tenant/userinfo': {
      attack: () =>
        ask('/t/other/userinfo', { headers: { authorization: `Bearer ${accessToken}` } }),
      refused: [401],
    },
    'POST /t/:tenant/events/:id/poll': {
      attack: () =>
        ask('/t/other/events/00000000-0000-4000-8000-000000000000/poll', {
          method: 'POST',
          headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
          body: '{}',
        }),
      refused: [401],
    },
    'POST /t/:tenant/userinfo': {
      attack: () =>
        ask('/t/other/userinfo', {
          method: 'POST',
          body: new URLSearchParams({ access_token: accessToken }),
        }),
      refused: [401],
    },
  }
  function requestId({ link }: Opened): string {
    return (new URL(link).searchParams.get('request_uri') ?? '').split('/').at(-1) ?? ''
  }

  /** They answer everybody alike, and carry nothing of anybody. */
  const PUBLIC = [
    'GET /t/:tenant/jwks',
    // An invitation, and a new journey of whoever asks.
    'GET /t/:tenant/privacy',
    'POST /t/:tenant/privacy',
    'GET /t/:tenant/.well-known/openid-configuration',
    'GET /.well-known/oauth-authorization-server/t/:tenant',
    'GET /.well-known/openid-configuration/t/:tenant',
    'GET /t/:tenant/.well-known/oauth-authorization-server',
  ]

  test('row 36 the matrix covers every endpoint of a tenant, so a new one must be added', () => {
    const routes = allRoutes(bridge.deps)
      // The data API has a matrix of its own, made from its description: test/data/tenants.test.ts.
      .filter(({ path }) => path.includes('/t/:tenant') && !path.includes('/api/v1/'))
      .map(({ method, path }) => `${method} ${path}`)
    expect(new Set(routes)).toEqual(new Set([...Object.keys(attacks), ...PUBLIC]))
  })

  test.each(Object.keys(attacks))(
    'row 36 %s refuses what is A’s as it refuses what nobody has, and nothing moves',
    async (name) => {
      const { attack, refused, mayWrite = [] } = attacks[name] ?? { attack: undefined, refused: [] }
      if (attack === undefined) throw new Error('no attack')
      const { status, location, text } = await leavesNoTrace(
        bridge,
        async () => {
          const journeys = `SELECT id, state, refusals FROM journey ORDER BY id`
          const mine = `SELECT id, state, refusals FROM journey WHERE tenant_id = '${await tenantIdOf(bridge, a.slug)}' ORDER BY id`
          const before = [await rows(bridge, mine), (await rows(bridge, journeys)).length]
          const answered = await attack()
          expect(await rows(bridge, mine)).toEqual(before[0])
          return answered
        },
        mayWrite,
      )
      expect([name, refused.includes(status), location]).toEqual([name, true, undefined])
      expect(text).not.toMatch(/access_token|code=|Sanne|Course catalogue/)
      disguise = intoNobodys
      try {
        const nobodys = await attack()
        const without = (body: string) => body.replaceAll(/nonce="[^"]+"|[\w-]{20,}/g, '·')
        expect([nobodys.status, without(nobodys.text)]).toEqual([status, without(text)])
      } finally {
        disguise = (same) => same
      }
    },
  )

  test('row 36 the control: all of it is good where it belongs', async () => {
    const { status } = await ask('/t/demo/userinfo', {
      headers: { authorization: `Bearer ${accessToken}` },
    })
    expect(status).toBe(200)
    expect((await redeem(a, redeemable)).status).toBe(200)
    expect((await answer(wallet, waiting)).status).toBe(200)
    const page = await presented.browser.get(presented.redirectUri)
    expect(isRelyingParty(page.location ?? '')).toBe(true)
    const end = await reconciling.browser.follow(reconciling.callback, isRelyingParty)
    expect(end.location).toContain('code=')
    const own = await ask(`/t/demo/authorize?${authorizationOf({ client_id: onlyAtA.clientId })}`)
    expect(own.status).toBe(200)
  })

  /** What the description would send: past the reading of the body, the tenant is what is left to refuse. */
  function exampleFor({ operation }: Route): string {
    const { content } = (operation.requestBody ?? {}) as {
      content?: { [type: string]: JsonObject }
    }
    return JSON.stringify(content?.['application/json']?.example ?? {})
  }

  test.each([
    ['an admin token', () => Promise.resolve(adminOfA), [400, 403, 404, 422]],
    [
      'a machine token',
      async () => (await newCaller(bridge, { scopes: [...MACHINE_SCOPE_NAMES] })).token,
      [401],
    ],
  ] as const)(
    'row 36 %s of A opens nothing of B and nothing of the whole, at any admin endpoint',
    async (_, tokenOf, refused) => {
      const routes = allRoutes(bridge.deps).filter(({ path }) => path.startsWith('/admin/v1'))
      expect(routes.length).toBeGreaterThan(15)
      const fill = (path: string, slug: string) =>
        path
          .replace(':tenant', slug)
          .replace(/:(kind)/, 'trust')
          .replace(/:version/, '1')
          .replaceAll(/:[a-z_]+/gi, 'surf')
      const authorization = `Bearer ${await tokenOf()}`
      const headers = { authorization, 'content-type': 'application/json' }
      let tried = 0
      // The first use of a token is noted on its row.
      await ask('/admin/v1/tenants/demo/providers', { headers })
      await leavesNoTrace(bridge, async () => {
        for (const route of routes) {
          const { method, path } = route
          const body = method === 'GET' || method === 'DELETE' ? null : exampleFor(route)
          const answered = await ask(fill(path, b.slug), { method, headers, body })
          // What is there for its own tenant alone (its own list) may answer, without a word of B.
          expect(answered.text).not.toMatch(/other university|"slug":"other"|bridge-other/)
          if (path.includes(':tenant')) {
            tried++
            const told = [
              method,
              path,
              answered.status,
              (refused as readonly number[]).includes(answered.status),
            ]
            expect(told).toEqual([method, path, answered.status, true])
            const nowhere = await ask(fill(path, 'no-such-tenant'), { method, headers, body })
            expect([method, path, answered.status]).toEqual([method, path, nowhere.status])
            const without = (text: string) => text.replace(/"reference":"[^"]*"/, '')
            expect(without(answered.text)).toBe(without(nowhere.text))
          }
        }
      })
      expect(tried).toBeGreaterThan(10)
      expect((await ask('/admin/v1/tenants/demo/providers', { headers })).status).toBe(200)
      expect((await ask('/admin/v1/tenants/other/providers', { headers })).status).toBe(
        refused.at(-1) === 401 ? 401 : 404,
      )
    },
  )
})

describe('row 38 pooled connections', () => {
  test('row 38 two tenants alternating and failing over four connections never see each other', async () => {
    await logIn(bridge, wallet, { tenant: b })
    const codes = await Promise.all(
      times(20, async (index) => {
        const tenant = index % 2 === 0 ? a : b
        return { tenant, redeemable: await obtainCode(tenant, wallet) }
      }),
    )
    const answers = await Promise.all(
      codes.flatMap(({ tenant, redeemable }, index) => {
        const wrong = tenant === a ? b : a
        return [
          redeem(wrong, redeemable).then(({ status }) => `wrong ${status}`),
          // An error in the middle: a code with a byte that Postgres refuses.
          redeem(tenant, { ...redeemable, code: `\u0000${index}` }).then(() => 'abort'),
          redeem(tenant, redeemable).then(({ status, body }) =>
            status === 200 && typeof body.access_token === 'string'
              ? 'right 200'
              : `right ${status}`,
          ),
        ]
      }),
    )
    expect(tally(answers)).toEqual({ 'wrong 400': 20, abort: 20, 'right 200': 20 })
    const [leak] = await rows<{ count: number }>(
      bridge,
      `SELECT count(*)::int FROM authorization_code c JOIN login_grant g ON g.id = c.grant_id WHERE c.tenant_id <> g.tenant_id`,
    )
    expect(leak?.count).toBe(0)
  })
})

describe('row 39 two tenants, one person', () => {
  test('row 39 the same wallet and account are two people in two tenants, with nothing in common', async () => {
    const person = await bridge.newWallet()
    const [atA, atB] = [await logIn(bridge, person), await logIn(bridge, person, { tenant: b })]
    expect([atA.viaInstitution, atB.viaInstitution]).toEqual([true, true])
    expect(atA.login.idToken.sub).not.toBe(atB.login.idToken.sub)
    const shared = await rows(
      bridge,
      `SELECT 1 FROM identity_match x JOIN identity_match y ON x.tenant_id < y.tenant_id AND x.identifier_hash = y.identifier_hash
       UNION ALL SELECT 1 FROM identity_link_binding x JOIN identity_link_binding y ON x.tenant_id < y.tenant_id
         AND (x.holder_identifier_hash = y.holder_identifier_hash OR x.institution_identifier_hash = y.institution_identifier_hash)
       UNION ALL SELECT 1 FROM pairwise_subject x JOIN pairwise_subject y ON x.tenant_id < y.tenant_id AND x.subject = y.subject`,
    )
    expect(shared).toEqual([])
  })

  test('row 39 PG-08 the very same hash may stand in both: no tenant learns by a violation that it is in another', async () => {
    const [source] = await rows<{ id: string; tenant_id: string }>(
      bridge,
      `SELECT id, tenant_id FROM identity_match WHERE tenant_id = '${await tenantIdOf(bridge, a.slug)}' LIMIT 1`,
    )
    const copy = await rows(
      bridge,
      `INSERT INTO identity_match SELECT (m).* FROM (
         SELECT jsonb_populate_record(m, jsonb_build_object('id', gen_random_uuid()::text, 'tenant_id', '${await tenantIdOf(bridge, b.slug)}')) AS m
           FROM identity_match m WHERE id = '${source?.id}') x RETURNING id`,
    )
    expect(copy).toHaveLength(1)
    await rows(bridge, `DELETE FROM identity_match WHERE id = '${String(copy[0]?.id)}'`)
  })

  test('row 39 PG-08 PG-09 every unique key and foreign key of a tenant table holds the tenant', async () => {
    const loose = await rows<{ constraint: string }>(
      bridge,
      `SELECT c.conrelid::regclass || ' ' || pg_get_constraintdef(c.oid) AS constraint
         FROM pg_constraint c
        WHERE c.connamespace = 'public'::regnamespace AND c.contype IN ('u', 'f')
          AND EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = c.conrelid AND t.attname = 'tenant_id')
          AND NOT EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = c.conrelid AND t.attname = 'tenant_id' AND t.attnum = ANY (c.conkey))
        ORDER BY 1`,
    )
    // The seed's own foreign key stands beside a composite one; admin tokens live in the reserved tenant alone; a
    // migration's version belongs to no tenant.
    expect(loose.map(({ constraint }) => constraint)).toEqual([
      'admin_session FOREIGN KEY (about_tenant) REFERENCES tenant(id)',
      'admin_token FOREIGN KEY (for_tenant) REFERENCES tenant(id)',
      'admin_token UNIQUE (token_hash)',
      'identity_link_binding FOREIGN KEY (match_id) REFERENCES identity_match(id)',
      'key_migration_progress FOREIGN KEY (version) REFERENCES key_migration_history(version)',
    ])
  })
})

describe('row 45 first logins at once', () => {
  async function peopleOf(slug: string) {
    const [row] = await rows<{ people: number; subjects: number; accounts: number }>(
      bridge,
      `SELECT count(*)::int AS people,
              (SELECT count(*)::int FROM pairwise_subject s WHERE s.tenant_id = t.id) AS subjects,
              (SELECT count(*)::int FROM identity_match m WHERE m.tenant_id = t.id AND m.hash_key = 'B') AS accounts
         FROM tenant t JOIN identity i ON i.tenant_id = t.id WHERE t.slug = '${slug}' GROUP BY t.id`,
    )
    return row
  }

  test('row 45 fifty wallets of one account log in for the first time at once: one person', async () => {
    const tenant = await bridge.addTenant('crowd')
    const second = await bridge.startInstance()
    const logins = []
    for (const wallets of await Promise.all(times(50, () => bridge.newWallet()))) {
      const login = await reachInstitution(tenant, wallets)
      logins.push({ ...login, callback: await loginAt(login.authorizationUrl, STUDENT) })
    }
    // Half of the call-backs arrive at another instance on the same database.
    const ends = await Promise.all(
      logins.map(async ({ browser, attempt, callback, journeyId }, index) => {
        const { pathname, search } = new URL(callback)
        const at = index % 2 === 0 ? bridge.url : second.address
        const cookie = browser.cookies(bridge.url)
        const landed = await fetch(`${at}${pathname}${search}`, {
          redirect: 'manual',
          headers: { cookie },
        })
        await landed.text()
        const page = await browser.follow(
          `${tenant.issuer}/login/${journeyId}/continue`,
          isRelyingParty,
        )
        const { idToken } = await attempt.finish(page.location ?? '')
        return { status: landed.status, sub: idToken.sub }
      }),
    )
    expect(tally(ends.map(({ status }) => status))).toEqual({ 303: 50 })
    expect(new Set(ends.map(({ sub }) => sub)).size).toBe(1)
    expect(await peopleOf('crowd')).toEqual({ people: 1, subjects: 1, accounts: 1 })
    const wallets = `SELECT m.internal_identity_id FROM identity_match m JOIN tenant t ON t.id = m.tenant_id WHERE t.slug = 'crowd' AND m.hash_key = 'A'`
    expect(await rows(bridge, wallets)).toHaveLength(50)
  })

  test('row 45 one wallet in twenty journeys at once: one person, one binding', async () => {
    const tenant = await bridge.addTenant('hasty')
    const hasty = await bridge.newWallet()
    const callbacks: { browser: Browser; callback: string; opened: Opened }[] = []
    for (const opened of await Promise.all(times(20, () => reachInstitution(tenant, hasty)))) {
      const callback = await loginAt(opened.authorizationUrl, STUDENT)
      callbacks.push({ browser: opened.browser, callback, opened })
    }
    const ends = await Promise.all(
      callbacks.map(async ({ browser, callback, opened }) => {
        const page = await browser.follow(callback, isRelyingParty)
        return (await opened.attempt.finish(page.location ?? '')).idToken.sub
      }),
    )
    expect(new Set(ends).size).toBe(1)
    expect(await peopleOf('hasty')).toEqual({ people: 1, subjects: 1, accounts: 1 })
    const bindings = `SELECT FROM identity_link_binding b JOIN tenant t ON t.id = b.tenant_id WHERE t.slug = 'hasty'`
    expect(await rows(bridge, bindings)).toHaveLength(1)
  })

  test('row 45 one wallet with two accounts at once: the one that comes second is refused, not merged', async () => {
    const tenant = await bridge.addTenant('torn')
    // Milan is known; a new wallet then proves both Sanne and Milan at the same moment.
    await logIn(bridge, await bridge.newWallet(), {
      tenant,
      user: { username: 'milan', password: 'milan-demo' },
    })
    await logIn(bridge, await bridge.newWallet(), { tenant })
    const torn = await bridge.newWallet()
    const first = await reachInstitution(tenant, torn)
    const second = await reachInstitution(tenant, torn)
    const tabs = [first, second]
    const callbacks = [
      await loginAt(first.authorizationUrl, STUDENT),
      await loginAt(second.authorizationUrl, { username: 'milan', password: 'milan-demo' }),
    ]
    const pages = await Promise.all(
      tabs.map(({ browser }, index) => browser.follow(callbacks[index] ?? '', isRelyingParty)),
    )
    expect(pages.filter(({ location }) => location !== undefined)).toHaveLength(1)
    expect(await peopleOf('torn')).toMatchObject({ people: 2, subjects: 2, accounts: 2 })
    const events = await Promise.all(tabs.map(({ journeyId }) => eventsOf(bridge, journeyId)))
    const reasons = events.flat().map(({ detail }) => detail.reason)
    expect(reasons).toContain('identity_conflict')
  })

  test('row 45 one wallet with two accounts nobody knew: the second is refused, and gets a subject of its own elsewhere', async () => {
    const tenant = await bridge.addTenant('shared')
    const milan = { username: 'milan', password: 'milan-demo' }
    const shared = await bridge.newWallet()
    const first = await reachInstitution(tenant, shared)
    const second = await reachInstitution(tenant, shared)
    const one = await first.browser.follow(
      await loginAt(first.authorizationUrl, STUDENT),
      isRelyingParty,
    )
    const two = await second.browser.follow(
      await loginAt(second.authorizationUrl, milan),
      isRelyingParty,
    )
    expect(two.location).toBeUndefined()
    const reasons = (await eventsOf(bridge, second.journeyId)).map(({ detail }) => detail.reason)
    expect(reasons).toContain('identity_conflict')
    const sanne = await first.attempt.finish(one.location ?? '')
    const own = await logIn(bridge, await bridge.newWallet(), { tenant, user: milan })
    expect(own.login.claims.sub).not.toBe(sanne.claims.sub)
    expect(await peopleOf('shared')).toMatchObject({ people: 2, subjects: 2, accounts: 2 })
  })
})

describe('row 60 clocks', () => {
  test('row 60 VP-097 a key binding from 59 s ahead or before the login began is believed, from 61 s it is not', async () => {
    const ahead: [seconds: number, status: number][] = [
      [59, 200],
      [61, 400],
      [3_600, 400],
    ]
    for (const [seconds, status] of ahead) {
      const opened = await open(a, wallet)
      const now = bridge.clock.now() / 1000
      const issuedAt = seconds < 60 ? Math.floor(now) + seconds : Math.ceil(now) + seconds
      expect([seconds, (await answer(wallet, opened, { issuedAt })).status]).toEqual([
        seconds,
        status,
      ])
    }
    const behind: [seconds: number, status: number][] = [
      [59, 200],
      [61, 400],
      [3_600, 400],
    ]
    for (const [seconds, status] of behind) {
      const opened = await open(a, wallet)
      const [row] = await rows<{ began: string }>(
        bridge,
        `SELECT created_at AS began FROM journey WHERE id = '${opened.journeyId}'`,
      )
      const issuedAt = Math.floor(Date.parse(row?.began ?? '') / 1000) - seconds
      expect([-seconds, (await answer(wallet, opened, { issuedAt })).status]).toEqual([
        -seconds,
        status,
      ])
    }
  })

  test('row 60 the same by our own clock: a wallet whose clock is 59 s behind is believed, 61 s is not', async () => {
    for (const [ahead, status] of [
      [59_000, 200],
      [62_000, 400],
    ] as const) {
      await later(bridge, ahead, async () => {
        const opened = await open(a, wallet)
        expect([ahead, (await answer(wallet, opened)).status]).toEqual([ahead, status])
      })
    }
  })

  test('row 60 credentials that end or begin around now', async () => {
    const table: [name: 'exp' | 'nbf' | 'iat', seconds: number, status: number][] = [
      ['exp', -57, 200],
      ['exp', -61, 400],
      ['nbf', 59, 200],
      ['nbf', 62, 400],
      ['iat', 59, 200],
      ['iat', 62, 400],
    ]
    for (const [name, seconds, status] of table) {
      const payload = { [name]: Math.floor(bridge.clock.now() / 1000) + seconds }
      const holder = await bridge.newWallet()
      holder.add(
        await bridge.issuer.issue(
          { given_name: 'A', family_name: 'B', schac_home_organization: 'c' },
          holder.publicJwk,
          {
            payload,
          },
        ),
      )
      const opened = await open(a, holder)
      expect([name, seconds, (await answer(holder, opened)).status]).toEqual([
        name,
        seconds,
        status,
      ])
    }
  })

  test('row 60 request objects, codes and journeys end by the clock that was injected', async () => {
    const opened = await open(a, wallet)
    await later(bridge, 5 * 60_000 - 2_000, async () => {
      expect((await wallet.fetchRequest(opened.link)).status).toBe(200)
    })
    await later(bridge, 5 * 60_000, async () => {
      expect((await wallet.fetchRequest(opened.link)).status).toBe(404)
      expect((await answer(wallet, opened)).status).toBe(404)
    })
    const { requestObject } = await wallet.fetchRequest(opened.link)
    const { exp = 0, iat = 0 } = readRequest(requestObject) as { exp?: number; iat?: number }
    expect(exp - iat).toBeLessThanOrEqual(300)
    const stranger = createBrowser()
    expect((await stranger.get(opened.attempt.url)).status).toBe(200)
  })
})
