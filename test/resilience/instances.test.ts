import { fetchUserInfo } from 'openid-client'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { switchTenant } from '../../src/flow/switch-tenant.ts'
import type { Service } from '../../src/service.ts'
import { type AuditRow, brokenLinks } from '../support/audit-chain.ts'
import {
  ACTOR,
  type Bridge,
  logIn,
  presentAt,
  REDIRECT_URI,
  startBridge,
} from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { divertTraffic, type Sent } from './traffic.ts'

let bridge: Bridge
let other: Service
let knownWallet: Wallet
beforeAll(async () => {
  bridge = await startBridge()
  other = await bridge.startInstance()
  knownWallet = await bridge.newWallet()
  await logIn(bridge, knownWallet)
})
afterEach(() => vi.unstubAllGlobals())
afterAll(() => bridge.stop())

/** One request here, the next one there. */
function alternate(from: 0 | 1): Sent[] {
  const origins = [bridge.url, other.address]
  let turn = from
  return divertTraffic(bridge.url, () => origins[turn++ % 2] ?? bridge.url)
}

const count = async (table: string) => {
  const [row] = await query<{ n: number }>(
    bridge.database.superuserUrl,
    `SELECT count(*)::int AS n FROM ${table}`,
  )
  return row?.n
}

describe('two instances on one database', () => {
  test.each([0, 1] as const)(
    'share one login, request by request (first request to instance %i)',
    async (from) => {
      const sent = alternate(from)
      const wallet = await bridge.newWallet()
      const first = await logIn(bridge, wallet)
      expect(first.viaInstitution).toBe(true)
      const second = await logIn(bridge, wallet)
      expect(second.viaInstitution).toBe(false)
      expect(second.login.idToken.sub).toBe(first.login.idToken.sub)
      expect(second.login.claims).toEqual(first.login.claims)
      // The known holder's way is the shorter: page, request, answer, return, token, userinfo.
      expect(sent.length).toBeGreaterThanOrEqual(14)
      sent.forEach(({ to }, index) => {
        expect(to).toBe((index + from) % 2 === 0 ? bridge.url : other.address)
      })
    },
  )

  test('OP-42 OP-43 a code redeemed at one is spent at the other, and a second try ends what the first gave', async () => {
    const attempt = await bridge.tenant.relyingParty.begin()
    const browser = createBrowser()
    const returned = await presentAt(browser, knownWallet, attempt)
    const { location = '' } = await browser.follow(returned, (url) => url.startsWith(REDIRECT_URI))
    const { tokens, idToken } = await attempt.finish(location)
    divertTraffic(bridge.url, () => other.address)
    await expect(attempt.finish(location)).rejects.toMatchObject({ error: 'invalid_grant' })
    vi.unstubAllGlobals()
    const { configuration } = bridge.tenant.relyingParty
    await expect(
      fetchUserInfo(configuration, tokens.access_token, idToken.sub),
    ).rejects.toMatchObject({ status: 401 })
  })

  test('a tenant made at one is known at the other', async () => {
    const tenant = await bridge.addTenant('second')
    divertTraffic(bridge.url, () => other.address)
    const { login } = await logIn(bridge, await bridge.newWallet(), { tenant })
    expect(login.idToken.iss).toBe(tenant.issuer)
  })

  test('the clock is put back by an hour: what another instance changed is seen all the same', async () => {
    const { slug } = await bridge.addTenant('put-back')
    const discovery = () => fetch(`${bridge.url}/t/${slug}/.well-known/openid-configuration`)
    expect((await discovery()).status).toBe(200)
    bridge.clock.advance(-3_600_000)
    try {
      await query(
        bridge.database.superuserUrl,
        `UPDATE tenant SET enabled = 0, revision = revision + 1 WHERE slug = '${slug}'`,
      )
      expect((await discovery()).status).toBe(404)
    } finally {
      bridge.clock.advance(3_600_000)
    }
  })

  test('a change that is made here while the tenant is being prepared is seen at once', async () => {
    const { slug } = await bridge.addTenant('slowly')
    const { tenants } = bridge.deps
    const holder = new pg.Client({ connectionString: bridge.database.superuserUrl })
    await holder.connect()
    try {
      await holder.query('BEGIN; LOCK TABLE signing_key IN ACCESS EXCLUSIVE MODE')
      tenants.forget(slug)
      const slow = tenants.find(slug)
      await vi.waitFor(async () => {
        const waiting = await holder.query(
          `SELECT FROM pg_locks WHERE NOT granted AND relation = 'signing_key'::regclass`,
        )
        expect(waiting.rowCount).toBe(1)
      })
      await switchTenant(bridge.deps, ACTOR, slug, { enabled: false })
      tenants.forget(slug)
      await holder.query('COMMIT')
      await slow
    } finally {
      await holder.end()
    }
    expect(await tenants.find(slug)).toBeUndefined()
  })

  test('CR-43 eight first logins of one person at once, on both: one person, one account, one trail', async () => {
    const before = await count('identity')
    alternate(0)
    const wallets = await Promise.all(Array.from({ length: 8 }, () => bridge.newWallet()))
    const user = { username: 'milan', password: 'milan-demo' }
    const logins = await Promise.all(wallets.map((wallet) => logIn(bridge, wallet, { user })))
    expect(new Set(logins.map(({ login }) => login.idToken.sub)).size).toBe(1)
    expect(await count('identity')).toBe((before ?? 0) + 1)
    const trail = await query<AuditRow>(bridge.database.superuserUrl, 'SELECT * FROM audit_event')
    expect(brokenLinks(trail)).toEqual([])
  })
})
