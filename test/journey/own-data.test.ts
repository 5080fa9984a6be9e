/** A person asks what is held about them, with the wallet as proof, and has some or all of it erased. */
import { fetchUserInfo } from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import { loginAt } from '../../demo/institution.ts'
import { verifyReceipt } from '../../src/crypto/receipt.ts'
import { openOwn, prove } from '../people/own-data.ts'
import { accountOf, knownLogin, newPerson, type Person, rowsOf } from '../people/people.ts'
import {
  type Bridge,
  logIn,
  logInDirectly,
  pressDirect,
  startBridge,
  type TestTenant,
} from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { sealsOf } from '../threats/attack.ts'

let bridge: Bridge
beforeAll(async () => {
  bridge = await startBridge()
})
afterAll(() => bridge.stop())

/** To the institution and back, as somebody who has no wallet. */
async function proveAtInstitution(
  tenant: TestTenant,
  onAddress: (url: string) => void = () => undefined,
) {
  const browser = createBrowser()
  const begun = await browser.post(`${tenant.issuer}/privacy`, {})
  const address = await pressDirect(browser, begun)
  onAddress(address)
  const shown = await browser.follow(await loginAt(address, accountOf('sanne')), () => false)
  return { browser, url: shown.url, text: shown.text }
}

const useToken = ({ configuration, accessToken, sub }: Person) =>
  fetchUserInfo(configuration, accessToken, sub)

describe('issue 5 item 1: by the person', () => {
  test('EU-05 the address that wallets call is announced, and leads to a page', async () => {
    const { issuer } = bridge.tenant
    const metadata = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()
    expect(metadata).toMatchObject({ erasure_endpoint: `${issuer}/privacy` })
    const strange = await fetch(`${issuer}/privacy`, {
      ...{ method: 'POST', redirect: 'manual', headers: { 'sec-fetch-site': 'cross-site' } },
    })
    expect(strange.headers.get('location'), 'a form of another site').toBe('/t/demo/privacy')
    expect(strange.headers.getSetCookie(), 'keeps the browser’s cookie').toEqual([])
    const dutch = await fetch(`${issuer}/privacy`, { headers: { 'accept-language': 'nl' } })
    expect(await dutch.text()).toContain('Jouw gegevens bij ons')
  })

  test('GD-01 what is held is shown to who proves it with the wallet, and nothing changes by looking', async () => {
    const tenant = await bridge.addTenant('looking')
    const person = await newPerson(bridge, tenant, 'sanne')
    const before = await rowsOf(bridge, tenant, 'identity_link_binding')
    const { text, browser, url } = await openOwn(tenant, person.wallet)
    for (const word of ['given_name', 'Sanne', 'Wallet 1']) expect(text).toContain(word)
    const copy = await browser.post(`${url}/export`, {})
    expect(JSON.parse(copy.text)).toMatchObject({ persons: [{ id: person.id }] })
    expect(await rowsOf(bridge, tenant, 'identity_link_binding')).toEqual(before)
    expect((await useToken(person)).sub).toBe(person.sub)
    // No code comes of it: nobody is logged in anywhere.
    const [journey] = await rowsOf(bridge, tenant, 'journey', `purpose = 'privacy'`)
    expect(journey).toMatchObject({ state: 'managing' })
    expect((await createBrowser().get(url)).status).toBe(404)
    expect((await createBrowser().post(`${url}/erase`, { sure: 'yes' })).status).toBe(404)
    bridge.clock.advance(15 * 60_000 + 1)
    expect((await browser.get(url)).status).toBe(404)
    bridge.clock.advance(-15 * 60_000 - 1)
  })

  test('VP-133 no QR code leads to it: one that is relayed would show a stranger’s data and erase them', async () => {
    const browser = createBrowser()
    const begun = await browser.post(`${bridge.tenant.issuer}/privacy`, {})
    expect(begun.status).toBe(200)
    expect(begun.text).not.toContain('qr.svg')
    const below = `${bridge.tenant.issuer}/login/${/\/login\/([0-9a-f-]{36})/.exec(begun.text)?.[1]}`
    expect((await browser.get(below)).text).not.toContain('qr.svg')
    expect((await browser.get(`${below}/qr.svg`)).status).toBe(404)
    // Of a login of the same tenant there is one.
    const login = await browser.get((await bridge.tenant.relyingParty.begin()).url)
    expect(login.text).toContain('qr.svg')
  })

  test('a stranger is told so and nobody is linked; somebody restricted is not told that there is nothing', async () => {
    const tenant = await bridge.addTenant('strangers', { directLogin: true })
    const stranger = await bridge.newWallet()
    const page = await prove(tenant, stranger)
    expect(page.text).toContain('We keep nothing about you here')
    expect(await rowsOf(bridge, tenant, 'identity')).toEqual([])
    expect((await proveAtInstitution(tenant)).text).toContain('We keep nothing about you here')
    expect(await rowsOf(bridge, tenant, 'identity')).toEqual([])
    const person = await newPerson(bridge, tenant, 'sanne')
    await query(
      bridge.database.superuserUrl,
      `UPDATE identity SET status = 'RESTRICTED' WHERE id = '${person.id}'`,
    )
    for (const refused of [await prove(tenant, person.wallet), await proveAtInstitution(tenant)])
      expect(refused.text).toContain('We cannot log you in with this')
  })

  test('GD-01 who logs in without a wallet proves it by a new login at the institution; nothing is linked, and a session there is not enough', async () => {
    const tenant = await bridge.addTenant('own-direct', { directLogin: true })
    const { login } = await logInDirectly(bridge, { tenant })
    const before = await rowsOf(bridge, tenant, 'identity_link_binding')
    expect((await createBrowser().get(`${tenant.issuer}/privacy`)).text).toContain(
      'a new login at your institution',
    )
    const asked: string[] = []
    const { browser, url, text } = await proveAtInstitution(tenant, (address) =>
      asked.push(address),
    )
    expect(new URL(asked[0] ?? '').searchParams.get('prompt')).toBe('login')
    expect(new URL(asked[0] ?? '').searchParams.get('max_age')).toBe('0')
    expect(text).toContain('Sanne')
    expect(await rowsOf(bridge, tenant, 'identity_link_binding')).toEqual(before)
    const page = await browser.post(`${url}/erase`, { sure: 'yes' })
    expect(page.text).toContain('Everything about you is erased')
    const again = await logInDirectly(bridge, { tenant })
    expect(again.login.claims.sub).not.toBe(login.claims.sub)
    // Where nobody logs in without a wallet, nobody proves it so.
    const plain = await bridge.addTenant('own-plain')
    const begun = await createBrowser().post(`${plain.issuer}/privacy`, {})
    expect(begun.text).not.toContain('/direct"')
  })

  test('chosen attributes go from every link, and what was granted with them; the rest stays', async () => {
    const tenant = await bridge.addTenant('choosing')
    const person = await newPerson(bridge, tenant, 'sanne')
    const { browser, url } = await openOwn(tenant, person.wallet)
    const chosen = { 'attribute:given_name': 'yes', 'attribute:nonsense': 'yes' }
    const [held] = await rowsOf<{ id: string; persisted_attributes_envelope: string }>(
      ...([bridge, tenant, 'identity_link_binding'] as const),
    )
    const done = await browser.post(`${url}/attributes`, chosen)
    expect(done.location).toBe(`${url}?done`)
    const { text } = await browser.get(done.location ?? '')
    expect(text).not.toContain('Sanne')
    expect(text).toContain('de Vries')
    await expect(useToken(person)).rejects.toMatchObject({ status: 401 })
    const again = await knownLogin(tenant, person.wallet)
    expect(again.claims.sub).toBe(person.sub)
    expect(again.claims.family_name).toBe('de Vries')
    const [event] = await rowsOf<{ detail: string }>(
      ...([bridge, tenant, 'audit_event', `event_type = 'attributes_erased'`] as const),
    )
    expect(JSON.parse(event?.detail ?? '')).toMatchObject({ actor: 'person', links: 1 })
    // Row 41: who puts the attributes back into the database is found out.
    expect(await sealsOf(bridge, 'choosing')).toMatchObject({ texts: 2, untold: 0, older: 0 })
    const { id: row, persisted_attributes_envelope: before } = held ?? {}
    await query(
      bridge.database.superuserUrl,
      `UPDATE identity_link_binding SET persisted_attributes_envelope = '${before}' WHERE id = '${row}'`,
    )
    expect(await sealsOf(bridge, 'choosing')).toMatchObject({ older: 1, places: [{ row }] })
  })

  test('a link ends, and its wallet is a stranger’s', async () => {
    const tenant = await bridge.addTenant('unlinking-own')
    const person = await newPerson(bridge, tenant, 'sanne')
    const { browser, url, text } = await openOwn(tenant, person.wallet)
    const [, match = ''] = /name="match" value="([^"]+)"/.exec(text) ?? []
    expect((await browser.post(`${url}/unlink`, { match })).location).toBe(`${url}?done`)
    expect((await browser.post(`${url}/unlink`, { match: 'x' })).status).toBe(404)
    const ended = await rowsOf(bridge, tenant, 'identity_match', `deletion_reason = 'USER_UNLINK'`)
    expect(ended.length).toBeGreaterThan(0)
  })

  test('GD-05 everything goes after a yes; the receipt is genuine, and the wallet is a stranger’s', async () => {
    const tenant = await bridge.addTenant('everything')
    const person = await newPerson(bridge, tenant, 'sanne')
    const keys = (await (await fetch(`${tenant.issuer}/jwks`)).json()) as Parameters<
      typeof verifyReceipt
    >[1]
    const { browser, url } = await openOwn(tenant, person.wallet)
    expect((await browser.post(`${url}/erase`, {})).status).toBe(400)
    const page = await browser.post(`${url}/erase`, { sure: 'yes' })
    const [, receipt = ''] = /<pre[^>]*>([^<]+)<\/pre>/.exec(page.text) ?? []
    expect(verifyReceipt(receipt, keys)).toMatchObject({
      ...{ persons: [person.id], ground: 'consent_withdrawn' },
    })
    expect(await rowsOf(bridge, tenant, 'journey')).toEqual([])
    expect((await browser.get(url)).status).toBe(404)
    await expect(useToken(person)).rejects.toMatchObject({ status: 401 })
    const again = await logIn(bridge, person.wallet, { tenant })
    expect(again.viaInstitution).toBe(true)
    expect(again.login.claims.sub).not.toBe(person.sub)
  })
})
