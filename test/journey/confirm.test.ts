/** A wallet's first link: guarded against two people, named on a page, written once. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Browser, confirmActionOn, createBrowser, onwardLinkOn } from '../../demo/browser.ts'
import { loginAt } from '../../demo/institution.ts'
import { SANNE } from '../../demo/people.ts'
import { demoPolicies } from '../../demo/policies.ts'
import type { Attempt } from '../../demo/relying-party.ts'
import type { Wallet } from '../../demo/wallet.ts'
import type { TenantId } from '../../src/domain/ids.ts'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
import { expireJourneysJob } from '../../src/job/expire-journeys.ts'
import {
  ACTOR,
  type Bridge,
  logIn,
  presentAt,
  REDIRECT_URI,
  STUDENT,
  startBridge,
  type TestTenant,
} from '../support/bridge.ts'
import { eventsOf, journeyState, later, rows, tally, tenantIdOf, times } from '../threats/attack.ts'

let bridge: Bridge
let tenant: TestTenant
let count = 0
beforeAll(async () => {
  bridge = await startBridge()
})
beforeEach(async () => {
  const slug = `asks-${++count}`
  tenant = await bridge.addTenant(slug)
  const { attributes, selector } = demoPolicies(bridge.issuer)
  await publishPolicy(bridge.deps, ACTOR, slug, 'attributes', attributes)
  await publishPolicy(bridge.deps, ACTOR, slug, 'selector', selector)
})
afterAll(() => bridge.stop())

interface Asked {
  attempt: Attempt
  browser: Browser
  /** Where the page is, and what it says. */
  url: string
  text: string
  journeyId: string
}

/** A first login up to the page that asks. */
async function reachPage(wallet: Wallet, user = STUDENT): Promise<Asked> {
  const browser = createBrowser()
  const attempt = await tenant.relyingParty.begin()
  const returned = await presentAt(browser, wallet, attempt)
  const away = (await browser.get(returned)).location ?? ''
  const back = (await browser.get(await loginAt(away, user))).location ?? ''
  const { location } = await browser.get(back)
  const url = location ?? back
  const { text } = await browser.get(url)
  return { attempt, browser, url, text, journeyId: /login\/([^/]+)\//.exec(url)?.[1] ?? '' }
}

const people = () =>
  rows<{ count: string }>(
    bridge,
    `SELECT count(*) FROM identity WHERE tenant_id = (SELECT id FROM tenant WHERE slug = '${tenant.slug}')`,
  ).then(([row]) => Number(row?.count))

describe('row 26 the page names both sides before anything is written', () => {
  test('it shows the wallet’s name and issuer and the account’s, and nothing is linked until the button', async () => {
    const asked = await reachPage(await bridge.newWallet())
    expect(asked.url).toMatch(/\/confirm$/)
    for (const word of ['Sanne de Vries', 'SURF', 'issuer']) expect(asked.text).toContain(word)
    expect(await people()).toBe(0)
    expect((await journeyState(bridge, asked.journeyId)).state).toBe('confirming')

    const answer = await asked.browser.post(asked.url, {})
    const { idToken } = await asked.attempt.finish(onwardLinkOn(answer.text))
    expect(idToken.sub).toBeTruthy()
    expect(await people()).toBe(1)
  })

  test('the same wallet is not asked again, and a second one of the same person is', async () => {
    const wallet = await bridge.newWallet()
    const first = await logIn(bridge, wallet, { tenant })
    expect((await logIn(bridge, wallet, { tenant })).viaInstitution).toBe(false)
    const second = await reachPage(await bridge.newWallet())
    expect(confirmActionOn(second.text)).toBeDefined()
    const answer = await second.browser.post(second.url, {})
    const { idToken } = await second.attempt.finish(onwardLinkOn(answer.text))
    expect(idToken.sub).toBe(first.login.idToken.sub)
  })

  test('fifty presses of the button make one link and one code', async () => {
    const asked = await reachPage(await bridge.newWallet())
    const answers = await Promise.all(times(50, () => asked.browser.post(asked.url, {})))
    const codes = answers.filter(({ text }) => text.includes(`url=${REDIRECT_URI}?code=`))
    expect(codes).toHaveLength(1)
    expect(await people()).toBe(1)
    const events = await eventsOf(bridge, asked.journeyId)
    expect(tally(events.map(({ event_type }) => event_type))).toMatchObject({ binding_created: 1 })
  })

  test('looking does nothing; another browser and another tenant learn and do nothing', async () => {
    const asked = await reachPage(await bridge.newWallet())
    const stranger = createBrowser()
    expect((await stranger.get(asked.url)).status).toBe(404)
    expect((await stranger.post(asked.url, {})).status).toBe(404)
    const elsewhere = asked.url.replace(`/t/${tenant.slug}/`, '/t/demo/')
    expect((await asked.browser.post(elsewhere, {})).status).toBe(404)
    expect((await journeyState(bridge, asked.journeyId)).state).toBe('confirming')
    expect(await people()).toBe(0)
  })

  test('cancel and time end it without a link, and what was proved is gone', async () => {
    const refused = await reachPage(await bridge.newWallet())
    await refused.browser.post(refused.url.replace(/confirm$/, 'cancel'), {})
    expect((await journeyState(bridge, refused.journeyId)).failure).toBe('cancelled')
    expect((await refused.browser.post(refused.url, {})).location).toMatch(/\/continue$/)

    const forgotten = await reachPage(await bridge.newWallet())
    const id = (await tenantIdOf(bridge, tenant.slug)) as TenantId
    await later(bridge, 301_000, async () => {
      expect((await forgotten.browser.post(forgotten.url, {})).location).toMatch(/\/continue$/)
      await expireJourneysJob.run(bridge.deps, id, async () => true)
    })
    expect(
      await rows(
        bridge,
        `SELECT FROM reconciliation_session WHERE tenant_id = '${id}' AND encrypted_identity IS NOT NULL`,
      ),
    ).toEqual([])
    expect(await people()).toBe(0)
  })

  test('issue 3.7 nothing readable lies in the session while the page waits', async () => {
    const { journeyId } = await reachPage(await bridge.newWallet())
    const [session] = await rows<{ encrypted_identity: string }>(
      bridge,
      `SELECT encrypted_identity FROM reconciliation_session WHERE journey_id = '${journeyId}'`,
    )
    expect(session?.encrypted_identity).toMatch(/^v1\./)
  })
})

describe('issue 3.7 wallet and account of two people', () => {
  test('the login ends, says why to the person, writes the reason and no value, and links nothing', async () => {
    const wallet = await bridge.newWallet({ ...SANNE.credential, family_name: 'Vermeulen' })
    const asked = await reachPage(wallet)
    expect(asked.text).toContain('Your wallet and your account do not match')
    expect(await people()).toBe(0)
    const events = await eventsOf(bridge, asked.journeyId)
    expect(events).toContainEqual({
      event_type: 'reconciliation_failed',
      detail: { provider: 'surf', reason: 'person_conflict' },
    })
    expect(JSON.stringify(events)).not.toContain('Vermeulen')
    expect(bridge.lines.join()).not.toContain('Vermeulen')
  })

  test('a name that is spelled otherwise is no other person', async () => {
    const wallet = await bridge.newWallet({ ...SANNE.credential, family_name: 'DE  VRIES' })
    expect((await logIn(bridge, wallet, { tenant })).login.idToken.sub).toBeTruthy()
  })
})
