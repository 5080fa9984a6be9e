import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import type { Wallet } from '../../demo/wallet.ts'
import { isAlive } from '../../src/embedded/cluster.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/embedded/postgres.ts'
import { migrate, migrationFolder, readMigrations } from '../../src/store/migrate.ts'
import { type AuditRow, brokenLinks } from '../support/audit-chain.ts'
import { type Bridge, logIn, startBridge } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { divertTraffic } from './traffic.ts'

vi.setConfig({ testTimeout: 90_000 })

const FOLDER = mkdtempSync(path.join(os.tmpdir(), 'bridge-restart-'))
/** Durable, unlike the tests' common server: what was answered must be there after a crash. */
const startServer = () => startEmbeddedPostgres({ folder: FOLDER })

let server: EmbeddedPostgres
let bridge: Bridge
beforeAll(async () => {
  server = await startServer()
  await migrate(server.ownerUrl, await readMigrations(migrationFolder()))
  const { ownerUrl, runtimeUrl, superuserUrl } = server
  const database = { name: '', ownerUrl, runtimeUrl, superuserUrl, drop: () => server.stop() }
  bridge = await startBridge({ database })
})
afterEach(() => vi.unstubAllGlobals())
afterAll(async () => {
  await bridge.stop()
  rmSync(FOLDER, { recursive: true })
})

const ask = <Row extends object>(text: string) => query<Row>(bridge.database.superuserUrl, text)

/** As a power cut would: no checkpoint, no good-bye; the next start recovers from the log. */
async function crash(): Promise<void> {
  const pid = Number.parseInt(
    readFileSync(path.join(server.dataDirectory, 'postmaster.pid'), 'utf8'),
    10,
  )
  process.kill(pid, 'SIGQUIT')
  await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false)
}

const USERS = ['sanne', 'milan', 'noor'].map((name) => ({
  username: name,
  password: `${name}-demo`,
}))

const userOf = (index: number) => USERS[index % USERS.length] ?? { username: '', password: '' }

/** One person's wallet, used again and again until told to stop; who is refused for the moment comes back. */
function keepLoggingIn(wallet: Wallet, user: (typeof USERS)[number], enough: AbortSignal) {
  const seen = { logins: 0, subjects: new Set<string>(), interrupted: 0 }
  const ended = (async () => {
    while (!enough.aborted) {
      try {
        const { login } = await logIn(bridge, wallet, { user })
        seen.subjects.add(login.idToken.sub)
        seen.logins++
      } catch {
        // Judged below by what the service answered; here a login that broke off is only begun anew.
        seen.interrupted++
        await wait(100)
      }
    }
  })()
  return { seen, user, ended }
}

test('RE-08 a restart and a crash of Postgres under load cost some 503 answers and no wrong one', async () => {
  const sent = divertTraffic(bridge.url, () => bridge.url)
  const wallets = await Promise.all(Array.from({ length: 20 }, () => bridge.newWallet()))
  const enough = new AbortController()
  const loops = wallets.map((wallet, index) => keepLoggingIn(wallet, userOf(index), enough.signal))
  const oneMoreEach = async () => {
    const before = loops.map(({ seen }) => seen.logins)
    await expect
      .poll(() => loops.filter(({ seen }, index) => seen.logins <= (before[index] ?? 0)).length, {
        timeout: 30_000,
        interval: 50,
      })
      .toBe(0)
  }
  const probe = async (name: 'health' | 'ready') => (await fetch(`${bridge.url}/${name}`)).status
  try {
    // The first restart meets first logins as well as later ones.
    await expect
      .poll(() => loops.filter(({ seen }) => seen.logins > 0).length, {
        timeout: 30_000,
        interval: 20,
      })
      .toBeGreaterThan(5)
    for (const goDown of [() => server.stop(), crash]) {
      await goDown()
      expect(await probe('ready')).toBe(503)
      expect(await probe('health')).toBe(200)
      await wait(200)
      server = await startServer()
      await oneMoreEach()
      expect(await probe('ready')).toBe(200)
    }
  } finally {
    enough.abort()
    await Promise.all(loops.map(({ ended }) => ended))
  }

  const journey = sent.filter(({ path: at }) => at !== '/ready' && at !== '/health')
  const odd = journey.filter(({ status }) => ![200, 303, 503].includes(status))
  expect(odd, 'every answer is a right one or "try again"').toEqual([])
  const unavailable = journey.filter(({ status }) => status === 503)
  expect(unavailable.length).toBeGreaterThan(0)
  expect(unavailable.filter(({ retryAfter }) => !/^\d+$/.test(retryAfter ?? ''))).toEqual([])
  const interrupted = loops.reduce((sum, { seen }) => sum + seen.interrupted, 0)
  expect(interrupted, 'no login broke off without being told').toBeLessThanOrEqual(
    unavailable.length,
  )

  for (const user of USERS) {
    const subjects = loops
      .filter((loop) => loop.user === user)
      .flatMap(({ seen }) => [...seen.subjects])
    expect(new Set(subjects).size, `${user.username} is one person`).toBe(1)
  }
  expect(await ask('SELECT FROM identity')).toHaveLength(USERS.length)
  expect(await ask(`SELECT FROM identity_match WHERE hash_key = 'A'`)).toHaveLength(wallets.length)
  expect(await ask(`SELECT FROM identity_match WHERE hash_key = 'B'`)).toHaveLength(USERS.length)
  const trail = await ask<AuditRow>('SELECT * FROM audit_event')
  expect(brokenLinks(trail)).toEqual([])
  const logins = loops.reduce((sum, { seen }) => sum + seen.logins, 0)
  const completed = trail.filter(({ event_type }) => event_type === 'login_completed').length
  expect(completed, 'no login that was answered was forgotten').toBeGreaterThanOrEqual(logins)
})
