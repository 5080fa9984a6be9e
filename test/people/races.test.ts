/** What happens to one person at the same moment, on one instance or two (issue 3, item 12; CR-41 to CR-44). */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Browser, createBrowser } from '../../demo/browser.ts'
import { loginAt } from '../../demo/institution.ts'
import { walletOf } from '../../demo/people.ts'
import { createKeyringText, parseKeyring } from '../../src/crypto/keyring.ts'
import { newKeySecret } from '../../src/crypto/keyring-text.ts'
import type { MatchId } from '../../src/domain/ids.ts'
import { mergeIdentities } from '../../src/flow/merge-identities.ts'
import { splitIdentities } from '../../src/flow/split-identities.ts'
import { unlink } from '../../src/flow/unlink.ts'
import { createLog } from '../../src/log.ts'
import { type Service, startService } from '../../src/service.ts'
import { divertTraffic } from '../resilience/traffic.ts'
import {
  ACTOR,
  type Bridge,
  logIn,
  presentAt,
  REDIRECT_URI,
  startBridge,
  type TestTenant,
  testConfig,
} from '../support/bridge.ts'
import { isRelyingParty, type Opened, reachInstitution } from '../threats/attack.ts'
import { accountOf, demoPerson, knownLogin, type Person, rowsOf, startTenant } from './people.ts'

afterEach(() => vi.unstubAllGlobals())

interface Entry {
  key: 'A' | 'B' | 'C'
  version: number
  state: string
  secret: string
}

/** Keyrings of two neighbouring steps of a roll-out (CR-41): the one can read the new version, the other writes it. */
function neighbouringKeyrings(rotated: 'A' | 'B'): [before: string, after: string] {
  const { keys } = JSON.parse(createKeyringText()) as { keys: Entry[] }
  const secret = Buffer.from(newKeySecret()).toString('base64url')
  const withStates = (first: string, second: string) =>
    JSON.stringify({
      keys: [
        ...keys.map((entry) => (entry.key === rotated ? { ...entry, state: first } : entry)),
        { key: rotated, version: 2, state: second, secret },
      ],
    })
  return [withStates('current', 'pending'), withStates('previous', 'current')]
}

describe.each(['A', 'B'] as const)(
  'two instances on neighbouring steps of a rotation of key %s',
  (rotated) => {
    let bridge: Bridge
    let other: Service
    beforeAll(async () => {
      const [before, after] = neighbouringKeyrings(rotated)
      bridge = await startBridge({ keyring: before })
      const config = { ...testConfig(Number(new URL(bridge.url).port)), port: 0 }
      other = await startService(config, {
        ...{ databaseUrl: bridge.database.runtimeUrl, keyring: parseKeyring(after) },
        ...{ clock: bridge.clock.now, log: createLog('silent') },
      })
    })
    afterAll(async () => {
      await other.stop()
      await bridge.stop()
    })

    /** Logins up to the institution's answer, one instance after the other; then all of them come back at once. */
    async function logInAtOnce(
      tenant: TestTenant,
      wallets: readonly Awaited<ReturnType<typeof walletOf>>[],
    ) {
      const origins = [bridge.url, other.address]
      let turn = 0
      divertTraffic(bridge.url, () => origins[turn++ % 2] ?? bridge.url)
      const waiting: { opened: Opened; callback: string }[] = []
      for (const wallet of wallets) {
        const opened = await reachInstitution(tenant, wallet)
        waiting.push({
          opened,
          callback: await loginAt(opened.authorizationUrl, accountOf('sanne')),
        })
      }
      return await Promise.all(
        waiting.map(async ({ opened, callback }) => {
          const page = await opened.browser.follow(callback, isRelyingParty)
          return (await opened.attempt.finish(page.location ?? '')).claims.sub
        }),
      )
    }

    test('CR-41 CR-43 row 46 fifty first logins of one wallet and account at once: one person, each identifier once', async () => {
      const tenant = await bridge.addTenant('one-wallet')
      const wallet = await walletOf(demoPerson('sanne'), bridge.issuer)
      const subjects = await logInAtOnce(
        tenant,
        Array.from({ length: 50 }, () => wallet),
      )
      expect(new Set(subjects).size).toBe(1)
      expect(await rowsOf(bridge, tenant, 'identity')).toHaveLength(1)
      const matches = await rowsOf<{ identifier_type: string }>(bridge, tenant, 'identity_match')
      expect(matches.map(({ identifier_type }) => identifier_type).sort()).toEqual([
        ...['KEY', 'SUBJECT_ID'],
      ])
      expect(await rowsOf(bridge, tenant, 'identity_link_binding')).toHaveLength(1)
    })

    test('CR-42 CR-44 twenty wallets of one account at once: one person, and each is known at either instance afterwards', async () => {
      const tenant = await bridge.addTenant('many-wallets')
      const wallets = await Promise.all(
        Array.from({ length: 20 }, () => walletOf(demoPerson('sanne'), bridge.issuer)),
      )
      const subjects = await logInAtOnce(tenant, wallets)
      expect(new Set(subjects).size).toBe(1)
      expect(await rowsOf(bridge, tenant, 'identity')).toHaveLength(1)
      vi.unstubAllGlobals()
      for (const at of [other.address, bridge.url]) {
        divertTraffic(bridge.url, () => at)
        for (const wallet of wallets.slice(0, 3)) {
          const { login, viaInstitution } = await logIn(bridge, wallet, { tenant })
          expect([viaInstitution, login.claims.sub]).toEqual([false, subjects[0]])
        }
        vi.unstubAllGlobals()
      }
      expect(await rowsOf(bridge, tenant, 'identity_match', "hash_key = 'A'")).toHaveLength(20)
    })
  },
)

describe('one person, two things at once', () => {
  let bridge: Bridge
  beforeAll(async () => {
    bridge = await startBridge()
  })
  afterAll(() => bridge.stop())

  /** Logins of a known wallet that only have to return from it. */
  function presented(tenant: TestTenant, person: Person, count: number) {
    return Promise.all(
      Array.from({ length: count }, async () => {
        const browser = createBrowser()
        const attempt = await tenant.relyingParty.begin()
        return { browser, attempt, url: await presentAt(browser, person.wallet, attempt) }
      }),
    )
  }
  const isDone = (url: string) =>
    url.startsWith(REDIRECT_URI) ||
    url.startsWith(bridge.institution.issuer) ||
    url.endsWith('/account')
  const comeBack = async ({ browser, url }: { browser: Browser; url: string }) => {
    const page = await browser.follow(url, isDone)
    expect(page.status).toBeLessThan(500)
    return page.location
  }
  const isCode = (location: string | undefined) =>
    location?.startsWith(REDIRECT_URI) === true && new URL(location).searchParams.has('code')

  test('issue 3 item 12 unlink against forty logins: none is granted once it returned, and no code of theirs is worth anything', async () => {
    const { tenant, older } = await startTenant(bridge, 'unlinked')
    const [match] = await rowsOf<{ id: MatchId }>(
      ...[bridge, tenant, 'identity_match'],
      `internal_identity_id = '${older.id}' AND hash_key = 'A'`,
    )
    const logins = await presented(tenant, older, 40)
    const late = await presented(tenant, older, 5)
    const identityId = older.id
    const request = { identityId, matchId: match?.id as MatchId, reason: 'USER_UNLINK' } as const
    const [ends] = await Promise.all([
      Promise.all(logins.map(comeBack)),
      unlink(bridge.deps, ACTOR, tenant.slug, request),
    ])
    // Whoever comes now meets a stranger's way.
    for (const login of late) expect(isCode(await comeBack(login))).toBe(false)
    const granted = logins.flatMap(({ attempt }, index) => {
      const location = ends[index]
      return isCode(location) ? [{ attempt, location: location ?? '' }] : []
    })
    for (const { attempt, location } of granted)
      await expect(attempt.finish(location)).rejects.toMatchObject({ error: 'invalid_grant' })
    const [row] = await rowsOf<{ deletion_reason: string; identifier_hash: string }>(
      ...[bridge, tenant, 'identity_match', `id = '${match?.id}'`],
    )
    expect(row).toMatchObject({
      ...{ deletion_reason: 'USER_UNLINK', identifier_hash: `deleted:${match?.id}` },
    })
  })

  test('item 6 merge, then split, each against thirty logins: every login ends, and both end as the rows say', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'merged')
    const pair = { mergedId: newer.id, survivingId: older.id }
    const merging = await presented(tenant, newer, 30)
    const [merge] = await Promise.all([
      mergeIdentities(bridge.deps, ACTOR, tenant.slug, pair),
      ...merging.map(comeBack),
    ])
    expect((await knownLogin(tenant, newer.wallet)).claims.sub).toBe(older.claims.sub)
    const splitting = await presented(tenant, newer, 30)
    await Promise.all([
      splitIdentities(bridge.deps, ACTOR, tenant.slug, merge.id),
      ...splitting.map(comeBack),
    ])
    for (const person of [older, newer])
      expect((await knownLogin(tenant, person.wallet)).claims).toEqual(person.claims)
    const strayed = await rowsOf(
      ...[bridge, tenant, 'identity_match'],
      `deleted_at IS NULL AND internal_identity_id NOT IN (SELECT id FROM identity WHERE status = 'ACTIVE')`,
    )
    expect(strayed).toEqual([])
  })

  test('item 6 a first login by the merged person’s account while it is merged: the wallet is the survivor’s or nobody’s', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'joining')
    const wallets = await Promise.all(
      Array.from({ length: 10 }, () => walletOf(demoPerson('milan'), bridge.issuer)),
    )
    const waiting: { opened: Opened; callback: string }[] = []
    for (const wallet of wallets) {
      const opened = await reachInstitution(tenant, wallet)
      waiting.push({ opened, callback: await loginAt(opened.authorizationUrl, accountOf('milan')) })
    }
    await Promise.all([
      mergeIdentities(bridge.deps, ACTOR, tenant.slug, {
        ...{ mergedId: newer.id, survivingId: older.id },
      }),
      ...waiting.map(async ({ opened, callback }) => {
        const page = await opened.browser.follow(callback, isDone)
        expect(page.status).toBeLessThan(500)
      }),
    ])
    const owners = await rowsOf<{ id: string }>(
      ...[bridge, tenant, 'identity_match', 'deleted_at IS NULL'],
      'DISTINCT internal_identity_id AS id',
    )
    expect(owners).toEqual([{ id: older.id }])
  })
})
