/** Attacks with presentations on the running service: replay, swap, forgery, fixation, garbage. */

import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { compactDecrypt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser, walletLinkOn } from '../../demo/browser.ts'
import { createIssuer, DEMO_PERSON, EDUID_VCT } from '../../demo/issuer.ts'
import { createWallet, presentCredential, readRequest, type Wallet } from '../../demo/wallet.ts'
import type { TenantId } from '../../src/domain/ids.ts'
import { findAdminTenant } from '../../src/flow/admin-tenant.ts'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
import { showCode } from '../../src/flow/show-code.ts'
import { switchTenant } from '../../src/flow/switch-tenant.ts'
import { changeSettings } from '../../src/flow/tenant-settings.ts'
import { expireJourneysJob } from '../../src/job/expire-journeys.ts'
import { ACTOR, type Bridge, logIn, startBridge, type TestTenant } from '../support/bridge.ts'
import {
  answer,
  eventsOf,
  isRelyingParty,
  journeyState,
  later,
  leavesNoTrace,
  open,
  rows,
  startCanary,
  tally,
  tenantIdOf,
  times,
} from './attack.ts'

let bridge: Bridge
let other: TestTenant
let wallet: Wallet
/** The wallet's own credential, for presentations put together by hand. */
let credential: string
beforeAll(async () => {
  bridge = await startBridge()
  other = await bridge.addTenant('other')
  wallet = createWallet()
  credential = await bridge.issuer.issue(DEMO_PERSON, wallet.publicJwk)
  wallet.add(credential)
  await logIn(bridge, wallet)
})
afterAll(() => bridge.stop())

describe('replay', () => {
  test('row 1 VP-130 an answer posted twice is accepted once', async () => {
    const opened = await open(bridge.tenant, wallet)
    const prepared = wallet.prepare(opened.request)
    const first = await wallet.post(prepared)
    const second = await wallet.post(prepared)
    expect([first.status, second.status]).toEqual([200, 404])
    expect(second.redirectUri).toBeUndefined()
    const page = await opened.browser.get(first.redirectUri ?? '')
    expect((await opened.attempt.finish(page.location ?? '')).idToken.acr).toContain('same-device')
  })

  test('row 1 VP-080 fifty parallel posts of one answer: one is accepted, one login comes of it', async () => {
    const opened = await open(bridge.tenant, wallet)
    const prepared = wallet.prepare(opened.request)
    const replies = await Promise.all(times(50, () => wallet.post(prepared)))
    expect(tally(replies.map(({ status }) => status))).toEqual({ 200: 1, 404: 49 })
    const addresses = replies.flatMap(({ redirectUri }) => redirectUri ?? [])
    expect(addresses).toHaveLength(1)
    const returns = await Promise.all(times(20, () => opened.browser.get(addresses[0] ?? '')))
    const codes = returns.filter(({ location }) => location?.includes('code=') === true)
    expect(codes).toHaveLength(1)
    expect((await eventsOf(bridge, opened.journeyId)).map(({ event_type }) => event_type)).toEqual([
      'login_completed',
    ])
  })

  test('row 1 VP-080 fifty different answers of one wallet to one request in parallel: one is accepted', async () => {
    const opened = await open(bridge.tenant, wallet)
    const prepared = times(50, () => wallet.prepare(opened.request))
    const replies = await Promise.all(prepared.map((each) => wallet.post(each)))
    expect(tally(replies.map(({ status }) => status))).toEqual({ 200: 1, 404: 49 })
  })

  test('row 2 VP-132 no presentation is good in another session or tenant: 2 sessions × 2 tenants', async () => {
    const tenants = [bridge.tenant, bridge.tenant, other, other]
    let crossed = 0
    for (const [from, source] of tenants.entries()) {
      for (const [to, target] of tenants.entries()) {
        if (from === to) continue
        crossed++
        const [mine, theirs] = [await open(source, wallet), await open(target, wallet)]
        const vpToken = {
          eduid: [
            presentCredential(credential, wallet.holderKey, {
              client_id: mine.request.client_id,
              nonce: mine.request.nonce,
            }),
          ],
        }
        await leavesNoTrace(bridge, async () => {
          // The same presentation, encrypted anew for the other session and with its state.
          const reply = await answer(wallet, theirs, { vpToken })
          expect(reply.status).toBe(400)
          // The very same body, posted where the other session's answers belong.
          if (source !== target) {
            const { body } = wallet.prepare(mine.request)
            const moved = await wallet.post({ responseUri: theirs.request.response_uri, body })
            expect(moved.status).toBe(404)
          }
        })
        expect(await journeyState(bridge, theirs.journeyId)).toMatchObject({
          state: 'retrieved',
          refusals: 1,
          presentation: null,
        })
        const [event] = await eventsOf(bridge, theirs.journeyId)
        expect(event?.detail.reason).toBe('nonce_mismatch')
        // Neither session was harmed: both honest answers are still welcome.
        expect((await answer(wallet, theirs)).status).toBe(200)
        expect((await answer(wallet, mine)).status).toBe(200)
      }
    }
    expect(crossed).toBe(12)
  })

  test('row 2 VP-073 the state of another session inside the encryption is refused', async () => {
    const [mine, theirs] = [await open(bridge.tenant, wallet), await open(bridge.tenant, wallet)]
    const reply = await answer(wallet, mine, { state: theirs.request.state })
    expect(reply.status).toBe(400)
    for (const { journeyId } of [mine, theirs])
      expect((await journeyState(bridge, journeyId)).state).toBe('retrieved')
  })

  test('row 2 VP-132 the audience of one tenant is not that of another', async () => {
    const [mine, theirs] = [await open(bridge.tenant, wallet), await open(other, wallet)]
    const reply = await answer(wallet, mine, { audience: theirs.request.client_id })
    expect(reply.status).toBe(400)
    const [event] = await eventsOf(bridge, mine.journeyId)
    expect(event?.detail.reason).toBe('audience_mismatch')
  })
})

describe('the ways to a wallet', () => {
  /** What the QR code of an open login says. */
  async function codeOf(opened: Awaited<ReturnType<typeof open>>): Promise<string> {
    const prepared = await bridge.deps.tenants.find(opened.tenant.slug)
    if (prepared === undefined) throw new Error('no tenant')
    const browserId = /=([A-Za-z0-9_-]{43})/.exec(opened.browser.cookies(bridge.url))?.[1]
    return showCode(bridge.deps, prepared, opened.journeyId as never, browserId)
  }

  test('VP-130 the answer to the question of one way is none to that of another, of the same login', async () => {
    const opened = await open(bridge.tenant, wallet)
    const byCode = readRequest((await wallet.fetchRequest(await codeOf(opened))).requestObject)
    const shownFor = ({ nonce, client_id }: typeof byCode) => ({
      eduid: [presentCredential(credential, wallet.holderKey, { nonce, client_id })],
    })
    // Each encrypted to the key and with the state of the other way.
    const crossed = [
      wallet.prepare(byCode, { vpToken: shownFor(opened.request) }),
      wallet.prepare(opened.request, { vpToken: shownFor(byCode) }),
    ]
    for (const each of crossed) expect((await wallet.post(each)).status).toBe(400)
    expect((await eventsOf(bridge, opened.journeyId)).map(({ detail }) => detail.reason)).toEqual([
      ...['nonce_mismatch', 'nonce_mismatch'],
    ])
    expect((await wallet.post(wallet.prepare(byCode))).status).toBe(200)
  })

  test('VP-130 what the browser would bring is not taken by the link', async () => {
    const opened = await open(bridge.tenant, wallet)
    const base = `${bridge.tenant.issuer}/login/${opened.journeyId}`
    const asked = await fetch(`${base}/credential-request`, {
      method: 'POST',
      headers: { cookie: opened.browser.cookies(base), origin: bridge.url },
    })
    const { requests } = (await asked.json()) as {
      requests: Parameters<typeof wallet.presentToPage>[0]
    }
    const { data } = await wallet.presentToPage(requests, bridge.url)
    const { response } = data as { response: string }
    const body = new URLSearchParams({ response }).toString()
    const moved = await wallet.post({ responseUri: opened.request.response_uri, body })
    expect(moved.status).toBe(404)
    expect(await journeyState(bridge, opened.journeyId)).toMatchObject({
      ...{ state: 'retrieved', refusals: 0, presentation: null },
    })
  })

  test('row 3 VP-133 a tenant that switches codes off means those that somebody is looking at, too', async () => {
    const hasty = await bridge.addTenant('hasty')
    const opened = await open(hasty, wallet)
    const code = await codeOf(opened)
    const request = readRequest((await wallet.fetchRequest(code)).requestObject)
    await switchTenant(bridge.deps, ACTOR, hasty.slug, { crossDevice: false })
    bridge.deps.tenants.forget(hasty.slug)
    expect((await wallet.fetchRequest(code)).status).toBe(404)
    expect((await wallet.post(wallet.prepare(request))).status).toBe(404)
    const qr = `${hasty.issuer}/login/${opened.journeyId}/qr.svg`
    expect((await opened.browser.get(qr)).status).toBe(404)
    expect((await answer(wallet, opened)).status).toBe(200)
  })
})

test('VP-042 a tenant that calls itself otherwise towards wallets: logins under way end under the name they began with', async () => {
  const renamed = await bridge.addTenant('renamed')
  const opened = await open(renamed, wallet)
  const tenant = await findAdminTenant(bridge.deps.db, ACTOR, 'tenants:manage', renamed.slug)
  await changeSettings(bridge.deps, ACTOR, tenant, { clientIdPrefix: 'x509_san_dns' })
  bridge.deps.tenants.forget(renamed.slug)
  const newer = await open(renamed, wallet)
  expect(newer.request.client_id).toMatch(/^x509_san_dns:/)
  const again = readRequest((await wallet.fetchRequest(opened.link)).requestObject)
  expect(again.client_id).toBe(opened.request.client_id)
  const page = await opened.browser.get(`${renamed.issuer}/login/${opened.journeyId}`)
  expect(walletLinkOn(page.text)).toBe(opened.link)
  for (const each of [opened, newer]) expect((await answer(wallet, each)).status).toBe(200)
})

describe('who came back', () => {
  test('row 4 VP-131 the browser that began learns nothing from polling after a victim answered', async () => {
    const attacker = await open(bridge.tenant, wallet)
    const victim = await answer(wallet, attacker)
    expect(victim.status).toBe(200)
    const below = `${bridge.tenant.issuer}/login/${attacker.journeyId}`
    const status = await attacker.browser.get(`${below}/status`)
    expect(JSON.parse(status.text)).toEqual({ state: 'retrieved' })
    const page = await attacker.browser.get(below)
    expect(page.status).toBe(200)
    const onward = await attacker.browser.get(`${below}/continue`)
    expect(onward.location).toBe(below)
    for (const { text } of [status, page, onward]) {
      expect(text).not.toContain('response_code')
      expect(text).not.toContain(
        new URL(victim.redirectUri ?? '').searchParams.get('response_code'),
      )
    }
    expect(
      await rows(
        bridge,
        `SELECT FROM login_grant g JOIN journey j USING (correlation_id)
      WHERE j.id = '${attacker.journeyId}'`,
      ),
    ).toEqual([])
  })

  test("row 4 VP-077 a right cookie with a wrong code, another journey's code, or none: nothing", async () => {
    const opened = await open(bridge.tenant, wallet)
    await answer(wallet, opened)
    const back = `${bridge.tenant.issuer}/return`
    const wrong = 'A'.repeat(43)
    for (const query of ['', '?response_code=', `?response_code=${wrong}`])
      expect((await opened.browser.get(back + query)).status).toBe(404)
    expect((await opened.browser.get(`${back}?response_code=%00`)).status).toBe(400)
    const doubled = await opened.browser.get(
      `${back}?response_code=${wrong}&response_code=${wrong}`,
    )
    expect(doubled.status).toBe(404)
    expect((await journeyState(bridge, opened.journeyId)).state).toBe('presented')
  })

  test('row 5 HA-09 a leaked response code in another browser: refused, audited, and nothing moves', async () => {
    const opened = await open(bridge.tenant, wallet)
    const { redirectUri = '' } = await answer(wallet, opened)
    const stranger = createBrowser()
    // One with the cookie of a login of its own, one without any.
    await open(bridge.tenant, wallet, stranger)
    await leavesNoTrace(bridge, async () => {
      for (const thief of [stranger, createBrowser()]) {
        const page = await thief.get(redirectUri)
        expect(page.status).toBe(403)
        expect(page.location).toBeUndefined()
        expect(page.headers.get('referrer-policy')).toBe('no-referrer')
        expect(page.headers.get('cache-control')).toContain('no-store')
      }
    })
    expect((await eventsOf(bridge, opened.journeyId)).map(({ detail }) => detail.reason)).toEqual([
      'other_browser',
      'other_browser',
    ])
    const page = await opened.browser.get(redirectUri)
    expect(isRelyingParty(page.location ?? '')).toBe(true)
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')
  })

  test('row 5 VP-076 a response code is stored as a hash, works once, and not after 60 seconds', async () => {
    const opened = await open(bridge.tenant, wallet)
    const { redirectUri = '' } = await answer(wallet, opened)
    const code = new URL(redirectUri).searchParams.get('response_code') ?? ''
    expect(Buffer.from(code, 'base64url')).toHaveLength(32)
    const [row] = await rows<{ kept: string; whole: string }>(
      bridge,
      `SELECT response_code_hash AS kept, j::text AS whole FROM journey j WHERE id = '${opened.journeyId}'`,
    )
    expect(row?.kept).toBe(createHash('sha256').update(code).digest('base64url'))
    expect(row?.whole).not.toContain(code)
    expect(isRelyingParty((await opened.browser.get(redirectUri)).location ?? '')).toBe(true)
    expect((await opened.browser.get(redirectUri)).location).toBeUndefined()

    const late = await open(bridge.tenant, wallet)
    const reply = await answer(wallet, late)
    await leavesNoTrace(bridge, () =>
      later(bridge, 60_001, async () => {
        const page = await late.browser.get(reply.redirectUri ?? '')
        expect([page.status, page.location]).toEqual([200, undefined])
      }),
    )
  })

  test('row 4 a QR code answered for another tenant or browser is not shown', async () => {
    const opened = await open(bridge.tenant, wallet)
    const qr = `${bridge.tenant.issuer}/login/${opened.journeyId}/qr.svg`
    expect((await opened.browser.get(qr)).status).toBe(200)
    expect((await createBrowser().get(qr)).status).toBe(404)
    expect((await opened.browser.get(qr.replace('/demo/', '/other/'))).status).toBe(404)
  })

  test('row 3 VP-133 a login by QR code says so in its acr, lives two minutes, and cannot be used in both ways', async () => {
    const opened = await open(bridge.tenant, wallet)
    const prepared = await bridge.deps.tenants.find('demo')
    if (prepared === undefined) throw new Error('no tenant')
    const browserId = /=([A-Za-z0-9_-]{43})/.exec(opened.browser.cookies(bridge.url))?.[1]
    const link = await showCode(bridge.deps, prepared, opened.journeyId as never, browserId)
    const request = readRequest((await wallet.fetchRequest(link)).requestObject)
    expect(request.nonce).not.toBe(opened.request.nonce)
    // What it says of its own end: two minutes from the login's beginning, as of the link five.
    const secondsOf = ({ iat, exp }: typeof request) => Number(exp) - Number(iat)
    expect(secondsOf(request)).toBeLessThanOrEqual(120)
    expect(secondsOf(opened.request)).toBeGreaterThan(120)
    expect(secondsOf(opened.request)).toBeLessThanOrEqual(300)
    await later(bridge, 120_000, async () => {
      expect((await wallet.fetchRequest(link)).status).toBe(404)
      expect((await wallet.post(wallet.prepare(request))).status).toBe(404)
      expect((await wallet.fetchRequest(opened.link)).status).toBe(200)
    })
    const reply = await wallet.post(wallet.prepare(request))
    expect(reply).toMatchObject({ status: 200, redirectUri: undefined, body: {} })
    expect((await answer(wallet, opened)).status).toBe(404)
    const page = await opened.browser.get(
      `${bridge.tenant.issuer}/login/${opened.journeyId}/continue`,
    )
    const { idToken } = await opened.attempt.finish(page.location ?? '')
    expect(idToken.acr).toBe('urn:identity-bridge:acr:wallet-cross-device')
  })
})

describe('forgery', () => {
  const thief = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const thiefJwk = createPublicKey(thief).export({ format: 'jwk' })
  const cases: [title: string, forgery: () => Parameters<typeof answer>[2], reason: string][] = [
    [
      'row 6 a key binding signed by another key, which it brings along as jwk',
      () => ({ bindingKey: thief, bindingHeader: { jwk: thiefJwk } }),
      'key_binding_invalid',
    ],
    [
      'row 6 a key binding signed by another key that calls itself cnf',
      () => ({ bindingKey: thief, bindingPayload: { cnf: { jwk: thiefJwk } } }),
      'key_binding_invalid',
    ],
    ['row 7 no key binding', () => ({ stripKeyBinding: true }), 'key_binding_missing'],
    ['row 15 alg none', () => ({ bindingHeader: { alg: 'none' } }), 'algorithm_refused'],
    ['row 15 alg HS256', () => ({ bindingHeader: { alg: 'HS256' } }), 'algorithm_refused'],
    [
      'row 15 an ES384 that is none',
      () => ({ bindingHeader: { alg: 'ES384' } }),
      'algorithm_refused',
    ],
    [
      'row 56 VP-134 a presentation made for somebody else, encrypted to us with the right state',
      () => ({ nonce: 'of-the-attackers-own-verifier', audience: 'x509_hash:attacker' }),
      'nonce_mismatch',
    ],
    [
      'VP-074 a vp_token in the clear where encryption was asked for',
      () => ({ mode: 'direct_post' as const }),
      'unencrypted_response',
    ],
  ]
  test.each(cases)('%s is refused and leaves no trace', async (_, forgery, reason) => {
    const opened = await open(bridge.tenant, wallet)
    const reply = await leavesNoTrace(bridge, () => answer(wallet, opened, forgery()))
    expect(reply).toMatchObject({ status: 400, redirectUri: undefined })
    // The wallet hears nothing of the reason (VP-075); the trail knows it.
    expect(reply.body).toEqual({
      error: 'invalid_request',
      error_description: 'the presentation was refused',
    })
    expect(await eventsOf(bridge, opened.journeyId)).toEqual([
      { event_type: 'presentation_refused', detail: { reason, refusals: 1 } },
    ])
    expect((await journeyState(bridge, opened.journeyId)).state).toBe('retrieved')
  })

  test('row 8 disclosures changed under an honest key binding: refused', async () => {
    const [issuerJwt = '', ...disclosures] = credential.split('~').slice(0, -1)
    const another = await bridge.issuer.issue({ ...DEMO_PERSON, given_name: 'Eve' }, {})
    const foreign = another.split('~').slice(1, -1)
    const decode = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString())
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const nameOf = (text: string): string => decode(text)[1]
    const rest = disclosures.filter((text) => nameOf(text) !== 'given_name')
    const given = disclosures.find((text) => nameOf(text) === 'given_name') ?? ''
    const [salt, , value] = decode(given)
    const mutations: string[][] = [
      [...rest, foreign.find((text) => nameOf(text) === 'given_name') ?? ''],
      [...disclosures, ...foreign.slice(0, 1)],
      [...disclosures, given],
      [...rest, encode([salt, 'given_name', 'Mallory'])],
      [...rest, encode([salt, 'family_name', value])],
      [...rest, encode(['another salt', 'given_name', value])],
      [...rest, encode([salt, '_sd', value])],
      [...rest, encode([salt, '__proto__', { given_name: 'Mallory' }])],
      [...rest, `${given}=`],
      [...rest, ''],
      rest,
    ]
    for (const mutation of mutations) {
      const opened = await open(bridge.tenant, wallet)
      const mutated = [issuerJwt, ...mutation, ''].join('~')
      const vpToken = { eduid: [presentCredential(mutated, wallet.holderKey, opened.request)] }
      const reply = await answer(wallet, opened, { vpToken })
      expect([mutations.indexOf(mutation), reply.status]).toEqual([
        mutations.indexOf(mutation),
        400,
      ])
      expect((await journeyState(bridge, opened.journeyId)).presentation).toBeNull()
    }
    // The control: the same hand, nothing changed but the order.
    const opened = await open(bridge.tenant, wallet)
    const honest = [issuerJwt, ...disclosures.toReversed(), ''].join('~')
    const vpToken = { eduid: [presentCredential(honest, wallet.holderKey, opened.request)] }
    expect((await answer(wallet, opened, { vpToken })).status).toBe(200)
  })

  test('row 9 the right type from an issuer that is trusted for another type only, or not at all', async () => {
    const tenant = await bridge.addTenant('two-issuers')
    const diplomas = createIssuer({
      url: 'https://diplomas.example',
      vct: 'https://d.example/diploma',
    })
    const unknown = createIssuer({ url: 'https://unknown.example' })
    const entries = [
      ...bridge.issuer.trustPolicy().entries,
      ...diplomas.trustPolicy({ id: 'diplomas' }).entries,
    ]
    await publishPolicy(bridge.deps, ACTOR, tenant.slug, 'trust', { entries })
    for (const wrong of [diplomas, unknown]) {
      const holder = createWallet()
      holder.add(await wrong.issue(DEMO_PERSON, holder.publicJwk, { payload: { vct: EDUID_VCT } }))
      const opened = await open(tenant, holder)
      const reply = await leavesNoTrace(bridge, () => answer(holder, opened))
      expect(reply.status).toBe(400)
      const [event] = await eventsOf(bridge, opened.journeyId)
      expect(event?.detail.reason).toMatch(/untrusted_issuer|certificate_invalid/)
    }
    const opened = await open(tenant, wallet)
    expect((await answer(wallet, opened)).status).toBe(200)
  })

  test('row 16 jku, x5u and kid that point elsewhere or inject: nobody is asked', async () => {
    const canary = await startCanary()
    const headers = [
      { jku: `${canary.url}/jwks`, kid: 'x' },
      { x5u: `${canary.url}/chain` },
      { kid: '../../../../etc/passwd' },
      { kid: "' OR 1=1 --" },
    ]
    for (const bindingHeader of headers) {
      const opened = await open(bridge.tenant, wallet)
      await answer(wallet, opened, { bindingHeader, bindingKey: thief })
      expect((await journeyState(bridge, opened.journeyId)).presentation).toBeNull()
    }
    for (const kid of ['../../x', "' OR 1=1 --", '', '\u0000']) {
      const opened = await open(bridge.tenant, wallet)
      const reply = await answer(wallet, opened, {
        encryptionHeader: { kid, jku: `${canary.url}/jwks` },
      })
      expect(reply.status).toBeGreaterThanOrEqual(400)
      expect((await journeyState(bridge, opened.journeyId)).presentation).toBeNull()
    }
    expect(canary.asked()).toBe(0)
    await canary.close()
  })

  test('row 20 VP-090 duplicate names and __proto__ in a vp_token: refused, and no prototype is touched', async () => {
    const tenant = await bridge.addTenant('plain', { responseMode: 'direct_post' })
    const probe = await open(tenant, wallet)
    const honest = JSON.stringify(presentCredential(credential, wallet.holderKey, probe.request))
    const texts = [
      `{"__proto__":{"polluted":true},"eduid":[${honest}]}`,
      `{"eduid":[${honest}],"eduid":[${honest}]}`,
      `{"eduid":[${honest}],"\\u0065duid":[${honest}]}`,
      `{"constructor":{"prototype":{"polluted":true}}}`,
      `${'['.repeat(10_000)}`,
    ]
    for (const text of texts) {
      const opened = await open(tenant, wallet)
      const body = new URLSearchParams({ vp_token: text, state: opened.request.state }).toString()
      const reply = await wallet.post({ responseUri: opened.request.response_uri, body })
      expect(reply.status).toBe(400)
      expect((await journeyState(bridge, opened.journeyId)).presentation).toBeNull()
    }
    expect('polluted' in {}).toBe(false)
    expect((await answer(wallet, probe)).status).toBe(200)
  })
})

describe('garbage', () => {
  test('row 58 VP-081 two garbage posts do not kill a login, three do, each is audited', async () => {
    const garbage = { vpToken: { eduid: ['garbage~'] } }
    const spared = await open(bridge.tenant, wallet)
    for (let post = 1; post <= 2; post++)
      expect((await answer(wallet, spared, garbage)).status).toBe(400)
    expect(await journeyState(bridge, spared.journeyId)).toMatchObject({
      state: 'retrieved',
      refusals: 2,
    })
    const honest = await answer(wallet, spared)
    expect(honest.status).toBe(200)
    expect(
      isRelyingParty((await spared.browser.get(honest.redirectUri ?? '')).location ?? ''),
    ).toBe(true)

    const killed = await open(bridge.tenant, wallet)
    await leavesNoTrace(bridge, async () => {
      for (let post = 1; post <= 3; post++) await answer(wallet, killed, garbage)
    })
    expect(await journeyState(bridge, killed.journeyId)).toMatchObject({
      state: 'failed',
      failure: 'key_binding_missing',
    })
    expect((await eventsOf(bridge, killed.journeyId)).map(({ detail }) => detail.refusals)).toEqual(
      [1, 2, 3],
    )
    expect((await answer(wallet, killed)).status).toBe(404)
    const status = await killed.browser.get(
      `${bridge.tenant.issuer}/login/${killed.journeyId}/status`,
    )
    expect(JSON.parse(status.text).state).toBe('failed')
  })

  test('row 58 fifty parallel garbage posts are counted to three, and no more is written', async () => {
    const opened = await open(bridge.tenant, wallet)
    const bodies = times(50, () => wallet.prepare(opened.request, { vpToken: { eduid: ['~'] } }))
    const replies = await Promise.all(bodies.map((body) => wallet.post(body)))
    expect(replies.every(({ status }) => status === 400 || status === 404)).toBe(true)
    expect(await journeyState(bridge, opened.journeyId)).toMatchObject({
      state: 'failed',
      refusals: 3,
    })
    expect(await eventsOf(bridge, opened.journeyId)).toHaveLength(3)
  })

  test('row 18 VP-070 bodies, parameters and depth are limited before anything is read', async () => {
    const opened = await open(bridge.tenant, wallet)
    const responseUri = opened.request.response_uri
    const { state } = opened.request
    const post = (body: string) => wallet.post({ responseUri, body })
    const began = performance.now()
    const filler = (length: number) => `state=${state}&x=${'a'.repeat(length)}`
    const fits = 1024 * 1024 - filler(0).length
    expect((await post(filler(fits + 1))).status).toBe(413)
    expect((await post(filler(fits))).status).toBe(400)
    const many = (count: number) => times(count, (index) => `p${index}=`).join('&')
    expect((await post(many(17))).status).toBe(400)
    const digests = `eyJ~${'WyJhIiwiYiIsImMiXQ~'.repeat(20_000)}`
    expect((await answer(wallet, opened, { vpToken: { eduid: [digests] } })).status).toBe(400)
    const deep = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`
    const text = new URLSearchParams({ vp_token: deep, state }).toString()
    expect((await post(text)).status).toBe(400)
    expect(performance.now() - began).toBeLessThan(5_000)
    expect((await journeyState(bridge, opened.journeyId)).presentation).toBeNull()
  })

  test('VP-070 anything but a UTF-8 form is 415, a doubled parameter 400', async () => {
    const url = `${bridge.tenant.issuer}/wallet/response`
    const send = async (type: string, body: string) =>
      (await fetch(url, { method: 'POST', headers: { 'content-type': type }, body })).status
    expect(await send('application/json', '{}')).toBe(415)
    expect(await send('application/x-www-form-urlencoded; charset=utf-16', 'state=a')).toBe(415)
    expect(await send('application/x-www-form-urlencoded', 'state=a&state=b')).toBe(400)
  })

  test("VP-074 VP-083 a wallet's error in the clear ends the login, and never well", async () => {
    const opened = await open(bridge.tenant, wallet)
    const reply = await leavesNoTrace(bridge, () => {
      const body = new URLSearchParams({
        error: 'access_denied',
        error_description: '<script>alert(1)</script>',
        vp_token: JSON.stringify({ eduid: ['x'] }),
        state: opened.request.state,
      }).toString()
      return wallet.post({ responseUri: opened.request.response_uri, body })
    })
    // With or without a vp_token beside it: nothing comes of it.
    expect([200, 400]).toContain(reply.status)
    expect(reply.redirectUri).toBeUndefined()
    expect((await journeyState(bridge, opened.journeyId)).presentation).toBeNull()

    const refused = await open(bridge.tenant, wallet)
    expect((await wallet.refuse(refused.request)).status).toBe(200)
    expect((await journeyState(bridge, refused.journeyId)).state).toBe('failed')
    expect(await eventsOf(bridge, refused.journeyId)).toEqual([
      { event_type: 'presentation_refused', detail: { reason: 'wallet_refused', refusals: 0 } },
    ])
    expect((await answer(wallet, refused)).status).toBe(404)
    const page = await refused.browser.get(
      `${bridge.tenant.issuer}/login/${refused.journeyId}/continue`,
    )
    expect(page.text).not.toContain('<script>alert')
    expect(page.location).toBeUndefined()
  })
})

test('VP-074 VP-081 once a wallet has answered, no error and no garbage takes that back', async () => {
  const opened = await open(bridge.tenant, wallet)
  const { redirectUri = '' } = await answer(wallet, opened)
  for (const error of ['access_denied', 'wallet_unavailable'])
    expect((await wallet.refuse(opened.request, error)).status).toBe(404)
  const garbage = await answer(wallet, opened, { vpToken: { eduid: ['~'] } })
  expect(garbage.status).toBe(404)
  expect(isRelyingParty((await opened.browser.get(redirectUri)).location ?? '')).toBe(true)
})

describe('what a POST may do', () => {
  test("HA-10 a stranger's and a known holder's presentation change no row but their journey", async () => {
    const stranger = await bridge.newWallet()
    for (const [holder, tenant] of [
      [stranger, bridge.tenant],
      [wallet, bridge.tenant],
    ] as const) {
      const opened = await open(tenant, holder)
      const { status } = await leavesNoTrace(bridge, () => answer(holder, opened))
      expect(status).toBe(200)
      expect(await eventsOf(bridge, opened.journeyId)).toEqual([])
      expect(await journeyState(bridge, opened.journeyId)).toMatchObject({ state: 'presented' })
    }
  })

  test('HA-09 a wallet whose browser never comes back leaves neither binding nor token, and its data is deleted', async () => {
    const stranger = await bridge.newWallet()
    const opened = await open(bridge.tenant, stranger)
    const { redirectUri = '' } = await answer(stranger, opened)
    const tenantId = await tenantIdOf(bridge, 'demo')
    await leavesNoTrace(
      bridge,
      () =>
        later(bridge, 61_000, async () => {
          await expireJourneysJob.run(bridge.deps, tenantId as TenantId, async () => true)
          expect((await opened.browser.get(redirectUri)).location).toBeUndefined()
          const below = `${bridge.tenant.issuer}/login/${opened.journeyId}`
          expect((await opened.browser.get(`${below}/continue`)).location).toBeUndefined()
        }),
      ['reconciliation_session'],
    )
    expect(await journeyState(bridge, opened.journeyId)).toMatchObject({
      state: 'expired',
      presentation: null,
      identifiers: null,
      identifier_hashes: null,
      response_code_hash: null,
    })
  })

  test('VP-082 once accepted, request id, state and keys of both ways are gone together', async () => {
    const opened = await open(bridge.tenant, wallet)
    await answer(wallet, opened)
    expect(await journeyState(bridge, opened.journeyId)).toMatchObject({
      same_device_request_hash: null,
      same_device_state_hash: null,
      cross_device_request_hash: null,
      cross_device_state_hash: null,
    })
    expect((await wallet.fetchRequest(opened.link)).status).toBe(404)
    const secrets = `SELECT wallet_secrets FROM journey WHERE id = '${opened.journeyId}'`
    expect(await rows(bridge, secrets)).toEqual([{ wallet_secrets: null }])
  })
})

describe('request objects', () => {
  test('VP-033 VP-034 VP-035 fetched twice, by GET and POST: same nonce, state and key', async () => {
    const opened = await open(bridge.tenant, wallet)
    const uri = new URL(opened.link).searchParams.get('request_uri') ?? ''
    const fetched = [
      await (await fetch(uri)).text(),
      await (await fetch(uri)).text(),
      (await wallet.fetchRequest(opened.link, { walletNonce: 'first' })).requestObject,
      (await wallet.fetchRequest(opened.link, { walletNonce: 'second' })).requestObject,
    ].map(readRequest)
    const kept = fetched.map(({ iat, exp, wallet_nonce, ...rest }) => rest)
    for (const each of kept) expect(each).toEqual(kept[0])
    expect(fetched.map(({ wallet_nonce }) => wallet_nonce)).toEqual([
      undefined,
      undefined,
      'first',
      'second',
    ])
    // The wallet that fetched first is not broken by those who fetched later.
    expect((await answer(wallet, opened)).status).toBe(200)
  })

  test('VP-036 to a key that the wallet posts the request is encrypted: the same question, signed inside', async () => {
    const opened = await open(bridge.tenant, wallet)
    const uri = new URL(opened.link).searchParams.get('request_uri') ?? ''
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const keys = [{ ...publicKey.export({ format: 'jwk' }), use: 'enc', kid: 'of-the-wallet' }]
    const metadata = { vp_formats_supported: { 'dc+sd-jwt': {} }, jwks: { keys } }
    const body = new URLSearchParams({ wallet_metadata: JSON.stringify(metadata), unknown: 'x' })
    const response = await fetch(uri, { method: 'POST', body })
    expect([response.status, response.headers.get('content-type')]).toEqual([
      ...[200, 'application/oauth-authz-req+jwt'],
    ])
    const { plaintext } = await compactDecrypt(await response.text(), privateKey)
    const { iat, exp, ...inside } = readRequest(Buffer.from(plaintext).toString())
    const { iat: _, exp: __, ...first } = opened.request
    expect(inside).toEqual(first)
    expect((await answer(wallet, opened)).status).toBe(200)
  })

  test('VP-037 the address holds 128 bits and more that lead nowhere else, and nobody keeps what it answers', async () => {
    const opened = await Promise.all(times(8, () => open(bridge.tenant, wallet)))
    const ids = opened.map(({ link }) =>
      (new URL(link).searchParams.get('request_uri') ?? '').split('/').at(-1),
    )
    expect(new Set(ids).size).toBe(8)
    for (const [index, { link, request, journeyId }] of opened.entries()) {
      expect(ids[index]).toMatch(/^[A-Za-z0-9_-]{22,}$/)
      expect([request.state, request.nonce, journeyId]).not.toContain(ids[index])
      const uri = new URL(link).searchParams.get('request_uri') ?? ''
      for (const method of ['GET', 'POST'])
        expect((await fetch(uri, { method })).headers.get('cache-control')).toContain('no-store')
    }
  })

  test('VP-038 row 55 unknown, expired, answered and foreign request ids: the same 404, byte for byte', async () => {
    const answered = await open(bridge.tenant, wallet)
    await answer(wallet, answered)
    const waiting = await open(bridge.tenant, wallet)
    const idOf = (link: string) =>
      (new URL(link).searchParams.get('request_uri') ?? '').split('/').at(-1) ?? ''
    const at = (tenant: TestTenant, id: string) => `${tenant.issuer}/wallet/request/${id}`
    const ask = async (url: string, init: RequestInit = {}) => {
      const response = await fetch(url, init)
      const headers = [...response.headers].filter(([name]) => name !== 'date')
      return { status: response.status, text: await response.text(), headers }
    }
    const answers = [
      await ask(at(bridge.tenant, 'A'.repeat(32))),
      await ask(at(bridge.tenant, idOf(answered.link))),
      await ask(at(other, idOf(waiting.link))),
      await ask(at(bridge.tenant, 'short')),
      await ask(at(bridge.tenant, 'A'.repeat(32)), {
        method: 'POST',
        body: new URLSearchParams({ wallet_nonce: 'n' }),
      }),
      await later(bridge, 5 * 60_000, () => ask(at(bridge.tenant, idOf(waiting.link)))),
    ]
    for (const each of answers) expect(each).toEqual({ ...answers[0], status: 404 })
    expect(Object.fromEntries(answers[0]?.headers ?? [])['cache-control']).toContain('no-store')
    expect((await ask(at(bridge.tenant, idOf(waiting.link)))).status).toBe(200)
  })

  test('VP-078 nothing the wallet sees names the browser, and nothing the browser sees names the nonce', async () => {
    const opened = await open(bridge.tenant, wallet)
    const reply = await answer(wallet, opened)
    const seenByWallet = JSON.stringify([opened.request, reply.body, opened.link])
    const cookies = opened.browser.cookies(bridge.url)
    expect(seenByWallet).not.toContain(opened.journeyId)
    for (const [, value = ''] of cookies.matchAll(/=([^;]+)/g))
      expect(seenByWallet).not.toContain(value)
    for (const secret of [opened.request.state, opened.request.nonce])
      expect(opened.page.text + [...opened.page.headers].join()).not.toContain(secret)
  })
})
