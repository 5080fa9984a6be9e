/** Where a tenant wants it, a person is asked before a relying party learns about them. */
import { afterAll, assert, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import { loginAt } from '../../demo/institution.ts'
import type { Wallet } from '../../demo/wallet.ts'
import type { IdentityId } from '../../src/domain/ids.ts'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
import { restrictIdentity } from '../../src/flow/restrict-identity.ts'
import { updateRelyingParty } from '../../src/flow/update-relying-party.ts'
import { updateTenant } from '../../src/flow/update-tenant.ts'
import { register } from '../op/clients.ts'
import { relyingPartyOf } from '../op/logins.ts'
import { rowsOf } from '../people/people.ts'
import {
  ACTOR,
  type Bridge,
  logIn,
  presentAt,
  pressDirect,
  STUDENT,
  startBridge,
  type TestTenant,
} from '../support/bridge.ts'
import {
  askedOn,
  atRelyingParty,
  goTo,
  reachConsent,
  say,
  sayYes,
  unasked,
} from '../support/consent.ts'
import { lastEvent } from '../support/walk.ts'
import { tally, times } from '../threats/attack.ts'

let bridge: Bridge
let tenant: TestTenant
let wallet: Wallet
beforeAll(async () => {
  bridge = await startBridge()
  tenant = await bridge.addTenant('asking', { consent: true, directLogin: true })
  wallet = await bridge.newWallet()
  await logInFirst(tenant, wallet)
})
afterAll(() => bridge.stop())

/** A stranger's login: the institution, and the question at its end. */
async function logInFirst(at: TestTenant, by: Wallet) {
  const browser = createBrowser()
  const attempt = await at.relyingParty.begin()
  const returned = await presentAt(browser, by, attempt)
  const there = await browser.follow(returned, (url) => url.startsWith(bridge.institution.issuer))
  const callback = await loginAt(there.location ?? '', STUDENT)
  return await sayYes(askedOn(await browser.follow(callback, atRelyingParty), attempt, browser))
}

/** A client of the tenant that nobody was asked about yet. */
async function newClient(settings: Parameters<typeof register>[1] = {}, scope = 'openid profile') {
  const client = await register(bridge, settings, tenant.slug)
  const program = await relyingPartyOf({ ...bridge, tenant } as Bridge, client, { scope })
  const change = (to: Parameters<typeof updateRelyingParty>[4]) =>
    updateRelyingParty(bridge.deps, ACTOR, tenant.slug, client.relyingParty.clientId, to)
  return { client, program, change }
}

const grantsOf = (clientId: string) =>
  rowsOf(bridge, tenant, 'login_grant', `client_id = '${clientId}'`)

describe('issue 4 item 1: consent', () => {
  test('nobody is asked where the tenant does not want it, not for prompt=consent either', async () => {
    const { login } = await logIn(bridge, wallet)
    expect(login.claims.given_name).toBe('Sanne')
    const again = await unasked(bridge.tenant.relyingParty, wallet, { prompt: 'consent' })
    expect(again.claims.sub).toBe(login.claims.sub)
    expect(await rowsOf(bridge, bridge.tenant, 'consent')).toEqual([])
  })

  test('the page names who asks, what for and what, in two languages, and no value', async () => {
    const purpose = { en: 'To show your grades.', nl: 'Om je cijfers te tonen.' }
    const { program } = await newClient({ name: 'Grades', purpose }, 'openid profile email')
    const { page } = await reachConsent(program, wallet)
    for (const word of [
      'Grades',
      purpose.en,
      'Your first name',
      'Your e-mail address',
      'Yes, share this',
    ])
      expect(page.text).toContain(word)
    for (const value of ['Sanne', 'de Vries', 'noorderhaven.example'])
      expect(page.text).not.toContain(value)
    expect(page.text).not.toContain('<script')
    expect(page.headers.get('cache-control')).toContain('no-store')
    const dutch = await reachConsent(program, wallet, { ui_locales: 'nl' })
    for (const word of [purpose.nl, 'Je voornaam', 'Nee, niet delen', '<html lang="nl"'])
      expect(dutch.page.text).toContain(word)
  })

  test('a yes is remembered and in the trail by names alone; less is covered, and so is the same again', async () => {
    const { program, client } = await newClient({}, 'openid profile email')
    const login = await sayYes(await reachConsent(program, wallet))
    expect(login.claims.given_name).toBe('Sanne')
    expect(await lastEvent(bridge, tenant)).toMatchObject({
      ...{ type: 'consent_given', scopes: 'openid profile email', remembered: true },
      claims: expect.stringContaining('given_name'),
    })
    expect((await unasked(program, wallet)).claims.sub).toBe(login.claims.sub)
    await unasked(program, wallet, { scope: 'openid' })
    expect(await rowsOf(bridge, tenant, 'consent', `client_id = '${client.id}'`)).toHaveLength(1)
  })

  test('more scopes, more claims, another purpose: asked again, and each yes adds to the one before', async () => {
    const { program, change } = await newClient({ claims: ['given_name'] })
    await sayYes(await reachConsent(program, wallet))
    await sayYes(await reachConsent(program, wallet, { scope: 'openid email' }))
    await unasked(program, wallet, { scope: 'openid profile email' })
    await change({ claims: ['given_name', 'family_name'] })
    await sayYes(await reachConsent(program, wallet))
    await unasked(program, wallet)
    const purpose = { en: 'Something else.', nl: 'Iets anders.' }
    await change({ purpose })
    await sayYes(await reachConsent(program, wallet))
    await unasked(program, wallet)
    // A yes for another purpose is none for what was agreed to under the old one.
    await reachConsent(program, wallet, { scope: 'openid profile email' })
  })

  test('OP-18 prompt=consent asks again; prompt=none never asks', async () => {
    const { program } = await newClient()
    await sayYes(await reachConsent(program, wallet))
    await reachConsent(program, wallet, { prompt: 'consent' })
    const { url } = await program.begin({ prompt: 'none' })
    expect((await createBrowser().get(url)).location).toContain('error=login_required')
  })

  test('a no ends the login with access_denied, leaves nothing behind, and takes no earlier yes back', async () => {
    const { program, client } = await newClient()
    const asked = await reachConsent(program, wallet)
    const { back } = await say(asked, 'no')
    const answer = new URL(back).searchParams
    expect([
      answer.get('error'),
      answer.get('state'),
      answer.get('iss'),
      answer.has('code'),
    ]).toEqual(['access_denied', asked.attempt.state, tenant.issuer, false])
    expect(await lastEvent(bridge, tenant)).toMatchObject({
      ...{ type: 'consent_refused', scopes: 'openid profile' },
    })
    expect(await grantsOf(client.id)).toEqual([])
    const after = await asked.browser.follow(asked.url)
    expect(after.text).toContain('You said no')
    await sayYes(await reachConsent(program, wallet))
    await say(await reachConsent(program, wallet, { prompt: 'consent' }), 'no')
    await unasked(program, wallet)
  })

  test('a client’s own word counts more than the tenant’s', async () => {
    const { program } = await newClient({ consent: 'never' })
    await unasked(program, wallet)
    const elsewhere = await register(bridge, { consent: 'ask' })
    const there = await relyingPartyOf(bridge, elsewhere, { scope: 'openid' })
    const { page } = await reachConsent(there, wallet)
    expect(page.text).toContain('A name for you that means nothing elsewhere')
  })

  test('a login without a wallet is asked as well', async () => {
    const { program } = await newClient()
    const browser = createBrowser()
    const attempt = await program.begin()
    const page = await browser.get(attempt.url)
    const callback = await loginAt(await pressDirect(browser, page), STUDENT)
    const login = await sayYes(
      askedOn(await browser.follow(callback, atRelyingParty), attempt, browser),
    )
    expect(login.idToken.acr).toContain('institution')
    expect(login.claims.given_name).toBe('Sanne')
  })

  test('a login that links nobody is asked each time, and nothing is remembered', async () => {
    const guests = await bridge.addTenant('asked-guests', { consent: true })
    const skip = { default: { plan: 'SKIP_RECONCILIATION' } }
    await publishPolicy(bridge.deps, ACTOR, guests.slug, 'selector', skip)
    for (const _ of times(2, String)) {
      const asked = await reachConsent(guests.relyingParty, wallet)
      expect(asked.page.text).toContain('you are asked each time')
      expect((await sayYes(asked)).claims.given_name).toBe('Sanne')
      expect(await lastEvent(bridge, guests)).toMatchObject({
        ...{ type: 'consent_given', remembered: false },
      })
    }
    expect(await rowsOf(bridge, guests, 'consent')).toEqual([])
  })
})

describe('the answer', () => {
  test('OP-26 counts in the browser that began, with the page’s own proof, and is yes or no', async () => {
    const { program, client } = await newClient()
    const asked = await reachConsent(program, wallet)
    const { browser, url, proof } = asked
    expect((await createBrowser().post(url, { proof, answer: 'yes' })).status).toBe(404)
    expect((await createBrowser().get(url)).status).toBe(404)
    const forged = await browser.post(url, { proof: `${proof}x`, answer: 'yes' })
    expect([forged.status, await grantsOf(client.id)]).toEqual([303, []])
    expect((await browser.post(url, { answer: 'no' })).status).toBe(303)
    expect((await browser.post(url, { proof, answer: 'maybe' })).status).toBe(400)
    const other = await reachConsent(program, wallet, {}, browser)
    expect((await browser.post(url, { proof: other.proof, answer: 'yes' })).status).toBe(303)
    expect((await sayYes(asked)).claims.given_name).toBe('Sanne')
  })

  test('a yes holds for what the page showed: what was declared meanwhile is asked anew', async () => {
    const { program, client, change } = await newClient({ claims: ['given_name'] })
    const asked = await reachConsent(program, wallet)
    await change({ claims: ['given_name', 'family_name'] })
    const answer = await asked.browser.post(asked.url, { proof: asked.proof, answer: 'yes' })
    expect([answer.status, await grantsOf(client.id)]).toEqual([303, []])
    const anew = await asked.browser.follow(answer.location ?? '')
    expect(anew.text).toContain('Your last name')
    const login = await sayYes(askedOn(anew, asked.attempt, asked.browser))
    expect(login.claims.family_name).toBe('de Vries')
  })

  test('fifty answers at once are one grant, one yes and one event', async () => {
    const { program, client } = await newClient()
    const asked = await reachConsent(program, wallet)
    const answers = await Promise.all(
      times(50, () => asked.browser.post(asked.url, { proof: asked.proof, answer: 'yes' })),
    )
    const codes = answers.filter(({ text }) => text.includes('code='))
    expect([codes.length, tally(answers.map(({ status }) => status))['500']]).toEqual([
      1,
      undefined,
    ])
    expect(await grantsOf(client.id)).toHaveLength(1)
    const given = await rowsOf(
      ...([bridge, tenant, 'audit_event'] as const),
      `event_type = 'consent_given' AND client_id = '${client.id}'`,
    )
    expect(given).toHaveLength(1)
  })

  test('yes and no at once: one of them', async () => {
    const { program, client } = await newClient()
    const { browser, url, proof } = await reachConsent(program, wallet)
    await Promise.all(
      times(20, (index) => browser.post(url, { proof, answer: index % 2 === 0 ? 'yes' : 'no' })),
    )
    const events = await rowsOf<{ event_type: string }>(
      ...([bridge, tenant, 'audit_event'] as const),
      `event_type IN ('consent_given', 'consent_refused') AND client_id = '${client.id}'`,
    )
    const granted = events.filter(({ event_type }) => event_type === 'consent_given').length
    expect(events).toHaveLength(1)
    expect(await grantsOf(client.id)).toHaveLength(granted)
  })

  test('nothing is granted after five minutes', async () => {
    const { program, client } = await newClient()
    const late = await reachConsent(program, wallet)
    bridge.clock.advance(5 * 60_000 + 1)
    const answer = await late.browser.post(late.url, { proof: late.proof, answer: 'yes' })
    bridge.clock.advance(-5 * 60_000 - 1)
    expect([answer.status, await grantsOf(client.id)]).toEqual([303, []])
  })

  test('the switch is seen at once, a question that waits is answered as it stands, and never for a person who is gone', async () => {
    const slug = 'asking-switched'
    const other = await bridge.addTenant(slug, { consent: true })
    await logInFirst(other, wallet)
    const asked = await reachConsent(other.relyingParty, wallet, { prompt: 'consent' })
    await updateTenant(bridge.deps, ACTOR, slug, { consent: false })
    await unasked(other.relyingParty, wallet, { prompt: 'consent' })
    expect((await sayYes(asked)).claims.given_name).toBe('Sanne')
    expect((await goTo(other.relyingParty, wallet)).page.location).toContain('code=')
    await updateTenant(bridge.deps, ACTOR, slug, { consent: true })
    const late = await reachConsent(other.relyingParty, wallet, { prompt: 'consent' })
    const [person] = await rowsOf<{ id: IdentityId }>(bridge, other, 'identity')
    const identityId = person?.id
    assert(identityId !== undefined)
    await restrictIdentity(bridge.deps, ACTOR, slug, { identityId, restricted: true })
    const refused = await late.browser.post(late.url, { proof: late.proof, answer: 'yes' })
    expect(refused.text).not.toContain('code=')
    expect(await rowsOf(bridge, other, 'login_grant', 'revoked_at IS NULL')).toEqual([])
  })
})
