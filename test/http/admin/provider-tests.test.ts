import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser } from '../../../demo/browser.ts'
import { loginAt } from '../../../demo/institution.ts'
import { type Bridge, STUDENT, startBridge } from '../../support/bridge.ts'
import { query } from '../../support/postgres.ts'
import { type Admin, adminWith } from './client.ts'

let bridge: Bridge
let admin: Admin
const SURF = '/tenants/demo/providers/surf'

beforeAll(async () => {
  bridge = await startBridge()
  admin = await adminWith(bridge, ['providers:manage', 'audit:read', 'policies:manage'])
})
afterAll(() => bridge.stop())

const atInstitution = (url: string) => url.startsWith(bridge.institution.issuer)

/** Opens the address and logs in at the provider; the call-back's address, in the browser that is to follow it. */
async function tryLogin(browser = createBrowser()) {
  const created = await admin.post(`${SURF}/tests`, undefined)
  expect(created.status, created.text).toBe(201)
  const page = await browser.follow(String(created.body.url), atInstitution)
  if (page.location === undefined) throw new Error(`ended at ${page.url}`)
  const callback = await loginAt(page.location, STUDENT)
  return { id: String(created.body.id), url: String(created.body.url), browser, callback }
}

const people = async () => {
  const [row] = await query<{ n: number }>(
    bridge.database.superuserUrl,
    `SELECT ((SELECT count(*) FROM identity) + (SELECT count(*) FROM identity_match)
          + (SELECT count(*) FROM identity_link_binding) + (SELECT count(*) FROM match_guard))::int AS n`,
  )
  return row?.n
}

describe('issue 3 item 11 a test login', () => {
  test('shows once which claims came and what they become, and makes nobody known', async () => {
    const { id, browser, callback } = await tryLogin()
    expect((await admin.get(`${SURF}/tests/${id}`)).body).toMatchObject({
      state: 'started',
      reason: null,
      claims: [],
    })
    const shown = await browser.follow(callback, () => false)
    expect([shown.status, shown.url]).toEqual([
      200,
      `${bridge.tenant.issuer}/provider-test/${id}/result`,
    ])
    for (const text of [
      'The test login went well',
      'Sanne',
      'schac_home_organization',
      'institution_id',
    ]) {
      expect(shown.text).toContain(text)
    }
    expect((await browser.get(shown.url)).status).toBe(403)
    expect(await people()).toBe(0)
    const told = await admin.get(`${SURF}/tests/${id}`)
    expect(told.body).toMatchObject({ state: 'succeeded', missing: [] })
    expect(told.body.claims).toContain('given_name')
    expect(told.text).not.toContain('Sanne')
    const { events } = (await admin.get('/tenants/demo/audit-events?limit=2')).body
    expect(events).toMatchObject([
      { type: 'provider_tested', detail: { outcome: 'ok' } },
      { type: 'provider_test_created' },
    ])
    expect(await admin.get(SURF)).toMatchObject({
      body: { health: { last_success_at: expect.any(String) } },
    })
  })
  test('keeps no value readable in the database or the log, before and after it was seen', async () => {
    const { browser, callback } = await tryLogin()
    const stored = async () =>
      JSON.stringify(await query(bridge.database.superuserUrl, 'SELECT * FROM provider_test'))
    // The browser is at the result's address and has not looked yet.
    const back = await browser.follow(callback, (url) => url.endsWith('/result'))
    expect(await stored()).not.toMatch(/Sanne|noorderhaven/)
    await browser.get(String(back.location))
    expect(await stored()).not.toMatch(/Sanne|noorderhaven/)
    expect(bridge.lines.join('\n')).not.toMatch(/Sanne|noorderhaven\.example/)
  })
  test('works for a provider that is switched off, before it is offered', async () => {
    await admin.patch(SURF, { enabled: false })
    const { browser, callback } = await tryLogin()
    expect((await browser.follow(callback, () => false)).text).toContain('went well')
    await admin.patch(SURF, { enabled: true })
  })
  test('says what is wrong, and shows what came all the same', async () => {
    const before = (await admin.get(SURF)).body.allowed_organizations
    await admin.patch(SURF, { allowed_organizations: ['elsewhere.example'] })
    const { id, browser, callback } = await tryLogin()
    const shown = await browser.follow(callback, () => false)
    expect(shown.text).toContain('belongs to an organisation that is not allowed here')
    expect(shown.text).toContain('noorderhaven.example')
    expect((await admin.get(`${SURF}/tests/${id}`)).body).toMatchObject({
      state: 'failed',
      reason: 'institution_not_allowed',
    })
    await admin.patch(SURF, { allowed_organizations: before })
  })
  test('with a wrong secret says so', async () => {
    await admin.patch(SURF, { client_secret: 'not-the-secret' })
    const { id, browser, callback } = await tryLogin()
    expect((await browser.follow(callback, () => false)).text).toContain(
      'Is the client secret right?',
    )
    expect((await admin.get(`${SURF}/tests/${id}`)).body.reason).toBe('token_request_failed')
    expect((await admin.get(SURF)).body.health).toMatchObject({
      last_failure: 'token_request_failed',
    })
    await admin.patch(SURF, { client_secret: 'secret-of-demo' })
  })
  test('UP-20 fifty call-backs at once are one', async () => {
    const { browser, callback } = await tryLogin()
    const answers = await Promise.all(Array.from({ length: 50 }, () => browser.get(callback)))
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(49)
  })
  test('belongs to the browser that began it, and its address is spent with it', async () => {
    const { url, browser, callback } = await tryLogin()
    expect((await createBrowser().get(callback)).status).toBe(403)
    const result = await browser.follow(callback, (at) => at.endsWith('/result'))
    expect((await createBrowser().get(String(result.location))).status).toBe(403)
    expect((await browser.get(url)).status).toBe(404)
    expect((await browser.get(callback)).status).toBe(403)
    expect((await browser.get(String(result.location))).status).toBe(200)
  })
  test('may begin again before it ended, each try with its own state', async () => {
    const { url, browser, callback } = await tryLogin()
    const again = await browser.follow(url, atInstitution)
    expect((await browser.get(callback)).status).toBe(403)
    const second = await loginAt(String(again.location), STUDENT)
    expect((await browser.follow(second, () => false)).text).toContain('went well')
  })
  test('is over after a quarter of an hour', async () => {
    const created = await admin.post(`${SURF}/tests`, undefined)
    await query(
      bridge.database.superuserUrl,
      `UPDATE provider_test SET expires_at = '2026-01-01T00:00:00.000Z' WHERE id = '${created.body.id}'`,
    )
    expect((await createBrowser().get(String(created.body.url))).status).toBe(404)
    expect((await admin.get(`${SURF}/tests/nothing`)).status).toBe(404)
  })
})

describe('issue 3 item 11 a mapping is previewed', () => {
  const preview = (body: object) => admin.post(`${SURF}/mapping-preview`, body)
  const claims = {
    sub: 'u-1',
    given_name: 'Invented',
    sn: 'Name',
    schac_home_organization: 'noorderhaven.example',
    eduperson_scoped_affiliation: ['student@noorderhaven.example'],
    shoe_size: 44,
  }

  test('attributes with their claims, what is missing and what is unused', async () => {
    const { body } = await preview({ claims })
    expect(body).toEqual({
      identified: true,
      attributes: [
        ...[
          ['given_name', 'given_name', 'Invented', 'profile'],
          ['institution_id', 'schac_home_organization', 'noorderhaven.example', 'openid'],
          [
            'eduperson_scoped_affiliation',
            'eduperson_scoped_affiliation',
            ['student@noorderhaven.example'],
            'profile',
          ],
        ].map(([name, claim, value, released]) => ({ name, claim, value, kept: true, released })),
      ],
      missing: ['family_name'],
      unused: ['sn', 'shoe_size'],
    })
  })
  test('with other mappings, before they are saved', async () => {
    const { body } = await preview({ claims, attribute_mappings: { family_name: 'sn' } })
    expect(body).toMatchObject({ missing: [], unused: ['shoe_size'] })
    expect((await admin.get(SURF)).body.attribute_mappings).toEqual({})
  })
  test('an identifier that is missing, empty or several', async () => {
    for (const sub of [undefined, '', ' ', ['a', 'b'], 7]) {
      expect((await preview({ claims: { sub } })).body.identified).toBe(false)
    }
    expect((await preview({ claims: { sub: ['a'] } })).body.identified).toBe(true)
  })
  test('stores and logs nothing of the sample', async () => {
    await preview({ claims: { ...claims, given_name: 'Never-Written' } })
    expect(bridge.lines.join('\n')).not.toContain('Never-Written')
  })
})
