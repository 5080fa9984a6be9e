/** The page of compliance staff, as a browser meets it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Browser, createBrowser, type Page } from '../../demo/browser.ts'
import { allRoutes } from '../../src/app.ts'
import { verifyReceipt } from '../../src/crypto/receipt.ts'
import type { AdminScope } from '../../src/domain/admin.ts'
import { newPerson, type Person, rowsOf, startTenant } from '../people/people.ts'
import { type Bridge, logIn, startBridge, type TestTenant } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { adminWith } from './admin/client.ts'

let bridge: Bridge
beforeAll(async () => {
  bridge = await startBridge()
})
afterAll(() => bridge.stop())

const ALL: readonly AdminScope[] = ['identities:manage', 'privacy:erase', 'privacy:export']
const at = (path = '') => `${bridge.url}/compliance${path}`
const csrfOn = ({ text }: Page) => /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? ''
const pathOf = (person: Person) => at(`/people/${person.id}`)

async function signIn(slug: string, scopes = ALL, tenant?: string) {
  const { token } = await adminWith(bridge, scopes, tenant)
  const browser = createBrowser()
  const answer = await browser.post(at('/session'), { tenant: slug, token })
  return { browser, answer, token }
}

/** Presses a button as the person's page has it. */
async function press(browser: Browser, url: string, action: string, form = {}): Promise<Page> {
  const csrf = csrfOn(await browser.get(url))
  return await browser.post(`${url}/${action}`, { csrf, ...form })
}

describe('issue 5 item 1: signing in', () => {
  test('an admin token becomes a strict cookie of a quarter of an hour; the page asks for whom', async () => {
    const { browser, answer } = await signIn('demo')
    expect([answer.status, answer.location]).toEqual([303, at()])
    const cookie = answer.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(
      /^__Host-bridge-compliance=[\w-]{43}; Path=\/; Max-Age=900; HttpOnly; Secure; SameSite=Strict$/,
    )
    const page = await browser.get(at())
    expect(page.text).toContain('Account at SURF')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(page.headers.get('x-frame-options')).toBe('DENY')
    expect(page.headers.get('cache-control')).toBe('no-store')
    bridge.clock.advance(15 * 60_000 + 1)
    expect((await browser.get(at())).text).toContain('name="token"')
    expect((await browser.get(at('/people/x'))).location).toBe(at('?over'))
    bridge.clock.advance(-15 * 60_000 - 1)
  })

  test.each([
    ['without the scope', ['privacy:erase'], undefined],
    ['of another tenant', ALL, 'other'],
  ] as const)(
    'a token %s is refused, in the same words as a wrong one',
    async (_, scopes, tenant) => {
      if (tenant !== undefined) await bridge.addTenant(tenant)
      const { answer } = await signIn('demo', scopes, tenant)
      const wrong = await createBrowser().post(at('/session'), { tenant: 'demo', token: 'iba_x' })
      const words = (page: Page) => page.text.replaceAll(/nonce="[^"]+"/g, '')
      expect([answer.status, wrong.status]).toEqual([401, 401])
      expect(words(answer)).toBe(words(wrong))
      expect(answer.headers.get('set-cookie')).toBeNull()
    },
  )

  test('signing out, and revoking the token, end it at once', async () => {
    const out = await signIn('demo')
    const csrf = csrfOn(await out.browser.get(at()))
    const kept = out.browser.steal()
    expect((await out.browser.post(at('/session/end'), { csrf })).status).toBe(303)
    expect((await kept.get(at())).text).toContain('name="token"')
    const revoked = await signIn('demo')
    await query(bridge.database.superuserUrl, `UPDATE admin_token SET revoked_at = created_at`)
    expect((await revoked.browser.get(at())).text).toContain('name="token"')
  })

  test('another site can neither send a form nor sign anybody in', async () => {
    const { tenant, older } = await startTenant(bridge, 'forgery')
    const { browser, token } = await signIn('forgery')
    for (const csrf of ['', 'x'.repeat(43)]) {
      const sent = await browser.post(`${pathOf(older)}/erase`, {
        ...{ csrf, ground: 'objection', sure: 'yes' },
      })
      expect(sent.location).toBe(at('?over'))
    }
    const [row] = await rowsOf(bridge, tenant, 'identity', `id = '${older.id}'`)
    expect(row).toMatchObject({ status: 'ACTIVE' })
    const foreign = await fetch(at('/session'), {
      ...{ method: 'POST', redirect: 'manual', headers: { 'sec-fetch-site': 'cross-site' } },
      body: new URLSearchParams({ tenant: 'demo', token }),
    })
    expect([foreign.status, foreign.headers.get('set-cookie')]).toEqual([303, null])
  })
})

describe('issue 5 item 1: a person on the page', () => {
  let tenant: TestTenant
  let person: Person
  let browser: Browser
  beforeAll(async () => {
    tenant = await bridge.addTenant('staffed')
    person = await newPerson(bridge, tenant, 'sanne')
    browser = (await signIn('staffed')).browser
  })
  const find = async (by: string, value: string) =>
    await browser.post(at('/find'), { csrf: csrfOn(await browser.get(at())), by, value })

  test('is found by an account, by id, and not by a word of another form', async () => {
    const account = bridge.institution.subjectOf('sanne', 'bridge-staffed')
    expect((await find('account:surf', account)).location).toBe(pathOf(person))
    expect((await find('id', person.id)).location).toBe(pathOf(person))
    expect((await find('account:surf', 'nobody')).status).toBe(404)
    expect((await find('key', 'x')).status).toBe(400)
  })

  test('what is held is shown as counts, and nothing of it is opened', async () => {
    const { text, status } = await browser.get(pathOf(person))
    expect(status).toBe(200)
    expect(text).toMatch(/Links between them, with attributes<\/th><td>1</)
    for (const word of ['Sanne', person.sub, 'uEi', 'v1.']) expect(text).not.toContain(word)
    const dutch = await fetch(pathOf(person), {
      headers: { cookie: browser.cookies(bridge.url), 'accept-language': 'nl' },
    })
    expect(await dutch.text()).toContain('Wat er bewaard wordt')
  })

  test('a link ends and comes back; what cannot be now is said', async () => {
    const [match] = await rowsOf<{ id: string }>(bridge, tenant, 'identity_match', `hash_key = 'A'`)
    const link = { match: match?.id ?? '', reason: 'USER_UNLINK' }
    const ended = await press(browser, pathOf(person), 'unlink', link)
    expect(ended.location).toBe(`${pathOf(person)}?outcome=done`)
    expect((await browser.get(ended.location ?? '')).text).toContain('Bring back: Wallet')
    const restored = await press(browser, pathOf(person), 'restore', link)
    expect(restored.location).toBe(`${pathOf(person)}?outcome=done`)
    await press(browser, pathOf(person), 'restriction', { restricted: 'yes' })
    const refused = await press(browser, pathOf(person), 'unlink', link)
    expect(refused.location).toBe(`${pathOf(person)}?outcome=notNow`)
    await press(browser, pathOf(person), 'restriction', { restricted: 'no' })
    expect((await logIn(bridge, person.wallet, { tenant })).login.claims.sub).toBe(person.sub)
  })

  test('issue 5 item 1: what the person agreed to is shown by name, and taken back for them', async () => {
    await query(
      bridge.database.superuserUrl,
      `INSERT INTO consent (tenant_id, identity_id, client_id, scopes, claims, created_at, updated_at)
       SELECT tenant_id, id, 'app', '["openid"]', '["given_name"]', created_at, created_at FROM identity WHERE id = '${person.id}'`,
    )
    const { text } = await browser.get(pathOf(person))
    expect(text).toMatch(/agreed on [^:]+: <bdi>openid, given_name<\/bdi>/)
    expect(text).not.toContain('Sanne')
    const taken = await press(browser, pathOf(person), 'consent', { client: 'app' })
    expect(taken.location).toBe(`${pathOf(person)}?outcome=done`)
    expect((await browser.get(pathOf(person))).text).not.toContain('agreed on')
    expect(await rowsOf(bridge, tenant, 'consent')).toEqual([])
    const [event] = await rowsOf(bridge, tenant, 'audit_event', `event_type = 'consent_withdrawn'`)
    expect(event).toMatchObject({ client_id: 'app' })
  })

  test('everything held comes as a file', async () => {
    const file = await press(browser, pathOf(person), 'export')
    expect(file.headers.get('content-disposition')).toContain('attachment')
    expect(JSON.parse(file.text)).toMatchObject({ persons: [{ id: person.id }] })
  })

  test('row 36 somebody of another tenant is nobody, on every page and to every button', async () => {
    const elsewhere = await newPerson(bridge, bridge.tenant, 'milan')
    const routes = allRoutes(bridge.deps).filter(({ path }) => path.includes('/people/:identity'))
    expect(routes.length).toBeGreaterThan(9)
    const form = {
      ...{
        csrf: csrfOn(await browser.get(at())),
        match: 'x',
        reason: 'USER_UNLINK',
        client: 'app',
      },
      ...{ restricted: 'yes', ground: 'objection', sure: 'yes' },
    }
    for (const { method, path } of routes)
      for (const id of [elsewhere.id, crypto.randomUUID()]) {
        const url = `${bridge.url}${path.replace(':identity', id)}`
        const told = method === 'GET' ? await browser.get(url) : await browser.post(url, form)
        expect([method, path, told.status]).toEqual([method, path, 404])
      }
    const [row] = await rowsOf(bridge, bridge.tenant, 'identity', `id = '${elsewhere.id}'`)
    expect(row).toMatchObject({ status: 'ACTIVE' })
  })

  test('no more than the token may do is offered, or done', async () => {
    const weaker = (await signIn('staffed', ['identities:manage'])).browser
    const { text } = await weaker.get(pathOf(person))
    expect(text).not.toMatch(/\/erase"|\/export"/)
    const form = { ground: 'objection', sure: 'yes' }
    expect((await press(weaker, pathOf(person), 'erase', form)).status).toBe(403)
    expect((await press(weaker, pathOf(person), 'export')).status).toBe(403)
  })

  test('is erased after a question, for good; the receipt is shown, genuine, and there again', async () => {
    const set = await fetch(`${tenant.issuer}/jwks`)
    const keys = (await set.json()) as Parameters<typeof verifyReceipt>[1]
    const question = await browser.get(`${pathOf(person)}/erase`)
    expect(question.text).toContain('Erase this person?')
    const form = { ground: 'consent_withdrawn' }
    expect((await press(browser, pathOf(person), 'erase', form)).status).toBe(400)
    const sure = { ...form, sure: 'yes' }
    const erased = await press(browser, pathOf(person), 'erase', sure)
    expect(erased.location).toBe(`${pathOf(person)}/receipt`)
    const page = await browser.get(erased.location ?? '')
    expect(page.text).toMatch(/Links between them, with attributes<\/th><td>1</)
    const file = await browser.get(`${pathOf(person)}/receipt.jwt`)
    expect(verifyReceipt(file.text.trim(), keys)).toMatchObject({ persons: [person.id] })
    expect(page.text).toContain(file.text.trim())
    expect((await browser.get(pathOf(person))).text).toContain('Erased')
    expect((await browser.get(`${pathOf(person)}/erase`)).location).toBe(erased.location)
    const again = await logIn(bridge, person.wallet, { tenant })
    expect(again.login.claims.sub).not.toBe(person.sub)
  })
})
