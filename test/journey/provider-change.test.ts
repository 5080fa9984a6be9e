import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import { loginAt } from '../../demo/institution.ts'
import { registerProvider } from '../../src/flow/register-provider.ts'
import { updateProvider } from '../../src/flow/update-provider.ts'
import { runNow } from '../../src/job/lease.ts'
import { refreshProvidersJob } from '../../src/job/refresh-providers.ts'
import {
  type HostileProvider,
  makeSigningKey,
  startHostileProvider,
} from '../institution/hostile-provider.ts'
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

describe('UP-04 what a provider says of itself is read again once it is a day old', () => {
  let provider: HostileProvider
  const SLUG = 'other'
  beforeAll(async () => {
    provider = await startHostileProvider(await makeSigningKey('k', 'ES256'))
    await registerProvider(bridge.deps, ACTOR, 'demo', {
      ...{ slug: SLUG, name: 'Other', issuer: provider.issuer, clientId: 'bridge' },
      ...{ authentication: 'client_secret_basic', clientSecret: 'a-secret-of-ours' },
      ...{ privateKey: undefined, scopes: ['openid'], idTokenAlgorithm: undefined },
      ...{ confirmedHosts: undefined, subjectType: undefined, identifierAttribute: 'sub' },
      ...{ attributeMappings: {}, acr: undefined, amr: undefined, allowedOrganizations: undefined },
    })
  })
  afterAll(() => provider.close())
  beforeEach(() => {
    provider.behave.metadata = (document) => document
    provider.behave.instead = {}
    bridge.clock.advance(25 * 3_600_000)
    return () => bridge.clock.advance(-25 * 3_600_000)
  })

  const stored = async () => {
    const [row] = await query<{ enabled: number; metadata: string; updated_at: string }>(
      bridge.database.superuserUrl,
      `SELECT enabled, metadata, updated_at FROM reconciliation_provider WHERE slug = '${SLUG}'`,
    )
    return { ...row, metadata: JSON.parse(row?.metadata ?? '{}') as Record<string, string> }
  }
  /** As if it was read a day ago; the job, for this provider alone. */
  const refresh = async () => {
    await query(
      bridge.database.superuserUrl,
      `UPDATE reconciliation_provider SET metadata = replace(metadata, '"fetched_at":"2', '"fetched_at":"1') WHERE slug = '${SLUG}'`,
    )
    return (await runNow(bridge.deps, refreshProvidersJob(bridge.deps), 'one'))?.counts
  }

  test('unchanged, its date stays; a new endpoint on its own host is taken over', async () => {
    const before = await stored()
    expect(await refresh()).toMatchObject({ quarantined: 0, unreachable: 0 })
    expect((await stored()).updated_at).toBe(before.updated_at)
    const moved = `${provider.issuer}/login`
    provider.behave.metadata = (document) => ({ ...document, authorization_endpoint: moved })
    await refresh()
    const after = await stored()
    expect([after.metadata.authorization_endpoint, after.enabled]).toEqual([moved, 1])
    expect(after.updated_at).not.toBe(before.updated_at)
  })

  test('one that cannot be reached keeps what it had', async () => {
    const before = await stored()
    provider.behave.instead.discovery = (_, response) => void response.writeHead(503).end()
    expect(await refresh()).toMatchObject({ unreachable: 1, quarantined: 0 })
    expect((await stored()).metadata.token_endpoint).toBe(before.metadata.token_endpoint)
  })

  test('what an administrator changes while it is asked is not put back', async () => {
    provider.behave.instead.discovery = (_, response) => {
      void updateProvider(bridge.deps, ACTOR, 'demo', SLUG, { name: 'Another' }).then(() =>
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ issuer: 'https://elsewhere.example' })),
      )
    }
    const before = await stored()
    expect(await refresh()).toMatchObject({ changed: 1, quarantined: 0 })
    const after = await stored()
    expect([after.enabled, after.updated_at === before.updated_at]).toEqual([1, false])
  })

  test('UP-02 an endpoint that moved to a host nobody confirmed: no login goes there any more', async () => {
    provider.behave.metadata = (document) => ({
      ...document,
      token_endpoint: 'https://elsewhere.example/token',
    })
    expect(await refresh()).toMatchObject({ quarantined: 1 })
    expect((await stored()).enabled).toBe(0)
    const [event] = await query<{ detail: string }>(
      bridge.database.superuserUrl,
      `SELECT detail FROM audit_event WHERE event_type = 'provider_updated' ORDER BY created_at DESC, seq DESC LIMIT 1`,
    )
    expect(JSON.parse(event?.detail ?? '{}')).toMatchObject({ actor: 'refresh-providers' })
  })
})
