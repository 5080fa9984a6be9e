import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import { loginAt } from '../../demo/institution.ts'
import { updateProvider } from '../../src/flow/update-provider.ts'
import {
  ACTOR,
  type Bridge,
  logIn,
  presentAt,
  REDIRECT_URI,
  STUDENT,
  startBridge,
} from '../support/bridge.ts'
import { query } from '../support/postgres.ts'

let bridge: Bridge
beforeAll(async () => {
  bridge = await startBridge()
})
afterAll(() => bridge.stop())

const change = (changes: Parameters<typeof updateProvider>[4]) =>
  updateProvider(bridge.deps, ACTOR, 'demo', 'surf', changes)
const AS_IT_WAS = {
  enabled: true,
  clientSecret: 'secret-of-demo',
  attributeMappings: {},
  acr: null,
  allowedOrganizations: ['noorderhaven.example'],
}
beforeEach(async () => {
  await change(AS_IT_WAS)
})

/** A stranger's login up to the institution's page; `finish` logs in there and comes back. */
async function loginUnderWay() {
  const browser = createBrowser()
  const attempt = await bridge.tenant.relyingParty.begin()
  const returned = await presentAt(browser, await bridge.newWallet(), attempt)
  const at = await browser.follow(returned, (url) => url.startsWith(bridge.institution.issuer))
  const { location } = at
  return {
    location,
    async finish() {
      if (location === undefined) throw new Error(`ended at ${at.url}`)
      const callback = await loginAt(location, STUDENT)
      const page = await browser.follow(callback, (url) => url.startsWith(REDIRECT_URI))
      return page.location === undefined ? page : await attempt.finish(page.location)
    },
  }
}

describe('issue 3 item 11 changes of a provider touch new logins only', () => {
  test('UP-04 one under way ends by the demands and mappings it began with; the next follows the new ones', async () => {
    const { finish } = await loginUnderWay()
    await change({
      allowedOrganizations: ['elsewhere.example'],
      attributeMappings: { given_name: 'nothing' },
      acr: ['urn:never'],
    })
    expect(await finish()).toMatchObject({ claims: { given_name: 'Sanne' } })
    const next = await (await loginUnderWay()).finish()
    expect(next).not.toHaveProperty('claims')
  })
  test('a rotated secret is the one that counts, for a login under way too', async () => {
    const { finish } = await loginUnderWay()
    bridge.institution.setClient({
      ...{ clientId: 'bridge-demo', clientSecret: 'rotated' },
      redirectUris: [`${bridge.tenant.issuer}/callback/${bridge.tenant.providerId}`],
    })
    await change({ clientSecret: 'rotated' })
    expect(await finish()).toMatchObject({ claims: { given_name: 'Sanne' } })
    bridge.institution.setClient({
      ...{ clientId: 'bridge-demo', clientSecret: 'secret-of-demo' },
      redirectUris: [`${bridge.tenant.issuer}/callback/${bridge.tenant.providerId}`],
    })
  })
  test('switched off, it ends logins under way too', async () => {
    const { finish } = await loginUnderWay()
    await change({ enabled: false })
    expect(await finish()).not.toHaveProperty('claims')
  })
})

test('issue 3 item 11 switched off by another instance, it is offered to nobody at once', async () => {
  expect((await logIn(bridge, await bridge.newWallet())).viaInstitution).toBe(true)
  const sessions = async () =>
    (await query(bridge.database.superuserUrl, 'SELECT id FROM reconciliation_session')).length
  const before = await sessions()
  // As another instance leaves it for the second in which this one still believes what it has read.
  await query(
    bridge.database.superuserUrl,
    `UPDATE reconciliation_provider SET enabled = 0 WHERE slug = 'surf'`,
  )
  const { location } = await loginUnderWay()
  expect(location).toBeUndefined()
  expect(await sessions()).toBe(before)
})
