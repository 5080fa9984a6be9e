/** Attacks on the way through the institution: mix-up, login CSRF, replayed states, injected codes, lying providers. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Browser, createBrowser } from '../../demo/browser.ts'
import { loginAt, startInstitution } from '../../demo/institution.ts'
import { VALIDATED_NAMES } from '../../demo/institution-users.ts'
import { registerProvider } from '../../src/flow/register-provider.ts'
import { updateProvider } from '../../src/flow/update-provider.ts'
import {
  type HostileProvider,
  makeSigningKey,
  startHostileProvider,
} from '../institution/hostile-provider.ts'
import {
  ACTOR,
  type Bridge,
  logIn,
  STUDENT,
  startBridge,
  type TestTenant,
} from '../support/bridge.ts'
import {
  answer,
  eventsOf,
  isRelyingParty,
  journeyState,
  later,
  leavesNoTrace,
  open,
  reachInstitution,
  rows,
  selectProvider,
  tally,
  times,
  useProvider,
} from './attack.ts'

let bridge: Bridge
/** Its strangers go to a provider that lies when a test wants it to. */
let deceived: TestTenant
let hostile: HostileProvider
let hostileId: string
let honest: HostileProvider['behave']
beforeAll(async () => {
  bridge = await startBridge()
  deceived = await bridge.addTenant('deceived')
  hostile = await startHostileProvider(await makeSigningKey('key-1'))
  honest = { ...hostile.behave }
  const { id } = await useProvider(bridge, deceived, {
    ...{ slug: 'hostile', issuer: hostile.issuer, clientId: 'bridge', clientSecret: 'secret' },
  })
  hostileId = id
})
beforeEach(() => {
  Object.assign(hostile.behave, honest)
})
afterAll(async () => {
  await bridge.stop()
  await hostile.close()
})

const tokenRequests = () => bridge.institution.requests.get('token') ?? 0

/** What a call-back that was let in may write: the session it consumed. */
const CONSUMED = ['reconciliation_session']

async function reach(tenant = bridge.tenant, browser?: Browser) {
  return reachInstitution(tenant, await bridge.newWallet(), browser)
}

async function sessionOf(journeyId: string) {
  const [row] = await rows<{ status: string; error_message: string | null; state: string | null }>(
    bridge,
    `SELECT * FROM reconciliation_session WHERE journey_id = '${journeyId}' ORDER BY created_at DESC LIMIT 1`,
  )
  return row
}

describe('whose call-back it is', () => {
  test("row 25 an honest provider's code at another provider's call-back: refused, nobody is asked", async () => {
    const login = await reach(deceived)
    const callback = hostile.authorize(login.authorizationUrl)
    const elsewhere = new URL(callback)
    elsewhere.pathname = elsewhere.pathname.replace(hostileId, deceived.providerId)
    expect(elsewhere.href).not.toBe(callback.href)
    const before = [hostile.asked.token, tokenRequests()]
    const page = await leavesNoTrace(bridge, () => login.browser.get(elsewhere.href))
    expect([page.status, page.location]).toEqual([403, undefined])
    expect([hostile.asked.token, tokenRequests()]).toEqual(before)
    // The state was not consumed by it.
    expect((await login.browser.follow(callback.href, isRelyingParty)).location).toContain('code=')
  })

  test('row 25 row 36 UP-20 a call-back below another tenant: refused', async () => {
    const login = await reach()
    const callback = await loginAt(login.authorizationUrl, STUDENT)
    const before = tokenRequests()
    const page = await leavesNoTrace(bridge, () =>
      login.browser.get(callback.replace('/t/demo/', '/t/deceived/')),
    )
    expect([page.status, page.location]).toEqual([403, undefined])
    expect(tokenRequests()).toBe(before)
  })

  test("row 26 an attacker's finished login in a victim's browser: refused, audited, and the victim's wallet is not bound", async () => {
    const attacker = await reach()
    const callback = await loginAt(attacker.authorizationUrl, STUDENT)
    const victim = await reach()
    const before = tokenRequests()
    await leavesNoTrace(bridge, async () => {
      // The victim's browser in the middle of its own login, and one that never was here.
      for (const browser of [victim.browser, createBrowser()]) {
        const page = await browser.get(callback)
        expect([page.status, page.location]).toEqual([403, undefined])
      }
    })
    expect(tokenRequests()).toBe(before)
    expect((await eventsOf(bridge, attacker.journeyId)).slice(-2)).toEqual([
      { event_type: 'login_refused', detail: { reason: 'other_browser' } },
      { event_type: 'login_refused', detail: { reason: 'other_browser' } },
    ])
    expect((await sessionOf(attacker.journeyId))?.status).toBe('PENDING')
    expect((await sessionOf(victim.journeyId))?.status).toBe('PENDING')
  })

  test("row 26 the attacker's code with the victim's state: the provider refuses, nothing is bound", async () => {
    const [attacker, victim] = [await reach(), await reach()]
    const code = new URL(await loginAt(attacker.authorizationUrl, STUDENT)).searchParams.get('code')
    const forged = new URL(await loginAt(victim.authorizationUrl, STUDENT))
    forged.searchParams.set('code', code ?? '')
    await leavesNoTrace(
      bridge,
      async () => {
        const page = await victim.browser.follow(forged.href, isRelyingParty)
        expect([page.status, page.location]).toEqual([200, undefined])
      },
      CONSUMED,
    )
    // Row 28: PKCE binds the code to the attempt that asked for it.
    expect(await sessionOf(victim.journeyId)).toMatchObject({
      status: 'FAILED',
      error_message: 'token_request_failed',
      state: null,
    })
    expect((await journeyState(bridge, victim.journeyId)).presentation).toBeNull()
  })
})

describe('once', () => {
  test('row 27 UP-20 fifty parallel call-backs of one state: one token request, one binding', async () => {
    const login = await reach()
    const callback = await loginAt(login.authorizationUrl, STUDENT)
    const before = tokenRequests()
    const pages = await Promise.all(times(50, () => login.browser.get(callback)))
    expect(tally(pages.map(({ status }) => status))).toEqual({ 303: 1, 403: 49 })
    expect(tokenRequests()).toBe(before + 1)
    expect((await login.browser.get(callback)).status).toBe(403)
    expect(tokenRequests()).toBe(before + 1)
    const events = (await eventsOf(bridge, login.journeyId)).map(({ event_type }) => event_type)
    expect(events.filter((type) => type.startsWith('binding_'))).toHaveLength(1)
    const next = pages.find(({ status }) => status === 303)?.location ?? ''
    // UP-25: a clean address.
    expect(next).toBe(`${bridge.tenant.issuer}/login/${login.journeyId}/continue`)
    const ends = await Promise.all(times(50, () => login.browser.get(next)))
    expect(ends.filter(({ location }) => isRelyingParty(location ?? ''))).toHaveLength(1)
  })

  test('row 27 a state that is ten minutes old is worth nothing', async () => {
    const login = await reach()
    const callback = await loginAt(login.authorizationUrl, STUDENT)
    const before = tokenRequests()
    await leavesNoTrace(bridge, () =>
      later(bridge, 10 * 60_000, async () =>
        expect((await login.browser.get(callback)).status).toBe(403),
      ),
    )
    expect(tokenRequests()).toBe(before)
  })

  test('UP-13 two tabs of one browser, finished in reverse order, each end with their own code', async () => {
    const browser = createBrowser()
    const first = await reach(bridge.tenant, browser)
    const second = await reach(bridge.tenant, browser)
    const callbacks: [string, string] = [
      await loginAt(first.authorizationUrl, STUDENT),
      await loginAt(second.authorizationUrl, { username: 'milan', password: 'milan-demo' }),
    ]
    const later = await browser.follow(callbacks[1], isRelyingParty)
    const earlier = await browser.follow(callbacks[0], isRelyingParty)
    const [sanne, milan] = [
      await first.attempt.finish(earlier.location ?? ''),
      await second.attempt.finish(later.location ?? ''),
    ]
    expect([sanne.claims.given_name, milan.claims.given_name]).toEqual(['Sanne', 'Milan'])
    expect(sanne.idToken.sub).not.toBe(milan.idToken.sub)
  })

  test('UP-13 going back and starting again gives another state, nonce and verifier', async () => {
    const login = await reach()
    const again = await login.browser.get(
      `${bridge.tenant.issuer}/login/${login.journeyId}/continue`,
    )
    const of = (url: string, name: string) => new URL(url).searchParams.get(name)
    for (const name of ['state', 'nonce', 'code_challenge'])
      expect(of(again.location ?? '', name)).not.toBe(of(login.authorizationUrl, name))
  })
})

describe('what the browser brings', () => {
  test('UP-24 code and error together, doubled or oversized parameters, no state: 400 and nobody is asked', async () => {
    const login = await reach()
    const callback = new URL(await loginAt(login.authorizationUrl, STUDENT))
    const state = callback.searchParams.get('state') ?? ''
    const base = `${callback.origin}${callback.pathname}`
    const before = tokenRequests()
    const queries = [
      `code=a&error=access_denied&state=${state}`,
      `code=a&code=a&state=${state}`,
      `code=a&state=${state}&state=${state}`,
      `code=${'a'.repeat(4097)}&state=${state}`,
      `code=a`,
      `code=a&state=`,
      `state=${state}`,
      `code=a&state=${'s'.repeat(513)}`,
    ]
    await leavesNoTrace(bridge, async () => {
      for (const query of queries) {
        const page = await login.browser.get(`${base}?${query}`)
        expect([query.slice(0, 40), page.status]).toEqual([query.slice(0, 40), 400])
      }
    })
    expect(tokenRequests()).toBe(before)
    const page = await login.browser.get(callback.href)
    expect([page.status, page.headers.get('referrer-policy')]).toEqual([303, 'no-referrer'])
    expect(page.location).not.toMatch(/code|state/)
  })

  test('UP-23 an error needs a valid state, and its description is never shown', async () => {
    const login = await reach()
    const { searchParams, origin, pathname } = new URL(
      await loginAt(login.authorizationUrl, STUDENT),
    )
    const said = `error=access_denied&error_description=${encodeURIComponent('<b>marker</b>')}`
    const forged = await leavesNoTrace(bridge, () =>
      login.browser.get(`${origin}${pathname}?${said}&state=${'A'.repeat(43)}`),
    )
    expect([forged.status, forged.text.includes('marker')]).toEqual([403, false])
    const iss = encodeURIComponent(bridge.institution.issuer)
    const real = await login.browser.follow(
      `${origin}${pathname}?${said}&state=${searchParams.get('state')}&iss=${iss}`,
    )
    expect([real.status, real.text.includes('marker')]).toEqual([200, false])
    expect((await sessionOf(login.journeyId))?.error_message).toBe('login_refused')
  })

  test('UP-21 row 25 an answer that names another issuer, or none where one is promised: refused', async () => {
    for (const iss of ['https://another.example', undefined]) {
      const login = await reach()
      const callback = new URL(await loginAt(login.authorizationUrl, STUDENT))
      if (iss === undefined) callback.searchParams.delete('iss')
      else callback.searchParams.set('iss', iss)
      const before = tokenRequests()
      await leavesNoTrace(
        bridge,
        async () => {
          const page = await login.browser.follow(callback.href, isRelyingParty)
          expect(page.location).toBeUndefined()
        },
        CONSUMED,
      )
      expect((await sessionOf(login.journeyId))?.error_message).toBe('response_invalid')
      expect(tokenRequests()).toBe(before)
    }
  })
})

describe('a provider that lies', () => {
  const lies: [title: string, lie: () => Partial<HostileProvider['behave']>, reason: string][] = [
    [
      'row 28 a token with the nonce of another attempt',
      () => ({ claims: (claims) => ({ ...claims, nonce: 'of-another-attempt' }) }),
      'id_token_invalid',
    ],
    [
      'row 29 a token for another client',
      () => ({ claims: (claims) => ({ ...claims, aud: 'another-client' }) }),
      'id_token_invalid',
    ],
    [
      'row 29 a token for another client and us, authorized for them',
      () => ({
        claims: (claims) => ({ ...claims, aud: ['another', 'bridge'], azp: 'another' }),
      }),
      'id_token_invalid',
    ],
    ['row 15 an unsigned token', () => ({ sign: 'none' as const }), 'id_token_invalid'],
    [
      'row 15 a token signed with the client secret',
      () => ({ sign: { secret: 'secret' } }),
      'id_token_invalid',
    ],
    [
      'row 30 userinfo of another subject',
      () => ({ userinfo: (claims) => ({ ...claims, sub: 'person-2' }) }),
      'userinfo_invalid',
    ],
  ]
  test.each(lies)('%s is refused, and nobody is bound', async (_, lie, reason) => {
    Object.assign(hostile.behave, lie())
    const login = await reach(deceived)
    const callback = hostile.authorize(login.authorizationUrl)
    await leavesNoTrace(
      bridge,
      async () => {
        const page = await login.browser.follow(callback.href, isRelyingParty)
        expect([page.status, page.location]).toEqual([200, undefined])
      },
      CONSUMED,
    )
    expect(await sessionOf(login.journeyId)).toMatchObject({
      status: 'FAILED',
      error_message: reason,
    })
    expect((await eventsOf(bridge, login.journeyId)).at(-1)).toEqual({
      event_type: 'reconciliation_failed',
      detail: { provider: 'hostile', reason },
    })
  })

  test('row 24 an email_verified of the institution opens nothing, and row 23 an old address in new hands is a new person', async () => {
    const email = 'reassigned@university.example'
    hostile.behave.claims = (claims) => ({ ...claims, email, email_verified: true, sub: 'before' })
    hostile.behave.userinfo = (claims) => ({ ...claims, sub: 'before', email })
    const subjects = [await throughHostile()]
    hostile.behave.claims = (claims) => ({ ...claims, email, email_verified: true, sub: 'after' })
    hostile.behave.userinfo = (claims) => ({ ...claims, sub: 'after', email })
    subjects.push(await throughHostile())
    expect(new Set(subjects).size).toBe(2)
  })

  async function throughHostile(tenant = deceived, provider = hostile): Promise<string> {
    const login = await reach(tenant)
    const callback = provider.authorize(login.authorizationUrl)
    const page = await login.browser.follow(callback.href, isRelyingParty)
    return (await login.attempt.finish(page.location ?? '')).idToken.sub
  }

  test('row 10 VP-096 the same subject from two trusted providers is two people, from one it is one', async () => {
    const tenant = await bridge.addTenant('two-providers')
    const second = await startHostileProvider(await makeSigningKey('key-1'))
    const common = { clientId: 'bridge', clientSecret: 'secret' }
    await useProvider(bridge, tenant, { slug: 'one', issuer: hostile.issuer, ...common })
    const [first, again] = [await throughHostile(tenant), await throughHostile(tenant)]
    await useProvider(bridge, tenant, { slug: 'two', issuer: second.issuer, ...common })
    const others = await throughHostile(tenant, second)
    expect(again).toBe(first)
    expect(others).not.toBe(first)
    const people = `SELECT FROM identity WHERE tenant_id = (SELECT id FROM tenant WHERE slug = 'two-providers')`
    expect(await rows(bridge, people)).toHaveLength(2)
    await second.close()
  })
})

describe('row 31 UP-45 UP-46 assurance', () => {
  const strict = 'strict'
  let tenant: TestTenant
  beforeAll(async () => {
    tenant = await bridge.addTenant(strict)
    const surf = { issuer: hostile.issuer, clientId: 'bridge', clientSecret: 'secret' }
    await useProvider(bridge, tenant, { slug: 'demanding', ...surf, acr: [VALIDATED_NAMES] })
  })

  const values: [title: string, acr: unknown][] = [
    ['absent', undefined],
    ['empty', ''],
    ['another', 'https://eduid.nl/trust/linked-institution'],
    ['a superset of the text', `${VALIDATED_NAMES}-not`],
    ['a subset of the text', VALIDATED_NAMES.slice(0, -1)],
    ['of another case', VALIDATED_NAMES.toUpperCase()],
    ['an array', [VALIDATED_NAMES]],
    ['a number', 1],
    ['true', true],
  ]
  test.each(values)('row 31 an acr that is %s is not enough', async (_, acr) => {
    hostile.behave.claims = (claims) => ({ ...claims, acr })
    const login = await reach(tenant)
    const callback = hostile.authorize(login.authorizationUrl)
    await leavesNoTrace(
      bridge,
      async () => {
        const page = await login.browser.follow(callback.href, isRelyingParty)
        expect(page.location).toBeUndefined()
      },
      CONSUMED,
    )
    expect((await sessionOf(login.journeyId))?.error_message).toMatch(
      /assurance_insufficient|id_token_invalid/,
    )
  })

  test('row 31 the demanded acr is enough, alone or as one of several joined by a space', async () => {
    for (const acr of [VALIDATED_NAMES, `https://another.example ${VALIDATED_NAMES}`]) {
      hostile.behave.claims = (claims) => ({ ...claims, acr })
      const login = await reach(tenant)
      const callback = hostile.authorize(login.authorizationUrl)
      expect((await login.browser.follow(callback.href, isRelyingParty)).location).toContain(
        'code=',
      )
    }
  })
})

describe('providers are registered', () => {
  test('row 13 an issuer inside our network is never asked, even where loopback is allowed', async () => {
    for (const issuer of [
      'http://169.254.169.254',
      'https://169.254.169.254',
      'https://10.0.0.1',
      'https://[fd00::1]',
      'https://metadata.google.internal',
      'file:///etc/passwd',
      'http://university.example',
      'https://user@university.example',
    ]) {
      const asked = registerProvider(bridge.deps, ACTOR, 'demo', {
        slug: 'inside',
        name: 'Inside',
        issuer,
        clientId: 'bridge',
        authentication: 'client_secret_basic',
        clientSecret: 'secret',
        privateKey: undefined,
        scopes: ['openid'],
        idTokenAlgorithm: undefined,
        confirmedHosts: undefined,
        subjectType: undefined,
        identifierAttribute: 'sub',
        attributeMappings: {},
        acr: undefined,
        amr: undefined,
        allowedOrganizations: undefined,
      })
      await expect(asked).rejects.toMatchObject({
        failure: { kind: expect.stringMatching(/^(provider|outbound)_refused$/) },
      })
    }
    const inside = `SELECT FROM reconciliation_provider WHERE slug = 'inside'`
    expect(await rows(bridge, inside)).toEqual([])
  })

  test('UP-04 a provider that is switched off in the middle of a login is not asked any more', async () => {
    const surf = await startInstitution({
      clients: [{ clientId: 'c', clientSecret: 's', redirectUris: ['https://pending.example/'] }],
    })
    const tenant = await bridge.addTenant('switched')
    const { callbackUrl, id } = await useProvider(bridge, tenant, {
      ...{ slug: 'short-lived', issuer: surf.issuer, clientId: 'c', clientSecret: 's' },
    })
    surf.setClient({ clientId: 'c', clientSecret: 's', redirectUris: [callbackUrl] })
    const login = await reach(tenant)
    const callback = await loginAt(login.authorizationUrl, STUDENT)
    await rows(bridge, `UPDATE reconciliation_provider SET enabled = 0 WHERE id = '${id}'`)
    await selectProvider(bridge, tenant)
    const page = await login.browser.follow(callback, isRelyingParty)
    expect(page.location).toBeUndefined()
    expect(surf.requests.get('token')).toBeUndefined()
    await surf.close()
  })

  test('design 4 a stranger whose provider was switched off gets a clear end, the trail a reason, and nothing is kept', async () => {
    const tenant = await bridge.addTenant('closed')
    const { id } = await useProvider(bridge, tenant, {
      ...{ slug: 'closed', issuer: bridge.institution.issuer, clientId: 'c', clientSecret: 's' },
    })
    const wallet = await bridge.newWallet()
    const presented = await open(tenant, wallet)
    const { redirectUri } = await answer(wallet, presented)
    const atTheDoor = await reachInstitution(tenant, await bridge.newWallet())
    await updateProvider(bridge.deps, ACTOR, tenant.slug, 'closed', { enabled: false })

    const continueUrl = `${tenant.issuer}/login/${atTheDoor.journeyId}/continue`
    const ends = [
      { opened: presented, page: await presented.browser.get(redirectUri ?? '') },
      { opened: atTheDoor, page: await atTheDoor.browser.get(continueUrl) },
    ]
    for (const { opened, page } of ends) {
      expect(page.status).toBe(200)
      expect(page.text).toContain('error=access_denied')
      expect(await journeyState(bridge, opened.journeyId)).toMatchObject({
        ...{ state: 'failed', failure: 'unavailable', presentation: null, identifier_hashes: null },
      })
      expect(await eventsOf(bridge, opened.journeyId)).toContainEqual({
        event_type: 'login_refused',
        detail: expect.objectContaining({ reason: 'unavailable', plan: 'RUN_IDV' }),
      })
    }
    const sessions = `SELECT FROM reconciliation_session WHERE provider_id = '${id}'`
    expect(await rows(bridge, sessions)).toHaveLength(1)
  })

  test('the control: an honest login through the same steps binds', async () => {
    const { viaInstitution } = await logIn(bridge, await bridge.newWallet())
    expect(viaInstitution).toBe(true)
    expect((await open(bridge.tenant, await bridge.newWallet())).page.status).toBe(200)
  })
})
