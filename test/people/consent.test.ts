/** A yes is the person's: they see it, take it back, and it goes, merges and splits with them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Browser, createBrowser, walletLinkOn } from '../../demo/browser.ts'
import type { RelyingPartyProgram } from '../../demo/relying-party.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { eraseIdentity } from '../../src/flow/erase-identity.ts'
import { mergeIdentities } from '../../src/flow/merge-identities.ts'
import { splitIdentities } from '../../src/flow/split-identities.ts'
import { type Admin, adminWith } from '../http/admin/client.ts'
import { type Answer, post, register, type TestClient } from '../op/clients.ts'
import { relyingPartyOf } from '../op/logins.ts'
import {
  ACTOR,
  type Bridge,
  REDIRECT_URI,
  startBridge,
  type TestTenant,
} from '../support/bridge.ts'
import { askedOn, reachConsent, say, sayYes, unasked } from '../support/consent.ts'
import { lastEvent } from '../support/walk.ts'
import { times, userinfoStatus } from '../threats/attack.ts'
import { newPerson, type Person, rowsOf, startTenant } from './people.ts'

const SLUG = 'agreed'
const SCOPE = 'openid profile offline_access'

let bridge: Bridge
let tenant: TestTenant
let admin: Admin
let sanne: Person
beforeAll(async () => {
  bridge = await startBridge()
  // Off for the app of the tenant, so that people become known as in other tests.
  tenant = await bridge.addTenant(SLUG, { singleSignOnMinutes: 60 })
  admin = await adminWith(bridge, ['identities:manage', 'tenants:manage', 'clients:manage'])
  sanne = await newPerson(bridge, tenant, 'sanne')
})
afterAll(() => bridge.stop())

interface Asking {
  client: TestClient
  program: RelyingPartyProgram
}

async function newClient(
  settings: Parameters<typeof register>[1] = {},
  there = tenant,
): Promise<Asking> {
  const client = await register(
    bridge,
    { consent: 'ask', grantTypes: ['authorization_code', 'refresh_token'], ...settings },
    there.slug,
  )
  const at = { ...bridge, tenant: there } as Bridge
  return { client, program: await relyingPartyOf(at, client, { scope: SCOPE }) }
}

/** A yes with the tokens that came of it. */
async function agree({ program }: Asking, wallet: Wallet, browser?: Browser) {
  const { tokens } = await sayYes(await reachConsent(program, wallet, {}, browser))
  return { access: tokens.access_token, refresh: tokens.refresh_token ?? '' }
}

const refresh = (token: string, { client }: Asking): Promise<Answer> =>
  post(
    `${tenant.issuer}/token`,
    { grant_type: 'refresh_token', refresh_token: token },
    { authorization: client.authorization },
  )

/** Neither token is worth anything, and the next login asks. */
async function expectTakenBack(
  at: Asking,
  wallet: Wallet,
  tokens: Awaited<ReturnType<typeof agree>>,
) {
  expect(await userinfoStatus(tenant.issuer, tokens.access)).toBe(401)
  expect((await refresh(tokens.refresh, at)).body.error).toBe('invalid_grant')
  expect((await reachConsent(at.program, wallet, { prompt: 'login' })).page.status).toBe(200)
}

const consentsOf = ({ client }: Asking) =>
  rowsOf(bridge, tenant, 'consent', `client_id = '${client.id}'`)

describe('taking a yes back', () => {
  test('on the page of the own data, with the wallet as proof; another client’s tokens go on', async () => {
    const [at, other] = [await newClient({ name: 'Library' }), await newClient()]
    const tokens = await agree(at, sanne.wallet)
    const others = await agree(other, sanne.wallet)
    const { browser, url, text } = await openOwn()
    for (const word of ['Websites you said yes to', 'Library', 'Take back my yes: Library'])
      expect(text).toContain(word)
    const done = await browser.post(`${url}/consent`, { client: at.client.id })
    expect(done.location).toBe(`${url}?done`)
    expect(await lastEvent(bridge, tenant)).toMatchObject({
      ...{ type: 'consent_withdrawn', actor: 'person', grants: 1 },
    })
    expect((await browser.get(url)).text).not.toContain('Take back my yes: Library')
    await expectTakenBack(at, sanne.wallet, tokens)
    expect(await userinfoStatus(tenant.issuer, others.access)).toBe(200)
    expect((await createBrowser().post(`${url}/consent`, { client: other.client.id })).status).toBe(
      404,
    )
    expect(await consentsOf(other)).toHaveLength(1)
  })

  test('on the page of the session, in the browser that has one and in no other', async () => {
    const at = await newClient({ name: 'Canteen' })
    const browser = createBrowser()
    const tokens = await agree(at, sanne.wallet, browser)
    const page = `${tenant.issuer}/session`
    expect((await browser.get(page)).text).toContain('Take back my yes: Canteen')
    expect((await createBrowser().get(page)).text).not.toContain('Canteen')
    const form = { client: at.client.id }
    expect((await createBrowser().post(`${page}/consent`, form)).status).toBe(404)
    const done = await browser.post(`${page}/consent`, form)
    expect([done.status, done.location]).toEqual([303, `${page}?done`])
    expect((await browser.get(done.location ?? '')).text).not.toContain('Canteen')
    await expectTakenBack(at, sanne.wallet, tokens)
  })

  test('by an administrator, who sees names and times; a repeat changes nothing', async () => {
    const at = await newClient({ name: 'Sports' })
    const tokens = await agree(at, sanne.wallet)
    const path = `/tenants/${SLUG}/identities/${sanne.id}/consents`
    const { body } = await admin.get(path)
    expect(body.consents).toContainEqual(
      expect.objectContaining({
        ...{ client_id: at.client.id, client_name: 'Sports', purpose: null },
        scopes: ['offline_access', 'openid', 'profile'],
        claims: expect.arrayContaining(['given_name']),
      }),
    )
    for (const _ of times(2, String))
      expect((await admin.delete(`${path}/${at.client.id}`)).status).toBe(200)
    const events = await rowsOf(
      ...([bridge, tenant, 'audit_event'] as const),
      `event_type = 'consent_withdrawn' AND client_id = '${at.client.id}'`,
    )
    expect(events).toHaveLength(1)
    await expectTakenBack(at, sanne.wallet, tokens)
    expect((await admin.get(`/tenants/demo/identities/${sanne.id}/consents`)).status).toBe(404)
    const narrow = await adminWith(bridge, ['clients:manage'])
    expect((await narrow.get(path)).status).toBe(403)
  })

  test('the relying party hears of a logout where it takes them', async () => {
    const at = await newClient({ backchannelLogoutUri: 'https://app.example/backchannel' })
    await agree(at, sanne.wallet)
    await admin.delete(`/tenants/${SLUG}/identities/${sanne.id}/consents/${at.client.id}`)
    const waiting = await rowsOf(
      ...([bridge, tenant, 'outbox'] as const),
      `client_id = '${at.client.id}'`,
    )
    expect(waiting).toHaveLength(1)
  })

  test('yeses and withdrawals at once: no token without a yes, whichever came last', async () => {
    const at = await newClient()
    const path = `/tenants/${SLUG}/identities/${sanne.id}/consents/${at.client.id}`
    const asked = await Promise.all(times(5, () => reachConsent(at.program, sanne.wallet)))
    await Promise.all([
      ...asked.map((each) => each.browser.post(each.url, { proof: each.proof, answer: 'yes' })),
      ...times(10, () => admin.delete(path)),
    ])
    const agreed = await consentsOf(at)
    const granted = await rowsOf(
      ...([bridge, tenant, 'login_grant'] as const),
      `client_id = '${at.client.id}' AND revoked_at IS NULL`,
    )
    if (agreed.length === 0) expect(granted).toEqual([])
    expect((await admin.delete(path)).status).toBe(200)
    expect(
      await rowsOf(
        ...([bridge, tenant, 'login_grant'] as const),
        `client_id = '${at.client.id}' AND revoked_at IS NULL`,
      ),
    ).toEqual([])
  })
})

test('logins that rest on an earlier yes, and its withdrawal at once: none is granted behind it', async () => {
  const at = await newClient()
  await agree(at, sanne.wallet)
  const path = `/tenants/${SLUG}/identities/${sanne.id}/consents/${at.client.id}`
  const attempts = await Promise.all(
    times(12, async () => {
      const browser = createBrowser()
      const { url } = await at.program.begin()
      const reply = await sanne.wallet.present(walletLinkOn((await browser.get(url)).text))
      return () => browser.get(reply.redirectUri ?? '')
    }),
  )
  const ended = await Promise.all([
    ...attempts.slice(0, 6).map((go) => go()),
    admin.delete(path),
    ...attempts.slice(6).map((go) => go()),
  ])
  expect(ended.filter(({ status }) => status >= 500)).toEqual([])
  expect(await consentsOf(at)).toEqual([])
  const left = await rowsOf(
    ...([bridge, tenant, 'login_grant'] as const),
    `client_id = '${at.client.id}' AND revoked_at IS NULL`,
  )
  expect(left).toEqual([])
})

describe('single sign-on', () => {
  /** A browser with a session of the tenant's own app, which asks nobody. */
  async function signedOn(): Promise<Browser> {
    const browser = createBrowser()
    await unasked(tenant.relyingParty, sanne.wallet, { prompt: 'login' }, browser)
    return browser
  }

  test('asks for the yes alone, and with it nobody is asked for anything', async () => {
    const at = await newClient()
    const browser = await signedOn()
    const attempt = await at.program.begin()
    const asked = askedOn(await browser.follow(attempt.url), attempt, browser)
    expect(asked.page.text).not.toContain('openid4vp:')
    const login = await sayYes(asked)
    expect(login.claims.given_name).toBe('Sanne')
    expect(await lastEvent(bridge, tenant)).toMatchObject({ type: 'consent_given' })
    const again = await at.program.begin({ prompt: 'none' })
    expect((await browser.get(again.url)).location).toContain('code=')
  })

  test('OP-18 prompt=none without a yes is consent_required, with nobody logged in login_required', async () => {
    const at = await newClient()
    const browser = await signedOn()
    const { url } = await at.program.begin({ prompt: 'none' })
    const { location = '' } = await browser.get(url)
    expect(new URL(location).searchParams.get('error')).toBe('consent_required')
    expect((await createBrowser().get(url)).location).toContain('error=login_required')
  })

  test('a no is access_denied, and the session goes on', async () => {
    const at = await newClient()
    const browser = await signedOn()
    const attempt = await at.program.begin()
    const { back } = await say(askedOn(await browser.follow(attempt.url), attempt, browser), 'no')
    expect(back).toContain('error=access_denied')
    const own = await tenant.relyingParty.begin({ prompt: 'none' })
    expect((await browser.get(own.url)).location).toContain('code=')
  })

  test('a session that ended while the person was asked grants nothing: login_required', async () => {
    const at = await newClient()
    const browser = await signedOn()
    const attempt = await at.program.begin()
    const asked = askedOn(await browser.follow(attempt.url), attempt, browser)
    await browser.post(`${tenant.issuer}/session`, {})
    const page = await browser.post(asked.url, { proof: asked.proof, answer: 'yes' })
    expect(page.text).toContain('error=login_required')
    expect(await consentsOf(at)).toEqual([])
  })

  test('a session that is somebody else’s by now grants nothing', async () => {
    const at = await newClient()
    const browser = await signedOn()
    const attempt = await at.program.begin()
    const asked = askedOn(await browser.follow(attempt.url), attempt, browser)
    const milan = await newPerson(bridge, tenant, 'milan')
    await unasked(tenant.relyingParty, milan.wallet, { prompt: 'login' }, browser)
    const page = await browser.post(asked.url, { proof: asked.proof, answer: 'yes' })
    expect(page.text).not.toContain('code=')
    expect(await consentsOf(at)).toEqual([])
  })

  test('fifty answers at once are one grant', async () => {
    const at = await newClient()
    const browser = await signedOn()
    const attempt = await at.program.begin()
    const asked = askedOn(await browser.follow(attempt.url), attempt, browser)
    const answers = await Promise.all(
      times(50, () => browser.post(asked.url, { proof: asked.proof, answer: 'yes' })),
    )
    expect(answers.filter(({ text }) => text.includes('code='))).toHaveLength(1)
    const grants = await rowsOf(
      ...([bridge, tenant, 'login_grant'] as const),
      `client_id = '${at.client.id}'`,
    )
    expect(grants).toHaveLength(1)
  })
})

describe('with the person', () => {
  test('a merge keeps the survivor’s yes alone; a split gives back both, without those given meanwhile', async () => {
    const slug = 'agreed-merged'
    const { tenant: there, older: one, newer: other } = await startTenant(bridge, slug)
    const [before, meanwhile] = [await newClient({}, there), await newClient({}, there)]
    await agree(before, other.wallet)
    const merge = await mergeIdentities(bridge.deps, ACTOR, slug, {
      ...{ mergedId: other.id, survivingId: one.id },
    })
    const asked = await reachAny(before, other.wallet)
    expect(asked.page.text).toContain('name="proof"')
    await sayYes(await reachAny(meanwhile, one.wallet))
    await splitIdentities(bridge.deps, ACTOR, slug, merge.id)
    await unasked(before.program, other.wallet)
    await reachConsent(meanwhile.program, one.wallet)
    expect(await rowsOf(bridge, there, 'consent')).toMatchObject([{ identity_id: other.id }])
    // Taken back by the survivor, it is taken back for both.
    const again = await mergeIdentities(bridge.deps, ACTOR, slug, {
      ...{ mergedId: other.id, survivingId: one.id },
    })
    await admin.delete(`/tenants/${slug}/identities/${one.id}/consents/${before.client.id}`)
    await splitIdentities(bridge.deps, ACTOR, slug, again.id)
    expect(await rowsOf(bridge, there, 'consent')).toEqual([])
  })

  test('GD-02 an export holds what was agreed to, and an erasure leaves nothing of it', async () => {
    const at = await newClient({ name: 'Archive' })
    await agree(at, sanne.wallet)
    const { browser, url } = await openOwn()
    const copy = JSON.parse((await browser.post(`${url}/export`, {})).text)
    expect(copy.consents).toContainEqual(
      expect.objectContaining({ client_id: at.client.id, client_name: 'Archive' }),
    )
    await eraseIdentity(bridge.deps, ACTOR, SLUG, { identityId: sanne.id, ground: 'objection' })
    expect(await rowsOf(bridge, tenant, 'consent', `identity_id = '${sanne.id}'`)).toEqual([])
  })
})

/** The page that asks, behind the choice of an account where there are several. */
async function reachAny({ program }: Asking, wallet: Wallet) {
  const browser = createBrowser()
  const attempt = await program.begin()
  const page = await browser.get(attempt.url)
  const reply = await wallet.present(walletLinkOn(page.text))
  let at = await browser.follow(reply.redirectUri ?? '', (url) => url.startsWith(REDIRECT_URI))
  const [, action] = /<form method="post" action="([^"]+\/account)">/.exec(at.text) ?? []
  if (action !== undefined) {
    const chosen = await browser.post(new URL(action, at.url).href, { account: '0' })
    at = await browser.follow(chosen.location ?? '')
  }
  return askedOn(at, attempt, browser)
}

/** Sanne's page of her own data. */
async function openOwn() {
  const browser = createBrowser()
  const begun = await browser.post(`${tenant.issuer}/privacy`, {})
  const reply = await sanne.wallet.present(walletLinkOn(begun.text))
  const { location: url = '' } = await browser.get(reply.redirectUri ?? '')
  return { browser, url, text: (await browser.get(url)).text }
}
